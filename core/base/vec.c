/* vec.c - see vec.h. */
#include "core/base/vec.h"

#include <stdlib.h>
#include <string.h>

void pab_strs_add(struct pab_strs *v, const char *s)
{
    PAB_PUSH(v, pab_strdup(s));
    PAB_PUSH(v, NULL); /* makes room for the end mark without counting it */
    v->count--;
}

int pab_strs_has(const struct pab_strs *v, const char *s)
{
    for (size_t i = 0; i < v->count; i++)
        if (strcmp(v->items[i], s) == 0) return 1;
    return 0;
}

void pab_strs_release(struct pab_strs *v)
{
    for (size_t i = 0; i < v->count; i++) free(v->items[i]);
    free(v->items);
    *v = (struct pab_strs){ 0 };
}
