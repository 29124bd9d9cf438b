/* uncovered.h - what is on the machine and in no backup. */
#ifndef PAB_ENGINE_UNCOVERED_H
#define PAB_ENGINE_UNCOVERED_H

#include <jansson.h>
#include "core/engine/engine.h"

/* A pure function of the machine (machine.h) and of what discover said of the job's targets:
 *
 *     [{"name": "db", "plugin": "postgres", "enabled": true, "facts": {"container": "db", "left_out": "a\nb"},
 *       "objects": [{"id": "letta", "attributes": {}}]}]
 *
 * Facts that say which service a target asks: container, endpoint ("host:port", "/folder:port"), url; left_out: databases that it does not
 * take.  Of objects: volume and quiesce (a Docker volume), path (a folder with all in it), patterns and exclude (of files below
 * the fact root).  Gives [{"kind": "container" | "volume" | "folder" | "file" | "server" | "database", "name": "x", "project": "pa", "reason": "..."}],
 * the caller's reference; an empty array when all is covered. */
json_t *pab_uncovered(const json_t *machine, const json_t *targets);

/* The same of this machine and a whole job. An exit code, as of pab_engine_discover; *ret is set even when targets failed (then they count
 * by what they said before that), but not for errors of the verb itself.  *ret_unknown: Docker is there and could not be asked. */
int pab_engine_uncovered(struct pab_session *s, json_t **ret, int *ret_unknown, struct pab_error *err);

/* For uncovered.c: is this path in a files target, or in a folder that is taken whole? */
enum pab_path_cover { PAB_PATH_NOT, PAB_PATH_PART, PAB_PATH_WHOLE };
enum pab_path_cover pab_path_covered(const json_t *targets, const char *path, int is_folder);

#endif
