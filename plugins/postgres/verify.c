/* verify.c - is what lies in the backup still what was dumped?  The .sql is read to its end: every block stops between
 * two statements and holds the rows that it should, and so does every table; pg_restore reads the archive in full. */
#include <errno.h>
#include <poll.h>
#include <fcntl.h>
#include <string.h>
#include "plugins/postgres/pg.h"
#include "plugins/postgres/sqlscan.h"

#define CHUNK (256u << 10)

struct verify {
    struct pab_op *op;
    const struct pg *pg;
    const struct pab_artifact_info *a;
    uint32_t index;
    struct pab_reader *reader;
    struct pg_scan scan;
    struct pg_rowcounts counted;
    uint64_t block, blocks;        /* now; how many */
    struct pab_block_info info;    /* of this block */
    uint64_t left, rows;           /* of this block: bytes to come, rows so far */
};

static int damaged(struct verify *v, struct pab_error *err, const char *problem)
{
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': %s", v->a->path, problem);
}

static int host_failed(struct pab_error *err) { return pg_host_failed(err, "the artifact could not be read"); }

/* ---- blocks as they pass by */
static int next_block(struct verify *v, struct pab_error *err)
{
    v->info = (struct pab_block_info){ .struct_size = sizeof v->info };
    v->rows = 0;
    if (v->op->host->block_info(v->reader, v->block, &v->info)) return host_failed(err);
    v->left = v->info.content_size;
    return PAB_OK;
}

static int end_of_block(struct verify *v, struct pab_error *err)
{
    CLEANUP_FREE char *name = pab_str_printable(v->info.name);
    if (pg_scan_finish(&v->scan, err)) return pab_error_prefix(err, "'%s': block %llu (%s)", v->a->path, (unsigned long long)v->block, name);
    if (v->rows != v->info.rows)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': block %llu (%s) holds %llu rows, %llu were stored", v->a->path, (unsigned long long)v->block, name,
                             (unsigned long long)v->rows, (unsigned long long)v->info.rows);
    v->block++;
    return v->block < v->blocks ? next_block(v, err) : PAB_OK;
}

static int on_copy_end(void *ctx, const char *table, uint64_t rows, struct pab_error *err)
{
    struct verify *v = ctx;
    (void)err;
    CLEANUP_FREE char *label = pg_display(table);
    pg_rowcounts_add(&v->counted, label, rows);
    v->rows += rows;
    return PAB_OK;
}

static const struct pg_scan_ops counting = { .copy_end = on_copy_end };

static int take(struct verify *v, const char *p, size_t n, struct pab_error *err)
{
    while (n && v->block < v->blocks) {
        size_t part = n < v->left ? n : (size_t)v->left;
        if (pg_scan_feed(&v->scan, p, part, err)) return pab_error_prefix(err, "'%s'", v->a->path);
        p += part;
        n -= part;
        v->left -= part;
        if (!v->left && end_of_block(v, err)) return err->code;
    }
    return n ? damaged(v, err, "there is more in it than its blocks say") : PAB_OK;
}

/* ---- the tables */
static int compare_counts(struct verify *v, struct pab_error *err)
{
    uint64_t tables = 0, rows = 0, want_tables = 0, want_rows = 0;
    pg_rowcounts_settle(&v->counted);
    for (size_t i = 0; i < v->counted.count; i++) rows += v->counted.items[i].rows;
    tables = v->counted.count;
    if (pg_count(v->a, "tables", &want_tables) || pg_count(v->a, "rows", &want_rows)) return damaged(v, err, "the manifest does not say how many rows it holds");
    for (uint64_t i = 0; i < v->a->count_count; i++) {
        const struct pab_kv *kv = &v->a->counts[i];
        if (!pab_str_has_prefix(kv->key, PG_COUNT_TABLE)) continue;
        const char *table = kv->key + strlen(PG_COUNT_TABLE);
        const struct pg_rowcount *found = pg_rowcounts_find(&v->counted, table);
        int64_t want = -1;
        if (!found) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': table %s is missing", v->a->path, table);
        if (pab_parse_int(kv->value, &want) || want < 0 || (uint64_t)want != found->rows)
            return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': table %s has %llu rows, %s were stored", v->a->path, table, (unsigned long long)found->rows, kv->value);
    }
    if (tables == want_tables && rows == want_rows) return PAB_OK;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' holds %llu tables with %llu rows, %llu with %llu were stored", v->a->path, (unsigned long long)tables,
                         (unsigned long long)rows, (unsigned long long)want_tables, (unsigned long long)want_rows);
}

