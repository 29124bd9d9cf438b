/* finish.c - what is not content: tags, the archive, activation. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

static int act(struct restoring *r, const char *id, const char *verb, struct pab_error *err)
{
    CLEANUP_FREE char *escaped = rest_escape(id);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/workflows/%s/%s", escaped, verb);
    struct json_scan *answer = NULL;
    int rc;
    for (unsigned n = 0;; n++) {
        rc = rest_scan(r->r, &(struct rest_req){ .path = path, .text = "{}", .text_size = 2, .method = "POST", .flags = REST_REPEATABLE }, &answer, err);
        if (!rc || !n8n_wait(r->op, r->r, n)) break;
    }
    if (!rc) rest_scan_free(r->r, answer);
    return rc;
}

/* ---- tags */

static int tag_id(struct restoring *r, const char *name, const char **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *body = json_pack("{s:s}", "name", name), *answer = NULL;
    *ret = json_string_value(json_object_get(r->tags, name));
    if (*ret) return PAB_OK;
    int rc = rest_json(r->r, &(struct rest_req){ .path = N8N_API "/tags", .body = body }, &answer, err);
    const char *id = rc ? "" : json_text(answer, "id");
    if (!rc && !*id) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the service made tag '%s' and does not tell its id", name);
    if (rc) return rc;
    json_object_set_new(r->tags, name, json_string(id));
    *ret = json_string_value(json_object_get(r->tags, name));
    return PAB_OK;
}

static int set_tags(struct restoring *r, const struct wanted *w, struct pab_error *err)
{
    CLEANUP_JSON json_t *now = NULL, *want = json_array();
    CLEANUP_FREE char *escaped = rest_escape(w->target);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/workflows/%s/tags", escaped);
    size_t i, same = 0;
    json_t *name, *tag;
    if (!r->tags || !w->tags || (w->made && !json_array_size(w->tags))) return PAB_OK;
    int rc = rest_json(r->r, &(struct rest_req){ .path = path }, &now, err);
    if (rc) return rc;
    json_array_foreach(w->tags, i, name) {
        const char *id = NULL;
        rc = tag_id(r, json_string_value(name), &id, err);
        if (rc) return rc;
        json_array_append_new(want, json_pack("{s:s}", "id", id));
    }
    json_array_foreach(now, i, tag) {
        size_t k;
        json_t *wish;
        json_array_foreach(want, k, wish) same += !strcmp(json_text(tag, "id"), json_text(wish, "id"));
    }
    if (same == json_array_size(want) && same == json_array_size(now)) return PAB_OK;
    return rest_json(r->r, &(struct rest_req){ .method = "PUT", .path = path, .body = want, .flags = REST_NO_BODY }, NULL, err);
}

/* ---- archive */

static int set_archived(struct restoring *r, const struct wanted *w, struct pab_error *err)
{
    if (!w->archived || (!w->put && json_flag(json_object_get(r->there, w->target), "isArchived"))) return PAB_OK;
    int rc = act(r, w->target, "archive", err);
    if (!rc || !n8n_is_missing(r->r, rc)) return rc;
    pab_warn(r->op, w->id, "workflow '%s' was archived and now is not: this n8n cannot archive by its API", w->name);
    return PAB_OK;
}

int finish_workflow(struct restoring *r, const struct wanted *w, struct pab_error *err)
{
    const json_t *now = json_object_get(r->there, w->target);
    int rc = PAB_OK;
    /* nothing but this changes in the archive */
    if (w->put && json_flag(now, "isArchived")) rc = act(r, w->target, "unarchive", err);
    if (!rc && json_flag(now, "active") && !w->active) rc = act(r, w->target, "deactivate", err);
    if (!rc && w->put) rc = body_put(r, w, w->split && r->n->activate, err);
    if (!rc) rc = set_tags(r, w, err);
    return rc ? rc : set_archived(r, w, err);
}

/* ---- activation, at the end: a workflow may ask for its sub-workflows to be active before it */

static int activate(struct restoring *r, const struct wanted *w, struct pab_error *err)
{
    int rc = act(r, w->target, "activate", err);
    /* what was in the editor beside what was active */
    return !rc && w->split && w->put ? body_put(r, w, 0, err) : rc;
}

int finish_active(struct restoring *r)
{
    CLEANUP_FREE char *done = pab_alloc(r->wanted.count + 1);
    struct pab_error err = { 0 };
    for (int again = 1, last = 0; again || !last;) {
        last = !again;
        again = 0;
        for (size_t i = 0; i < r->wanted.count; i++) {
            const struct wanted *w = &r->wanted.items[i];
            int is_active = json_flag(json_object_get(r->there, w->target ? w->target : ""), "active");
            if (done[i] || !w->active || w->archived || !w->target || w->refused || (is_active && !w->put)) continue;
            int rc = activate(r, w, &err);
            if (rc == PAB_E_CANCELLED || (rc && rest_status(r->r) == 401)) return sup_fail(r->op, &err);
            done[i] = !rc;
            again |= !rc;
            if (rc && last) pab_warn(r->op, w->id, "workflow '%s' was active and cannot be activated: %s", w->name, err.message);
            pab_error_clear(&err);
        }
    }
    return PAB_OK;
}
