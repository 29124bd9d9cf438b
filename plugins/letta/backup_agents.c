/* backup_agents.c - each agent: its agent file as the server exports it, what the server tells of it, and its whole history. */
#include <string.h>
#include "plugins/letta/backup_private.h"

struct agents {
    struct taking *t;
    struct taking_file all, memory;     /* the guide's letta_agent.json and letta_core_memory.json */
    struct pab_artifact *export;        /* the one that is being written */
};

char *agent_object(const struct taking *t, const char *id, const char *name)
{
    const char *first = json_string_value(json_object_get(t->names, name));
    return first && strcmp(first, id) ? pab_sprintf("agent:%s:%s", name, id) : pab_sprintf("agent:%s", name);
}

static int put_message(void *ctx, json_t *item, struct pab_error *err)
{
    int rc = taking_put(ctx, item);
    return rc ? pab_error_set(err, rc, 0, "cannot write") : PAB_OK;
}

/* Every message of its life, conversations included; one row of the server may be several items. */
static int take_messages(struct agents *g, const char *id, const char *object)
{
    struct taking_file f;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *stem = pab_sprintf("letta/agents/%s.messages", id);
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s/messages?use_assistant_message=false", id);
    int rc = taking_open(g->t, object, stem, "messages", 0, &f);
    if (!rc) rc = g->t->op->host->artifact_fact(f.a, "agent", id);
    if (!rc && letta_list(g->t->r, path, 100, put_message, &f, &err)) rc = sup_fail(g->t->op, &err);
    return taking_close(&f, rc);
}

static int put_text(void *ctx, const void *text, size_t size)
{
    const struct agents *g = ctx;
    return g->t->op->host->artifact_write(g->export, text, size);
}

/* The server's own export, byte for byte: what other tools import. With the text of its files it may be as long as it likes. */
static int take_export(struct agents *g, const char *id, const char *object)
{
    const struct pab_host *h = g->t->op->host;
    struct pab_op *op = g->t->op;
    struct pab_error err = { 0 };
    struct json_scan *s = NULL;
    CLEANUP_FREE char *stem = pab_sprintf("letta/agents/%s", id), *path = pab_sprintf("/v1/agents/%s/export", id);
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .flags = PAB_ART_PLAIN_NAME | PAB_ART_STORED, .stem = stem,
                                   .extension = "af", .object = object, .media_type = "application/json", .size_hint = PAB_SIZE_UNKNOWN };
    if (rest_scan(g->t->r, &(struct rest_req){ .path = path, .max_body = LETTA_MAX_VALUE }, &s, &err)) return sup_fail(op, &err);
    g->export = NULL;
    int rc = h->artifact_begin(op, &d, &g->export);
    if (!rc && (json_scan_pass(s, put_text, g, &err) || json_scan_end(s, &err))) rc = sup_fail(op, &err);
    if (!rc) rc = h->artifact_fact(g->export, "agent", id);
    if (!rc) rc = h->artifact_count(g->export, "agents", 1);
    rest_scan_free(g->t->r, s);
    if (!rc) return h->artifact_commit(g->export);
    if (g->export) h->artifact_abort(g->export);
    return rc;
}

/* Of the agent's blocks those that others have, too: { id: [names] }. */
static json_t *shared_of(struct taking *t, const json_t *agent)
{
    json_t *ret = json_object(), *one;
    size_t i;
    json_array_foreach(json_object_get(agent, "blocks"), i, one) {
        json_t *users = json_object_get(t->block_users, json_text(one, "id"));
        if (json_array_size(users) > 1) json_object_set(ret, json_text(one, "id"), users);
    }
    return ret;
}

/* The MCP servers that its tools are of. */
static json_t *servers_of(const struct taking *t, const json_t *agent)
{
    json_t *ret = json_array(), *tool, *server;
    size_t i, k;
    json_array_foreach(t->mcp_servers, k, server) {
        int is_used = 0;
        json_array_foreach(json_object_get(agent, "tools"), i, tool) {
            const json_t *of = json_object_get(json_object_get(tool, "metadata_"), "mcp");
            is_used |= !strcmp(json_text(of, "server_id"), json_text(server, "id")) || !strcmp(json_text(of, "server_name"), json_text(server, "server_name"));
        }
        if (is_used) json_array_append(ret, server);
    }
    return ret;
}

/* {"agent": ..., "archives": [...], "shared": {...}, "mcp_servers": [...]} */
static int take_description(struct agents *g, json_t *agent, const char *object)
{
    struct taking *t = g->t;
    struct taking_file f;
    const char *id = json_text(agent, "id");
    CLEANUP_FREE char *stem = pab_sprintf("letta/agents/%s.agent", id);
    json_t *archives = json_object_get(t->archives, id);
    CLEANUP_JSON json_t *all = json_pack("{s:O, s:o, s:o, s:o}", "agent", agent, "archives", archives ? json_incref(archives) : json_array(), "shared", shared_of(t, agent),
                                         "mcp_servers", servers_of(t, agent));
    int rc = taking_open(t, object, stem, "agents", 0, &f);
    if (!rc) rc = t->op->host->artifact_fact(f.a, "agent", id);
    if (!rc) rc = taking_put(&f, all);
    return taking_close(&f, rc);
}

