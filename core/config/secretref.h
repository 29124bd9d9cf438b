/* secretref.h - references to secrets, as they stand in job files.
 *
 *     env:NAME               the environment of this process, else env_file
 *     file:PATH              relative to the folder of the job file; one newline at its end is left out
 *     command:PROGRAM ARG…   its stdout, split at blanks; no shell.  As a list: command:[PROGRAM, ARG…], {command: [PROGRAM, ARG…]}
 *     anything else          the secret itself, with a warning
 *
 * Every value, resolved or literal, is registered for masking (secret.h) and
 * stands in no message.  An empty secret is an error: it is never what was meant.
 */
#ifndef PAB_CONFIG_SECRETREF_H
#define PAB_CONFIG_SECRETREF_H

#include "core/config/options.h"
#include "core/config/place.h"

/* *ret: the value, the caller's to wipe and free; left alone when env->resolve_secrets is 0, where only the form is checked. */
int pab_secretref_read(const struct pab_node *node, const struct pab_config_env *env, const struct pab_place *at, char **ret,
                       struct pab_error *err);

#endif
