/* counts.c - after the rows are in, and before anything hides or moves them: is every counted table as full as it was?
 * Tables of blocks were counted by the server as it took them (fill.c): they are not read again.
 *
 * Tables of extensions are special: CREATE EXTENSION fills them, and pg_dump stores only the rows that the extension calls
 * the user's (pg_extension_config_dump).  So they are counted before the rows are loaded, too. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define AT_ONCE 100 /* tables in one statement */
#define UNKNOWN UINT64_MAX /* rows of a table whose triggers may do anything with what is loaded */

struct counted { const char *table, *rows; uint64_t before; };
struct pg_counted_list { struct counted *items; size_t count, capacity; };

static void add_query(struct pab_buf *sql, const struct counted *c, size_t i)
{
    pab_buf_addf(sql, "%sSELECT %zu AS i, pg_catalog.count(*) AS n FROM ONLY %s", i ? " UNION ALL " : "", i, c->table);
}

static int compare(struct pg_back *b, PGconn *conn, const struct counted *list, size_t n, struct pab_error *err)
{
    struct pab_buf sql = PAB_BUF_INIT(0);
    CLEANUP_RESULT PGresult *r = NULL;
    for (size_t i = 0; i < n; i++) add_query(&sql, &list[i], i);
    int rc = pg_exec(b->call, conn, pab_buf_str(&sql), &r, err);
    pab_buf_release(&sql);
    if (rc) return pab_error_prefix(err, "cannot count the rows of '%s'", b->from);
    for (int k = 0; k < PQntuples(r); k++) {
        int64_t i = -1;
        int64_t has = -1, want = -1;
        if (pab_parse_int(pg_cell(r, k, 0), &i) || i < 0 || (size_t)i >= n) continue;
        if (!pab_parse_int(pg_cell(r, k, 1), &has) && !pab_parse_int(list[i].rows, &want) && (uint64_t)has == (uint64_t)want + list[i].before) continue;
        CLEANUP_FREE char *own = list[i].before ? pab_sprintf(" beside %llu of its extension", (unsigned long long)list[i].before) : pab_strdup("");
        return pab_error_set(err, PAB_E_CORRUPT, 0, "table %s of '%s' has %s rows after it was loaded, %s were stored%s", list[i].table, b->from, pg_cell(r, k, 1), list[i].rows, own);
    }
    return PAB_OK;
}

/* Partitioned tables hold no rows themselves: theirs lie in the partitions, of which pg_dump loads some through the root. */
static int is_partitioned(const struct pab_strs *roots, const char *table)
{
    for (size_t i = 0; i < roots->count; i++) {
        if (strcmp(roots->items[i], table) == 0) return 1;
    }
    return 0;
}

static int read_roots(struct pg_back *b, PGconn *conn, struct pab_strs *ret, struct pab_error *err)
{
    CLEANUP_RESULT PGresult *r = NULL;
    if (b->call->version < 100000) return PAB_OK;
    if (pg_exec(b->call, conn, "SELECT pg_catalog.format('%I.%I', n.nspname, c.relname) "
                "FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace WHERE c.relkind = 'p'", &r, err)) return err->code;
    for (int i = 0; i < PQntuples(r); i++) pab_strs_add(ret, pg_cell(r, i, 0));
    return PAB_OK;
}

static int count_before(struct pg_back *b, PGconn *conn, const char *table, const char *has_triggers, struct pab_error *err)
{
    CLEANUP_FREE char *label = pg_display(table), *key = pab_sprintf(PG_COUNT_TABLE "%s", label), *sql = pab_sprintf("SELECT pg_catalog.count(*) FROM ONLY %s", table);
    CLEANUP_RESULT PGresult *r = NULL;
    uint64_t stored = 0;
    int64_t rows = 0;
    if (pg_count(b->sql, key, &stored)) return PAB_OK;
    if (*has_triggers == 't') rows = -1;
    else if (pg_exec(b->call, conn, sql, &r, err) || pab_parse_int(pg_cell(r, 0, 0), &rows)) return err->code;
    pg_rowcounts_add(&b->extension_rows, label, rows < 0 ? UNKNOWN : (uint64_t)rows);
    return PAB_OK;
}

