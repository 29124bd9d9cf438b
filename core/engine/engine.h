/* engine.h - the verbs: what pabengine does, without a terminal.
 *
 *     struct pab_session *s;
 *     int code = pab_session_open(&opts, &s, &err);      // an exit code of the contract, 0 to go on
 *     code = pab_engine_backup(s, &run_opts, &err);      // ... or another verb
 *     pab_session_close(s);
 *
 * Verbs return the exit code of the contract; for 1, 2, 10, 11, 12 and 130 `err` says why, unless the failures were
 * told as events of single targets (then err->code is PAB_OK).
 */
#ifndef PAB_ENGINE_H
#define PAB_ENGINE_H

#include "core/engine/events.h"
#include "core/config/job.h"

#define PAB_EXIT_OK 0
#define PAB_EXIT_FAILED 1
#define PAB_EXIT_USAGE 2
#define PAB_EXIT_INCOMPLETE 3
#define PAB_EXIT_DAMAGED 4
#define PAB_EXIT_NO_STORE 10
#define PAB_EXIT_LOCKED 11
#define PAB_EXIT_WRONG_KEY 12
#define PAB_EXIT_CANCELLED 130

/* For errors of the verb itself: CONFIG and USAGE 2, CANCELLED 130, else 1. */
int pab_exit_of_error(const struct pab_error *err);
/* For those of pab_store_lock: BUSY 11. Elsewhere it says that a service is busy, which is no lock of ours. */
int pab_exit_of_lock(const struct pab_error *err);

struct pab_session_opts {
    const char *job_path;
    const char *plugin_folders;      /* searched in order */
    const char *state_dir;           /* for the journal of side effects */
    const char *store_path;          /* instead of the job's (--output), or NULL */
    const char *const *targets;      /* --target names, NULL-terminated, or NULL: all */
    uint32_t categories;             /* PAB_CAT_ bits */
    int resolve_secrets;             /* 0 for verbs that talk to no service */
    struct pab_events events;
};
struct pab_session;
/* Loads and checks the job, then replays what a killed process left in the journal. */
int pab_session_open(const struct pab_session_opts *o, struct pab_session **ret, struct pab_error *err);
void pab_session_close(struct pab_session *s);  /* NULL is fine */
const struct pab_job *pab_session_job(const struct pab_session *s);
const char *pab_session_store_path(const struct pab_session *s);

struct pab_run_opts {
    const char *name;
    int incremental;                 /* only what changed since the newest complete backup; without one: everything */
    int64_t full_every_ms;           /* with incremental: everything all the same when the last full backup is older; 0: never */
    int has_turn;                    /* the caller holds the job's turn: see turn.h */
    int trial;                       /* no hooks, notifications, metrics: nobody waits for this one (see pab_engine_trial) */
};
int pab_engine_backup(struct pab_session *s, const struct pab_run_opts *o, struct pab_error *err);

/* Lists what each target holds (events OBJECT, FACT, TARGET_END); also `run --dry-run`. Changes nothing. */
int pab_engine_discover(struct pab_session *s, struct pab_error *err);

/* Plugins load, secrets resolve, services answer, rights suffice, the store has room. Writes nothing. */
int pab_engine_check(struct pab_session *s, struct pab_error *err);

/* All that check does, then for real: of each target its smallest object into a folder of its own in the store, verified
 * to the last byte and removed. No service is stopped or paused for it, nobody is told, no backup comes of it. */
int pab_engine_trial(struct pab_session *s, struct pab_error *err);

struct pab_restore_opts {
    const char *which;               /* latest, a name, a path */
    const char *const *objects;      /* --object, NULL-terminated, or NULL */
    const char *const *includes;     /* --include, likewise */
    const char *to_dir, *as_name;
    int dry_run, force, drop_old, cleanup;
    int (*confirm)(void *ctx);       /* after the plan: 1 to go on; NULL: go on */
    void *confirm_ctx;
};
int pab_engine_restore(struct pab_session *s, const struct pab_restore_opts *o, struct pab_error *err);

struct pab_verify_opts {
    const char *which;               /* NULL: latest */
    int all;
    int integrity, sizes, manifest_only;
};
int pab_engine_verify(struct pab_session *s, const struct pab_verify_opts *o, struct pab_error *err);

#endif
