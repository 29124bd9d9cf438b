/* swap.c - the new database takes the place of the old one: two renames in one transaction, so that at no moment, and
 * after no kind of crash, the name stands for nothing or for half a database. */
#include <string.h>
#include "plugins/postgres/back.h"

#define TRIES 20
#define ROUND_MS 250

static int rename_sql(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_FREE char *name = pg_ident(b->name), *fresh = pg_ident(b->fresh), *old = pg_ident(b->old);
    struct pab_error ignored = { 0 };
    int rc = b->exists ? pg_execf(b->call, b->maint, err, "BEGIN; ALTER DATABASE %s RENAME TO %s; ALTER DATABASE %s RENAME TO %s; COMMIT", name, old, fresh, name)
                       : pg_execf(b->call, b->maint, err, "ALTER DATABASE %s RENAME TO %s", fresh, name);
    if (rc && PQtransactionStatus(b->maint) != PQTRANS_IDLE) pg_exec(b->call, b->maint, "ROLLBACK", NULL, &ignored);
    return rc;
}

static int end_sessions(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    return pg_query(b->call, b->maint, &r, err, "SELECT pg_catalog.pg_terminate_backend(pid) FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid()",
                    b->name, PG_END);
}

static int in_use(struct pg_back *b, struct pab_error *err)
{
    pab_error_set(err, PAB_E_REFUSED, 0, "database '%s' is in use by %s", b->name, b->sessions);
    return pab_error_hint(err, err->code, "stop them, or end their sessions with --force; the restored database was not put in place");
}

/* Sessions that come back at once (a pool) are met by trying again. */
static int put_in_place(struct pg_back *b, struct pab_error *err)
{
    int force = (b->req->flags & PAB_RESTORE_FORCE) != 0;
    for (int i = 0;; i++) {
        pab_error_clear(err);
        if (b->exists && pg_back_sessions(b, err)) return err->code;
        if (b->sessions && !force) return in_use(b, err);
        if (b->sessions && end_sessions(b, err)) return err->code;
        int rc = rename_sql(b, err);
        if (rc != PAB_E_BUSY || i == TRIES || (!force && i)) return rc;
        if (b->call->op->host->sleep_ms(b->call->op, ROUND_MS)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    }
}

/* A template cannot be dropped, and the old database keeps that mark through its renaming. */
static void unmark_template(struct pg_back *b, const char *name, const char *quoted)
{
    const char *const values[] = { name };
    if (b->call->version < 90500) return;
    CLEANUP_RESULT PGresult *is = PQexecParams(b->maint, "SELECT datistemplate FROM pg_catalog.pg_database WHERE datname = $1", 1, NULL, values, NULL, NULL, 0);
    if (PQresultStatus(is) != PGRES_TUPLES_OK || !PQntuples(is) || *PQgetvalue(is, 0, 0) != 't') return;
    CLEANUP_FREE char *sql = pab_sprintf("ALTER DATABASE %s IS_TEMPLATE false", quoted);
    PQclear(PQexec(b->maint, sql)); /* DROP says why it failed */
}

int pg_drop_database(struct pg_back *b, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *quoted = pg_ident(name);
    CLEANUP_FREE char *sql = pab_sprintf("DROP DATABASE IF EXISTS %s%s", quoted, b->call->version >= 130000 ? " WITH (FORCE)" : "");
    if (PQtransactionStatus(b->maint) == PQTRANS_ACTIVE) pg_stop_query(b->maint);
    /* without watching the cancellation: this cleans up after it */
    unmark_template(b, name, quoted);
    CLEANUP_RESULT PGresult *r = PQexec(b->maint, sql);
    if (PQresultStatus(r) == PGRES_COMMAND_OK) return PAB_OK;
    CLEANUP_FREE char *what = pab_sprintf("cannot drop the database '%s'", name);
    return pg_error(b->maint, r, err, what);
}

int pg_swap(struct pg_back *b, struct pab_error *err)
{
    if (b->exists && b->old_exists && pg_drop_database(b, b->old, err)) return err->code;
    if (put_in_place(b, err)) return err->code;
    if (!b->exists || !(b->req->flags & PAB_RESTORE_DROP_OLD)) return PAB_OK;
    struct pab_error why = { 0 };
    if (pg_drop_database(b, b->old, &why)) pab_warn(b->call->op, b->sql->object, "%s", why.message); /* the restore itself is done */
    return PAB_OK;
}
