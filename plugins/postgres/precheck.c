/* precheck.c - may this backup go into this server?  Everything that can be known is looked at before anything is done. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

static int64_t number_of(const char *text)
{
    int64_t n = 0;
    return text && !pab_parse_int(text, &n) ? n : 0;
}

static int forced(const struct pg_back *b) { return (b->req->flags & PAB_RESTORE_FORCE) != 0; }

/* Definitions of a newer major need not be understood by an older one. */
static int check_version(struct pg_back *b, struct pab_error *err)
{
    int from = (int)number_of(pg_fact(b->sql, PG_FACT_SERVER_NUM)), here = b->call->version;
    const char *text = pg_fact(b->sql, PG_FACT_SERVER);
    if (b->call->standby) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the server is a standby, which cannot be written to");
    if (pg_major_rank(pg_major(from)) <= pg_major_rank(pg_major(here))) return PAB_OK;
    if (forced(b)) {
        pab_warn(b->call->op, b->sql->object, "backup of PostgreSQL %s, server is %s: --force", text ? text : "?", b->call->version_text);
        return PAB_OK;
    }
    pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' was dumped from PostgreSQL %s, and this server is %s", b->from, text ? text : "?", b->call->version_text);
    return pab_error_hint(err, err->code, "restore into PostgreSQL %d or newer; --force tries it all the same", pg_major(from));
}

static int check_extensions(struct pg_back *b, struct pab_error *err)
{
    const char *list = pg_fact(b->sql, PG_FACT_EXTENSIONS);
    CLEANUP_FREE char *missing = NULL, *other = NULL;
    if (!list || !*list) return PAB_OK;
    if (pg_value(b->call, b->maint, &missing, err,
                 "SELECT pg_catalog.string_agg((e->>'name') || ' ' || (e->>'version'), ', ' ORDER BY e->>'name') FROM pg_catalog.json_array_elements($1::pg_catalog.json) e"
                 " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_available_extensions a WHERE a.name = e->>'name')", list, PG_END)) return err->code;
    if (missing) {
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' uses extensions that this server does not have: %s", b->from, missing);
        return pab_error_hint(err, err->code, "install their packages on the server; pg_available_extensions lists what it has");
    }
    if (pg_value(b->call, b->maint, &other, err,
                 "SELECT pg_catalog.string_agg(pg_catalog.format('%s %s instead of %s', a.name, a.default_version, e->>'version'), ', ' ORDER BY a.name)"
                 " FROM pg_catalog.json_array_elements($1::pg_catalog.json) e JOIN pg_catalog.pg_available_extensions a ON a.name = e->>'name'"
                 " WHERE a.default_version <> e->>'version'", list, PG_END)) return err->code;
    if (other) pab_log(b->call->op, PAB_LOG_INFO, "'%s': extensions of another version will be created: %s", b->from, other);
    return PAB_OK;
}

static char *joined(const struct pab_strs *names)
{
    struct pab_buf b = PAB_BUF_INIT(800);
    for (size_t i = 0; i < names->count; i++) pab_buf_addf(&b, "%s%s", i ? ", " : "", names->items[i]);
    return pab_buf_take(&b);
}

static int check_roles(struct pg_back *b, struct pab_error *err)
{
    const char *list = pg_fact(b->sql, PG_FACT_ROLES);
    CLEANUP_RESULT PGresult *r = NULL;
    if (!list || !*list) return PAB_OK;
    if (pg_query(b->call, b->maint, &r, err, "SELECT pg_catalog.quote_ident(r) FROM pg_catalog.json_array_elements_text($1::pg_catalog.json) r"
                 " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = r) ORDER BY r", list, PG_END)) return err->code;
    for (int i = 0; i < PQntuples(r); i++) pab_strs_add(&b->missing_roles, pg_cell(r, i, 0));
    if (!b->missing_roles.count) return PAB_OK;
    CLEANUP_FREE char *missing = joined(&b->missing_roles);
    if (forced(b)) {
        b->leave_owners = 1;
        pab_warn(b->call->op, b->sql->object, "roles are missing (%s): owners and rights are left out", missing);
        return PAB_OK;
    }
    pab_error_set(err, PAB_E_NOT_FOUND, 0, "'%s' belongs to or names roles that this server does not have: %s", b->from, missing);
    return pab_error_hint(err, err->code, "restore the object " PG_GLOBALS " first, create them, or leave owners and rights out with --force");
}

