/* extract_special.h - links, fifos and devices. */
#ifndef PAB_TREE_EXTRACT_SPECIAL_H
#define PAB_TREE_EXTRACT_SPECIAL_H

#include "core/tree/extract.h"

/* SYMLINK, FIFO, CHAR, BLOCK. */
int pab_x_special(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const struct pab_entry *e, struct pab_error *err);
/* target: the earlier path below the destination; NULL when it is not restored. A new name of what lies there (a symbolic
 * link too, which is not followed). */
int pab_x_hardlink(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const struct pab_entry *e, const char *target, struct pab_error *err);

#endif
