/* tar.c - a tar stream, entry by entry; see tar.h. */
#include "core/tree/tar.h"

#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/pax.h"
#include "core/tree/tar_header.h"
#include "core/tree/tar_sparse.h"
#include "core/tree/text.h"

#define META_MAX 32  /* extended headers before one entry */

struct pab_tar {
    struct pab_tar_entries from;      /* instead of all below */
    struct pab_tar_input in;
    struct pab_pax_values pax;
    struct pab_buf body;              /* of an extended header */
    struct pab_buf long_path, long_link; /* GNU's */
    struct pab_buf path, link;
    struct pab_tar_header h;
    unsigned char block[PAB_TAR_BLOCK];
    uint64_t left, padding;           /* of the entry's data */
    uint64_t size, extent, extent_done; /* apparent size; where in the list of regions we are */
    int sparse, ended;
};

static int64_t source_peek(void *ctx, const void **ret, struct pab_error *err) { return pab_source_peek(ctx, ret, err); }
static void source_consume(void *ctx, uint64_t n) { pab_source_consume(ctx, n); }

struct pab_tar_input pab_tar_input_source(struct pab_source *s)
{
    return (struct pab_tar_input){ source_peek, source_consume, s };
}

void pab_tar_new(const struct pab_tar_input *in, struct pab_tar **ret)
{
    struct pab_tar *t = pab_alloc(sizeof *t);
    t->in = *in;
    *ret = t;
}

void pab_tar_new_from(const struct pab_tar_entries *from, struct pab_tar **ret)
{
    struct pab_tar *t = pab_alloc(sizeof *t);
    t->from = *from;
    *ret = t;
}

int pab_tar_is_metadata(const struct pab_tar *t) { return (t->pax.has & PAB_PAX_METADATA) != 0; }

void pab_tar_free(struct pab_tar *t)
{
    if (!t) return;
    pab_pax_values_release(&t->pax);
    pab_buf_release(&t->body);
    pab_buf_release(&t->long_path);
    pab_buf_release(&t->long_link);
    pab_buf_release(&t->path);
    pab_buf_release(&t->link);
    free(t);
}

static int corrupt(const struct pab_tar *t, const char *why, struct pab_error *err)
{
    if (!t->path.size) return pab_error_set(err, PAB_E_CORRUPT, 0, "the tar is damaged at its beginning: %s", why);
    CLEANUP_FREE char *name = pab_str_printable(pab_buf_str(&t->path));
    return pab_error_set(err, PAB_E_CORRUPT, 0, "the tar is damaged at or after '%s': %s", name, why);
}

/* Up to n bytes (dst NULL: skipped): how many there were before the end, or a code. */
static int64_t take(struct pab_tar *t, void *dst, uint64_t n, struct pab_error *err)
{
    uint64_t done = 0;
    while (done < n) {
        const void *p;
        int64_t got = t->in.peek(t->in.ctx, &p, err);
        if (got < 0) return got;
        if (got == 0) break;
        uint64_t piece = (uint64_t)got < n - done ? (uint64_t)got : n - done;
        if (dst) memcpy((char *)dst + done, p, piece);
        t->in.consume(t->in.ctx, piece);
        done += piece;
    }
    return (int64_t)done;
}

static int take_all(struct pab_tar *t, void *dst, uint64_t n, struct pab_error *err)
{
    int64_t got = take(t, dst, n, err);
    if (got < 0) return (int)got;
    return (uint64_t)got == n ? PAB_OK : corrupt(t, "it ends too early", err);
}

static int take_block(void *ctx, unsigned char block[PAB_TAR_BLOCK], struct pab_error *err)
{
    return take_all(ctx, block, PAB_TAR_BLOCK, err);
}

/* The body of an extended header and its padding. */
static int take_body(struct pab_tar *t, uint64_t max, struct pab_buf *b, struct pab_error *err)
{
    if (t->h.size == 0 || t->h.size > max) return corrupt(t, "an extended header is empty or too long", err);
    uint64_t padded = t->h.size + -t->h.size % PAB_TAR_BLOCK;
    pab_buf_clear(b);
    if (pab_buf_reserve(b, padded)) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for an extended header of the tar");
    int rc = take_all(t, b->data, padded, err);
    if (rc) return rc;
    b->size = t->h.size;
    b->data[b->size] = '\0';
    return PAB_OK;
}

static int take_long_name(struct pab_tar *t, struct pab_buf *b, struct pab_error *err)
{
    int rc = take_body(t, PAB_TREE_PATH_MAX + 1, b, err);
    if (rc) return rc;
    b->size = strlen(b->data);
    return b->size ? PAB_OK : corrupt(t, "a long name is empty", err);
}

