/* restore.c - the verb: what was chosen, in the order in which it refers to each other. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

int64_t restoring_find(const struct restoring *r, const char *object)
{
    for (uint32_t i = 0; i < r->req->artifact_count; i++)
        if (!strcmp(restoring_artifact(r, i)->object, object)) return i;
    return -1;
}

int restoring_json(const struct restoring *r, uint32_t i, json_t **ret)
{
    struct stored s;
    struct pab_error err = { 0 };
    json_t *value = NULL;
    int rc = stored_open(&s, r->op, i, restoring_artifact(r, i)->path);
    if (rc) return rc;
    rc = json_scan_value(s.scan, &value, &err);
    if (!rc) rc = json_scan_end(s.scan, &err);
    rc = stored_close(&s, rc, &err);
    if (rc) json_decref(value);
    else *ret = value;
    return rc;
}

/* What the API has no way to make again; people find it in the files. */
static int plan_others(const struct restoring *r)
{
    static const char *const others[] = { "projects", "folders", "users" };
    int rc = PAB_OK;
    for (size_t i = 0; !rc && is_plan(r) && i < sizeof others / sizeof *others; i++)
        if (restoring_find(r, others[i]) >= 0)
            rc = restoring_plan(r, PAB_PLAN_KEEP, others[i], "%s are not restored: make them by hand from '%s'", others[i],
                                restoring_artifact(r, (uint32_t)restoring_find(r, others[i]))->path);
    return rc;
}

static void release(struct restoring *r)
{
    wanted_release(r);
    json_decref(r->there);
    json_decref(r->workflows);
    json_decref(r->credentials);
    json_decref(r->tables);
    json_decref(r->expected);
    json_decref(r->tags);
}

int n8n_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    CLEANUP_REST struct rest *rest = NULL;
    CLEANUP(release) struct restoring r = { .n = instance, .op = op, .req = req, .workflows = json_object(), .credentials = json_object(), .tables = json_object(),
                                            .expected = json_object() };
    if (req->flags & PAB_RESTORE_CLEANUP) return PAB_OK; /* nothing is kept aside */
    int rc = n8n_connect(r.n, op, &rest);
    r.r = rest;
    if (!rc) rc = wanted_load(&r);
    if (!rc) rc = restore_credentials(&r);
    if (!rc) rc = restore_tags(&r);
    if (!rc) rc = restore_variables(&r);
    if (!rc) rc = restore_tables(&r);
    if (!rc) rc = restore_workflows(&r);
    return rc ? rc : plan_others(&r);
}
