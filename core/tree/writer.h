/* writer.h - the tree writer as the walk and from_tar see it: entries whose content they already hold and have hashed, and
 * room in the tar to read files into without a copy. */
#ifndef PAB_TREE_WRITER_INTERNAL_H
#define PAB_TREE_WRITER_INTERNAL_H

#include "core/tree/tree_writer.h"

/* Header, the whole data, padding, index line. `sha256` is the content's, 64 hex digits (ignored unless a FILE). */
int pab_tree_put(struct pab_tree_writer *t, const struct pab_entry *e, const void *data, const char *sha256, struct pab_error *err);

struct pab_base *pab_tree_base(const struct pab_tree_writer *t); /* NULL: not incremental */
/* The entry is as in the parent: only its index line. */
struct pab_base_entry;
int pab_tree_keep(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct pab_error *err);
/* A FILE whose content is as in the parent, but nothing else: headers and the index line. */
int pab_tree_put_metadata(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_base_entry *r, struct pab_error *err);
/* May it be kept, or its content: its SHA-256 is known, and it stands in the right order? Once a path. */
int pab_tree_may_take(struct pab_tree_writer *t, const struct pab_base_entry *r);

/* Between pab_tree_writer_entry and the last of its bytes: a place for at least 1 of the `wanted` bytes, *ret_room of them;
 * NULL on error. pab_tree_filled says how many were put there. */
void *pab_tree_room(struct pab_tree_writer *t, uint64_t *ret_room, struct pab_error *err);
int pab_tree_filled(struct pab_tree_writer *t, uint64_t n, struct pab_error *err);

void pab_tree_count(struct pab_tree_counts *c, const struct pab_entry *e);
void pab_tree_warn(struct pab_tree_writer *t, const char *path, const char *message);

#endif
