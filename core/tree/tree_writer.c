/* tree_writer.c - entries into the tar and the index; see tree_writer.h. */
#include "core/tree/tree_writer.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/stream/hash.h"
#include "core/tree/base.h"
#include "core/tree/chain.h"
#include "core/tree/entry.h"
#include "core/tree/mtree.h"
#include "core/tree/pax.h"
#include "core/tree/writer.h"

/* Holes are part of a file's digest; over this many bytes of them the digest is left out rather than computed for hours. */
#define HASHED_HOLES_MAX (UINT64_C(16) << 30)
#define LINES_SIZE (32u << 10)  /* index lines are handed on in pieces of about this size */

static const char zeros[16 << 10];

struct pab_tree_writer {
    struct pab_writer *tar, *index;
    struct pab_tree_warnings warnings;
    struct pab_tree_counts counts;
    struct pab_error error;     /* the first failure: from then on every call returns it */
    struct pab_pax pax;
    struct pab_buf lines;
    struct pab_hash *hash;
    struct pab_base *base;
    size_t near;                /* where the next path is looked for in it */
    struct pab_buf meta_path;
    struct {                    /* the entry whose data is being written */
        int open, hashed;
        void *room;
        uint64_t left, stored, size, position;
        struct pab_extent *extents;
        uint64_t extent_count, extent, extent_done;
    } now;
};

static int fail(struct pab_tree_writer *t, const struct pab_error *e, struct pab_error *err)
{
    if (t->error.code == PAB_OK) t->error = *e;
    if (err) *err = t->error;
    return t->error.code;
}

int pab_tree_writer_open(struct pab_writer *tar, struct pab_writer *index, const struct pab_tree_warnings *w, struct pab_tree_writer **ret, struct pab_error *err)
{
    int rc = pab_writer_write(index, PAB_MTREE_HEADER, sizeof PAB_MTREE_HEADER - 1, err);
    if (rc) return rc;
    struct pab_tree_writer *t = pab_alloc(sizeof *t);
    t->tar = tar;
    t->index = index;
    if (w) t->warnings = *w;
    t->hash = pab_hash_new();
    *ret = t;
    return PAB_OK;
}

void pab_tree_writer_set_base(struct pab_tree_writer *t, struct pab_base *base) { t->base = base; }
struct pab_base *pab_tree_base(const struct pab_tree_writer *t) { return t->base; }
int pab_tree_may_take(struct pab_tree_writer *t, const struct pab_base_entry *r) { return pab_base_take_in_order(t->base, r); }

void pab_tree_warn(struct pab_tree_writer *t, const char *path, const char *message)
{
    if (t->warnings.warn) t->warnings.warn(t->warnings.ctx, path, message);
}

static int write_tar(struct pab_tree_writer *t, const void *p, uint64_t n, struct pab_error *err)
{
    return n ? pab_writer_write(t->tar, p, n, err) : PAB_OK;
}

static int pad(struct pab_tree_writer *t, uint64_t size, struct pab_error *err)
{
    return write_tar(t, zeros, -size % PAB_TAR_BLOCK, err);
}

static int flush_lines(struct pab_tree_writer *t, size_t least, struct pab_error *err)
{
    if (t->lines.size <= least) return PAB_OK;
    int rc = pab_writer_write(t->index, t->lines.data, t->lines.size, err);
    pab_buf_clear(&t->lines);
    return rc;
}

static int close_line(struct pab_tree_writer *t, const char *sha256, struct pab_error *err)
{
    int rc = PAB_OK;
    if (sha256 && ((rc = pab_buf_adds(&t->lines, " sha256digest=")) == PAB_OK)) rc = pab_buf_add(&t->lines, sha256, 64);
    if (!rc) rc = pab_buf_addc(&t->lines, '\n');
    if (rc) return pab_error_set(err, rc, 0, "not enough memory for the index");
    return flush_lines(t, LINES_SIZE, err);
}

void pab_tree_count(struct pab_tree_counts *c, const struct pab_entry *e)
{
    if (e->type == PAB_TYPE_FILE) c->files++;
    else if (e->type == PAB_TYPE_DIR) c->dirs++;
    else if (e->type == PAB_TYPE_SYMLINK || e->type == PAB_TYPE_HARDLINK) c->links++;
    else c->others++;
    c->bytes += pab_entry_stored(e);
}

static uint32_t plain_type(uint32_t type) { return type == PAB_TYPE_HARDLINK ? PAB_TYPE_FILE : type; }

