/* whole.h - what stays of a target whose backup failed. */
#ifndef PAB_ENGINE_WHOLE_H
#define PAB_ENGINE_WHOLE_H

#include "core/engine/opctx.h"

/* After an attempt that failed: of a plugin whose objects stand alone (PAB_CAP_WHOLE_OBJECTS), those that were committed and of which no
 * artifact was given up stay in the stage and in c->mf, everything else is removed. How many objects are left. `code` is what the attempt
 * failed with: on a full disk nothing stays, since room is worth more there. */
uint64_t pab_keep_whole_objects(struct pab_opctx *c, int code);

/* Before the next attempt: whatever the one before left. */
void pab_forget_attempt(struct pab_stage *stage, struct pab_mf_target *mf);

#endif
