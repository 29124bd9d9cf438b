/* restore_variables.c - variables of the whole instance, by their keys; those of a project stay for people to make, since projects do. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

static int add_variable(void *ctx, struct json_scan *s, struct pab_error *err)
{
    CLEANUP_JSON json_t *v = NULL;
    int rc = json_scan_value(s, &v, err);
    if (!rc && !json_is_object(json_object_get(v, "project"))) json_object_set(ctx, json_text(v, "key"), v);
    return rc;
}

static int write_one(struct restoring *r, const json_t *v, const json_t *now)
{
    CLEANUP_JSON json_t *body = json_pack("{s:s, s:s}", "key", json_text(v, "key"), "value", json_text(v, "value"));
    CLEANUP_FREE char *escaped = now ? rest_escape(json_text(now, "id")) : NULL;
    CLEANUP_FREE char *path = now ? pab_sprintf(N8N_API "/variables/%s", escaped) : pab_strdup(N8N_API "/variables");
    struct pab_error err = { 0 };
    if (!rest_json(r->r, &(struct rest_req){ .method = now ? "PUT" : "POST", .path = path, .body = body, .flags = REST_NO_BODY }, NULL, &err)) return PAB_OK;
    pab_error_prefix(&err, "variable '%s'", json_text(v, "key"));
    return sup_fail(r->op, &err);
}

static int restore_one(struct restoring *r, const json_t *v, const json_t *now)
{
    const char *key = json_text(v, "key");
    int same = now && !strcmp(json_text(now, "value"), json_text(v, "value"));
    if (json_is_object(json_object_get(v, "project"))) return is_plan(r) ? restoring_plan(r, PAB_PLAN_KEEP, "variables", "variable '%s' of a project is not restored", key) : PAB_OK;
    if (is_plan(r)) return restoring_plan(r, same ? PAB_PLAN_KEEP : now ? PAB_PLAN_OVERWRITE : PAB_PLAN_CREATE, "variables", "variable '%s'", key);
    return same ? PAB_OK : write_one(r, v, now);
}

int restore_variables(struct restoring *r)
{
    CLEANUP_JSON json_t *all = NULL, *there = json_object();
    struct pab_error err = { 0 };
    int64_t index = restoring_find(r, "variables");
    size_t i;
    json_t *v;
    if (index < 0) return PAB_OK;
    int rc = restoring_json(r, (uint32_t)index, &all);
    if (rc || !json_array_size(all)) return rc;
    rc = n8n_list(r->r, N8N_API "/variables", add_variable, there, &err);
    if (rc && n8n_is_missing(r->r, rc)) {
        pab_warn(r->op, "variables", "variables are not restored: %s", err.message);
        return PAB_OK;
    }
    if (rc) return sup_fail(r->op, &err);
    json_array_foreach(all, i, v)
        if ((rc = restore_one(r, v, json_object_get(there, json_text(v, "key"))))) return rc;
    return PAB_OK;
}
