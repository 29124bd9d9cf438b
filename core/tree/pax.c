/* pax.c - see pax.h. */
#include "core/tree/pax.h"

#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/acl.h"
#include "core/tree/chain.h"
#include "core/tree/entry.h"
#include "core/tree/text.h"

/* What ustar's octal fields can hold. */
#define MAX_ID 07777777u
#define MAX_SIZE INT64_C(077777777777)

struct ustar {
    char name[100], mode[8], uid[8], gid[8], size[12], mtime[12], checksum[8], type, link[100];
    char magic[8], user[32], group[32], major[8], minor[8], prefix[155], pad[12];
};
_Static_assert(sizeof(struct ustar) == PAB_TAR_BLOCK, "a ustar header is one block");

static const struct ustar extended_template = {
    .name = "././@PaxHeader", .mode = "0000644", .uid = "0000000", .gid = "0000000", .mtime = "00000000000",
    .type = 'x', .magic = "ustar\00000", .major = "0000000", .minor = "0000000",
};

static void put_checksum(struct ustar *h)
{
    const unsigned char *p = (const unsigned char *)h;
    unsigned sum = 0;
    memset(h->checksum, ' ', sizeof h->checksum);
    for (size_t i = 0; i < sizeof *h; i++) sum += p[i];
    *pab_put_octal(h->checksum, sum, 6) = '\0';
}

/* "LENGTH KEY=VALUE\n", the length counting itself. */
static int add_record(struct pab_buf *b, const char *key, const void *value, size_t size)
{
    size_t rest = strlen(key) + size + 3, digits = 1, total; /* 3: space, "=", newline */
    for (size_t limit = 10; rest + digits >= limit; limit *= 10) digits++;
    total = rest + digits;
    if (pab_buf_reserve(b, total)) return PAB_E_NOMEM;
    char *p = pab_put_dec(b->data + b->size, total);
    *p++ = ' ';
    p = pab_put(p, key, strlen(key));
    *p++ = '=';
    p = pab_put(p, value, size);
    *p = '\n';
    b->size += total;
    return PAB_OK;
}

static int add_number(struct pab_buf *b, const char *key, uint64_t value)
{
    char text[24];
    return add_record(b, key, text, (size_t)(pab_put_dec(text, value) - text));
}

static int add_time(struct pab_buf *b, const char *key, int64_t ns)
{
    char text[32];
    return add_record(b, key, text, (size_t)(pab_put_time(text, ns) - text));
}

/* The name into name and prefix as it is; 0 when it fits only cut. */
static int put_name(struct ustar *h, const char *path, size_t n)
{
    if (n <= sizeof h->name) {
        memcpy(h->name, path, n);
        return 1;
    }
    size_t least = n - sizeof h->name - 1; /* the slash that parts them is not stored, and stands here or later */
    const char *slash = least < sizeof h->prefix ? memchr(path + least, '/', n - least - 1) : NULL;
    if (slash && slash != path && (size_t)(slash - path) <= sizeof h->prefix) {
        memcpy(h->prefix, path, (size_t)(slash - path));
        memcpy(h->name, slash + 1, n - (size_t)(slash - path) - 1);
        return 1;
    }
    memcpy(h->name, path, sizeof h->name);
    return 0;
}

static int add_xattr(struct pab_pax *p, const struct pab_xattr *x)
{
    int is_access = !strcmp(x->name, PAB_ACL_ACCESS);
    pab_buf_clear(&p->text);
    if (is_access || !strcmp(x->name, PAB_ACL_DEFAULT)) {
        if (pab_acl_to_text(x->value, x->size, &p->text)) return PAB_E_USAGE;
        return add_record(&p->records, is_access ? "SCHILY.acl.access" : "SCHILY.acl.default", p->text.data, p->text.size);
    }
    int rc = pab_buf_adds(&p->text, "SCHILY.xattr.");
    for (const char *s = x->name; *s && !rc; s++) /* as GNU tar does it: "=" would end the key */
        rc = *s == '=' ? pab_buf_adds(&p->text, "%3D") : *s == '%' ? pab_buf_adds(&p->text, "%25") : pab_buf_addc(&p->text, *s);
    return rc ? rc : add_record(&p->records, p->text.data, x->value, x->size);
}

