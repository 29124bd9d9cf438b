/* restore_archives.c - archives with their passages. An archive of the target is the same one when it has the name and the passages. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* Text, tags (a set) and metadata; dates and ids are the server's. */
void passage_add(struct passage_sum *sum, const json_t *passage)
{
    CLEANUP_JSON json_t *tags = json_object();
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(passage, "tags"), i, one) json_object_set_new(tags, json_string_value(one), json_true());
    CLEANUP_JSON json_t *content = json_pack("{s:O?, s:O, s:O?}", "text", json_object_get(passage, "text"), "tags", tags, "metadata", json_object_get(passage, "metadata"));
    CLEANUP_FREE char *text = json_line(content);
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (const char *p = text ? text : ""; *p; p++) h = (h ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    sum->hash += h;
    sum->count++;
}

/* Every passage of the backup's artifact. */
static int each_passage(struct restoring *r, uint32_t index, int (*fn)(struct restoring *r, const json_t *passage, void *ctx), void *ctx)
{
    struct lines l;
    json_t *o = NULL;
    int rc = lines_open(&l, r->op, index, restoring_artifact(r, index)->path, 0);
    while (!rc && !(rc = lines_next(&l, &o))) {
        rc = fn(r, o, ctx);
        json_decref(o);
    }
    return lines_close(&l, rc);
}

static int sum_one(struct restoring *r, const json_t *passage, void *ctx)
{
    (void)r;
    passage_add(ctx, passage);
    return PAB_OK;
}

static int sum_listed(void *ctx, json_t *item, struct pab_error *err)
{
    (void)err;
    passage_add(ctx, item);
    return PAB_OK;
}

/* Of an archive of the target, through an agent that has it; *known 0: no agent has it, and it cannot be told. */
static int sum_there(struct restoring *r, const char *archive, struct passage_sum *ret, int *known)
{
    CLEANUP_JSON json_t *agents = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/archives/%s/agents", archive);
    *known = 0;
    if (letta_all(r->r, path, 50, &agents, &err)) return sup_fail(r->op, &err);
    if (!json_array_size(agents)) return PAB_OK;
    CLEANUP_FREE char *list = pab_sprintf("/v1/agents/%s/archival-memory?ascending=true", json_text(json_array_get(agents, 0), "id"));
    *known = 1;
    return letta_list(r->r, list, 50, sum_listed, ret, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

static int post_passage(struct restoring *r, const json_t *passage, void *ctx)
{
    static const char *const keys[] = { "text", "metadata", "tags", "created_at", NULL };
    CLEANUP_FREE char *path = pab_sprintf("/v1/archives/%s/passages", (const char *)ctx);
    CLEANUP_JSON json_t *body = restoring_pick(passage, keys);
    return restoring_make(r, path, body, NULL, NULL);
}

static int make_archive(struct restoring *r, const json_t *archive, int64_t passages)
{
    static const char *const keys[] = { "name", "description", "embedding_config", NULL };
    CLEANUP_JSON json_t *body = restoring_pick(archive, keys);
    CLEANUP_JSON json_t *answer = NULL;
    int rc = restoring_make(r, "/v1/archives/", body, "/v1/archives/", &answer);
    if (rc) return rc;
    restoring_mapped(r, json_text(archive, "id"), json_text(answer, "id"));
    return passages < 0 ? PAB_OK : each_passage(r, (uint32_t)passages, post_passage, (void *)(uintptr_t)json_text(answer, "id"));
}

/* One of the target with that name and these passages. */
static int find_archive(struct restoring *r, const json_t *there, const json_t *archive, int64_t passages, const char **ret)
{
    struct passage_sum mine = { 0 };
    size_t i;
    json_t *one;
    int rc = passages < 0 ? PAB_OK : each_passage(r, (uint32_t)passages, sum_one, &mine);
    json_array_foreach((json_t *)(uintptr_t)there, i, one) {
        struct passage_sum theirs = { 0 };
        int known = 0;
        if (rc) return rc;
        if (strcmp(json_text(one, "name"), json_text(archive, "name"))) continue;
        rc = sum_there(r, json_text(one, "id"), &theirs, &known);
        int same_id = !strcmp(json_text(one, "id"), json_text(archive, "id"));
        if (!rc && (known ? theirs.count == mine.count && theirs.hash == mine.hash : same_id)) {
            *ret = json_text(one, "id");
            return PAB_OK;
        }
    }
    return rc;
}

static int put_archive(struct restoring *r, const json_t *there, const json_t *archive)
{
    const char *id = json_text(archive, "id"), *name = json_text(archive, "name"), *found = NULL;
    int64_t passages = -1;
    if (restoring_now(r, id)) return PAB_OK;
    for (uint32_t i = 0; i < r->req->artifact_count; i++)
        if (!strcmp(info_fact(restoring_artifact(r, i), "archive"), id)) passages = i;
    int rc = find_archive(r, there, archive, passages, &found);
    if (rc) return rc;
    if (found) {
        restoring_mapped(r, id, found);
        return is_plan(r) ? restoring_plan(r, PAB_PLAN_KEEP, "archives", "'%s' is there already", name) : PAB_OK;
    }
    if (passages < 0) pab_warn(r->op, "archives", "the passages of archive '%s' are not among what is restored", name);
    if (!is_plan(r)) return make_archive(r, archive, passages);
    restoring_mapped(r, id, "new");
    return restoring_plan(r, PAB_PLAN_CREATE, "archives", "'%s' with its passages", name);
}

/* Those of the list, and, when it was not chosen, those of the chosen agents. */
int restore_archives(struct restoring *r)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    struct lines l;
    json_t *o = NULL;
    int64_t index = restoring_find(r, "archives", "letta/archives.");
    int rc = PAB_OK;
    if (index < 0 && !r->agents.count) return PAB_OK;
    if (letta_all(r->r, "/v1/archives/", 50, &there, &err)) return sup_fail(r->op, &err);
    if (index >= 0) {
        rc = lines_open(&l, r->op, (uint32_t)index, restoring_artifact(r, (uint32_t)index)->path, 0);
        while (!rc && !(rc = lines_next(&l, &o))) {
            rc = put_archive(r, there, o);
            json_decref(o);
        }
        rc = lines_close(&l, rc);
    }
    for (size_t i = 0; !rc && i < r->agents.count; i++) {
        size_t k;
        json_t *one;
        json_array_foreach(r->agents.items[i].archives, k, one)
            if (!rc) rc = put_archive(r, there, one);
    }
    return rc;
}
