/* schedule_status.c - pabengine schedule list, and schedule status JOB */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/cli/printer.h"
#include "core/engine/schedule.h"
#include "core/engine/status.h"
#include "core/engine/turn.h"

/* Text of a time, or "unknown". */
static const char *time_text(int64_t ns, char *buf, size_t n) { return ns ? pab_format_rfc3339(ns, buf, n) : "unknown"; }

int pab_cmd_schedule_list(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_schedules all = { 0 };
    char buf[40];
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "schedule list");
    json_t *array = json_array();
    int code = pab_schedule_list(&all, &err) ? pab_exit_of_error(&err) : PAB_EXIT_OK;
    if (!code && !all.count && !cli->json) puts("no schedules");
    for (size_t i = 0; !code && i < all.count; i++) {
        const struct pab_schedule *e = &all.items[i];
        const char *place = pab_schedule_place(e->scheduler, e->system);
        const char *next = time_text(pab_schedule_next(e->scheduler, e->when, pab_now_ns()), buf, sizeof buf);
        json_array_append_new(array, json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", e->id, "job", e->job_file, "when", e->when, "method", place,
                                               "next", next));
        if (cli->json) continue;
        pab_cli_say("%s\n", e->id);
        pab_cli_say("  job %s\n", e->job_file);
        pab_cli_say("  when %s (%s), next %s\n", e->when, place, next);
    }
    if (cli->json) json_object_set(p->document, "schedules", array);
    json_decref(array);
    pab_schedules_release(&all);
    return pab_printer_end(p, code, &err);
}

/* What status shows. */
struct view {
    const struct pab_job *job;
    char *id;
    struct pab_schedule here;        /* when: "" where none is installed */
    int64_t next_ns;
    struct pab_schedule_last last;
    struct pab_lock_owner owner;
    int running, died, late, missed; /* died: the last run did not come to its end */
};

static void look(struct view *v, struct pab_session *s, const char *state)
{
    struct pab_status st = { 0 };
    struct pab_error why = { 0 };
    int store_code = pab_engine_status(s, &st, &why);
    int64_t now = pab_now_ns(), newest = st.newest_ns > v->last.started_ns ? st.newest_ns : v->last.started_ns;
    v->running = pab_turn_is_taken(state, v->job, &v->owner);
    v->died = v->last.started_ns && !v->last.ended_ns && !v->running;
    v->late = store_code == PAB_EXIT_OK || store_code == PAB_EXIT_INCOMPLETE ? st.late : v->job->rpo_ms > 0;
    if (*v->here.when) {
        v->next_ns = pab_schedule_next(v->here.scheduler, v->here.when, now);
        v->missed = !v->running && pab_schedule_missed(v->here.scheduler, v->here.when, newest, now, pab_schedule_grace_ms(v->job));
    }
    pab_status_release(&st);
}

static void print_last(const struct view *v)
{
    const struct pab_schedule_last *last = &v->last;
    char at[40], took[32];
    if (v->running) {
        pab_cli_say("running    since %s (pid %lld on %s)\n", time_text(v->owner.start_ns, at, sizeof at), (long long)v->owner.pid, v->owner.host);
        if (!last->ended_ns) return;
    }
    if (!last->started_ns) pab_cli_say("last run   none\n");
    else if (v->died) pab_cli_say("last run   %s, did not end: it was killed, or the machine went down\n",
                                  time_text(last->started_ns, at, sizeof at));
    else pab_cli_say("last run   %s, exit code %d, took %s%s%s%s%s\n", time_text(last->started_ns, at, sizeof at), last->exit_code,
                     pab_format_ms((last->ended_ns - last->started_ns) / 1000000, took, sizeof took), *last->backup ? ", " : "", last->backup,
                     last->exit_code && *last->message ? ": " : "", last->exit_code ? last->message : "");
}

static void print_view(const struct view *v)
{
    char at[40];
    pab_cli_say("schedule   %s\n", v->id);
    if (*v->here.when) {
        pab_cli_say("when       %s (%s)\n", v->here.when, pab_schedule_place(v->here.scheduler, v->here.system));
        pab_cli_say("next run   %s\n", time_text(v->next_ns, at, sizeof at));
    } else {
        pab_cli_say("when       not installed\n");
    }
    print_last(v);
    if (v->late) pab_cli_say("LATE       the newest good backup is older than the job's rpo, or there is none\n");
    if (v->missed) pab_cli_say("MISSED     the last run did not begin\n");
}

static json_t *last_json(const struct view *v)
{
    char at[40];
    const struct pab_schedule_last *last = &v->last;
    if (!last->started_ns) return json_null();
    json_t *o = json_pack("{s:s, s:s, s:s}", "started", pab_format_rfc3339(last->started_ns, at, sizeof at), "backup", last->backup,
                          "message", last->message);
    json_object_set_new(o, "ended", last->ended_ns ? json_string(pab_format_rfc3339(last->ended_ns, at, sizeof at)) : json_null());
    json_object_set_new(o, "seconds", last->ended_ns ? json_real((double)(last->ended_ns - last->started_ns) / 1e9) : json_null());
    json_object_set_new(o, "exit_code", last->ended_ns ? json_integer(last->exit_code) : json_null());
    json_object_set_new(o, "did_not_end", json_boolean(v->died));
    return o;
}

static void fill_document(json_t *d, const struct view *v)
{
    char at[40];
    json_object_set_new(d, "id", json_string(v->id));
    json_object_set_new(d, "installed", json_boolean(*v->here.when != 0));
    json_object_set_new(d, "when", json_string(v->here.when));
    json_object_set_new(d, "method", *v->here.when ? json_string(pab_schedule_place(v->here.scheduler, v->here.system)) : json_null());
    json_object_set_new(d, "next", json_string(time_text(v->next_ns, at, sizeof at)));
    json_object_set_new(d, "rpo_seconds", json_integer((json_int_t)(v->job->rpo_ms / 1000)));
    json_object_set_new(d, "late", json_boolean(v->late));
    json_object_set_new(d, "missed", json_boolean(v->missed));
    json_object_set_new(d, "running", json_boolean(v->running));
    json_object_set_new(d, "running_since", v->running ? json_string(time_text(v->owner.start_ns, at, sizeof at)) : json_null());
    json_object_set_new(d, "last", last_json(v));
    json_object_set_new(d, "last_exit_code", v->last.ended_ns ? json_integer(v->last.exit_code) : json_null());
    json_object_set_new(d, "last_backup", json_string(v->last.backup));
}

int pab_cmd_schedule_status(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct view v = { 0 };
    CLEANUP_FREE char *state = pab_cli_state_dir();
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "schedule status");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    v.job = pab_session_job(s);
    v.id = pab_schedule_id(v.job);
    if (pab_schedule_find(v.id, &v.here, &err) || pab_schedule_last_read(state, v.id, &v.last, &err)) {
        code = pab_exit_of_error(&err);
    } else {
        look(&v, s, state);
        code = v.late || v.missed || v.died || v.last.exit_code ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK;
        if (cli->json) fill_document(p->document, &v);
        else print_view(&v);
    }
    pab_schedule_release(&v.here);
    pab_schedule_last_release(&v.last);
    free(v.id);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
