/* restore.c - the verb: the parts in their order, and taking back what was done when something fails. */
#include <string.h>
#include "plugins/letta/restore_private.h"

int64_t restoring_find(const struct restoring *r, const char *object, const char *part)
{
    for (uint32_t i = 0; i < r->req->artifact_count; i++)
        if (!strcmp(restoring_artifact(r, i)->object, object) && strstr(restoring_artifact(r, i)->path, part)) return i;
    return -1;
}

int restoring_each(struct restoring *r, uint32_t index, int (*fn)(struct restoring *r, const json_t *item, void *ctx), void *ctx)
{
    struct lines l;
    json_t *o = NULL;
    int rc = lines_open(&l, r->op, index, restoring_artifact(r, index)->path, 0);
    while (!rc && !(rc = lines_next(&l, &o))) {
        rc = fn(r, o, ctx);
        json_decref(o);
    }
    return lines_close(&l, rc);
}

void restoring_undo(struct restoring *r, const char *method, const char *path, json_t *body)
{
    json_t *request = json_pack("{s:s, s:s}", "method", method, "path", path);
    if (body) json_object_set_new(request, "body", body);
    json_array_append_new(r->undo, request);
}

void restoring_made(struct restoring *r, const char *below, const char *id)
{
    CLEANUP_FREE char *path = pab_sprintf("%s%s", below, id);
    if (json_object_get(r->known, id)) return;
    json_object_set_new(r->known, id, json_true());
    restoring_undo(r, "DELETE", path, NULL);
}

int restoring_make(struct restoring *r, const char *path, const json_t *body, const char *delete_below, json_t **ret)
{
    CLEANUP_JSON json_t *answer = NULL;
    struct pab_error err = { 0 };
    int rc = rest_json(r->r, &(struct rest_req){ .method = "POST", .path = path, .body = body }, &answer, &err);
    if (rc) return sup_fail(r->op, &err);
    const char *id = json_text(answer, "id");
    if (delete_below && !*id) return pab_fail(r->op, PAB_E_CORRUPT, 0, NULL, "letta: the server made something at '%s' and does not say its id", path);
    if (delete_below) restoring_made(r, delete_below, id);
    if (ret) *ret = TAKE_PTR(answer);
    return PAB_OK;
}

int restoring_send(struct restoring *r, const char *method, const char *path, const json_t *body)
{
    struct pab_error err = { 0 };
    return rest_json(r->r, &(struct rest_req){ .method = method, .path = path, .body = body, .flags = REST_NO_BODY | REST_REPEATABLE }, NULL, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

void restoring_mapped(struct restoring *r, const char *old, const char *now) { json_object_set_new(r->map, old, json_string(now)); }
const char *restoring_now(const struct restoring *r, const char *old) { return json_string_value(json_object_get(r->map, old)); }

json_t *restoring_pick(const json_t *object, const char *const *keys)
{
    json_t *ret = json_object();
    for (; *keys; keys++) {
        json_t *value = json_object_get(object, *keys);
        if (value && !json_is_null(value)) json_object_set(ret, *keys, value);
    }
    return ret;
}

static int covers(const json_t *a, const json_t *b)
{
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)a, key, value)
        if (!restoring_same(value, json_object_get(b, key))) return 0;
    return 1;
}

int restoring_same(const json_t *a, const json_t *b)
{
    size_t i;
    json_t *value;
    if (json_is_null(a)) a = NULL;
    if (json_is_null(b)) b = NULL;
    if (!a || !b) return a == b;
    if (json_is_integer(a) && json_is_integer(b)) return json_integer_value(a) == json_integer_value(b);
    if (json_is_number(a) && json_is_number(b)) return json_number_value(a) == json_number_value(b);
    if (json_is_object(a) && json_is_object(b)) return covers(a, b) && covers(b, a);
    if (!json_is_array(a) || !json_is_array(b)) return json_equal(a, b);
    if (json_array_size(a) != json_array_size(b)) return 0;
    json_array_foreach((json_t *)(uintptr_t)a, i, value)
        if (!restoring_same(value, json_array_get(b, i))) return 0;
    return 1;
}

/* Newest first; what cannot be undone is named, so that somebody can do it. */
static void take_back(struct restoring *r)
{
    size_t deleted = 0;
    rest_deafen(r->r);
    for (size_t i = json_array_size(r->undo); i-- > 0;) {
        const json_t *one = json_array_get(r->undo, i);
        const char *method = json_text(one, "method"), *path = json_text(one, "path");
        struct pab_error err = { 0 };
        int is_delete = !strcmp(method, "DELETE"), rc;
        rc = rest_json(r->r, &(struct rest_req){ .method = method, .path = path, .body = json_object_get(one, "body"), .flags = REST_NO_BODY | REST_REPEATABLE }, NULL, &err);
        deleted += !rc && is_delete;
        if (!rc || (is_delete && rc == PAB_E_NOT_FOUND)) continue;
        if (is_delete) pab_warn(r->op, NULL, "'%s' was made by this restore and could not be deleted again: %s", path, err.message);
        else pab_warn(r->op, NULL, "'%s' was changed by this restore and could not be put back: %s", path, err.message);
    }
    if (deleted) pab_log(r->op, PAB_LOG_INFO, "%zu objects that this restore had made were deleted again", deleted);
}

static int restore_all(struct restoring *r)
{
    static int (*const parts[])(struct restoring *) = { restore_tools, restore_mcp_servers, restore_blocks, restore_identities, restore_folders, restore_archives, restore_agents, restore_groups,
                                                        finish_agents };
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < sizeof parts / sizeof *parts; i++) rc = parts[i](r);
    return rc;
}

/* What the API has no way to make again; people find it in the files. */
static int plan_others(const struct restoring *r)
{
    int rc = PAB_OK;
    int64_t conversations = restoring_find(r, "conversations", "conversations");
    if (conversations >= 0) rc = restoring_plan(r, PAB_PLAN_KEEP, "conversations",
                                                "their messages come back as history of their agents; the list stays in '%s'", restoring_artifact(r, (uint32_t)conversations)->path);
    if (!rc) rc = restoring_plan(r, PAB_PLAN_KEEP, "ids",
                                 "what is made anew gets a new id; ids are kept only by a restore of the server's database instead, where this job has it as a postgres target");
    return rc;
}

int letta_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    CLEANUP_REST struct rest *rest = NULL;
    CLEANUP(saved_release) struct restoring r = { .l = instance, .op = op, .req = req, .block_uses = json_object(), .target_agents = json_object(), .map = json_object(),
                                                  .recorded = json_object(), .undo = json_array(), .known = json_object() };
    id_map_read(&r);
    int rc = letta_connect(r.l, op, &rest, NULL);
    r.r = rest;
    if (!rc) rc = saved_find(&r);
    if (req->flags & PAB_RESTORE_CLEANUP) return rc ? rc : drop_kept_agents(&r);
    if (!rc) rc = saved_compare(&r);
    if (!rc) rc = restore_all(&r);
    if (is_plan(&r)) return rc ? rc : plan_others(&r);
    if (rc && rest) take_back(&r);
    if (!rc) id_map_write(&r);
    return rc;
}
