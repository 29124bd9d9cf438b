/* tar.h - reading a tar stream, entry by entry, from anyone.
 *
 *     pab_tar_new(&input, &t);
 *     while ((rc = pab_tar_next(t, &e, err)) == PAB_OK)
 *         while ((n = pab_tar_peek(t, &p, &offset, err)) > 0) { ...; pab_tar_consume(t, n); }
 *     // PAB_END: the two zero blocks came, and nothing but zeros after them
 *     pab_tar_free(t);
 *
 * Why not libarchive's reader: it turns names of pax records into the locale's charset and composes them (NFC), so that
 * two files whose names differ only in that become one; here bytes stay bytes.  And it takes a tar without an end for whole.
 *
 * Knows ustar, pax (x records; g headers are passed over), GNU long names and links, GNU numbers, GNU.sparse 0.1 and 1.0
 * and the old GNU sparse header.  Everything is bounded: extended headers at 1 MiB, 32 of them before one entry, names at
 * PAB_TREE_PATH_MAX, PAB_TAR_EXTENTS_MAX regions.  What is damaged, negative, absolute or has ".." is PAB_E_CORRUPT.
 */
#ifndef PAB_TREE_TAR_H
#define PAB_TREE_TAR_H

#include "core/base/error.h"
#include "core/stream/reader.h"

#define PAB_TAR_EXTENTS_MAX 65536u

/* Where the bytes come from: the next ones in place (0: the end), and the taking of them. */
struct pab_tar_input {
    int64_t (*peek)(void *ctx, const void **ret, struct pab_error *err);
    void (*consume)(void *ctx, uint64_t n);
    void *ctx;
};
struct pab_tar_input pab_tar_input_source(struct pab_source *s);

/* Or the entries come from somewhere else that has them already. */
struct pab_tar_entries {
    int (*next)(void *ctx, struct pab_entry *e, struct pab_error *err);
    int64_t (*peek)(void *ctx, const void **ret, uint64_t *ret_offset, struct pab_error *err);
    void (*consume)(void *ctx, uint64_t n);
    void *ctx;
};

struct pab_tar;
void pab_tar_new_from(const struct pab_tar_entries *from, struct pab_tar **ret);
void pab_tar_new(const struct pab_tar_input *in, struct pab_tar **ret);
void pab_tar_free(struct pab_tar *t);
/* Skips what is left of the entry before. *e lives until the next call. PAB_OK, PAB_END or a code. */
int pab_tar_next(struct pab_tar *t, struct pab_entry *e, struct pab_error *err);
/* The next data bytes in place and where in the file they belong; 0 at the end of the entry. Holes are passed over. */
int64_t pab_tar_peek(struct pab_tar *t, const void **ret, uint64_t *ret_offset, struct pab_error *err);
void pab_tar_consume(struct pab_tar *t, uint64_t n);
/* The entry is one of chain.h's: metadata alone. */
int pab_tar_is_metadata(const struct pab_tar *t);

#endif
