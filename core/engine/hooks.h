/* hooks.h - the commands of a job around its run; see HOOKS in pabengine-job(5). */
#ifndef PAB_ENGINE_HOOKS_H
#define PAB_ENGINE_HOOKS_H

#include "core/engine/outcome.h"

/* Runs `hook`, if there is one, with the outcome as its environment and stdin; its output goes to the log. name: "before", ...
 * PAB_OK: exit status 0.  PAB_E_TOOL, PAB_E_TIMEOUT, PAB_E_CANCELLED with a message that names the hook. */
int pab_hook_run(const struct pab_job_hook *hook, const char *name, const struct pab_outcome *o, struct pab_error *err);

#endif
