/* bypsql.c - a section of the archive by way of psql: pg_restore turns it into text, from which a line is taken that a
 * server before 17 does not know and a pg_restore from 17 on always writes. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include "plugins/postgres/back.h"
#include "plugins/postgres/sqlscan.h"

#define CHUNK (256u << 10)

struct bypsql { struct pg_back *b; struct pab_proc *restore, *psql; };

static int on_text(void *ctx, const char *p, size_t n, struct pab_error *err)
{
    struct bypsql *s = ctx;
    int fd = pab_proc_in(s->psql);
    while (n) {
        ssize_t w = write(fd, p, n);
        if (w > 0) {
            p += w;
            n -= (size_t)w;
        } else if (w < 0 && errno != EAGAIN && errno != EINTR) {
            return pab_error_set(err, PAB_E_IO, errno, "psql does not read on");
        } else if (pg_wait(s->b->call, fd, POLLOUT, err)) {
            return err->code;
        }
    }
    return PAB_OK;
}

static int pass_all(struct bypsql *s, struct pab_error *err)
{
    static const struct pg_scan_ops ops = { .text = on_text };
    CLEANUP(pg_scan_release) struct pg_scan scan;
    CLEANUP_FREE char *buf = pab_alloc(CHUNK);
    pg_scan_init(&scan, &ops, s);
    scan.leave_out = PG_SCAN_NEW_TIMEOUT;
    for (;;) {
        if (pg_wait(s->b->call, pab_proc_out(s->restore), POLLIN, err)) return err->code;
        ssize_t n = read(pab_proc_out(s->restore), buf, CHUNK);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read from pg_restore");
        if (n == 0) return pg_scan_finish(&scan, err);
        if (pg_scan_feed(&scan, buf, (size_t)n, err)) return err->code;
    }
}

static int start(struct bypsql *s, const char *const *restore, struct pab_error *err)
{
    CLEANUP_FREE char *what = pab_sprintf("pg_restore of '%s' into text", s->b->from);
    static const char *const psql[] = { "psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", NULL };
    struct pg_child_opts o = { .what = what, .out = PAB_PROC_PIPE };
    if (pg_back_start(s->b, psql, "psql", PAB_PROC_PIPE, PAB_PROC_NULL, &s->psql, err)) return err->code;
    int fd = pab_proc_in(s->psql);
    if (fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK)) return pab_error_set(err, PAB_E_IO, errno, "cannot set up a pipe");
    return pg_tool_start(s->b->call, s->b->tool, restore, &o, &s->restore, err);
}

int pg_back_by_psql(struct pg_back *b, const char *const *restore, struct pab_error *err)
{
    struct bypsql s = { .b = b };
    struct pab_error passing = { 0 }, ending = { 0 };
    int rc = start(&s, restore, &passing);
    if (!rc) rc = pass_all(&s, &passing);
    /* a text that stops in the middle has its reason in how pg_restore ended, one that is not read in how psql did */
    if (rc && rc != PAB_E_CORRUPT) pab_proc_kill(TAKE_PTR(s.restore));
    int ended = s.restore ? pab_proc_finish(s.restore, &ending) : PAB_OK;
    if ((rc || ended) && passing.os_errno != EPIPE) {
        pab_proc_kill(s.psql); /* it may not take the end of its text for the end of its work */
        *err = ended ? ending : passing;
        return pg_tool_error(err);
    }
    if (pab_proc_finish(s.psql, err)) return pg_tool_error(err);
    if (rc) *err = passing;
    return rc;
}
