/* restore_workflows.c - recognised by their id, else by name and content; what differs or is missing is written. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

static void is_at(struct restoring *r, struct wanted *w, const char *id)
{
    json_object_set_new(r->workflows, w->id, json_string(id));
    w->target = json_string_value(json_object_get(r->workflows, w->id));
}

/* One that an earlier restore made under another id: of this name, with this content but for its references or with none yet, and
 * nobody else's. */
static int find_by_content(struct restoring *r, struct wanted *w, json_t *taken, struct pab_error *err)
{
    const struct refs blank = { .blank = 1 };
    const char *id;
    json_t *item;
    json_object_foreach(r->there, id, item) {
        enum comparison found = DIFFERENT;
        if (strcmp(json_text(item, "name"), w->name) || json_object_get(r->expected, id) || json_object_get(taken, id)) continue;
        int rc = compare_with(r, w, id, &blank, &found, err);
        if (rc == PAB_E_NOT_FOUND) continue;
        if (rc) return rc;
        if (found == DIFFERENT) continue;
        json_object_set_new(taken, id, json_true());
        is_at(r, w, id);
        break;
    }
    return PAB_OK;
}

static int find_all(struct restoring *r)
{
    CLEANUP_JSON json_t *taken = json_object();
    struct pab_error err = { 0 };
    int rc = n8n_ids(r->r, N8N_API "/workflows?excludePinnedData=true", &r->there, &err);
    for (size_t i = 0; !rc && i < r->wanted.count; i++)
        if (json_object_get(r->there, r->wanted.items[i].id)) is_at(r, &r->wanted.items[i], r->wanted.items[i].id);
    for (size_t i = 0; !rc && i < r->wanted.count; i++)
        if (!r->wanted.items[i].target) rc = find_by_content(r, &r->wanted.items[i], taken, &err);
    return rc ? sup_fail(r->op, &err) : PAB_OK;
}

static int compare_all(struct restoring *r)
{
    const struct refs refs = { .workflows = r->workflows, .credentials = r->credentials, .tables = r->tables };
    for (size_t i = 0; i < r->wanted.count; i++) {
        struct wanted *w = &r->wanted.items[i];
        struct pab_error err = { 0 };
        enum comparison found = DIFFERENT;
        if (!w->target || w->made) continue;
        if (compare_with(r, w, w->target, &refs, &found, &err)) return sup_fail(r->op, &err);
        int archived = json_flag(json_object_get(r->there, w->target), "isArchived");
        w->put = found != SAME || (archived && !w->archived);
    }
    return PAB_OK;
}

static int plan_all(struct restoring *r)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < r->wanted.count; i++) {
        const struct wanted *w = &r->wanted.items[i];
        CLEANUP_FREE char *object = pab_sprintf("workflow:%s", w->id);
        int is_active = w->target && json_flag(json_object_get(r->there, w->target), "active"); /* and stays so */
        const char *active = !w->active ? "" : r->n->activate || is_active ? ", active" : ", which was active, is left inactive (activate: false)";
        int same = w->target && !strcmp(w->target, w->id);
        if (!w->target) rc = restoring_plan(r, PAB_PLAN_CREATE, object, "workflow '%s'%s", w->name, active);
        else if (w->put) rc = restoring_plan(r, PAB_PLAN_OVERWRITE, object, "workflow '%s' is put back to what it was%s", w->name, active);
        else rc = restoring_plan(r, PAB_PLAN_KEEP, object, "workflow '%s' is there%s%s", w->name, same ? "" : " as ", same ? "" : w->target);
    }
    return rc;
}

static int finish_all(struct restoring *r)
{
    uint64_t made = 0, put = 0, sound = 0;
    for (size_t i = 0; i < r->wanted.count; i++) {
        struct wanted *w = &r->wanted.items[i];
        struct pab_error err = { 0 };
        if (w->refused) continue;
        if (finish_workflow(r, w, &err)) {
            if (wanted_ends_all(r, &err)) {
                pab_error_prefix(&err, "workflow '%s'", w->name);
                return sup_fail(r->op, &err);
            }
            wanted_refused(r, w, &err);
            continue;
        }
        sound++;
        made += (unsigned)w->made;
        put += (unsigned)(w->put && !w->made);
        r->op->host->progress(r->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "workflows", .done = i + 1,
                                                              .total = r->wanted.count, .unit = "workflows" });
    }
    pab_log(r->op, PAB_LOG_INFO, "%llu workflows made, %llu put back, %llu were there", (unsigned long long)made, (unsigned long long)put,
            (unsigned long long)(sound - made - put));
    return PAB_OK;
}

int restore_workflows(struct restoring *r)
{
    int rc = r->wanted.count ? find_all(r) : PAB_OK;
    if (rc || !r->wanted.count) return rc;
    if (is_plan(r)) {
        rc = compare_all(r);
        return rc ? rc : plan_all(r);
    }
    rc = create_missing(r);
    if (!rc) rc = compare_all(r);
    if (!rc) rc = finish_all(r);
    if (!rc && r->n->activate) rc = finish_active(r);
    return rc ? rc : wanted_judge(r);
}
