/* schedule.h - jobs that run by themselves: a systemd timer where systemd runs, else lines in the user's crontab.
 *
 *     struct pab_schedule_opts o = { .program = "/usr/bin/pabengine", .frequency = "daily", .at = "02:30", .system = 1 };
 *     code = pab_schedule_install(job, &o, &changed, &where, err);
 *
 * A schedule's id, "pabengine-NAME-HASH", comes from the job's name and the absolute path of its file: one schedule a job file.
 * How the last run that a schedule began came out stands in <state>/schedule/<id>.json, also when it failed. */
#ifndef PAB_ENGINE_SCHEDULE_H
#define PAB_ENGINE_SCHEDULE_H

#include "core/engine/calendar.h"
#include "core/base/vec.h"
#include "core/engine/engine.h"

enum pab_scheduler { PAB_SCHEDULER_CRON, PAB_SCHEDULER_SYSTEMD };

struct pab_schedule_opts {
    enum pab_scheduler scheduler;
    int system;                      /* units of the system instead of those of the user; cron: no difference */
    int everywhere;                  /* uninstall: wherever the job has one */
    const char *program;             /* absolute path of pabengine */
    const char *state_dir;           /* where its runs keep their state */
    const char *frequency, *at;      /* instead of the job's; NULL: the job's, else daily */
    int keep_days;                   /* instead of the job's; 0: the job's */
};
/* systemd where it is what the machine runs, else cron. */
enum pab_scheduler pab_scheduler_here(void);
/* "crontab", "systemd", "systemd --user". */
const char *pab_schedule_place(enum pab_scheduler scheduler, int system);
/* Caller frees. */
char *pab_schedule_id(const struct pab_job *job);

/* *ret_text: the lines of the crontab, or the service, a line "---", the timer. Caller frees. Nothing is changed. */
int pab_schedule_text(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret_text, struct pab_error *err);
/* Appends the names that the job's secrets take from the environment (env:NAME) and that a scheduled run will not find: they are neither in
 * env_file nor among the variables that the schedule takes along. Fails when env_file cannot be read. */
int pab_schedule_lacks(const struct pab_job *job, struct pab_strs *io, struct pab_error *err);
/* *ret_changed 0: it was installed like that already. A job has one schedule: *ret_removed gets the other places where it had one. When that is
 * refused, it is as it was before. */
int pab_schedule_install(const struct pab_job *job, const struct pab_schedule_opts *o, int *ret_changed, struct pab_strs *ret_removed,
                         struct pab_error *err);
/* *ret_removed gets the places where there was one. */
int pab_schedule_uninstall(const struct pab_job *job, const struct pab_schedule_opts *o, struct pab_strs *ret_removed, struct pab_error *err);

struct pab_schedule {
    char *id, *job_file, *when;      /* when: an OnCalendar expression */
    enum pab_scheduler scheduler;
    int system;
};
struct pab_schedules { struct pab_schedule *items; size_t count, capacity; };
/* All of ours in the crontab, the units of the user and those of the system. What there is no tool for is left out. */
int pab_schedule_list(struct pab_schedules *ret, struct pab_error *err);
void pab_schedules_release(struct pab_schedules *s);
/* The one with that id; .when "" when there is none. */
int pab_schedule_find(const char *id, struct pab_schedule *ret, struct pab_error *err);
void pab_schedule_release(struct pab_schedule *s);

/* ---- runs (schedule_run.c, schedule_last.c) */
struct pab_schedule_last {
    int64_t started_ns, ended_ns;    /* 0: there was none; it has not ended: it runs (see turn.h), or was killed */
    int exit_code;
    char *backup, *message;          /* "" where there is none */
};
/* PAB_OK also when nothing has run yet: all is 0 then. */
int pab_schedule_last_read(const char *state_dir, const char *id, struct pab_schedule_last *ret, struct pab_error *err);
void pab_schedule_last_release(struct pab_schedule_last *l);
int pab_schedule_last_write(const char *state_dir, const char *id, const struct pab_schedule_last *l, struct pab_error *err);

#define PAB_SCHEDULE_LOG_MAX (4 << 20)   /* a larger log is rotated */
#define PAB_SCHEDULE_LOG_KEPT 5          /* scheduled-backup.log.1 to .5 */
#define PAB_SCHEDULE_LOG_DAYS 30         /* one whose first line is older is rotated; an older rotated one goes */
/* logs/scheduled-backup.log of the store's folder, rotated when it is time (schedule_log.c). fd or a negative code. */
int pab_schedule_open_log(const char *store_path, struct pab_error *err);

/* ---- times (schedule_when.c) */
/* The first time of `when` after that one, ns; 0: none, or not known. What systemd runs is asked of systemd-analyze, where it is installed. */
int64_t pab_schedule_next(enum pab_scheduler scheduler, const char *when, int64_t after_ns);
/* Did a time of `when` pass, and `grace_ms` more, since the newest run or backup began? since_ns 0: there was none; nothing was missed then. */
int pab_schedule_missed(enum pab_scheduler scheduler, const char *when, int64_t since_ns, int64_t now_ns, int64_t grace_ms);
/* What passes before a run that is not there counts as missed: the delay of the job, and what timers need. */
int64_t pab_schedule_grace_ms(const struct pab_job *job);
/* PAB_E_USAGE when systemd does not understand the expression; PAB_OK also where it cannot be asked. */
int pab_schedule_check_when(const char *when, struct pab_error *err);

/* ---- one run */

struct pab_schedule_run_opts {
    const char *state_dir;
    int keep_days;                   /* instead of the job's; 0: the job's */
    int jitter;                      /* wait first, for as long as the job's jitter says */
    const char *missed;              /* run only when a time of this expression was missed, or the last run did not end; NULL: run */
};
/* The run as the schedule begins it: the job's kind, the log, and what came of it for the status. PAB_EXIT_LOCKED when one is under way.
 * *ret_ran 0: nothing was missed. */
int pab_schedule_run(struct pab_session *s, const struct pab_schedule_run_opts *o, int *ret_ran, struct pab_error *err);

#endif
