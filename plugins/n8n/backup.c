/* backup.c - the verb: first what refers to nothing, then workflows; each list as the service tells it. */
#include <string.h>
#include "plugins/n8n/backup_private.h"

int taking_begin(struct taking *t, const char *id, const char *kind, const char *detail, const char *stem, const char *extension, uint32_t flags, struct pab_artifact **ret)
{
    const struct pab_host *h = t->op->host;
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = id, .kind = kind, .size = PAB_SIZE_UNKNOWN, .detail = detail };
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .flags = flags | PAB_ART_PLAIN_NAME, .stem = stem,
                                   .extension = extension, .object = id, .media_type = strcmp(extension, "json") ? "application/x-ndjson" : "application/json", .size_hint = PAB_SIZE_UNKNOWN };
    int rc = h->object_add(t->op, &o, NULL, 0);
    return rc ? rc : h->artifact_begin(t->op, &d, ret);
}

/* ---- a list, kept in memory until it is known to be one: these are short, and most of them may be refused */

#define MAX_LIST (N8N_MAX_TEXT / 2)

struct listed { json_t *seen; struct pab_buf text; uint64_t items; };

static void listed_release(struct listed *l)
{
    json_decref(l->seen);
    pab_buf_release(&l->text);
}

static int add_item(void *ctx, struct json_scan *s, struct pab_error *err)
{
    struct listed *l = ctx;
    struct span text;
    int rc = json_scan_skip(s, err);
    if (rc) return rc;
    text.p = json_scan_raw(s, &text.n);
    CLEANUP_FREE char *id = span_text(text, "id");
    if (*id && json_object_get(l->seen, id)) return PAB_OK; /* it slipped from one page into the next */
    json_object_set_new(l->seen, id, json_true());
    if (pab_buf_adds(&l->text, l->items++ ? ",\n" : "") || pab_buf_add(&l->text, text.p, text.n))
        return pab_error_set(err, PAB_E_NOMEM, 0, "the list is longer than %u MiB", MAX_LIST >> 20);
    return PAB_OK;
}

static int read_list(struct taking *t, const char *path, struct listed *l, struct pab_error *err)
{
    listed_release(l);
    *l = (struct listed){ .seen = json_object(), .text = PAB_BUF_INIT(MAX_LIST) };
    return n8n_list(t->r, path, add_item, l, err);
}

static int write_list(struct taking *t, const char *id, const char *stem, const struct listed *l)
{
    const struct pab_host *h = t->op->host;
    struct pab_artifact *a = NULL;
    CLEANUP_FREE char *detail = pab_sprintf("%llu", (unsigned long long)l->items);
    int rc = taking_begin(t, id, "object", detail, stem, "json", PAB_ART_STORED, &a);
    if (rc) return rc;
    rc = h->artifact_write(a, "[", 1);
    if (!rc && l->text.size) rc = h->artifact_write(a, l->text.data, l->text.size);
    if (!rc) rc = h->artifact_write(a, "]\n", 2);
    if (!rc) rc = h->artifact_count(a, id, l->items);
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

int taking_list(struct taking *t, const char *id, const char *stem, const char *path, const char *what, const char *scope)
{
    CLEANUP(listed_release) struct listed first = { 0 }, again = { 0 };
    struct pab_error err = { 0 };
    if (!sup_wanted(t->op, id)) return PAB_OK;
    int rc = read_list(t, path, &first, &err);
    if (!rc) rc = read_list(t, path, &again, &err);
    /* it moved while it was read: once more, and then as it is */
    if (!rc && !json_equal(first.seen, again.seen)) rc = read_list(t, path, &again, &err);
    if (!rc) return write_list(t, id, stem, &again);
    rc = n8n_excuse(t->op, t->r, what, scope, &err);
    return rc ? sup_fail(t->op, &err) : PAB_OK;
}

/* ---- the verb */

/* What neither the command nor the API tell, the start page's settings do; some versions keep it from strangers. */
static int put_version(struct taking *t)
{
    CLEANUP_JSON json_t *settings = NULL;
    CLEANUP(pab_cleanup_cli) struct cli *c = NULL;
    CLEANUP_FREE char *version = NULL;
    struct pab_error err = { 0 };
    if (n8n_has_cli(t->n)) {
        int rc = cli_open(t->n, t->op, &c, &err);
        if (!rc) rc = cli_version(c, &version, &err);
        if (rc) return sup_fail(t->op, &err);
        return t->op->host->fact(t->op, "version", version);
    }
    if (rest_json(t->r, &(struct rest_req){ .path = "/rest/settings" }, &settings, &err)) return PAB_OK;
    const char *text = json_text(settings, "data.versionCli");
    return *text ? t->op->host->fact(t->op, "version", text) : PAB_OK;
}

int n8n_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    CLEANUP_REST struct rest *r = NULL;
    struct taking t = { .n = instance, .op = op };
    if (!(req->categories & PAB_CAT_SERVICES)) return PAB_OK;
    int rc = n8n_connect(t.n, op, &r);
    t.r = r;
    if (!rc) rc = put_version(&t);
    if (!rc) rc = taking_list(&t, "tags", "n8n/tags", N8N_API "/tags", "tags", "tag:list");
    if (!rc) rc = backup_credentials(&t);
    if (!rc) rc = backup_tables(&t);
    if (!rc) rc = taking_list(&t, "projects", "n8n/projects", N8N_API "/projects", "projects", "project:list");
    if (!rc) rc = taking_list(&t, "variables", "n8n/variables", N8N_API "/variables", "variables", "variable:list");
    if (!rc) rc = taking_list(&t, "users", "n8n/users", N8N_API "/users", "users", "user:list");
    CLEANUP_JSON json_t *projects = t.projects = json_object();
    if (!rc) rc = backup_workflows(&t);
    return rc ? rc : backup_folders(&t);
}
