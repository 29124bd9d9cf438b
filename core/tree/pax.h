/* pax.h - the bytes that precede the data of a tar member.
 *
 * A ustar header (POSIX.1-1988); before it a pax extended header (POSIX.1-2001) when something does not fit there:
 * nanoseconds, long names, big numbers, extended attributes and ACLs (SCHILY.*, as GNU tar and bsdtar read them), holes
 * (GNU.sparse 1.0; its map stands at the beginning of the member's data).  Names stand in ustar's fields as they are,
 * whatever their bytes; in a pax record one that is not UTF-8 is announced with hdrcharset=BINARY.
 */
#ifndef PAB_TREE_PAX_H
#define PAB_TREE_PAX_H

#include "core/base/buf.h"
#include "core/base/error.h"

#define PAB_TAR_BLOCK 512u

struct pab_pax {
    struct pab_buf out;      /* the headers, to be written as they are */
    struct pab_buf records;  /* scratch */
    struct pab_buf path;     /* scratch: a folder's with its slash */
    struct pab_buf text;     /* scratch */
};

/* Replaces p->out by the headers of metadata alone (chain.h): e, whose path is already below PAB_METADATA_FOLDER and whose size is 0. */
int pab_pax_metadata_header(struct pab_pax *p, const struct pab_entry *e, struct pab_error *err);
/* Replaces p->out by the headers of e, with the map of its data regions. The caller then writes pab_entry_stored(e) bytes
 * and zeros up to the next block. The entry has passed pab_entry_check. */
int pab_pax_header(struct pab_pax *p, const struct pab_entry *e, struct pab_error *err);
void pab_pax_release(struct pab_pax *p);

#endif
