/* status.h - how a job stands: the last good backup of each target, its age, what was left incomplete and why, how sizes went.
 *
 *     struct pab_status st;
 *     pab_status_of(&list, &(struct pab_status_job){ .name = "nightly", .targets = t, .target_count = n, .rpo_ms = rpo }, pab_now_ns(), &st);
 *     ... st.late, st.targets[i].good ...
 *     pab_status_release(&st);
 */
#ifndef PAB_ENGINE_STATUS_H
#define PAB_ENGINE_STATUS_H

#include "core/engine/engine.h"
#include "core/store/store.h"

#define PAB_STATUS_SIZES 10
#define PAB_STATUS_WARNINGS 5

struct pab_status_target {
    const char *name, *plugin;       /* of the job */
    char *good;                      /* name of the newest backup that has it and all that it continues, NULL: none */
    int64_t good_ns;                 /* when that one began */
    char *problem;                   /* what the newest backup that should have it says instead; NULL: it has it */
    int late;                        /* no good backup, or one older than rpo */
    char *tried;                     /* the newest backup that was to have it; NULL: none */
    struct pab_strs warnings;        /* what that one says was left out or changed meanwhile: the first PAB_STATUS_WARNINGS */
    size_t warning_count;            /* of all of these */
};
struct pab_status {
    struct pab_status_target *targets; size_t count;
    size_t backups, unreadable;      /* of this job; of anybody */
    uint64_t size;                   /* of all of them together, as their manifests say: files of several backups count in each */
    char *newest, *newest_status;    /* NULL: there is none */
    int64_t newest_ns, newest_ms;    /* its begin, how long it took */
    char *complete;                  /* the newest complete one, with all that it continues; NULL: none */
    int64_t complete_ns;
    uint64_t sizes[PAB_STATUS_SIZES]; size_t size_count; /* of the latest complete ones that are full, oldest first */
    int warned;                      /* some target has warnings */
    int late, incomplete;            /* some target is late; the newest backup is not complete, lacks what it continues, or there is none */
};

struct pab_status_job {
    const char *name;
    const struct pab_job_target *targets; size_t target_count;
    int64_t rpo_ms;                  /* 0: age is not judged */
};
/* A pure function of its arguments; the names of *ret's targets are the job's. */
void pab_status_of(const struct pab_backup_list *l, const struct pab_status_job *job, int64_t now_ns, struct pab_status *ret);
void pab_status_release(struct pab_status *st);

int pab_status_exit(const struct pab_status *st); /* 0, or PAB_EXIT_INCOMPLETE */

/* The verb: 0, PAB_EXIT_INCOMPLETE when something is late or incomplete, or was backed up with warnings, PAB_EXIT_NO_STORE, or another failure. */
int pab_engine_status(struct pab_session *s, struct pab_status *ret, struct pab_error *err);

/* Each target's service is asked, as by check; and the store must hold a complete backup that is not late. Events as of check.
 * 0, or PAB_EXIT_FAILED when one is down. */
int pab_engine_health(struct pab_session *s, struct pab_error *err);

#endif
