/* conn.c - libpq without a call that could block for ever: every wait also watches the cancellation of the run. */
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "plugins/postgres/pg.h"

#define CONNECT_SECONDS 30

int pg_wait(struct pg_call *c, int fd, short events, struct pab_error *err)
{
    struct pollfd p[3] = { { .fd = fd, .events = events }, { .fd = c->op->host->cancel_fd(c->op), .events = POLLIN }, { .fd = c->stop_fd, .events = POLLIN } };
    for (;;) {
        if (poll(p, 3, -1) < 0 && errno != EINTR) return pab_error_set(err, PAB_E_IO, errno, "cannot wait for the server");
        if (p[1].revents || p[2].revents) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        if (p[0].revents) return PAB_OK;
    }
}

/* ---- errors */
static const struct { const char *state; int code; } states[] = {
    { "28", PAB_E_AUTH }, { "42501", PAB_E_AUTH }, { "3D000", PAB_E_NOT_FOUND }, { "42P01", PAB_E_NOT_FOUND }, { "3F000", PAB_E_NOT_FOUND },
    { "57014", PAB_E_CANCELLED }, { "57P", PAB_E_UNREACHABLE }, { "08", PAB_E_UNREACHABLE }, { "53300", PAB_E_BUSY },
    { "53100", PAB_E_NOSPACE }, { "55P03", PAB_E_BUSY }, { "55006", PAB_E_BUSY }, { "40", PAB_E_BUSY }, { "XX001", PAB_E_CORRUPT }, { "XX002", PAB_E_CORRUPT },
};

static int code_of(const char *state)
{
    for (size_t i = 0; state && i < sizeof states / sizeof *states; i++) {
        if (pab_str_has_prefix(state, states[i].state)) return states[i].code;
    }
    return PAB_E_IO;
}

char *pg_one_line(const char *text)
{
    char *s = pab_strdup(text);
    for (char *p = s; *p; p++) {
        if (*p == '\n' || *p == '\t') *p = ' ';
    }
    for (size_t n = strlen(s); n && s[n - 1] == ' '; n--) s[n - 1] = '\0';
    return s;
}

int pg_error(PGconn *conn, const PGresult *res, struct pab_error *err, const char *what)
{
    const char *state = res ? PQresultErrorField(res, PG_DIAG_SQLSTATE) : NULL;
    const char *primary = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_PRIMARY) : NULL;
    const char *detail = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_DETAIL) : NULL;
    const char *hint = res ? PQresultErrorField(res, PG_DIAG_MESSAGE_HINT) : NULL;
    int lost = PQstatus(conn) == CONNECTION_BAD;
    CLEANUP_FREE char *said = pg_one_line(primary ? primary : PQerrorMessage(conn));
    int code = state ? code_of(state) : lost ? PAB_E_UNREACHABLE : PAB_E_IO;
    if (lost && !state) pab_error_set(err, code, 0, "%s: the connection to the server was lost: %s", what, said);
    else pab_error_set(err, code, 0, "%s: %s%s%s%s", what, said, detail ? " (" : "", detail ? detail : "", detail ? ")" : "");
    if (hint) pab_error_hint(err, code, "%s", hint);
    return code;
}

/* There is no SQLSTATE when a connection fails: libpq's own knowledge first, the text last. */
static int connect_error(struct pg_call *c, PGconn *conn, const char *db, struct pab_error *err)
{
    CLEANUP_FREE char *said = pg_one_line(PQerrorMessage(conn));
    const char *host = c->address ? c->address : c->pg->host;
    if (PQconnectionNeedsPassword(conn)) {
        pab_error_set(err, PAB_E_AUTH, 0, "cannot log in to PostgreSQL as '%s': it wants a password", PQuser(conn));
        return pab_error_hint(err, PAB_E_AUTH, "set the option password, or a line in the file that PGPASSFILE names");
    }
    if (strstr(said, "password authentication failed") || strstr(said, "authentication failed") || strstr(said, "no pg_hba.conf entry") || strstr(said, "is not permitted to log in")) {
        pab_error_set(err, PAB_E_AUTH, 0, "cannot log in to PostgreSQL as '%s': %s", PQuser(conn), said);
        return pab_error_hint(err, PAB_E_AUTH, "are user and password right, and does pg_hba.conf let this machine in?");
    }
    if (strstr(said, "does not exist") && strstr(said, "database")) return pab_error_set(err, PAB_E_NOT_FOUND, 0, "cannot connect to database '%s': %s", db, said);
    if (strstr(said, "too many clients") || strstr(said, "remaining connection slots")) return pab_error_set(err, PAB_E_BUSY, 0, "cannot connect to database '%s': %s", db, said);
    pab_error_set(err, PAB_E_UNREACHABLE, 0, "cannot reach PostgreSQL at '%s': %s", host ? host : PQhost(conn) ? PQhost(conn) : "the local socket", said);
    return pab_error_hint(err, PAB_E_UNREACHABLE, "is the server running, and are host and port right?");
}

