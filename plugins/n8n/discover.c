/* discover.c - what the instance holds, with counts. */
#include <string.h>
#include "plugins/n8n/n8n.h"

struct part { const char *id, *path, *scope; };

static int add_object(struct pab_op *op, const char *id, size_t number, const char *detail)
{
    CLEANUP_FREE char *count = pab_sprintf("%zu", number);
    const struct pab_kv attrs[] = { { "count", count } };
    const struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = id, .kind = "object", .size = PAB_SIZE_UNKNOWN,
                                  .detail = detail ? detail : count };
    return op->host->object_add(op, &o, attrs, 1);
}

/* Each project tells how many it has. */
static int add_folders(struct pab_op *op, struct rest *r, json_t *projects)
{
    struct pab_error err = { 0 };
    const char *project;
    json_t *item;
    size_t count = 0;
    json_object_foreach(projects, project, item) {
        CLEANUP_FREE char *escaped = rest_escape(project);
        CLEANUP_FREE char *path = pab_sprintf(N8N_API "/projects/%s/folders?take=1&skip=0", escaped);
        CLEANUP_JSON json_t *answer = NULL;
        int rc = rest_json(r, &(struct rest_req){ .path = path }, &answer, &err);
        if (rc) rc = n8n_excuse(op, r, "folders", "folder:list", &err);
        if (rc) return sup_fail(op, &err);
        if (!answer) return PAB_OK;
        count += (size_t)json_number(answer, "count", 0);
    }
    return add_object(op, "folders", count, NULL);
}

static int add_part(struct pab_op *op, struct rest *r, const struct part *p)
{
    CLEANUP_JSON json_t *ids = NULL;
    struct pab_error err = { 0 };
    const char *id;
    json_t *item;
    size_t active = 0, archived = 0;
    int rc = n8n_ids(r, p->path, &ids, &err);
    if (rc) rc = n8n_excuse(op, r, p->id, p->scope, &err);
    if (rc) return sup_fail(op, &err);
    if (!ids) return PAB_OK;
    json_object_foreach(ids, id, item) {
        active += (unsigned)json_flag(item, "active");
        archived += (unsigned)json_flag(item, "isArchived");
    }
    CLEANUP_FREE char *detail = strcmp(p->id, "workflows") ? NULL : pab_sprintf("%zu, %zu active, %zu archived", json_object_size(ids), active, archived);
    rc = add_object(op, p->id, json_object_size(ids), detail);
    return rc || strcmp(p->id, "projects") ? rc : add_folders(op, r, ids);
}

int n8n_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    static const struct part parts[] = {
        { "workflows", N8N_API "/workflows?excludePinnedData=true", "workflow:list" },
        { "tags", N8N_API "/tags", "tag:list" },
        { "credentials", N8N_API "/credentials", "credential:list" },
        { "tables", N8N_API "/data-tables", "dataTable:list" },
        { "variables", N8N_API "/variables", "variable:list" },
        { "projects", N8N_API "/projects", "project:list" },
        { "users", N8N_API "/users", "user:list" },
    };
    CLEANUP_REST struct rest *r = NULL;
    if (!(req->categories & PAB_CAT_SERVICES)) return PAB_OK;
    const struct n8n *n = instance;
    int rc = op->host->fact(op, "url", op->host->config_str(n->config, "url"));
    if (!rc && n->container) rc = op->host->fact(op, "container", n->container);
    if (!rc) rc = n8n_connect(instance, op, &r);
    for (size_t i = 0; !rc && i < sizeof parts / sizeof *parts; i++) rc = add_part(op, r, &parts[i]);
    return rc;
}
