/* walk_order.c - see walk_order.h. The way down is a stack of frames; only the lowest PAB_WALK_HELD folders are held open,
 * those above are opened again by their path (and checked to be the same) when the way comes back to them. */
#include "core/tree/walk_order.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/glob.h"
#include "core/base/vec.h"
#include "core/tree/beneath.h"

enum verdict { LEAVE, LEAD, TAKE };

void pab_wdir_unref(struct pab_wdir *d)
{
    if (!d || --d->refs) return;
    if (d->fd >= 0) close(d->fd);
    free(d->path);
    free(d);
}

static uint32_t entry_type(unsigned char type)
{
    switch (type) {
    case DT_DIR: return PAB_TYPE_DIR;
    case DT_LNK: return PAB_TYPE_SYMLINK;
    case DT_FIFO: return PAB_TYPE_FIFO;
    case DT_CHR: return PAB_TYPE_CHAR;
    case DT_BLK: return PAB_TYPE_BLOCK;
    default: return PAB_TYPE_FILE;
    }
}

/* What the patterns and the filter say of the path below the root. `all`: a folder above was taken whole. */
static enum verdict judge(const struct pab_walk *k, const char *path, unsigned char type, int all)
{
    int is_dir = type == DT_DIR;
    enum verdict v = TAKE;
    for (uint32_t i = 0; i < k->exclude_count; i++)
        if (pab_glob_match(k->exclude[i], path, is_dir)) return LEAVE;
    if (!all && k->only) {
        v = LEAVE;
        for (uint32_t i = 0; i < k->only_count && v != TAKE; i++) {
            if (pab_glob_match(k->only[i], path, is_dir)) v = TAKE;
            else if (is_dir && pab_glob_may_descend(k->only[i], path)) v = LEAD;
        }
    }
    if (v != LEAVE && k->filter && !k->filter(k->filter_ctx, path, entry_type(type))) return LEAVE;
    return v;
}

static int has_patterns(const struct pab_walk *k) { return k->exclude_count || k->only || k->filter; }

/* The way comes back to a folder that was let go. */
static int hold_again(struct pab_walker *w, struct pab_wframe *f)
{
    struct stat st;
    if (f->dir) return 0;
    CLEANUP_CLOSE int fd = pab_open_dir_beneath(w->root, strlen(f->path) > w->skip ? f->path + w->skip : "");
    if (fd < 0 || fstat(fd, &st) || st.st_ino != f->inode || st.st_dev != f->device) return -1;
    f->dir = pab_alloc(sizeof *f->dir);
    *f->dir = (struct pab_wdir){ .fd = TAKE_FD(fd), .refs = 1, .device = st.st_dev, .inode = st.st_ino, .path = pab_strdup(f->path) };
    return 0;
}

static void push(struct pab_walker *w, struct pab_wdir *dir, int all)
{
    struct pab_wframe f = { .dir = dir, .device = dir->device, .inode = dir->inode, .path = pab_strdup(dir->path), .all = all };
    dir->refs++;
    PAB_PUSH(&w->frames, f);
    if (w->frames.count <= PAB_WALK_HELD) return;
    struct pab_wframe *above = &w->frames.items[w->frames.count - 1 - PAB_WALK_HELD];
    if (above->list.more) return; /* its place in the list would be lost */
    pab_wdir_unref(TAKE_PTR(above->dir));
}

static void pop(struct pab_walker *w)
{
    struct pab_wframe *f = &w->frames.items[--w->frames.count];
    pab_names_release(&f->list.others);
    pab_names_release(&f->list.dirs);
    pab_wdir_unref(f->dir);
    free(f->path);
}

void pab_walk_order_release(struct pab_walker *w)
{
    while (w->frames.count) pop(w);
    free(w->frames.items);
}

/* Makes the slot the folder's own: its metadata, and (unless it cannot be read or is another filesystem) its frame. */
static void enter(struct pab_walker *w, struct pab_wslot *s, struct pab_wdir *dir, const struct stat *st, enum verdict v)
{
    struct pab_wfile *f = &s->files[0];
    *f = (struct pab_wfile){ .name = "", .type = DT_DIR, .state = PAB_W_READ, .st = *st };
    pab_xattr_list_clear(&s->xattrs);
    s->dir = dir;
    s->is_dir = 1;
    s->lead = v == LEAD;
    s->first = 0;
    s->count = s->done = 1;
    if (dir->fd < 0) return;
    if (pab_xattrs_read(dir->fd, NULL, &s->xattrs)) f->no_xattrs = 1;
    f->xattr_count = s->xattrs.count;
    int foreign = w->frames.count && st->st_dev != w->frames.items[0].device && w->walk->flags & PAB_WALK_ONE_FILESYSTEM;
    if (!foreign) push(w, dir, v == TAKE);
}

