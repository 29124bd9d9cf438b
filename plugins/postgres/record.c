/* record.c - what the manifest says of an artifact: facts, counts of rows. */
#include <string.h>
#include "plugins/postgres/pg.h"

const char *pg_fact(const struct pab_artifact_info *a, const char *key)
{
    for (uint64_t i = 0; i < a->fact_count; i++) {
        if (strcmp(a->facts[i].key, key) == 0) return a->facts[i].value;
    }
    return NULL;
}

int pg_count(const struct pab_artifact_info *a, const char *key, uint64_t *ret)
{
    int64_t n;
    for (uint64_t i = 0; i < a->count_count; i++) {
        if (strcmp(a->counts[i].key, key) != 0) continue;
        if (pab_parse_int(a->counts[i].value, &n) || n < 0) return -1;
        *ret = (uint64_t)n;
        return 0;
    }
    return -1;
}

void pg_rowcounts_add(struct pg_rowcounts *v, const char *label, uint64_t rows)
{
    struct pg_rowcount one = { .label = pab_strdup(label), .rows = rows };
    PAB_PUSH(v, one);
}

static int by_label(const void *a, const void *b)
{
    return strcmp(((const struct pg_rowcount *)a)->label, ((const struct pg_rowcount *)b)->label);
}

void pg_rowcounts_settle(struct pg_rowcounts *v)
{
    size_t kept = 0;
    if (!v->count) return;
    qsort(v->items, v->count, sizeof *v->items, by_label);
    for (size_t i = 1; i < v->count; i++) {
        if (strcmp(v->items[kept].label, v->items[i].label) == 0) {
            v->items[kept].rows += v->items[i].rows;
            free(v->items[i].label);
        } else {
            v->items[++kept] = v->items[i];
        }
    }
    v->count = kept + 1;
}

const struct pg_rowcount *pg_rowcounts_find(const struct pg_rowcounts *v, const char *label)
{
    struct pg_rowcount key = { .label = (char *)(uintptr_t)label };
    return v->count ? bsearch(&key, v->items, v->count, sizeof *v->items, by_label) : NULL;
}

void pg_rowcounts_release(struct pg_rowcounts *v)
{
    for (size_t i = 0; i < v->count; i++) free(v->items[i].label);
    free(v->items);
    *v = (struct pg_rowcounts){ 0 };
}
