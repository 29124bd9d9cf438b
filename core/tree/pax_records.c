/* pax_records.c - the records of a pax extended header; see tar_header.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/acl.h"
#include "core/tree/chain.h"
#include "core/tree/tar.h"
#include "core/tree/tar_header.h"
#include "core/tree/text.h"

void pab_pax_values_clear(struct pab_pax_values *v)
{
    pab_buf_clear(&v->path);
    pab_buf_clear(&v->link);
    pab_buf_clear(&v->user);
    pab_buf_clear(&v->group);
    pab_buf_clear(&v->sparse_name);
    pab_xattr_list_clear(&v->xattrs);
    v->extents.count = 0;
    v->uid = v->gid = v->sparse_major = v->sparse_minor = v->has = 0;
    v->size = v->sparse_size = 0;
    v->mtime_ns = v->atime_ns = 0;
}

void pab_pax_values_release(struct pab_pax_values *v)
{
    pab_buf_release(&v->path);
    pab_buf_release(&v->link);
    pab_buf_release(&v->user);
    pab_buf_release(&v->group);
    pab_buf_release(&v->sparse_name);
    pab_xattr_list_release(&v->xattrs);
    free(v->extents.items);
}

int pab_pax_decimal(const char **p, char end, const char *limit, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    const char *s = *p;
    for (; s < limit && *s >= '0' && *s <= '9'; s++) {
        unsigned d = (unsigned)(*s - '0');
        if (v > (max - d) / 10) return -1;
        v = v * 10 + d;
    }
    if (s == *p || s == limit || *s != end) return -1;
    *p = s + 1;
    *ret = v;
    return 0;
}

static int number(const char *value, size_t size, uint64_t max, uint64_t *ret)
{
    const char *p = value; /* a record's newline stands behind it */
    return pab_pax_decimal(&p, '\n', value + size + 1, max, ret) || p != value + size + 1 ? -1 : 0;
}

static int number32(const char *value, size_t size, uint32_t *ret)
{
    uint64_t v;
    if (number(value, size, UINT32_MAX, &v)) return -1;
    *ret = (uint32_t)v;
    return 0;
}

/* Seconds with any number of digits after the point; those beyond nanoseconds are cut. */
static int time_value(const char *value, size_t size, int64_t *ret)
{
    const char *p = value, *end = value + size;
    int negative = p < end && *p == '-';
    p += negative;
    uint64_t seconds = 0, rest = 0, unit = PAB_NS / 10;
    const char *digits = p;
    for (; p < end && *p >= '0' && *p <= '9'; p++) {
        seconds = seconds * 10 + (uint64_t)(*p - '0');
        if (seconds >= INT64_MAX / PAB_NS) return -1;
    }
    if (p == digits) return -1;
    if (p < end && *p == '.')
        for (p++; p < end && *p >= '0' && *p <= '9'; p++, unit /= 10) rest += unit * (uint64_t)(*p - '0');
    if (p != end) return -1;
    int64_t ns = (int64_t)(seconds * PAB_NS + rest);
    *ret = negative ? -ns : ns;
    return 0;
}

static int text(struct pab_buf *b, const char *value, size_t size)
{
    pab_buf_clear(b);
    return size == 0 || strnlen(value, size) != size || pab_buf_add(b, value, size) ? -1 : 0;
}

/* "0,512,4096,512" */
static int sparse_map(const char *value, size_t size, struct pab_pax_values *v)
{
    const char *p = value, *limit = value + size + 1;
    v->extents.count = 0;
    v->has |= PAB_PAX_SPARSE_MAP;
    while (p < limit) {
        struct pab_extent x;
        if (v->extents.count == PAB_TAR_EXTENTS_MAX || pab_pax_decimal(&p, ',', limit, INT64_MAX, &x.offset)) return -1;
        if (pab_pax_decimal(&p, p < limit && memchr(p, ',', (size_t)(limit - p)) ? ',' : '\n', limit, INT64_MAX, &x.length)) return -1;
        PAB_PUSH(&v->extents, x);
    }
    return 0;
}

