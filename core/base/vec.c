/* vec.c - see vec.h. */
#include "core/base/vec.h"

#include <stdlib.h>

void pab_strs_add(struct pab_strs *v, const char *s)
{
    PAB_PUSH(v, pab_strdup(s));
    PAB_PUSH(v, NULL); /* makes room for the end mark without counting it */
    v->count--;
}

void pab_strs_release(struct pab_strs *v)
{
    for (size_t i = 0; i < v->count; i++) free(v->items[i]);
    free(v->items);
    *v = (struct pab_strs){ 0 };
}
