/* backup.c - the verb: what agents share, then the agents. */
#include <string.h>
#include "plugins/letta/backup_private.h"

int taking_open(struct taking *t, const char *object, const char *stem, const char *count, int array, struct taking_file *ret)
{
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .flags = PAB_ART_PLAIN_NAME | (array ? PAB_ART_STORED : 0),
                                   .stem = stem, .extension = array ? "json" : "jsonl", .object = object, .media_type = array ? "application/json" : "application/x-ndjson",
                                   .size_hint = PAB_SIZE_UNKNOWN };
    *ret = (struct taking_file){ .t = t, .count = count, .array = array };
    int rc = t->op->host->artifact_begin(t->op, &d, &ret->a);
    return rc || !array ? rc : t->op->host->artifact_write(ret->a, "[", 1);
}

int taking_put(struct taking_file *f, const json_t *item)
{
    const struct pab_host *h = f->t->op->host;
    int rc = PAB_OK;
    if (!f->array) {
        f->items++;
        return lines_write(f->t->op, f->a, item);
    }
    CLEANUP_FREE char *text = json_dumps(item, JSON_INDENT(2) | JSON_SORT_KEYS);
    if (!text) return pab_fail(f->t->op, PAB_E_INTERNAL, 0, NULL, "a value cannot be written as JSON");
    if (f->items++) rc = h->artifact_write(f->a, ",\n", 2);
    return rc ? rc : h->artifact_write(f->a, text, strlen(text));
}

int taking_close(struct taking_file *f, int rc)
{
    if (!f->a) return rc;
    const struct pab_host *h = f->t->op->host;
    if (!rc && f->array) rc = h->artifact_write(f->a, "]\n", 2);
    if (!rc) rc = h->artifact_count(f->a, f->count, f->items);
    if (!rc) return h->artifact_commit(f->a);
    h->artifact_abort(f->a);
    return rc;
}

static int put_item(void *ctx, json_t *item, struct pab_error *err)
{
    struct taking_file *f = ctx;
    struct taking *t = f->t;
    /* the server makes its own tools itself */
    if (!strcmp(f->count, "tools") && pab_str_has_prefix(json_text(item, "tool_type"), "letta_")) return PAB_OK;
    if (!strcmp(f->count, "blocks") && json_array_size(json_object_get(item, "tags"))) json_object_set(t->block_tags, json_text(item, "id"), json_object_get(item, "tags"));
    if (!t->l->secrets) t->hidden += letta_hide_secrets(item);
    if (!strcmp(f->count, "mcp_servers")) json_array_append(t->mcp_servers, item);
    int rc = taking_put(f, item);
    return rc ? pab_error_set(err, rc, 0, "cannot write") : PAB_OK; /* the host has said why */
}

static int add_object(struct taking *t, const char *id, uint64_t n)
{
    CLEANUP_FREE char *detail = pab_sprintf("%llu", (unsigned long long)n);
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = id, .kind = "object", .size = PAB_SIZE_UNKNOWN, .detail = detail };
    return t->op->host->object_add(t->op, &o, NULL, 0);
}

int taking_list(struct taking *t, const char *object, const char *path, unsigned limit)
{
    CLEANUP_FREE char *stem = pab_sprintf("letta/%s", object);
    struct taking_file f;
    struct pab_error err = { 0 };
    if (!sup_wanted(t->op, object)) return PAB_OK;
    int rc = taking_open(t, object, stem, object, 0, &f);
    if (!rc && letta_list(t->r, path, limit, put_item, &f, &err)) {
        /* a list that this version does not have is no failure */
        if (err.code == PAB_E_NOT_FOUND && rest_status(t->r) == 404 && !f.items) {
            t->op->host->artifact_abort(f.a);
            CLEANUP_FREE char *key = pab_sprintf("without_%s", object);
            return t->op->host->fact(t->op, key, "not in this version");
        }
        rc = sup_fail(t->op, &err);
    }
    rc = taking_close(&f, rc);
    return rc ? rc : add_object(t, object, f.items);
}