static int xattr(const char *name, const char *value, size_t size, struct pab_pax_values *v)
{
    CLEANUP(pab_buf_release) struct pab_buf plain = PAB_BUF_INIT(0);
    for (; *name; name++) { /* GNU tar's escapes */
        char c = *name;
        if (pab_str_has_prefix(name, "%3D")) c = '=', name += 2;
        else if (pab_str_has_prefix(name, "%25")) c = '%', name += 2;
        if (pab_buf_addc(&plain, c)) return -1;
    }
    if (plain.size == 0 || plain.size > 255) return -1;
    return pab_xattr_list_add(&v->xattrs, plain.data, value, size) ? -1 : 0;
}

static int acl(const char *name, const char *value, size_t size, struct pab_pax_values *v)
{
    CLEANUP(pab_buf_release) struct pab_buf bytes = PAB_BUF_INIT(0);
    if (pab_acl_from_text(value, size, &bytes)) return -1;
    return pab_xattr_list_add(&v->xattrs, name, bytes.data, bytes.size) ? -1 : 0;
}

static int take(const char *key, const char *value, size_t size, struct pab_pax_values *v)
{
    if (!strcmp(key, "path")) return text(&v->path, value, size);
    if (!strcmp(key, "linkpath")) return text(&v->link, value, size);
    if (!strcmp(key, "uname")) return size ? text(&v->user, value, size) : 0;
    if (!strcmp(key, "gname")) return size ? text(&v->group, value, size) : 0;
    if (!strcmp(key, "size")) return v->has |= PAB_PAX_SIZE, number(value, size, INT64_MAX, &v->size);
    if (!strcmp(key, "uid")) return v->has |= PAB_PAX_UID, number32(value, size, &v->uid);
    if (!strcmp(key, "gid")) return v->has |= PAB_PAX_GID, number32(value, size, &v->gid);
    if (!strcmp(key, "mtime")) return v->has |= PAB_PAX_MTIME, time_value(value, size, &v->mtime_ns);
    if (!strcmp(key, "atime")) return time_value(value, size, &v->atime_ns);
    if (pab_str_has_prefix(key, "SCHILY.xattr.")) return xattr(key + strlen("SCHILY.xattr."), value, size, v);
    if (!strcmp(key, "SCHILY.acl.access")) return acl(PAB_ACL_ACCESS, value, size, v);
    if (!strcmp(key, "SCHILY.acl.default")) return acl(PAB_ACL_DEFAULT, value, size, v);
    if (!strcmp(key, "GNU.sparse.name")) return text(&v->sparse_name, value, size);
    if (!strcmp(key, "GNU.sparse.major")) return v->has |= PAB_PAX_SPARSE_MAJOR, number32(value, size, &v->sparse_major);
    if (!strcmp(key, "GNU.sparse.minor")) return number32(value, size, &v->sparse_minor);
    if (!strcmp(key, "GNU.sparse.realsize") || !strcmp(key, "GNU.sparse.size"))
        return v->has |= PAB_PAX_SPARSE_SIZE, number(value, size, INT64_MAX, &v->sparse_size);
    if (!strcmp(key, "GNU.sparse.map")) return sparse_map(value, size, v);
    if (!strcmp(key, "GNU.sparse.offset") || !strcmp(key, "GNU.sparse.numbytes")) v->has |= PAB_PAX_OTHER_SPARSE;
    if (!strcmp(key, PAB_METADATA_RECORD)) v->has |= PAB_PAX_METADATA;
    return 0; /* comments, charsets, and what others invented */
}

int pab_pax_records_parse(char *records, size_t size, struct pab_pax_values *v, const char **ret_why)
{
    const char *end = records + size;
    *ret_why = "a record of an extended header is damaged or out of range";
    for (char *record = records; record < end;) {
        const char *p = record;
        uint64_t length;
        if (pab_pax_decimal(&p, ' ', end, size, &length) || length > (uint64_t)(end - record) || length < (uint64_t)(p - record) + 3) return -1;
        char *key = record + (p - record), *last = record + length - 1;
        char *equals = memchr(key, '=', (size_t)(last - key));
        if (*last != '\n' || !equals || equals == key || memchr(key, '\0', (size_t)(equals - key))) return -1;
        *equals = '\0';
        if (take(key, equals + 1, (size_t)(last - equals - 1), v)) return -1;
        record += length;
    }
    return 0;
}