static int take_extended(struct pab_tar *t, struct pab_error *err)
{
    const char *why;
    int rc = take_body(t, PAB_TREE_RECORDS_MAX, &t->body, err);
    if (rc) return rc;
    return pab_pax_records_parse(t->body.data, t->body.size, &t->pax, &why) ? corrupt(t, why, err) : PAB_OK;
}

/* Behind the first zero block there is a second one, and then nothing but zeros. */
static int take_end(struct pab_tar *t, struct pab_error *err)
{
    uint64_t seen = 0;
    for (;;) {
        const void *p;
        int64_t n = t->in.peek(t->in.ctx, &p, err);
        if (n < 0) return (int)n;
        if (n == 0) break;
        const char *bytes = p;
        if (bytes[0] || memcmp(bytes, bytes + 1, (size_t)n - 1)) return corrupt(t, "something follows its end", err);
        seen += (uint64_t)n;
        t->in.consume(t->in.ctx, (uint64_t)n);
    }
    if (seen < PAB_TAR_BLOCK) return corrupt(t, "it ends without the two closing blocks", err);
    t->ended = 1;
    return PAB_END;
}

/* Headers up to and with that of the next entry; PAB_END at the end. */
static int take_headers(struct pab_tar *t, struct pab_error *err)
{
    for (unsigned meta = 0; meta <= META_MAX; meta++) {
        const char *why = NULL;
        int64_t n = take(t, t->block, sizeof t->block, err);
        if (n < 0) return (int)n;
        if (n != sizeof t->block) return corrupt(t, n ? "it ends within a header" : "it ends without the two closing blocks", err);
        enum pab_tar_block kind = pab_tar_header_parse(t->block, &t->h, &why);
        if (kind == PAB_TAR_BAD) return corrupt(t, why, err);
        if (kind == PAB_TAR_ZEROS) return meta ? corrupt(t, "no entry follows an extended header", err) : take_end(t, err);
        int rc;
        if (t->h.type == 'x' || t->h.type == 'X') rc = take_extended(t, err);
        else if (t->h.type == 'L') rc = take_long_name(t, &t->long_path, err);
        else if (t->h.type == 'K') rc = take_long_name(t, &t->long_link, err);
        else if (t->h.type == 'g') rc = t->h.size ? take_body(t, PAB_TREE_RECORDS_MAX, &t->body, err) : PAB_OK;
        else return PAB_OK;
        if (rc) return rc;
    }
    return corrupt(t, "too many extended headers in a row", err);
}

static int set_name(struct pab_buf *b, const struct pab_buf *first, const struct pab_buf *second, const char *third)
{
    pab_buf_clear(b);
    if (first && first->size) return pab_buf_add(b, first->data, first->size);
    if (second->size) return pab_buf_add(b, second->data, second->size);
    return pab_buf_adds(b, third);
}

static int set_type(struct pab_tar *t, struct pab_entry *e, int had_slash)
{
    switch (t->h.type) {
    case '0': case '\0': e->type = had_slash ? PAB_TYPE_DIR : PAB_TYPE_FILE; return 0; /* the slash: tars before ustar */
    case '7': case 'S': e->type = PAB_TYPE_FILE; return 0;
    case '1': e->type = PAB_TYPE_HARDLINK; return 0;
    case '2': e->type = PAB_TYPE_SYMLINK; return 0;
    case '3': e->type = PAB_TYPE_CHAR; return 0;
    case '4': e->type = PAB_TYPE_BLOCK; return 0;
    case '5': e->type = PAB_TYPE_DIR; return 0;
    case '6': e->type = PAB_TYPE_FIFO; return 0;
    default: return -1;
    }
}

static int set_names(struct pab_tar *t, struct pab_entry *e, struct pab_error *err)
{
    const struct pab_buf *sparse_name = t->pax.has & PAB_PAX_SPARSE_SIZE && t->pax.sparse_name.size ? &t->pax.sparse_name : NULL;
    int rc = set_name(&t->path, sparse_name, t->pax.path.size ? &t->pax.path : &t->long_path, t->h.path);
    if (!rc) rc = set_name(&t->link, NULL, t->pax.link.size ? &t->pax.link : &t->long_link, t->h.link);
    if (rc) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for a name of the tar");
    int had_slash = t->path.size && t->path.data[t->path.size - 1] == '/';
    if (set_type(t, e, had_slash)) return corrupt(t, "it has an entry of a type that is not known here", err);
    if (pab_tree_path_clean(t->path.data, t->path.size)) return corrupt(t, "a name would lead outside the tree", err);
    t->path.size = strlen(t->path.data);
    e->path = t->path.data;
    e->link = NULL;
    if (e->type == PAB_TYPE_HARDLINK && (t->link.size == 0 || pab_tree_path_clean(t->link.data, t->link.size))) return corrupt(t, "a hard link would lead outside the tree", err);
    if (e->type == PAB_TYPE_SYMLINK && (t->link.size == 0 || t->link.size > PAB_TREE_LINK_MAX)) return corrupt(t, "a symbolic link is empty or too long", err);
    if (e->type == PAB_TYPE_HARDLINK || e->type == PAB_TYPE_SYMLINK) e->link = t->link.data;
    if (e->type != PAB_TYPE_DIR && !strcmp(e->path, ".")) return corrupt(t, "its root is no folder", err);
    return PAB_OK;
}

