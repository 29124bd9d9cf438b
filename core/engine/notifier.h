/* notifier.h - tells those whom a job names in `notify` about its run.
 *
 *     struct pab_notifier *n = pab_notifier_new(s);
 *     pab_notifier_send(n, &outcome);      // returns at once
 *     ... the run ...
 *     pab_notifier_wait(n);                // for the answers; before the next send
 *     pab_notifier_free(n);
 *
 * Whatever goes wrong is a warning.  Each entry is told by a program of its own (pabengine-post, sendmail), all at the same time,
 * within its time limit and its retries: nothing here can fail or hang a run.
 */
#ifndef PAB_ENGINE_NOTIFIER_H
#define PAB_ENGINE_NOTIFIER_H

#include "core/engine/outcome.h"

struct pab_notifier;
struct pab_notifier *pab_notifier_new(const struct pab_session *s); /* resolves the secrets */
void pab_notifier_send(struct pab_notifier *n, const struct pab_outcome *o);
void pab_notifier_wait(struct pab_notifier *n);
void pab_notifier_free(struct pab_notifier *n); /* NULL is fine */
/* For `check`: every entry can be read, and its program is there. Tells each fault as an error event; how many. */
size_t pab_notifier_check(const struct pab_session *s, struct pab_error *ret_first);

#endif
