/* pack.c - an artifact as a tar stream for the Docker Engine, below a folder of its own: see volume.h.
 *
 * Below, because the daemon refuses a relative symbolic link that leads out of what it extracts to; below "/" none can. Holes
 * come out as zeros: the daemon would write them so anyway.
 */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include "plugins/volume/volume.h"

#define CHUNK (128u << 10)

struct pack {
    struct pab_op *op;
    struct pab_reader *reader;
    const char *prefix;
    const char *const *include;
    uint32_t include_count;
    struct archive *tar;
    struct archive_entry *entry;
    struct pab_buf out;          /* written by libarchive, not yet taken */
    size_t out_start;
    struct pab_entry now;        /* lives until the next tree_next */
    uint64_t at, extent;         /* how far its data is written; the extent at hand */
    int ended;
    char *chunk;
};

static la_ssize_t on_write(struct archive *tar, void *ctx, const void *p, size_t n)
{
    struct pack *k = ctx;
    (void)tar;
    return pab_buf_add(&k->out, p, n) ? -1 : (la_ssize_t)n;
}

int pack_open(struct pab_op *op, uint32_t index, const char *prefix, const struct pab_restore_req *req, struct pack **ret)
{
    struct pack *k = pab_alloc(sizeof *k);
    k->op = op;
    k->prefix = prefix;
    k->include = req->include;
    k->include_count = req->include_count;
    k->chunk = pab_alloc(CHUNK);
    k->tar = archive_write_new();
    k->entry = archive_entry_new();
    int rc = op->host->artifact_open(op, index, PAB_OPEN_DATA, &k->reader);
    if (!rc && (!k->tar || !k->entry || archive_write_set_format_pax(k->tar) || archive_write_set_options(k->tar, "hdrcharset=BINARY") < ARCHIVE_WARN ||
                archive_write_set_bytes_per_block(k->tar, 0) || archive_write_open(k->tar, k, NULL, on_write, NULL)))
        rc = pab_fail(op, PAB_E_NOMEM, 0, NULL, "cannot make a tar stream: %s", k->tar ? archive_error_string(k->tar) : "not enough memory");
    if (rc) pack_close(k);
    else *ret = k;
    return rc;
}

void pack_close(struct pack *k)
{
    if (!k) return;
    if (k->tar) {
        archive_write_fail(k->tar);
        archive_write_free(k->tar);
    }
    archive_entry_free(k->entry);
    k->op->host->artifact_close(k->reader);
    pab_buf_release(&k->out);
    free(k->chunk);
    free(k);
}

static int failed(struct pack *k, const char *path)
{
    CLEANUP_FREE char *name = pab_str_printable(path);
    return pab_fail(k->op, PAB_E_INTERNAL, 0, NULL, "cannot pack '%s': %s", name, archive_error_string(k->tar));
}

/* A piece of the data of the entry at hand: of a hole up to the next extent, or of an extent. */
static int write_piece(struct pack *k)
{
    const struct pab_entry *e = &k->now;
    uint64_t begin = 0, end = e->size, n;
    if (e->extents) {
        while (k->extent < e->extent_count && k->at >= e->extents[k->extent].offset + e->extents[k->extent].length) k->extent++;
        begin = k->extent < e->extent_count ? e->extents[k->extent].offset : e->size;
        end = k->extent < e->extent_count ? begin + e->extents[k->extent].length : e->size;
    }
    if (k->at < begin) {
        n = begin - k->at < CHUNK ? begin - k->at : CHUNK;
        memset(k->chunk, 0, n);
    } else {
        int64_t got = k->op->host->artifact_read(k->reader, k->chunk, end - k->at < CHUNK ? end - k->at : CHUNK);
        if (got < 0) return (int)got;
        if (got == 0) return pab_fail(k->op, PAB_E_CORRUPT, 0, NULL, "the data of '%s' ends early", e->path);
        n = (uint64_t)got;
    }
    k->at += n;
    return archive_write_data(k->tar, k->chunk, n) == (la_ssize_t)n ? PAB_OK : failed(k, e->path);
}

static mode_t type_of(uint32_t type)
{
    switch (type) {
    case PAB_TYPE_DIR: return AE_IFDIR;
    case PAB_TYPE_SYMLINK: return AE_IFLNK;
    case PAB_TYPE_FIFO: return AE_IFIFO;
    case PAB_TYPE_CHAR: return AE_IFCHR;
    case PAB_TYPE_BLOCK: return AE_IFBLK;
    default: return AE_IFREG;
    }
}

static int write_header(struct pack *k, const struct pab_entry *e)
{
    struct archive_entry *a = archive_entry_clear(k->entry);
    CLEANUP_FREE char *path = strcmp(e->path, ".") ? pab_sprintf("%s/%s", k->prefix, e->path) : pab_strdup(k->prefix);
    CLEANUP_FREE char *link = e->link ? pab_sprintf("%s/%s", k->prefix, e->link) : NULL;
    archive_entry_copy_pathname(a, path);
    archive_entry_set_mode(a, type_of(e->type) | e->mode);
    archive_entry_set_uid(a, e->uid);
    archive_entry_set_gid(a, e->gid);
    archive_entry_set_mtime(a, e->mtime_ns / 1000000000, (long)(e->mtime_ns % 1000000000));
    archive_entry_set_size(a, e->type == PAB_TYPE_FILE ? (la_int64_t)e->size : 0);
    if (e->type == PAB_TYPE_SYMLINK) archive_entry_copy_symlink(a, e->link);
    if (e->type == PAB_TYPE_HARDLINK) archive_entry_copy_hardlink(a, link);
    if (e->type == PAB_TYPE_CHAR || e->type == PAB_TYPE_BLOCK) archive_entry_set_rdev(a, makedev(e->dev_major, e->dev_minor));
    for (uint64_t i = 0; i < e->xattr_count; i++) archive_entry_xattr_add_entry(a, e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].size);
    return archive_write_header(k->tar, a) < ARCHIVE_WARN ? failed(k, e->path) : PAB_OK;
}

static int is_wanted(const struct pack *k, const struct pab_entry *e)
{
    for (uint32_t i = 0; i < k->include_count; i++)
        if (pab_glob_match(k->include[i], e->path, e->type == PAB_TYPE_DIR)) return 1;
    return k->include_count == 0;
}

/* A piece of data, the next entry's header, or the end. */
static int advance(struct pack *k)
{
    if (k->at < k->now.size) return write_piece(k);
    k->now = (struct pab_entry){ .struct_size = sizeof k->now };
    k->at = k->extent = 0;
    int rc = k->op->host->tree_next(k->reader, &k->now);
    if (rc == PAB_END) {
        k->ended = 1;
        return archive_write_close(k->tar) ? failed(k, "the end") : PAB_OK;
    }
    if (!rc && (k->now.type != PAB_TYPE_FILE || !is_wanted(k, &k->now))) k->at = k->now.size; /* no data to come */
    return rc || !is_wanted(k, &k->now) ? rc : write_header(k, &k->now);
}

int64_t pack_read(void *ctx, void *buf, uint64_t capacity)
{
    struct pack *k = ctx;
    while (k->out.size == k->out_start) {
        if (k->ended) return 0;
        pab_buf_clear(&k->out);
        k->out_start = 0;
        int rc = advance(k);
        if (rc) return rc;
    }
    uint64_t n = k->out.size - k->out_start < capacity ? k->out.size - k->out_start : capacity;
    memcpy(buf, k->out.data + k->out_start, n);
    k->out_start += n;
    return (int64_t)n;
}
