/* uncovered_verb.c - discover JOB --uncovered: the machine surveyed, the targets asked, the two compared. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/engine/machine.h"
#include "core/engine/session.h"
#include "core/engine/survey.h"
#include "core/engine/uncovered.h"

struct collector {
    struct pab_events forward;
    json_t *targets;
};

static json_t *last(const struct collector *c) { return json_array_get(c->targets, json_array_size(c->targets) - 1); }

/* Values that are no UTF-8 are left out: they are names of nothing that Docker has. */
static void set(json_t *o, const char *key, const char *value)
{
    json_t *s = value ? json_string(value) : NULL;
    if (s) json_object_set_new(o, key, s);
}

static void collect(void *ctx, const struct pab_event *e)
{
    struct collector *c = ctx;
    if (e->type == PAB_EV_TARGET_START) {
        json_array_append_new(c->targets, json_pack("{s:s, s:s, s:b, s:{}, s:[]}", "name", e->target, "plugin", e->plugin, "enabled", 1, "facts", "objects"));
    } else if (e->type == PAB_EV_FACT) {
        set(json_object_get(last(c), "facts"), e->text, e->detail);
    } else if (e->type == PAB_EV_OBJECT) {
        json_t *o = json_pack("{s:{}}", "attributes"), *attributes = json_object_get(o, "attributes");
        set(o, "id", e->object);
        for (uint64_t i = 0; i < e->attr_count; i++) set(attributes, e->attrs[i].key, e->attrs[i].value);
        json_array_append_new(json_object_get(last(c), "objects"), o);
    } else if (c->forward.event && (e->type == PAB_EV_WARNING || e->type == PAB_EV_ERROR || (e->type == PAB_EV_TARGET_END && e->status == PAB_MF_FAILED))) {
        c->forward.event(c->forward.ctx, e); /* not pab_emit: its lock is held */
    }
}

static void add_disabled(const struct pab_job *job, json_t *targets)
{
    for (size_t t = 0; t < job->target_count; t++)
        if (!job->targets[t].enabled) json_array_append_new(targets, json_pack("{s:s, s:s, s:b}", "name", job->targets[t].name, "plugin", job->targets[t].plugin, "enabled", 0));
}

int pab_engine_uncovered(struct pab_session *s, json_t **ret, int *ret_unknown, struct pab_error *err)
{
    struct collector c = { s->events, json_array() };
    json_t *machine = NULL;
    if (pab_survey(0, &machine, err)) {
        json_decref(c.targets);
        return pab_exit_of_error(err);
    }
    s->events = (struct pab_events){ collect, &c };
    int code = pab_engine_discover(s, err);
    s->events = c.forward;
    const json_t *docker = json_object_get(machine, "docker");
    *ret_unknown = strcmp(pab_machine_text(docker, "state"), "failed") == 0;
    if (*ret_unknown) {
        CLEANUP_FREE char *text = pab_sprintf("Docker at '%s' cannot be asked, so what runs there is not known: %s", pab_machine_text(docker, "host"), pab_machine_text(docker, "error"));
        pab_emit_warning(s, NULL, NULL, text);
    }
    add_disabled(s->job, c.targets);
    if (!err->code) *ret = pab_uncovered(machine, c.targets);
    json_decref(c.targets);
    json_decref(machine);
    return code;
}
