/* split.c - cutting the tables into pieces of work. A scan of a range of pages goes through the executor and costs the
 * server a fifth more than COPY of a whole table: so only a table that would keep one lane busy after all others have
 * ended is cut. */
#include "plugins/postgres/dump.h"

#define SPLIT_LEAST (64u << 20) /* below this a cut gains nothing */

static int by_size(const void *a, const void *b)
{
    const struct pg_piece *x = a, *y = b;
    return x->bytes < y->bytes ? 1 : x->bytes > y->bytes ? -1 : 0;
}

static void add_parts(struct pg_table *t, uint64_t parts, struct pg_pieces *ret)
{
    for (uint64_t i = 0; i < parts; i++) {
        struct pg_piece p = { .table = t, .from = t->pages * i / parts, .to = i + 1 < parts ? t->pages * (i + 1) / parts : 0, .bytes = t->bytes / parts };
        PAB_PUSH(ret, p);
    }
}

void pg_split(struct pg_tables *t, int lanes, int splittable, struct pg_pieces *ret)
{
    uint64_t total = 0;
    for (size_t i = 0; i < t->count; i++) total += t->items[i].bytes;
    /* one lane more than cores is usual, so that the share is that of a core */
    uint64_t share = total / (uint64_t)(lanes > 2 ? lanes - 1 : lanes);
    for (size_t i = 0; i < t->count; i++) {
        struct pg_table *one = &t->items[i];
        uint64_t parts = 1;
        if (splittable && lanes > 1 && one->bytes > share && one->bytes >= SPLIT_LEAST) parts = (one->bytes + share - 1) / share;
        if (parts > (uint64_t)lanes) parts = (uint64_t)lanes;
        if (parts > one->pages) parts = one->pages ? one->pages : 1; /* few pages, much TOAST */
        if (parts < 2) {
            struct pg_piece whole = { .table = one, .bytes = one->bytes };
            PAB_PUSH(ret, whole);
        } else {
            add_parts(one, parts, ret);
        }
    }
    if (ret->count) qsort(ret->items, ret->count, sizeof *ret->items, by_size); /* the longest first */
}
