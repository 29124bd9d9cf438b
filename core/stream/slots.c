/* slots.c - the memory of chunks, kept for reuse; see works.h. */
#include "core/base/alloc.h"
#include "core/stream/works.h"
#include "core/stream/writer.h"

/* A slot on the shelf holds the pointer to the next one. */

static void *pop(struct pab_shelf *shelf)
{
    void **slot = shelf->first;
    if (slot) shelf->first = *slot;
    return slot;
}

static struct pab_shelf *shelf_of(struct pab_works *k, size_t size)
{
    struct pab_shelf *shelf = k->shelves;
    while (shelf->size && shelf->size != size) shelf++;
    shelf->size = size;
    return shelf;
}

void pab_slots_drop(struct pab_works *k, uint64_t limit)
{
    for (struct pab_shelf *s = k->shelves; s < k->shelves + PAB_SLOT_SIZES; s++) {
        while (s->first && k->slots > limit) {
            pab_pages_free(pop(s), s->size);
            k->slots -= s->size;
        }
    }
}

void *pab_slot_take(struct pab_works *k, size_t size)
{
    void *slot = pop(shelf_of(k, size));
    if (slot) return slot;
    pab_slots_drop(k, PAB_WRITER_MEMORY - size); /* idle ones of other sizes make room */
    slot = pab_try_pages(size);
    if (!slot) return NULL;
    k->slots += size;
    if (k->slots > k->slots_peak) k->slots_peak = k->slots;
    return slot;
}

void pab_slot_give(struct pab_works *k, void *slot, size_t size)
{
    if (!slot) return;
    struct pab_shelf *shelf = shelf_of(k, size);
    *(void **)slot = shelf->first;
    shelf->first = slot;
    pab_slots_drop(k, PAB_WRITER_MEMORY);
}
