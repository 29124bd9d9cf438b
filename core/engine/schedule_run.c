/* schedule_run.c - a run as the schedule begins it: see schedule.h. */
#include "core/engine/schedule.h"

#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/engine/session.h"
#include "core/engine/status.h"

#define NS 1000000000LL
#define MAX_STATE (64u << 10)

/* ---- how the last run came out */

static char *state_path(const char *state_dir, const char *id) { return pab_sprintf("%s/schedule/%s.json", state_dir, id); }

static char *string_of(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return pab_strdup(s ? s : "");
}

int pab_schedule_last_read(const char *state_dir, const char *id, struct pab_schedule_last *ret, struct pab_error *err)
{
    CLEANUP_FREE char *path = state_path(state_dir, id);
    CLEANUP_FREE char *text = NULL;
    *ret = (struct pab_schedule_last){ 0 };
    if (pab_read_file(AT_FDCWD, path, MAX_STATE, &text, NULL, err)) {
        if (err->code != PAB_E_NOT_FOUND)
            return err->code;
        pab_error_clear(err);
        text = pab_strdup("{}");
    }
    json_t *o = json_loads(text, 0, NULL);
    if (!json_is_object(o)) {
        json_decref(o);
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not what a scheduled run writes", path);
    }
    ret->started_ns = json_integer_value(json_object_get(o, "started")) * NS;
    ret->ended_ns = json_integer_value(json_object_get(o, "ended")) * NS;
    ret->exit_code = (int)json_integer_value(json_object_get(o, "exit_code"));
    ret->backup = string_of(o, "backup");
    ret->message = string_of(o, "message");
    json_decref(o);
    return PAB_OK;
}

void pab_schedule_last_release(struct pab_schedule_last *l)
{
    free(l->backup);
    free(l->message);
    *l = (struct pab_schedule_last){ 0 };
}

int pab_schedule_last_write(const char *state_dir, const char *id, const struct pab_schedule_last *l, struct pab_error *err)
{
    CLEANUP_FREE char *path = state_path(state_dir, id);
    CLEANUP_FREE char *folder = pab_sprintf("%s/schedule", state_dir);
    json_t *o = json_object();
    json_object_set_new(o, "started", json_integer(l->started_ns / NS));
    json_object_set_new(o, "ended", json_integer(l->ended_ns / NS));
    json_object_set_new(o, "exit_code", json_integer(l->exit_code));
    json_object_set_new(o, "backup", json_string(l->backup));
    json_object_set_new(o, "message", json_string(l->message));
    CLEANUP_FREE char *text = json_dumps(o, JSON_INDENT(2) | JSON_ENSURE_ASCII);
    json_decref(o);
    if (!text)
        return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for '%s'", path);
    if (pab_mkdirs(AT_FDCWD, folder, 0700, err))
        return err->code;
    return pab_write_file_atomic(AT_FDCWD, path, text, strlen(text), 0600, err);
}

/* ---- the run */

struct run {
    struct pab_session *s;
    struct pab_events next;          /* who watched before */
    int fd;                          /* of the log; -1: none */
    struct pab_schedule_last last;
};

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
    CLEANUP_FREE char *line = pab_sprintf("%s %-7s [%s] %s\n", pab_format_rfc3339(pab_now_ns(), now, sizeof now), level, r->s->job->name, masked);
    if (r->fd >= 0)
        (void)pab_write_all(r->fd, line, strlen(line)); /* a full disk: the backup itself tells */
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
    if (e->type == PAB_EV_WARNING)
        note(r, "warning", "%s%s%s", e->target ? e->target : "", e->target ? ": " : "", e->text);
    else if (e->type == PAB_EV_ERROR)
        note(r, "error", "%s%s%s", e->target ? e->target : "", e->target ? ": " : "", e->error->message);
    else if (e->type == PAB_EV_TARGET_END)
        note(r, "info", "%s done, %s", e->target, pab_format_ms(e->ms, took, sizeof took));
    else if (e->type == PAB_EV_SUMMARY)
        keep(&r->last.backup, e->path ? e->name : "");
    if (e->type == PAB_EV_ERROR)
        keep(&r->last.message, e->error->message);
    if (r->next.event)
        r->next.event(r->next.ctx, e);
}

