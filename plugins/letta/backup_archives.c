/* backup_archives.c - archives with their passages, folders with their files. */
#include <string.h>
#include "plugins/letta/backup_private.h"

/* A passage without its vector, which is made anew at a restore and would be most of the bytes. */
struct passages { struct taking_file f; const char *archive; };

static int put_passage(void *ctx, json_t *item, struct pab_error *err)
{
    struct passages *p = ctx;
    if (strcmp(json_text(item, "archive_id"), p->archive)) return PAB_OK;
    json_object_del(item, "embedding");
    int rc = taking_put(&p->f, item);
    return rc ? pab_error_set(err, rc, 0, "cannot write") : PAB_OK;
}

/* Through an agent that has it: archives have no list of passages. */
static int from_agent(struct taking *t, struct passages *p, const char *agent)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s/archival-memory?ascending=true", agent);
    return letta_list(t->r, path, 50, put_passage, p, &err) ? sup_fail(t->op, &err) : PAB_OK;
}

#define SEARCH_PAGE 100

/* One page of a search without a query: from `start` on, the oldest first. */
static int search(struct taking *t, const char *archive, const char *start, json_t **ret)
{
    struct pab_error err = { 0 };
    CLEANUP_JSON json_t *body = json_pack("{s:s, s:i}", "archive_id", archive, "limit", SEARCH_PAGE);
    if (start) json_object_set_new(body, "start_date", json_string(start));
    return rest_json(t->r, &(struct rest_req){ .path = "/v1/passages/search", .body = body, .flags = REST_REPEATABLE }, ret, &err) ? sup_fail(t->op, &err) : PAB_OK;
}

/* Those of a page that were not on the one before; *start becomes the time of the last. */
static int put_page(struct passages *p, const json_t *page, json_t **seen, char **start, size_t *fresh)
{
    CLEANUP_JSON json_t *now = json_object();
    struct pab_error err = { 0 };
    size_t i;
    json_t *one;
    *fresh = 0;
    json_array_foreach(page, i, one) {
        json_t *passage = json_object_get(one, "passage");
        const char *id = json_text(passage, "id");
        json_object_set_new(now, id, json_true());
        free(*start);
        *start = pab_strdup(json_text(passage, "created_at"));
        if (json_object_get(*seen, id)) continue;
        ++*fresh;
        int rc = put_passage(p, passage, &err);
        if (rc) return rc;
    }
    json_decref(*seen);
    *seen = TAKE_PTR(now);
    return PAB_OK;
}

/* Of an archive that no agent has: by search, forward in time. */
static int from_search(struct taking *t, struct passages *p, const char *name)
{
    CLEANUP_JSON json_t *seen = json_object();
    CLEANUP_FREE char *start = NULL;
    for (;;) {
        CLEANUP_JSON json_t *page = NULL;
        size_t fresh;
        int rc = search(t, p->archive, start, &page);
        if (!rc) rc = put_page(p, page, &seen, &start, &fresh);
        if (rc || json_array_size(page) < SEARCH_PAGE) return rc;
        if (fresh) continue;
        pab_warn(t->op, name, "archive '%s' belongs to no agent and has more than %d passages of one moment: attach it to an agent to have them all", name, SEARCH_PAGE);
        return PAB_OK;
    }
}

static int take_archive(struct taking *t, const json_t *archive, const char *agent, const char *object)
{
    const char *id = json_text(archive, "id");
    struct passages p = { .archive = id };
    CLEANUP_FREE char *stem = pab_sprintf("letta/archives/%s", id);
    int rc = taking_open(t, object, stem, "passages", 0, &p.f);
    if (!rc) rc = t->op->host->artifact_fact(p.f.a, "archive", id);
    if (!rc) rc = agent ? from_agent(t, &p, agent) : from_search(t, &p, json_text(archive, "name"));
    return taking_close(&p.f, rc);
}

/* Which agents have it; the first one's artifact holds its passages. */
static int attach(struct taking *t, json_t *archive)
{
    CLEANUP_JSON json_t *agents = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/archives/%s/agents", json_text(archive, "id"));
    size_t i;
    json_t *one;
    if (letta_all(t->r, path, 50, &agents, &err)) return sup_fail(t->op, &err);
    json_array_foreach(agents, i, one) {
        const char *id = json_text(one, "id");
        json_t *list = json_object_get(t->archives, id);
        if (!list) json_object_set_new(t->archives, id, list = json_array());
        json_array_append(list, archive);
    }
    const json_t *first = json_array_get(agents, 0);
    CLEANUP_FREE char *object = first ? pab_sprintf("agent:%s", json_text(first, "name")) : pab_sprintf("archive:%s", json_text(archive, "name"));
    if (!sup_wanted(t->op, object) && !sup_wanted(t->op, "archives")) return PAB_OK;
    return take_archive(t, archive, first ? json_text(first, "id") : NULL, object);
}

int backup_archives(struct taking *t)
{
    CLEANUP_JSON json_t *list = NULL;
    struct pab_error err = { 0 };
    size_t i;
    json_t *one;
    int rc = taking_list(t, "archives", "/v1/archives/", 50);
    if (!rc && letta_all(t->r, "/v1/archives/", 50, &list, &err)) rc = sup_fail(t->op, &err);
    json_array_foreach(list, i, one)
        if (!rc) rc = attach(t, one);
    return rc;
}

/* ---- folders: the server keeps the text that it read out of a file, not the file */

static int put_file(void *ctx, json_t *item, struct pab_error *err)
{
    int rc = taking_put(ctx, item);
    return rc ? pab_error_set(err, rc, 0, "cannot write") : PAB_OK;
}

static int take_folder(struct taking *t, const json_t *folder)
{
    struct taking_file f;
    struct pab_error err = { 0 };
    const char *id = json_text(folder, "id");
    CLEANUP_FREE char *stem = pab_sprintf("letta/folders/%s", id), *object = pab_sprintf("folder:%s", json_text(folder, "name"));
    CLEANUP_FREE char *path = pab_sprintf("/v1/folders/%s/files?include_content=true", id);
    int rc = taking_open(t, object, stem, "files", 0, &f);
    if (!rc) rc = t->op->host->artifact_fact(f.a, "folder", id);
    if (!rc && letta_list(t->r, path, 10, put_file, &f, &err)) rc = sup_fail(t->op, &err);
    return taking_close(&f, rc);
}

int backup_folders(struct taking *t)
{
    CLEANUP_JSON json_t *list = NULL;
    struct pab_error err = { 0 };
    size_t i;
    json_t *one;
    if (!sup_wanted(t->op, "folders")) return PAB_OK;
    int rc = taking_list(t, "folders", "/v1/folders/", 50);
    if (!rc && letta_all(t->r, "/v1/folders/", 50, &list, &err)) rc = sup_fail(t->op, &err);
    json_array_foreach(list, i, one)
        if (!rc) rc = take_folder(t, one);
    return rc;
}
