/* chains.c - which backups of a list want for one that they continue; see store.h. */
#include <string.h>
#include "core/store/store.h"

struct place { const char *name; size_t at; };
struct chains {
    const struct pab_backup_list *l;
    struct place *by_name;
    const char **flaws;
    unsigned char *known;
};

static int compare_names(const void *a, const void *b)
{
    return strcmp(((const struct place *)a)->name, ((const struct place *)b)->name);
}

static size_t find(const struct chains *c, const char *name)
{
    const struct place *found = bsearch(&(struct place){ .name = name }, c->by_name, c->l->count, sizeof *c->by_name, compare_names);
    return found ? found->at : c->l->count;
}

/* What is wrong with the step from i to its parent; NULL: nothing, and *ret is that parent, or i itself where there is none. */
static const char *step(const struct chains *c, size_t i, size_t *ret)
{
    const struct pab_manifest *m = &c->l->items[i].manifest;
    *ret = i;
    if (!c->l->items[i].readable || !m->parent) return NULL;
    size_t p = find(c, m->parent);
    if (p == c->l->count) return "its parent is missing";
    if (!c->l->items[p].readable) return "its parent cannot be read";
    if (*m->parent_id && strcmp(c->l->items[p].manifest.id, m->parent_id) != 0) return "its parent is another one of that name";
    *ret = p;
    return NULL;
}

/* Up to where the answer is known, and the same for all on the way: each is looked at once, however long chains are. */
static void follow(struct chains *c, size_t from)
{
    size_t i = from, next;
    const char *flaw = NULL;
    for (size_t steps = 0; !c->known[i]; steps++) {
        flaw = steps > c->l->count ? "it continues itself" : step(c, i, &next);
        if (flaw || next == i) break;
        i = next;
    }
    if (c->known[i]) flaw = c->flaws[i];
    size_t end = i;
    for (i = from; !c->known[i]; i = next) {
        c->known[i] = 1;
        c->flaws[i] = flaw;
        if (i == end || step(c, i, &next)) break;
    }
}

const char **pab_backup_list_flaws(const struct pab_backup_list *l)
{
    struct chains c = { .l = l };
    c.by_name = pab_alloc_array(l->count + 1, sizeof *c.by_name);
    c.flaws = pab_alloc_array(l->count + 1, sizeof *c.flaws);
    c.known = pab_alloc_array(l->count + 1, sizeof *c.known);
    for (size_t i = 0; i < l->count; i++) c.by_name[i] = (struct place){ l->items[i].name, i };
    qsort(c.by_name, l->count, sizeof *c.by_name, compare_names);
    for (size_t i = 0; i < l->count; i++) follow(&c, i);
    free(c.by_name);
    free(c.known);
    return c.flaws;
}
