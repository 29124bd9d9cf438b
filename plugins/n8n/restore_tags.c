/* restore_tags.c - tags by their names, since their ids are always new. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

static int load_tags(struct restoring *r)
{
    CLEANUP_JSON json_t *ids = NULL;
    struct pab_error err = { 0 };
    const char *id;
    json_t *tag;
    int rc = n8n_ids(r->r, N8N_API "/tags", &ids, &err);
    if (rc && n8n_is_missing(r->r, rc)) {
        pab_warn(r->op, "tags", "tags are not restored: %s", err.message);
        return PAB_OK;
    }
    if (rc) return sup_fail(r->op, &err);
    r->tags = json_object();
    json_object_foreach(ids, id, tag) json_object_set_new(r->tags, json_text(tag, "name"), json_string(id));
    return PAB_OK;
}

static int make_tag(struct restoring *r, const char *name)
{
    CLEANUP_JSON json_t *body = json_pack("{s:s}", "name", name), *answer = NULL;
    struct pab_error err = { 0 };
    if (is_plan(r)) return restoring_plan(r, PAB_PLAN_CREATE, "tags", "tag '%s'", name);
    int rc = rest_json(r->r, &(struct rest_req){ .path = N8N_API "/tags", .body = body }, &answer, &err);
    if (rc) {
        pab_error_prefix(&err, "tag '%s'", name);
        return sup_fail(r->op, &err);
    }
    json_object_set_new(r->tags, name, json_string(json_text(answer, "id")));
    return PAB_OK;
}

int restore_tags(struct restoring *r)
{
    CLEANUP_JSON json_t *all = NULL;
    size_t i;
    json_t *tag;
    int64_t index = restoring_find(r, "tags");
    int rc = load_tags(r);
    if (rc || !r->tags || index < 0) return rc;
    rc = restoring_json(r, (uint32_t)index, &all);
    if (rc) return rc;
    json_array_foreach(all, i, tag) {
        const char *name = json_text(tag, "name");
        if (*name && !json_object_get(r->tags, name)) rc = make_tag(r, name);
        if (rc) return rc;
    }
    return PAB_OK;
}