/* Header into the tar, the line without its digest into the index. */
static int begin(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_error *err)
{
    if (t->error.code) return fail(t, &t->error, err);
    if (t->now.open) return pab_error_set(err, PAB_E_USAGE, 0, "the entry before is not complete: %llu bytes of data are missing", (unsigned long long)t->now.left);
    int rc = pab_entry_check(e, err);
    if (!rc) rc = pab_pax_header(&t->pax, e, err);
    if (!rc && pab_mtree_line(&t->lines, e, PAB_MTREE_OPEN)) rc = pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for the index");
    if (!rc) rc = write_tar(t, t->pax.out.data, t->pax.out.size, err);
    if (rc) return rc;
    pab_tree_count(&t->counts, e);
    struct pab_base_entry *r = t->base ? pab_base_find(t->base, e->path, &t->near) : NULL;
    if (r) r->state = plain_type(r->type) == plain_type(e->type) ? PAB_BASE_WRITTEN : PAB_BASE_REPLACED;
    return PAB_OK;
}

/* The line of an entry that is not, or not wholly, in this tar. */
static int list_entry(struct pab_tree_writer *t, const struct pab_entry *e, uint32_t header, uint32_t content, const char *sha256, struct pab_error *err)
{
    if (pab_mtree_from(&t->lines, header, content) || pab_mtree_line(&t->lines, e, PAB_MTREE_OPEN))
        return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for the index");
    pab_tree_count(&t->counts, e);
    return close_line(t, sha256[0] ? sha256 : NULL, err);
}

static int keep(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct pab_error *err)
{
    if (t->error.code) return fail(t, &t->error, err);
    int rc = pab_entry_check(e, err);
    if (!rc) rc = list_entry(t, e, r->header + 1, r->content + 1, r->sha256, err);
    r->state = PAB_BASE_KEPT;
    t->counts.kept++;
    return rc;
}

int pab_tree_keep(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    return keep(t, e, r, &mine) ? fail(t, &mine, err) : PAB_OK;
}

static int put_metadata(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct pab_error *err)
{
    if (t->error.code) return fail(t, &t->error, err);
    struct pab_entry meta = *e;
    pab_buf_clear(&t->meta_path);
    int rc = pab_entry_check(e, err);
    if (rc) return rc;
    if (pab_buf_adds(&t->meta_path, PAB_METADATA_FOLDER "/") || pab_buf_adds(&t->meta_path, e->path)) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for a path");
    meta.path = t->meta_path.data;
    meta.size = 0;
    meta.extents = NULL;
    rc = pab_pax_metadata_header(&t->pax, &meta, err);
    if (!rc) rc = write_tar(t, t->pax.out.data, t->pax.out.size, err);
    if (!rc) rc = list_entry(t, e, 0, r->content + 1, r->sha256, err);
    r->state = PAB_BASE_KEPT;
    t->counts.metadata++;
    return rc;
}

int pab_tree_put_metadata(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    return put_metadata(t, e, r, &mine) ? fail(t, &mine, err) : PAB_OK;
}

static int put(struct pab_tree_writer *t, const struct pab_entry *e, const void *data, const char *sha256, struct pab_error *err)
{
    int rc = begin(t, e, err);
    if (!rc && e->type == PAB_TYPE_FILE) rc = write_tar(t, data, e->size, err);
    if (!rc && e->type == PAB_TYPE_FILE) rc = pad(t, e->size, err);
    return rc ? rc : close_line(t, e->type == PAB_TYPE_FILE ? sha256 : NULL, err);
}

int pab_tree_put(struct pab_tree_writer *t, const struct pab_entry *e, const void *data, const char *sha256, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    return put(t, e, data, sha256, &mine) ? fail(t, &mine, err) : PAB_OK;
}

/* Hashes the hole before the next data, or before the end. */
static void hash_hole(struct pab_tree_writer *t, uint64_t to)
{
    while (t->now.hashed && t->now.position < to) {
        uint64_t n = to - t->now.position < sizeof zeros ? to - t->now.position : sizeof zeros;
        pab_hash_add(t->hash, zeros, n);
        t->now.position += n;
    }
}

static void hash_data(struct pab_tree_writer *t, const unsigned char *p, uint64_t n)
{
    if (!t->now.hashed) return;
    while (n) {
        uint64_t piece = n;
        if (t->now.extents) {
            const struct pab_extent *x = &t->now.extents[t->now.extent];
            if (t->now.extent_done == x->length) {
                t->now.extent++;
                t->now.extent_done = 0;
                continue;
            }
            if (piece > x->length - t->now.extent_done) piece = x->length - t->now.extent_done;
            hash_hole(t, x->offset + t->now.extent_done);
            t->now.extent_done += piece;
        }
        pab_hash_add(t->hash, p, piece);
        t->now.position += piece;
        p += piece;
        n -= piece;
    }
}

