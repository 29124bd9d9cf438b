/* cmd_schedule.c - pabengine schedule install|uninstall|status|run|cleanup|test JOB, and list */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/printer.h"
#include "core/engine/retention.h"
#include "core/engine/schedule.h"
#include "core/engine/status.h"

#define NS 1000000000LL

static int days_of(const struct pab_cli *cli, int *ret)
{
    int64_t n = 0;
    if (!cli->retention) return PAB_EXIT_OK;
    if (pab_parse_int(cli->retention, &n) || n < 1 || n > PAB_RETENTION_MAX)
        return pab_cli_usage_error(cli, "--retention: expected 1 to %d days, not '%s'", PAB_RETENTION_MAX, cli->retention);
    *ret = (int)n;
    return PAB_EXIT_OK;
}

static void fill_options(const struct pab_cli *cli, struct pab_schedule_opts *o)
{
    o->scheduler = !cli->method ? pab_scheduler_here() : strcmp(cli->method, "cron") == 0 ? PAB_SCHEDULER_CRON : PAB_SCHEDULER_SYSTEMD;
    o->system = cli->system_scope || (!cli->user_scope && geteuid() == 0);
    o->frequency = cli->frequency;
    o->at = cli->at;
}

static const char *place_of(enum pab_scheduler scheduler, int system)
{
    return scheduler == PAB_SCHEDULER_CRON ? "crontab" : system ? "systemd" : "systemd --user";
}

/* A secret that only this shell has is one that the run will miss. */
static void warn_of_lacks(const struct pab_job *job)
{
    struct pab_error why = { 0 };
    struct pab_strs names = { 0 };
    if (pab_schedule_lacks(job, &names, &why)) pab_logf(PAB_LL_WARNING, NULL, "its runs will fail: %s", why.message);
    for (size_t i = 0; i < names.count; i++)
        pab_logf(PAB_LL_WARNING, NULL, "its runs will not find the secret env:%s: the variable '%s' is %s, and not in env_file", names.items[i], names.items[i],
                 getenv(names.items[i]) ? "one of this shell" : "not set");
    pab_strs_release(&names);
}

/* install and uninstall. */
static int change(const struct pab_cli *cli, int install)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_schedule_opts o = { 0 };
    char program[PATH_MAX];
    int changed = 0;
    if (days_of(cli, &o.keep_days)) return PAB_EXIT_USAGE;
    fill_options(cli, &o);
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    if (n < 0) n = 0;
    program[n] = '\0';
    o.program = program;
    CLEANUP_FREE char *state = pab_cli_state_dir();
    o.state_dir = state;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, install ? "schedule install" : "schedule uninstall");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    const struct pab_job *job = pab_session_job(s);
    CLEANUP_FREE char *text = NULL;
    if (install && cli->dry_run) code = pab_schedule_text(job, &o, &text, &err);
    else if (!cli->dry_run) code = install ? pab_schedule_install(job, &o, &changed, &err) : pab_schedule_uninstall(job, &o, &changed, &err);
    code = code ? pab_exit_of_error(&err) : PAB_EXIT_OK;
    if (!code && install) warn_of_lacks(job);
    CLEANUP_FREE char *id = pab_schedule_id(job);
    if (!code && cli->json) {
        json_object_set_new(p->document, "id", json_string(id));
        json_object_set_new(p->document, "changed", json_boolean(changed));
        json_object_set_new(p->document, "method", json_string(place_of(o.scheduler, o.system)));
        if (text) json_object_set_new(p->document, "text", json_string(text));
    } else if (!code && text) {
        fputs(text, stdout);
    } else if (!code && !cli->quiet) {
        pab_cli_say("%s: %s in %s\n", id, install ? changed ? "installed" : "installed already, nothing changed," : changed ? "removed" : "was not installed", place_of(o.scheduler, o.system));
    }
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}

/* Text of a time, or "unknown". */
static const char *time_text(int64_t ns, char *buf, size_t n) { return ns ? pab_format_rfc3339(ns, buf, n) : "unknown"; }

static int64_t next_of(const char *when)
{
    struct pab_calendar c;
    struct pab_error why = { 0 };
    return pab_calendar_parse(when, &c, &why) ? 0 : pab_calendar_next(&c, pab_now_ns() / NS) * NS;
}

static int list(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_schedules all = { 0 };
    char next[40];
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "schedule list");
    json_t *array = json_array();
    int code = pab_schedule_list(&all, &err) ? pab_exit_of_error(&err) : PAB_EXIT_OK;
    if (!code && !all.count && !cli->json) puts("no schedules");
    for (size_t i = 0; !code && i < all.count; i++) {
        const struct pab_schedule *e = &all.items[i];
        int64_t at = next_of(e->when);
        json_array_append_new(array, json_pack("{s:s,s:s,s:s,s:s,s:s}", "id", e->id, "job", e->job_file, "when", e->when, "method", place_of(e->scheduler, e->system),
                                               "next", time_text(at, next, sizeof next)));
        if (cli->json) continue;
        pab_cli_say("%s\n", e->id);
        pab_cli_say("  job %s\n", e->job_file);
        pab_cli_say("  when %s (%s), next %s\n", e->when, place_of(e->scheduler, e->system), time_text(at, next, sizeof next));
    }
    if (cli->json) json_object_set(p->document, "schedules", array);
    json_decref(array);
    pab_schedules_release(&all);
    return pab_printer_end(p, code, &err);
}

