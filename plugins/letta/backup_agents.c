/* backup_agents.c - each agent: its agent file as the server exports it, what the server tells of it, and its whole history. */
#include <string.h>
#include "plugins/letta/backup_private.h"

struct agents {
    struct taking *t;
    struct taking_file all, memory;     /* the guide's letta_agent.json and letta_core_memory.json */
    uint64_t messages;
};

/* "agent:NAME"; names need not differ, then the later ones have their id behind it. */
static char *object_of(struct taking *t, const json_t *agent)
{
    const char *name = json_text(agent, "name"), *id = json_text(agent, "id");
    int twice = json_object_get(t->names, name) != NULL;
    json_object_set_new(t->names, name, json_string(id));
    return twice ? pab_sprintf("agent:%s:%s", name, id) : pab_sprintf("agent:%s", name);
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
    rc = taking_close(&f, rc);
    g->messages += f.items;
    return rc;
}

/* The server's own export, byte for byte: what other tools import. */
static int take_export(struct agents *g, const char *id, const char *object)
{
    const struct pab_host *h = g->t->op->host;
    struct pab_op *op = g->t->op;
    struct pab_error err = { 0 };
    struct pab_artifact *a = NULL;
    struct json_scan *s = NULL;
    CLEANUP_FREE char *stem = pab_sprintf("letta/agents/%s", id), *path = pab_sprintf("/v1/agents/%s/export", id);
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .flags = PAB_ART_PLAIN_NAME | PAB_ART_STORED, .stem = stem,
                                   .extension = "af", .object = object, .media_type = "application/json", .size_hint = PAB_SIZE_UNKNOWN };
    size_t size = 0;
    if (rest_scan(g->t->r, &(struct rest_req){ .path = path, .max_body = LETTA_MAX_VALUE }, &s, &err)) return sup_fail(op, &err);
    int rc = json_scan_skip(s, &err);
    const char *text = rc ? NULL : json_scan_raw(s, &size);
    if (rc) rc = sup_fail(op, &err);
    if (!rc) rc = h->artifact_begin(op, &d, &a);
    if (!rc) rc = h->artifact_write(a, text, size);
    if (!rc) rc = h->artifact_fact(a, "agent", id);
    if (!rc) rc = h->artifact_count(a, "agents", 1);
    if (!rc && json_scan_end(s, &err)) rc = sup_fail(op, &err);
    rest_scan_free(g->t->r, s);
    if (!rc) return h->artifact_commit(a);
    if (a) h->artifact_abort(a);
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

/* {"agent": ..., "archives": [...], "shared": {...}} */
static int take_description(struct agents *g, json_t *agent, const char *object)
{
    struct taking *t = g->t;
    struct taking_file f;
    const char *id = json_text(agent, "id");
    CLEANUP_FREE char *stem = pab_sprintf("letta/agents/%s.agent", id);
    json_t *archives = json_object_get(t->archives, id);
    CLEANUP_JSON json_t *all = json_pack("{s:O, s:o, s:o}", "agent", agent, "archives", archives ? json_incref(archives) : json_array(), "shared", shared_of(t, agent));
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
    CLEANUP_FREE char *object = object_of(t, agent);
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

struct listing { json_t *ids, *block_users; };

static int keep_id(void *ctx, json_t *item, struct pab_error *err)
{
    struct listing *l = ctx;
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(item, "blocks"), i, one) {
        json_t *users = json_object_get(l->block_users, json_text(one, "id"));
        if (!users) json_object_set_new(l->block_users, json_text(one, "id"), users = json_array());
        json_array_append(users, json_object_get(item, "name"));
    }
    return json_object_set_new(l->ids, json_text(item, "id"), json_string(json_text(item, "name"))) ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a list") : PAB_OK;
}

static void drop_unwanted(struct pab_op *op, json_t *ids)
{
    const char *id;
    json_t *name;
    void *next;
    json_object_foreach_safe(ids, next, id, name) {
        CLEANUP_FREE char *object = pab_sprintf("agent:%s", json_string_value(name)), *twin = pab_sprintf("%s:%s", object, id);
        if (!sup_wanted(op, object) && !sup_wanted(op, twin)) json_object_del(ids, id);
    }
}

static int list_ids(struct taking *t, json_t **ret)
{
    struct pab_error err = { 0 };
    struct listing l = { .ids = *ret = json_object(), .block_users = t->block_users };
    json_object_clear(t->block_users);
    if (letta_list(t->r, LETTA_AGENTS, 10, keep_id, &l, &err)) return sup_fail(t->op, &err);
    drop_unwanted(t->op, *ret);
    return PAB_OK;
}

/* Those of `list` that are not in `done`; one that was deleted meanwhile is left out. */
static int take_listed(struct agents *g, const json_t *list, const json_t *done)
{
    const char *id;
    json_t *name;
    json_object_foreach((json_t *)(uintptr_t)list, id, name) {
        CLEANUP_JSON json_t *agent = NULL;
        struct pab_error err = { 0 };
        if (done && json_object_get(done, id)) continue;
        int rc = letta_agent(g->t->r, id, &agent, &err);
        if (rc == PAB_E_NOT_FOUND) continue;
        if (rc) return sup_fail(g->t->op, &err);
        if ((rc = take_one(g, agent))) return rc;
        g->t->op->host->progress(g->t->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "agents", .done = g->all.items,
                                                                    .total = json_object_size(list), .unit = "agents" });
    }
    return PAB_OK;
}

int backup_agents(struct taking *t)
{
    CLEANUP_JSON json_t *first = NULL;
    CLEANUP_JSON json_t *again = NULL;
    struct agents g = { .t = t };
    int rc = list_ids(t, &first);
    if (!rc) rc = taking_open(t, "agents", "letta_agent", "agents", 1, &g.all);
    if (!rc) rc = taking_open(t, "agents", "letta_core_memory", "agents", 1, &g.memory);
    if (!rc) rc = take_listed(&g, first, NULL);
    /* those that were made meanwhile */
    if (!rc) rc = list_ids(t, &again);
    if (!rc) rc = take_listed(&g, again, first);
    rc = taking_close(&g.all, rc);
    return taking_close(&g.memory, rc);
}
