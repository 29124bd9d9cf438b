/* saved.c - the agents of a backup, and which of them the target has: by their ids, or by name. What an agent is made of decides
 * whether it is the same one. */
#include <string.h>
#include "plugins/letta/restore_private.h"

static struct saved_agent *agent_of(struct restoring *r, const char *id, const char *object)
{
    for (size_t i = 0; i < r->agents.count; i++)
        if (!strcmp(r->agents.items[i].id, id)) return &r->agents.items[i];
    struct saved_agent s = { .file = -1, .description = -1, .messages = -1, .id = pab_strdup(id), .object = pab_strdup(object) };
    PAB_PUSH(&r->agents, s);
    return &r->agents.items[r->agents.count - 1];
}

static int read_description(struct restoring *r, struct saved_agent *s)
{
    struct lines l;
    json_t *o = NULL;
    int rc = lines_open(&l, r->op, (uint32_t)s->description, restoring_artifact(r, (uint32_t)s->description)->path, 0);
    if (!rc) rc = lines_next(&l, &o);
    if (!rc) {
        s->agent = json_incref(json_object_get(o, "agent"));
        s->archives = json_incref(json_object_get(o, "archives"));
        s->shared = json_incref(json_object_get(o, "shared"));
        json_decref(o);
    }
    if (rc == PAB_END || (!rc && !json_is_object(s->agent))) rc = pab_error_set(&l.err, PAB_E_CORRUPT, 0, "'%s' does not describe an agent", l.what);
    return lines_close(&l, rc);
}

/* ---- what an agent is made of */

static json_t *names_of(const json_t *list, const char *key)
{
    json_t *ret = json_object(), *one;
    size_t i;
    json_array_foreach(list, i, one) json_object_set_new(ret, key ? json_text(one, key) : json_string_value(one), json_true());
    return ret;
}

/* Members that a restore brings back as they are; sets as objects, since their order is the server's. */
static json_t *content_of(const json_t *agent)
{
    static const char *const keys[] = { "name", "description", "system", "agent_type", "metadata", "timezone", NULL };
    json_t *ret = restoring_pick(agent, keys), *blocks = json_object(), *one;
    size_t i;
    json_array_foreach(json_object_get(agent, "blocks"), i, one) json_object_set(blocks, json_text(one, "label"), json_object_get(one, "value"));
    json_object_set_new(ret, "blocks", blocks);
    json_object_set_new(ret, "tags", names_of(json_object_get(agent, "tags"), NULL));
    json_object_set_new(ret, "tools", names_of(json_object_get(agent, "tools"), "name"));
    json_object_set_new(ret, "in_context", json_integer((json_int_t)json_array_size(json_object_get(agent, "message_ids"))));
    return ret;
}

static int compare(struct restoring *r, struct saved_agent *s)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    uint64_t mine = 0, theirs = 0;
    if (letta_agent(r->r, s->there, &there, &err)) return sup_fail(r->op, &err);
    CLEANUP_JSON json_t *a = content_of(s->agent);
    CLEANUP_JSON json_t *b = content_of(there);
    if (!json_equal(a, b)) return PAB_OK;
    int rc = history_rows(r, s, &mine);
    if (!rc) rc = history_rows_of(r, s->there, &theirs);
    s->same = !rc && mine == theirs;
    return rc;
}

/* The same id first; else one of the same name, the same content preferred. */
static int find_in_target(struct restoring *r, struct saved_agent *s)
{
    const char *id, *name = json_text(s->agent, "name");
    json_t *value;
    if (json_object_get(r->target_agents, s->id)) {
        s->there = json_object_iter_key(json_object_iter_at(r->target_agents, s->id));
        return compare(r, s);
    }
    json_object_foreach(r->target_agents, id, value) {
        if (strcmp(json_string_value(value), name)) continue;
        s->there = id;
        int rc = compare(r, s);
        if (rc || s->same) return rc;
    }
    return PAB_OK;
}

static int keep_name(void *ctx, json_t *item, struct pab_error *err)
{
    return json_object_set_new(ctx, json_text(item, "id"), json_string(json_text(item, "name"))) ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a list") : PAB_OK;
}

static void count_blocks(struct restoring *r, const struct saved_agent *s)
{
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(s->agent, "blocks"), i, one) {
        const char *id = json_text(one, "id");
        json_object_set_new(r->block_uses, id, json_integer(json_number(r->block_uses, id, 0) + 1));
    }
}

int saved_load(struct restoring *r)
{
    struct pab_error err = { 0 };
    for (uint32_t i = 0; i < r->req->artifact_count; i++) {
        const struct pab_artifact_info *a = restoring_artifact(r, i);
        const char *id = info_fact(a, "agent");
        if (!*id) continue;
        struct saved_agent *s = agent_of(r, id, a->object);
        if (strstr(a->path, ".agent.")) s->description = i;
        else if (strstr(a->path, ".messages.")) s->messages = i;
        else s->file = i;
    }
    if (letta_list(r->r, LETTA_AGENTS, 10, keep_name, r->target_agents, &err)) return sup_fail(r->op, &err);
    for (size_t i = 0; i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        if (s->file < 0 || s->description < 0 || s->messages < 0) return pab_fail(r->op, PAB_E_CORRUPT, 0, NULL, "the backup has only a part of agent '%s'", s->object);
        int rc = read_description(r, s);
        if (rc) return rc;
        count_blocks(r, s);
        if ((rc = find_in_target(r, s))) return rc;
    }
    return PAB_OK;
}

void saved_release(struct restoring *r)
{
    for (size_t i = 0; i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        free(s->id);
        free(s->object);
        json_decref(s->agent);
        json_decref(s->archives);
        json_decref(s->shared);
    }
    free(r->agents.items);
    json_decref(r->block_uses);
    json_decref(r->target_agents);
    json_decref(r->map);
    json_decref(r->made);
}
