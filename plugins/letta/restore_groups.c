/* restore_groups.c - groups of agents, which are made when their agents are there again. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* The agents as the target knows them, in their order; NULL: one is not known (in a plan: not yet). */
static json_t *agents_now(const struct restoring *r, const json_t *group)
{
    json_t *ret = json_array(), *one;
    size_t i;
    json_array_foreach(json_object_get(group, "agent_ids"), i, one) {
        const char *now = restoring_now(r, json_string_value(one));
        if (!now) {
            json_decref(ret);
            return NULL;
        }
        json_array_append_new(ret, json_string(now));
    }
    return ret;
}

/* How the group works, with the ids of the target; what is not set stays out. */
static json_t *manager_of(const struct restoring *r, const json_t *group)
{
    static const char *const keys[] = { "manager_type", "max_turns", "termination_token", "sleeptime_agent_frequency", "max_message_buffer_length",
                                        "min_message_buffer_length", NULL };
    json_t *ret = restoring_pick(group, keys);
    const char *manager = json_text(group, "manager_agent_id"), *now = *manager ? restoring_now(r, manager) : NULL;
    if (now) json_object_set_new(ret, "manager_agent_id", json_string(now));
    return ret;
}

static int is_same(const struct restoring *r, const json_t *group, const json_t *agents, const json_t *other)
{
    static const char *const keys[] = { "manager_type", "max_turns", "termination_token", "sleeptime_agent_frequency", "max_message_buffer_length",
                                        "min_message_buffer_length", "manager_agent_id", NULL };
    CLEANUP_JSON json_t *mine = manager_of(r, group);
    CLEANUP_JSON json_t *theirs = restoring_pick(other, keys);
    return !strcmp(json_text(group, "description"), json_text(other, "description")) && json_equal(mine, theirs) && json_equal(agents, json_object_get(other, "agent_ids"));
}

static const json_t *find_there(const struct restoring *r, const json_t *there, const json_t *group, const json_t *agents)
{
    json_t *one;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)there, i, one)
        if (agents && is_same(r, group, agents, one)) return one;
    return NULL;
}

static int put_group(struct restoring *r, const json_t *group, void *there)
{
    CLEANUP_JSON json_t *agents = agents_now(r, group);
    CLEANUP_JSON json_t *answer = NULL;
    const char *label = json_text(group, "description"), *id = json_text(group, "id");
    const json_t *found = find_there(r, there, group, agents);
    if (found) {
        restoring_mapped(r, id, json_text(found, "id"));
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_KEEP, "groups", "'%s' is there already", label) : PAB_OK;
    }
    if (is_plan(r)) return restoring_plan(r, PAB_PLAN_CREATE, "groups", "'%s' with its %zu agents", label, json_array_size(json_object_get(group, "agent_ids")));
    if (!agents) {
        pab_warn(r->op, "groups", "group '%s' is not made again: an agent of it is not among what is restored", label);
        return PAB_OK;
    }
    CLEANUP_JSON json_t *body = json_pack("{s:O, s:s, s:o}", "agent_ids", agents, "description", label, "manager_config", manager_of(r, group));
    if (json_flag(group, "hidden")) json_object_set_new(body, "hidden", json_true());
    int rc = restoring_make(r, "/v1/groups/", body, "/v1/groups/", &answer);
    if (!rc) restoring_mapped(r, id, json_text(answer, "id"));
    return rc;
}

int restore_groups(struct restoring *r)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    int64_t index = restoring_find(r, "groups", "letta/groups.");
    if (index < 0) return PAB_OK;
    if (letta_all(r->r, "/v1/groups/?show_hidden_groups=true", 50, &there, &err)) return sup_fail(r->op, &err);
    return restoring_each(r, (uint32_t)index, put_group, there);
}
