/* query.c - statements and their results, without blocking; names and texts quoted for SQL; failures told to the host. */
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/pg.h"

int pg_host_failed(struct pab_error *err, const char *what)
{
    pab_error_set(err, PAB_E_IO, 0, "%s", what);
    err->os_errno = PG_HOST_KNOWS;
    return err->code;
}

int pg_tell(struct pg_call *c, const struct pab_error *err)
{
    if (err->os_errno == PG_HOST_KNOWS || __atomic_exchange_n(&c->told, 1, __ATOMIC_RELAXED)) return err->code;
    return sup_fail(c->op, err);
}

void pg_stop_query(PGconn *conn)
{
    char why[256];
    PGcancel *cancel = PQgetCancel(conn);
    if (!cancel) return;
    PQcancel(cancel, why, sizeof why);
    PQfreeCancel(cancel);
}

static int flush(struct pg_call *c, PGconn *conn, struct pab_error *err)
{
    int left;
    while ((left = PQflush(conn)) > 0) {
        if (pg_wait(c, PQsocket(conn), POLLIN | POLLOUT, err)) return err->code;
        if (!PQconsumeInput(conn)) break;
    }
    return left < 0 ? pg_error(conn, NULL, err, "cannot talk to PostgreSQL") : PAB_OK;
}

int pg_next_result(struct pg_call *c, PGconn *conn, PGresult **ret, struct pab_error *err)
{
    if (flush(c, conn, err)) return err->code;
    while (PQisBusy(conn)) {
        if (pg_wait(c, PQsocket(conn), POLLIN, err)) {
            pg_stop_query(conn);
            return err->code;
        }
        if (!PQconsumeInput(conn)) return pg_error(conn, NULL, err, "cannot talk to PostgreSQL");
    }
    *ret = PQgetResult(conn);
    return PAB_OK;
}

/* All results of what was sent; the last is the caller's, the first bad one is the error. */
static int collect(struct pg_call *c, PGconn *conn, const char *sql, PGresult **ret, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *last = NULL;
    int failed = PAB_OK;
    for (;;) {
        PGresult *r = NULL;
        if (pg_next_result(c, conn, &r, err)) return err->code;
        if (!r) break;
        ExecStatusType s = PQresultStatus(r);
        if (s == PGRES_COPY_IN || s == PGRES_COPY_OUT || s == PGRES_COPY_BOTH) { /* the caller goes on with it */
            PQclear(last);
            last = r;
            break;
        }
        if (s != PGRES_COMMAND_OK && s != PGRES_TUPLES_OK && s != PGRES_EMPTY_QUERY && !failed) {
            CLEANUP_FREE char *line = pg_one_line(sql), *shown = pab_str_printable(line);
            CLEANUP_FREE char *what = pab_sprintf("'%s'", shown);
            failed = pg_error(conn, r, err, what);
        }
        PQclear(last);
        last = r;
    }
    if (failed) return failed;
    if (ret) *ret = TAKE_PTR(last);
    return PAB_OK;
}

int pg_exec(struct pg_call *c, PGconn *conn, const char *sql, PGresult **ret, struct pab_error *err)
{
    if (!PQsendQuery(conn, sql)) return pg_error(conn, NULL, err, "cannot talk to PostgreSQL");
    return collect(c, conn, sql, ret, err);
}

int pg_execf(struct pg_call *c, PGconn *conn, struct pab_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *sql = pab_vsprintf(fmt, ap);
    va_end(ap);
    return pg_exec(c, conn, sql, NULL, err);
}

static int vquery(struct pg_call *c, PGconn *conn, PGresult **ret, struct pab_error *err, const char *sql, va_list ap)
{
    const char *values[16];
    int n = 0;
    for (const char *v; n < 16 && (v = va_arg(ap, const char *)) != PG_END; n++) values[n] = v;
    if (!PQsendQueryParams(conn, sql, n, NULL, values, NULL, NULL, 0)) return pg_error(conn, NULL, err, "cannot talk to PostgreSQL");
    return collect(c, conn, sql, ret, err);
}

int pg_query(struct pg_call *c, PGconn *conn, PGresult **ret, struct pab_error *err, const char *sql, ...)
{
    va_list ap;
    va_start(ap, sql);
    int rc = vquery(c, conn, ret, err, sql, ap);
    va_end(ap);
    return rc;
}

int pg_value(struct pg_call *c, PGconn *conn, char **ret, struct pab_error *err, const char *sql, ...)
{
    CLEANUP_RESULT PGresult *r = NULL;
    va_list ap;
    va_start(ap, sql);
    int rc = vquery(c, conn, &r, err, sql, ap);
    va_end(ap);
    if (rc) return rc;
    *ret = r && PQntuples(r) && PQnfields(r) ? pab_strdup(pg_cell(r, 0, 0)) : NULL;
    return PAB_OK;
}

static char *quoted(const char *text, char quote)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    /* backslashes mean nothing in a literal when standard_conforming_strings is on: the E form means the same always */
    int escape = quote == '\'' && strchr(text, '\\') != NULL;
    if (escape) pab_buf_addc(&b, 'E');
    pab_buf_addc(&b, quote);
    for (const char *p = text; *p; p++) {
        if (*p == quote || (escape && *p == '\\')) pab_buf_addc(&b, *p);
        pab_buf_addc(&b, *p);
    }
    pab_buf_addc(&b, quote);
    return pab_buf_take(&b);
}

char *pg_ident(const char *name) { return quoted(name, '"'); }
char *pg_literal(const char *text) { return quoted(text, '\''); }

void pg_conninfo_add(struct pab_buf *b, const char *key, const char *value)
{
    pab_buf_addf(b, "%s%s='", b->size ? " " : "", key);
    for (; *value; value++) {
        if (*value == '\'' || *value == '\\') pab_buf_addc(b, '\\');
        pab_buf_addc(b, *value);
    }
    pab_buf_addc(b, '\'');
}

char *pg_display(const char *name)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    if (pab_utf8_valid(name, strlen(name))) return pab_strdup(name);
    for (const char *p = name; *p; p++) {
        if ((unsigned char)*p < 0x80) pab_buf_addc(&b, *p);
        else pab_buf_addf(&b, "\\x%02x", (unsigned)(unsigned char)*p);
    }
    return pab_buf_take(&b);
}
