/* restore_folders.c - folders, and the text of their files: what the server had read out of them, uploaded again. */
#include <string.h>
#include "plugins/letta/restore_private.h"

#define READ_MS 120000  /* for the server to read what was uploaded */

/* A folder of the backup and the one of the target. */
struct filling {
    const char *folder;         /* id in the target */
    json_t *there;              /* names of its files -> hash of what they say */
    uint64_t missing, other, sent;
};

/* Without the folder that the server puts before it in some of its answers. */
static const char *name_of(const json_t *file)
{
    const char *name = json_text(file, "original_file_name");
    if (!*name) name = json_text(file, "file_name");
    const char *slash = strrchr(name, '/');
    return slash ? slash + 1 : name;
}

static json_t *picture_of(const json_t *file) { return json_integer((json_int_t)letta_hash(0, json_text(file, "content"))); }

static int upload(struct restoring *r, const char *folder, const json_t *file)
{
    const char *content = json_text(file, "content");
    struct pab_error err = { 0 };
    CLEANUP_JSON json_t *answer = NULL;
    const struct rest_part part = { .name = "file", .file_name = name_of(file), .content_type = "text/plain", .data = content, .size = strlen(content) };
    CLEANUP_FREE char *path = pab_sprintf("/v1/folders/%s/upload?duplicate_handling=skip", folder), *below = pab_sprintf("/v1/folders/%s/", folder);
    if (rest_json(r->r, &(struct rest_req){ .path = path, .parts = &part, .part_count = 1 }, &answer, &err)) return sup_fail(r->op, &err);
    /* in a folder that was there before, it is the file that a failure takes back */
    if (*json_text(answer, "id")) restoring_made(r, below, json_text(answer, "id"));
    return PAB_OK;
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

static int know_file(void *ctx, json_t *item, struct pab_error *err)
{
    struct filling *f = ctx;
    (void)err;
    json_object_set_new(f->there, name_of(item), picture_of(item));
    return PAB_OK;
}

static int count_file(struct restoring *r, const json_t *file, void *ctx)
{
    struct filling *f = ctx;
    CLEANUP_JSON json_t *mine = picture_of(file);
    const json_t *there = json_object_get(f->there, name_of(file));
    (void)r;
    f->missing += !there;
    f->other += there && !json_equal(there, mine);
    return PAB_OK;
}

static int put_file(struct restoring *r, const json_t *file, void *ctx)
{
    struct filling *f = ctx;
    if (json_object_get(f->there, name_of(file))) return PAB_OK;
    f->sent++;
    return upload(r, f->folder, file);
}

static int64_t files_of(const struct restoring *r, const char *old, const char *name)
{
    CLEANUP_FREE char *part = pab_sprintf("letta/folders/%s.", old), *object = pab_sprintf("folder:%s", name);
    return restoring_find(r, object, part);
}

/* A folder that is there gets the files that it lacks; one whose text differs is a conflict, and stays under --force. */
static int complete(struct restoring *r, const char *name, int64_t index, struct filling *f)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/folders/%s/files?include_content=true", f->folder);
    if (index >= 0 && letta_list(r->r, path, 10, know_file, f, &err)) return sup_fail(r->op, &err);
    int rc = index < 0 ? PAB_OK : restoring_each(r, (uint32_t)index, count_file, f);
    if (rc) return rc;
    unsigned long long missing = f->missing, other = f->other;
    if (other && !is_forced(r))
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_CONFLICT, "folders", "%llu files of '%s' are there with another content; --force keeps those that are there", other, name)
                          : pab_fail(r->op, PAB_E_REFUSED, 0, NULL, "letta: %llu files of folder '%s' are there with another content", other, name);
    if (is_plan(r)) return missing ? restoring_plan(r, PAB_PLAN_CREATE, "folders", "%llu files of '%s', which is there without them", missing, name)
                                   : restoring_plan(r, PAB_PLAN_KEEP, "folders", other ? "'%s' is there, with other files, which stay" : "'%s' is there already", name);
    return PAB_OK;
}

static int put_folder(struct restoring *r, const json_t *folder, void *ctx)
{
    static const char *const keys[] = { "name", "description", "instructions", "metadata", "embedding_config", NULL };
    const char *id = json_text(folder, "id"), *name = json_text(folder, "name");
    int64_t index = files_of(r, id, name);
    CLEANUP_JSON json_t *files = json_object();
    CLEANUP_JSON json_t *answer = NULL;
    struct filling f = { .there = files };
    size_t i;
    json_t *one;
    int rc = PAB_OK;
    if (restoring_now(r, id)) return PAB_OK;
    json_array_foreach((json_t *)ctx, i, one)
        if (!strcmp(json_text(one, "name"), name)) f.folder = json_text(one, "id");
    restoring_mapped(r, id, f.folder ? f.folder : "new");
    if (f.folder) {
        rc = complete(r, name, index, &f);
    } else if (is_plan(r)) {
        return restoring_plan(r, PAB_PLAN_CREATE, "folders", index < 0 ? "'%s', without its files, which are not among what is restored" : "'%s' with its files", name);
    } else {
        CLEANUP_JSON json_t *body = restoring_pick(folder, keys);
        if ((rc = restoring_make(r, "/v1/folders/", body, "/v1/folders/", &answer))) return rc;
        f.folder = json_text(answer, "id");
        restoring_mapped(r, id, f.folder);
        if (index < 0) pab_warn(r->op, "folders", "the files of folder '%s' are not among what is restored", name);
    }
    if (rc || is_plan(r) || index < 0) return rc;
    rc = restoring_each(r, (uint32_t)index, put_file, &f);
    return rc || !f.sent ? rc : wait_for_files(r, f.folder, name);
}

static int put_folders_of(struct restoring *r, struct saved_agent *s, void *ctx)
{
    size_t i;
    json_t *one;
    int rc = PAB_OK;
    json_array_foreach(json_object_get(s->agent, "sources"), i, one)
        if (!rc) rc = put_folder(r, one, ctx);
    return rc;
}

/* Those of the list, and, when it was not chosen, those of the chosen agents. */
int restore_folders(struct restoring *r)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    int64_t index = restoring_find(r, "folders", "letta/folders.");
    if (index < 0 && !r->agents.count) return PAB_OK;
    if (letta_all(r->r, "/v1/folders/", 50, &there, &err)) return sup_fail(r->op, &err);
    return index >= 0 ? restoring_each(r, (uint32_t)index, put_folder, there) : saved_each(r, put_folders_of, there);
}
