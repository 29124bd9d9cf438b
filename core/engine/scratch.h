/* scratch.h - private folders for what a verb stores for a moment (copies of databases, in clear), below TMPDIR.
 *
 * Each is held by a kernel lock while its process lives: so the next start of any command can tell those that a killed one left,
 * whatever became of its process id, and removes them.
 */
#ifndef PAB_ENGINE_SCRATCH_H
#define PAB_ENGINE_SCRATCH_H

#include "core/base/error.h"

struct pab_scratch { char *path; int fd; };  /* path NULL: none */
int pab_scratch_make(struct pab_scratch *ret, struct pab_error *err);
void pab_scratch_remove(struct pab_scratch *s, const char *target);  /* with all that is in it; none is fine */
/* Removes those of this user that nobody holds, below TMPDIR and /tmp. Returns how many. */
int pab_scratch_sweep(void);

#endif
