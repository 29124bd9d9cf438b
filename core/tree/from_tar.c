/* from_tar.c - a tar stream of someone else's (Docker's archive API) into our tree; see tree_writer.h. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/tree/tar.h"
#include "core/tree/tree_writer.h"

#define INPUT_SIZE (128u << 10)

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
    int rc = pab_tree_writer_entry(t, e, err);
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