/* Cheap: the blocks are those of a finished dump, and their rows add up. */
static int check_structure(struct verify *v, struct pab_error *err)
{
    uint64_t rows = 0, want = 0, bytes = 0;
    struct pab_block_info info = { .struct_size = sizeof info };
    v->blocks = v->op->host->block_count(v->reader);
    for (uint64_t i = 0; i < v->blocks; i++) {
        if (v->op->host->block_info(v->reader, i, &info)) return host_failed(err);
        rows += info.rows;
        bytes += info.content_size;
        if (i == 0 && strcmp(info.name, PG_BLOCK_HEAD) != 0) return damaged(v, err, "it does not begin with the definitions");
    }
    if (v->blocks < 2 || strcmp(info.name, PG_BLOCK_TAIL) != 0) return damaged(v, err, "it does not end with the indexes and constraints");
    if (bytes != v->a->content_size) return damaged(v, err, "its blocks do not cover it");
    if (pg_count(v->a, "rows", &want) || rows != want) return damaged(v, err, "the rows of its blocks do not add up to those of the manifest");
    return PAB_OK;
}

static int read_all(struct verify *v, int (*each)(struct verify *v, const char *p, size_t n, struct pab_error *err), struct pab_error *err)
{
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    for (;;) {
        int64_t n = v->op->host->artifact_read(v->reader, buf, CHUNK);
        if (n < 0) return host_failed(err);
        if (n == 0) return PAB_OK;
        if (each(v, buf, (size_t)n, err)) return err->code;
    }
}

static int verify_database(struct verify *v, int whole, struct pab_error *err)
{
    if (check_structure(v, err) || !whole) return err->code;
    if (next_block(v, err) || read_all(v, take, err)) return err->code;
    if (v->block < v->blocks) return damaged(v, err, "it ends before its last block");
    return compare_counts(v, err);
}

/* ---- roles and tablespaces: nothing but statements, whole to the end */
static int feed_only(struct verify *v, const char *p, size_t n, struct pab_error *err) { return pg_scan_feed(&v->scan, p, n, err); }

static int verify_globals(struct verify *v, int whole, struct pab_error *err)
{
    if (!whole) return PAB_OK;
    if (read_all(v, feed_only, err)) return err->code;
    return pg_scan_finish(&v->scan, err) ? pab_error_prefix(err, "'%s'", v->a->path) : PAB_OK;
}

/* ---- the archive */
struct feeding { struct pg_call *call; struct pab_proc *proc; };

