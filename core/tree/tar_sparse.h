/* tar_sparse.h - where a sparse member of a tar keeps the list of its data regions, in the three ways that are met:
 * GNU.sparse 1.0 (at the beginning of the data), GNU.sparse 0.1 (in the pax header), old GNU (in the header block). */
#ifndef PAB_TREE_TAR_SPARSE_H
#define PAB_TREE_TAR_SPARSE_H

#include "core/tree/tar_header.h"

struct pab_tar_sparse {
    const unsigned char *header;
    char type;
    uint64_t left;                   /* in: bytes stored; out: those of data alone */
    struct pab_pax_values *values;   /* extents are left here: none is empty, none overlaps */
    int (*read)(void *ctx, unsigned char block[512], struct pab_error *err);
    void *ctx;
    int sparse;                      /* out */
    uint64_t size;                   /* out: apparent size */
};
/* PAB_E_CORRUPT comes with a reason in *ret_why; other codes with *err set. */
int pab_tar_sparse_load(struct pab_tar_sparse *s, const char **ret_why, struct pab_error *err);

#endif
