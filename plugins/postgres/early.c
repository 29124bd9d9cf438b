/* early.c - indexes, keys and ANALYZE of a big table as soon as its rows are in, while others are still being loaded: its
 * pages are in memory, and connections that wait for their disk leave cores to those that compute.
 *
 * What of the archive is for which table, its list of contents does not say: so indexes and constraints alone are turned
 * into text, whose statements come in the order of the list.  They themselves are made by pg_restore, one at a time, and
 * left out of what it does at the end; if an entry was taken for another table's, that costs time and nothing else.
 *
 * Expressions may call functions that read other tables, which may be empty yet: they wait for the end. */
#include <fcntl.h>
#include <string.h>
#include "plugins/postgres/back.h"
#include "plugins/postgres/sqlscan.h"

#define TEXT_MAX (64u << 20)
#define WORTH 8 /* thresholds: a program that is started for an index of less takes longer than the index */

enum state { LATER, WAITING, RUNNING, DONE };

struct entry { char *table; int is_constraint; enum state state; };
struct table { char *name; int running, alone; enum state analyze; };

struct pg_early {
    char *toc;
    struct { struct entry *items; size_t count, capacity; } entries; /* in the order of the list */
    struct { struct table *items; size_t count, capacity; } tables;  /* that are complete */
};

static int is_entry(const char *entry)
{
    return (pab_str_has_prefix(entry, "INDEX ") && !pab_str_has_prefix(entry, "INDEX ATTACH ")) || pab_str_has_prefix(entry, "CONSTRAINT ");
}

/* ---- what there is */
int pg_index_table(const char *s, const char **ret, size_t *ret_size)
{
    static const char *const begin[] = { "CREATE INDEX ", "CREATE UNIQUE INDEX ", "ALTER TABLE " };
    int which = 0;
    while (which < 3 && !pab_str_has_prefix(s, begin[which])) which++;
    if (which == 3 || (which == 2 && !strstr(s, "ADD CONSTRAINT "))) return -1;
    s += strlen(begin[which]);
    if (which < 2) {
        s += pg_name_length(s);
        if (!pab_str_has_prefix(s, " ON ")) return -1;
        s += strlen(" ON ");
    }
    if (pab_str_has_prefix(s, "ONLY ")) s += strlen("ONLY ");
    *ret = s;
    *ret_size = pg_name_length(s);
    return which == 2;
}

/* Nothing in it but columns: no parentheses in parentheses, no condition. */
int pg_index_is_plain(const char *s)
{
    int depth = 0;
    for (; *s; s++) {
        if (*s == '"') s += strcspn(s + 1, "\"") + 1; /* a doubled quote ends one name and begins the next */
        if (!*s) return 0;
        if (*s == '(' && depth++) return 0;
        depth -= *s == ')';
        if (pab_str_has_prefix(s, " WHERE ")) return 0;
    }
    return 1;
}

static int one_statement(void *ctx, const char *s, struct pab_error *err)
{
    struct pg_early *e = ctx;
    const char *name;
    size_t n;
    (void)err;
    int is_constraint = pg_index_table(s, &name, &n);
    if (is_constraint < 0) return PAB_OK;
    struct entry one = { .table = pab_strndup(name, n), .is_constraint = is_constraint, .state = pg_index_is_plain(s) ? WAITING : LATER };
    PAB_PUSH(&e->entries, one);
    return PAB_OK;
}

static int any_entry(void *ctx, const char *entry)
{
    size_t *listed = ctx;
    *listed += is_entry(entry);
    return is_entry(entry);
}

int pg_early_read(struct pg_back *b, uint64_t largest, struct pab_error *err)
{
    CLEANUP_FREE char *list = NULL, *text = NULL;
    size_t listed = 0;
    if (largest / WORTH < b->call->pg->copy_threshold) return PAB_OK;
    struct pg_early *e = b->early = pab_alloc(sizeof *e);
    int rc = b->list_path ? pab_read_file(AT_FDCWD, b->list_path, PG_TOC_MAX, &e->toc, NULL, err) : pg_toc_read(b, &e->toc, err);
    if (!rc) rc = pg_toc_narrow(b, e->toc, "indexes.list", any_entry, &listed, &list, err);
    if (!rc) rc = pg_toc_text(b, list, TEXT_MAX, &text, err);
    if (!rc) rc = pg_each_statement(text, one_statement, e, err);
    /* not one statement an entry: which is which is not known, and all of them wait for the end */
    if (!rc && listed != e->entries.count) pg_early_free(TAKE_PTR(b->early));
    return rc;
}