/* ---- connecting */
static int drive_connect(struct pg_call *c, PGconn *conn, const char *db, struct pab_error *err)
{
    PostgresPollingStatusType state = PGRES_POLLING_WRITING;
    struct timespec start, now;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (state != PGRES_POLLING_OK) {
        if (state == PGRES_POLLING_FAILED) return connect_error(c, conn, db, err);
        clock_gettime(CLOCK_MONOTONIC, &now);
        if (now.tv_sec - start.tv_sec > CONNECT_SECONDS)
            return pab_error_set(err, PAB_E_TIMEOUT, 0, "PostgreSQL at '%s' does not answer within %d s", PQhost(conn), CONNECT_SECONDS);
        struct pollfd p[3] = { { .fd = PQsocket(conn), .events = state == PGRES_POLLING_READING ? POLLIN : POLLOUT },
                               { .fd = c->op->host->cancel_fd(c->op), .events = POLLIN }, { .fd = c->stop_fd, .events = POLLIN } };
        if (poll(p, 3, 1000) < 0 && errno != EINTR) return pab_error_set(err, PAB_E_IO, errno, "cannot wait for the server");
        if (p[1].revents || p[2].revents) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        if (p[0].revents) state = PQconnectPoll(conn);
    }
    return PAB_OK;
}

static void ignore_notice(void *arg, const PGresult *res)
{
    (void)arg;
    (void)res;
}

/* A connection as it comes: nothing was said on it yet. */
static int open_connection(struct pg_call *c, const char *db, PGconn **ret, struct pab_error *err)
{
    struct pab_buf info = PAB_BUF_INIT(0);
    const char *host = c->address ? c->address : c->pg->host;
    /* What is empty is not given, and the environment is not asked for it. */
    const struct { const char *key, *value; } given[] = {
        { "host", host }, { "hostaddr", host ? "" : NULL }, { "port", c->pg->port }, { "user", c->pg->user }, { "password", c->pg->password }, { "dbname", db },
        { "sslmode", c->pg->sslmode }, { "application_name", "pabengine" }, { "options", "" },
    };
    for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
        if (given[i].value) pg_conninfo_add(&info, given[i].key, given[i].value);
    }
    CLEANUP_CONN PGconn *conn = PQconnectStart(pab_buf_str(&info));
    explicit_bzero(info.data, info.size);
    pab_buf_release(&info);
    if (!conn) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a connection");
    if (PQstatus(conn) == CONNECTION_BAD) return connect_error(c, conn, db, err);
    if (drive_connect(c, conn, db, err)) return err->code;
    PQsetNoticeReceiver(conn, ignore_notice, NULL);
    if (PQsetnonblocking(conn, 1)) return pg_error(conn, NULL, err, "cannot set up the connection");
    *ret = TAKE_PTR(conn);
    return PAB_OK;
}

/* ---- poolers */
static int pooler(struct pab_error *err, const char *which)
{
    pab_error_set(err, PAB_E_UNSUPPORTED, 0, "this is a connection pooler (PgBouncer, Supavisor ...)%s, not the server itself", which);
    return pab_error_hint(err, PAB_E_UNSUPPORTED, "give the host and port of PostgreSQL itself: a snapshot needs sessions of its own; for a pool in session mode set the option pooler");
}

/* A pool in session mode never gives the session of `conn`, which is still connected, to anybody else. One that shares
 * sessions gives away the one that was used last, unless somebody else was faster. */
static int refuse_sharing(struct pg_call *c, const char *db, int64_t backend, struct pab_error *err)
{
    CLEANUP_CONN PGconn *second = NULL;
    CLEANUP_FREE char *pid = NULL;
    int64_t other = 0;
    if (open_connection(c, db, &second, err) || pg_value(c, second, &pid, err, "SELECT pg_catalog.pg_backend_pid()", PG_END)) return err->code;
    return !pab_parse_int(pid, &other) && other == backend ? pooler(err, " that shares its sessions") : PAB_OK;
}

/* Behind a pooler that hands a session to whoever comes next, locks and snapshots would be somebody else's; and what we set
 * for the session would be everybody's: so nothing is set before this. */