int pg_counts_before(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_CONN PGconn *conn = NULL;
    CLEANUP_RESULT PGresult *r = NULL;
    if (pg_connect(b->call, b->fresh, &conn, err)) return err->code;
    int rc = pg_exec(b->call, conn, "SET row_security = off", NULL, err);
    if (!rc) rc = pg_exec(b->call, conn, "SELECT DISTINCT pg_catalog.format('%I.%I', n.nspname, c.relname),"
                          " EXISTS (SELECT FROM pg_catalog.pg_trigger t WHERE t.tgrelid = c.oid AND NOT t.tgisinternal) FROM pg_catalog.pg_class c"
                          " JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace JOIN pg_catalog.pg_depend d ON d.objid = c.oid AND d.objsubid = 0"
                          " WHERE c.relkind = 'r' AND d.classid = 'pg_catalog.pg_class'::pg_catalog.regclass AND d.deptype = 'e'", &r, err);
    for (int i = 0; !rc && i < PQntuples(r); i++) rc = count_before(b, conn, pg_cell(r, i, 0), pg_cell(r, i, 1), err);
    pg_rowcounts_settle(&b->extension_rows);
    return rc;
}

static int add_filled(struct pg_back *b, struct pg_rowcounts *ret, struct pab_error *err)
{
    const struct pab_host *h = b->call->op->host;
    struct pab_reader *r = NULL;
    if (h->artifact_open(b->call->op, b->sql_index, PAB_OPEN_DATA, &r)) return pg_host_failed(err, "the backup could not be read");
    int rc = PAB_OK;
    for (uint64_t i = 0; i < h->block_count(r) && !rc; i++) {
        struct pab_block_info info = { .struct_size = sizeof info };
        rc = h->block_info(r, i, &info);
        if (!rc && *info.name != '@') pg_rowcounts_add(ret, info.name, info.rows);
    }
    h->artifact_close(r);
    pg_rowcounts_settle(ret);
    return rc ? pg_host_failed(err, "the backup could not be read") : PAB_OK;
}

static int is_filled(const struct pg_rowcounts *filled, const struct counted *c)
{
    const struct pg_rowcount *f = pg_rowcounts_find(filled, c->table);
    int64_t rows = -1;
    return f && !pab_parse_int(c->rows, &rows) && (uint64_t)rows == f->rows;
}

static int check_all(struct pg_back *b, PGconn *conn, const struct pab_strs *roots, struct pab_error *err)
{
    struct pg_counted_list list = { 0 };
    struct pg_rowcounts filled = { 0 };
    int rc = add_filled(b, &filled, err);
    for (uint64_t i = 0; i < b->sql->count_count; i++) {
        const struct pab_kv *kv = &b->sql->counts[i];
        if (!pab_str_has_prefix(kv->key, PG_COUNT_TABLE)) continue;
        struct counted one = { kv->key + strlen(PG_COUNT_TABLE), kv->value, 0 };
        const struct pg_rowcount *of_extension = pg_rowcounts_find(&b->extension_rows, one.table);
        if (of_extension) one.before = of_extension->rows;
        if (one.before == UNKNOWN || strchr(one.table, '\\') || is_partitioned(roots, one.table) || is_filled(&filled, &one)) continue; /* a name in no encoding that we know */
        PAB_PUSH(&list, one);
    }
    for (size_t at = 0; at < list.count && !rc; at += AT_ONCE) rc = compare(b, conn, list.items + at, list.count - at < AT_ONCE ? list.count - at : AT_ONCE, err);
    free(list.items);
    pg_rowcounts_release(&filled);
    return rc;
}

int pg_counts_check(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_CONN PGconn *conn = NULL;
    struct pab_strs roots = { 0 };
    if (pg_connect(b->call, b->fresh, &conn, err)) return err->code;
    int rc = pg_exec(b->call, conn, "SET row_security = off", NULL, err);
    if (!rc) rc = read_roots(b, conn, &roots, err);
    if (!rc) rc = check_all(b, conn, &roots, err);
    pab_strs_release(&roots);
    return rc;
}
