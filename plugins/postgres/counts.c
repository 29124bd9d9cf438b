/* counts.c - after the rows are in, and before anything hides or moves them: is every counted table as full as it was?
 * Tables of blocks were counted by the server as it took them (fill.c): they are not read again. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define AT_ONCE 100 /* tables in one statement */

struct counted { const char *table, *rows; };
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
        if (pab_parse_int(pg_cell(r, k, 0), &i) || i < 0 || (size_t)i >= n) continue;
        if (strcmp(pg_cell(r, k, 1), list[i].rows) == 0) continue;
        return pab_error_set(err, PAB_E_CORRUPT, 0, "table %s of '%s' has %s rows after it was loaded, %s were stored", list[i].table, b->from, pg_cell(r, k, 1), list[i].rows);
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
        struct counted one = { kv->key + strlen(PG_COUNT_TABLE), kv->value };
        if (strchr(one.table, '\\') || is_partitioned(roots, one.table) || is_filled(&filled, &one)) continue; /* a name in no encoding that we know */
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
    int rc = pg_exec(b->call, conn, "SET statement_timeout = 0; SET row_security = off", NULL, err);
    if (!rc) rc = read_roots(b, conn, &roots, err);
    if (!rc) rc = check_all(b, conn, &roots, err);
    pab_strs_release(&roots);
    return rc;
}
