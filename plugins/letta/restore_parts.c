/* restore_parts.c - what agents share and what stands alone: tools, blocks of no agent, identities, MCP servers. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* How one kind is found again and made. */
struct part {
    const char *object, *list, *make;
    const char *key;                    /* member that must be alone in the server; NULL: found by its content */
    const char *const *content;         /* members that make up its content */
    const char *const *body;            /* members that make it again */
    int (*same)(const json_t *item, const json_t *other);   /* NULL: those of `content` are equal */
    json_t *(*make_body)(const json_t *item);               /* NULL: those of `body` */
    int (*wanted)(const struct restoring *r, const json_t *item); /* NULL: all */
    const char *of_agent;               /* where an agent that is restored alone has its own */
    int is_tried;                       /* at once by the server, which may not allow it, or fail with it after it was made */
    const json_t *there;                /* of the target */
};

static int is_same(const struct part *p, const json_t *item, const json_t *other)
{
    if (p->same) return p->same(item, other);
    CLEANUP_JSON json_t *wanted = restoring_pick(item, p->content);
    CLEANUP_JSON json_t *content = restoring_pick(other, p->content);
    return json_equal(content, wanted);
}

/* The one of the target that is it, borrowed; *same: with the same content. */
static json_t *find_there(const struct part *p, const json_t *item, int *same)
{
    json_t *one, *found = NULL;
    size_t i;
    *same = 0;
    json_array_foreach((json_t *)(uintptr_t)p->there, i, one) {
        if (p->key && strcmp(json_text(one, p->key), json_text(item, p->key))) continue;
        *same = is_same(p, item, one);
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

/* After an error of such a part: whether it was made all the same; *rc stays where even that cannot be told. */
static json_t *made_anyway(struct restoring *r, const struct part *p, const json_t *item, int *rc)
{
    CLEANUP_JSON json_t *now = NULL;
    struct part again = *p;
    int same = 0;
    if (letta_all(r->r, p->list, 50, &now, NULL)) return NULL;
    again.there = now;
    *rc = PAB_OK;
    return json_incref(find_there(&again, item, &same));
}

/* What the target has under the name is overwritten: a failure later on puts it back. */
static int make(struct restoring *r, const struct part *p, const json_t *item, const json_t *found)
{
    CLEANUP_FREE char *below = pab_sprintf("%s%s", p->make, pab_str_has_suffix(p->make, "/") ? "" : "/");
    CLEANUP_JSON json_t *body = p->make_body ? p->make_body(item) : restoring_pick(item, p->body);
    CLEANUP_JSON json_t *answer = NULL;
    struct pab_error err = { 0 };
    if (found) {
        CLEANUP_FREE char *path = pab_sprintf("%s%s", below, json_text(found, "id"));
        restoring_undo(r, "PATCH", path, restoring_pick(found, p->body));
    }
    int rc = rest_json(r->r, &(struct rest_req){ .method = "POST", .path = p->make, .body = body }, &answer, &err);
    if ((rc == PAB_E_UNSUPPORTED || rc == PAB_E_UNREACHABLE) && p->is_tried && !found) answer = made_anyway(r, p, item, &rc);
    if (!rc && !answer) {
        pab_warn(r->op, p->object, "'%s' is not made again: %s", label_of(p, item), err.message);
        return PAB_OK;
    }
    if (!rc && !*json_text(answer, "id")) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "letta: the server made something at '%s' and does not say its id", p->make);
    if (rc) return sup_fail(r->op, &err);
    if (!found) restoring_made(r, below, json_text(answer, "id"));
    restoring_mapped(r, json_text(item, "id"), json_text(answer, "id"));
    return PAB_OK;
}

static int put_one(struct restoring *r, const json_t *item, void *ctx)
{
    const struct part *p = ctx;
    const char *label = label_of(p, item), *id = json_text(item, "id");
    int same, may_overwrite = !strcmp(p->object, "tools");
    if ((p->wanted && !p->wanted(r, item)) || restoring_now(r, id)) return PAB_OK;
    const json_t *found = find_there(p, item, &same);
    if (is_plan(r)) restoring_mapped(r, id, "new"); /* once, whatever has it */
    if (found && !same && !is_forced(r))
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_CONFLICT, p->object, "'%s' is there with another content; --force %s", label,
                                           may_overwrite ? "overwrites it for every agent that uses it" : "keeps the one that is there")
                          : pab_fail(r->op, PAB_E_REFUSED, 0, NULL, "letta: %s '%s' is there with another content", p->object, label);
    if (found && (same || !may_overwrite)) {
        restoring_mapped(r, id, json_text(found, "id"));
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_KEEP, p->object, same ? "'%s' is there already" : "'%s' is there with another content, and stays", label) : PAB_OK;
    }
    if (is_plan(r)) return restoring_plan(r, found ? PAB_PLAN_OVERWRITE : PAB_PLAN_CREATE, p->object, "'%s'", label);
    return make(r, p, item, found);
}

