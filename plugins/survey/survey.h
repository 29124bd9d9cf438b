/* survey.h - pabengine-survey: looks at this machine and prints what is there as one JSON document; core/engine/machine.h says
 * what stands in it.  It changes nothing, and prints no value of any environment. */
#ifndef PAB_SURVEY_H
#define PAB_SURVEY_H

#include "plugins/support/docker.h"

/* The entries of a .env file, with values: for comparing alone. */
struct survey_env { struct pab_strs names, values; };
void survey_env_load(const char *path, struct survey_env *ret);   /* one that cannot be read is empty */
void survey_env_release(struct survey_env *e);                    /* wipes the values */

/* Containers and volumes. `local`: paths that the daemon tells mean the same here. */
int survey_containers(struct docker *d, int local, json_t *document, struct pab_error *err);
/* The compose projects of the containers, and that of `folder`. */
void survey_projects(const json_t *labels, const char *folder, json_t *document);
/* PostgreSQL servers with a socket in the folder. */
void survey_clusters(const char *folder, json_t *document);

#endif
