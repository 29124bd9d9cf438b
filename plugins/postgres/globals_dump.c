/* globals_dump.c - roles, their settings and memberships, tablespaces: what pg_dumpall --globals-only writes. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/dump.h"
#include "plugins/postgres/sqlscan.h"

#define CHUNK (64u << 10)

static int copy_out(struct pg_call *c, int fd, struct pab_artifact *a, struct pab_error *err)
{
    static const struct pg_scan_ops nothing = { .text = NULL };
    CLEANUP(pg_scan_release) struct pg_scan scan;
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    pg_scan_init(&scan, &nothing, NULL);
    for (;;) {
        if (pg_wait(c, fd, POLLIN, err)) return err->code;
        ssize_t n = read(fd, buf, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read from pg_dumpall");
        if (n == 0) return pg_scan_finish(&scan, err);
        if (pg_scan_feed(&scan, buf, (size_t)n, err)) return err->code;
        if (c->op->host->artifact_write(a, buf, (uint64_t)n)) return pg_host_failed(err, "the artifact could not be written");
    }
}

static int run_dumpall(struct pg_call *c, const struct pg_tool *tool, int passwords, struct pab_artifact *a, struct pab_error *err)
{
    CLEANUP_FREE char *database = c->pg->dbname ? pab_sprintf("--database=%s", c->pg->dbname) : NULL;
    const char *argv[8] = { "pg_dumpall", "--globals-only", "--no-password" };
    int n = 3;
    if (!passwords) argv[n++] = "--no-role-passwords";
    if (database) argv[n++] = database;
    struct pab_proc *p = NULL;
    CLEANUP_FREE char *settings = c->pooled ? NULL : pg_child_settings(c); /* poolers refuse them; pg_dump sets its own */
    if (pg_tool_start(c, tool, argv, &(struct pg_child_opts){ .what = "pg_dumpall", .pgoptions = settings, .out = PAB_PROC_PIPE }, &p, err)) return err->code;
    struct pab_error copying = { 0 }, ending = { 0 };
    int rc = copy_out(c, pab_proc_out(p), a, &copying);
    if (rc && rc != PAB_E_CORRUPT) {
        pab_proc_kill(p);
        *err = copying;
        return rc;
    }
    /* a text that stops in the middle has its reason in how the program ended */
    int ended = pg_tool_finish(c, PG_GLOBALS, p, &ending);
    if (ended) pg_tool_error(&ending);
    if (ended || rc) *err = ended ? ending : copying;
    return ended || rc ? err->code : PAB_OK;
}

static int dump_into(struct pg_call *c, const struct pg_tool *tool, int passwords, struct pab_artifact *a, struct pab_error *err)
{
    const struct pab_host *h = c->op->host;
    if (run_dumpall(c, tool, passwords, a, err)) return err->code;
    char number[16];
    snprintf(number, sizeof number, "%d", c->version);
    if (h->artifact_fact(a, PG_FACT_FORMAT, PG_GLOBALS) || h->artifact_fact(a, PG_FACT_SERVER_NUM, number) || h->artifact_fact(a, PG_FACT_TOOL, tool->version)
        || h->artifact_fact(a, "role_passwords", passwords ? "yes" : "no"))
        return pg_host_failed(err, "the artifact could not be written");
    return PAB_OK;
}

int pg_dump_globals(struct pg_call *c, PGconn *conn, const struct pg_tool *tool, struct pab_error *err)
{
    const struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_DATABASES, .stem = PG_GLOBALS, .extension = "sql",
                                         .object = PG_GLOBALS, .media_type = "application/sql", .size_hint = PAB_SIZE_UNKNOWN };
    const struct pab_host *h = c->op->host;
    struct pab_artifact *a = NULL;
    int passwords = 0;
    if (pg_may_read_passwords(c, conn, &passwords, err)) return err->code;
    if (!passwords) pab_warn(c->op, PG_GLOBALS, "role '%s' is no superuser: the passwords of roles are not in the backup", c->me);
    if (h->artifact_begin(c->op, &d, &a)) return pg_host_failed(err, "the artifact could not be begun");
    if (dump_into(c, tool, passwords, a, err)) {
        h->artifact_abort(a);
        return err->code;
    }
    return h->artifact_commit(a) ? pg_host_failed(err, "the artifact could not be committed") : PAB_OK;
}
