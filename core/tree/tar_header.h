/* tar_header.h - one header block of a tar, decoded; and the records of a pax extended header. */
#ifndef PAB_TREE_TAR_HEADER_H
#define PAB_TREE_TAR_HEADER_H

#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/base/vec.h"
#include "core/tree/entry.h"

struct pab_tar_header {
    char type;
    uint32_t mode, uid, gid, dev_major, dev_minor;
    uint64_t size;
    int64_t mtime;               /* seconds */
    char path[260], link[104], user[36], group[36];
};
enum pab_tar_block { PAB_TAR_HEADER, PAB_TAR_ZEROS, PAB_TAR_BAD };
/* *ret_why says what is wrong with a bad one. */
enum pab_tar_block pab_tar_header_parse(const unsigned char block[512], struct pab_tar_header *h, const char **ret_why);
/* Octal text, or GNU's big-endian binary; -1 when it is neither or does not fit into 63 bits. */
int pab_tar_number(const unsigned char *field, size_t width, int64_t *ret);

/* What extended headers said of the entry to come; zeroed is empty. */
struct pab_pax_values {
    struct pab_buf path, link, user, group, sparse_name;
    struct pab_xattr_list xattrs;
    struct { struct pab_extent *items; size_t count, capacity; } extents;
    uint32_t uid, gid, sparse_major, sparse_minor;
    uint64_t size, sparse_size;
    int64_t mtime_ns, atime_ns;
    unsigned has;                /* PAB_PAX_ bits: which of the numbers were given */
};
#define PAB_PAX_UID 0x1u
#define PAB_PAX_GID 0x2u
#define PAB_PAX_SIZE 0x4u
#define PAB_PAX_MTIME 0x8u
#define PAB_PAX_SPARSE_MAP 0x10u   /* the 0.1 form: the map is in the header */
#define PAB_PAX_SPARSE_MAJOR 0x20u /* the 1.0 form: the map is in the data */
#define PAB_PAX_SPARSE_SIZE 0x40u
#define PAB_PAX_OTHER_SPARSE 0x80u /* the 0.0 form */
#define PAB_PAX_METADATA 0x100u    /* see chain.h */

void pab_pax_values_clear(struct pab_pax_values *v);
void pab_pax_values_release(struct pab_pax_values *v);
/* Takes the records in. 0, or -1 with the reason. */
int pab_pax_records_parse(char *records, size_t size, struct pab_pax_values *v, const char **ret_why);
/* A decimal number up to max: digits up to *p == end. Moves *p behind it. 0 or -1. */
int pab_pax_decimal(const char **p, char end, const char *limit, uint64_t max, uint64_t *ret);

#endif
