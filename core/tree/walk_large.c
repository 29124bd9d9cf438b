/* walk_large.c - a file straight into the tar, region after region; see walk.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/tree/walk.h"

struct extents { struct pab_extent *items; size_t count, capacity; };

/* The data regions by SEEK_DATA and SEEK_HOLE; 0 when there is nothing to gain: no holes, or no such call. */
static int find_extents(int fd, uint64_t size, struct extents *x)
{
    off_t at = 0;
    while ((uint64_t)at < size) {
        off_t data = lseek(fd, at, SEEK_DATA);
        if (data < 0 && errno == ENXIO) break; /* a hole up to the end */
        if (data < 0) return 0;
        off_t hole = lseek(fd, data, SEEK_HOLE);
        if (hole <= data) return 0;
        if ((uint64_t)data >= size) break;
        if ((uint64_t)hole > size || x->count == PAB_TREE_EXTENTS_MAX - 1) hole = (off_t)size;
        struct pab_extent e = { (uint64_t)data, (uint64_t)(hole - data) };
        PAB_PUSH(x, e);
        at = hole;
    }
    return x->count != 1 || x->items[0].length != size;
}

/* Bytes of one region. What cannot be read any more becomes zeros: the header has already said how many there are. */
static int copy_region(struct pab_walker *w, int fd, uint64_t offset, uint64_t length, int *failed, struct pab_error *err)
{
    while (length) {
        uint64_t room;
        if (w->cancelled && w->cancelled(w->cancel_ctx)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        void *p = pab_tree_room(w->writer, &room, err);
        if (!p) return err->code;
        if (room > length) room = length;
        ssize_t n = *failed ? 0 : pread(fd, p, room, (off_t)offset);
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) {
            if (!*failed) *failed = n < 0 ? errno : -1;
            memset(p, 0, room);
            n = (ssize_t)room;
        }
        int rc = pab_tree_filled(w->writer, (uint64_t)n, err);
        if (rc) return rc;
        offset += (uint64_t)n;
        length -= (uint64_t)n;
    }
    return PAB_OK;
}

static int copy_content(struct pab_walker *w, int fd, const struct pab_entry *e, struct pab_error *err)
{
    int failed = 0, rc = PAB_OK;
    char more;
    uint64_t size = e->size;
    if (!e->extents) rc = copy_region(w, fd, 0, size, &failed, err);
    for (uint64_t i = 0; e->extents && i < e->extent_count && !rc; i++) rc = copy_region(w, fd, e->extents[i].offset, e->extents[i].length, &failed, err);
    if (rc) return rc;
    if (failed > 0) pab_walk_warn(w, e->path, failed, "cannot be read to its end, filled with zeros");
    else if (failed) pab_walk_warn(w, e->path, 0, "file shrank while it was read: filled with zeros");
    else if (pread(fd, &more, 1, (off_t)size) == 1) pab_walk_warn(w, e->path, 0, "file grew while it was read: cut at the size it had");
    return PAB_OK;
}

/* The content of a file that only its ctime tells from the parent's: 1 when it is what it was. */
static int same_content(struct pab_walker *w, struct pab_wslot *s, const struct pab_wfile *f, int fd, const struct stat *st)
{
    const struct pab_base_entry *r = f->known;
    struct pab_entry e;
    char sha256[65];
    off_t at = 0;
    pab_entry_from_stat(&e, st);
    if (!r || r->type != PAB_TYPE_FILE || !r->sha256[0] || r->size != e.size || r->mtime_ns != e.mtime_ns) return 0;
    CLEANUP_FREE char *buf = pab_try_alloc(PAB_WALK_SMALL);
    if (!buf) return 0;
    pab_hash_reset(s->hash);
    for (ssize_t n; (n = pread(fd, buf, PAB_WALK_SMALL, at)) != 0; at += n) {
        if (n < 0 && errno == EINTR) n = 0;
        else if (n < 0 || at + n > st->st_size || (w->cancelled && w->cancelled(w->cancel_ctx))) return 0;
        pab_hash_add(s->hash, buf, (size_t)n);
    }
    pab_hash_hex(s->hash, sha256);
    return at == st->st_size && !strcmp(sha256, r->sha256) && pab_tree_may_take(w->writer, r);
}

static int put_large(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, int fd, const struct stat *st, struct pab_error *err)
{
    CLEANUP(pab_cleanup_free) struct pab_extent *extents = NULL;
    static const struct pab_extent none;
    struct extents x = { 0 };
    struct pab_entry e;
    int is_link = 0;
    pab_entry_from_stat(&e, st);
    e.path = pab_walk_path(w, f->dir, f->name);
    e.xattr_count = f->xattr_count;
    e.xattrs = pab_xattr_list_view(&s->xattrs, f->xattr, f->xattr_count);
    if (f->no_xattrs) pab_walk_warn(w, e.path, 0, "its extended attributes could not be read and are left out");
    if (same_content(w, s, f, fd, st)) return pab_walk_put_metadata(w, &e, st, f->known, err);
    int sparse = (uint64_t)st->st_blocks * 512 < (uint64_t)st->st_size && find_extents(fd, e.size, &x);
    extents = x.items;
    if (sparse) {
        e.extents = x.count ? x.items : &none;
        e.extent_count = x.count;
    }
    int rc = pab_walk_put(w, &e, st, NULL, NULL, &is_link, err);
    return rc || is_link ? rc : copy_content(w, fd, &e, err);
}

int pab_walk_large(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    struct stat st;
    CLEANUP_CLOSE int fd = pab_walk_open(f->dir->fd, f->name, 0);
    if (fd < 0 && !pab_walk_is_gone(errno)) {
        int why = errno;
        pab_walk_warn(w, pab_walk_path(w, f->dir, f->name), why, "cannot be read, left out");
        return PAB_OK;
    }
    if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_ino != f->st.st_ino || st.st_dev != f->st.st_dev) {
        pab_walk_warn(w, pab_walk_path(w, f->dir, f->name), 0, "vanished while the folder was read: left out");
        return PAB_OK;
    }
    int rc = put_large(w, s, f, fd, &st, &mine);
    if (rc && err) *err = mine;
    return rc;
}