static int refuse_pooler(struct pg_call *c, PGconn *conn, const char *db, struct pab_error *err)
{
    CLEANUP_FREE char *pid = NULL;
    int64_t backend = 0;
    if (c->pooled) return PAB_OK;
    if (pg_value(c, conn, &pid, err, "SELECT pg_catalog.pg_backend_pid()", PG_END)) return err->code;
    if (!pab_parse_int(pid, &backend) && backend == PQbackendPID(conn)) return PAB_OK;
    if (!c->pg->session_pool) return pooler(err, "");
    if (refuse_sharing(c, db, backend, err)) return err->code;
    c->pooled = 1;
    return PAB_OK;
}

/* ---- settings: what a role or a database has by ALTER ... SET may end no statement and no waiting of ours */
static const struct { int version; const char *name, *value; } settings[] = {
    { 0, "statement_timeout", "0" }, { 90300, "lock_timeout", "0" }, { 90600, "idle_in_transaction_session_timeout", "0" }, { 140000, "idle_session_timeout", "0" },
    { 170000, "transaction_timeout", "0" }, { 0, "default_transaction_read_only", "off" },
};

char *pg_child_settings(const struct pg_call *c)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (c->version >= settings[i].version) pab_buf_addf(&b, "%s-c %s=%s", b.size ? " " : "", settings[i].name, settings[i].value);
    }
    return pab_buf_take(&b);
}

static int settle_session(struct pg_call *c, PGconn *conn, struct pab_error *err)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "SET client_encoding = 'UTF8'; SELECT pg_catalog.set_config('search_path', '', false)");
    for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
        if (PQserverVersion(conn) >= settings[i].version) pab_buf_addf(&b, "; SET %s = %s", settings[i].name, settings[i].value);
    }
    int rc = pg_exec(c, conn, pab_buf_str(&b), NULL, err);
    pab_buf_release(&b);
    return rc;
}

int pg_connect(struct pg_call *c, const char *db, PGconn **ret, struct pab_error *err)
{
    CLEANUP_CONN PGconn *conn = NULL;
    if (open_connection(c, db, &conn, err) || refuse_pooler(c, conn, db, err) || settle_session(c, conn, err)) return err->code;
    *ret = TAKE_PTR(conn);
    return PAB_OK;
}

int pg_maintenance(struct pg_call *c, const char *not_this, PGconn **ret, struct pab_error *err)
{
    const char *const names[] = { c->pg->dbname, "postgres", "template1" };
    int rc = PAB_E_NOT_FOUND;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (!names[i] || (not_this && strcmp(names[i], not_this) == 0)) continue;
        pab_error_clear(err);
        rc = pg_connect(c, names[i], ret, err);
        if (rc != PAB_E_NOT_FOUND || names[i] == c->pg->dbname) break;
    }
    return rc;
}

int pg_call_open(struct pg_call *c, struct pab_op *op, const struct pg *pg, PGconn **ret, struct pab_error *err)
{
    *c = (struct pg_call){ .pg = pg, .op = op, .stop_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK) };
    if (c->stop_fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot make an eventfd");
    CLEANUP_CONN PGconn *conn = NULL;
    if (pg_container_address(c, err)) return err->code;
    if (pg_maintenance(c, NULL, &conn, err)) return err->code;
    CLEANUP_RESULT PGresult *r = NULL;
    if (pg_exec(c, conn, "SELECT pg_catalog.current_setting('server_version_num'), pg_catalog.current_setting('server_version'),"
                         " pg_catalog.current_setting('is_superuser'), pg_catalog.pg_is_in_recovery()::text, current_user", &r, err)) return err->code;
    int64_t version = 0;
    if (pab_parse_int(PQgetvalue(r, 0, 0), &version)) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the server gives no version");
    c->version = (int)version;
    c->version_text = pab_strdup(PQgetvalue(r, 0, 1));
    c->superuser = strcmp(PQgetvalue(r, 0, 2), "on") == 0;
    c->standby = strcmp(PQgetvalue(r, 0, 3), "true") == 0;
    c->me = pab_strdup(PQgetvalue(r, 0, 4));
    pg_remember_parameters(c, conn);
    if (pg->container) c->stray_name = pg_stray_name();
    pg_end_old_strays(c, conn);
    if (c->version < 90200) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "PostgreSQL %s is too old: 9.2 is the oldest that can be read", c->version_text);
    *ret = TAKE_PTR(conn);
    return PAB_OK;
}

void pg_call_release(struct pg_call *c)
{
    if (c->stop_fd > 0) close(c->stop_fd);
    free(c->address);
    free(c->version_text);
    free(c->me);
    free(c->stray_name);
    pg_forget_parameters(c);
    *c = (struct pg_call){ .stop_fd = -1 };
}
