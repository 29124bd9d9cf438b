/* tree_reader.h - entries of a tree artifact: from the tar with their data, or from the mtree index alone. */
#ifndef PAB_TREE_READER_H
#define PAB_TREE_READER_H

#include "core/stream/reader.h"
#include "core/tree/tree_writer.h"

struct pab_tree_reader;
/* The source stays the caller's. Names are checked: an entry that could lead outside is PAB_E_CORRUPT. */
int pab_tree_reader_tar(struct pab_source *s, struct pab_tree_reader **ret, struct pab_error *err);
int pab_tree_reader_index(struct pab_source *s, struct pab_tree_reader **ret, struct pab_error *err);
/* The same for a tree of several tars (chain.h), here and below; the chain stays the caller's. */
struct pab_chain;
void pab_tree_reader_chain(struct pab_chain *c, struct pab_tree_reader **ret);
int pab_tree_reader_next(struct pab_tree_reader *r, struct pab_entry *e, struct pab_error *err); /* PAB_OK, PAB_END, or a code */
int64_t pab_tree_reader_read(struct pab_tree_reader *r, void *buf, uint64_t n, struct pab_error *err); /* data of the entry; holes read as zeros */
void pab_tree_reader_free(struct pab_tree_reader *r);

/* Extracts below x->dest with *at calls under a held fd, several threads.  Never leaves it: by "..", absolute names,
 * symlinks that lie there or come from the archive, or hard links outwards (PAB_E_CORRUPT naming the entry).
 * x->filter (may be NULL) is asked for each entry, with its path in the artifact, folders too; what it says 0 to is skipped.
 * Restores modes, owners (when root), times, xattrs, ACLs, holes, hard links, devices, fifos; folders' times last. */
int pab_tree_extract(struct pab_source *s, struct pab_extract *x, const struct pab_tree_warnings *w,
                     int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err);

int pab_tree_extract_chain(struct pab_chain *c, struct pab_extract *x, const struct pab_tree_warnings *w,
                           int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err);

/* Reads the tar to its end and compares every entry with the index (names, types, sizes, digests). */
int pab_tree_verify(struct pab_source *tar, struct pab_source *index, struct pab_tree_counts *ret, struct pab_error *err);
int pab_tree_verify_chain(struct pab_chain *c, struct pab_source *index, struct pab_tree_counts *ret, struct pab_error *err);

#endif
