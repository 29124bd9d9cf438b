/* fill.c - the rows of the big tables: every block of the .sql artifact that is not pg_dump's is one COPY of its own (rows.c).
 *
 * A table that is no more than the share of one core is loaded by one connection, in a transaction that truncates it first: then
 * the server writes its rows frozen (COPY FREEZE), and neither the building of indexes nor a later VACUUM writes them again;
 * with wal_level minimal it also leaves out the WAL.  The blocks of larger tables go over whatever connection is free.
 *
 * While some tables are still being loaded, those that are complete get their indexes (early.c). */
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include "plugins/postgres/back.h"

#define WIDE 2000      /* bytes of a row from which the server compresses it (TOAST), */
#define WIDE_TAKES 3   /* which takes so many times as long as just storing it */

struct table {
    const char *name;
    uint64_t bytes, rows, cost;
    struct { uint64_t *items; size_t count, capacity; } blocks;
    size_t left;
};

/* What a connection loads at once: a table, or one block of one. */
struct unit { struct table *table; uint64_t block; int whole; };

/* What it does at once: a unit, or without one something for a table that is complete. */
struct work { const struct unit *unit; struct pg_early_job job; };

struct pg_fill {
    struct pg_back *b;
    struct pab_reader *reader;
    struct { struct table *items; size_t count, capacity; } tables;
    struct { struct unit *items; size_t count, capacity; } units;
    pthread_mutex_t lock;              /* of all below, of the reader and of b->early */
    pthread_cond_t changed;
    size_t next;
    int busy, stopped;                 /* lanes that have work; no more is given out */
    struct pab_error error;            /* the first one */
    int lanes;
    struct lane { struct pg_fill *fill; struct pg_rows rows; pthread_t thread; int started; } *lane;
};

static void fail(struct pg_fill *f, const struct pab_error *err)
{
    pthread_mutex_lock(&f->lock);
    if (!f->error.code) f->error = *err;
    pthread_mutex_unlock(&f->lock);
    pg_fill_stop(f);
}

void pg_fill_stop(struct pg_fill *f)
{
    pthread_mutex_lock(&f->lock);
    f->stopped = 1;
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
    if (eventfd_write(f->b->call->stop_fd, 1)) return; /* it is readable already */
}

/* ---- one unit */
static int copy_block(struct lane *l, uint64_t block, int freeze, struct pab_error *err)
{
    const struct pab_host *h = l->fill->b->call->op->host;
    struct pab_block_info info = { .struct_size = sizeof info };
    struct pab_reader *r = NULL;
    pthread_mutex_lock(&l->fill->lock);
    int rc = h->block_info(l->fill->reader, block, &info);
    if (!rc) rc = h->block_open(l->fill->reader, block, &r);
    pthread_mutex_unlock(&l->fill->lock);
    if (rc) return pg_host_failed(err, "the backup could not be read");
    rc = pg_rows_copy(&l->rows, r, &info, freeze, err);
    h->artifact_close(r);
    return rc;
}

static int copy_table(struct lane *l, const struct table *t, struct pab_error *err)
{
    struct pg_call *c = l->fill->b->call;
    if (pg_execf(c, l->rows.conn, err, "BEGIN; TRUNCATE TABLE ONLY %s", t->name)) return err->code;
    for (size_t i = 0; i < t->blocks.count; i++) {
        if (copy_block(l, t->blocks.items[i], 1, err)) return err->code;
    }
    return pg_exec(c, l->rows.conn, "COMMIT", NULL, err);
}

/* ---- lanes */
/* What is complete comes first, while its pages are still in memory; but the last tables are begun before that: else one of
 * them would be loaded alone in the end, with cores that have nothing to do. */
static int choose(struct pg_fill *f, struct work *ret)
{
    size_t left = f->units.count - f->next;
    *ret = (struct work){ 0 };
    if ((!left || left >= (size_t)f->lanes) && pg_early_next(f->b->early, &ret->job)) {
        ret->job.cores_taken = f->busy + 1 >= (int)pab_cpu_count();
        return 1;
    }
    if (left) ret->unit = &f->units.items[f->next++];
    return left != 0;
}

/* 0: there is none, and none will come. */
static int take_work(struct pg_fill *f, struct work *ret)
{
    int found = 0;
    pthread_mutex_lock(&f->lock);
    while (!f->stopped && !(found = choose(f, ret)) && f->busy) pthread_cond_wait(&f->changed, &f->lock);
    f->busy += found;
    pthread_mutex_unlock(&f->lock);
    return found;
}

static int do_work(struct lane *l, const struct work *w, struct pab_error *err)
{
    const struct unit *u = w->unit;
    struct pg_back *b = l->fill->b;
    int rc = !u ? pg_early_run(b, &w->job, l->rows.conn, err) : u->whole ? copy_table(l, u->table, err) : copy_block(l, u->block, 0, err);
    if (rc && err->code != PAB_E_CANCELLED) pab_error_prefix(err, "table %s of '%s'", u ? u->table->name : w->job.table, b->from);
    return rc;
}

static void end_work(struct pg_fill *f, const struct work *w)
{
    pthread_mutex_lock(&f->lock);
    f->busy--;
    if (!w->unit) pg_early_done(f->b->early, &w->job);
    else if (!(w->unit->table->left -= w->unit->whole ? w->unit->table->left : 1)) pg_early_loaded(f->b, w->unit->table->name, w->unit->table->bytes);
    pthread_cond_broadcast(&f->changed);
    pthread_mutex_unlock(&f->lock);
}

