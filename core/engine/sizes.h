/* sizes.h - is an artifact suspiciously smaller or larger than last time? (verify --check-size) */
#ifndef PAB_ENGINE_SIZES_H
#define PAB_ENGINE_SIZES_H

#include "core/store/store.h"

/* Compares each artifact of m with that of the same target, object and kind of file in the backup of the same job before it: a finding
 * for less than half and more than twice its size, naming both. Small ones (both under 4 KiB) are left out. */
int pab_compare_sizes(struct pab_store *s, const struct pab_manifest *m, void (*found)(void *ctx, const struct pab_finding *f), void *ctx, struct pab_error *err);

#endif
