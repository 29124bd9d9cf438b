/* restore.c - the order of a restore: missing roles, then one database after the other, each filled beside the old one and
 * put in its place at the end. */
#include <string.h>
#include "plugins/postgres/back.h"

static int holds(const struct pab_artifact_info *a, const char *content)
{
    const char *is = pg_fact(a, PG_FACT_FORMAT);
    return is && strcmp(is, content) == 0;
}

/* ---- one database */
static int add_plan(struct pg_back *b, uint32_t action, uint64_t size, char *text, struct pab_error *err)
{
    struct pab_plan p = { .struct_size = sizeof p, .action = action, .object = b->sql->object, .detail = text, .size = size };
    int rc = b->call->op->host->plan_add(b->call->op, &p) ? pg_host_failed(err, "the plan could not be kept") : PAB_OK;
    free(text);
    return rc;
}

static int plan(struct pg_back *b, struct pab_error *err)
{
    int drop = (b->req->flags & PAB_RESTORE_DROP_OLD) != 0;
    uint64_t size = b->sql->content_size + b->archive->content_size;
    if (b->exists && b->req->as_name && add_plan(b, PAB_PLAN_CONFLICT, PAB_SIZE_UNKNOWN, pab_sprintf("database %s exists", b->name), err)) return err->code;
    if (b->sessions && add_plan(b, PAB_PLAN_CONFLICT, PAB_SIZE_UNKNOWN, pab_sprintf("database %s is in use by %s", b->name, b->sessions), err)) return err->code;
    if (b->exists && b->old_exists && !drop &&
        add_plan(b, PAB_PLAN_CONFLICT, PAB_SIZE_UNKNOWN, pab_sprintf("database %s of an earlier restore is still there: restore --cleanup or --drop-old removes it", b->old), err)) return err->code;
    if (!b->exists) return add_plan(b, PAB_PLAN_CREATE, size, pab_sprintf("database %s is created", b->name), err);
    char *text = drop ? pab_sprintf("database %s is replaced and the old one dropped", b->name)
                      : pab_sprintf("database %s is replaced; the old one stays as %s", b->name, b->old);
    return add_plan(b, PAB_PLAN_OVERWRITE, size, text, err);
}

static int refuse(struct pg_back *b, struct pab_error *err)
{
    int force = (b->req->flags & PAB_RESTORE_FORCE) != 0;
    if (force) return PAB_OK;
    if (b->exists && b->req->as_name) pab_error_set(err, PAB_E_EXISTS, 0, "database '%s' exists", b->name);
    else if (b->sessions) pab_error_set(err, PAB_E_REFUSED, 0, "database '%s' is in use by %s", b->name, b->sessions);
    else if (b->exists && b->old_exists && !(b->req->flags & PAB_RESTORE_DROP_OLD)) pab_error_set(err, PAB_E_EXISTS, 0, "database '%s' of an earlier restore is still there", b->old);
    else return PAB_OK;
    return pab_error_hint(err, err->code, "--force replaces it; restore --cleanup removes what earlier restores kept");
}

static int settle(struct pg_back *b, const struct pab_strs *settings, struct pab_error *err)
{
    for (size_t i = 0; i < settings->count; i++) {
        if (pg_exec(b->call, b->maint, settings->items[i], NULL, err)) return pab_error_prefix(err, "the settings of database '%s'", b->name);
    }
    return PAB_OK;
}

static int create_and_fill(struct pg_back *b, struct pab_error *err)
{
    CLEANUP(pg_props_release) struct pg_props props = { 0 };
    if (pg_back_file(b->call, b->archive_index, "archive.dump", &b->archive_path, err) || pg_props_read(b, &props, err) || pg_back_omit(b, err)) return err->code;
    if (b->fresh_exists && pg_drop_database(b, b->fresh, err)) return err->code; /* a restore that was killed left it */
    if (pg_exec(b->call, b->maint, props.create, NULL, err)) return pab_error_prefix(err, "cannot create a database for '%s'", b->from);
    pab_test_point("postgres-created");
    int rc = pg_load(b, err);
    if (!rc) rc = settle(b, &props.settings, err);
    pab_test_point("postgres-loaded");
    if (!rc) rc = pg_swap(b, err);
    pab_test_point("postgres-swapped");
    struct pab_error why = { 0 };
    if (rc) pg_end_own_strays(b->call, b->maint);
    if (rc && pg_drop_database(b, b->fresh, &why)) pab_log(b->call->op, PAB_LOG_INFO, "'%s' is left behind: %s", b->fresh, why.message);
    return rc;
}

static int clean_up(struct pg_back *b, struct pab_error *err)
{
    const struct { int exists; const char *name; } left[] = { { b->old_exists, b->old }, { b->fresh_exists, b->fresh } };
    for (size_t i = 0; i < 2; i++) {
        if (!left[i].exists) continue;
        if (b->req->flags & PAB_RESTORE_PLAN) {
            if (add_plan(b, PAB_PLAN_DROP, PAB_SIZE_UNKNOWN, pab_sprintf("database %s", left[i].name), err)) return err->code;
        } else if (pg_drop_database(b, left[i].name, err)) {
            return err->code;
        }
    }
    return PAB_OK;
}

