/* cmd_schedule.c - pabengine schedule install|uninstall|run JOB, and which file has its other words */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/printer.h"
#include "core/engine/retention.h"
#include "core/engine/schedule.h"

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
    o->everywhere = !cli->method && !cli->user_scope && !cli->system_scope;
    o->frequency = cli->frequency;
    o->at = cli->at;
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
    struct pab_strs removed = { 0 };
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
    else if (!cli->dry_run) code = install ? pab_schedule_install(job, &o, &changed, &removed, &err) : pab_schedule_uninstall(job, &o, &removed, &err);
    code = code ? pab_exit_of_error(&err) : PAB_EXIT_OK;
    if (!code && install) warn_of_lacks(job);
    CLEANUP_FREE char *id = pab_schedule_id(job);
    if (!code && cli->json) {
        json_t *from = json_array();
        for (size_t i = 0; i < removed.count; i++) json_array_append_new(from, json_string(removed.items[i]));
        json_object_set_new(p->document, "id", json_string(id));
        json_object_set_new(p->document, "changed", json_boolean(changed || removed.count));
        json_object_set_new(p->document, "method", json_string(pab_schedule_place(o.scheduler, o.system)));
        json_object_set_new(p->document, "removed_from", from);
        if (text) json_object_set_new(p->document, "text", json_string(text));
    } else if (!code && text) {
        fputs(text, stdout);
    } else if (!code && !cli->quiet) {
        const char *place = pab_schedule_place(o.scheduler, o.system);
        if (install) pab_cli_say("%s: %s in %s\n", id, changed ? "installed" : "installed already, nothing changed,", place);
        for (size_t i = 0; i < removed.count; i++) pab_cli_say("%s: removed from %s\n", id, removed.items[i]);
        if (!install && !removed.count) pab_cli_say("%s: was not installed%s%s\n", id, o.everywhere ? "" : " in ", o.everywhere ? "" : place);
    }
    pab_strs_release(&removed);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}

static int run(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    int ran = 0;
    CLEANUP_FREE char *state = pab_cli_state_dir();
    struct pab_schedule here = { 0 };
    struct pab_schedule_run_opts o = { .state_dir = state, .jitter = cli->jitter };
    if (days_of(cli, &o.keep_days)) return PAB_EXIT_USAGE;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_LINES, "run");
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    if (cli->missed) {
        CLEANUP_FREE char *id = pab_schedule_id(pab_session_job(s));
        if (pab_schedule_find(id, &here, &err) == PAB_OK) o.missed = here.when;
    }
    code = err.code ? pab_exit_of_error(&err) : pab_schedule_run(s, &o, &ran, &err);
    if (!code && !ran) pab_logf(PAB_LL_INFO, NULL, "no run was missed");
    pab_schedule_release(&here);
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
    if (strcmp(verb, "list") == 0) return inner.arg_count == 1 ? pab_cmd_schedule_list(cli) : pab_cli_usage_error(cli, "usage: pabengine schedule list [options]");
    const char *near = pab_str_nearest(verb, verbs, sizeof verbs / sizeof *verbs);
    int known = 0;
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++) known |= strcmp(verbs[i], verb) == 0;
    if (!known) return near ? pab_cli_usage_error(cli, "unknown word '%s' after schedule; did you mean '%s'?", verb, near) : pab_cli_usage_error(cli, "unknown word '%s' after schedule", verb);
    if (inner.arg_count != 2) return pab_cli_usage_error(cli, "usage: pabengine schedule %s JOB [options]", verb);
    switch (*verb) {
    case 'i': return change(&inner, 1);
    case 'u': return change(&inner, 0);
    case 's': return pab_cmd_schedule_status(&inner);
    case 'r': return run(&inner);
    case 'c': return pab_cmd_cleanup(&inner);
    default: return pab_cmd_trial(&inner);
    }
}
