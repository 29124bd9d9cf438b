/* job_around.c - see job_around.h. */
#include "core/config/job_around.h"

#include "core/config/notify.h"

static int read_hook(const struct pab_config *hooks, const char *key, struct pab_job_hook *ret, struct pab_error *err)
{
    if (!pab_config_given(hooks, key))
        return PAB_OK;
    const struct pab_config *c = pab_config_record(hooks, key, 0);
    for (uint64_t i = 0; i < pab_config_count(c, "command"); i++)
        pab_strs_add(&ret->argv, pab_config_item(c, "command", i));
    ret->timeout_ms = pab_config_int(c, "timeout");
    if (ret->argv.count && ret->argv.items[0][0])
        return PAB_OK;
    return pab_error_hint(err, pab_config_complain(c, "command", err, "names no program"), "write [PROGRAM, ARGUMENT, ...]");
}

int pab_job_read_around(const struct pab_config *c, struct pab_job *j, struct pab_error *err)
{
    const struct pab_config *hooks = pab_config_record(c, "hooks", 0);
    if (pab_config_given(c, "metrics"))
        j->metrics_path = pab_strdup(pab_config_str(pab_config_record(c, "metrics", 0), "textfile"));
    if (read_hook(hooks, "before", &j->hooks.before, err) || read_hook(hooks, "after", &j->hooks.after, err) ||
        read_hook(hooks, "on_partial", &j->hooks.on_partial, err) || read_hook(hooks, "on_failure", &j->hooks.on_failure, err))
        return err->code;
    return pab_notify_check_all(c, j, err);
}