static void *lane_main(void *arg)
{
    struct lane *l = arg;
    struct pab_error err = { 0 };
    struct work w;
    while (!err.code && take_work(l->fill, &w)) {
        if (!do_work(l, &w, &err)) end_work(l->fill, &w);
    }
    if (err.code) fail(l->fill, &err);
    if (PQtransactionStatus(l->rows.conn) == PQTRANS_ACTIVE) pg_stop_query(l->rows.conn);
    return NULL;
}

/* ---- who loads what */
static struct table *table_of(struct pg_fill *f, const char *name)
{
    for (size_t i = f->tables.count; i--;) { /* blocks of a table lie near each other */
        if (strcmp(f->tables.items[i].name, name) == 0) return &f->tables.items[i];
    }
    struct table one = { .name = name };
    PAB_PUSH(&f->tables, one);
    return &f->tables.items[f->tables.count - 1];
}

static int longest_first(const void *a, const void *b)
{
    const struct table *x = a, *y = b;
    return x->cost < y->cost ? 1 : x->cost > y->cost ? -1 : strcmp(x->name, y->name);
}

/* A label that is not as SQL writes the name (it was in no encoding that we know) cannot be truncated by it. */
static int is_usual(const struct table *t) { return !strchr(t->name, '\\'); }

/* There is one connection more than cores: what one of them loads meanwhile is the share of a core, not of a connection. */
static uint64_t share(const struct pg_fill *f, uint64_t total)
{
    uint64_t jobs = (uint64_t)f->b->call->pg->jobs, cores = pab_cpu_count();
    return total / (jobs < cores ? jobs : cores);
}

static void add_units(struct pg_fill *f, uint64_t most)
{
    for (int whole = 1; whole >= 0; whole--) { /* single blocks fill what is left at the end */
        for (size_t i = 0; i < f->tables.count; i++) {
            struct table *t = &f->tables.items[i];
            int alone = is_usual(t) && (t->cost <= most || t->blocks.count == 1);
            if (alone != whole) continue;
            for (size_t k = 0; k < (whole ? 1 : t->blocks.count); k++) {
                struct unit u = { .table = t, .block = t->blocks.items[k], .whole = whole };
                PAB_PUSH(&f->units, u);
            }
        }
    }
}

static int plan(struct pg_fill *f, struct pab_error *err)
{
    const struct pab_host *h = f->b->call->op->host;
    uint64_t total = 0, largest = 0, n = h->block_count(f->reader);
    for (uint64_t i = 0; i < n; i++) {
        struct pab_block_info info = { .struct_size = sizeof info };
        if (h->block_info(f->reader, i, &info)) return pg_host_failed(err, "the backup could not be read");
        if (*info.name == '@') continue;
        struct table *t = table_of(f, info.name);
        PAB_PUSH(&t->blocks, i);
        t->left++;
        t->bytes += info.content_size;
        t->rows += info.rows;
    }
    for (size_t i = 0; i < f->tables.count; i++) {
        struct table *t = &f->tables.items[i];
        t->cost = t->bytes / WIDE > t->rows ? t->bytes * WIDE_TAKES : t->bytes;
        total += t->cost;
        if (t->bytes > largest) largest = t->bytes;
    }
    if (f->tables.count) qsort(f->tables.items, f->tables.count, sizeof *f->tables.items, longest_first);
    add_units(f, share(f, total));
    return pg_early_read(f->b, largest, err);
}

int pg_fill_start(struct pg_back *b, struct pg_fill **ret, struct pab_error *err)
{
    const struct pab_host *h = b->call->op->host;
    struct pg_fill *f = *ret = pab_alloc(sizeof *f);
    *f = (struct pg_fill){ .b = b, .lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER };
    if (h->artifact_open(b->call->op, b->sql_index, PAB_OPEN_DATA, &f->reader)) return pg_host_failed(err, "the backup could not be read");
    if (plan(f, err)) return err->code;
    size_t most = f->units.count + (f->units.count ? pg_early_count(b->early) : 0);
    f->lanes = most < (size_t)b->call->pg->jobs ? (int)most : b->call->pg->jobs;
    f->lane = pab_alloc_array((size_t)f->lanes + 1, sizeof *f->lane);
    for (int i = 0; i < f->lanes; i++) {
        f->lane[i].fill = f;
        if (pg_rows_open(b, &f->lane[i].rows, err)) return err->code;
    }
    for (int i = 0; i < f->lanes; i++) {
        if (pthread_create(&f->lane[i].thread, NULL, lane_main, &f->lane[i])) return pab_error_set(err, PAB_E_NOMEM, 0, "cannot start a thread");
        f->lane[i].started = 1;
    }
    return PAB_OK;
}

int pg_fill_finish(struct pg_fill *f, struct pab_error *err)
{
    if (!f) return PAB_OK;
    for (int i = 0; i < f->lanes; i++) {
        if (f->lane[i].started) pthread_join(f->lane[i].thread, NULL);
    }
    for (int i = 0; i < f->lanes; i++) pg_rows_close(&f->lane[i].rows);
    f->b->call->op->host->artifact_close(f->reader);
    pthread_cond_destroy(&f->changed);
    pthread_mutex_destroy(&f->lock);
    int rc = f->error.code;
    if (rc && err) *err = f->error;
    for (size_t i = 0; i < f->tables.count; i++) free(f->tables.items[i].blocks.items);
    free(f->tables.items);
    free(f->units.items);
    free(f->lane);
    free(f);
    return rc;
}
