/* analyze.c - statistics of all tables by vacuumdb, but for those that have them already (early.c). */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/back.h"

#define NAMES_BYTES 60000 /* the kernel takes more, but then most of the work is in tables that are not done yet */

/* Those that were analyzed before CREATE STATISTICS was said for them, or before tables that inherit from them were loaded, are
 * not done. */
static const char tables_sql[] =
    "SELECT pg_catalog.format('%%I.%%I', n.nspname, c.relname), c.relhassubclass OR %s FROM pg_catalog.pg_class c JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.relkind IN ('r', 'm') AND c.relpersistence <> 't' ORDER BY c.relpages DESC, 1";

/* As arguments of vacuumdb; none: all tables. */
static int choose_tables(struct pg_back *b, struct pab_strs *ret, struct pab_error *err)
{
    CLEANUP_CONN PGconn *conn = NULL;
    CLEANUP_RESULT PGresult *r = NULL;
    const char *encoding = pg_fact(b->sql, PG_FACT_ENCODING); /* in which vacuumdb takes the names */
    size_t bytes = 0, done = 0;
    if (!b->early || !encoding || strcmp(encoding, "UTF8") != 0) return PAB_OK;
    CLEANUP_FREE char *sql = pab_sprintf(tables_sql, b->call->version < 100000 ? "false" : "EXISTS (SELECT FROM pg_catalog.pg_statistic_ext s WHERE s.stxrelid = c.oid)");
    if (pg_connect(b->call, b->fresh, &conn, err) || pg_exec(b->call, conn, sql, &r, err)) return err->code;
    for (int i = 0; i < PQntuples(r); i++) {
        int is_done = *pg_cell(r, i, 1) != 't' && pg_early_analyzed(b->early, pg_cell(r, i, 0));
        done += (size_t)is_done;
        if (is_done) continue;
        CLEANUP_FREE char *arg = pab_sprintf("--table=%s", pg_cell(r, i, 0));
        pab_strs_add(ret, arg);
        bytes += strlen(arg) + 1;
    }
    if (!done || bytes > NAMES_BYTES) pab_strs_release(ret);
    return PAB_OK;
}

int pg_analyze(struct pg_back *b, struct pab_error *err)
{
    char jobs[24];
    struct pab_strs argv = { 0 };
    const char *const fixed[] = { "vacuumdb", "--analyze-only", "--quiet", jobs };
    snprintf(jobs, sizeof jobs, "--jobs=%d", b->call->pg->jobs);
    struct pab_strs tables = { 0 };
    int rc = choose_tables(b, &tables, err);
    for (size_t i = 0; i < sizeof fixed / sizeof *fixed; i++) pab_strs_add(&argv, fixed[i]);
    for (size_t i = 0; i < tables.count; i++) pab_strs_add(&argv, tables.items[i]);
    CLEANUP_FREE char *what = pab_sprintf("ANALYZE of '%s'", b->from);
    if (!rc) rc = pg_back_tool(b, (const char *const *)argv.items, what, err);
    pab_strs_release(&tables);
    pab_strs_release(&argv);
    return rc;
}
