/* globals.c - roles and tablespaces of the backup that this server does not have; those that it has stay as they are. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define GLOBALS_MAX (64u << 20)

struct globals {
    struct pg_call *call;
    PGconn *conn;
    const char *object;
    int plan;
    struct pab_strs here;      /* quoted names of roles and tablespaces of this server, "r:" or "t:" before them */
    struct pab_strs made;      /* the same, of what was created (or would be) */
    size_t kept;
};

static int has(const struct pab_strs *list, char kind, const char *name)
{
    for (size_t i = 0; name && i < list->count; i++) {
        if (list->items[i][0] == kind && strcmp(list->items[i] + 2, name) == 0) return 1;
    }
    return 0;
}

static void remember(struct pab_strs *list, char kind, const char *name)
{
    CLEANUP_FREE char *item = pab_sprintf("%c:%s", kind, name);
    pab_strs_add(list, item);
}

static int read_present(struct globals *g, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    if (pg_exec(g->call, g->conn, "SELECT 'r:' || pg_catalog.quote_ident(rolname) FROM pg_catalog.pg_roles UNION ALL"
                                  " SELECT 't:' || pg_catalog.quote_ident(spcname) FROM pg_catalog.pg_tablespace", &r, err)) return err->code;
    for (int i = 0; i < PQntuples(r); i++) pab_strs_add(&g->here, pg_cell(r, i, 0));
    return PAB_OK;
}

/* The texts of roles hold password hashes: never part of a message. */
static int run(struct globals *g, const char *statement, int needed, struct pab_error *err)
{
    struct pab_error why = { 0 };
    if (g->plan || !pg_exec(g->call, g->conn, statement, NULL, &why)) return PAB_OK;
    if (needed || why.code == PAB_E_CANCELLED || why.code == PAB_E_UNREACHABLE) {
        *err = why;
        return why.code;
    }
    CLEANUP_FREE char *begin = pab_strndup(statement, strcspn(statement, "'\n"));
    if (strlen(begin) > 80) begin[80] = '\0';
    pab_warn(g->call->op, g->object, "%s ...: %s", begin, why.message);
    return PAB_OK;
}

static int create(struct globals *g, char kind, const char *name, const char *statement, struct pab_error *err)
{
    if (has(&g->here, kind, name)) {
        g->kept++;
        return PAB_OK;
    }
    if (kind == 't') { /* its folder may not exist here: then tables go elsewhere */
        struct pab_error why = { 0 };
        if (!g->plan && pg_exec(g->call, g->conn, statement, NULL, &why)) {
            pab_warn(g->call->op, g->object, "tablespace %s was not created: %s", name, why.message);
            return PAB_OK;
        }
    } else if (run(g, statement, 1, err)) {
        return pab_error_prefix(err, "role %s", name);
    }
    remember(&g->made, kind, name);
    return PAB_OK;
}

/* Does the statement say something about what was just created? */
static int is_of_new(const struct globals *g, const char *s)
{
    static const struct { char kind; const char *words; } subjects[] = {
        { 'r', "ALTER ROLE " }, { 'r', "ON ROLE " }, { 't', "ALTER TABLESPACE " }, { 't', "ON TABLESPACE " },
    };
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++) {
        CLEANUP_FREE char *name = pg_name_after(s, subjects[i].words);
        if (name) return has(&g->made, subjects[i].kind, name);
    }
    if (!pab_str_has_prefix(s, "GRANT ")) return 0;
    CLEANUP_FREE char *role = pg_name_after(s, "GRANT "), *member = pg_name_after(s, " TO ");
    return has(&g->made, 'r', role) || has(&g->made, 'r', member);
}

static int one_statement(void *ctx, const char *s, struct pab_error *err)
{
    struct globals *g = ctx;
    CLEANUP_FREE char *role = pab_str_has_prefix(s, "CREATE ROLE ") ? pg_name_after(s, "CREATE ROLE ") : NULL;
    CLEANUP_FREE char *space = pab_str_has_prefix(s, "CREATE TABLESPACE ") ? pg_name_after(s, "CREATE TABLESPACE ") : NULL;
    if (role) return create(g, 'r', role, s, err);
    if (space) return create(g, 't', space, s, err);
    if (pab_str_has_prefix(s, "SET ")) return run(g, s, 0, err);
    return is_of_new(g, s) ? run(g, s, 0, err) : PAB_OK;
}

static int read_text(struct pg_call *c, uint32_t index, struct pab_buf *text, struct pab_error *err)
{
    const struct pab_host *h = c->op->host;
    struct pab_reader *r = NULL;
    CLEANUP_FREE char *buf = pab_alloc(64u << 10);
    int64_t n;
    if (h->artifact_open(c->op, index, PAB_OPEN_DATA, &r)) return pg_host_failed(err, "the backup could not be read");
    while ((n = h->artifact_read(r, buf, 64u << 10)) > 0 && !pab_buf_add(text, buf, (size_t)n)) {
    }
    h->artifact_close(r);
    if (n < 0) return pg_host_failed(err, "the backup could not be read");
    return n ? pab_error_set(err, PAB_E_CORRUPT, 0, "the globals are larger than %u MiB", GLOBALS_MAX >> 20) : PAB_OK;
}

static int say(struct globals *g, struct pab_error *err)
{
    struct pab_buf text = PAB_BUF_INIT(8192);
    if (g->made.count) pab_buf_adds(&text, g->plan ? "will be created: " : "created: ");
    for (size_t i = 0; i < g->made.count; i++) pab_buf_addf(&text, "%s%s%s", i ? ", " : "", g->made.items[i][0] == 't' ? "tablespace " : "", g->made.items[i] + 2);
    pab_buf_addf(&text, "%s%zu exist%s and stay%s as %s", g->made.count ? "; " : "roles: ", g->kept, g->kept == 1 ? "s" : "", g->kept == 1 ? "s" : "", g->kept == 1 ? "it is" : "they are");
    struct pab_plan p = { .struct_size = sizeof p, .action = g->made.count ? PAB_PLAN_CREATE : PAB_PLAN_KEEP, .object = g->object, .detail = pab_buf_str(&text), .size = PAB_SIZE_UNKNOWN };
    int rc = PAB_OK;
    if (g->plan) rc = g->call->op->host->plan_add(g->call->op, &p) ? pg_host_failed(err, "the plan could not be kept") : PAB_OK;
    else pab_log(g->call->op, PAB_LOG_INFO, "%s: %s", g->object, pab_buf_str(&text));
    pab_buf_release(&text);
    return rc;
}

int pg_globals_restore(struct pg_call *c, PGconn *conn, const struct pab_restore_req *req, uint32_t index, struct pab_error *err)
{
    const struct pab_artifact_info *a = info_of(req, index);
    struct globals g = { .call = c, .conn = conn, .object = a->object, .plan = (req->flags & PAB_RESTORE_PLAN) != 0 };
    struct pab_buf text = PAB_BUF_INIT(GLOBALS_MAX);
    int rc = read_text(c, index, &text, err);
    if (!rc) rc = read_present(&g, err);
    if (!rc) rc = pg_each_statement(pab_buf_str(&text), one_statement, &g, err);
    if (!rc) rc = say(&g, err);
    pab_buf_release(&text);
    pab_strs_release(&g.here);
    pab_strs_release(&g.made);
    return rc;
}
