/* vec.h - typed growable arrays.
 *
 *     struct { char **items; size_t count, capacity; } names = { 0 };
 *     PAB_PUSH(&names, pab_strdup("a"));
 *     ... names.items[i] ...; free(names.items);
 */
#ifndef PAB_BASE_VEC_H
#define PAB_BASE_VEC_H

#include "core/base/alloc.h"

#define PAB_PUSH(v, item)                                                                        \
    do {                                                                                         \
        if ((v)->count == (v)->capacity) {                                                       \
            (v)->capacity = (v)->capacity ? (v)->capacity * 2 : 8;                               \
            (v)->items = pab_realloc_array((v)->items, (v)->capacity, sizeof *(v)->items);       \
        }                                                                                        \
        (v)->items[(v)->count++] = (item);                                                       \
    } while (0)

/* NULL-terminated list of strings that owns its memory. */
struct pab_strs { char **items; size_t count, capacity; };
void pab_strs_add(struct pab_strs *v, const char *s);   /* copies; items[count] stays NULL */
int pab_strs_has(const struct pab_strs *v, const char *s);
void pab_strs_release(struct pab_strs *v);

#endif
