/* index.h - the entries of an mtree index, one after the other. */
#ifndef PAB_TREE_INDEX_H
#define PAB_TREE_INDEX_H

#include "core/stream/reader.h"

struct pab_index;
void pab_index_new(struct pab_source *s, struct pab_index **ret);
void pab_index_free(struct pab_index *x);
/* *e lives until the next call. PAB_OK, PAB_END or a code. */
int pab_index_next(struct pab_index *x, struct pab_entry *e, struct pab_error *err);
/* Of the entry that came last: in which tar its header and its content are stored; 0 is the one beside the index, 1 its
 * parent's, and so on. They differ when only the metadata changed. */
void pab_index_layers(const struct pab_index *x, uint32_t *ret_header, uint32_t *ret_content);

#endif