static struct pab_wdir *new_dir(int fd, const struct stat *st, const char *path)
{
    struct pab_wdir *d = pab_alloc(sizeof *d);
    *d = (struct pab_wdir){ .fd = fd, .refs = 1, .device = st->st_dev, .inode = st->st_ino, .path = pab_strdup(path) };
    return d;
}

int pab_walk_start(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    struct stat st;
    if (fstat(w->root, &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot read the folder '%s'", w->walk->root);
    int fd = fcntl(w->root, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read the folder '%s'", w->walk->root);
    const char *prefix = w->walk->prefix ? w->walk->prefix : "";
    w->skip = *prefix ? strlen(prefix) + 1 : 0;
    enter(w, s, new_dir(fd, &st, prefix), &st, w->walk->only ? LEAD : TAKE);
    return PAB_OK;
}

/* A folder of the frame's list: 1 when it became the slot's entry. */
static int enter_name(struct pab_walker *w, struct pab_wslot *s, struct pab_wframe *f, const char *name)
{
    struct stat st;
    const char *path = pab_walk_path(w, f->dir, name);
    if (w->path.size > PAB_TREE_PATH_MAX) return pab_walk_warn(w, path, 0, "its path is too long, left out"), 0;
    enum verdict v = has_patterns(w->walk) ? judge(w->walk, path + w->skip, DT_DIR, f->all) : TAKE;
    if (v == LEAVE) return 0;
    int os_errno = 0, fd = pab_walk_open(f->dir->fd, name, O_DIRECTORY);
    if (fd < 0) os_errno = errno;
    if (fd >= 0 ? fstat(fd, &st) : fstatat(f->dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode)) {
        if (fd >= 0) close(fd);
        pab_walk_warn(w, path, 0, "vanished while the folder was read: left out");
        return 0;
    }
    enter(w, s, new_dir(fd, &st, path), &st, v);
    s->files[0].os_errno = os_errno;
    return 1;
}

/* Copied: the list may be gone before the batch is. */
static void add_name(struct pab_wslot *s, const char *name, unsigned char type)
{
    if (pab_buf_add(&s->names, name, strlen(name) + 1)) return;
    s->files[s->count++] = (struct pab_wfile){ .type = type };
}

/* The next names of the frame that are wanted; 0 when there was none. */
static int fill(struct pab_walker *w, struct pab_wslot *s, struct pab_wframe *f)
{
    uint64_t fitting = PAB_WALK_BUFFER * 3 / 4 / (w->average + 1);
    unsigned most = fitting < 2 ? 2 : fitting > PAB_WALK_NAMES ? PAB_WALK_NAMES : (unsigned)fitting;
    s->first = s->count = s->done = 0;
    s->is_dir = s->lead = 0;
    pab_buf_clear(&s->names);
    while (s->count < most && f->next_other < f->list.others.count) {
        const char *name = pab_names_get(&f->list.others, f->next_other);
        unsigned char type = pab_names_type(&f->list.others, f->next_other++);
        const char *path = has_patterns(w->walk) || type == DT_SOCK ? pab_walk_path(w, f->dir, name) : "";
        if (has_patterns(w->walk) && judge(w->walk, path + w->skip, type, f->all) != TAKE) continue;
        if (type == DT_SOCK) pab_walk_warn(w, path, 0, "is a socket, left out");
        else if (strlen(f->path) + 1 + strlen(name) > PAB_TREE_PATH_MAX) pab_walk_warn(w, pab_walk_path(w, f->dir, name), 0, "its path is too long, left out");
        else add_name(s, name, type);
    }
    if (s->count == 0) return 0;
    const char *name = s->names.data;
    for (unsigned i = 0; i < s->count; i++, name += strlen(name) + 1) s->files[i].name = name;
    s->dir = f->dir;
    s->dir->refs++;
    return 1;
}

static void list(struct pab_walker *w, struct pab_wframe *f)
{
    f->next_other = f->next_dir = 0;
    if (pab_listing_read(&f->list, f->dir->fd, PAB_LISTING_BUDGET))
        pab_walk_warn(w, f->path[0] ? f->path : ".", errno, "cannot read the folder to its end");
    f->listed = 1;
}

int pab_walk_next(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    (void)err;
    while (w->frames.count) {
        struct pab_wframe *f = &w->frames.items[w->frames.count - 1];
        if (hold_again(w, f)) {
            pab_walk_warn(w, f->path, 0, "the folder was moved while it was read: the rest of it is left out");
            pop(w);
            continue;
        }
        if (!f->listed) list(w, f);
        if (fill(w, s, f)) return PAB_OK;
        if (f->next_dir < f->list.dirs.count) {
            const char *name = pab_names_get(&f->list.dirs, f->next_dir++);
            if (enter_name(w, s, f, name)) return PAB_OK;
            continue;
        }
        if (f->list.more) list(w, f);
        else pop(w);
    }
    return PAB_END;
}
