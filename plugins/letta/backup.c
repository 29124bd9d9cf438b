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

int letta_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    CLEANUP_REST struct rest *r = NULL;
    CLEANUP_FREE char *version = NULL;
    CLEANUP_JSON json_t *archives = json_object();
    CLEANUP_JSON json_t *names = json_object();
    CLEANUP_JSON json_t *block_tags = json_object();
    CLEANUP_JSON json_t *block_users = json_object();
    struct taking t = { .l = instance, .op = op, .archives = archives, .names = names, .block_tags = block_tags, .block_users = block_users };
    if (!(req->categories & PAB_CAT_SERVICES)) return PAB_OK;
    int rc = letta_connect(t.l, op, &r, &version);
    t.r = r;
    if (!rc) rc = op->host->fact(op, "version", version);
    if (!rc) rc = op->host->fact(op, "secrets", t.l->secrets ? "include" : "omit");
    if (!rc) rc = taking_list(&t, "tools", "/v1/tools/", 50);
    if (!rc) rc = taking_list(&t, "blocks", "/v1/blocks/?show_hidden_blocks=true", 50);
    if (!rc) rc = people_blocks(&t);
    if (!rc) rc = taking_list(&t, "identities", "/v1/identities/", 50);
    if (!rc) rc = taking_list(&t, "mcp_servers", "/v1/mcp-servers/", 50);
    if (!rc) rc = backup_folders(&t);
    if (!rc) rc = backup_archives(&t);
    if (!rc) rc = backup_agents(&t);
    if (!rc) rc = taking_list(&t, "conversations", "/v1/conversations/", 50);
    if (!rc) rc = taking_list(&t, "groups", "/v1/groups/?show_hidden_groups=true", 50);
    if (!rc && t.hidden) pab_warn(op, "secrets", "%u values of secrets are not in the backup, only their names: say secrets: include to have them", t.hidden);
    return rc;
}
