/* chain.h - the tars of an incremental tree and of what it builds on, read side by side as if they were one tar.
 *
 * The newest index lists the whole tree, and says of each entry in which tar its header and its content are stored.  All
 * tars have their entries in the order in which that index has them (see pab_base_take_in_order), so each is read once,
 * from its beginning to its end, and what the index does not take out of it is passed over.
 *
 *     pab_chain_new(index_source, tar_sources, n, &c);     // tar_sources[0]: the newest
 *     pab_chain_tar(c, &tar);                               // then as any other: tar.h
 *     pab_tar_free(tar); pab_chain_free(c);
 */
#ifndef PAB_TREE_CHAIN_H
#define PAB_TREE_CHAIN_H

#include <stddef.h>
#include "core/tree/tar.h"

/* In the tar, the metadata of a file whose content did not change stands as an empty file below this folder, with the pax
 * record PABENGINE.metadata-only: other programs then leave the file itself alone. */
#define PAB_METADATA_FOLDER ".pabengine-metadata-only"
#define PAB_METADATA_RECORD "PABENGINE.metadata-only"

struct pab_chain;
/* The sources stay the caller's; at PAB_END all of them were read to their ends. */
void pab_chain_new(struct pab_source *index, struct pab_source *const *tars, size_t n, struct pab_chain **ret);
void pab_chain_free(struct pab_chain *c);
/* Stays usable as long as the chain. */
void pab_chain_tar(struct pab_chain *c, struct pab_tar **ret);

#endif