/* `when` of the job's schedule, caller frees; "": it has none. */
static char *installed_when(const char *id, char **ret_place, struct pab_error *err)
{
    struct pab_schedules all = { 0 };
    char *when = NULL;
    if (pab_schedule_list(&all, err) == PAB_OK)
        for (size_t i = 0; i < all.count && !when; i++)
            if (strcmp(all.items[i].id, id) == 0) {
                when = pab_strdup(all.items[i].when);
                *ret_place = pab_strdup(place_of(all.items[i].scheduler, all.items[i].system));
            }
    pab_schedules_release(&all);
    return when ? when : pab_strdup("");
}

static void print_last(const struct pab_schedule_last *last)
{
    char at[40], took[32];
    if (!last->started_ns) {
        pab_cli_say("last run   none\n");
        return;
    }
    pab_cli_say("last run   %s, exit code %d, took %s%s%s%s%s\n", pab_format_rfc3339(last->started_ns, at, sizeof at), last->exit_code,
                pab_format_ms((last->ended_ns - last->started_ns) / 1000000, took, sizeof took), *last->backup ? ", " : "", last->backup,
                last->exit_code && *last->message ? ": " : "", last->exit_code ? last->message : "");
}

static int status(const struct pab_cli *cli)
{
    struct pab_error err = { 0 }, why = { 0 };
    struct pab_session *s;
    struct pab_schedule_last last = { 0 };
    struct pab_status st = { 0 };
    char next[40];
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "schedule status");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    CLEANUP_FREE char *id = pab_schedule_id(pab_session_job(s));
    CLEANUP_FREE char *state = pab_cli_state_dir();
    CLEANUP_FREE char *place = NULL;
    CLEANUP_FREE char *when = installed_when(id, &place, &err);
    if (err.code || pab_schedule_last_read(state, id, &last, &err)) {
        code = pab_exit_of_error(&err);
    } else {
        int store_code = pab_engine_status(s, &st, &why);
        int known = store_code == PAB_EXIT_OK || store_code == PAB_EXIT_INCOMPLETE;
        int missed = *when && pab_schedule_missed(when, st.newest_ns > last.started_ns ? st.newest_ns : last.started_ns, pab_now_ns());
        int late = known ? st.late : pab_session_job(s)->rpo_ms > 0;
        code = late || missed || last.exit_code ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK;
        const char *at = time_text(*when ? next_of(when) : 0, next, sizeof next);
        if (cli->json) {
            json_t *d = p->document;
            json_object_set_new(d, "id", json_string(id));
            json_object_set_new(d, "installed", json_boolean(*when != 0));
            json_object_set_new(d, "when", json_string(when));
            json_object_set_new(d, "next", json_string(at));
            json_object_set_new(d, "late", json_boolean(late));
            json_object_set_new(d, "missed", json_boolean(missed));
            json_object_set_new(d, "last_exit_code", last.started_ns ? json_integer(last.exit_code) : json_null());
            json_object_set_new(d, "last_backup", json_string(last.backup));
        } else {
            pab_cli_say("schedule   %s\n", id);
            if (*when) pab_cli_say("when       %s (%s)\n", when, place);
            else pab_cli_say("when       not installed\n");
            if (*when) pab_cli_say("next run   %s\n", at);
            print_last(&last);
            if (late) pab_cli_say("LATE       the newest good backup is older than the job's rpo, or there is none\n");
            if (missed) pab_cli_say("MISSED     the last run did not begin\n");
        }
    }
    pab_status_release(&st);
    pab_schedule_last_release(&last);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}

static int run(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    int ran = 0;
    CLEANUP_FREE char *state = pab_cli_state_dir();
    CLEANUP_FREE char *when = NULL, *place = NULL;
    struct pab_schedule_run_opts o = { .state_dir = state, .jitter = cli->jitter };
    if (days_of(cli, &o.keep_days)) return PAB_EXIT_USAGE;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_LINES, "run");
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    if (cli->missed) {
        CLEANUP_FREE char *id = pab_schedule_id(pab_session_job(s));
        o.missed = when = installed_when(id, &place, &err);
    }
    code = err.code ? pab_exit_of_error(&err) : pab_schedule_run(s, &o, &ran, &err);
    if (!code && !ran) pab_logf(PAB_LL_INFO, NULL, "no run was missed");
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}

int pab_cmd_schedule(const struct pab_cli *cli)
{
    static const char *const verbs[] = { "install", "uninstall", "status", "run", "list", "cleanup", "test" };
    const char *verb = cli->args[1];
    struct pab_cli inner = *cli; /* as if the verb were the command */
    inner.args++;
    inner.arg_count--;
    if (strcmp(verb, "list") == 0) return inner.arg_count == 1 ? list(cli) : pab_cli_usage_error(cli, "usage: pabengine schedule list [options]");
    const char *near = pab_str_nearest(verb, verbs, sizeof verbs / sizeof *verbs);
    int known = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) known |= strcmp(verbs[i], verb) == 0;
    if (!known) return near ? pab_cli_usage_error(cli, "unknown word '%s' after schedule; did you mean '%s'?", verb, near) : pab_cli_usage_error(cli, "unknown word '%s' after schedule", verb);
    if (inner.arg_count != 2) return pab_cli_usage_error(cli, "usage: pabengine schedule %s JOB [options]", verb);
    switch (*verb) {
    case 'i': return change(&inner, 1);
    case 'u': return change(&inner, 0);
    case 's': return status(&inner);
    case 'r': return run(&inner);
    case 'c': return pab_cmd_cleanup(&inner);
    default: return pab_cmd_trial(&inner);
    }
}
