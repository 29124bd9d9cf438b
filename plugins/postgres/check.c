/* check.c - would a backup of this server succeed?  Changes nothing. */
#include "plugins/postgres/pg.h"

static int check_database(struct pg_call *c, const struct pg_db *db, struct pab_error *err)
{
    CLEANUP_CONN PGconn *conn = NULL;
    return pg_connect(c, db->name, &conn, err) ? err->code : pg_check_rights(c, conn, db->name, err);
}

static int check_globals(struct pg_call *c, PGconn *conn, struct pab_error *err)
{
    int may = 0;
    if (!c->pg->globals) return PAB_OK;
    if (pg_may_read_passwords(c, conn, &may, err)) return err->code;
    if (!may) pab_warn(c->op, PG_GLOBALS, "role '%s' is no superuser: the passwords of roles will be missing", c->me);
    return PAB_OK;
}

static int check(struct pg_call *c, PGconn *conn, struct pab_error *err)
{
    CLEANUP(pg_tools_release) struct pg_tools tools = { 0 };
    CLEANUP(pg_dbs_release) struct pg_dbs dbs = { 0 };
    struct pg_tool *tool;
    int failed = PAB_OK;
    if (pg_tools_find(c->pg, &tools, err) || pg_tools_choose(&tools, pg_major(c->version), &tool, err) || pg_list_databases(c, conn, &dbs, err)) return err->code;
    pab_log(c->op, PAB_LOG_VERBOSE, "PostgreSQL %s, pg_dump %s in %s", c->version_text, tool->version, tool->dir);
    for (size_t i = 0; i < dbs.count; i++) {
        struct pab_error one = { 0 };
        if (!check_database(c, &dbs.items[i], &one)) continue;
        if (failed) pab_warn(c->op, dbs.items[i].name, "%s", one.message); /* one failure a verb: the others are said beside it */
        else *err = one;
        failed = err->code;
    }
    return failed ? failed : check_globals(c, conn, err);
}

int pg_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    CLEANUP(pg_call_release) struct pg_call c = { .stop_fd = -1 };
    CLEANUP_CONN PGconn *conn = NULL;
    struct pab_error err = { 0 };
    (void)req;
    if (pg_call_open(&c, op, instance, &conn, &err) || check(&c, conn, &err)) return pg_tell(&c, &err);
    return PAB_OK;
}
