/* init.h - a job for this machine: what pabengine-survey found (machine.h), as the commented text of a job file.
 *
 * A pure function of the document.  The text is always a job that the parser takes, whatever names the machine has: also when nothing
 * was found.  It holds no secret: where one is needed stands an env: reference, to a name of the .env of the stack where that has it.
 */
#ifndef PAB_ENGINE_INIT_H
#define PAB_ENGINE_INIT_H

#include <jansson.h>

/* The caller frees. */
char *pab_init_job(const json_t *machine);

#endif
