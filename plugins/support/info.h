/* info.h - what a manifest says of the artifacts that a verify or a restore is given, and lines of a restore's plan. */
#ifndef PAB_SUPPORT_INFO_H
#define PAB_SUPPORT_INFO_H

#include "plugins/support/support.h"

/* Artifact i of a request: the host's structs may be longer than those that the plugin knows, so it steps by their size. */
static inline const struct pab_artifact_info *info_at(const struct pab_artifact_info *first, uint32_t stride, uint32_t i)
{
    return (const void *)((const char *)first + (size_t)i * stride);
}
#define info_of(req, i) info_at((req)->artifacts, (req)->artifact_stride, i)

const char *info_fact(const struct pab_artifact_info *a, const char *key);  /* "" when it is not there */
uint64_t info_count(const struct pab_artifact_info *a, const char *key);    /* UINT64_MAX when it is not there, or no number */

/* PAB_E_CORRUPT, and said so, when the index of tree `index` lists another number of files than the manifest counts. */
int info_check_files(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a);

/* One line of the plan; action is PAB_PLAN_..., size may be PAB_SIZE_UNKNOWN. */
int sup_plan(struct pab_op *op, uint32_t action, const char *object, uint64_t size, const char *fmt, ...) __attribute__((format(printf, 5, 6)));

#endif
