/* restore_agents.c - agents: imported from their files with their whole history, then joined again with what they share. Those of the
 * same name that differ make place when everything else has succeeded, and not before. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* When one agent alone is restored, what it is joined with may never have been away. */
static int is_in_target(struct restoring *r, const char *kind, const char *id)
{
    CLEANUP_FREE char *path = pab_sprintf("/v1/%s/%s", kind, id);
    return rest_json(r->r, &(struct rest_req){ .path = path, .flags = REST_NO_BODY }, NULL, NULL) == PAB_OK;
}

static int attach_all(struct restoring *r, const char *agent, const json_t *list, const char *kind, const char *what)
{
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)list, i, one) {
        const char *old = json_is_string(one) ? json_string_value(one) : json_text(one, "id"), *now = restoring_now(r, old);
        if (!now && is_in_target(r, kind, old)) now = old;
        if (!now) {
            pab_warn(r->op, what, "%s '%s' of an agent is not among what is restored", what, json_is_string(one) ? old : json_text(one, "name"));
            continue;
        }
        CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s/%s/attach/%s", agent, kind, now);
        int rc = restoring_send(r, "PATCH", path, NULL);
        if (rc) return rc;
    }
    return PAB_OK;
}

/* What an agent file has no place for. */
static int settle(struct restoring *r, const struct saved_agent *s)
{
    static const char *const keys[] = { "compaction_settings", NULL };
    CLEANUP_JSON json_t *body = restoring_pick(s->agent, keys);
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s", s->now);
    if (json_flag(s->agent, "hidden")) json_object_set_new(body, "hidden", json_true());
    return json_object_size(body) ? restoring_send(r, "PATCH", path, body) : PAB_OK;
}

static int check_history(struct restoring *r, const struct saved_agent *s)
{
    struct history_sum wanted = { 0 }, found = { 0 };
    int rc = history_sum(r, s, &wanted);
    if (!rc) rc = history_sum_of(r, s->now, &found);
    if (!rc && found.rows < wanted.rows) pab_warn(r->op, s->object, "%s has %llu messages, the backup has %llu", s->object, (unsigned long long)found.rows, (unsigned long long)wanted.rows);
    return rc;
}

static int make_agent(struct restoring *r, struct saved_agent *s)
{
    CLEANUP_JSON json_t *made = NULL;
    int rc = import_agent(r, s, &made);
    if (rc) return rc;
    s->now = pab_strdup(json_text(made, "id"));
    restoring_mapped(r, s->id, s->now);
    rc = rejoin_blocks(r, s, made);
    if (!rc) rc = attach_all(r, s->now, s->archives, "archives", "archive");
    if (!rc) rc = attach_all(r, s->now, json_object_get(s->agent, "sources"), "folders", "folder");
    if (!rc) rc = attach_all(r, s->now, json_object_get(s->agent, "identity_ids"), "identities", "identity");
    if (!rc) rc = settle(r, s);
    if (!rc) rc = check_history(r, s);
    if (!rc) pab_log(r->op, PAB_LOG_INFO, "%s: %s is %s now", s->object, s->id, s->now);
    return rc;
}

static int plan_agent(struct restoring *r, const struct saved_agent *s)
{
    const char *name = s->name;
    int is_dropped = (r->req->flags & PAB_RESTORE_DROP_OLD) != 0;
    if (!s->there) return restoring_plan(r, PAB_PLAN_CREATE, s->object, "'%s' with its history, under a new id", name);
    if (s->same) return restoring_plan(r, PAB_PLAN_KEEP, s->object, "'%s' is there already, as %s", name, s->there);
    if (!is_forced(r))
        return restoring_plan(r, PAB_PLAN_CONFLICT, s->object, is_dropped ? "'%s' is there with another content; --force with --drop-old deletes it"
                                                                          : "'%s' is there with another content; --force keeps it as '%s.pab-old'", name, name);
    if (is_dropped) return restoring_plan(r, PAB_PLAN_OVERWRITE, s->object, "'%s' is made anew; the one that is there (%s) is deleted at the end", name, s->there);
    return restoring_plan(r, PAB_PLAN_OVERWRITE, s->object, "'%s' is made anew; the one that is there stays as '%s.pab-old'", name, name);
}

int restore_agents(struct restoring *r)
{
    int rc = PAB_OK, prepared = 0;
    for (size_t i = 0; !rc && i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        if (s->same) restoring_mapped(r, s->id, s->there);
        if (is_plan(r)) {
            rc = plan_agent(r, s);
            continue;
        }
        if (s->same) continue;
        if (s->there && !is_forced(r)) return pab_fail(r->op, PAB_E_REFUSED, 0, NULL, "letta: %s is there with another content", s->object);
        if (!prepared++) rc = import_prepare(r);
        if (!rc) rc = saved_read(r, s);
        if (!rc) rc = make_agent(r, s);
        saved_forget(s);
        r->op->host->progress(r->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "agents", .done = i + 1, .total = r->agents.count, .unit = "agents" });
    }
    return rc;
}

