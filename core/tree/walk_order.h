/* walk_order.h - which folder and which names come next. */
#ifndef PAB_TREE_WALK_ORDER_H
#define PAB_TREE_WALK_ORDER_H

#include "core/tree/walk.h"

/* The walk's root as the first batch. */
int pab_walk_start(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err);
/* Fills the empty slot with the next batch: PAB_OK, or PAB_END when there is none. */
int pab_walk_next(struct pab_walker *w, struct pab_wslot *s);
/* Lets go of the folders that the batch is in; it is empty then. */
void pab_walk_clear(struct pab_wslot *s);
/* Takes the patterns apart; they are the walk's. */
void pab_walk_order_begin(struct pab_walker *w);
void pab_walk_order_release(struct pab_walker *w);

#endif