static int put_own(struct restoring *r, struct saved_agent *s, void *ctx)
{
    const struct part *p = ctx;
    const json_t *list = !strcmp(p->of_agent, "mcp_servers") ? s->mcp_servers : json_object_get(s->agent, p->of_agent);
    size_t i;
    json_t *one;
    int rc = PAB_OK;
    json_array_foreach((json_t *)(uintptr_t)list, i, one)
        if (!rc) rc = put_one(r, one, ctx);
    return rc;
}

/* Each item of the backup's list; where that was not chosen, what the chosen agents have of it. */
static int put_all(struct restoring *r, struct part *p)
{
    CLEANUP_FREE char *part = pab_sprintf("letta/%s.", p->object);
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    int64_t index = restoring_find(r, p->object, part);
    if (index < 0 && (!p->of_agent || !r->agents.count)) return PAB_OK;
    int rc = letta_all(r->r, p->list, 50, &there, &err);
    if (rc == PAB_E_NOT_FOUND && p->is_tried) rc = PAB_OK; /* a version without them */
    if (rc) return sup_fail(r->op, &err);
    p->there = there;
    return index >= 0 ? restoring_each(r, (uint32_t)index, put_one, p) : saved_each(r, put_own, p);
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
    return put_all(r, &(struct part){ .object = "tools", .list = "/v1/tools/", .make = "/v1/tools/", .key = "name", .content = tool_content, .body = tool_body, .wanted = is_custom,
                                      .of_agent = "tools" });
}

static const char *const block_body[] = { "label", "value", "limit", "description", "metadata", "tags", "read_only", "hidden", "is_template", "template_name", NULL };
static const char *const block_content[] = { "label", "value", "limit", "description", "read_only", NULL };

/* Blocks of an agent come with it. */
static int is_alone(const struct restoring *r, const json_t *item) { return !json_object_get(r->block_uses, json_text(item, "id")); }

int restore_blocks(struct restoring *r)
{
    return put_all(r, &(struct part){ .object = "blocks", .list = "/v1/blocks/?show_hidden_blocks=true", .make = "/v1/blocks/", .content = block_content, .body = block_body,
                                      .wanted = is_alone });
}

static const char *const identity_body[] = { "identifier_key", "name", "identity_type", "properties", NULL };

int restore_identities(struct restoring *r)
{
    return put_all(r, &(struct part){ .object = "identities", .list = "/v1/identities/", .make = "/v1/identities/", .key = "identifier_key", .content = identity_body, .body = identity_body,
                                      .of_agent = "identities" });
}

/* ---- MCP servers: told flat, made with a "config"; secrets may have been left out of the backup */

/* Names alone of what the backup has no values of. */
static json_t *told_of(const json_t *map, const json_t *saved)
{
    json_t *ret = json_object(), *value;
    const char *key;
    json_object_foreach((json_t *)(uintptr_t)map, key, value) {
        const json_t *known = json_object_get(saved, key);
        if (known && json_is_null(known)) json_object_set_new(ret, key, json_null());
        else json_object_set(ret, key, value);
    }
    return ret;
}

static int same_mcp(const json_t *item, const json_t *other)
{
    static const char *const keys[] = { "server_name", "mcp_server_type", "server_url", "command", "args", NULL }, *const maps[] = { "env", "custom_headers" };
    CLEANUP_JSON json_t *a = restoring_pick(item, keys);
    CLEANUP_JSON json_t *b = restoring_pick(other, keys);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        const json_t *saved = json_object_get(item, maps[i]);
        json_object_set_new(a, maps[i], told_of(saved, saved));
        json_object_set_new(b, maps[i], told_of(json_object_get(other, maps[i]), saved));
    }
    const char *token = json_text(item, "auth_token");
    return json_equal(a, b) && (!*token || !strcmp(token, json_text(other, "auth_token")));
}

static json_t *mcp_body(const json_t *item)
{
    static const char *const keys[] = { "mcp_server_type", "server_url", "auth_header", "auth_token", "custom_headers", "command", "args", "env", NULL };
    static const char *const maps[] = { "env", "custom_headers" };
    json_t *config = json_is_object(json_object_get(item, "config")) ? json_deep_copy(json_object_get(item, "config")) : restoring_pick(item, keys);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        json_t *map = json_object_get(config, maps[i]), *kept = json_object(), *value;
        const char *key;
        json_object_foreach(map, key, value)
            if (!json_is_null(value)) json_object_set(kept, key, value);
        if (json_object_size(kept)) json_object_set(config, maps[i], kept);
        else json_object_del(config, maps[i]);
        json_decref(kept);
    }
    if (!*json_text(config, "auth_token")) json_object_del(config, "auth_header");
    return json_pack("{s:O?, s:o}", "server_name", json_object_get(item, "server_name"), "config", config);
}

int restore_mcp_servers(struct restoring *r)
{
    return put_all(r, &(struct part){ .object = "mcp_servers", .list = "/v1/mcp-servers/", .make = "/v1/mcp-servers/", .key = "server_name", .same = same_mcp, .make_body = mcp_body,
                                      .of_agent = "mcp_servers", .is_tried = 1 });
}
