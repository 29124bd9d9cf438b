/* restore_parts.c - what agents share and what stands alone: tools, blocks of no agent, identities, MCP servers. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* How one kind is found again and made. */
struct part {
    const char *object, *list, *make;
    const char *key;                    /* member that must be alone in the server; NULL: found by its content */
    const char *const *content;         /* members that make up its content */
    const char *const *body;            /* members that make it again */
};

/* The one of the target that is it, borrowed; *same: with the same content. */
static json_t *find_there(const struct part *p, const json_t *there, const json_t *item, int *same)
{
    CLEANUP_JSON json_t *wanted = restoring_pick(item, p->content);
    json_t *one, *found = NULL;
    size_t i;
    *same = 0;
    json_array_foreach((json_t *)(uintptr_t)there, i, one) {
        if (p->key && strcmp(json_text(one, p->key), json_text(item, p->key))) continue;
        CLEANUP_JSON json_t *content = restoring_pick(one, p->content);
        *same = json_equal(content, wanted);
        if (*same || p->key) found = one;
        if (*same) break;
    }
    return found;
}

static const char *label_of(const struct part *p, const json_t *item)
{
    const char *name = p->key ? json_text(item, p->key) : json_text(item, "label");
    return *name ? name : json_text(item, "id");
}

static int put_one(struct restoring *r, const struct part *p, const json_t *there, const json_t *item)
{
    int same, rc = PAB_OK;
    const json_t *found = find_there(p, there, item, &same);
    const char *label = label_of(p, item);
    CLEANUP_FREE char *below = pab_sprintf("%s%s", p->make, pab_str_has_suffix(p->make, "/") ? "" : "/");
    if (found && !same && !is_forced(r))
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_CONFLICT, p->object, "'%s' is there with another content; --force %s", label,
                                           strcmp(p->object, "tools") ? "keeps the one that is there" : "overwrites it for every agent that uses it")
                          : pab_fail(r->op, PAB_E_REFUSED, 0, NULL, "letta: %s '%s' is there with another content", p->object, label);
    if (found && (same || strcmp(p->object, "tools"))) {
        restoring_mapped(r, json_text(item, "id"), json_text(found, "id"));
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_KEEP, p->object, "'%s' is there already", label) : PAB_OK;
    }
    if (is_plan(r)) return restoring_plan(r, found ? PAB_PLAN_OVERWRITE : PAB_PLAN_CREATE, p->object, "'%s'", label);
    CLEANUP_JSON json_t *body = restoring_pick(item, p->body);
    CLEANUP_JSON json_t *answer = NULL;
    rc = restoring_make(r, p->make, body, found ? NULL : below, &answer);
    if (!rc) restoring_mapped(r, json_text(item, "id"), json_text(answer, "id"));
    return rc;
}

/* Each item of the backup's list; `wanted` (may be NULL) says which. */
static int put_all(struct restoring *r, const struct part *p, int (*wanted)(const struct restoring *r, const json_t *item))
{
    CLEANUP_FREE char *part = pab_sprintf("letta/%s.", p->object);
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    struct lines l;
    json_t *item = NULL;
    int64_t index = restoring_find(r, p->object, part);
    if (index < 0) return PAB_OK;
    if (letta_all(r->r, p->list, 50, &there, &err)) return sup_fail(r->op, &err);
    int rc = lines_open(&l, r->op, (uint32_t)index, restoring_artifact(r, (uint32_t)index)->path, 0);
    while (!rc && !(rc = lines_next(&l, &item))) {
        if (!wanted || wanted(r, item)) rc = put_one(r, p, there, item);
        json_decref(item);
    }
    return lines_close(&l, rc);
}

static const char *const tool_body[] = { "source_code", "description", "tags", "source_type", "json_schema", "args_json_schema", "return_char_limit", "pip_requirements", "npm_requirements",
                                         "default_requires_approval", "enable_parallel_execution", NULL };
static const char *const tool_content[] = { "name", "source_code", "json_schema", NULL };

static int is_custom(const struct restoring *r, const json_t *item)
{
    (void)r;
    return !strcmp(json_text(item, "tool_type"), "custom");
}

int restore_tools(struct restoring *r)
{
    return put_all(r, &(struct part){ "tools", "/v1/tools/", "/v1/tools/", "name", tool_content, tool_body }, is_custom);
}

static const char *const block_body[] = { "label", "value", "limit", "description", "metadata", "tags", "read_only", "hidden", "is_template", "template_name", NULL };
static const char *const block_content[] = { "label", "value", "limit", "description", "read_only", NULL };

/* Blocks of an agent come with it. */
static int is_alone(const struct restoring *r, const json_t *item) { return !json_object_get(r->block_uses, json_text(item, "id")); }

int restore_blocks(struct restoring *r)
{
    return put_all(r, &(struct part){ "blocks", "/v1/blocks/?show_hidden_blocks=true", "/v1/blocks/", NULL, block_content, block_body }, is_alone);
}

static const char *const identity_body[] = { "identifier_key", "name", "identity_type", "properties", NULL };

int restore_identities(struct restoring *r)
{
    return put_all(r, &(struct part){ "identities", "/v1/identities/", "/v1/identities/", "identifier_key", identity_body, identity_body }, NULL);
}

static const char *const mcp_body[] = { "server_name", "config", NULL };
static const char *const mcp_content[] = { "server_name", "mcp_server_type", "server_url", NULL };

int restore_mcp_servers(struct restoring *r)
{
    return put_all(r, &(struct part){ "mcp_servers", "/v1/mcp-servers/", "/v1/mcp-servers/", "server_name", mcp_content, mcp_body }, NULL);
}