/* ---- when everything is there */

/* Switched on without a group, the server makes a second agent for it; so this waits for the groups. */
static int wake(struct restoring *r, struct saved_agent *s, void *ctx)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    (void)ctx;
    if (!s->now || !json_flag(s->agent, "enable_sleeptime")) return PAB_OK;
    if (letta_agent(r->r, s->now, &there, &err)) return sup_fail(r->op, &err);
    if (!json_is_object(json_object_get(there, "multi_agent_group"))) {
        pab_warn(r->op, s->object, "enable_sleeptime of %s is not switched on: its group is not among what is restored", s->object);
        return PAB_OK;
    }
    /* without the system prompt the server would write one of its own */
    CLEANUP_JSON json_t *body = json_pack("{s:b, s:O?}", "enable_sleeptime", 1, "system", json_object_get(s->agent, "system"));
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s", s->now);
    return restoring_send(r, "PATCH", path, body);
}

static int rename_aside(struct restoring *r, const struct saved_agent *s)
{
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s", s->there), *name = pab_sprintf("%s.pab-old", s->name);
    CLEANUP_JSON json_t *body = json_pack("{s:s}", "name", name);
    restoring_undo(r, "PATCH", path, json_pack("{s:O}", "name", json_object_get(r->target_agents, s->there)));
    return restoring_send(r, "PATCH", path, body);
}

/* Ids of the blocks that nobody else has. */
static int own_blocks(struct restoring *r, const char *agent, json_t *ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *there = NULL;
    size_t i;
    json_t *one;
    int rc = letta_agent(r->r, agent, &there, err);
    json_array_foreach(json_object_get(there, "blocks"), i, one) {
        CLEANUP_JSON json_t *users = NULL;
        CLEANUP_FREE char *path = pab_sprintf("/v1/blocks/%s/agents", json_text(one, "id"));
        if (!rc) rc = letta_all(r->r, path, 50, &users, err);
        if (json_array_size(users) == 1) json_array_append(ret, json_object_get(one, "id"));
    }
    return rc;
}

/* With its blocks, which the server would leave. One that is gone already is fine. */
static int delete_agent(struct restoring *r, const char *id, struct pab_error *err)
{
    CLEANUP_JSON json_t *blocks = json_array();
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s", id);
    size_t i;
    json_t *one;
    int rc = own_blocks(r, id, blocks, err);
    if (!rc) rc = rest_json(r->r, &(struct rest_req){ .method = "DELETE", .path = path, .flags = REST_NO_BODY }, NULL, err);
    json_array_foreach(blocks, i, one) {
        CLEANUP_FREE char *block = pab_sprintf("/v1/blocks/%s", json_string_value(one));
        if (!rc) rc = rest_json(r->r, &(struct rest_req){ .method = "DELETE", .path = block, .flags = REST_NO_BODY }, NULL, err);
    }
    return rc == PAB_E_NOT_FOUND ? PAB_OK : rc;
}

/* The last thing of all: nothing that could fail comes after it, and one that cannot be deleted is no reason to take back the rest. */
static void drop(struct restoring *r, const struct saved_agent *s)
{
    struct pab_error err = { 0 };
    if (delete_agent(r, s->there, &err)) pab_warn(r->op, s->object, "the agent %s that %s takes the place of could not be deleted: %s", s->there, s->object, err.message);
}

int finish_agents(struct restoring *r)
{
    if (is_plan(r)) return PAB_OK;
    int is_dropped = (r->req->flags & PAB_RESTORE_DROP_OLD) != 0, rc = saved_each(r, wake, NULL);
    for (size_t i = 0; !rc && i < r->agents.count; i++) {
        const struct saved_agent *s = &r->agents.items[i];
        if (!s->now || !s->there) continue;
        if (is_dropped) drop(r, s);
        else rc = rename_aside(r, s);
    }
    return rc;
}

/* ---- what earlier restores kept */

static int drop_kept(struct restoring *r, struct saved_agent *s, void *ctx)
{
    CLEANUP_FREE char *kept = pab_sprintf("%s.pab-old", json_text(s->agent, "name"));
    const char *id;
    json_t *name;
    int rc = PAB_OK;
    (void)ctx;
    json_object_foreach(r->target_agents, id, name) {
        if (rc || strcmp(json_string_value(name), kept)) continue;
        struct pab_error err = { 0 };
        if (is_plan(r)) rc = restoring_plan(r, PAB_PLAN_DROP, s->object, "'%s' (%s) is deleted", kept, id);
        else if (delete_agent(r, id, &err)) rc = sup_fail(r->op, &err);
    }
    return rc;
}

int drop_kept_agents(struct restoring *r) { return saved_each(r, drop_kept, NULL); }
