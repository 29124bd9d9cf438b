/* backup_workflows.c - each workflow into a file of its own and all of them into one. The list gives the ids; then each is asked
 * for by itself, since the list leaves out its description and folder, and since a list that is counted by offset skips and
 * repeats while somebody works. A second list at the end shows what came meanwhile. */
#include <string.h>
#include "plugins/n8n/backup_private.h"

#define LIST N8N_API "/workflows?excludePinnedData=true"

struct workflows {
    struct taking *t;
    struct pab_artifact *all;   /* the combined one; NULL until the first */
    uint64_t count, active, archived;
};

/* One of them on its way into both artifacts. */
struct one {
    struct workflows *w;
    struct pab_artifact *a;
    const char *id;
    char *name;
    uint64_t nodes;
    int members, active, archived;
};

static int put(struct one *o, const void *p, size_t n)
{
    const struct pab_host *h = o->w->t->op->host;
    int rc = h->artifact_write(o->a, p, n);
    return rc ? rc : h->artifact_write(o->w->all, p, n);
}

static void note_projects(json_t *projects, struct span shared)
{
    for (struct members m = members_of(shared); members_next(&m);) {
        CLEANUP_FREE char *id = span_text(m.value, "projectId");
        if (*id) json_object_set_new(projects, id, json_true());
    }
}

static int put_member(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    struct one *o = ctx;
    CLEANUP_JSON json_t *name = json_string(key);
    CLEANUP_FREE char *quoted = json_dumps(name, JSON_ENCODE_ANY);
    CLEANUP_FREE char *lead = pab_sprintf("%s%s:", o->members++ ? "," : "{", quoted);
    if (!strcmp(key, "name")) {
        free(o->name);
        o->name = span_string(value);
    }
    if (!strcmp(key, "active")) o->active = span_is(value, "true");
    if (!strcmp(key, "isArchived")) o->archived = span_is(value, "true");
    if (!strcmp(key, "nodes")) o->nodes = span_elements(value);
    if (!strcmp(key, "shared")) note_projects(o->w->t->projects, value);
    int rc = put(o, lead, strlen(lead));
    if (!rc) rc = put(o, value.p, value.n);
    /* the host has said why already: this only stops the reading */
    return rc ? pab_error_set(err, rc, 0, "cannot write workflow '%s'", o->id) : PAB_OK;
}

static int finish(struct one *o)
{
    const struct pab_host *h = o->w->t->op->host;
    struct workflows *w = o->w;
    int rc = put(o, o->members ? "}" : "{}", o->members ? 1 : 2);
    if (!rc) rc = h->artifact_write(o->a, "\n", 1);
    if (!rc) rc = h->artifact_fact(o->a, "id", o->id);
    if (!rc) rc = h->artifact_fact(o->a, "name", o->name ? o->name : "");
    if (!rc) rc = h->artifact_fact(o->a, "active", o->active ? "true" : "false");
    if (!rc) rc = h->artifact_count(o->a, "nodes", o->nodes);
    if (rc) return rc;
    rc = h->artifact_commit(o->a);
    o->a = NULL;
    w->count++;
    w->active += (unsigned)o->active;
    w->archived += (unsigned)o->archived;
    return rc;
}

static int take_one(struct workflows *w, const char *id, const char *name)
{
    struct taking *t = w->t;
    const struct pab_host *h = t->op->host;
    struct pab_error err = { 0 };
    struct one o = { .w = w, .id = id };
    struct json_scan *s = NULL;
    CLEANUP_FREE char *escaped = rest_escape(id), *file = strchr(id, '/') ? pab_str_file_name(id) : pab_strdup(id);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/workflows/%s", escaped);
    CLEANUP_FREE char *object = pab_sprintf("workflow:%s", id), *stem = pab_sprintf("n8n/workflows/%s", file);
    int rc = rest_scan(t->r, &(struct rest_req){ .path = path, .max_body = N8N_MAX_TEXT }, &s, &err);
    if (rc == PAB_E_NOT_FOUND) return PAB_OK; /* deleted since the list */
    if (rc) {
        pab_error_prefix(&err, "workflow '%s'", name);
        return sup_fail(t->op, &err);
    }
    rc = taking_begin(t, object, "object", name, stem, "json", 0, &o.a);
    if (!rc) rc = h->artifact_write(w->all, w->count ? ",\n" : "", w->count ? 2 : 0);
    if (!rc && n8n_object(s, put_member, &o, &err)) rc = sup_fail(t->op, &err);
    if (!rc && json_scan_end(s, &err)) rc = sup_fail(t->op, &err);
    rest_scan_free(t->r, s);
    if (!rc) rc = finish(&o);
    if (rc && o.a) h->artifact_abort(o.a);
    free(o.name);
    return rc;
}

/* Those of `list` that were not there before. */
static int take_all(struct workflows *w, const json_t *list, const json_t *before)
{
    const char *id;
    json_t *item;
    int rc = PAB_OK;
    json_object_foreach((json_t *)(uintptr_t)list, id, item) {
        if (rc) break;
        if (before && json_object_get(before, id)) continue;
        rc = take_one(w, id, json_text(item, "name"));
        w->t->op->host->progress(w->t->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "workflows", .done = w->count,
                                                                   .total = json_object_size(list), .unit = "workflows" });
    }
    return rc;
}

static int list_again(struct workflows *w, const json_t *first)
{
    CLEANUP_JSON json_t *now = NULL;
    struct pab_error err = { 0 };
    if (n8n_ids(w->t->r, LIST, &now, &err)) return sup_fail(w->t->op, &err);
    return take_all(w, now, first);
}

static int close_all(struct workflows *w)
{
    const struct pab_host *h = w->t->op->host;
    int rc = h->artifact_write(w->all, "]\n", 2);
    if (!rc) rc = h->artifact_count(w->all, "workflows", w->count);
    if (!rc) rc = h->artifact_count(w->all, "active", w->active);
    if (!rc) rc = h->artifact_count(w->all, "archived", w->archived);
    if (rc) return rc;
    rc = h->artifact_commit(w->all);
    w->all = NULL;
    return rc;
}

int backup_workflows(struct taking *t)
{
    const struct pab_host *h = t->op->host;
    CLEANUP_JSON json_t *list = NULL;
    struct pab_error err = { 0 };
    struct workflows w = { .t = t };
    if (!sup_wanted(t->op, "workflows")) return PAB_OK;
    int rc = n8n_ids(t->r, LIST, &list, &err);
    if (rc) {
        rc = n8n_excuse(t->op, t->r, "workflows", "workflow:list", &err);
        return rc ? sup_fail(t->op, &err) : PAB_OK;
    }
    rc = taking_begin(t, "workflows", "object", NULL, "n8n_workflows", "json", PAB_ART_STORED, &w.all);
    if (rc) return rc;
    rc = h->artifact_write(w.all, "[", 1);
    if (!rc) rc = take_all(&w, list, NULL);
    if (!rc) rc = list_again(&w, list);
    if (!rc) rc = close_all(&w);
    if (rc && w.all) h->artifact_abort(w.all);
    return rc;
}
