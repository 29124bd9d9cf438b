/* kept.h - what restores kept beside the files that they replaced: see core/base/kept.h for the names. */
#ifndef PAB_SUPPORT_KEPT_H
#define PAB_SUPPORT_KEPT_H

#include "core/base/kept.h"
#include "plugins/support/support.h"

/* Patterns for what a backup leaves out. */
void sup_exclude_kept(struct pab_strs *ret);
/* Removes below root_fd what was kept of the entries of tree `index`, or (count_only) only counts it: adds to *ret_count. */
int sup_remove_kept(struct pab_op *op, uint32_t index, int root_fd, int count_only, uint64_t *ret_count);

#endif
