/* rejoin_blocks.c - blocks of an agent that was imported: shared ones are shared again, and what an agent file leaves out is put back. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* An import copies every block; the one that it was, or that an earlier agent brought, takes the copy's place. */
static int share_block(struct restoring *r, const char *agent, const char *copy, const char *shared)
{
    CLEANUP_FREE char *detach = pab_sprintf("/v1/agents/%s/core-memory/blocks/detach/%s", agent, copy);
    CLEANUP_FREE char *attach = pab_sprintf("/v1/agents/%s/core-memory/blocks/attach/%s", agent, shared);
    CLEANUP_FREE char *gone = pab_sprintf("/v1/blocks/%s", copy);
    int rc = restoring_send(r, "PATCH", detach, NULL);
    if (!rc) rc = restoring_send(r, "PATCH", attach, NULL);
    return rc ? rc : restoring_send(r, "DELETE", gone, NULL);
}

/* The block itself, when the target still has it and it says the same. */
static int still_there(struct restoring *r, const json_t *block, int *ret)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/blocks/%s", json_text(block, "id"));
    int rc = rest_json(r->r, &(struct rest_req){ .path = path }, &there, &err);
    *ret = !rc && !strcmp(json_text(there, "label"), json_text(block, "label")) && !strcmp(json_text(there, "value"), json_text(block, "value"));
    return rc && rc != PAB_E_NOT_FOUND ? sup_fail(r->op, &err) : PAB_OK;
}

/* What an agent file leaves out of a block. */
static int complete_block(struct restoring *r, const json_t *block, const char *id)
{
    static const char *const keys[] = { "tags", "metadata", "hidden", "read_only", NULL };
    CLEANUP_JSON json_t *body = restoring_pick(block, keys);
    CLEANUP_FREE char *path = pab_sprintf("/v1/blocks/%s", id);
    if (!json_array_size(json_object_get(body, "tags"))) json_object_del(body, "tags");
    return json_object_size(body) ? restoring_send(r, "PATCH", path, body) : PAB_OK;
}

/* Whether one of the agents of these names, other than `self`, has the block. */
static int has_agent(struct restoring *r, const char *block, const json_t *names, const char *self, int *ret)
{
    CLEANUP_JSON json_t *agents = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/blocks/%s/agents", block);
    size_t i, k;
    json_t *one, *name;
    *ret = 0;
    if (letta_all(r->r, path, 50, &agents, &err)) return sup_fail(r->op, &err);
    json_array_foreach(agents, i, one)
        json_array_foreach((json_t *)(uintptr_t)names, k, name)
            *ret |= strcmp(json_string_value(name), self) && !strcmp(json_text(one, "name"), json_string_value(name));
    return PAB_OK;
}

/* The block that the agents have with whom this one shared it, under whatever id an earlier restore gave it. */
static int find_shared(struct restoring *r, const struct saved_agent *s, const json_t *block)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    const json_t *names = json_object_get(s->shared, json_text(block, "id"));
    CLEANUP_FREE char *label = rest_escape(json_text(block, "label"));
    CLEANUP_FREE char *path = pab_sprintf("/v1/blocks/?show_hidden_blocks=true&label=%s", label);
    size_t i;
    json_t *one;
    if (!names) return PAB_OK;
    if (letta_all(r->r, path, 50, &there, &err)) return sup_fail(r->op, &err);
    json_array_foreach(there, i, one) {
        int found = 0, rc = PAB_OK;
        if (!strcmp(json_text(one, "value"), json_text(block, "value"))) rc = has_agent(r, json_text(one, "id"), names, json_text(s->agent, "name"), &found);
        if (rc) return rc;
        if (!found) continue;
        restoring_mapped(r, json_text(block, "id"), json_text(one, "id"));
        return PAB_OK;
    }
    return PAB_OK;
}

static int join_block(struct restoring *r, const struct saved_agent *s, const char *agent, const json_t *block, const char *copy)
{
    const char *old = json_text(block, "id");
    int there = 0, rc = PAB_OK;
    if (!restoring_now(r, old)) rc = still_there(r, block, &there);
    if (!rc && there) restoring_mapped(r, old, old);
    if (!rc && !restoring_now(r, old)) rc = find_shared(r, s, block);
    if (rc) return rc;
    if (restoring_now(r, old)) return share_block(r, agent, copy, restoring_now(r, old));
    restoring_made(r, "/v1/blocks/", copy);
    restoring_mapped(r, old, copy);
    return complete_block(r, block, copy);
}

int rejoin_blocks(struct restoring *r, const struct saved_agent *s, const json_t *made)
{
    size_t i, k;
    json_t *block, *copy;
    json_array_foreach(json_object_get(s->agent, "blocks"), i, block)
        json_array_foreach(json_object_get(made, "blocks"), k, copy) {
            if (strcmp(json_text(copy, "label"), json_text(block, "label"))) continue;
            int rc = join_block(r, s, json_text(made, "id"), block, json_text(copy, "id"));
            if (rc) return rc;
        }
    return PAB_OK;
}
