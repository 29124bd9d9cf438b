/* structure.c - see structure.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/engine/integrity.h"
#include "core/engine/lineage.h"
#include "core/engine/structure.h"
#include "core/stream/reader.h"
#include "core/tree/index.h"
#include "core/tree/tar.h"

#define EDGE 4096u /* bytes of a text, at its beginning and at its end */
#define TAR_END 1024u

enum content { CONTENT_BYTES, CONTENT_TEXT, CONTENT_TAR, CONTENT_INDEX };

struct file {
    const char *path;
    enum pab_codec codec;
    enum content content;
    uint64_t size;
    int fd;
};

DEFINE_CLEANUP(source, struct pab_source, pab_source_close)
DEFINE_CLEANUP(first_tar, struct pab_tar, pab_tar_free)
DEFINE_CLEANUP(first_index, struct pab_index, pab_index_free)

/* Text in which a zero byte has no place. */
static int is_text(const char *media_type)
{
    static const char *const types[] = { "application/json", "application/x-ndjson", "application/jsonl", "application/sql" };
    for (size_t i = 0; media_type && i < sizeof types / sizeof *types; i++)
        if (strcmp(media_type, types[i]) == 0) return 1;
    return 0;
}

static int first_entry(struct pab_source *s, enum content content, struct pab_error *err)
{
    CLEANUP(pab_cleanup_first_tar) struct pab_tar *tar = NULL;
    CLEANUP(pab_cleanup_first_index) struct pab_index *index = NULL;
    struct pab_tar_input in = pab_tar_input_source(s);
    struct pab_entry e = { .struct_size = sizeof e };
    if (content == CONTENT_TAR) pab_tar_new(&in, &tar);
    else pab_index_new(s, &index);
    int rc = tar ? pab_tar_next(tar, &e, err) : pab_index_next(index, &e, err);
    return rc == PAB_END ? PAB_OK : rc; /* an empty tree */
}

static int read_at(const struct file *f, uint64_t offset, char *buf, size_t n, struct pab_error *err)
{
    ssize_t got;
    do got = pread(f->fd, buf, n, (off_t)offset);
    while (got < 0 && errno == EINTR);
    if (got == (ssize_t)n) return PAB_OK;
    return pab_error_set(err, PAB_E_IO, got < 0 ? errno : 0, "cannot read '%s' at byte %llu", f->path, (unsigned long long)offset);
}

/* What is not compressed has no members whose ends could be looked at. */
static int plain_edges(const struct file *f, struct pab_error *err)
{
    static const char zeros[TAR_END];
    char head[EDGE], tail[EDGE];
    size_t n = f->size < EDGE ? (size_t)f->size : EDGE;
    if (!n || f->content == CONTENT_BYTES) return PAB_OK;
    if (read_at(f, 0, head, n, err) || read_at(f, f->size - n, tail, n, err)) return err->code;
    if (f->content == CONTENT_TAR) {
        if (n >= TAR_END && f->size % 512 == 0 && !memcmp(tail + n - TAR_END, zeros, TAR_END)) return PAB_OK;
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' does not end as a tar does", f->path);
    }
    if (memchr(head, 0, n) || memchr(tail, 0, n)) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' holds zero bytes, which text of its kind cannot", f->path);
    return PAB_OK;
}

static int check_file(const struct pab_backup *b, struct file *f, struct pab_error *err)
{
    struct stat st;
    const void *p;
    CLEANUP_CLOSE int fd = pab_backup_open_file(b, f->path, err);
    CLEANUP(pab_cleanup_source) struct pab_source *s = NULL;
    if (fd < 0) return err->code;
    if (fstat(fd, &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot look at '%s'", f->path);
    if ((uint64_t)st.st_size != f->size)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' has %llu bytes, the manifest says %llu", f->path, (unsigned long long)st.st_size, (unsigned long long)f->size);
    f->fd = fd;
    if (pab_source_open(&(struct pab_source_opts){ .fd = fd, .codec = f->codec, .length = PAB_SIZE_UNKNOWN, .threads = 1, .no_hash = 1, .what = f->path }, &s, err)) return err->code;
    if (pab_source_peek(s, &p, err) < 0) return err->code;
    if (f->content == CONTENT_TAR || f->content == CONTENT_INDEX) {
        if (first_entry(s, f->content, err)) return pab_error_prefix(err, "'%s'", f->path);
    }
    return f->codec == PAB_CODEC_NONE ? plain_edges(f, err) : pab_source_check_end(s, err);
}

static enum content content_of(const struct pab_mf_artifact *a)
{
    return a->kind == PAB_KIND_TREE ? CONTENT_TAR : is_text(a->media_type) ? CONTENT_TEXT : CONTENT_BYTES;
}

const char *pab_structure_detail(const struct pab_mf_artifact *a)
{
    return content_of(a) == CONTENT_BYTES && strcmp(a->encoding, "none") == 0 ? "size" : "size, structure";
}

static int check_stored(const struct pab_backup *b, const struct pab_mf_artifact *a, struct pab_error *err)
{
    struct file f = { .path = a->path, .size = a->size }, index = { .path = a->index_path, .size = a->index_size, .content = CONTENT_INDEX };
    if (pab_integrity_known(a, err)) return err->code;
    pab_codec_from_name(a->encoding, &f.codec);
    index.codec = f.codec;
    f.content = content_of(a);
    if (check_file(b, &f, err) || (a->index_path && check_file(b, &index, err))) return err->code;
    return PAB_OK;
}

int pab_structure_check(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, struct pab_error *err)
{
    struct pab_lineage line = { 0 };
    int rc = check_stored(b, a, err);
    if (rc || !a->parent_path) return rc;
    rc = pab_lineage_open(b, target, a, &line, err);
    for (size_t i = 1; i < line.count && !rc; i++) {
        rc = check_stored(line.items[i].backup, line.items[i].artifact, err);
        if (rc) pab_error_prefix(err, "it builds on backup '%s', which is damaged", pab_backup_name(line.items[i].backup));
    }
    pab_lineage_release(&line);
    return rc;
}
