/* job.h - one job file, checked: struct pab_job. See pabengine-job(5). */
#ifndef PAB_CONFIG_JOB_H
#define PAB_CONFIG_JOB_H

#include "core/config/options.h"
#include "core/base/vec.h"
#include "core/stream/codec.h"

struct pab_job_target {
    char *name, *plugin;
    int enabled, required;
    int64_t timeout_ms;            /* 0: none */
    int retries;
    const struct pab_node *options; /* unchecked: the plugin's table decides; NULL: none given */
    char *path;                    /* "targets[1].options" */
    int line, column;              /* of the target */
};
struct pab_job {
    char *file, *dir, *name;       /* absolute path, its folder */
    char *store_path;              /* absolute */
    struct pab_compression compression;
    struct pab_job_target *targets; size_t target_count;
    struct pab_strs env_file;      /* NAME=VALUE */
    struct pab_node *root;         /* owns the nodes */
};
/* resolve_secrets as in pab_config_env. Loads the defaults of conf/pabengine.yaml (PABENGINE_CONFIG or SYSCONFDIR) first when present. */
int pab_job_load(const char *path, int resolve_secrets, void (*warn)(void *ctx, const char *message), void *warn_ctx,
                 struct pab_job **ret, struct pab_error *err);
void pab_job_free(struct pab_job *j);
/* The environment for checking a target's options. The struct points into the job. */
void pab_job_config_env(const struct pab_job *j, int resolve_secrets, struct pab_config_env *ret);

#endif