/* Regions of data, from wherever this kind of tar keeps them. */
static int set_extents(struct pab_tar *t, struct pab_entry *e, struct pab_error *err)
{
    const char *why = NULL;
    struct pab_tar_sparse s = { .header = t->block, .type = t->h.type, .left = t->left, .values = &t->pax, .read = take_block, .ctx = t };
    int rc = pab_tar_sparse_load(&s, &why, err);
    if (rc) return why ? corrupt(t, why, err) : rc;
    t->left = s.left;
    t->sparse = s.sparse;
    if (!s.sparse) return PAB_OK;
    static const struct pab_extent none;
    e->extents = t->pax.extents.count ? t->pax.extents.items : &none;
    e->extent_count = t->pax.extents.count;
    e->size = s.size;
    return PAB_OK;
}

static int set_entry(struct pab_tar *t, struct pab_entry *e, struct pab_error *err)
{
    const struct pab_pax_values *v = &t->pax;
    *e = (struct pab_entry){ .struct_size = sizeof *e };
    int rc = set_names(t, e, err);
    if (rc) return rc;
    if (t->h.mtime > INT64_MAX / PAB_NS || t->h.mtime < INT64_MIN / PAB_NS) return corrupt(t, "a time is out of range", err);
    e->mode = t->h.mode & 07777;
    e->uid = v->has & PAB_PAX_UID ? v->uid : t->h.uid;
    e->gid = v->has & PAB_PAX_GID ? v->gid : t->h.gid;
    e->mtime_ns = v->has & PAB_PAX_MTIME ? v->mtime_ns : t->h.mtime * PAB_NS;
    e->atime_ns = v->atime_ns;
    e->user = v->user.size ? v->user.data : t->h.user[0] ? t->h.user : NULL;
    e->group = v->group.size ? v->group.data : t->h.group[0] ? t->h.group : NULL;
    e->dev_major = t->h.dev_major;
    e->dev_minor = t->h.dev_minor;
    e->xattr_count = v->xattrs.count;
    e->xattrs = pab_xattr_list_view(&t->pax.xattrs, 0, v->xattrs.count);
    t->left = t->padding = 0;
    t->sparse = 0;
    if (e->type != PAB_TYPE_FILE) return PAB_OK;
    t->left = e->size = v->has & PAB_PAX_SIZE ? v->size : t->h.size;
    t->padding = -t->left % PAB_TAR_BLOCK;
    rc = set_extents(t, e, err);
    t->size = e->size;
    t->extent = t->extent_done = 0;
    return rc;
}

int pab_tar_next(struct pab_tar *t, struct pab_entry *e, struct pab_error *err)
{
    if (t->from.next) return t->from.next(t->from.ctx, e, err);
    if (t->ended) return PAB_END;
    int rc = take_all(t, NULL, t->left + t->padding, err);
    if (rc) return rc;
    pab_pax_values_clear(&t->pax);
    pab_buf_clear(&t->long_path);
    pab_buf_clear(&t->long_link);
    rc = take_headers(t, err);
    return rc ? rc : set_entry(t, e, err);
}

int64_t pab_tar_peek(struct pab_tar *t, const void **ret, uint64_t *ret_offset, struct pab_error *err)
{
    if (t->from.peek) return t->from.peek(t->from.ctx, ret, ret_offset, err);
    if (t->left == 0) return 0;
    int64_t n = t->in.peek(t->in.ctx, ret, err);
    if (n < 0) return n;
    if (n == 0) return corrupt(t, "it ends in the middle of a file", err);
    uint64_t most = t->left;
    *ret_offset = t->size - t->left;
    if (t->sparse) {
        const struct pab_extent *x = &t->pax.extents.items[t->extent];
        most = x->length - t->extent_done;
        *ret_offset = x->offset + t->extent_done;
    }
    return (uint64_t)n < most ? n : (int64_t)most;
}

void pab_tar_consume(struct pab_tar *t, uint64_t n)
{
    if (t->from.consume) {
        t->from.consume(t->from.ctx, n);
        return;
    }
    t->in.consume(t->in.ctx, n);
    t->left -= n;
    if (!t->sparse) return;
    t->extent_done += n;
    if (t->extent_done == t->pax.extents.items[t->extent].length) {
        t->extent++;
        t->extent_done = 0;
    }
}
