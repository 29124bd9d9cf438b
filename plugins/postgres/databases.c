/* databases.c - the databases of a server, and what is said of each. */
#include <string.h>
#include "plugins/postgres/pg.h"

static int is_excluded(const struct pg *pg, const char *name)
{
    for (size_t i = 0; i < pg->exclude.count; i++) {
        if (strcmp(pg->exclude.items[i], name) == 0 || pab_glob_match(pg->exclude.items[i], name, 0)) return 1;
    }
    return 0;
}

static int is_named(const struct pg *pg, const char *name)
{
    for (size_t i = 0; i < pg->databases.count; i++) {
        if (strcmp(pg->databases.items[i], name) == 0) return 1;
    }
    return 0;
}

static struct pg_db db_of_row(PGresult *r, int i)
{
    int64_t size = 0;
    const char *bytes = pg_cell(r, i, 6);
    if (bytes) pab_parse_int(bytes, &size);
    return (struct pg_db){ .name = pab_strdup(pg_cell(r, i, 0)), .owner = pab_strdup(pg_cell(r, i, 1)), .encoding = pab_strdup(pg_cell(r, i, 2)),
                           .collate = pab_strdup(pg_cell(r, i, 3)), .ctype = pab_strdup(pg_cell(r, i, 4)), .provider = pab_strdup(pg_cell(r, i, 5)),
                           .size = bytes ? (uint64_t)size : PAB_SIZE_UNKNOWN, .connectable = strcmp(pg_cell(r, i, 7), "t") == 0 };
}

static int all_found(const struct pg *pg, const struct pg_dbs *found, struct pab_error *err)
{
    for (size_t i = 0; i < pg->databases.count; i++) {
        const struct pg_db *db = NULL;
        for (size_t k = 0; k < found->count; k++) {
            if (strcmp(found->items[k].name, pg->databases.items[i]) == 0) db = &found->items[k];
        }
        if (!db) {
            pab_error_set(err, PAB_E_NOT_FOUND, 0, "there is no database '%s' on this server", pg->databases.items[i]);
            return pab_error_hint(err, PAB_E_NOT_FOUND, "correct the option databases; `pabengine discover` lists what there is");
        }
        if (!db->connectable) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "database '%s' takes no connections (datallowconn is off)", db->name);
    }
    return PAB_OK;
}

int pg_list_databases(struct pg_call *c, PGconn *conn, struct pg_dbs *ret, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    struct pg_dbs found = { 0 };
    CLEANUP_FREE char *sql = pab_sprintf(
        "SELECT d.datname, pg_catalog.pg_get_userbyid(d.datdba), pg_catalog.pg_encoding_to_char(d.encoding), d.datcollate, d.datctype, %s,"
        " CASE WHEN pg_catalog.has_database_privilege(d.oid, 'CONNECT') THEN pg_catalog.pg_database_size(d.oid) END, d.datallowconn, d.datistemplate"
        " FROM pg_catalog.pg_database d ORDER BY d.datname", c->version >= 150000 ? "d.datlocprovider" : "'c'");
    if (pg_exec(c, conn, sql, &r, err)) return err->code;
    for (int i = 0; i < PQntuples(r); i++) {
        const char *name = pg_cell(r, i, 0);
        int usual = strcmp(pg_cell(r, i, 7), "t") == 0 && strcmp(pg_cell(r, i, 8), "t") != 0;
        if (c->pg->databases.count ? !is_named(c->pg, name) : !usual) continue;
        if (is_excluded(c->pg, name)) continue;
        PAB_PUSH(&found, db_of_row(r, i));
    }
    if (all_found(c->pg, &found, err)) {
        pg_dbs_release(&found);
        return err->code;
    }
    *ret = found;
    return PAB_OK;
}

void pg_dbs_release(struct pg_dbs *d)
{
    for (size_t i = 0; i < d->count; i++) {
        struct pg_db *db = &d->items[i];
        free(db->name);
        free(db->owner);
        free(db->encoding);
        free(db->collate);
        free(db->ctype);
        free(db->provider);
    }
    free(d->items);
    *d = (struct pg_dbs){ 0 };
}

/* The roles are those that something in this database depends on; the bootstrap superuser's belongings are not recorded
 * so (it cannot be dropped), therefore the owners of schemas and tables beside them; nor are roles with settings of their
 * own in this database. */
static const char facts_sql[] =
    "SELECT (SELECT COALESCE(pg_catalog.json_agg(pg_catalog.json_build_object('name', e.extname, 'version', e.extversion) ORDER BY e.extname), '[]')"
    "  FROM pg_catalog.pg_extension e),"
    " (SELECT COALESCE(pg_catalog.json_agg(r.rolname ORDER BY r.rolname), '[]') FROM pg_catalog.pg_roles r WHERE r.rolname !~ '^pg_' AND r.oid IN ("
    "  SELECT d.datdba FROM pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()"
    "  UNION SELECT relowner FROM pg_catalog.pg_class UNION SELECT nspowner FROM pg_catalog.pg_namespace"
    "  UNION SELECT s.setrole FROM pg_catalog.pg_db_role_setting s JOIN pg_catalog.pg_database d ON d.oid = s.setdatabase WHERE d.datname = pg_catalog.current_database()"
    "  UNION SELECT s.refobjid FROM pg_catalog.pg_shdepend s, pg_catalog.pg_database d WHERE d.datname = pg_catalog.current_database()"
    "   AND s.refclassid = 'pg_catalog.pg_authid'::pg_catalog.regclass"
    "   AND (s.dbid = d.oid OR (s.classid = 'pg_catalog.pg_database'::pg_catalog.regclass AND s.objid = d.oid)))),"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_class k JOIN pg_catalog.pg_namespace n ON n.oid = k.relnamespace"
    "  WHERE k.relkind IN ('r', 'p') AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'),"
    " (SELECT pg_catalog.count(*) FROM pg_catalog.pg_largeobject_metadata),"
    " (SELECT COALESCE(pg_catalog.json_agg(t.spcname ORDER BY t.spcname), '[]') FROM pg_catalog.pg_tablespace t WHERE t.spcname !~ '^pg_' AND t.oid IN ("
    "  SELECT reltablespace FROM pg_catalog.pg_class UNION SELECT dattablespace FROM pg_catalog.pg_database WHERE datname = pg_catalog.current_database()))";

int pg_read_db_facts(struct pg_call *c, PGconn *conn, struct pg_db_facts *ret, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    if (pg_exec(c, conn, facts_sql, &r, err)) return err->code;
    *ret = (struct pg_db_facts){ .extensions = pg_display(pg_cell(r, 0, 0)), .roles = pg_display(pg_cell(r, 0, 1)),
                                 .tables = pab_strdup(pg_cell(r, 0, 2)), .large_objects = pab_strdup(pg_cell(r, 0, 3)),
                                 .tablespaces = pg_display(pg_cell(r, 0, 4)) };
    return PAB_OK;
}

void pg_db_facts_release(struct pg_db_facts *f)
{
    free(f->extensions);
    free(f->roles);
    free(f->tablespaces);
    free(f->tables);
    free(f->large_objects);
    *f = (struct pg_db_facts){ 0 };
}
