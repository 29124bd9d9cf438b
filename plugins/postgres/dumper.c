/* dumper.c - pg_dump's archive on its way: into the artifact, and through three pg_restore that turn its sections into
 * text.  Nothing goes through a file but the post-data, which is text of definitions only.
 *
 *     pg_dump -Fc | tee artifact | pg_restore --section=pre-data   -> @head
 *                                | pg_restore --section=data       -> @data ...
 *                                | pg_restore --section=post-data  -> scratch file -> @tail
 *
 * The archive begins with its table of contents: the first and the last need no more of it and end early. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/random.h>
#include "plugins/postgres/dump.h"
#include "plugins/postgres/sqlscan.h"

#define CHUNK (256u << 10)
/* A change of a big table that came between our lock and pg_dump's waits for us and pg_dump for it: no use in waiting long. */
#define LOCK_WAIT_MS 30000
enum { PRE, DATA, POST, SECTIONS };
static const char *const section_args[] = { "--section=pre-data", "--section=data", "--section=post-data" };

struct pg_dumper {
    struct pg_dump_run *run;
    struct pab_proc *dump, *restore[SECTIONS];
    int fed[SECTIONS];         /* still reads its stdin */
    int post_fd;
    pthread_t pump;
    int pump_started;
    char key[40];              /* of \restrict: one for the whole file */
    struct pab_block *block;
    const char *block_name;
    uint64_t block_bytes, block_rows;
    struct pg_scan scan;
};

static int host_failed(struct pab_error *err) { return pg_host_failed(err, "the artifact could not be written"); }

/* ---- the pump: one thread that hands pg_dump's bytes to everybody */
static int feed(struct pg_dumper *d, int section, const char *p, size_t n, struct pab_error *err)
{
    int fd = pab_proc_in(d->restore[section]);
    while (n && d->fed[section]) {
        ssize_t w = write(fd, p, n);
        if (w > 0) {
            p += w;
            n -= (size_t)w;
        } else if (w < 0 && errno == EPIPE) {
            d->fed[section] = 0; /* has what it wants; its exit status says whether that is so */
        } else if (w < 0 && errno != EAGAIN && errno != EINTR) {
            return pab_error_set(err, PAB_E_IO, errno, "cannot pass the archive to pg_restore");
        } else if (pg_wait(d->run->call, fd, POLLOUT, err)) {
            return err->code;
        }
    }
    return PAB_OK;
}