static int choose_tool(struct pg_back *b, const struct pg_tools *tools, struct pab_error *err)
{
    const char *by = pg_fact(b->archive, PG_FACT_TOOL);
    int64_t major = 0;
    CLEANUP_FREE char *digits = pab_strndup(by ? by : "", by ? strspn(by, "0123456789") : 0);
    if (pab_parse_int(digits, &major)) major = pg_major(b->call->version);
    struct pg_tool *tool = NULL;
    if (pg_tools_choose(tools, (int)major, &tool, err)) return err->code;
    b->tool = tool;
    return PAB_OK;
}

static int find_archive(struct pg_back *b, struct pab_error *err)
{
    for (uint32_t i = 0; i < b->req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(b->req, i);
        if (!holds(a, PG_ARCHIVE) || strcmp(a->object, b->sql->object) != 0) continue;
        b->archive = a;
        b->archive_index = i;
        return PAB_OK;
    }
    return pab_error_set(err, PAB_E_CORRUPT, 0, "the archive beside '%s' is not in the backup", b->sql->path);
}

static int restore_one(struct pg_back *b, const struct pg_tools *tools, int roles, struct pab_error *err)
{
    int planning = (b->req->flags & PAB_RESTORE_PLAN) != 0, cleaning = (b->req->flags & PAB_RESTORE_CLEANUP) != 0;
    if (find_archive(b, err) || pg_maintenance(b->call, b->name, &b->maint, err)) return err->code;
    if (cleaning) return pg_back_look(b, err) ? err->code : clean_up(b, err);
    if (choose_tool(b, tools, err) || pg_back_check(b, roles, err)) return err->code;
    if (planning) return plan(b, err);
    return refuse(b, err) ? err->code : create_and_fill(b, err);
}

static int restore_database(struct pg_call *c, const struct pab_restore_req *req, uint32_t i, const struct pg_tools *tools, int roles, struct pab_error *err)
{
    struct pg_back b = { .call = c, .req = req, .sql_index = i, .sql = info_of(req, i) };
    b.from = pab_strdup(b.sql->object);
    b.name = pab_strdup(req->as_name ? req->as_name : b.from);
    b.fresh = pab_sprintf("%s" PG_NEW_SUFFIX, b.name);
    b.old = pab_sprintf("%s" PG_OLD_SUFFIX, b.name);
    int rc = restore_one(&b, tools, roles, err);
    PQfinish(b.maint);
    if (b.archive_path) unlink(b.archive_path);
    free(b.from);
    free(b.name);
    free(b.fresh);
    free(b.old);
    free(b.sessions);
    free(b.archive_path);
    free(b.list_path);
    pg_early_free(b.early);
    pab_strs_release(&b.missing_roles);
    pg_rowcounts_release(&b.extension_rows);
    return rc;
}

/* ---- all of them */
static int check_request(const struct pab_restore_req *req, struct pab_error *err)
{
    uint32_t databases = 0;
    for (uint32_t i = 0; i < req->artifact_count; i++) databases += (uint32_t)holds(info_of(req, i), PG_DATABASE);
    if (!req->as_name || databases == 1) return PAB_OK;
    pab_error_set(err, PAB_E_USAGE, 0, "--as names one database, and %u would be restored", databases);
    return pab_error_hint(err, err->code, "choose one with --object");
}

static int restore_all(struct pg_call *c, PGconn **conn, const struct pab_restore_req *req, struct pab_error *err)
{
    CLEANUP(pg_tools_release) struct pg_tools tools = { 0 };
    int cleaning = (req->flags & PAB_RESTORE_CLEANUP) != 0, globals = 0, rc = PAB_OK;
    if (c->pooled) {
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "a restore cannot go through a connection pooler, which keeps databases in use");
        return pab_error_hint(err, err->code, "give the host and port of PostgreSQL itself");
    }
    if (check_request(req, err) || (!cleaning && pg_tools_find(c->pg, &tools, err))) return err->code;
    for (uint32_t i = 0; i < req->artifact_count && !rc; i++) {
        if (cleaning || req->as_name || !holds(info_of(req, i), PG_GLOBALS)) continue;
        globals = 1;
        rc = pg_globals_restore(c, *conn, req, i, err);
    }
    PQfinish(TAKE_PTR(*conn)); /* it may hold a database that is to be renamed */
    /* in a plan the roles of the globals are still to come */
    int roles = !(globals && (req->flags & PAB_RESTORE_PLAN));
    for (uint32_t i = 0; i < req->artifact_count && !rc; i++) {
        if (holds(info_of(req, i), PG_DATABASE)) rc = restore_database(c, req, i, &tools, roles, err);
    }
    return rc;
}

int pg_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    CLEANUP(pg_call_release) struct pg_call c = { .stop_fd = -1 };
    CLEANUP_CONN PGconn *conn = NULL;
    struct pab_error err = { 0 };
    if (pg_call_open(&c, op, instance, &conn, &err) || restore_all(&c, &conn, req, &err)) return pg_tell(&c, &err);
    return PAB_OK;
}
