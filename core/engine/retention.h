/* retention.h - which backups a job's rules keep. A pure function: no clock, no disk, nothing remembered.
 *
 *     struct pab_retention_rules rules = { .keep_days = 30, .keep_weekly = 8 };
 *     struct pab_retention_plan plan;
 *     if (pab_retention_check(&rules, err)) return err->code;
 *     pab_retention_decide(list, n, &rules, &(struct pab_retention_case){ .now = now }, &plan);
 *     ... plan.verdicts[i].keep, plan.verdicts[i].reason ...   // in the order of the list
 *     pab_retention_plan_release(&plan);
 *
 * The rules, each of which can keep a backup; one that no rule keeps is dropped:
 * keep_days keeps what began at most so many days before now.  keep_last keeps the newest so many.  keep_hourly ... keep_yearly keep the
 * newest of each of the last so many hours ... years that have a backup (local time, weeks begin on Monday as in ISO 8601), and the oldest
 * one as long as there are fewer of these.
 *
 * Only sound backups take a place in that: complete ones that hold all targets, whose parents are there, that are not known to be damaged
 * and not suspiciously small: a full one under half of the complete one before it, unless the one after it is as small.  Others are kept
 * by their age (keep_days), or while they lie between backups that keep_last keeps, and never stand for one that is dropped.
 *
 * Whatever the rules say: pinned backups stay, the newest complete one stays, the newest sound one and all newer ones stay, of each target
 * the newest one that has it stays, the parents of what stays stay, and what is not this job's or cannot be read is not touched.
 *
 * With a clock that cannot be right nothing is dropped: a backup that begins over a day after now; a gap of over ten years between two
 * backups or the newest one and now; and where keep_days counts and something is older than that, a gap out of proportion to the rhythm of
 * the job (retention_clock.h) before the newest one or after it.  When further backups follow, such a gap ages nothing. */
#ifndef PAB_ENGINE_RETENTION_H
#define PAB_ENGINE_RETENTION_H

#include <stddef.h>
#include <stdint.h>
#include "core/base/error.h"
#include "core/config/job.h"

enum pab_retention_verified { PAB_UNVERIFIED, PAB_VERIFIED, PAB_DAMAGED };

struct pab_retention_backup {
    const char *name;
    const char *parent;            /* name of the backup that it continues; NULL: none */
    const char *broken;            /* what else is wrong with the backups that it continues; NULL: nothing */
    int64_t started;               /* seconds since 1970 */
    uint64_t size;                 /* of its contents, uncompressed */
    int complete, incremental, pinned;
    int narrow;                    /* it was told to leave out targets of the job */
    int foreign;                   /* of another job, in the same store */
    int unreadable;                /* no or damaged manifest: only its name is known */
    const unsigned char *holds;    /* of each target of the case: is it well in here? NULL: it has none of them */
    enum pab_retention_verified verified;
};

#define PAB_RETENTION_MAX 100000

/* What the rules are applied to, apart from the backups. */
struct pab_retention_case {
    int64_t now;                   /* seconds since 1970 */
    int64_t rpo;                   /* of the job, seconds; 0: none */
    int trust_clock;               /* somebody says that it is right */
    const char *const *targets; size_t target_count; /* those of the job that are enabled */
};

struct pab_retention_verdict {
    int keep;
    int sound;                     /* it took part in the rules */
    int vital;                     /* the newest sound one, or the last good one of a target: when it is damaged, another one must stay */
    char *reason;                  /* "daily 2026-11-24, newest complete backup" */
};
struct pab_retention_plan {
    struct pab_retention_verdict *verdicts; size_t count;
    size_t dropped;
    char *refused;                 /* why nothing is dropped at all: the clock, or no rule; else NULL */
};

/* PAB_E_CONFIG: a negative number, or over PAB_RETENTION_MAX. No rule at all is fine here: it drops nothing. */
int pab_retention_check(const struct pab_retention_rules *r, struct pab_error *err);
int pab_retention_any(const struct pab_retention_rules *r); /* is there a rule? */
void pab_retention_decide(const struct pab_retention_backup *list, size_t n, const struct pab_retention_rules *rules, const struct pab_retention_case *of,
                          struct pab_retention_plan *ret);
void pab_retention_plan_release(struct pab_retention_plan *p);

#endif
