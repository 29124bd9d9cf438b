/* backup.c - one database after the other, each consistent in itself; globals first, since they are needed first. */
#include <stdio.h>
#include "plugins/postgres/dump.h"

static int server_facts(struct pg_call *c, const struct pg_tool *tool, struct pab_error *err)
{
    const struct pab_host *h = c->op->host;
    char number[16];
    snprintf(number, sizeof number, "%d", c->version);
    if (h->fact(c->op, PG_FACT_SERVER, c->version_text) || h->fact(c->op, PG_FACT_SERVER_NUM, number) || h->fact(c->op, PG_FACT_TOOL, tool->version))
        return pg_host_failed(err, "the facts could not be kept");
    return PAB_OK;
}

static int add_objects(struct pg_call *c, const struct pg_dbs *dbs, struct pab_error *err)
{
    for (size_t i = 0; i < dbs->count; i++) {
        CLEANUP_FREE char *id = pg_display(dbs->items[i].name);
        if (!sup_wanted(c->op, id)) continue;
        const struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_DATABASES, .id = id, .kind = PG_DATABASE, .size = dbs->items[i].size };
        if (c->op->host->object_add(c->op, &o, NULL, 0)) return pg_host_failed(err, "the list of databases could not be kept");
    }
    return PAB_OK;
}

/* Globals, and what is to be dumped with which program. */
static int begin(struct pg_call *c, PGconn *conn, struct pg_tools *tools, struct pg_tool **ret_tool, struct pg_dbs *ret_dbs, struct pab_error *err)
{
    if (pg_tools_find(c->pg, tools, err) || pg_tools_choose(tools, pg_major(c->version), ret_tool, err)) return err->code;
    if (pg_list_databases(c, conn, ret_dbs, err) || server_facts(c, *ret_tool, err) || add_objects(c, ret_dbs, err)) return err->code;
    if (c->pg->globals && pg_dump_globals(c, conn, *ret_tool, err)) return err->code;
    if (!ret_dbs->count) pab_warn(c->op, NULL, "there is no database to back up on this server");
    return PAB_OK;
}

/* One that fails does not lose the others. The code of the first that failed, which was told. */
static int dump_databases(struct pg_call *c, const struct pg_dbs *dbs, const struct pg_tool *tool)
{
    int first = PAB_OK;
    for (size_t i = 0; i < dbs->count; i++) {
        CLEANUP_FREE char *id = pg_display(dbs->items[i].name);
        struct pab_error err = { 0 };
        if (!sup_wanted(c->op, id) || !pg_dump_database(c, &dbs->items[i], tool, &err)) continue;
        int rc = pg_tell(c, &err);
        if (!first) first = rc;
        if (!sup_goes_on(c->op, id, i + 1 < dbs->count, rc)) break;
    }
    return first;
}

int pg_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    CLEANUP(pg_call_release) struct pg_call c = { .stop_fd = -1 };
    CLEANUP_CONN PGconn *conn = NULL;
    CLEANUP(pg_tools_release) struct pg_tools tools = { 0 };
    CLEANUP(pg_dbs_release) struct pg_dbs dbs = { 0 };
    struct pg_tool *tool;
    struct pab_error err = { 0 };
    if (!(req->categories & PAB_CAT_DATABASES)) return PAB_OK;
    if (pg_call_open(&c, op, instance, &conn, &err)) return pg_tell(&c, &err);
    int rc = begin(&c, conn, &tools, &tool, &dbs, &err) ? pg_tell(&c, &err) : dump_databases(&c, &dbs, tool);
    if (rc) pg_end_own_strays(&c, conn);
    return rc;
}
