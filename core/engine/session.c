/* session.c - see session.h and engine.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/scratch.h"
#include "core/engine/session.h"

int pab_exit_of_error(const struct pab_error *err)
{
    switch (err->code) {
    case PAB_OK: return PAB_EXIT_OK;
    case PAB_E_CONFIG:
    case PAB_E_USAGE: return PAB_EXIT_USAGE;
    case PAB_E_CANCELLED: return PAB_EXIT_CANCELLED;
    default: return PAB_EXIT_FAILED;
    }
}

int pab_exit_of_lock(const struct pab_error *err)
{
    return err->code == PAB_E_BUSY ? PAB_EXIT_LOCKED : pab_exit_of_error(err);
}

static void config_warning(void *ctx, const char *message)
{
    pab_emit_warning(ctx, NULL, NULL, message);
}

void pab_emit_warning(const struct pab_session *s, const char *target, const char *object, const char *text)
{
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_WARNING, .target = target, .object = object, .text = text });
}

void pab_emit_error(const struct pab_session *s, const char *target, const struct pab_error *err)
{
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_ERROR, .target = target, .error = err });
}

static int check_target_names(const struct pab_session *s, struct pab_error *err)
{
    for (size_t i = 0; i < s->only.count; i++) {
        int known = 0;
        const char **names = pab_alloc_array(s->job->target_count + 1, sizeof *names);
        for (size_t t = 0; t < s->job->target_count; t++) {
            names[t] = s->job->targets[t].name;
            known |= strcmp(names[t], s->only.items[i]) == 0;
        }
        if (!known) {
            pab_error_set(err, PAB_E_USAGE, 0, "%s has no target '%s'", s->job->file, s->only.items[i]);
            const char *near = pab_str_nearest(s->only.items[i], names, s->job->target_count);
            if (near) pab_error_hint(err, err->code, "did you mean '%s'?", near);
        }
        free(names);
        if (!known) return err->code;
    }
    return PAB_OK;
}

int pab_session_open(const struct pab_session_opts *o, struct pab_session **ret, struct pab_error *err)
{
    struct pab_session *s = pab_alloc(sizeof *s);
    s->events = o->events;
    s->categories = o->categories ? o->categories : PAB_CAT_ALL;
    s->resolve_secrets = o->resolve_secrets;
    s->plugs = pab_plugs_new(o->plugin_folders, pab_host_table());
    s->state_dir = pab_strdup(o->state_dir);
    s->journal = pab_journal_new(o->state_dir);
    for (size_t i = 0; o->targets && o->targets[i]; i++) pab_strs_add(&s->only, o->targets[i]);
    if (pab_job_load(o->job_path, o->resolve_secrets, config_warning, s, &s->job, err) || check_target_names(s, err)) {
        pab_session_close(s);
        return pab_exit_of_error(err);
    }
    s->store_path = pab_strdup(o->store_path ? o->store_path : s->job->store_path);
    pab_journal_replay(s->journal, s->plugs, &s->events);
    pab_scratch_sweep();
    *ret = s;
    return PAB_EXIT_OK;
}

void pab_session_close(struct pab_session *s)
{
    if (!s) return;
    pab_job_free(s->job);
    pab_journal_free(s->journal);
    pab_plugs_free(s->plugs);
    pab_strs_release(&s->only);
    free(s->store_path);
    free(s->state_dir);
    free(s);
}

const struct pab_job *pab_session_job(const struct pab_session *s) { return s->job; }
const char *pab_session_store_path(const struct pab_session *s) { return s->store_path; }

int pab_session_wants(const struct pab_session *s, const char *target)
{
    if (!s->only.count) return 1;
    for (size_t i = 0; i < s->only.count; i++)
        if (strcmp(s->only.items[i], target) == 0) return 1;
    return 0;
}

int pab_instance_prepare(struct pab_session *s, const struct pab_job_target *t, struct pab_instance *ret, struct pab_error *err)
{
    struct pab_instance i = { .target = t };
    if (pab_plugs_get(s->plugs, t->plugin, &i.plugin, err)) {
        if (err->code == PAB_E_CONFIG) pab_error_prefix(err, "%s:%d:%d: target '%s'", s->job->file, t->line, t->column, t->name);
        return err->code;
    }
    struct pab_config_env env;
    pab_job_config_env(s->job, s->resolve_secrets, &env);
    env.warn = config_warning;
    env.warn_ctx = s;
    const struct pab_plugin *p = &i.plugin->p;
    if (pab_config_check(t->options, p->options, p->option_count, p->option_stride, &env, t->path, &i.config, err)) return err->code;
    *ret = i;
    return PAB_OK;
}

int pab_instance_open(struct pab_session *s, struct pab_instance *i, struct pab_error *err)
{
    (void)s;
    static const struct pab_op_backend nothing = { 0 };
    struct pab_operation *op = pab_operation_new(&(struct pab_operation_opts){ .backend = &nothing, .target = i->target->name, .config = i->config });
    int rc = i->plugin->p.open(pab_operation_handle(op), i->config, &i->data);
    rc = pab_operation_end(op, rc, "open", err);
    i->is_open = rc == PAB_OK;
    return rc;
}

void pab_instance_close(struct pab_instance *i)
{
    if (i->is_open) i->plugin->p.close(i->data);
    i->is_open = 0;
    pab_config_free(i->config);
    i->config = NULL;
}

int pab_session_prepare(struct pab_session *s, struct pab_instance **ret, size_t *ret_count, struct pab_error *err)
{
    size_t n = 0;
    struct pab_instance *list = pab_alloc_array(s->job->target_count + 1, sizeof *list);
    for (size_t t = 0; t < s->job->target_count; t++) {
        const struct pab_job_target *jt = &s->job->targets[t];
        if (!jt->enabled || !pab_session_wants(s, jt->name)) continue;
        if (pab_instance_prepare(s, jt, &list[n], err)) {
            pab_instances_free(list, n);
            return err->code;
        }
        n++;
    }
    *ret = list;
    *ret_count = n;
    return PAB_OK;
}

void pab_instances_free(struct pab_instance *list, size_t n)
{
    for (size_t i = 0; i < n; i++) pab_instance_close(&list[i]);
    free(list);
}
