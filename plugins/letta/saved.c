/* saved.c - the agents of a backup, and which of them the target has: by their ids, those that earlier restores recorded, or by name. */
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

int saved_read(struct restoring *r, struct saved_agent *s)
{
    struct lines l;
    json_t *o = NULL;
    int rc = lines_open(&l, r->op, (uint32_t)s->description, restoring_artifact(r, (uint32_t)s->description)->path, 0);
    if (!rc) rc = lines_next(&l, &o);
    if (!rc) {
        s->agent = json_incref(json_object_get(o, "agent"));
        s->archives = json_incref(json_object_get(o, "archives"));
        s->shared = json_incref(json_object_get(o, "shared"));
        s->mcp_servers = json_incref(json_object_get(o, "mcp_servers"));
        json_decref(o);
    }
    if (rc == PAB_END || (!rc && !json_is_object(s->agent))) rc = pab_error_set(&l.err, PAB_E_CORRUPT, 0, "'%s' does not describe an agent", l.what);
    return lines_close(&l, rc);
}

void saved_forget(struct saved_agent *s)
{
    json_decref(TAKE_PTR(s->agent));
    json_decref(TAKE_PTR(s->archives));
    json_decref(TAKE_PTR(s->shared));
    json_decref(TAKE_PTR(s->mcp_servers));
}

int saved_each(struct restoring *r, int (*fn)(struct restoring *r, struct saved_agent *s, void *ctx), void *ctx)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        if (s->same) continue;
        rc = saved_read(r, s);
        if (!rc) rc = fn(r, s, ctx);
        saved_forget(s);
    }
    return rc;
}

/* The one of the target with that id, if it has the agent's content. */
static int try_id(struct restoring *r, struct saved_agent *s, const char *id)
{
    void *found = id ? json_object_iter_at(r->target_agents, id) : NULL;
    if (!found) return PAB_OK;
    s->there = json_object_iter_key(found);
    return same_agent(r, s, s->there, &s->same);
}

/* The same id first, then the one of an earlier restore, whatever they hold; else one of the same name, the same content preferred. */
static int find_in_target(struct restoring *r, struct saved_agent *s)
{
    const char *id;
    json_t *value;
    int rc = try_id(r, s, s->id);
    if (!rc && !s->there) rc = try_id(r, s, json_string_value(json_object_get(r->recorded, s->id)));
    if (rc || s->there) return rc;
    json_object_foreach(r->target_agents, id, value) {
        if (strcmp(json_string_value(value), s->name)) continue;
        rc = try_id(r, s, id);
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

int saved_find(struct restoring *r)
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
    for (size_t i = 0; i < r->agents.count; i++) {
        const struct saved_agent *s = &r->agents.items[i];
        if (s->file < 0 || s->description < 0 || s->messages < 0) return pab_fail(r->op, PAB_E_CORRUPT, 0, NULL, "the backup has only a part of agent '%s'", s->object);
    }
    return letta_list(r->r, LETTA_AGENTS, 10, keep_name, r->target_agents, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

int saved_compare(struct restoring *r)
{
    for (size_t i = 0; i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        int rc = saved_read(r, s);
        if (!rc) {
            s->name = pab_strdup(json_text(s->agent, "name"));
            count_blocks(r, s);
            rc = find_in_target(r, s);
        }
        saved_forget(s);
        if (rc) return rc;
    }
    return PAB_OK;
}

void saved_release(struct restoring *r)
{
    for (size_t i = 0; i < r->agents.count; i++) {
        struct saved_agent *s = &r->agents.items[i];
        free(s->id);
        free(s->object);
        free(s->name);
        free(s->now);
    }
    free(r->agents.items);
    json_decref(r->block_uses);
    json_decref(r->target_agents);
    json_decref(r->map);
    json_decref(r->recorded);
    json_decref(r->undo);
    json_decref(r->known);
}
