/* hashes.c - see hashes.h. Open addressing; 0 marks a free place. */
#include "core/tree/hashes.h"

#include <stdlib.h>
#include "core/base/alloc.h"

uint64_t pab_hash_text(const char *s)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325); /* FNV-1a */
    for (; *s; s++) h = (h ^ (unsigned char)*s) * UINT64_C(0x100000001b3);
    return h ? h : 1;
}

static void put(uint64_t *items, size_t size, uint64_t v)
{
    size_t i = v & (size - 1);
    while (items[i] && items[i] != v) i = (i + 1) & (size - 1);
    items[i] = v;
}

void pab_hashes_add(struct pab_hashes *h, uint64_t v)
{
    if (h->used == PAB_HASHES_MAX / 4 * 3) return;
    if (4 * (h->used + 1) > 3 * h->size) {
        size_t size = h->size ? h->size * 2 : 256;
        uint64_t *items = pab_try_alloc(size * sizeof *items);
        if (!items) return;
        for (size_t i = 0; i < size; i++) items[i] = 0;
        for (size_t i = 0; i < h->size; i++)
            if (h->items[i]) put(items, size, h->items[i]);
        free(h->items);
        h->items = items;
        h->size = size;
    }
    put(h->items, h->size, v);
    h->used++;
}

int pab_hashes_has(const struct pab_hashes *h, uint64_t v)
{
    if (!h->size) return 0;
    for (size_t i = v & (h->size - 1); h->items[i]; i = (i + 1) & (h->size - 1))
        if (h->items[i] == v) return 1;
    return 0;
}

void pab_hashes_release(struct pab_hashes *h)
{
    free(h->items);
    *h = (struct pab_hashes){ 0 };
}
