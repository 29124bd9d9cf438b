/* structure.h - is a stored artifact what its name says, as far as a few reads can tell? The look of a plain verify. */
#ifndef PAB_ENGINE_STRUCTURE_H
#define PAB_ENGINE_STRUCTURE_H

#include "core/engine/session.h"

/* The first member of the file decodes and holds what belongs there (a tree: a tar header; its index: an entry), and its
 * end is the one that was written: whatever its size, a few MiB of it are read. A tree that builds on others: theirs too,
 * and they are there with their sizes. PAB_E_CORRUPT naming the file. */
int pab_structure_check(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, struct pab_error *err);
/* What that is for an artifact like this: "size, structure"; of unknown bytes that are not compressed only "size". */
const char *pab_structure_detail(const struct pab_mf_artifact *a);

#endif
