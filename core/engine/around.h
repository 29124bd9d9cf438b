/* around.h - what a job wants to happen around its run: hooks, notifications, metrics.
 *
 *     struct pab_around a;
 *     pab_around_init(&a, s, &manifest, opts->trial);
 *     code = ...;                                     // the job's mistakes
 *     if (!code) code = pab_around_before(&a, err);   // who waits is told, hook before; a failure stops the run
 *     ... the run ...
 *     return pab_around_after(&a, code, status, path, err);
 *
 * A run that ends as locked (its store was taken after the hook before) runs on_failure, to undo what `before` did, but is told to nobody.
 * After the run the store is closed and unlocked: the hooks may use it or unmount it.
 */
#ifndef PAB_ENGINE_AROUND_H
#define PAB_ENGINE_AROUND_H

#include "core/engine/outcome.h"

struct pab_around {
    struct pab_outcome o;
    struct pab_notifier *notifier;
    int off;                       /* a trial: nobody is told */
};
/* s and m outlive it; m has job, host, id and started_ns. */
void pab_around_init(struct pab_around *a, const struct pab_session *s, const struct pab_manifest *m, int off);
int pab_around_before(struct pab_around *a, struct pab_error *err); /* an exit code */
/* Gives the final exit code: that of the run, but 3 instead of 0 when the hook after or on_partial failed. status NULL: as the code says. */
int pab_around_after(struct pab_around *a, int code, const char *status, const char *path, const struct pab_error *err);

#endif
