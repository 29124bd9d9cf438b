/* trial.h - the object that a target shows its worth with: `schedule test`.
 *
 *     pab_picks_make(s, &picks, err);            // asks every target what it holds
 *     pab_pick_of(&picks, "supabase-db")->object // "n8n", the smallest of its databases
 *     pab_picks_release(&picks);
 */
#ifndef PAB_ENGINE_TRIAL_H
#define PAB_ENGINE_TRIAL_H

#include "core/engine/session.h"

/* The smallest that holds something: by size, where a plugin tells none by attribute "count", else the first. A target
 * without one has a pick without object, with the reason. */
int pab_picks_make(struct pab_session *s, struct pab_picks *ret, struct pab_error *err);
const struct pab_pick *pab_pick_of(const struct pab_picks *p, const char *target);  /* never NULL */
void pab_picks_release(struct pab_picks *p);
/* Takes one object into account; what pab_picks_make does with each that discover tells. */
void pab_picks_offer(struct pab_picks *io, const struct pab_event *object);

#endif
