/* cleanup.h - the backups that the rules of a job do not keep go; and pins, which keep one from it.
 *
 *     struct pab_cleanup_result result = { 0 };
 *     code = pab_engine_cleanup(s, &(struct pab_cleanup_opts){ .keep_days = 30, .dry_run = 1 }, &result, &err);
 *     ... result.entries[i].keep, .reason ...
 *     pab_cleanup_release(&result);
 *
 * Before anything is removed, the newest sound backup, the last good one of each target, and those that they need, are read to the last byte
 * (proof.h).  When that finds damage, the next older one takes its place, and the rules are applied anew. */
#ifndef PAB_ENGINE_CLEANUP_H
#define PAB_ENGINE_CLEANUP_H

#include "core/engine/engine.h"
#include "core/engine/retention.h"
#include "core/store/store.h"

struct pab_cleanup_entry {
    char *name, *kind, *status;      /* kind and status: "" where the manifest cannot be read */
    char *reason;
    int64_t started_ns;
    uint64_t size;                   /* of its files */
    int keep, pinned;
};
struct pab_cleanup_result {
    struct pab_cleanup_entry *entries; size_t count; /* of this job, newest first; and what cannot be read */
    size_t dropped;                  /* that went, or would go */
    uint64_t freed;                  /* bytes on the disk */
    size_t logs;                     /* old log files that went */
    char *refused;                   /* why nothing goes at all: the clock; else NULL */
    char *verified;                  /* the backup that was looked at before any went; NULL: none went */
};
void pab_cleanup_release(struct pab_cleanup_result *r);

struct pab_cleanup_opts {
    int keep_days;                   /* instead of the job's; 0: the job's */
    int dry_run;
    int trust_clock;                 /* --force: it is right, however strange */
};
/* The verb. PAB_EXIT_INCOMPLETE: result.refused says why nothing was done. PAB_EXIT_USAGE: there is no rule.  A dry run takes no lock. */
int pab_engine_cleanup(struct pab_session *s, const struct pab_cleanup_opts *o, struct pab_cleanup_result *ret, struct pab_error *err);
/* The same on a store that is open and locked: the end of a run. PAB_OK or a code. */
struct pab_cleanup_how {
    const struct pab_retention_rules *rules;
    int dry_run, trust_clock;
    const char *written;             /* name of the backup that this process has just made: its files need not be read; or NULL */
};
int pab_cleanup_store(struct pab_session *s, struct pab_store *store, const struct pab_cleanup_how *how, struct pab_cleanup_result *ret, struct pab_error *err);

/* `which`: a name, or "latest". *ret_name (caller frees): the backup that was meant. Exit codes. */
int pab_engine_pin(struct pab_session *s, const char *which, const char *reason, char **ret_name, struct pab_error *err);
int pab_engine_unpin(struct pab_session *s, const char *which, char **ret_name, struct pab_error *err);

#endif
