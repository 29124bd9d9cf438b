/* dbprops.c - what pg_restore --create would say of the database itself, told of another name.
 *
 * The archive's table of contents is narrowed to the entries that concern the database (pg_restore -L), so that only
 * these few statements are turned into text. */
#include <string.h>
#include "plugins/postgres/back.h"
#include "plugins/postgres/sqlscan.h"

#define TEXT_MAX (8u << 20)

static const char *const entries[] = { "DATABASE -", "DATABASE PROPERTIES -", "COMMENT - DATABASE ", "ACL - DATABASE ", "SECURITY LABEL - DATABASE " };

static int is_of_database(void *ctx, const char *entry)
{
    (void)ctx;
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (pab_str_has_prefix(entry, entries[i])) return 1;
    }
    return 0;
}

struct sorting { struct pg_back *b; struct pg_props *props; };

static const char role_words[] = "ALTER ROLE ";

/* CREATE DATABASE ... TABLESPACE = name; where it is not there, the server chooses. */
static int settle_tablespace(struct sorting *s, struct pab_error *err)
{
    static const char words[] = " TABLESPACE = ";
    char *at = NULL;
    for (char *p = s->props->create; (p = strstr(p, words)); p++) at = p; /* the last: the name of the database may hold the words */
    if (!at) return PAB_OK;
    CLEANUP_FREE char *name = pg_name_after(at, words), *there = NULL;
    if (!name) return PAB_OK;
    if (pg_value(s->b->call, s->b->maint, &there, err, "SELECT 1 FROM pg_catalog.pg_tablespace WHERE pg_catalog.quote_ident(spcname) = $1", name, PG_END)) return err->code;
    if (there) return PAB_OK;
    s->b->leave_tablespaces = 1;
    char *after = at + strlen(words) + strlen(name);
    memmove(at, after, strlen(after) + 1);
    return PAB_OK;
}

/* ALTER ROLE name IN DATABASE ... */
static int settings_of_role(struct sorting *s, const char *statement, struct pab_error *err)
{
    CLEANUP_FREE char *role = pg_name_after(statement, role_words), *there = NULL, *fresh = pg_ident(s->b->fresh);
    if (!role || pg_value(s->b->call, s->b->maint, &there, err, "SELECT 1 FROM pg_catalog.pg_roles WHERE pg_catalog.quote_ident(rolname) = $1", role, PG_END)) return err->code;
    if (there) {
        CLEANUP_FREE char *renamed = pg_rename_database(statement, s->b->from, fresh);
        pab_strs_add(&s->props->settings, renamed);
    } else if (s->b->req->flags & PAB_RESTORE_FORCE) {
        pab_warn(s->b->call->op, s->b->sql->object, "left out: settings of role %s, which is missing", role);
    } else {
        pab_error_set(err, PAB_E_NOT_FOUND, 0, "'%s' has settings of its own for a role that this server does not have: %s", s->b->from, role);
        return pab_error_hint(err, err->code, "restore the object " PG_GLOBALS " first, create the role, or leave them out with --force");
    }
    return PAB_OK;
}

static int sort_statement(void *ctx, const char *statement, struct pab_error *err)
{
    struct sorting *s = ctx;
    if (!strstr(statement, "DATABASE")) return PAB_OK; /* SET ... */
    if (pab_str_has_prefix(statement, role_words)) return settings_of_role(s, statement, err);
    CLEANUP_FREE char *fresh = pg_ident(s->b->fresh);
    CLEANUP_FREE char *renamed = pg_rename_database(statement, s->b->from, fresh);
    if (pab_str_has_prefix(statement, "CREATE DATABASE ")) {
        free(s->props->create);
        s->props->create = TAKE_PTR(renamed);
        return settle_tablespace(s, err);
    } else {
        int owner = pab_str_has_prefix(statement, "ALTER DATABASE ") && strstr(statement, " OWNER TO "), acl = pab_str_has_prefix(statement, "GRANT ") || pab_str_has_prefix(statement, "REVOKE ");
        if (!s->b->leave_owners || (!owner && !acl)) pab_strs_add(&s->props->settings, renamed);
    }
    return PAB_OK;
}

int pg_props_read(struct pg_back *b, struct pg_props *ret, struct pab_error *err)
{
    CLEANUP_FREE char *toc = NULL, *list = NULL, *text = NULL;
    if (pg_toc_read(b, &toc, err) || pg_toc_narrow(b, toc, "database.list", is_of_database, NULL, &list, err)) return err->code;
    if (pg_toc_text(b, list, TEXT_MAX, &text, err)) return err->code;
    struct sorting s = { b, ret };
    if (pg_each_statement(text, sort_statement, &s, err)) return err->code;
    if (ret->create) return PAB_OK;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "the archive '%s' does not say how the database was made", b->archive->path);
}

void pg_props_release(struct pg_props *p)
{
    free(p->create);
    pab_strs_release(&p->settings);
    *p = (struct pg_props){ 0 };
}