/* The blocks once more, as the guide names the file. */
static int people_blocks(struct taking *t)
{
    struct taking_file f;
    struct pab_error err = { 0 };
    if (!sup_wanted(t->op, "blocks")) return PAB_OK;
    int rc = taking_open(t, "blocks", "letta_blocks", "blocks", 1, &f);
    if (!rc && letta_list(t->r, "/v1/blocks/?show_hidden_blocks=true", 50, put_item, &f, &err)) rc = sup_fail(t->op, &err);
    return taking_close(&f, rc);
}

/* ---- recounting: what a list had when it was taken, and at the end */

struct counted { const char *what, *path; int64_t before; };

static int count(struct taking *t, const char *path, int64_t *ret)
{
    CLEANUP_JSON json_t *n = NULL;
    struct pab_error err = { 0 };
    int rc = rest_json(t->r, &(struct rest_req){ .path = path }, &n, &err);
    *ret = json_is_integer(n) ? (int64_t)json_integer_value(n) : -1;
    /* not every version counts everything */
    return !rc || rc == PAB_E_NOT_FOUND || rc == PAB_E_UNSUPPORTED ? PAB_OK : sup_fail(t->op, &err);
}

static int count_all(struct taking *t, struct counted *all, size_t n)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < n; i++) rc = count(t, all[i].path, &all[i].before);
    return rc;
}

/* What vanished while the rest was read may be in the backup by halves; what came is in the next one. */
static int recount(struct taking *t, const struct counted *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t now = -1;
        int rc = all[i].before < 0 ? PAB_OK : count(t, all[i].path, &now);
        if (rc) return rc;
        if (now < 0 || now == all[i].before) continue;
        if (now < all[i].before) pab_warn(t->op, all[i].what, "%s were deleted while the backup was made: %lld before, %lld after", all[i].what, (long long)all[i].before, (long long)now);
        else pab_log(t->op, PAB_LOG_INFO, "%s were made while the backup was made: %lld before, %lld after", all[i].what, (long long)all[i].before, (long long)now);
    }
    return PAB_OK;
}

static int take_all(struct taking *t)
{
    struct counted counts[] = { { "tools", "/v1/tools/count", 0 }, { "blocks", "/v1/blocks/count", 0 }, { "identities", "/v1/identities/count", 0 }, { "folders", "/v1/folders/count", 0 },
                                { "groups", "/v1/groups/count", 0 } };
    const size_t n = sizeof counts / sizeof *counts;
    int rc = count_all(t, counts, n);
    if (!rc) rc = taking_list(t, "tools", "/v1/tools/", 50);
    if (!rc) rc = taking_list(t, "blocks", "/v1/blocks/?show_hidden_blocks=true", 50);
    if (!rc) rc = people_blocks(t);
    if (!rc) rc = taking_list(t, "identities", "/v1/identities/", 50);
    if (!rc) rc = taking_list(t, "mcp_servers", "/v1/mcp-servers/", 50);
    if (!rc) rc = list_agents(t);
    if (!rc) rc = backup_folders(t);
    if (!rc) rc = backup_archives(t);
    if (!rc) rc = backup_agents(t);
    if (!rc) rc = taking_list(t, "conversations", "/v1/conversations/", 50);
    if (!rc) rc = taking_list(t, "groups", "/v1/groups/?show_hidden_groups=true", 50);
    return rc ? rc : recount(t, counts, n);
}

int letta_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    CLEANUP_REST struct rest *r = NULL;
    CLEANUP_FREE char *version = NULL;
    struct taking t = { .l = instance, .op = op };
    json_t **const maps[] = { &t.archives, &t.block_tags, &t.block_users, &t.folder_users, &t.agents, &t.names };
    if (!(req->categories & PAB_CAT_SERVICES)) return PAB_OK;
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) *maps[i] = json_object();
    t.mcp_servers = json_array();
    int rc = letta_connect(t.l, op, &r, &version);
    t.r = r;
    if (!rc) rc = op->host->fact(op, "version", version);
    if (!rc) rc = op->host->fact(op, "secrets", t.l->secrets ? "include" : "omit");
    if (!rc) rc = take_all(&t);
    if (!rc && t.hidden) pab_warn(op, "secrets", "%u values of secrets are not in the backup, only their names: say secrets: include to have them", t.hidden);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) json_decref(*maps[i]);
    json_decref(t.mcp_servers);
    return rc;
}
