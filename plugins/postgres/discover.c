/* discover.c - what is there: databases with their sizes, the version, roles, extensions. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/pg.h"

static int add_database(struct pg_call *c, const struct pg_db *db, const struct pg_db_facts *f, struct pab_error *err)
{
    CLEANUP_FREE char *id = pg_display(db->name);
    CLEANUP_FREE char *detail = pab_sprintf("%s tables, %s, owner %s", f->tables, db->encoding, db->owner);
    const struct pab_kv attrs[] = { { "owner", db->owner }, { PG_FACT_ENCODING, db->encoding }, { "collate", db->collate ? db->collate : "" },
                                    { "tables", f->tables }, { "large_objects", f->large_objects }, { PG_FACT_EXTENSIONS, f->extensions }, { PG_FACT_ROLES, f->roles } };
    const struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_DATABASES, .id = id, .kind = "database", .size = db->size, .detail = detail };
    if (c->op->host->object_add(c->op, &o, attrs, sizeof attrs / sizeof *attrs)) return pg_host_failed(err, "the list of databases could not be kept");
    return PAB_OK;
}

static int look_at(struct pg_call *c, const struct pg_db *db, struct pab_error *err)
{
    CLEANUP_CONN PGconn *conn = NULL;
    CLEANUP(pg_db_facts_release) struct pg_db_facts f = { 0 };
    if (pg_connect(c, db->name, &conn, err) || pg_read_db_facts(c, conn, &f, err)) return err->code;
    return add_database(c, db, &f, err);
}

/* What concerns the whole server. */
static int server_facts(struct pg_call *c, PGconn *conn, struct pab_error *err)
{
    CLEANUP_FREE char *roles = NULL;
    CLEANUP_FREE char *shown = NULL;
    char number[16];
    if (pg_value(c, conn, &roles, err, "SELECT COALESCE(pg_catalog.json_agg(rolname ORDER BY rolname), '[]') FROM pg_catalog.pg_roles WHERE rolname !~ '^pg_'", PG_END))
        return err->code;
    shown = pg_display(roles);
    snprintf(number, sizeof number, "%d", c->version);
    const struct pab_host *h = c->op->host;
    if (h->fact(c->op, PG_FACT_SERVER, c->version_text) || h->fact(c->op, PG_FACT_SERVER_NUM, number) || h->fact(c->op, "user", c->me) || h->fact(c->op, PG_FACT_ROLES, shown))
        return pg_host_failed(err, "the facts could not be kept");
    return PAB_OK;
}

/* Which server this is, for whoever compares it with what runs here. */
static int tell_endpoint(struct pab_op *op, const struct pg *pg)
{
    const char *host = pg->host ? pg->host : getenv("PGHOST"), *port = pg->port ? pg->port : getenv("PGPORT");
    if (pg->container) return op->host->fact(op, "container", pg->container);
    CLEANUP_FREE char *endpoint = pab_sprintf("%s:%s", host && *host ? host : "/var/run/postgresql", port && *port ? port : "5432");
    return op->host->fact(op, "endpoint", endpoint);
}

/* Databases that no option of this target takes. */
static int tell_left_out(struct pg_call *c, PGconn *conn, const struct pg_dbs *dbs, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    struct pab_buf b = PAB_BUF_INIT(0);
    if (pg_exec(c, conn, "SELECT datname FROM pg_catalog.pg_database WHERE datallowconn AND NOT datistemplate ORDER BY datname", &r, err)) return err->code;
    for (int i = 0; i < PQntuples(r); i++) {
        int taken = 0;
        for (size_t k = 0; k < dbs->count; k++) taken |= strcmp(dbs->items[k].name, pg_cell(r, i, 0)) == 0;
        if (!taken) pab_buf_addf(&b, "%s%s", b.size ? "\n" : "", pg_cell(r, i, 0));
    }
    int rc = b.size ? c->op->host->fact(c->op, "left_out", b.data) : PAB_OK;
    pab_buf_release(&b);
    return rc ? pg_host_failed(err, "the facts could not be kept") : PAB_OK;
}

static int discover(struct pg_call *c, PGconn *conn, struct pab_error *err)
{
    CLEANUP(pg_dbs_release) struct pg_dbs dbs = { 0 };
    if (server_facts(c, conn, err) || pg_list_databases(c, conn, &dbs, err) || tell_left_out(c, conn, &dbs, err)) return err->code;
    for (size_t i = 0; i < dbs.count; i++) {
        if (look_at(c, &dbs.items[i], err)) return err->code;
    }
    return PAB_OK;
}

int pg_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    CLEANUP(pg_call_release) struct pg_call c = { .stop_fd = -1 };
    CLEANUP_CONN PGconn *conn = NULL;
    struct pab_error err = { 0 };
    if (!(req->categories & PAB_CAT_DATABASES)) return PAB_OK;
    if (tell_endpoint(op, instance)) return PAB_E_INTERNAL;
    if (pg_call_open(&c, op, instance, &conn, &err) || discover(&c, conn, &err)) return pg_tell(&c, &err);
    return PAB_OK;
}