static int add_names(struct pab_pax *p, const struct pab_entry *e, const char *path, int fits, int link_fits)
{
    int rc = PAB_OK;
    const char *name = path ? path : e->path;
    size_t n = strlen(name), link_size = link_fits ? 0 : strlen(e->link);
    if ((!fits && !pab_utf8_valid(name, n)) || (!link_fits && !pab_utf8_valid(e->link, link_size))) rc = add_record(&p->records, "hdrcharset", "BINARY", 6);
    if (!rc && !fits && !e->extents) rc = add_record(&p->records, "path", name, n);
    if (!rc && !link_fits) rc = add_record(&p->records, "linkpath", e->link, link_size);
    return rc;
}

static int add_sparse(struct pab_pax *p, const struct pab_entry *e)
{
    int rc = add_record(&p->records, "GNU.sparse.major", "1", 1);
    if (!rc) rc = add_record(&p->records, "GNU.sparse.minor", "0", 1);
    if (!rc) rc = add_record(&p->records, "GNU.sparse.name", e->path, strlen(e->path));
    return rc ? rc : add_number(&p->records, "GNU.sparse.realsize", e->size);
}

static int add_user(struct pab_buf *b, const char *key, const char *name, char *field, size_t width)
{
    size_t n = name ? strlen(name) : 0;
    if (n < width) {
        if (n) memcpy(field, name, n);
        return PAB_OK;
    }
    return add_record(b, key, name, n);
}

/* Fills the ustar header; what does not fit goes into p->records. */
static int fill(struct pab_pax *p, struct ustar *h, const struct pab_entry *e, const char *path, size_t path_size, uint64_t stored)
{
    static const char types[] = { 0, '0', '5', '2', '1', '6', '3', '4' }; /* by PAB_TYPE_ */
    struct pab_buf *r = &p->records;
    int64_t seconds = pab_ns_seconds(e->mtime_ns);
    int fits = put_name(h, path, path_size), rc = PAB_OK;
    size_t link_size = e->type == PAB_TYPE_SYMLINK || e->type == PAB_TYPE_HARDLINK ? strlen(e->link) : 0;
    int link_fits = link_size <= sizeof h->link;
    memcpy(h->link, e->link ? e->link : "", link_fits ? link_size : sizeof h->link);
    if (!fits || !link_fits) rc = add_names(p, e, path, fits, link_fits);
    if (!rc && e->extents) rc = add_sparse(p, e);
    if (!rc && stored > MAX_SIZE) rc = add_number(r, "size", stored);
    if (!rc && e->uid > MAX_ID) rc = add_number(r, "uid", e->uid);
    if (!rc && e->gid > MAX_ID) rc = add_number(r, "gid", e->gid);
    if (!rc) rc = add_user(r, "uname", e->user, h->user, sizeof h->user);
    if (!rc) rc = add_user(r, "gname", e->group, h->group, sizeof h->group);
    if (!rc && (pab_ns_rest(e->mtime_ns) || seconds < 0 || seconds > MAX_SIZE)) rc = add_time(r, "mtime", e->mtime_ns);
    if (!rc && e->atime_ns) rc = add_time(r, "atime", e->atime_ns);
    for (uint64_t i = 0; i < e->xattr_count && !rc; i++) rc = add_xattr(p, &e->xattrs[i]);

    pab_put_octal(h->mode, e->mode & 07777, 7);
    pab_put_octal(h->uid, e->uid > MAX_ID ? MAX_ID : e->uid, 7);
    pab_put_octal(h->gid, e->gid > MAX_ID ? MAX_ID : e->gid, 7);
    pab_put_octal(h->size, stored > MAX_SIZE ? 0 : stored, 11);
    pab_put_octal(h->mtime, seconds < 0 || seconds > MAX_SIZE ? 0 : (uint64_t)seconds, 11);
    h->type = types[e->type];
    memcpy(h->magic, extended_template.magic, sizeof h->magic);
    pab_put_octal(h->major, e->dev_major & MAX_ID, 7);
    pab_put_octal(h->minor, e->dev_minor & MAX_ID, 7);
    put_checksum(h);
    return rc;
}

