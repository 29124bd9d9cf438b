/* schedule_run.c - a run as the schedule begins it: see schedule.h. */
#include "core/engine/schedule.h"

#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/buf.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/engine/session.h"
#include "core/engine/status.h"
#include "core/engine/turn.h"

#define NS 1000000000LL

struct run {
    struct pab_session *s;
    struct pab_events next;          /* who watched before */
    struct pab_buf lines;            /* of the log, not yet written */
    int store_is_open, log_failed;
    struct pab_schedule_last last;
};

/* Opened for each line: a hook may mount the store first and unmount it in the end, so nothing of it is held or made while it may be away. */
static void write_lines(struct run *r)
{
    struct pab_error why = { 0 };
    CLEANUP_FREE char *folder = pab_sprintf("%s/logs", r->s->store_path);
    if (!r->store_is_open && r->s->job->hooks.before.argv.count && access(folder, F_OK) != 0)
        return;
    CLEANUP_CLOSE int fd = pab_schedule_open_log(r->s->store_path, &why);
    if (fd >= 0)
        (void)pab_write_all(fd, pab_buf_str(&r->lines), r->lines.size); /* a full disk: the backup itself tells */
    else if (!r->log_failed)
        pab_logf(PAB_LL_WARNING, NULL, "%s", why.message);
    r->log_failed = fd < 0;
    pab_buf_clear(&r->lines);
}

static void note(struct run *r, const char *level, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
static void note(struct run *r, const char *level, const char *fmt, ...)
{
    char now[40];
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    for (char *p = text; *p; p++)
        if ((unsigned char)*p < 0x20)
            *p = ' ';
    CLEANUP_FREE char *masked = pab_secret_mask(text);
    (void)pab_buf_addf(&r->lines, "%s %-7s [%s] %s\n", pab_format_rfc3339(pab_now_ns(), now, sizeof now), level, r->s->job->name, masked);
    write_lines(r);
}

static void keep(char **io, const char *s)
{
    free(*io);
    *io = pab_strdup(s ? s : "");
}

static void watch(void *ctx, const struct pab_event *e)
{
    struct run *r = ctx;
    char took[32];
    if (e->type == PAB_EV_START) {
        r->store_is_open = 1;
        write_lines(r);
    }
    if (e->type == PAB_EV_WARNING)
        note(r, "warning", "%s%s%s", e->target ? e->target : "", e->target ? ": " : "", e->text);
    else if (e->type == PAB_EV_ERROR)
        note(r, "error", "%s%s%s", e->target ? e->target : "", e->target ? ": " : "", e->error->message);
    else if (e->type == PAB_EV_TARGET_END)
        note(r, "info", "%s done, %s", e->target, pab_format_ms(e->ms, took, sizeof took));
    else if (e->type == PAB_EV_SUMMARY) {
        keep(&r->last.backup, e->path ? e->name : "");
        note(r, e->exit_code ? "warning" : "info", "%s%s%s", e->path ? e->name : "", e->path ? " is " : "", e->text);
        r->store_is_open = 0;
    }
    if (e->type == PAB_EV_ERROR)
        keep(&r->last.message, e->error->message);
    if (r->next.event)
        r->next.event(r->next.ctx, e);
}

/* Was the last time missed? A run that did not come to its end counts for nothing, unless it is still under way. */
static int is_due(const struct run *r, const struct pab_schedule_run_opts *o, const char *id)
{
    struct pab_error why = { 0 };
    struct pab_schedule_last last = { 0 };
    struct pab_status st = { 0 };
    struct pab_lock_owner owner;
    if (!*o->missed) /* none is installed */
        return 0;
    (void)pab_schedule_last_read(o->state_dir, id, &last, &why);
    int code = pab_engine_status(r->s, &st, &why), running = pab_turn_is_taken(o->state_dir, r->s->job, &owner);
    int64_t backup = (code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE) && st.newest ? st.newest_ns : 0;
    int64_t newest = running ? pab_now_ns() : backup > last.started_ns ? backup : last.started_ns;
    int died = !running && newest && newest == last.started_ns && !last.ended_ns;
    pab_status_release(&st);
    pab_schedule_last_release(&last);
    return died || pab_schedule_missed(PAB_SCHEDULER_CRON, o->missed, newest, pab_now_ns(), 0);
}

static void wait_jitter(const struct run *r)
{
    uint64_t random = 0;
    int64_t limit = r->s->job->schedule.jitter_ms;
    if (limit <= 0 || getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return;
    (void)pab_cancel_sleep_ms((unsigned)(random % (uint64_t)limit)); /* the run itself notices that it was cancelled */
}

/* What stands there while it runs is what is left when it is killed. */
static void keep_last(const struct run *r, const char *state_dir, const char *id)
{
    struct pab_error why = { 0 };
    if (pab_schedule_last_write(state_dir, id, &r->last, &why))
        pab_logf(PAB_LL_WARNING, NULL, "how this run comes out is not kept: %s", why.message);
}

static int back_up(struct run *r, int keep_days, struct pab_error *err)
{
    struct pab_job *job = r->s->job;
    char took[32];
    if (keep_days)
        job->retention.keep_days = keep_days; /* as cleanup --retention: the other rules stay in force */
    note(r, "info", "begins, %s", job->schedule.incremental ? "incremental" : "full");
    r->next = r->s->events;
    r->s->events = (struct pab_events){ watch, r };
    struct pab_run_opts o = { .incremental = job->schedule.incremental, .full_every_ms = job->schedule.full_every_ms, .has_turn = 1 };
    int code = pab_engine_backup(r->s, &o, err);
    r->s->events = r->next;
    r->last.ended_ns = pab_now_ns();
    r->last.exit_code = code;
    if (err->code)
        keep(&r->last.message, err->message);
    note(r, code ? "error" : "info", "ended with exit code %d after %s%s%s%s%s", code,
         pab_format_ms((r->last.ended_ns - r->last.started_ns) / 1000000, took, sizeof took), *r->last.backup ? ": " : "", r->last.backup,
         code && *r->last.message ? ": " : "", code ? r->last.message : "");
    return code;
}

int pab_schedule_run(struct pab_session *s, const struct pab_schedule_run_opts *o, int *ret_ran, struct pab_error *err)
{
    struct run r = { .s = s, .lines = PAB_BUF_INIT(1 << 20) };
    struct pab_lock *turn = NULL;
    CLEANUP_FREE char *id = pab_schedule_id(s->job);
    *ret_ran = !o->missed || is_due(&r, o, id);
    if (!*ret_ran)
        return PAB_EXIT_OK;
    keep(&r.last.backup, "");
    keep(&r.last.message, "");
    if (o->jitter)
        wait_jitter(&r);
    r.last.started_ns = pab_now_ns();
    int code = pab_turn_take(s, &turn, err) ? pab_exit_of_lock(err) : PAB_EXIT_OK;
    if (code) { /* it says nothing about how backups go */
        note(&r, "error", "does not begin: %s", err->message);
    } else {
        keep_last(&r, o->state_dir, id);
        code = back_up(&r, o->keep_days, err);
        keep_last(&r, o->state_dir, id);
    }
    pab_lock_release(turn);
    pab_buf_release(&r.lines);
    pab_schedule_last_release(&r.last);
    return code;
}
