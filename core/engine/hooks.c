/* hooks.c - see hooks.h. */
#include "core/engine/hooks.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/talk.h"

#define AFTER_CANCEL_MS 30000 /* whoever cancelled is waiting, and may soon send SIGKILL */

static void put(struct pab_strs *env, const char *name, const char *value)
{
    CLEANUP_FREE char *entry = pab_sprintf("%s=%s", name, value ? value : "");
    pab_strs_add(env, entry);
}

static void make_environment(const struct pab_outcome *o, const char *name, struct pab_strs *ret)
{
    char code[16] = "";
    CLEANUP_FREE char *error = pab_outcome_error(o);
    CLEANUP_FREE char *failed = pab_outcome_failed_targets(o);
    if (o->finished_ns) snprintf(code, sizeof code, "%d", o->exit_code);
    put(ret, "PABENGINE_EVENT", name);
    put(ret, "PABENGINE_JOB", o->m->job);
    put(ret, "PABENGINE_JOB_FILE", o->s->job->file);
    put(ret, "PABENGINE_STORE", o->s->store_path);
    put(ret, "PABENGINE_STATUS", o->status);
    put(ret, "PABENGINE_EXIT_CODE", code);
    put(ret, "PABENGINE_BACKUP", o->path);
    put(ret, "PABENGINE_BACKUP_NAME", o->path ? o->m->name : "");
    put(ret, "PABENGINE_ERROR", error);
    put(ret, "PABENGINE_FAILED_TARGETS", failed);
}

static void log_line(void *ctx, const char *line)
{
    pab_logf(PAB_LL_INFO, NULL, "%s: %s", (const char *)ctx, line);
}

static int judge(const char *what, int status, struct pab_error *err)
{
    const char *signal_name = status > 128 ? sigabbrev_np(status - 128) : NULL;
    if (status == 0) return PAB_OK;
    if (signal_name) return pab_error_set(err, PAB_E_TOOL, 0, "%s failed with exit status %d (SIG%s)", what, status, signal_name);
    return pab_error_set(err, PAB_E_TOOL, 0, "%s failed with exit status %d", what, status);
}

int pab_hook_run(const struct pab_job_hook *hook, const char *name, const struct pab_outcome *o, struct pab_error *err)
{
    if (!hook->argv.count) return PAB_OK;
    CLEANUP_FREE char *what = pab_sprintf("hook '%s'", name);
    CLEANUP_FREE char *json = pab_outcome_json(o, name);
    int cancelled = pab_cancelled(), status = 0;
    struct pab_strs env = { 0 };
    struct pab_talk talk = { .input = json, .input_size = strlen(json), .limit_ms = hook->timeout_ms, .cancellable = !cancelled, .line = log_line, .ctx = what };
    if (cancelled && talk.limit_ms > AFTER_CANCEL_MS) talk.limit_ms = AFTER_CANCEL_MS;
    make_environment(o, name, &env);
    struct pab_proc_opts opts = { .argv = (const char *const *)hook->argv.items, .env_add = (const char *const *)env.items, .cwd = o->s->job->dir, .what = what };
    struct pab_error why = { 0 };
    pab_logf(PAB_LL_VERBOSE, NULL, "%s: %s", what, hook->argv.items[0]);
    int rc = pab_talk(&opts, &talk, &status, &why);
    pab_strs_release(&env);
    if (talk.left_out) pab_logf(PAB_LL_INFO, NULL, "%s: %llu more bytes of output, not shown", what, (unsigned long long)talk.left_out);
    if (!rc) rc = judge(what, status, &why);
    else if (!strstr(why.message, what)) pab_error_prefix(&why, "%s", what); /* "cannot run 'x': not found" does not say for whom */
    if (rc && err) *err = why;
    return rc;
}
