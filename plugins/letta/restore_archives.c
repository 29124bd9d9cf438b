/* restore_archives.c - archives with their passages. An archive of the target is the same one when it has the name and the passages. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* Text, tags (a set) and metadata; dates and ids are the server's. */
static void add(struct passage_sum *sum, const json_t *passage)
{
    CLEANUP_JSON json_t *tags = json_object();
    size_t i;
    json_t *one;
    json_array_foreach(json_object_get(passage, "tags"), i, one) json_object_set_new(tags, json_string_value(one), json_true());
    CLEANUP_JSON json_t *content = json_pack("{s:O?, s:O, s:O?}", "text", json_object_get(passage, "text"), "tags", tags, "metadata", json_object_get(passage, "metadata"));
    CLEANUP_FREE char *text = json_line(content);
    sum->hash += letta_hash(0, text);
    sum->count++;
}

static int add_saved(struct restoring *r, const json_t *passage, void *ctx)
{
    (void)r;
    add(ctx, passage);
    return PAB_OK;
}

static int add_listed(void *ctx, json_t *item, struct pab_error *err)
{
    (void)err;
    add(ctx, item);
    return PAB_OK;
}

/* Where its passages are; -1: not among what is restored. */
static int64_t passages_of(const struct restoring *r, const char *archive)
{
    for (uint32_t i = 0; i < r->req->artifact_count; i++)
        if (!strcmp(info_fact(restoring_artifact(r, i), "archive"), archive)) return i;
    return -1;
}

/* ---- of an agent */

static int names_of(struct restoring *r, const char *agent, json_t **ret)
{
    CLEANUP_JSON json_t *list = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/archives/?agent_id=%s", agent);
    size_t i;
    json_t *one;
    int rc = letta_all(r->r, path, 50, &list, &err);
    if (rc && rc != PAB_E_NOT_FOUND) return sup_fail(r->op, &err); /* not found: a version without archives */
    *ret = json_object();
    json_array_foreach(list, i, one) json_object_set_new(*ret, json_text(one, "name"), json_true());
    return PAB_OK;
}

int same_archives(struct restoring *r, const struct saved_agent *s, const char *there, int *ret)
{
    CLEANUP_JSON json_t *names = json_object();
    CLEANUP_JSON json_t *theirs = NULL;
    struct passage_sum mine = { 0 }, found = { 0 };
    struct pab_error err = { 0 };
    int is_known = 1;
    size_t i;
    json_t *one;
    int rc = names_of(r, there, &theirs);
    json_array_foreach(s->archives, i, one) {
        int64_t index = passages_of(r, json_text(one, "id"));
        json_object_set_new(names, json_text(one, "name"), json_true());
        if (index < 0) is_known = 0;
        else if (!rc) rc = restoring_each(r, (uint32_t)index, add_saved, &mine);
    }
    *ret = !rc && json_equal(names, theirs);
    if (!*ret || !is_known || !json_object_size(names)) return rc;
    CLEANUP_FREE char *list = pab_sprintf("/v1/agents/%s/archival-memory?ascending=true", there);
    if (letta_list(r->r, list, 50, add_listed, &found, &err)) return sup_fail(r->op, &err);
    *ret = found.count == mine.count && found.hash == mine.hash;
    return PAB_OK;
}

/* ---- each archive */

/* Of one of the target; *known 0: it has more passages of one moment than can be told without an agent. */
static int sum_there(struct restoring *r, const char *archive, struct passage_sum *ret, int *known)
{
    CLEANUP_JSON json_t *agents = NULL;
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/archives/%s/agents", archive);
    int missed = 0;
    if (letta_all(r->r, path, 50, &agents, &err)) return sup_fail(r->op, &err);
    const char *agent = json_string_value(json_object_get(json_array_get(agents, 0), "id"));
    if (letta_passages(r->r, archive, agent, add_listed, ret, &missed, &err)) return sup_fail(r->op, &err);
    *known = !missed;
    return PAB_OK;
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
    return passages < 0 ? PAB_OK : restoring_each(r, (uint32_t)passages, post_passage, (void *)(uintptr_t)json_text(answer, "id"));
}

/* Whether it bears the id that the archive had, or that an earlier restore gave it. */
static int is_its_id(const struct restoring *r, const json_t *archive, const char *id)
{
    const char *old = json_text(archive, "id"), *recorded = json_string_value(json_object_get(r->recorded, old));
    return !strcmp(id, old) || (recorded && !strcmp(id, recorded));
}

/* One of the target with that name and these passages; where they cannot be told, by its id. */
static int find_archive(struct restoring *r, const json_t *there, const json_t *archive, int64_t passages, const char **ret)
{
    struct passage_sum mine = { 0 };
    size_t i;
    json_t *one;
    int rc = passages < 0 ? PAB_OK : restoring_each(r, (uint32_t)passages, add_saved, &mine);
    json_array_foreach((json_t *)(uintptr_t)there, i, one) {
        struct passage_sum theirs = { 0 };
        const char *id = json_text(one, "id");
        int known = 0;
        if (rc) return rc;
        if (strcmp(json_text(one, "name"), json_text(archive, "name"))) continue;
        if (passages >= 0) rc = sum_there(r, id, &theirs, &known);
        if (!rc && (known ? theirs.count == mine.count && theirs.hash == mine.hash : is_its_id(r, archive, id))) {
            *ret = id;
            return PAB_OK;
        }
    }
    return rc;
}

static int put_archive(struct restoring *r, const json_t *archive, void *ctx)
{
    const char *id = json_text(archive, "id"), *name = json_text(archive, "name"), *found = NULL;
    int64_t passages = passages_of(r, id);
    if (restoring_now(r, id)) return PAB_OK;
    int rc = find_archive(r, ctx, archive, passages, &found);
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

static int put_archives_of(struct restoring *r, struct saved_agent *s, void *ctx)
{
    size_t i;
    json_t *one;
    int rc = PAB_OK;
    json_array_foreach(s->archives, i, one)
        if (!rc) rc = put_archive(r, one, ctx);
    return rc;
}

/* Those of the list, and, when it was not chosen, those of the chosen agents. */
int restore_archives(struct restoring *r)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    int64_t index = restoring_find(r, "archives", "letta/archives.");
    if (index < 0 && !r->agents.count) return PAB_OK;
    if (letta_all(r->r, "/v1/archives/", 50, &there, &err)) return sup_fail(r->op, &err);
    return index >= 0 ? restoring_each(r, (uint32_t)index, put_archive, there) : saved_each(r, put_archives_of, there);
}
