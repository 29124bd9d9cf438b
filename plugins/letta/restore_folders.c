/* restore_folders.c - folders, and the text of their files: what the server had read out of them, uploaded again. */
#include <string.h>
#include "plugins/letta/restore_private.h"

#define READ_MS 120000  /* for the server to read what was uploaded */

static int upload(struct restoring *r, const char *folder, const json_t *file)
{
    const char *name = json_text(file, "original_file_name"), *content = json_text(file, "content");
    struct pab_error err = { 0 };
    if (!*name) name = json_text(file, "file_name");
    const char *slash = strrchr(name, '/');
    const struct rest_part part = { .name = "file", .file_name = slash ? slash + 1 : name, .content_type = "text/plain", .data = content, .size = strlen(content) };
    CLEANUP_FREE char *path = pab_sprintf("/v1/folders/%s/upload?duplicate_handling=skip", folder);
    return rest_json(r->r, &(struct rest_req){ .path = path, .parts = &part, .part_count = 1 }, NULL, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

struct waiting { uint64_t busy, failed; char last[128]; };

static int look(void *ctx, json_t *item, struct pab_error *err)
{
    struct waiting *w = ctx;
    const char *status = json_text(item, "processing_status");
    (void)err;
    if (!strcmp(status, "error")) {
        w->failed++;
        snprintf(w->last, sizeof w->last, "%s", json_text(item, "error_message"));
    } else if (strcmp(status, "completed")) {
        w->busy++;
    }
    return PAB_OK;
}

/* Files are cut and embedded in the background; what fails there shows in their status alone. */
static int wait_for_files(struct restoring *r, const char *folder, const char *name)
{
    CLEANUP_FREE char *path = pab_sprintf("/v1/folders/%s/files", folder);
    for (uint32_t waited = 0;; waited += 500) {
        struct waiting w = { 0 };
        struct pab_error err = { 0 };
        if (letta_list(r->r, path, 100, look, &w, &err)) return sup_fail(r->op, &err);
        if (w.failed && !w.busy) pab_warn(r->op, "folders", "the server could not read %llu files of folder '%s' again: %s", (unsigned long long)w.failed, name, w.last);
        if (!w.busy) return PAB_OK;
        if (waited >= READ_MS) {
            pab_warn(r->op, "folders", "the server is still reading %llu files of folder '%s'", (unsigned long long)w.busy, name);
            return PAB_OK;
        }
        if (r->op->host->sleep_ms(r->op, 500)) return pab_fail(r->op, PAB_E_CANCELLED, 0, NULL, "cancelled");
    }
}

static int fill(struct restoring *r, const char *old, const char *folder, const char *name)
{
    CLEANUP_FREE char *part = pab_sprintf("letta/folders/%s.", old), *object = pab_sprintf("folder:%s", name);
    int64_t index = restoring_find(r, object, part);
    struct lines l;
    json_t *o = NULL;
    if (index < 0) return PAB_OK;
    int rc = lines_open(&l, r->op, (uint32_t)index, restoring_artifact(r, (uint32_t)index)->path, 0);
    while (!rc && !(rc = lines_next(&l, &o))) {
        rc = upload(r, folder, o);
        json_decref(o);
    }
    rc = lines_close(&l, rc);
    return rc ? rc : wait_for_files(r, folder, name);
}

static int put_folder(struct restoring *r, const json_t *there, const json_t *folder)
{
    static const char *const keys[] = { "name", "description", "instructions", "metadata", "embedding_config", NULL };
    const char *id = json_text(folder, "id"), *name = json_text(folder, "name");
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)there, i, one) {
        if (strcmp(json_text(one, "name"), name)) continue;
        restoring_mapped(r, id, json_text(one, "id"));
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_KEEP, "folders", "'%s' is there already", name) : PAB_OK;
    }
    if (is_plan(r)) return restoring_plan(r, PAB_PLAN_CREATE, "folders", "'%s' with its files", name);
    CLEANUP_JSON json_t *body = restoring_pick(folder, keys);
    CLEANUP_JSON json_t *answer = NULL;
    int rc = restoring_make(r, "/v1/folders/", body, "/v1/folders/", &answer);
    if (rc) return rc;
    restoring_mapped(r, id, json_text(answer, "id"));
    return fill(r, id, json_text(answer, "id"), name);
}

int restore_folders(struct restoring *r)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    struct lines l;
    json_t *o = NULL;
    int64_t index = restoring_find(r, "folders", "letta/folders.");
    if (index < 0) return PAB_OK;
    if (letta_all(r->r, "/v1/folders/", 50, &there, &err)) return sup_fail(r->op, &err);
    int rc = lines_open(&l, r->op, (uint32_t)index, restoring_artifact(r, (uint32_t)index)->path, 0);
    while (!rc && !(rc = lines_next(&l, &o))) {
        rc = put_folder(r, there, o);
        json_decref(o);
    }
    return lines_close(&l, rc);
}