static int put_memory(struct agents *g, const json_t *agent)
{
    CLEANUP_JSON json_t *blocks = json_array();
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(agent, "blocks"), i, one)
        json_array_append_new(blocks, json_pack("{s:O?, s:O?, s:O?}", "label", json_object_get(one, "label"), "value", json_object_get(one, "value"), "limit", json_object_get(one, "limit")));
    CLEANUP_JSON json_t *memory = json_pack("{s:O?, s:O?, s:O}", "agent_id", json_object_get(agent, "id"), "agent_name", json_object_get(agent, "name"), "blocks", blocks);
    return taking_put(&g->memory, memory);
}

static void add_tags(struct taking *t, json_t *agent)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(agent, "blocks"), i, one) {
        json_t *tags = json_object_get(t->block_tags, json_text(one, "id"));
        if (tags) json_object_set(one, "tags", tags);
    }
}

static int take_one(struct agents *g, json_t *agent)
{
    struct taking *t = g->t;
    const char *id = json_text(agent, "id");
    CLEANUP_FREE char *object = agent_object(t, id, json_text(agent, "name"));
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = object, .kind = "agent", .size = PAB_SIZE_UNKNOWN, .detail = id };
    if (!t->l->secrets) t->hidden += letta_hide_secrets(agent);
    add_tags(t, agent);
    int rc = t->op->host->object_add(t->op, &o, NULL, 0);
    if (!rc) rc = take_export(g, id, object);
    if (!rc) rc = take_description(g, agent, object);
    if (!rc) rc = take_messages(g, id, object);
    if (!rc) rc = taking_put(&g->all, agent);
    return rc ? rc : put_memory(g, agent);
}

static void add_user(json_t *users_of, const char *id, json_t *user)
{
    json_t *users = json_object_get(users_of, id);
    if (!users) json_object_set_new(users_of, id, users = json_array());
    json_array_append(users, user);
}

static int keep_agent(void *ctx, json_t *item, struct pab_error *err)
{
    struct taking *t = ctx;
    const char *name = json_text(item, "name"), *id = json_text(item, "id");
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(item, "blocks"), i, one) add_user(t->block_users, json_text(one, "id"), json_object_get(item, "name"));
    json_array_foreach(json_object_get(item, "sources"), i, one) add_user(t->folder_users, json_text(one, "id"), json_object_get(item, "id"));
    if (!json_object_get(t->names, name)) json_object_set_new(t->names, name, json_string(id));
    return json_object_set_new(t->agents, id, json_string(name)) ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a list") : PAB_OK;
}

int list_agents(struct taking *t)
{
    struct pab_error err = { 0 };
    json_object_clear(t->block_users);
    json_object_clear(t->folder_users);
    json_object_clear(t->agents);
    return letta_list(t->r, LETTA_AGENTS, 10, keep_agent, t, &err) ? sup_fail(t->op, &err) : PAB_OK;
}

/* Those that are not in `done`; one that was deleted meanwhile is left out, and told. */
static int take_listed(struct agents *g, const json_t *done)
{
    struct taking *t = g->t;
    const char *id;
    json_t *name;
    json_object_foreach(t->agents, id, name) {
        CLEANUP_JSON json_t *agent = NULL;
        CLEANUP_FREE char *object = agent_object(t, id, json_string_value(name));
        struct pab_error err = { 0 };
        if ((done && json_object_get(done, id)) || !sup_wanted(t->op, object)) continue;
        int rc = letta_agent(t->r, id, &agent, &err);
        if (rc == PAB_E_NOT_FOUND) {
            pab_warn(t->op, object, "%s (%s) was deleted while the backup was made, and is not in it", object, id);
            continue;
        }
        if (rc) return sup_fail(t->op, &err);
        if ((rc = take_one(g, agent))) return rc;
        t->op->host->progress(t->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "agents", .done = g->all.items,
                                                             .total = json_object_size(t->agents), .unit = "agents" });
    }
    return PAB_OK;
}

int backup_agents(struct taking *t)
{
    struct agents g = { .t = t };
    int rc = taking_open(t, "agents", "letta_agent", "agents", 1, &g.all);
    if (!rc) rc = taking_open(t, "agents", "letta_core_memory", "agents", 1, &g.memory);
    if (!rc) rc = take_listed(&g, NULL);
    /* those that were made meanwhile */
    CLEANUP_JSON json_t *done = json_copy(t->agents);
    if (!rc) rc = list_agents(t);
    if (!rc) rc = take_listed(&g, done);
    rc = taking_close(&g.all, rc);
    return taking_close(&g.memory, rc);
}