static int feed_archive(struct feeding *f, const char *p, size_t n, struct pab_error *err)
{
    while (n) {
        if (pg_wait(f->call, pab_proc_in(f->proc), POLLOUT, err)) return err->code;
        ssize_t w = write(pab_proc_in(f->proc), p, n);
        if (w < 0 && (errno == EINTR || errno == EAGAIN)) continue;
        if (w < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot pass the archive to pg_restore");
        p += w;
        n -= (size_t)w;
    }
    return PAB_OK;
}

static int feed_all(struct verify *v, struct feeding *f, struct pab_error *err)
{
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    for (;;) {
        int64_t n = v->op->host->artifact_read(v->reader, buf, CHUNK);
        if (n < 0) return host_failed(err);
        if (n == 0) return PAB_OK;
        if (feed_archive(f, buf, (size_t)n, err)) return err->code;
    }
}

static int run_restore(struct verify *v, struct pg_call *c, const struct pg_tool *tool, struct pab_error *err)
{
    static const char *const argv[] = { "pg_restore", "-f", "/dev/null", NULL };
    struct feeding f = { .call = c };
    struct pab_error feeding = { 0 }, ending = { 0 };
    if (pg_tool_start(c, tool, argv, &(struct pg_child_opts){ .what = "pg_restore", .in = PAB_PROC_PIPE, .out = PAB_PROC_NULL }, &f.proc, err)) return err->code;
    int flags = fcntl(pab_proc_in(f.proc), F_GETFL);
    int rc = flags < 0 || fcntl(pab_proc_in(f.proc), F_SETFL, flags | O_NONBLOCK) ? pab_error_set(&feeding, PAB_E_IO, errno, "cannot set up a pipe") : feed_all(v, &f, &feeding);
    if (rc && feeding.os_errno != EPIPE) {
        pab_proc_kill(f.proc);
        *err = feeding;
        return rc;
    }
    /* it may end before it has read everything only by failing */
    if (!pab_proc_finish(f.proc, &ending)) {
        if (rc) *err = feeding;
        return rc;
    }
    if (ending.code == PAB_E_CANCELLED) {
        *err = ending;
        return err->code;
    }
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' cannot be read: %s", v->a->path, ending.message);
}

static int verify_archive(struct verify *v, int whole, struct pab_error *err)
{
    CLEANUP(pg_tools_release) struct pg_tools tools = { 0 };
    struct pg_call call = { .pg = v->pg, .op = v->op, .stop_fd = -1 };
    struct pg_tool *tool;
    struct pab_error why = { 0 };
    const char *written_by = pg_fact(v->a, PG_FACT_TOOL);
    int64_t major = 0;
    if (!whole) return PAB_OK;
    CLEANUP_FREE char *digits = pab_strndup(written_by ? written_by : "", written_by ? strspn(written_by, "0123456789") : 0);
    if (pab_parse_int(digits, &major)) major = 0;
    if (pg_tools_find(v->pg, &tools, &why) || pg_tools_choose(&tools, (int)major, &tool, &why)) {
        pab_log(v->op, PAB_LOG_INFO, "'%s' is not read by pg_restore: %s", v->a->path, why.message);
        return PAB_OK; /* its hash is compared by the host */
    }
    return run_restore(v, &call, tool, err);
}

/* ---- the verb */
static int verify_one(struct verify *v, int whole, struct pab_error *err)
{
    const char *content = pg_fact(v->a, PG_FACT_FORMAT);
    int rc;
    pg_scan_init(&v->scan, &counting, v);
    if (v->op->host->artifact_open(v->op, v->index, PAB_OPEN_DATA, &v->reader)) rc = host_failed(err);
    else if (content && strcmp(content, PG_DATABASE) == 0) rc = verify_database(v, whole, err);
    else if (content && strcmp(content, PG_ARCHIVE) == 0) rc = verify_archive(v, whole, err);
    else if (content && strcmp(content, PG_GLOBALS) == 0) rc = verify_globals(v, whole, err);
    else rc = damaged(v, err, "the manifest does not say what it is");
    v->op->host->artifact_close(v->reader);
    pg_scan_release(&v->scan);
    pg_rowcounts_release(&v->counted);
    return rc;
}

int pg_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    struct pab_error err = { 0 };
    for (uint32_t i = 0; i < req->artifact_count; i++) {
        struct verify v = { .op = op, .pg = instance, .index = i };
        v.a = info_of(req, i);
        if (verify_one(&v, (req->flags & PAB_VERIFY_CONTENT) != 0, &err)) return err.os_errno == PG_HOST_KNOWS ? err.code : sup_fail(op, &err);
    }
    return PAB_OK;
}
