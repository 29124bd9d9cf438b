/* candidates.c - which tables we copy ourselves: big, plain, and with no rule about their rows that pg_dump would have to
 * apply (extension members, partitions that must be loaded through their root, other access methods stay with it). */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/dump.h"

#define MOST_TABLES 200      /* each is locked by every lane */
#define PATTERN_BYTES 60000  /* of one argument: the kernel takes 128 KiB */

/* $1: least bytes, $2: how many, $3: unlogged tables, too */
static const char candidates_sql[] =
    "WITH RECURSIVE unsafe(root) AS ("
    /* rows of these are sorted by values that another database may hash differently: loaded through the root */
    " SELECT p.partrelid FROM pg_catalog.pg_partitioned_table p"
    " WHERE (SELECT o.oid FROM pg_catalog.pg_opclass o JOIN pg_catalog.pg_am a ON o.opcmethod = a.oid"
    "  WHERE o.opcname = 'enum_ops' AND o.opcnamespace = 'pg_catalog'::pg_catalog.regnamespace AND a.amname = 'hash') = ANY (p.partclass)"
    " UNION SELECT i.inhrelid FROM pg_catalog.pg_inherits i JOIN unsafe ON i.inhparent = unsafe.root),"
    " big AS (SELECT c.oid, n.nspname, c.relname, pg_catalog.pg_table_size(c.oid) AS bytes, pg_catalog.pg_relation_size(c.oid) AS heap"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_am m ON m.oid = c.relam"
    " WHERE c.relkind = 'r' AND m.amname = 'heap' AND (c.relpersistence = 'p' OR (c.relpersistence = 'u' AND $3::boolean))"
    " AND n.nspname !~ '^pg_' AND n.nspname <> 'information_schema'"
    " AND c.oid NOT IN (SELECT root FROM unsafe)"
    " AND NOT EXISTS (SELECT FROM pg_catalog.pg_depend d WHERE d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.objid = c.oid AND d.objsubid = 0 AND d.deptype = 'e')"
    " AND EXISTS (SELECT FROM pg_catalog.pg_attribute a WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = ''))"
    " SELECT oid, pg_catalog.format('%I.%I', nspname, relname), bytes, heap / pg_catalog.current_setting('block_size')::int8"
    " FROM big WHERE bytes >= $1::int8 ORDER BY bytes DESC, oid LIMIT $2::int";

/* $1: oids; in the encoding of the dump */
static const char columns_sql[] =
    "SELECT c.oid, n.nspname, c.relname, pg_catalog.format('%I.%I', n.nspname, c.relname),"
    " (SELECT pg_catalog.string_agg(pg_catalog.quote_ident(a.attname), ', ' ORDER BY a.attnum) FROM pg_catalog.pg_attribute a"
    "  WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '')"
    " FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = ANY ($1::oid[])";

static uint64_t number(const char *s)
{
    int64_t n = 0;
    return s && !pab_parse_int(s, &n) && n > 0 ? (uint64_t)n : 0;
}

static void add_tables(struct pg_tables *t, PGresult *res)
{
    for (int i = 0; i < PQntuples(res); i++) {
        struct pg_table one = { .oid = pab_strdup(PQgetvalue(res, i, 0)), .lock_name = pab_strdup(PQgetvalue(res, i, 1)),
                                .bytes = number(PQgetvalue(res, i, 2)), .pages = number(PQgetvalue(res, i, 3)) };
        PAB_PUSH(t, one);
    }
}

static int add_columns(struct pg_dump_run *r, PGconn *conn, struct pab_error *err)
{
    struct pab_buf oids = PAB_BUF_INIT(0);
    CLEANUP_RESULT PGresult *res = NULL;
    for (size_t i = 0; i < r->tables.count; i++) pab_buf_addf(&oids, "%s%s", i ? "," : "{", r->tables.items[i].oid);
    pab_buf_adds(&oids, "}");
    int rc = pg_execf(r->call, conn, err, "SET client_encoding = '%s'", r->db->encoding);
    if (!rc) rc = pg_query(r->call, conn, &res, err, columns_sql, pab_buf_str(&oids), PG_END);
    if (!rc) rc = pg_exec(r->call, conn, "SET client_encoding = 'UTF8'", NULL, err);
    pab_buf_release(&oids);
    if (rc) return rc;
    for (int k = 0; k < PQntuples(res); k++) {
        for (size_t i = 0; i < r->tables.count; i++) {
            struct pg_table *t = &r->tables.items[i];
            if (strcmp(t->oid, PQgetvalue(res, k, 0)) != 0 || !pg_cell(res, k, 4)) continue;
            t->schema = pab_strdup(PQgetvalue(res, k, 1));
            t->name = pab_strdup(PQgetvalue(res, k, 2));
            t->sql_name = pab_strdup(PQgetvalue(res, k, 3));
            t->label = pg_display(t->sql_name);
            t->columns = pab_strdup(PQgetvalue(res, k, 4));
        }
    }
    return PAB_OK;
}

static void release_table(struct pg_table *t)
{
    free(t->oid);
    free(t->schema);
    free(t->name);
    free(t->lock_name);
    free(t->label);
    free(t->sql_name);
    free(t->columns);
}

void pg_tables_release(struct pg_tables *t)
{
    for (size_t i = 0; i < t->count; i++) release_table(&t->items[i]);
    free(t->items);
    *t = (struct pg_tables){ 0 };
}

int pg_candidates(struct pg_dump_run *r, PGconn *conn, struct pab_error *err)
{
    if (r->call->version < 120000) return PAB_OK; /* generated columns and access methods came with 12: older ones are all pg_dump's */
    char least[24], most[24];
    CLEANUP_RESULT PGresult *res = NULL;
    snprintf(least, sizeof least, "%llu", (unsigned long long)r->call->pg->copy_threshold);
    snprintf(most, sizeof most, "%d", MOST_TABLES);
    if (pg_query(r->call, conn, &res, err, candidates_sql, least, most, r->call->standby ? "false" : "true", PG_END)) return err->code;
    add_tables(&r->tables, res);
    return r->tables.count ? add_columns(r, conn, err) : PAB_OK;
}

/* A name inside double quotes of a pattern: every character stands for itself. */
static void add_quoted(struct pab_buf *b, const char *name)
{
    pab_buf_addc(b, '"');
    for (; *name; name++) {
        if (*name == '"') pab_buf_addc(b, '"');
        pab_buf_addc(b, *name);
    }
    pab_buf_addc(b, '"');
}

void pg_exclude_patterns(const struct pg_tables *t, struct pab_strs *ret)
{
    unsigned char *done = pab_alloc(t->count + 1);
    for (size_t i = 0; i < t->count; i++) {
        if (done[i]) continue;
        struct pab_buf b = PAB_BUF_INIT(0);
        pab_buf_adds(&b, "--exclude-table-data=");
        add_quoted(&b, t->items[i].schema);
        pab_buf_adds(&b, ".(");
        for (size_t k = i; k < t->count && b.size < PATTERN_BYTES; k++) {
            if (done[k] || strcmp(t->items[k].schema, t->items[i].schema) != 0) continue;
            if (k > i) pab_buf_addc(&b, '|');
            add_quoted(&b, t->items[k].name);
            done[k] = 1;
        }
        pab_buf_addc(&b, ')');
        pab_strs_add(ret, b.data);
        pab_buf_release(&b);
    }
    free(done);
}
