/* listing.h - the names in a folder, sorted by their bytes, folders apart from the rest, in little memory.
 *
 * A folder with more names than the budget comes in several runs, each sorted by itself: `more` says that another
 * pab_listing_read on the same fd gives the next one.  Within a run no name is in both lists.
 */
#ifndef PAB_TREE_LISTING_H
#define PAB_TREE_LISTING_H

#include <stddef.h>
#include <stdint.h>

#define PAB_LISTING_BUDGET (6u << 20)  /* bytes of names in one run */

struct pab_names {
    char *bytes;              /* of each: its d_type, the name, a NUL */
    size_t size, capacity;
    uint32_t *items;          /* offsets, sorted */
    size_t count, items_capacity;
};
struct pab_listing {
    struct pab_names others, dirs;
    int more;
};
/* Replaces the lists by the next run. A DT_UNKNOWN is looked up. 0, or -1 with errno (what was read stays). */
int pab_listing_read(struct pab_listing *l, int fd, size_t budget);
void pab_names_release(struct pab_names *n);
static inline const char *pab_names_get(const struct pab_names *n, size_t i) { return n->bytes + n->items[i] + 1; }
static inline unsigned char pab_names_type(const struct pab_names *n, size_t i) { return (unsigned char)n->bytes[n->items[i]]; }

#endif
