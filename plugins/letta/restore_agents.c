/* restore_agents.c - agents: imported from their files with their whole history, then joined again with what they share. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* {"KEY": value} of the secrets whose values the backup has; NULL: none. */
static char *secrets_of(const struct saved_agent *s)
{
    CLEANUP_JSON json_t *all = json_object();
    json_t *one;
    size_t i;
    json_array_foreach(json_object_get(s->agent, "secrets"), i, one)
        if (json_is_string(json_object_get(one, "value"))) json_object_set(all, json_text(one, "key"), json_object_get(one, "value"));
    return json_object_size(all) ? json_line(all) : NULL;
}

static int list_ids(struct restoring *r, const char *path, json_t **ret)
{
    struct pab_error err = { 0 };
    return letta_all(r->r, path, 50, ret, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

/* What an import that failed halfway left: agents of that name, and blocks of no agent with the agent's labels and values, which were not there before. */
static void find_halves(struct restoring *r, const struct saved_agent *s, const json_t *blocks_before)
{
    CLEANUP_JSON json_t *agents = NULL;
    CLEANUP_JSON json_t *blocks = NULL;
    json_t *one, *other;
    size_t i, k;
    rest_deafen(r->r);
    letta_all(r->r, "/v1/blocks/?show_hidden_blocks=true", 50, &blocks, NULL);
    letta_all(r->r, LETTA_AGENTS, 10, &agents, NULL);
    json_array_foreach(blocks, i, one) {
        int is_old = 0, is_ours = 0;
        json_array_foreach((json_t *)(uintptr_t)blocks_before, k, other) is_old |= !strcmp(json_text(one, "id"), json_text(other, "id"));
        json_array_foreach(json_object_get(s->agent, "blocks"), k, other)
            is_ours |= !strcmp(json_text(one, "label"), json_text(other, "label")) && !strcmp(json_text(one, "value"), json_text(other, "value"));
        if (!is_old && is_ours) restoring_made(r, "/v1/blocks/", json_text(one, "id"));
    }
    json_array_foreach(agents, i, one)
        if (!strcmp(json_text(one, "name"), json_text(s->agent, "name")) && !json_object_get(r->target_agents, json_text(one, "id"))) restoring_made(r, "/v1/agents/", json_text(one, "id"));
}

static int import(struct restoring *r, const struct saved_agent *s, char **ret_id)
{
    CLEANUP_CLOSE int file = -1;
    CLEANUP_FREE char *secrets = secrets_of(s);
    size_t size = 0;
    CLEANUP_JSON json_t *before = NULL;
    CLEANUP_JSON json_t *answer = NULL;
    struct pab_error err = { 0 };
    int rc = agent_file(r, s, &file, &size);
    if (!rc) rc = list_ids(r, "/v1/blocks/?show_hidden_blocks=true", &before);
    if (rc) return rc;
    const struct rest_part parts[] = {
        { .name = "file", .file_name = "agent.af", .content_type = "application/json", .file = &file, .size = size },
        { .name = "append_copy_suffix", .data = "false", .size = 5 },
        { .name = "override_existing_tools", .data = "false", .size = 5 },
        { .name = "secrets", .data = secrets, .size = secrets ? strlen(secrets) : 0 },
    };
    rc = rest_json(r->r, &(struct rest_req){ .path = "/v1/agents/import", .parts = parts, .part_count = secrets ? 4 : 3, .timeout_ms = 600000 }, &answer, &err);
    const char *id = rc ? NULL : json_string_value(json_array_get(json_object_get(answer, "agent_ids"), 0));
    if (!rc && !id) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "letta: an import was answered without the id of the agent");
    if (rc) {
        pab_error_prefix(&err, "%s", s->object);
        find_halves(r, s, before);
        return sup_fail(r->op, &err);
    }
    restoring_made(r, "/v1/agents/", id);
    *ret_id = pab_strdup(id);
    return PAB_OK;
}

/* ---- the rest of what it is joined with */

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

static int check_history(struct restoring *r, const struct saved_agent *s, const char *id)
{
    uint64_t wanted = 0, found = 0;
    int rc = history_rows(r, s, &wanted);
    if (!rc) rc = history_rows_of(r, id, &found);
    if (!rc && found < wanted) pab_warn(r->op, s->object, "%s has %llu messages, the backup has %llu", s->object, (unsigned long long)found, (unsigned long long)wanted);
    return rc;
}

int restore_one_agent(struct restoring *r, struct saved_agent *s)
{
    CLEANUP_FREE char *id = NULL;
    CLEANUP_JSON json_t *made = NULL;
    struct pab_error err = { 0 };
    int rc = import(r, s, &id);
    if (rc) return rc;
    restoring_mapped(r, s->id, id);
    if (letta_agent(r->r, id, &made, &err)) return sup_fail(r->op, &err);
    rc = rejoin_blocks(r, s, made);
    if (!rc) rc = attach_all(r, id, s->archives, "archives", "archive");
    if (!rc) rc = attach_all(r, id, json_object_get(s->agent, "sources"), "folders", "folder");
    if (!rc) rc = attach_all(r, id, json_object_get(s->agent, "identity_ids"), "identities", "identity");
    if (!rc && json_flag(s->agent, "hidden")) {
        CLEANUP_JSON json_t *body = json_pack("{s:b}", "hidden", 1);
        CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s", id);
        rc = restoring_send(r, "PATCH", path, body);
    }
    if (!rc) rc = check_history(r, s, id);
    if (!rc) pab_log(r->op, PAB_LOG_INFO, "%s: %s is %s now", s->object, s->id, id);
    return rc;
}

/* An agent that is there under its name and differs makes place: it stays as NAME.pab-old. */
static int put_aside(struct restoring *r, const struct saved_agent *s)
{
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s", s->there);
    if (r->req->flags & PAB_RESTORE_DROP_OLD) return restoring_send(r, "DELETE", path, NULL);
    CLEANUP_FREE char *name = pab_sprintf("%s.pab-old", json_text(s->agent, "name"));
    CLEANUP_JSON json_t *body = json_pack("{s:s}", "name", name);
    return restoring_send(r, "PATCH", path, body);
}

static int plan_agent(struct restoring *r, const struct saved_agent *s)
{
    const char *name = json_text(s->agent, "name");
    if (!s->there) return restoring_plan(r, PAB_PLAN_CREATE, s->object, "'%s' with its history, under a new id", name);
    if (s->same) return restoring_plan(r, PAB_PLAN_KEEP, s->object, "'%s' is there already, as %s", name, s->there);
    if (is_forced(r)) return restoring_plan(r, PAB_PLAN_OVERWRITE, s->object, "'%s' is made anew; the one that is there stays as '%s.pab-old'", name, name);
    return restoring_plan(r, PAB_PLAN_CONFLICT, s->object, "'%s' is there with another content; --force keeps it as '%s.pab-old'", name, name);
}

int restore_agents(struct restoring *r)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        if (s->same) restoring_mapped(r, s->id, s->there);
        if (is_plan(r)) {
            rc = plan_agent(r, s);
            continue;
        }
        if (s->same) continue;
        if (s->there && !is_forced(r)) return pab_fail(r->op, PAB_E_REFUSED, 0, NULL, "letta: %s is there with another content", s->object);
        rc = restore_one_agent(r, s);
        if (!rc && s->there) rc = put_aside(r, s);
        r->op->host->progress(r->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "agents", .done = i + 1, .total = r->agents.count, .unit = "agents" });
    }
    return rc;
}
