/* rights.c - may this role read everything that belongs into a backup?  pg_dump stops at the first table that it may not
 * read; said beforehand, with all that is missing and what to do about it, it costs nobody a night. */
#include <string.h>
#include "plugins/postgres/pg.h"

/* kind, how many, an example; only kinds of which there are some */
static const char missing_sql[] =
    "WITH ours AS (SELECT c.oid, c.relkind, c.relname, n.oid AS schema, n.nspname FROM pg_catalog.pg_class c"
    "  JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    "  WHERE c.relkind IN ('r', 'p', 'S') AND c.relpersistence <> 't' AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    "  AND (NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid"
    "   AND d.objsubid = 0 AND d.deptype = 'e')"
    "   OR EXISTS (SELECT FROM pg_catalog.pg_extension e WHERE c.oid = ANY (e.extconfig)))),"
    " missing(kind, name) AS ("
    "  SELECT 'schema', nspname FROM ours WHERE NOT pg_catalog.has_schema_privilege(schema, 'USAGE') GROUP BY nspname"
    "  UNION ALL SELECT 'table', pg_catalog.format('%I.%I', nspname, relname) FROM ours WHERE CASE WHEN relkind <> 'S' THEN NOT pg_catalog.has_table_privilege(oid, 'SELECT') END"
    "  UNION ALL SELECT 'sequence', pg_catalog.format('%I.%I', nspname, relname) FROM ours WHERE CASE WHEN relkind = 'S' THEN NOT pg_catalog.has_sequence_privilege(oid, 'SELECT') END"
    "  UNION ALL SELECT 'policy', pg_catalog.format('%I.%I', nspname, relname) FROM ours WHERE CASE WHEN relkind <> 'S' THEN pg_catalog.row_security_active(oid) END"
    "  UNION ALL SELECT 'large object', l.oid::text FROM pg_catalog.pg_largeobject_metadata l WHERE NOT pg_catalog.pg_has_role(l.lomowner, 'USAGE')"
    "   AND NOT EXISTS (SELECT FROM pg_catalog.aclexplode(l.lomacl) a WHERE a.privilege_type = 'SELECT'"
    "    AND CASE WHEN a.grantee = 0 THEN true ELSE pg_catalog.pg_has_role(a.grantee, 'USAGE') END))"
    " SELECT kind, pg_catalog.count(*), pg_catalog.min(name) FROM missing GROUP BY kind ORDER BY kind";

struct missing { int policies, others, large_objects; struct pab_buf text; };

static void add_kind(struct missing *m, const char *kind, const char *count, const char *example)
{
    CLEANUP_FREE char *shown = pg_display(example);
    const char *plural = strcmp(count, "1") == 0 ? "" : "s", *comma = m->text.size ? "; " : "";
    if (strcmp(kind, "policy") == 0) {
        m->policies = 1;
        pab_buf_addf(&m->text, "%srow security hides rows of %s table%s (%s)", comma, count, plural, shown);
    } else {
        m->others |= strcmp(kind, "large object") != 0;
        m->large_objects |= strcmp(kind, "large object") == 0;
        pab_buf_addf(&m->text, "%sno right to read %s %s%s (%s)", comma, count, kind, plural, shown);
    }
}

/* What to do, in the words of this server. */
static int advise(struct pg_call *c, const struct missing *m, const char *is_supabase, struct pab_error *err)
{
    if (is_supabase) return pab_error_hint(err, PAB_E_AUTH, "on Supabase, log in as supabase_admin (its password is POSTGRES_PASSWORD)");
    CLEANUP_FREE char *role = pg_ident(c->me);
    if (m->large_objects || c->version < 140000) return pab_error_hint(err, PAB_E_AUTH, "log in as a superuser");
    return pab_error_hint(err, PAB_E_AUTH, "as a superuser: %s%s%s%s%s%s", m->others ? "GRANT pg_read_all_data TO " : "", m->others ? role : "", m->others ? "; " : "",
                          m->policies ? "ALTER ROLE " : "", m->policies ? role : "", m->policies ? " BYPASSRLS" : "");
}

int pg_check_rights(struct pg_call *c, PGconn *conn, const char *db, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    CLEANUP_FREE char *supabase = NULL;
    if (c->superuser) return PAB_OK;
    if (pg_exec(c, conn, missing_sql, &r, err)) return err->code;
    if (PQntuples(r) == 0) return PAB_OK;
    if (pg_value(c, conn, &supabase, err, "SELECT rolname FROM pg_catalog.pg_roles WHERE rolname = 'supabase_admin'", PG_END)) return err->code;
    struct missing m = { .text = PAB_BUF_INIT(900) };
    for (int i = 0; i < PQntuples(r); i++) add_kind(&m, pg_cell(r, i, 0), pg_cell(r, i, 1), pg_cell(r, i, 2));
    pab_error_set(err, PAB_E_AUTH, 0, "role '%s' may not read all of database '%s': %s", c->me, db, pab_buf_str(&m.text));
    pab_buf_release(&m.text);
    return advise(c, &m, supabase, err);
}

int pg_may_read_passwords(struct pg_call *c, PGconn *conn, int *ret, struct pab_error *err)
{
    CLEANUP_FREE char *yes = NULL;
    if (pg_value(c, conn, &yes, err, "SELECT pg_catalog.has_table_privilege('pg_catalog.pg_authid', 'SELECT')", PG_END)) return err->code;
    *ret = yes && *yes == 't';
    return PAB_OK;
}
