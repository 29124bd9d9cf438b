/* conformance.h - tries any plugin as the host would, and as an unlucky host would (pabengine plugin check FILE).
 *
 * In a private folder with a store of its own: loads the file, checks the option table, opens two instances side by
 * side, discovers twice, makes a real backup, verifies it, plans its restore; then fails the n-th call of a host
 * function during a backup for n = 1, 2, 3 ..., and cancels before and during one.  After each the plugin must have
 * returned the failure with a reason, left no artifact open, and work again.
 *
 * The service that the options name is read, never written: restore is only planned.
 */
#ifndef PAB_ENGINE_CONFORMANCE_H
#define PAB_ENGINE_CONFORMANCE_H

#include "core/engine/engine.h"

struct pab_conformance_opts {
    const char *file;                  /* the .so */
    const char *const *options;        /* "key=value as YAML", NULL-terminated, or NULL */
    /* result: 1 passed, 0 failed, -1 not tried (detail says why) */
    void (*report)(void *ctx, int result, const char *name, const char *detail);
    void *report_ctx;
};
/* PAB_EXIT_OK when all that was tried passed; err for what kept it from trying at all. */
int pab_engine_conformance(const struct pab_conformance_opts *o, struct pab_error *err);

#endif