/* "COUNT\nOFFSET\nLENGTH\n...", filled with zeros to whole blocks. */
static int make_map(struct pab_buf *b, const struct pab_entry *e)
{
    uint64_t last = e->extent_count ? e->extents[e->extent_count - 1].offset + e->extents[e->extent_count - 1].length : 0;
    int closed = last == e->size; /* else an empty region at the end says how long the file is */
    int rc = pab_buf_addf(b, "%llu\n", (unsigned long long)(e->extent_count + !closed));
    for (uint64_t i = 0; i < e->extent_count && !rc; i++)
        rc = pab_buf_addf(b, "%llu\n%llu\n", (unsigned long long)e->extents[i].offset, (unsigned long long)e->extents[i].length);
    if (!rc && !closed) rc = pab_buf_addf(b, "%llu\n0\n", (unsigned long long)e->size);
    static const char zeros[PAB_TAR_BLOCK];
    return rc ? rc : pab_buf_add(b, zeros, -b->size % PAB_TAR_BLOCK);
}

/* The extended header: its ustar block, the records, zeros to the next block. */
static int put_extended(struct pab_pax *p)
{
    struct ustar h = extended_template;
    if (p->records.size > PAB_TREE_RECORDS_MAX) return PAB_E_USAGE;
    pab_put_octal(h.size, p->records.size, 11);
    put_checksum(&h);
    static const char zeros[PAB_TAR_BLOCK];
    int rc = pab_buf_add(&p->out, &h, sizeof h);
    if (!rc) rc = pab_buf_add(&p->out, p->records.data, p->records.size);
    return rc ? rc : pab_buf_add(&p->out, zeros, -p->records.size % PAB_TAR_BLOCK);
}

static int put_headers(struct pab_pax *p, const struct pab_entry *e, int metadata, struct pab_error *err)
{
    struct ustar h = { 0 };
    uint64_t stored = pab_entry_stored(e);
    CLEANUP(pab_buf_release) struct pab_buf map = PAB_BUF_INIT(0);
    pab_buf_clear(&p->out);
    pab_buf_clear(&p->records);
    int rc = metadata ? add_record(&p->records, PAB_METADATA_RECORD, "1", 1) : PAB_OK;
    if (!rc && e->extents) {
        rc = make_map(&map, e);
        stored += map.size;
    }
    const char *path = e->path;
    size_t n = strlen(path);
    if (!rc && e->type == PAB_TYPE_DIR) { /* folders end in a slash, and the root is "./" */
        pab_buf_clear(&p->path);
        rc = pab_buf_add(&p->path, path, n);
        if (!rc) rc = pab_buf_addc(&p->path, '/');
        path = pab_buf_str(&p->path);
        n++;
    }
    if (!rc) rc = fill(p, &h, e, path, n, stored);
    if (!rc && p->records.size) rc = put_extended(p);
    if (!rc) rc = pab_buf_add(&p->out, &h, sizeof h);
    if (!rc && map.size) rc = pab_buf_add(&p->out, map.data, map.size);
    if (!rc) return PAB_OK;
    CLEANUP_FREE char *name = pab_str_printable(e->path);
    if (rc == PAB_E_USAGE) return pab_error_set(err, rc, 0, "cannot archive '%s': its extended attributes are too long or no ACL", name);
    return pab_error_set(err, rc, 0, "not enough memory for the headers of '%s'", name);
}

int pab_pax_header(struct pab_pax *p, const struct pab_entry *e, struct pab_error *err) { return put_headers(p, e, 0, err); }
int pab_pax_metadata_header(struct pab_pax *p, const struct pab_entry *e, struct pab_error *err) { return put_headers(p, e, 1, err); }

void pab_pax_release(struct pab_pax *p)
{
    pab_buf_release(&p->out);
    pab_buf_release(&p->records);
    pab_buf_release(&p->path);
    pab_buf_release(&p->text);
}
