/* from_tar.c - a tar stream of someone else's (Docker's archive API) into our tree; see tree_writer.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/hash.h"
#include "core/tree/base.h"
#include "core/tree/pax.h"
#include "core/tree/tar.h"
#include "core/tree/writer.h"

#define INPUT_SIZE (128u << 10)
#define SPOOL_MEMORY (4u << 20) /* larger content waits for its hash in a file */

struct input {
    pab_read_fn read;
    void *ctx;
    char *buf;
    uint64_t start, end;
};

static int64_t input_peek(void *ctx, const void **ret, struct pab_error *err)
{
    struct input *in = ctx;
    if (in->start == in->end) {
        int64_t n = in->read(in->ctx, in->buf, INPUT_SIZE);
        if (n < 0) return pab_error_set(err, (int)n, 0, "cannot read the tar stream");
        in->start = 0;
        in->end = (uint64_t)n;
    }
    *ret = in->buf + in->start;
    return (int64_t)(in->end - in->start);
}

static void input_consume(void *ctx, uint64_t n) { ((struct input *)ctx)->start += n; }

/* The path without its first `strip` components: "." for the last of those, NULL for what lies above it. */
static const char *strip_path(const char *path, uint32_t strip)
{
    if (strip == 0) return path;
    if (!strcmp(path, ".")) return NULL;
    for (; strip; strip--) {
        const char *slash = strchr(path, '/');
        if (!slash) return strip == 1 ? "." : NULL;
        path = slash + 1;
    }
    return path;
}

static int copy_data(struct pab_tar *tar, struct pab_tree_writer *t, struct pab_error *err)
{
    const void *p;
    uint64_t offset;
    int64_t n;
    int rc = PAB_OK;
    while (!rc && (n = pab_tar_peek(tar, &p, &offset, err)) != 0) {
        if (n < 0) return (int)n;
        rc = pab_tree_writer_data(t, p, (uint64_t)n, err);
        pab_tar_consume(tar, (uint64_t)n);
    }
    return rc;
}

/* Content that waits for its hash: in memory, or in a file without a name. */
struct spool {
    struct pab_hash *hash;
    char *memory;            /* of the whole size, or NULL */
    int fd;                  /* -1: none, or it could not take any more */
    uint64_t done;
};

static int open_spool(struct spool *s, uint64_t size)
{
    const char *tmp = getenv("TMPDIR");
    *s = (struct spool){ .fd = -1 };
    if (size <= SPOOL_MEMORY) return (s->memory = pab_try_alloc(size)) ? 0 : -1;
    s->fd = open(tmp && *tmp == '/' ? tmp : "/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
    return s->fd < 0 ? -1 : 0;
}

static int put_away(struct spool *s, const void *p, uint64_t n)
{
    if (s->memory) memcpy(s->memory + s->done, p, n);
    else if (pwrite(s->fd, p, n, (off_t)s->done) != (ssize_t)n) return -1;
    pab_hash_add(s->hash, p, n);
    s->done += n;
    return 0;
}

/* The entry with what was put away of its content. */
static int bring_back(struct spool *s, struct pab_tree_writer *t, const struct pab_entry *e, struct pab_error *err)
{
    int rc = pab_tree_writer_entry(t, e, err);
    if (s->memory) return rc ? rc : pab_tree_writer_data(t, s->memory, s->done, err);
    for (uint64_t at = 0; at < s->done && !rc;) {
        uint64_t room;
        void *p = pab_tree_room(t, &room, err);
        if (!p) return err->code;
        ssize_t n = pread(s->fd, p, room < s->done - at ? room : s->done - at, (off_t)at);
        if (n <= 0) return pab_error_set(err, PAB_E_IO, n < 0 ? errno : 0, "cannot read back a temporary file");
        rc = pab_tree_filled(t, (uint64_t)n, err);
        at += (uint64_t)n;
    }
    return rc;
}

/* A file as large as the parent's of that name: its content is stored only when its hash is another one. */
static int copy_if_changed(struct pab_tar *tar, struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct spool *s, struct pab_error *err)
{
    char sha256[65];
    const void *p;
    uint64_t offset;
    int64_t n;
    while ((n = pab_tar_peek(tar, &p, &offset, err)) > 0) {
        if (put_away(s, p, (uint64_t)n)) { /* no room for it: stored as it comes */
            int rc = bring_back(s, t, e, err);
            return rc ? rc : copy_data(tar, t, err);
        }
        pab_tar_consume(tar, (uint64_t)n);
    }
    if (n < 0) return (int)n;
    pab_hash_hex(s->hash, sha256);
    if (!strcmp(sha256, r->sha256) && pab_tree_may_take(t, r)) return pab_tree_put_metadata(t, e, r, err);
    return bring_back(s, t, e, err);
}

/* PAB_END: not such a file. */
static int compare_entry(struct pab_tar *tar, struct pab_tree_writer *t, const struct pab_entry *e, struct pab_error *err)
{
    struct pab_base *base = pab_tree_base(t);
    struct pab_base_entry *r = base && e->type == PAB_TYPE_FILE && !e->extents && e->size > PAB_TAR_BLOCK ? pab_base_find(base, e->path, NULL) : NULL;
    struct spool s;
    if (!r || r->type != PAB_TYPE_FILE || r->size != e->size || !r->sha256[0] || open_spool(&s, e->size)) return PAB_END;
    s.hash = pab_hash_new();
    int rc = copy_if_changed(tar, t, e, r, &s, err);
    pab_hash_free(s.hash);
    free(s.memory);
    if (s.fd >= 0) close(s.fd);
    return rc;
}

static int copy_entry(struct pab_tar *tar, struct pab_tree_writer *t, struct pab_entry *e, uint32_t strip, struct pab_error *err)
{
    const char *whole = e->path;
    e->path = strip_path(whole, strip);
    if (!e->path) return PAB_OK;
    if (!strcmp(e->path, ".") && e->type != PAB_TYPE_DIR)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the tar has '%s' where a folder was expected", whole);
    if (e->type == PAB_TYPE_HARDLINK) {
        const char *link = strip_path(e->link, strip);
        if (!link || !strcmp(link, ".")) return pab_error_set(err, PAB_E_CORRUPT, 0, "the tar has a hard link '%s' to '%s', which is not part of the tree", whole, e->link);
        e->link = link;
    }
    int rc = compare_entry(tar, t, e, err);
    if (rc != PAB_END) return rc;
    rc = pab_tree_writer_entry(t, e, err);
    return rc ? rc : copy_data(tar, t, err);
}

DEFINE_CLEANUP(tar, struct pab_tar, pab_tar_free)

int pab_tree_from_tar(struct pab_tree_writer *t, pab_read_fn read, void *ctx, uint32_t strip, struct pab_error *err)
{
    CLEANUP_FREE char *buf = pab_try_alloc(INPUT_SIZE);
    if (!buf) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory to read a tar stream");
    struct input in = { .read = read, .ctx = ctx, .buf = buf };
    CLEANUP(pab_cleanup_tar) struct pab_tar *tar = NULL;
    pab_tar_new(&(struct pab_tar_input){ input_peek, input_consume, &in }, &tar);
    struct pab_entry e;
    int rc;
    while ((rc = pab_tar_next(tar, &e, err)) == PAB_OK) {
        rc = copy_entry(tar, t, &e, strip, err);
        if (rc) return rc;
    }
    return rc == PAB_END ? PAB_OK : rc;
}
