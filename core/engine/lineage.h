/* lineage.h - what an incremental backup builds on: the backups before it, back to a full one.
 *
 * Each names its parent, the folder beside it, and the parent's id; each incremental tree names the parent's file and its
 * SHA-256.  So nothing that was exchanged or altered later is taken for what was there when the child was made.
 */
#ifndef PAB_ENGINE_LINEAGE_H
#define PAB_ENGINE_LINEAGE_H

#include "core/engine/session.h"

#define PAB_LINEAGE_MAX 250u /* backups in a row; all are open at once, with two files each */

struct pab_layer {
    struct pab_backup *backup;             /* the first layer's stays the caller's */
    const struct pab_mf_artifact *artifact;
};
struct pab_lineage { struct pab_layer *items; size_t count, capacity; }; /* newest first; zeroed is empty */

/* A tree with all that it builds on. PAB_E_CORRUPT or PAB_E_NOT_FOUND name the backup that is missing or altered. */
int pab_lineage_open(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, struct pab_lineage *ret, struct pab_error *err);
/* The stored bytes of every layer but the first are what was written. */
int pab_lineage_check(const struct pab_lineage *l, struct pab_error *err);
void pab_lineage_release(struct pab_lineage *l);

/* 1: none of these targets was left out of it, as by --config-only or --target. One that it does not know is newer than it. */
int pab_parent_holds(const struct pab_manifest *m, const struct pab_strs *targets);
/* The newest complete backup of the job that holds these targets (or, when none does, the newest at all), when all that it
 * builds on is there and unaltered; else NULL, and *ret_why (caller frees) says in a few words why there is none. */
struct pab_backup *pab_parent_find(struct pab_store *s, const struct pab_backup_list *list, const char *job, const struct pab_strs *targets, char **ret_why);
/* The artifact of m that held the same thing as `a` of that target: same plugin, object, category, kind and file name but
 * for time and compression. NULL: none. */
const struct pab_mf_artifact *pab_parent_artifact(const struct pab_manifest *m, const struct pab_mf_target *target, const struct pab_mf_artifact *a);

#endif
