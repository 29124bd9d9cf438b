/* verify.c - a tar against its index; see tree_reader.h. */
#include <stdlib.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/stream/hash.h"
#include "core/tree/chain.h"
#include "core/tree/entry.h"
#include "core/tree/index.h"
#include "core/tree/tar.h"
#include "core/tree/tree_reader.h"
#include "core/tree/writer.h"

DEFINE_CLEANUP(tar, struct pab_tar, pab_tar_free)
DEFINE_CLEANUP(index, struct pab_index, pab_index_free)
DEFINE_CLEANUP(hash, struct pab_hash, pab_hash_free)

static int differs(const struct pab_entry *e, const char *what, struct pab_error *err)
{
    CLEANUP_FREE char *name = pab_str_printable(e->path);
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' in the tar is not what the index says: %s", name, what);
}

static int same_text(const char *a, const char *b)
{
    return a && b ? !strcmp(a, b) : a == b;
}

static int compare(const struct pab_entry *e, const struct pab_entry *want, struct pab_error *err)
{
    if (strcmp(e->path, want->path)) {
        CLEANUP_FREE char *name = pab_str_printable(want->path);
        CLEANUP_FREE char *found = pab_str_printable(e->path);
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the tar has '%s' where its index has '%s'", found, name);
    }
    if (e->type != want->type) return differs(e, "its type", err);
    if (e->size != want->size) return differs(e, "its size", err);
    if (e->mode != want->mode) return differs(e, "its mode", err);
    if (e->uid != want->uid || e->gid != want->gid) return differs(e, "its owner", err);
    if (e->mtime_ns != want->mtime_ns) return differs(e, "its time", err);
    if (!same_text(e->link, want->link)) return differs(e, "where it links to", err);
    if (e->dev_major != want->dev_major || e->dev_minor != want->dev_minor) return differs(e, "its device number", err);
    return PAB_OK;
}

static void hash_zeros(struct pab_hash *h, uint64_t n)
{
    static const char zeros[16 << 10];
    for (; n > sizeof zeros; n -= sizeof zeros) pab_hash_add(h, zeros, sizeof zeros);
    pab_hash_add(h, zeros, n);
}

/* Reads the content to its end; with its holes it must give `want`, when that is known. */
static int check_content(struct pab_tar *tar, struct pab_hash *h, const struct pab_entry *e, const char *want, struct pab_error *err)
{
    uint64_t position = 0, offset;
    const void *p;
    int64_t n;
    pab_hash_reset(h);
    while ((n = pab_tar_peek(tar, &p, &offset, err)) > 0) {
        if (want) {
            hash_zeros(h, offset - position);
            pab_hash_add(h, p, (size_t)n);
        }
        position = offset + (uint64_t)n;
        pab_tar_consume(tar, (uint64_t)n);
    }
    if (n < 0) return (int)n;
    if (!want) return PAB_OK;
    char digest[65];
    hash_zeros(h, e->size - position);
    pab_hash_hex(h, digest);
    return strcmp(digest, want) ? differs(e, "its content", err) : PAB_OK;
}

static int verify(struct pab_tar *tar, struct pab_source *index_source, struct pab_tree_counts *ret, struct pab_error *err)
{
    CLEANUP(pab_cleanup_index) struct pab_index *index = NULL;
    CLEANUP(pab_cleanup_hash) struct pab_hash *h = pab_hash_new();
    struct pab_tree_counts counts = { 0 };
    struct pab_entry e, want;
    pab_index_new(index_source, &index);
    for (;;) {
        int rc = pab_tar_next(tar, &e, err);
        if (rc < 0) return rc;
        int end = pab_index_next(index, &want, err);
        if (end < 0) return end;
        if (rc == PAB_END && end == PAB_END) break;
        if (rc == PAB_END) return differs(&want, "it is missing", err);
        if (end == PAB_END) return differs(&e, "the index does not have it", err);
        rc = compare(&e, &want, err);
        if (!rc && e.type == PAB_TYPE_FILE) rc = check_content(tar, h, &e, want.sha256, err);
        if (rc) return rc;
        pab_tree_count(&counts, &e);
    }
    if (ret) *ret = counts;
    return PAB_OK;
}

int pab_tree_verify(struct pab_source *tar_source, struct pab_source *index, struct pab_tree_counts *ret, struct pab_error *err)
{
    CLEANUP(pab_cleanup_tar) struct pab_tar *tar = NULL;
    struct pab_tar_input in = pab_tar_input_source(tar_source);
    pab_tar_new(&in, &tar);
    return verify(tar, index, ret, err);
}

int pab_tree_verify_chain(struct pab_chain *c, struct pab_source *index, struct pab_tree_counts *ret, struct pab_error *err)
{
    CLEANUP(pab_cleanup_tar) struct pab_tar *tar = NULL;
    pab_chain_tar(c, &tar);
    return verify(tar, index, ret, err);
}
