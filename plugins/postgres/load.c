/* load.c - the new database is filled: definitions by pg_restore from the archive, rows of the big tables by us while
 * pg_restore brings the small ones and the large objects, then indexes, constraints and triggers by pg_restore. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define CHUNK (256u << 10)
/* The database is thrown away if the machine goes down. */
static const char faster[] = "-c synchronous_commit=off -c maintenance_work_mem=128MB";

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

int pg_back_start(struct pg_back *b, const char *const *argv, const char *what, int in, int out, struct pab_proc **ret, struct pab_error *err)
{
    struct pab_buf db = PAB_BUF_INIT(0);
    pg_conninfo_add(&db, "dbname", b->fresh); /* a bare name with "=" would be taken for a connection string */
    CLEANUP_FREE char *settings = pg_child_settings(b->call), *options = pab_sprintf("%s %s%s", settings, faster, b->settings ? b->settings : "");
    struct { const char **items; size_t count, capacity; } list = { 0 };
    for (; *argv; argv++) PAB_PUSH(&list, *argv);
    PAB_PUSH(&list, "--no-password");
    PAB_PUSH(&list, "-d");
    PAB_PUSH(&list, pab_buf_str(&db));
    PAB_PUSH(&list, NULL);
    struct pg_child_opts o = { .what = what, .pgoptions = options, .in = in, .out = out };
    int rc = pg_tool_start(b->call, b->tool, list.items, &o, ret, err);
    pab_buf_release(&db);
    free(list.items);
    return rc;
}

int pg_back_tool(struct pg_back *b, const char *const *argv, const char *what, struct pab_error *err)
{
    struct pab_proc *p = NULL;
    int rc = pg_back_start(b, argv, what, PAB_PROC_NULL, PAB_PROC_PIPE, &p, err);
    if (!rc) rc = wait_for(b->call, p, err);
    return rc ? pg_tool_error(err) : PAB_OK;
}

/* A pg_restore from 17 on says something to every server that those before 17 take for an error. */
static int is_too_new(const struct pg_back *b) { return pg_major_rank(b->tool->major) >= 17 && b->call->version < 170000; }

int pg_back_section(struct pg_back *b, const char *section, const char *list, int jobs, struct pab_error *err)
{
    char over[24];
    snprintf(over, sizeof over, "--jobs=%d", jobs);
    CLEANUP_FREE char *what = pab_sprintf("pg_restore of '%s'", b->from), *which = pab_sprintf("--section=%s", section);
    const char *argv[14] = { "pg_restore", which };
    int n = 2, too_new = is_too_new(b);
    if (b->leave_owners) {
        argv[n++] = "--no-owner";
        argv[n++] = "--no-privileges";
    }
    if (b->leave_tablespaces) argv[n++] = "--no-tablespaces";
    if (list) {
        argv[n++] = "-L";
        argv[n++] = list;
    }
    argv[n++] = too_new ? "-f" : "--exit-on-error";
    argv[n++] = too_new ? "-" : over;
    argv[n++] = b->archive_path;
    return too_new ? pg_back_by_psql(b, argv, err) : pg_back_tool(b, argv, what, err);
}

static int restore_section(struct pg_back *b, const char *section, struct pab_error *err)
{
    return pg_back_section(b, section, b->list_path, b->call->pg->jobs, err);
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

/* What was not done early. */
static int finish_rest(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_FREE char *list = NULL;
    if (pg_early_rest(b, &list, err)) return err->code;
    return pg_back_section(b, "post-data", list ? list : b->list_path, b->call->pg->jobs, err);
}

int pg_load(struct pg_back *b, struct pab_error *err)
{
    if (restore_section(b, "pre-data", err) || pg_counts_before(b, err)) return err->code;
    pab_test_point("postgres-defined");
    if (load_rows(b, err) || pg_counts_check(b, err)) return err->code;
    pab_test_point("postgres-filled");
    if (finish_rest(b, err)) return err->code;
    pab_test_point("postgres-indexed");
    return pg_analyze(b, err);
}
