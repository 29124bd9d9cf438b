/* order.c - see order.h. */
#include "core/engine/order.h"

/* A plugin of several categories counts as the first of them; one that names none as a database. */
static int rank_of(const struct pab_instance *i)
{
    static const uint32_t ranks[] = { PAB_CAT_DATABASES, PAB_CAT_SERVICES, PAB_CAT_VOLUMES, PAB_CAT_CONFIG };
    int n = sizeof ranks / sizeof *ranks, r = 0;
    uint32_t categories = i->plugin->p.categories;
    while (r < n && !(categories & ranks[r])) r++;
    return r == n ? 0 : r;
}

void pab_order_targets(struct pab_instance *list, size_t count)
{
    for (size_t i = 1; i < count; i++) {
        struct pab_instance moved = list[i];
        size_t at = i;
        for (; at && rank_of(&list[at - 1]) > rank_of(&moved); at--) list[at] = list[at - 1];
        list[at] = moved;
    }
}
