/* tar_sparse.c - see tar_sparse.h. */
#include "core/tree/tar_sparse.h"

#include <string.h>
#include "core/tree/tar.h"

#define DAMAGED 1   /* apart from the codes of the reader below us */

static int add(struct pab_tar_sparse *s, uint64_t offset, uint64_t length)
{
    if (s->values->extents.count == PAB_TAR_EXTENTS_MAX) return -1;
    struct pab_extent x = { offset, length };
    PAB_PUSH(&s->values->extents, x);
    return 0;
}

/* ---- GNU.sparse 1.0: decimal numbers, a line each: how many regions, then offset and length of each */

struct lines { unsigned char block[512]; unsigned at; };

static int next_number(struct pab_tar_sparse *s, struct lines *l, uint64_t *ret, struct pab_error *err)
{
    uint64_t v = 0;
    for (unsigned digits = 0; ; l->at++) {
        if (l->at == sizeof l->block) {
            if (s->left < sizeof l->block) return DAMAGED;
            int rc = s->read(s->ctx, l->block, err);
            if (rc) return rc;
            s->left -= sizeof l->block;
            l->at = 0;
        }
        unsigned char c = l->block[l->at];
        if (c == '\n' && digits) break;
        if (c < '0' || c > '9' || ++digits > 18) return DAMAGED;
        v = v * 10 + (c - '0');
    }
    l->at++;
    *ret = v;
    return PAB_OK;
}

static int load_map(struct pab_tar_sparse *s, struct pab_error *err)
{
    struct lines l = { .at = sizeof l.block };
    uint64_t count;
    int rc = next_number(s, &l, &count, err);
    if (rc) return rc;
    if (count > PAB_TAR_EXTENTS_MAX) return DAMAGED;
    for (uint64_t i = 0; i < count; i++) {
        uint64_t offset, length;
        rc = next_number(s, &l, &offset, err);
        if (!rc) rc = next_number(s, &l, &length, err);
        if (rc) return rc;
        if (add(s, offset, length)) return DAMAGED;
    }
    return PAB_OK;
}

/* ---- old GNU: four regions in the header, 21 in each block that follows while a flag says so */

static int load_fields(struct pab_tar_sparse *s, const unsigned char *p, unsigned n)
{
    for (; n; n--, p += 24) {
        int64_t offset, length;
        if (!p[0]) return PAB_OK;
        if (pab_tar_number(p, 12, &offset) || pab_tar_number(p + 12, 12, &length) || offset < 0 || length < 0) return DAMAGED;
        if (add(s, (uint64_t)offset, (uint64_t)length)) return DAMAGED;
    }
    return PAB_OK;
}

static int load_old(struct pab_tar_sparse *s, struct pab_error *err)
{
    unsigned char block[512];
    int64_t size;
    if (pab_tar_number(s->header + 483, 12, &size) || size < 0) return DAMAGED;
    s->size = (uint64_t)size;
    int rc = load_fields(s, s->header + 386, 4), more = s->header[482];
    while (!rc && more) {
        rc = s->read(s->ctx, block, err);
        if (!rc) rc = block[0] ? load_fields(s, block, 21) : DAMAGED;
        more = rc == PAB_OK && block[504];
    }
    return rc;
}

/* In order, inside the file, and together just the bytes that are stored; empty ones are dropped. */
static int check(struct pab_tar_sparse *s)
{
    struct pab_extent *x = s->values->extents.items;
    size_t kept = 0;
    uint64_t end = 0, sum = 0;
    for (size_t i = 0; i < s->values->extents.count; i++) {
        if (x[i].offset < end || x[i].offset > s->size || x[i].length > s->size - x[i].offset) return DAMAGED;
        end = x[i].offset + x[i].length;
        sum += x[i].length;
        if (x[i].length) x[kept++] = x[i];
    }
    s->values->extents.count = kept;
    return sum == s->left ? PAB_OK : DAMAGED;
}

int pab_tar_sparse_load(struct pab_tar_sparse *s, const char **ret_why, struct pab_error *err)
{
    unsigned has = s->values->has;
    int rc = PAB_OK;
    s->sparse = 1;
    s->size = s->values->sparse_size;
    if (s->type == 'S') rc = load_old(s, err);
    else if (has & PAB_PAX_SPARSE_MAJOR && has & PAB_PAX_SPARSE_SIZE && s->values->sparse_major == 1 && s->values->sparse_minor == 0) rc = load_map(s, err);
    else if (has & PAB_PAX_SPARSE_MAP && has & PAB_PAX_SPARSE_SIZE) rc = PAB_OK;
    else if (has & (PAB_PAX_SPARSE_MAJOR | PAB_PAX_OTHER_SPARSE))
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "a sparse file of the tar is in a form that is not known here");
    else {
        s->sparse = 0;
        return PAB_OK;
    }
    if (!rc) rc = check(s);
    if (rc != DAMAGED) return rc;
    *ret_why = "the list of a sparse file's regions is damaged";
    return PAB_E_CORRUPT;
}