static int pump(struct pg_dumper *d, char *buf, struct pab_error *err)
{
    const struct pab_host *h = d->run->call->op->host;
    for (;;) {
        if (pg_wait(d->run->call, pab_proc_out(d->dump), POLLIN, err)) return err->code;
        ssize_t n = read(pab_proc_out(d->dump), buf, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read from pg_dump");
        if (n == 0) return PAB_OK;
        if (h->artifact_write(d->run->archive, buf, (uint64_t)n)) return host_failed(err);
        for (int i = 0; i < SECTIONS; i++) {
            if (feed(d, i, buf, (size_t)n, err)) return err->code;
        }
    }
}

static void *pump_main(void *arg)
{
    struct pg_dumper *d = arg;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    int rc = pump(d, buf, &err);
    /* How pg_dump ended is settled before its readers see their end: its reason comes before theirs. */
    if (rc) pab_proc_kill(d->dump);
    else if ((rc = pg_tool_finish(d->run->call, d->run->db->name, d->dump, &err))) pg_tool_error(&err);
    d->dump = NULL;
    if (rc) pg_run_fail(d->run, &err);
    for (int i = 0; i < SECTIONS; i++) pab_proc_close_in(d->restore[i]);
    return NULL;
}

/* ---- text into blocks */
static int begin_block(struct pg_dumper *d, struct pab_error *err)
{
    if (d->run->call->op->host->block_begin(d->run->sql, d->block_name, &d->block)) return host_failed(err);
    d->block_bytes = 0; /* not the rows: the scan may have told some of them before it passed their text on */
    return PAB_OK;
}

static int end_block(struct pg_dumper *d, struct pab_error *err)
{
    if (!d->block) return PAB_OK;
    struct pab_block *b = TAKE_PTR(d->block);
    uint64_t rows = d->block_rows;
    d->block_rows = 0;
    return d->run->call->op->host->block_end(b, rows) ? host_failed(err) : PAB_OK;
}

static int on_text(void *ctx, const char *p, size_t n, struct pab_error *err)
{
    struct pg_dumper *d = ctx;
    if (!d->block && begin_block(d, err)) return err->code;
    d->block_bytes += n;
    d->scan.want_cut = d->block_name[1] == 'd' && d->block_bytes >= d->run->call->pg->block_size;
    return d->run->call->op->host->block_write(d->block, p, n) ? host_failed(err) : PAB_OK;
}

static int on_cut(void *ctx, struct pab_error *err)
{
    struct pg_dumper *d = ctx;
    d->scan.want_cut = 0;
    return end_block(d, err);
}

/* Restricted mode holds from the first block to the last. */
static int on_meta(void *ctx, const char *line, int *ret_drop, struct pab_error *err)
{
    struct pg_dumper *d = ctx;
    (void)err;
    if (pab_str_has_prefix(line, "\\restrict ")) *ret_drop = strcmp(d->block_name, PG_BLOCK_HEAD) != 0;
    if (pab_str_has_prefix(line, "\\unrestrict ")) *ret_drop = strcmp(d->block_name, PG_BLOCK_TAIL) != 0;
    return PAB_OK;
}

static int on_copy_end(void *ctx, const char *table, uint64_t rows, struct pab_error *err)
{
    struct pg_dumper *d = ctx;
    for (size_t i = 0; i < d->run->tables.count; i++) { /* our list of what pg_dump leaves out did not reach it as meant */
        if (strcmp(d->run->tables.items[i].sql_name, table) == 0)
            return pab_error_set(err, PAB_E_INTERNAL, 0, "table %s of '%s' would be in the backup twice", d->run->tables.items[i].label, d->run->db->name);
    }
    CLEANUP_FREE char *label = pg_display(table);
    pg_rowcounts_add(&d->run->counted, label, rows);
    d->block_rows += rows;
    return PAB_OK;
}

static const struct pg_scan_ops into_blocks = { .text = on_text, .meta = on_meta, .copy_end = on_copy_end, .cut = on_cut };

static int read_text(struct pg_dumper *d, int fd, const char *block_name, struct pab_error *err)
{
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    int rc = PAB_OK;
    d->block_name = block_name;
    pg_scan_init(&d->scan, &into_blocks, d);
    if (d->run->call->version < 170000) d->scan.leave_out = PG_SCAN_NEW_TIMEOUT;
    while (!rc) {
        if ((rc = pg_wait(d->run->call, fd, POLLIN, err))) break;
        ssize_t n = read(fd, buf, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) rc = pab_error_set(err, PAB_E_IO, errno, "cannot read from pg_restore");
        if (n <= 0) break;
        rc = pg_scan_feed(&d->scan, buf, (size_t)n, err);
    }
    if (!rc) rc = pg_scan_finish(&d->scan, err);
    if (rc) pab_error_prefix(err, "pg_restore's text of '%s'", d->run->db->name);
    pg_scan_release(&d->scan);
    return rc ? rc : end_block(d, err);
}

/* ---- children */
static int start_restore(struct pg_dumper *d, int section, struct pab_error *err)
{
    CLEANUP_FREE char *key = pab_sprintf("--restrict-key=%s", d->key);
    const char *argv[] = { "pg_restore", "-f", "-", section_args[section], d->run->tool->restrict_key ? key : NULL, NULL };
    CLEANUP_FREE char *what = pab_sprintf("pg_restore of '%s' into text", d->run->db->name);
    struct pg_child_opts o = { .what = what, .in = PAB_PROC_PIPE, .out = section == POST ? PAB_PROC_FD : PAB_PROC_PIPE, .out_fd = d->post_fd,
                               .cancel_fd = d->run->call->stop_fd };
    if (pg_tool_start(d->run->call, d->run->tool, argv, &o, &d->restore[section], err)) return err->code;
    int fd = pab_proc_in(d->restore[section]);
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)) return pab_error_set(err, PAB_E_IO, errno, "cannot set up a pipe");
    d->fed[section] = 1;
    return PAB_OK;
}

