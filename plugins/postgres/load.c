/* load.c - the new database is filled: definitions by pg_restore from the archive, rows of the big tables by us while
 * pg_restore brings the small ones and the large objects, then indexes, constraints and triggers by pg_restore. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define CHUNK (256u << 10)
/* Nothing that a server or role sets may end a long statement; the database is thrown away if the machine goes down. */
static const char options[] = "-c statement_timeout=0 -c lock_timeout=0 -c idle_in_transaction_session_timeout=0 -c synchronous_commit=off"
                              " -c maintenance_work_mem=128MB -c default_transaction_read_only=off";

int pg_back_file(struct pg_call *c, uint32_t index, const char *name, char **ret_path, struct pab_error *err)
{
    const struct pab_host *h = c->op->host;
    const char *dir = h->scratch_dir(c->op);
    struct pab_reader *r = NULL;
    int64_t n = 0;
    if (!dir) return pg_host_failed(err, "there is no scratch folder");
    CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, name);
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make '%s'", path);
    if (h->artifact_open(c->op, index, PAB_OPEN_DATA, &r)) return pg_host_failed(err, "the backup could not be read");
    while ((n = h->artifact_read(r, buf, CHUNK)) > 0) {
        if (pab_write_all(fd, buf, (size_t)n)) {
            pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write '%s'", path);
            break;
        }
    }
    h->artifact_close(r);
    if (n < 0) return pg_host_failed(err, "the backup could not be read");
    if (n > 0) return err->code;
    *ret_path = TAKE_PTR(path);
    return PAB_OK;
}

/* dbname='x': a name with "=" would be taken for a connection string otherwise. */
static char *conninfo(const char *db)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "dbname='");
    for (; *db; db++) {
        if (*db == '\'' || *db == '\\') pab_buf_addc(&b, '\\');
        pab_buf_addc(&b, *db);
    }
    pab_buf_adds(&b, "'");
    return pab_buf_take(&b);
}

/* Its output is nothing but a sign of its end; meanwhile a cancelled run or a failure elsewhere ends it. */
static int wait_for(struct pg_call *c, struct pab_proc *p, struct pab_error *err)
{
    char ignored[512];
    ssize_t n = 1;
    while (n) {
        if (pg_wait(c, pab_proc_out(p), POLLIN, err)) {
            pab_proc_kill(p);
            return err->code;
        }
        n = read(pab_proc_out(p), ignored, sizeof ignored);
        if (n < 0 && errno != EINTR && errno != EAGAIN) break;
    }
    return pab_proc_finish(p, err);
}

int pg_back_tool(struct pg_back *b, const char *const *argv, const char *what, struct pab_error *err)
{
    CLEANUP_FREE char *db = conninfo(b->fresh);
    struct { const char **items; size_t count, capacity; } list = { 0 };
    struct pab_proc *p = NULL;
    for (; *argv; argv++) PAB_PUSH(&list, *argv);
    PAB_PUSH(&list, "--no-password");
    PAB_PUSH(&list, "-d");
    PAB_PUSH(&list, db);
    PAB_PUSH(&list, NULL);
    struct pg_child_opts o = { .what = what, .pgoptions = options, .out = PAB_PROC_PIPE };
    int rc = pg_tool_start(b->call, b->tool, list.items, &o, &p, err);
    free(list.items);
    if (!rc) rc = wait_for(b->call, p, err);
    return rc ? pg_tool_error(err) : PAB_OK;
}

static int restore_section(struct pg_back *b, const char *section, struct pab_error *err)
{
    char jobs[24];
    snprintf(jobs, sizeof jobs, "--jobs=%d", b->call->pg->jobs);
    CLEANUP_FREE char *what = pab_sprintf("pg_restore of '%s'", b->from), *which = pab_sprintf("--section=%s", section);
    const char *argv[10] = { "pg_restore", "--exit-on-error", which, jobs };
    int n = 4;
    if (b->leave_owners) {
        argv[n++] = "--no-owner";
        argv[n++] = "--no-privileges";
    }
    argv[n++] = b->archive_path;
    return pg_back_tool(b, argv, what, err);
}

/* Small tables and large objects beside the big tables. */
static int load_rows(struct pg_back *b, struct pab_error *err)
{
    struct pg_fill *fill = NULL;
    struct pab_error first = { 0 };
    int rc = pg_fill_start(b, &fill, err);
    if (!rc) rc = restore_section(b, "data", err);
    if (rc) pg_fill_stop(fill);
    /* a failure of the fill stopped pg_restore, which then says no more than that */
    if (pg_fill_finish(fill, &first) && (!rc || rc == PAB_E_CANCELLED)) {
        *err = first;
        rc = first.code;
    }
    return rc;
}

static int analyze(struct pg_back *b, struct pab_error *err)
{
    char jobs[24];
    snprintf(jobs, sizeof jobs, "--jobs=%d", b->call->pg->jobs);
    const char *const argv[] = { "vacuumdb", "--analyze-only", "--quiet", jobs, NULL };
    CLEANUP_FREE char *what = pab_sprintf("ANALYZE of '%s'", b->from);
    return pg_back_tool(b, argv, what, err);
}

int pg_load(struct pg_back *b, struct pab_error *err)
{
    if (restore_section(b, "pre-data", err) || load_rows(b, err) || pg_counts_check(b, err)) return err->code;
    if (restore_section(b, "post-data", err)) return err->code;
    return analyze(b, err);
}
