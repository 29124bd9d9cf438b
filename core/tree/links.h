/* links.h - which files with several names were already written, and under which: by device and inode.
 * Bounded: over PAB_LINKS_MEMORY it takes in no more, and later names of a file become files of their own. */
#ifndef PAB_TREE_LINKS_H
#define PAB_TREE_LINKS_H

#include <stdint.h>

#define PAB_LINKS_MEMORY (8u << 20)

struct pab_links;
struct pab_links *pab_links_new(void);
void pab_links_free(struct pab_links *l);
/* The path under which it was added, into the table's own scratch until the next call; NULL: not there. */
const char *pab_links_find(struct pab_links *l, uint64_t device, uint64_t inode);
/* 0, or -1 when the table is full. */
int pab_links_add(struct pab_links *l, uint64_t device, uint64_t inode, const char *path);

#endif