static int start_dump(struct pg_dumper *d, struct pab_error *err)
{
    struct pg_dump_run *r = d->run;
    struct pab_strs argv = { 0 };
    CLEANUP_FREE char *snapshot = pab_sprintf("--snapshot=%s", r->snapshot);
    CLEANUP_FREE char *encoding = pab_sprintf("--encoding=%s", r->db->encoding);
    CLEANUP_FREE char *wait_ms = pab_sprintf("--lock-wait-timeout=%lld", (long long)(r->call->pg->lock_timeout_ms < LOCK_WAIT_MS ? r->call->pg->lock_timeout_ms : LOCK_WAIT_MS));
    CLEANUP_FREE char *what = pab_sprintf("pg_dump of '%s'", r->db->name);
    const char *const fixed[] = { "pg_dump", "--format=custom", "--compress=1", "--no-password", snapshot, encoding, wait_ms };
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) pab_strs_add(&argv, fixed[i]);
    pg_exclude_patterns(&r->tables, &argv);
    struct pg_child_opts o = { .db = r->db->name, .what = what, .out = PAB_PROC_PIPE, .cancel_fd = r->call->stop_fd };
    int rc = pg_tool_start(r->call, r->tool, (const char *const *)argv.items, &o, &d->dump, err);
    pab_strs_release(&argv);
    return rc;
}

int pg_dumper_start(struct pg_dump_run *r, struct pg_dumper **ret, struct pab_error *err)
{
    unsigned char noise[16];
    struct pg_dumper *d = *ret = pab_alloc(sizeof *d);
    *d = (struct pg_dumper){ .run = r, .post_fd = -1, .block_name = PG_BLOCK_HEAD };
    if (getrandom(noise, sizeof noise, 0) != sizeof noise) return pab_error_set(err, PAB_E_IO, errno, "no random bytes");
    pab_hex(noise, sizeof noise, d->key);
    int rc = sup_scratch_file(r->call->op, "post-data", &d->post_fd, err);
    for (int i = 0; i < SECTIONS && !rc; i++) rc = start_restore(d, i, err);
    if (!rc) rc = start_dump(d, err);
    if (!rc) rc = begin_block(d, err);
    if (rc) return rc;
    if (pthread_create(&d->pump, NULL, pump_main, d)) return pab_error_set(err, PAB_E_NOMEM, 0, "cannot start a thread");
    d->pump_started = 1;
    return PAB_OK;
}

static int read_section(struct pg_dumper *d, int section, const char *block_name, struct pab_error *err)
{
    int rc = read_text(d, pab_proc_out(d->restore[section]), block_name, err);
    /* a text that stops in the middle has its reason in what the program said */
    const char *said = rc == PAB_E_CORRUPT ? pab_proc_stderr(d->restore[section]) : "";
    return *said ? pab_error_set(err, PAB_E_TOOL, 0, "pg_restore of '%s' into text failed: %s", d->run->db->name, said) : rc;
}

int pg_dumper_read(struct pg_dumper *d, struct pab_error *err)
{
    int rc = read_section(d, PRE, PG_BLOCK_HEAD, err);
    return rc ? rc : read_section(d, DATA, PG_BLOCK_DATA, err);
}

void pg_dumper_stop(struct pg_dumper *d)
{
    if (d && d->block) d->run->call->op->host->block_abort(TAKE_PTR(d->block));
}

int pg_dumper_finish(struct pg_dumper *d, struct pab_error *err)
{
    pthread_join(d->pump, NULL);
    d->pump_started = 0;
    if (pg_run_failed(d->run)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    for (int i = 0; i < SECTIONS; i++) {
        struct pab_proc *p = TAKE_PTR(d->restore[i]);
        if (pab_proc_finish(p, err)) return err->code;
    }
    if (lseek(d->post_fd, 0, SEEK_SET) < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read the scratch file");
    return read_text(d, d->post_fd, PG_BLOCK_TAIL, err);
}

void pg_dumper_free(struct pg_dumper *d)
{
    if (!d) return;
    if (d->pump_started) pthread_join(d->pump, NULL);
    pab_proc_kill(d->dump);
    for (int i = 0; i < SECTIONS; i++) pab_proc_kill(d->restore[i]);
    pg_dumper_stop(d);
    if (d->post_fd >= 0) close(d->post_fd);
    free(d);
}