static int end_entry(struct pab_tree_writer *t, struct pab_error *err)
{
    char digest[65];
    hash_hole(t, t->now.size);
    if (t->now.hashed) pab_hash_hex(t->hash, digest);
    t->now.open = 0;
    free(TAKE_PTR(t->now.extents));
    int rc = pad(t, t->now.stored, err);
    return rc ? rc : close_line(t, t->now.hashed ? digest : NULL, err);
}

static int start_file(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_error *err)
{
    t->now.stored = t->now.left = pab_entry_stored(e);
    t->now.size = e->size;
    t->now.position = t->now.extent = t->now.extent_done = 0;
    t->now.hashed = e->size - t->now.stored <= HASHED_HOLES_MAX;
    t->now.extent_count = e->extents ? e->extent_count : 0;
    t->now.extents = e->extents && e->extent_count ? pab_memdup(e->extents, e->extent_count * sizeof *e->extents) : NULL;
    pab_hash_reset(t->hash);
    t->now.open = 1;
    return t->now.left ? PAB_OK : end_entry(t, err);
}

int pab_tree_writer_entry(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    int rc = begin(t, e, &mine);
    if (!rc) rc = e->type == PAB_TYPE_FILE ? start_file(t, e, &mine) : close_line(t, NULL, &mine);
    return rc ? fail(t, &mine, err) : PAB_OK;
}

int pab_tree_writer_data(struct pab_tree_writer *t, const void *p, uint64_t n, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    if (t->error.code) return fail(t, &t->error, err);
    if (n == 0) return PAB_OK;
    uint64_t left = t->now.open ? t->now.left : 0;
    if (n > left) {
        pab_error_set(&mine, PAB_E_USAGE, 0, "%llu bytes of data for an entry that has %llu left", (unsigned long long)n, (unsigned long long)left);
        return fail(t, &mine, err);
    }
    hash_data(t, p, n);
    t->now.left -= n;
    int rc = write_tar(t, p, n, &mine);
    if (!rc && !t->now.left) rc = end_entry(t, &mine);
    return rc ? fail(t, &mine, err) : PAB_OK;
}

void *pab_tree_room(struct pab_tree_writer *t, uint64_t *ret_room, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    uint64_t room;
    void *p = t->error.code ? NULL : pab_writer_reserve(t->tar, &room, &mine);
    if (!p) return fail(t, &mine, err), NULL;
    *ret_room = room < t->now.left ? room : t->now.left;
    return t->now.room = p;
}

int pab_tree_filled(struct pab_tree_writer *t, uint64_t n, struct pab_error *err)
{
    struct pab_error mine = { 0 };
    if (t->error.code) return fail(t, &t->error, err);
    /* Hashed before it is handed on: afterwards the place is no longer ours. */
    hash_data(t, t->now.room, n);
    t->now.left -= n;
    int rc = pab_writer_advance(t->tar, n, &mine);
    if (!rc && !t->now.left) rc = end_entry(t, &mine);
    return rc ? fail(t, &mine, err) : PAB_OK;
}

static int list_gone(void *ctx, const char *path, enum pab_base_state state)
{
    struct pab_tree_writer *t = ctx;
    t->counts.deleted += state == PAB_BASE_GONE;
    return pab_mtree_deleted(&t->lines, path);
}

static int finish(struct pab_tree_writer *t, struct pab_error *err)
{
    if (t->error.code) return fail(t, &t->error, err);
    if (t->now.open) return pab_error_set(err, PAB_E_USAGE, 0, "the last entry is not complete: %llu bytes of data are missing", (unsigned long long)t->now.left);
    int rc = t->base ? pab_base_each_gone(t->base, list_gone, t) : PAB_OK;
    if (rc) return pab_error_set(err, rc, 0, "not enough memory for the index");
    rc = flush_lines(t, 0, err);
    return rc ? rc : write_tar(t, zeros, 2 * PAB_TAR_BLOCK, err);
}

int pab_tree_writer_finish(struct pab_tree_writer *t, struct pab_tree_counts *ret, struct pab_error *err)
{
    int rc = finish(t, err);
    if (!rc && ret) *ret = t->counts;
    pab_tree_writer_free(t);
    return rc;
}

void pab_tree_writer_free(struct pab_tree_writer *t)
{
    if (!t) return;
    free(t->now.extents);
    pab_hash_free(t->hash);
    pab_pax_release(&t->pax);
    pab_buf_release(&t->lines);
    pab_buf_release(&t->meta_path);
    free(t);
}
