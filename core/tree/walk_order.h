/* walk_order.h - which folder and which names come next. */
#ifndef PAB_TREE_WALK_ORDER_H
#define PAB_TREE_WALK_ORDER_H

#include "core/tree/walk.h"

/* The walk's root as the first batch. */
int pab_walk_start(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err);
/* Fills the slot with the next batch: PAB_OK, PAB_END when there is none, or a code. */
int pab_walk_next(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err);
void pab_wdir_unref(struct pab_wdir *d);
void pab_walk_order_release(struct pab_walker *w);

#endif
