/* around.c - see around.h. */
#include "core/engine/around.h"

#include <string.h>
#include "core/base/clock.h"
#include "core/engine/hooks.h"
#include "core/engine/metrics.h"
#include "core/engine/notifier.h"

void pab_around_init(struct pab_around *a, const struct pab_session *s, const struct pab_manifest *m, int off)
{
    *a = (struct pab_around){ .o = { .s = s, .m = m, .moment = PAB_MOMENT_START }, .off = off };
    if (!off) a->notifier = pab_notifier_new(s);
}

int pab_around_before(struct pab_around *a, struct pab_error *err)
{
    if (a->off) return PAB_EXIT_OK;
    pab_notifier_send(a->notifier, &a->o); /* the answers come during the run */
    if (pab_hook_run(&a->o.s->job->hooks.before, "before", &a->o, err) == PAB_OK) return PAB_EXIT_OK;
    pab_error_hint(err, err->code, "nothing was backed up: the job wants its hook to succeed first");
    return pab_exit_of_error(err);
}

/* 1 when it failed; that it did is a warning, since the run is over. */
static int run_hook(const struct pab_around *a, const struct pab_job_hook *hook, const char *name)
{
    struct pab_error why = { 0 };
    if (pab_hook_run(hook, name, &a->o, &why) == PAB_OK) return 0;
    pab_emit_warning(a->o.s, NULL, NULL, why.message);
    return 1;
}

static void set_exit_code(struct pab_outcome *o, int code)
{
    o->exit_code = code;
    o->moment = code == PAB_EXIT_OK ? PAB_MOMENT_SUCCESS : code == PAB_EXIT_INCOMPLETE ? PAB_MOMENT_PARTIAL : PAB_MOMENT_FAILURE;
}

/* After a backup was made: `after`, and for one with faults `on_partial`; a failed hook is such a fault. */
static void run_hooks(struct pab_around *a)
{
    const struct pab_job *j = a->o.s->job;
    if (a->o.moment == PAB_MOMENT_FAILURE) {
        run_hook(a, &j->hooks.on_failure, "on_failure");
        return;
    }
    if (run_hook(a, &j->hooks.after, "after")) set_exit_code(&a->o, PAB_EXIT_INCOMPLETE);
    if (a->o.moment == PAB_MOMENT_PARTIAL) run_hook(a, &j->hooks.on_partial, "on_partial");
}

static void write_metrics(const struct pab_around *a)
{
    struct pab_error why = { 0 };
    const char *path = a->o.s->job->metrics_path;
    if (path && pab_metrics_write(path, &a->o, &why)) pab_emit_warning(a->o.s, NULL, NULL, why.message);
}

int pab_around_after(struct pab_around *a, int code, const char *status, const char *path, const struct pab_error *err)
{
    if (a->off) return code;
    a->o.status = status ? status : code == PAB_EXIT_CANCELLED ? "cancelled" : "failed";
    a->o.path = path;
    a->o.error = err;
    a->o.finished_ns = pab_now_ns();
    if (a->o.finished_ns < a->o.m->started_ns) a->o.finished_ns = a->o.m->started_ns; /* the clock was set back */
    set_exit_code(&a->o, code);
    run_hooks(a);
    int kept_out = a->o.exit_code == PAB_EXIT_LOCKED; /* such a run says nothing: metrics and messages are the other's */
    if (!kept_out) write_metrics(a);
    pab_notifier_wait(a->notifier); /* that it began must not arrive after that it ended */
    if (!kept_out) pab_notifier_send(a->notifier, &a->o);
    pab_notifier_free(a->notifier);
    return a->o.exit_code;
}