/* Where data lies is a matter of this machine, not of the data: what is missing is no reason to refuse. */
static int check_tablespaces(struct pg_back *b, struct pab_error *err)
{
    const char *list = pg_fact(b->sql, PG_FACT_TABLESPACES);
    CLEANUP_FREE char *missing = NULL;
    if (!list || !*list) return PAB_OK;
    if (pg_value(b->call, b->maint, &missing, err,
                 "SELECT pg_catalog.string_agg(pg_catalog.quote_ident(t), ', ' ORDER BY t) FROM pg_catalog.json_array_elements_text($1::pg_catalog.json) t"
                 " WHERE NOT EXISTS (SELECT FROM pg_catalog.pg_tablespace WHERE spcname = t)", list, PG_END)) return err->code;
    if (!missing) return PAB_OK;
    b->leave_tablespaces = 1;
    pab_warn(b->call->op, b->sql->object, "tablespaces are missing (%s): everything goes into the server's default one", missing);
    return PAB_OK;
}

static int check_rights(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_FREE char *may = NULL;
    if (b->call->superuser) return PAB_OK;
    if (pg_value(b->call, b->maint, &may, err, "SELECT 1 FROM pg_catalog.pg_roles WHERE rolname = current_user AND rolcreatedb", PG_END)) return err->code;
    if (may) return PAB_OK;
    pab_error_set(err, PAB_E_AUTH, 0, "role '%s' may not create databases", b->call->me);
    return pab_error_hint(err, err->code, "restore as a superuser (Supabase: supabase_admin), or ALTER ROLE %s CREATEDB", b->call->me);
}

int pg_back_sessions(struct pg_back *b, struct pab_error *err)
{
    const char *sql = b->call->version >= 100000
        ? "SELECT pg_catalog.string_agg(who || ' (' || n || ')', ', ' ORDER BY who) FROM (SELECT COALESCE(NULLIF(application_name, ''), usename, 'unnamed') AS who, pg_catalog.count(*) AS n"
          " FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid() AND backend_type NOT IN ('autovacuum worker', 'parallel worker') GROUP BY 1) s"
        : "SELECT pg_catalog.string_agg(who || ' (' || n || ')', ', ' ORDER BY who) FROM (SELECT COALESCE(NULLIF(application_name, ''), usename, 'unnamed') AS who, pg_catalog.count(*) AS n"
          " FROM pg_catalog.pg_stat_activity WHERE datname = $1 AND pid <> pg_catalog.pg_backend_pid() GROUP BY 1) s";
    free(TAKE_PTR(b->sessions));
    return pg_value(b->call, b->maint, &b->sessions, err, sql, b->name, PG_END);
}


int pg_back_look(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    if (pg_query(b->call, b->maint, &r, err,
                 "SELECT (SELECT oid FROM pg_catalog.pg_database WHERE datname = $1), (SELECT oid FROM pg_catalog.pg_database WHERE datname = $2),"
                 " (SELECT oid FROM pg_catalog.pg_database WHERE datname = $3)", b->name, b->old, b->fresh, PG_END)) return err->code;
    b->exists = pg_cell(r, 0, 0) != NULL;
    b->old_exists = pg_cell(r, 0, 1) != NULL;
    b->fresh_exists = pg_cell(r, 0, 2) != NULL;
    if (!b->exists) return PAB_OK;
    CLEANUP_FREE char *size = NULL;
    struct pab_error ignored = { 0 }; /* somebody else's: the size is only for the plan */
    if (!pg_value(b->call, b->maint, &size, &ignored, "SELECT pg_catalog.pg_database_size($1::pg_catalog.name)", b->name, PG_END)) b->old_size = (uint64_t)number_of(size);
    return pg_back_sessions(b, err);
}

int pg_back_check(struct pg_back *b, int roles, struct pab_error *err)
{
    if (strlen(b->name) + strlen(PG_OLD_SUFFIX) > PG_NAME_MAX) {
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the name '%s' is too long to keep the old database as NAME" PG_OLD_SUFFIX, b->name);
        return pab_error_hint(err, err->code, "restore it under a shorter name with --as");
    }
    if (check_version(b, err) || check_rights(b, err) || check_extensions(b, err)) return err->code;
    if (roles && (check_roles(b, err) || check_tablespaces(b, err))) return err->code;
    return pg_back_look(b, err);
}
