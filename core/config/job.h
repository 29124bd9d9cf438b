/* job.h - one job file, checked: struct pab_job. See pabengine-job(5).
 *
 *     struct pab_job *job;
 *     if (pab_job_load("nightly.yaml", 1, warn, NULL, &job, err)) return err->code;
 *     struct pab_config_env env;
 *     pab_job_config_env(job, 1, &env);
 *     pab_config_check(job->targets[0].options, plugin->options, ..., &env, job->targets[0].path, &config, err);
 *     pab_job_free(job);
 *
 * The core checks everything but `options` of a target: these wait for the
 * plugin's table.  All errors are PAB_E_CONFIG.  Keys whose function is not
 * there yet (encryption.openpgp) are checked for their form and then refused.
 */
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
    const struct pab_node *options; /* unchecked: the plugin's table decides; an empty map at the target's place when none were given */
    char *path;                    /* "targets[1].options" */
    int line, column;              /* of the target */
};
struct pab_retention_rules {       /* 0: this one is not in force. See core/engine/retention.h */
    int keep_days, keep_last, keep_hourly, keep_daily, keep_weekly, keep_monthly, keep_yearly;
};
/* A command around a run; without one, argv.count is 0. */
struct pab_job_hook {
    struct pab_strs argv;
    int64_t timeout_ms;
};
#define PAB_JOB_MAX_TIMEOUT 86400000 /* of a hook, ms; and of the delay of a schedule */
/* When the job runs by itself. frequency is text: core/engine/calendar.h knows what it means. */
struct pab_job_schedule {
    char *frequency, *at;          /* frequency: NULL without a schedule; at: "HH:MM", or NULL */
    int64_t jitter_ms;             /* 0: none */
    int64_t full_every_ms;         /* 0: not said */
    int incremental;
};
struct pab_job {
    char *file, *dir, *name;       /* absolute path, its folder */
    char *shown;                   /* the path as the user gave it: for messages */
    char *store_path;              /* absolute */
    struct pab_compression compression;
    struct pab_job_target *targets; size_t target_count;
    struct pab_retention_rules retention; /* all 0: none, everything is kept */
    int64_t rpo_ms;                /* a target without a good backup that is younger is late; 0: age is not judged */
    struct pab_job_schedule schedule;
    struct pab_strs env_file;      /* NAME=VALUE */
    struct { struct pab_job_hook before, after, on_partial, on_failure; } hooks;
    size_t notify_count;           /* entries of notify: see notify.h */
    char *metrics_path;            /* absolute, or NULL */
    struct pab_node *root;         /* owns the nodes */
};
/* resolve_secrets as in pab_config_env; 0 also leaves env_file unread.  Loads the defaults of conf/pabengine.yaml first: the file that
 * PABENGINE_CONFIG names (empty: none), else SYSCONFDIR/pabengine/pabengine.yaml when it exists. */
int pab_job_load(const char *path, int resolve_secrets, void (*warn)(void *ctx, const char *message), void *warn_ctx,
                 struct pab_job **ret, struct pab_error *err);
/* The same from memory, without the defaults of conf/pabengine.yaml. */
int pab_job_parse(const char *text, size_t n, const char *path, int resolve_secrets, void (*warn)(void *ctx, const char *message),
                  void *warn_ctx, struct pab_job **ret, struct pab_error *err);
/* "HH:MM" from 00:00 to 23:59? */
int pab_time_of_day_valid(const char *s);
void pab_job_free(struct pab_job *j); /* NULL is fine */
/* The environment for checking a target's options. The struct points into the job. */
void pab_job_config_env(const struct pab_job *j, int resolve_secrets, struct pab_config_env *ret);

#endif
