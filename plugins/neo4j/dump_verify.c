/* dump_verify.c - a dump is a mark of four bytes and a zstd or gzip stream: the mark is looked at, the stream unpacked to its end. */
#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define CHUNK (128u << 10)
#define MARK 4u

struct source { struct pab_op *op; struct pab_reader *reader; char buf[CHUNK]; int failed; };

static la_ssize_t read_more(struct archive *a, void *ctx, const void **ret)
{
    struct source *s = ctx;
    int64_t n = s->op->host->artifact_read(s->reader, s->buf, sizeof s->buf);
    *ret = s->buf;
    if (n >= 0) return (la_ssize_t)n;
    s->failed = (int)n;
    archive_set_error(a, EIO, "reading failed");
    return -1;
}

static int read_mark(struct source *s, char *mark)
{
    for (size_t got = 0; got < MARK;) {
        int64_t n = s->op->host->artifact_read(s->reader, mark + got, MARK - got);
        if (n < 0) return (int)n;
        if (n == 0) return PAB_OK;
        got += (size_t)n;
    }
    return PAB_OK;
}

static int unpack(struct source *s, const char *path, struct archive *a, struct pab_error *err)
{
    struct archive_entry *e;
    const void *block;
    size_t size;
    la_int64_t offset;
    int rc = archive_read_support_format_raw(a);
    archive_read_support_filter_zstd(a);
    archive_read_support_filter_gzip(a);
    if (rc == ARCHIVE_OK) rc = archive_read_open(a, s, NULL, read_more, NULL);
    if (rc == ARCHIVE_OK) rc = archive_read_next_header(a, &e);
    if (rc == ARCHIVE_OK && archive_filter_count(a) < 2) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not packed as a dump of Neo4j is", path);
    while (rc == ARCHIVE_OK) rc = archive_read_data_block(a, &block, &size, &offset);
    if (s->failed) return s->failed;
    return rc == ARCHIVE_EOF ? PAB_OK : pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' cannot be unpacked: %s", path, archive_error_string(a));
}

int dump_verify(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a)
{
    struct source *s = pab_alloc(sizeof *s);
    struct archive *ar = archive_read_new();
    struct pab_error err = { 0 };
    char mark[MARK] = "";
    s->op = op;
    int rc = op->host->artifact_open(op, index, PAB_OPEN_DATA, &s->reader);
    if (!rc) rc = read_mark(s, mark);
    if (!rc && memcmp(mark, "DZV1", MARK) != 0 && memcmp(mark, "DGV1", MARK) != 0)
        rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "'%s' does not begin as a dump of Neo4j does", a->path);
    if (!rc) rc = ar ? unpack(s, a->path, ar, &err) : pab_error_set(&err, PAB_E_NOMEM, 0, "no memory to unpack '%s'", a->path);
    archive_read_free(ar);
    op->host->artifact_close(s->reader);
    free(s);
    return verb_end(op, rc, &err);
}