int pab_schedule_missed(const char *when, int64_t since_ns, int64_t now_ns)
{
    struct pab_calendar c;
    struct pab_error why = { 0 };
    if (!since_ns || pab_calendar_parse(when, &c, &why))
        return 0;
    return pab_calendar_last(&c, now_ns / NS) > since_ns / NS;
}

/* When the newest run of this schedule, or backup of this job, began. */
static int64_t newest_of(struct run *r, const char *state_dir, const char *id)
{
    struct pab_error why = { 0 };
    struct pab_schedule_last last = { 0 };
    struct pab_status st = { 0 };
    (void)pab_schedule_last_read(state_dir, id, &last, &why);
    int code = pab_engine_status(r->s, &st, &why);
    int64_t newest = last.started_ns;
    if ((code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE) && st.newest && st.newest_ns > newest)
        newest = st.newest_ns;
    pab_status_release(&st);
    pab_schedule_last_release(&last);
    return newest;
}

static void wait_jitter(const struct run *r)
{
    uint64_t random = 0;
    int64_t limit = r->s->job->schedule.jitter_ms;
    if (limit <= 0 || getrandom(&random, sizeof random, 0) != (ssize_t)sizeof random)
        return;
    (void)pab_cancel_sleep_ms((unsigned)(random % (uint64_t)limit)); /* the run itself notices that it was cancelled */
}

static int back_up(struct run *r, int keep_days, struct pab_error *err)
{
    struct pab_error why = { 0 };
    struct pab_job *job = r->s->job;
    char took[32];
    if (keep_days)
        job->retention.keep_days = keep_days; /* as cleanup --retention: the other rules stay in force */
    r->fd = pab_schedule_open_log(r->s->store_path, &why);
    if (r->fd < 0)
        pab_logf(PAB_LL_WARNING, NULL, "%s", why.message);
    r->last.started_ns = pab_now_ns();
    note(r, "info", "begins, %s", job->schedule.incremental ? "incremental" : "full");
    r->next = r->s->events;
    r->s->events = (struct pab_events){ watch, r };
    int code = pab_engine_backup(r->s, &(struct pab_run_opts){ .incremental = job->schedule.incremental, .full_every_ms = job->schedule.full_every_ms }, err);
    r->s->events = r->next;
    r->last.ended_ns = pab_now_ns();
    r->last.exit_code = code;
    if (err->code)
        keep(&r->last.message, err->message);
    note(r, code ? "error" : "info", "ended with exit code %d after %s%s%s%s%s", code,
         pab_format_ms((r->last.ended_ns - r->last.started_ns) / 1000000, took, sizeof took), *r->last.backup ? ": " : "", r->last.backup,
         code && *r->last.message ? ": " : "", code ? r->last.message : "");
    if (r->fd >= 0)
        close(r->fd);
    return code;
}

int pab_schedule_run(struct pab_session *s, const struct pab_schedule_run_opts *o, int *ret_ran, struct pab_error *err)
{
    struct run r = { .s = s, .fd = -1 };
    struct pab_error why = { 0 };
    CLEANUP_FREE char *id = pab_schedule_id(s->job);
    *ret_ran = !o->missed || pab_schedule_missed(o->missed, newest_of(&r, o->state_dir, id), pab_now_ns());
    if (!*ret_ran)
        return PAB_EXIT_OK;
    keep(&r.last.backup, "");
    keep(&r.last.message, "");
    if (o->jitter)
        wait_jitter(&r);
    int code = back_up(&r, o->keep_days, err);
    /* one that found another under way says nothing about how backups go */
    if (code != PAB_EXIT_LOCKED && pab_schedule_last_write(o->state_dir, id, &r.last, &why))
        pab_logf(PAB_LL_WARNING, NULL, "how this run came out is not kept: %s", why.message);
    pab_schedule_last_release(&r.last);
    return code;
}
