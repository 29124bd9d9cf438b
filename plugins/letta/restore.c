/* restore.c - the verb: the parts in their order, the map of ids, and taking back what was made when something fails. */
#include <fcntl.h>
#include <string.h>
#include "plugins/letta/restore_private.h"

int64_t restoring_find(const struct restoring *r, const char *object, const char *part)
{
    for (uint32_t i = 0; i < r->req->artifact_count; i++)
        if (!strcmp(restoring_artifact(r, i)->object, object) && strstr(restoring_artifact(r, i)->path, part)) return i;
    return -1;
}

void restoring_made(struct restoring *r, const char *below, const char *id)
{
    CLEANUP_FREE char *path = pab_sprintf("%s%s", below, id);
    json_array_append_new(r->made, json_string(path));
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

/* Newest first; what cannot be deleted is named, so that somebody can do it. */
static void take_back(struct restoring *r)
{
    rest_deafen(r->r);
    for (size_t i = json_array_size(r->made); i-- > 0;) {
        const char *path = json_string_value(json_array_get(r->made, i));
        struct pab_error err = { 0 };
        int rc = rest_json(r->r, &(struct rest_req){ .method = "DELETE", .path = path, .flags = REST_NO_BODY }, NULL, &err);
        if (rc && rc != PAB_E_NOT_FOUND) pab_warn(r->op, NULL, "'%s' was made by this restore and could not be deleted again: %s", path, err.message);
    }
    if (json_array_size(r->made)) pab_log(r->op, PAB_LOG_INFO, "%zu objects that this restore had made were deleted again", json_array_size(r->made));
}

/* Which id became which, for bots and workflows that name an agent by its id. */
static int write_map(struct restoring *r)
{
    if (!r->l->id_map || !json_object_size(r->map)) return PAB_OK;
    CLEANUP_FREE char *text = json_dumps(r->map, JSON_INDENT(2) | JSON_SORT_KEYS);
    CLEANUP_FREE char *part = pab_sprintf("%s.part", r->l->id_map);
    CLEANUP_CLOSE int fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || fsync(fd) || rename(part, r->l->id_map))
        pab_warn(r->op, NULL, "the map of ids cannot be written to '%s': the log has it", r->l->id_map);
    else pab_log(r->op, PAB_LOG_INFO, "old and new ids: %s", r->l->id_map);
    return PAB_OK;
}

static int restore_all(struct restoring *r)
{
    static int (*const parts[])(struct restoring *) = { restore_tools, restore_mcp_servers, restore_blocks, restore_identities, restore_folders, restore_archives, restore_agents, restore_groups };
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
    if (!rc) rc = restoring_plan(r, PAB_PLAN_KEEP, "ids", "every object gets a new id; a restore of the database by the postgres plugin keeps them");
    return rc;
}

int letta_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    CLEANUP_REST struct rest *rest = NULL;
    CLEANUP(saved_release) struct restoring r = { .l = instance, .op = op, .req = req, .block_uses = json_object(), .target_agents = json_object(), .map = json_object(),
                                                  .made = json_array() };
    if (req->flags & PAB_RESTORE_CLEANUP) return PAB_OK; /* nothing is kept aside */
    int rc = letta_connect(r.l, op, &rest, NULL);
    r.r = rest;
    if (!rc) rc = saved_load(&r);
    if (!rc) rc = restore_all(&r);
    if (is_plan(&r)) return rc ? rc : plan_others(&r);
    if (rc && rest) take_back(&r);
    return rc ? rc : write_map(&r);
}
