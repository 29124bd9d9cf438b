/* turn.h - the runs of a job take turns: a lock of the job's own, held from before its first hook until after its last.
 *
 *     struct pab_lock *turn;
 *     if (pab_turn_take(s, &turn, err)) return pab_exit_of_lock(err);   // another run is under way: nobody has been told anything yet
 *     ... pab_engine_backup with .has_turn ...
 *     pab_lock_release(turn);
 *
 * The lock of the store comes later: a hook may mount the store.  Where it is there already and held (by a run of another job, a cleanup, a
 * restore), that is found out here, too, before any hook has run.
 */
#ifndef PAB_ENGINE_TURN_H
#define PAB_ENGINE_TURN_H

#include "core/base/lockfile.h"
#include "core/engine/session.h"

/* PAB_E_BUSY names the holder. Where the state folder cannot be used, that is a warning in the log, and *ret is NULL. */
int pab_turn_take(const struct pab_session *s, struct pab_lock **ret, struct pab_error *err);
/* Is a run of the job under way? *ret: whose. */
int pab_turn_is_taken(const char *state_dir, const struct pab_job *job, struct pab_lock_owner *ret);

#endif
