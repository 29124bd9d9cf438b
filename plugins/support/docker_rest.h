/* docker_rest.h - containers brought to rest and back, also by a process that knows of it only from a journal record. */
#ifndef PAB_SUPPORT_DOCKER_REST_H
#define PAB_SUPPORT_DOCKER_REST_H

#include "plugins/support/docker.h"

/* What a container was before it was stopped or paused. Until until_ns, and wait_ms at most (the clock may have been set back), an
 * order whose answer was lost may still be carried out. */
struct container_was { const char *id, *name; int paused, stopped; int64_t until_ns, wait_ms; };
/* The journal record: JSON with the daemon's address, so that it can be undone alone. */
json_t *container_record(struct docker *d, const struct container_was *was);
struct container_was container_from_record(const json_t *o);
/* Brings a container back to what it was. `unsure`: what was asked of it may still be about to happen. PAB_E_NOT_FOUND: it is gone. */
int container_put_back(struct docker *d, const struct container_was *was, int unsure, struct pab_error *err);
/* Undoes a record; a container that is gone is fine. Says to the log what it did. */
int container_undo(struct pab_op *op, const json_t *o, struct pab_error *err);

/* PAB_E_REFUSED for what would not come back, or would come back by itself. */
int container_may_stop(const json_t *inspected, const char *name, struct pab_error *err);
/* After the stop call: Docker kills what does not stop in time; then its files are as after a crash, PAB_E_TIMEOUT. */
int container_judge_stop(struct docker *d, const char *id, const char *name, int64_t grace_ms, struct pab_error *err);

#endif