void pg_early_free(struct pg_early *e)
{
    if (!e) return;
    for (size_t i = 0; i < e->entries.count; i++) free(e->entries.items[i].table);
    for (size_t i = 0; i < e->tables.count; i++) free(e->tables.items[i].name);
    free(e->entries.items);
    free(e->tables.items);
    free(e->toc);
    free(e);
}

size_t pg_early_count(const struct pg_early *e) { return e ? e->entries.count : 0; }

/* ---- what is next */
/* Statistics of an expression come with its index. */
static enum state when_to_analyze(const struct pg_early *e, const char *table)
{
    for (size_t i = 0; i < e->entries.count; i++) {
        if (strcmp(e->entries.items[i].table, table) == 0 && e->entries.items[i].state == LATER) return LATER;
    }
    return WAITING;
}

void pg_early_loaded(struct pg_back *b, const char *table, uint64_t bytes)
{
    if (!b->early || bytes / WORTH < b->call->pg->copy_threshold || strchr(table, '\\')) return; /* a name in no encoding that we know */
    struct table t = { .name = pab_strdup(table), .analyze = when_to_analyze(b->early, table) };
    PAB_PUSH(&b->early->tables, t);
}

/* A constraint locks its table against everything else. */
static int choose_entry(const struct pg_early *e, const struct table *t, size_t *ret)
{
    int waiting = 0;
    for (size_t i = 0; i < e->entries.count; i++) {
        const struct entry *one = &e->entries.items[i];
        if (one->state != WAITING || strcmp(one->table, t->name) != 0) continue;
        waiting = 1;
        if (t->alone || (one->is_constraint && t->running)) continue;
        *ret = i;
        return 1;
    }
    return waiting ? 0 : -1;
}

int pg_early_next(struct pg_early *e, struct pg_early_job *ret)
{
    for (size_t i = 0; e && i < e->tables.count; i++) {
        struct table *t = &e->tables.items[i];
        size_t entry = PG_EARLY_ANALYZE;
        int found = choose_entry(e, t, &entry);
        if (!found || (found < 0 && (t->running || t->analyze != WAITING))) continue;
        *ret = (struct pg_early_job){ .table = t->name, .at = i, .entry = entry };
        if (found < 0) t->analyze = RUNNING;
        else {
            e->entries.items[entry].state = RUNNING;
            t->alone = e->entries.items[entry].is_constraint;
        }
        t->running++;
        return 1;
    }
    return 0;
}

void pg_early_done(struct pg_early *e, const struct pg_early_job *job)
{
    struct table *t = &e->tables.items[job->at];
    if (job->entry == PG_EARLY_ANALYZE) t->analyze = DONE;
    else e->entries.items[job->entry].state = DONE;
    t->running--;
    t->alone = 0;
}

/* ---- doing it */
struct pick { const struct pg_early *e; size_t at, only; };

static int is_this(void *ctx, const char *entry)
{
    struct pick *p = ctx;
    return is_entry(entry) && p->at++ == p->only;
}

static int is_left(void *ctx, const char *entry)
{
    struct pick *p = ctx;
    if (!is_entry(entry)) return 1;
    size_t i = p->at++;
    return i >= p->e->entries.count || p->e->entries.items[i].state != DONE;
}

int pg_early_run(struct pg_back *b, const struct pg_early_job *job, PGconn *conn, struct pab_error *err)
{
    if (job->entry == PG_EARLY_ANALYZE) return pg_execf(b->call, conn, err, "ANALYZE %s", job->table);
    struct pick p = { .only = job->entry };
    CLEANUP_FREE char *file = pab_sprintf("index-%zu.list", job->entry), *list = NULL;
    if (pg_toc_narrow(b, b->early->toc, file, is_this, &p, &list, err)) return err->code;
    struct pg_back here = *b;
    if (job->cores_taken && b->call->version >= 110000) here.settings = " -c max_parallel_maintenance_workers=0"; /* sorting alone takes less in all */
    int rc = pg_back_section(&here, "post-data", list, 1, err);
    pab_test_point("postgres-early");
    return rc;
}

int pg_early_rest(struct pg_back *b, char **ret_list, struct pab_error *err)
{
    struct pick p = { .e = b->early };
    return b->early ? pg_toc_narrow(b, b->early->toc, "rest.list", is_left, &p, ret_list, err) : PAB_OK;
}

int pg_early_analyzed(const struct pg_early *e, const char *table)
{
    for (size_t i = 0; e && i < e->tables.count; i++) {
        if (e->tables.items[i].analyze == DONE && strcmp(e->tables.items[i].name, table) == 0) return 1;
    }
    return 0;
}
