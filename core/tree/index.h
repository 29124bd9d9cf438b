/* index.h - the entries of an mtree index, one after the other. */
#ifndef PAB_TREE_INDEX_H
#define PAB_TREE_INDEX_H

#include "core/stream/reader.h"

struct pab_index;
void pab_index_new(struct pab_source *s, struct pab_index **ret);
void pab_index_free(struct pab_index *x);
/* *e lives until the next call. PAB_OK, PAB_END or a code. */
int pab_index_next(struct pab_index *x, struct pab_entry *e, struct pab_error *err);

#endif
