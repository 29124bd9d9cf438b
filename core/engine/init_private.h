/* init_private.h - for the files init*.c. */
#ifndef PAB_ENGINE_INIT_PRIVATE_H
#define PAB_ENGINE_INIT_PRIVATE_H

#include "core/base/buf.h"
#include "core/base/vec.h"
#include "core/engine/init.h"
#include "core/engine/machine.h"

struct pab_init {
    const json_t *machine;
    const json_t *env_project;      /* whose .env is the job's env_file; NULL: none */
    struct pab_buf out;
    struct pab_strs names;          /* of targets that are written */
    struct pab_strs dumped;         /* volumes and paths that a database target makes a copy of needless */
    struct pab_strs folders;        /* paths that files targets take */
    struct pab_buf left_out;        /* comment lines: what no target takes, and why */
};

/* A text of somewhere else as a YAML scalar, or for a comment: as it is when it is harmless, else in double quotes. Caller frees. */
char *pab_init_quote(const char *s);
/* A path as a pattern that matches it alone, from the root; a folder with all below. Caller frees. */
char *pab_init_pattern(const char *relative, int is_folder);
/* Comment lines and "  - name: ...", "plugin: ..." of a target; its name is made from `name`, and unique. An empty note: none. */
void pab_init_target(struct pab_init *i, const char *name, const char *plugin, const char *note);
int pab_init_has(const struct pab_strs *v, const char *s);

/* The option docker_host, where the daemon is not the usual one: a scheduled run has another environment. */
void pab_init_docker_host(struct pab_init *i);

void pab_init_services(struct pab_init *i);   /* containers of known images, local PostgreSQL */
void pab_init_volumes(struct pab_init *i);
void pab_init_folders(struct pab_init *i);    /* compose projects and bind mounts */

#endif
