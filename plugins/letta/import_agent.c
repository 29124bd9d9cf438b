/* import_agent.c - one agent's file, imported. An import copies blocks and may bring tools of its own; it is not transactional, so what
 * it left is found by what was there before. */
#include <string.h>
#include "plugins/letta/restore_private.h"

static const char blocks_list[] = "/v1/blocks/?show_hidden_blocks=true", tools_list[] = "/v1/tools/";

static int know(void *ctx, json_t *item, struct pab_error *err)
{
    return json_object_set_new(ctx, json_text(item, "id"), json_true()) ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a list") : PAB_OK;
}

int import_prepare(struct restoring *r)
{
    struct pab_error err = { 0 };
    int rc = letta_list(r->r, blocks_list, 100, know, r->known, &err);
    if (!rc) rc = letta_list(r->r, tools_list, 100, know, r->known, &err);
    return rc ? sup_fail(r->op, &err) : PAB_OK;
}

/* ---- after a failure */

struct halves { struct restoring *r; const json_t *agent; };

static int half_block(void *ctx, json_t *item, struct pab_error *err)
{
    const struct halves *h = ctx;
    size_t i;
    json_t *one;
    (void)err;
    json_array_foreach(json_object_get(h->agent, "blocks"), i, one)
        if (!strcmp(json_text(item, "label"), json_text(one, "label")) && !strcmp(json_text(item, "value"), json_text(one, "value"))) restoring_made(h->r, "/v1/blocks/", json_text(item, "id"));
    return PAB_OK;
}

static int half_tool(void *ctx, json_t *item, struct pab_error *err)
{
    const struct halves *h = ctx;
    size_t i;
    json_t *one;
    (void)err;
    json_array_foreach(json_object_get(h->agent, "tools"), i, one)
        if (!strcmp(json_text(item, "name"), json_text(one, "name"))) restoring_made(h->r, "/v1/tools/", json_text(item, "id"));
    return PAB_OK;
}

static int half_agent(void *ctx, json_t *item, struct pab_error *err)
{
    const struct halves *h = ctx;
    const char *id = json_text(item, "id");
    (void)err;
    if (!strcmp(json_text(item, "name"), json_text(h->agent, "name")) && !json_object_get(h->r->target_agents, id)) restoring_made(h->r, "/v1/agents/", id);
    return PAB_OK;
}

/* What an import that failed halfway left: of what was not there before, blocks with the agent's labels and values, tools of its names,
 * agents of its name. */
static void find_halves(struct restoring *r, const struct saved_agent *s)
{
    struct halves h = { r, s->agent };
    rest_deafen(r->r);
    letta_list(r->r, blocks_list, 100, half_block, &h, NULL);
    letta_list(r->r, tools_list, 100, half_tool, &h, NULL);
    letta_list(r->r, LETTA_AGENTS, 10, half_agent, &h, NULL);
}

/* ---- the import */

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

/* The agent last, so that it is the first that is deleted again. */
static void note(struct restoring *r, const json_t *made)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(made, "tools"), i, one) restoring_made(r, "/v1/tools/", json_text(one, "id"));
    json_array_foreach(json_object_get(made, "blocks"), i, one) restoring_made(r, "/v1/blocks/", json_text(one, "id"));
    restoring_made(r, "/v1/agents/", json_text(made, "id"));
}

static int send_file(struct restoring *r, const struct saved_agent *s, int file, size_t size, json_t **made, struct pab_error *err)
{
    CLEANUP_FREE char *secrets = secrets_of(s);
    CLEANUP_JSON json_t *answer = NULL;
    const struct rest_part parts[] = {
        { .name = "file", .file_name = "agent.af", .content_type = "application/json", .file = &file, .size = size },
        { .name = "append_copy_suffix", .data = "false", .size = 5 },
        { .name = "override_existing_tools", .data = "false", .size = 5 },
        { .name = "secrets", .data = secrets, .size = secrets ? strlen(secrets) : 0 },
    };
    int rc = rest_json(r->r, &(struct rest_req){ .path = "/v1/agents/import", .parts = parts, .part_count = secrets ? 4 : 3, .timeout_ms = 600000 }, &answer, err);
    if (rc) return rc;
    const char *id = json_string_value(json_array_get(json_object_get(answer, "agent_ids"), 0));
    return id ? letta_agent(r->r, id, made, err) : pab_error_set(err, PAB_E_CORRUPT, 0, "letta: an import was answered without the id of the agent");
}

int import_agent(struct restoring *r, const struct saved_agent *s, json_t **ret)
{
    CLEANUP_CLOSE int file = -1;
    struct pab_error err = { 0 };
    size_t size = 0;
    int rc = agent_file(r, s, &file, &size);
    if (rc) return rc;
    if (send_file(r, s, file, size, ret, &err)) {
        pab_error_prefix(&err, "%s", s->object);
        find_halves(r, s);
        return sup_fail(r->op, &err);
    }
    note(r, *ret);
    return PAB_OK;
}
