/* snapshot.c - locks first, then the snapshot, then the lanes join it.
 *
 * Locked before the snapshot is taken, a table cannot be dropped, truncated or rewritten between the two.  The lanes lock
 * with NOWAIT, and before the snapshot, too: a request for an exclusive lock that came in between would wait for the
 * leader, a lane for that request, and the leader (through us) for the lane, which the server cannot see. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/dump.h"

#define ROUND_MS 200

int pg_add_connection(struct pg_dump_run *r, struct pab_error *err)
{
    PGconn *conn = NULL;
    if (pg_connect(r->call, r->db->name, &conn, err)) return err->code;
    r->conns = pab_realloc_array(r->conns, (size_t)r->conn_count + 1, sizeof *r->conns);
    r->conns[r->conn_count++] = conn;
    return PAB_OK;
}

/* No more lanes than there is work for: each is a connection of the server. */
static int connect_lanes(struct pg_dump_run *r, struct pab_error *err)
{
    struct pg_pieces pieces = { 0 };
    pg_split(&r->tables, r->call->pg->jobs, r->call->version >= 140000, &pieces);
    size_t wanted = pieces.count;
    free(pieces.items);
    while ((size_t)r->conn_count < wanted && r->conn_count < r->call->pg->jobs) {
        if (pg_add_connection(r, err) == PAB_OK) continue;
        if (err->code != PAB_E_BUSY) return err->code;
        pab_log(r->call->op, PAB_LOG_INFO, "only %d connections to '%s' instead of %d: %s", r->conn_count, r->db->name, r->call->pg->jobs, err->message);
        pab_error_clear(err);
        break;
    }
    return PAB_OK;
}

static int begin(struct pg_dump_run *r, PGconn *conn, int64_t lock_ms, struct pab_error *err)
{
    /* SET LOCAL takes no snapshot, ends with the transaction, and is not lost behind a pooler */
    return pg_execf(r->call, conn, err,
        "BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY; SET LOCAL search_path = ''; SET LOCAL DateStyle = ISO; SET LOCAL IntervalStyle = postgres;"
        " SET LOCAL extra_float_digits = 3; SET LOCAL synchronize_seqscans = off; SET LOCAL statement_timeout = 0; SET LOCAL lock_timeout = %lld;"
        " SET LOCAL idle_in_transaction_session_timeout = 0; SET LOCAL row_security = off%s%s", (long long)lock_ms,
        r->call->version >= 170000 ? "; SET LOCAL transaction_timeout = 0" : "",
        r->restrict_kind ? "; SET LOCAL restrict_nonsystem_relation_kind = 'view, foreign-table'" : "");
}

static int lock_tables(struct pg_dump_run *r, PGconn *conn, const char *how, struct pab_error *err)
{
    if (!r->tables.count) return PAB_OK;
    struct pab_buf sql = PAB_BUF_INIT(0);
    for (size_t i = 0; i < r->tables.count; i++) pab_buf_addf(&sql, "%s ONLY %s", i ? "," : "LOCK TABLE", r->tables.items[i].lock_name);
    pab_buf_addf(&sql, " IN ACCESS SHARE MODE%s", how);
    int rc = pg_exec(r->call, conn, sql.data, NULL, err);
    pab_buf_release(&sql);
    return rc;
}

static void roll_back(struct pg_dump_run *r)
{
    struct pab_error ignored = { 0 };
    for (int i = 0; i < r->conn_count; i++) pg_exec(r->call, r->conns[i], "ROLLBACK", NULL, &ignored);
}

/* The list, in a transaction of its own so that it is over before the locks are taken. */
static int list_tables(struct pg_dump_run *r, int64_t wait_ms, struct pab_error *err)
{
    pg_tables_release(&r->tables);
    if (begin(r, r->conns[0], wait_ms, err) || pg_candidates(r, r->conns[0], err)) return err->code;
    return pg_exec(r->call, r->conns[0], "COMMIT", NULL, err);
}

static int lock_all(struct pg_dump_run *r, int64_t wait_ms, struct pab_error *err)
{
    if (begin(r, r->conns[0], wait_ms, err) || lock_tables(r, r->conns[0], "", err)) return err->code;
    for (int i = 1; i < r->conn_count; i++) {
        if (begin(r, r->conns[i], wait_ms, err) || lock_tables(r, r->conns[i], " NOWAIT", err)) return err->code;
    }
    return PAB_OK;
}

/* What was locked, as the snapshot sees it; what is no longer a candidate there is left to pg_dump. */
static int look_again(struct pg_dump_run *r, struct pab_error *err)
{
    struct pg_tables locked = r->tables, kept = { 0 };
    r->tables = (struct pg_tables){ 0 };
    int rc = pg_candidates(r, r->conns[0], err);
    for (size_t i = 0; i < r->tables.count; i++) {
        struct pg_table *t = &r->tables.items[i];
        for (size_t k = 0; k < locked.count && t->columns; k++) {
            if (strcmp(t->oid, locked.items[k].oid) != 0 || strcmp(t->lock_name, locked.items[k].lock_name) != 0) continue;
            PAB_PUSH(&kept, *t);
            *t = (struct pg_table){ 0 };
            break;
        }
    }
    pg_tables_release(&locked);
    pg_tables_release(&r->tables);
    r->tables = kept;
    return rc;
}

static int export_snapshot(struct pg_dump_run *r, struct pab_error *err)
{
    if (pg_value(r->call, r->conns[0], &r->snapshot, err, "SELECT pg_catalog.pg_export_snapshot()", PG_END) || look_again(r, err)) return err->code;
    for (int i = 0; i < r->conn_count; i++) {
        if (i && pg_execf(r->call, r->conns[i], err, "SET TRANSACTION SNAPSHOT '%s'", r->snapshot)) return err->code;
        if (pg_execf(r->call, r->conns[i], err, "SET LOCAL client_encoding = '%s'; SET LOCAL lock_timeout = 0", r->db->encoding)) return err->code;
    }
    return PAB_OK;
}

static int explain_lock(struct pg_dump_run *r, struct pab_error *err)
{
    pab_error_prefix(err, "cannot lock the tables of '%s' against being dropped", r->db->name);
    return pab_error_hint(err, err->code, "a session holds or waits for an exclusive lock (ALTER TABLE, VACUUM FULL ...); see pg_stat_activity, or raise lock_timeout");
}

int pg_take_snapshot(struct pg_dump_run *r, struct pab_error *err)
{
    const struct pab_host *h = r->call->op->host;
    int64_t deadline = pab_monotonic_ms() + r->call->pg->lock_timeout_ms;
    for (;;) {
        pab_error_clear(err);
        int64_t left = deadline - pab_monotonic_ms();
        int rc = list_tables(r, left > ROUND_MS ? left : ROUND_MS, err);
        if (!rc) rc = connect_lanes(r, err);
        if (!rc) rc = lock_all(r, left > ROUND_MS ? left : ROUND_MS, err);
        if (!rc) break;
        roll_back(r);
        /* not found: dropped or renamed since it was listed */
        if (rc != PAB_E_BUSY && rc != PAB_E_NOT_FOUND) return rc;
        if (pab_monotonic_ms() >= deadline) return explain_lock(r, err);
        if (h->sleep_ms(r->call->op, ROUND_MS)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    }
    return export_snapshot(r, err);
}
