/* backup_archives.c - archives with their passages, folders with their files. */
#include <string.h>
#include "plugins/letta/backup_private.h"

/* A passage without its vector, which is made anew at a restore and would be most of the bytes. */
static int put_passage(void *ctx, json_t *item, struct pab_error *err)
{
    json_object_del(item, "embedding");
    int rc = taking_put(ctx, item);
    return rc ? pab_error_set(err, rc, 0, "cannot write") : PAB_OK;
}

/* The fact that lets `--object agent:NAME` take an artifact that several agents need, and that is stored once. */
static int needed_by(struct taking *t, struct pab_artifact *a, const json_t *agents)
{
    struct pab_buf text = { 0 };
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)agents, i, one) {
        const char *id = json_string_value(one), *name = json_string_value(json_object_get(t->agents, id));
        CLEANUP_FREE char *object = name ? agent_object(t, id, name) : NULL;
        if (object) pab_buf_addf(&text, "%s%s", text.size ? "\n" : "", object);
    }
    int rc = text.size ? t->op->host->artifact_fact(a, "needed_by", pab_buf_str(&text)) : PAB_OK;
    pab_buf_release(&text);
    return rc;
}

static int take_archive(struct taking *t, const json_t *archive, const json_t *agents, const char *object)
{
    const char *id = json_text(archive, "id"), *name = json_text(archive, "name");
    struct pab_error err = { 0 };
    struct taking_file f;
    int missed = 0;
    CLEANUP_FREE char *stem = pab_sprintf("letta/archives/%s", id);
    int rc = taking_open(t, object, stem, "passages", 0, &f);
    if (!rc) rc = t->op->host->artifact_fact(f.a, "archive", id);
    if (!rc) rc = needed_by(t, f.a, agents);
    if (!rc && letta_passages(t->r, id, json_string_value(json_array_get(agents, 0)), put_passage, &f, &missed, &err)) rc = sup_fail(t->op, &err);
    if (missed) pab_warn(t->op, name, "archive '%s' belongs to no agent and has many passages of one moment: attach it to an agent to have them all", name);
    return taking_close(&f, rc);
}

/* Which agents have it; its passages belong to the first of them that is wanted. */
static int attach(struct taking *t, json_t *archive)
{
    CLEANUP_JSON json_t *agents = NULL;
    CLEANUP_JSON json_t *ids = json_array();
    CLEANUP_FREE char *object = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/archives/%s/agents", json_text(archive, "id"));
    size_t i;
    json_t *one;
    int is_wanted = sup_wanted(t->op, "archives");
    if (letta_all(t->r, path, 50, &agents, &err)) return sup_fail(t->op, &err);
    json_array_foreach(agents, i, one) {
        const char *id = json_text(one, "id");
        CLEANUP_FREE char *its = agent_object(t, id, json_text(one, "name"));
        json_t *list = json_object_get(t->archives, id);
        if (!list) json_object_set_new(t->archives, id, list = json_array());
        json_array_append(list, archive);
        json_array_append_new(ids, json_string(id));
        if (!object && sup_wanted(t->op, its)) object = TAKE_PTR(its);
    }
    if (!object && !json_array_size(ids)) object = pab_sprintf("archive:%s", json_text(archive, "name"));
    if (!object || (!is_wanted && !sup_wanted(t->op, object))) return PAB_OK;
    return take_archive(t, archive, ids, object);
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
    if (!rc) rc = needed_by(t, f.a, json_object_get(t->folder_users, id));
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
