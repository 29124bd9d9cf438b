/* backup_folders.c - the folders of every project that a workflow lies in. Their list pages by skip and take, other than the rest; a
 * workflow's own text names the folder that it lies in. */
#include <string.h>
#include "plugins/n8n/backup_private.h"

#define PAGE 100

/* Adds one page; *ret_count is how many the project has. */
static int read_page(struct taking *t, const char *project, size_t skip, json_t *all, size_t *ret_got, size_t *ret_count, struct pab_error *err)
{
    CLEANUP_FREE char *escaped = rest_escape(project);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/projects/%s/folders?take=%d&skip=%zu", escaped, PAGE, skip);
    CLEANUP_JSON json_t *answer = NULL;
    size_t i;
    json_t *folder, *data;
    int rc = rest_json(t->r, &(struct rest_req){ .path = path }, &answer, err);
    if (rc) return rc;
    data = json_object_get(answer, "data");
    if (!json_is_array(data)) return pab_error_set(err, PAB_E_CORRUPT, 0, "the answer to '%s' has no \"data\"", path);
    json_array_foreach(data, i, folder) {
        const char *id = json_text(folder, "id");
        if (!*id || json_object_get(all, id)) continue;
        json_object_set_new(folder, "projectId", json_string(project));
        json_object_set(all, id, folder);
    }
    *ret_got = json_array_size(data);
    *ret_count = (size_t)json_number(answer, "count", 0);
    return PAB_OK;
}

static int read_project(struct taking *t, const char *project, json_t *all, struct pab_error *err)
{
    size_t got = 0, count = 0;
    int rc = PAB_OK;
    for (size_t skip = 0; !rc; skip += got) {
        rc = read_page(t, project, skip, all, &got, &count, err);
        if (rc || !got || skip + got >= count) break;
    }
    return rc;
}

static int write_folders(struct taking *t, json_t *all)
{
    const struct pab_host *h = t->op->host;
    struct pab_artifact *a = NULL;
    CLEANUP_JSON json_t *list = json_array();
    const char *id;
    json_t *folder;
    json_object_foreach(all, id, folder) json_array_append(list, folder);
    CLEANUP_FREE char *text = json_dumps(list, JSON_COMPACT);
    if (!text) return pab_fail(t->op, PAB_E_NOMEM, 0, NULL, "no memory for a list of folders");
    int rc = taking_begin(t, "folders", "object", NULL, "n8n/folders", "json", PAB_ART_STORED, &a);
    if (rc) return rc;
    rc = h->artifact_write(a, text, strlen(text));
    if (!rc) rc = h->artifact_count(a, "folders", json_array_size(list));
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

int backup_folders(struct taking *t)
{
    CLEANUP_JSON json_t *all = json_object();
    struct pab_error err = { 0 };
    const char *project;
    json_t *value;
    if (!sup_wanted(t->op, "folders")) return PAB_OK;
    json_object_foreach(t->projects, project, value) {
        int rc = read_project(t, project, all, &err);
        if (!rc) continue;
        rc = n8n_excuse(t->op, t->r, "folders", "folder:list", &err);
        return rc ? sup_fail(t->op, &err) : PAB_OK;
    }
    return json_object_size(t->projects) ? write_folders(t, all) : PAB_OK;
}
