/* create.c - workflows that are missing, made as empty ones. Only two ways keep an id: a package, which newer servers import, and
 * the command. Else the service gives new ids, which the references then follow. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include "plugins/n8n/restore_private.h"

#define STUB_NODES "[]"
#define STUB_SIZE 4096u

static char *quoted(const char *text)
{
    CLEANUP_JSON json_t *v = json_string(text);
    char *line = v ? json_dumps(v, JSON_ENCODE_ANY) : NULL;
    return line ? line : pab_strdup("\"\"");
}

static size_t count_missing(const struct restoring *r)
{
    size_t n = 0;
    for (size_t i = 0; i < r->wanted.count; i++) n += !r->wanted.items[i].target;
    return n;
}

static void made(struct restoring *r, struct wanted *w, const char *id)
{
    json_object_set_new(r->workflows, w->id, json_string(id));
    w->target = json_string_value(json_object_get(r->workflows, w->id));
    w->made = w->put = 1;
}

/* Which of them are there now. */
static int take_stock(struct restoring *r, struct pab_error *err)
{
    json_t *now = NULL;
    int rc = n8n_ids(r->r, N8N_API "/workflows?excludePinnedData=true", &now, err);
    if (rc) return rc;
    json_decref(r->there);
    r->there = now;
    for (size_t i = 0; i < r->wanted.count; i++) {
        struct wanted *w = &r->wanted.items[i];
        if (!w->target && json_object_get(now, w->id)) made(r, w, w->id);
    }
    return PAB_OK;
}

/* ---- a package: a gzip'ed tar of a manifest and a file for each workflow */

static int add_file(struct archive *a, const char *name, const char *text, size_t size)
{
    struct archive_entry *e = archive_entry_new();
    archive_entry_set_pathname(e, name);
    archive_entry_set_filetype(e, AE_IFREG);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)size);
    int ok = archive_write_header(a, e) == ARCHIVE_OK && archive_write_data(a, text, size) == (la_ssize_t)size;
    archive_entry_free(e);
    return ok ? 0 : -1;
}

static int add_manifest(struct restoring *r, struct archive *a)
{
    struct pab_buf b = { 0 };
    int n = 0;
    pab_buf_adds(&b, "{\"packageFormatVersion\":\"1\",\"exportedAt\":\"2024-01-01T00:00:00.000Z\",\"sourceN8nVersion\":\"1.0.0\",\"sourceId\":\"pabengine\",\"workflows\":[");
    for (size_t i = 0; i < r->wanted.count; i++) {
        const struct wanted *w = &r->wanted.items[i];
        if (w->target) continue;
        CLEANUP_FREE char *id = quoted(w->id), *name = quoted(*w->name ? w->name : w->id);
        pab_buf_addf(&b, "%s{\"id\":%s,\"name\":%s,\"target\":\"workflows/w%zu\"}", n++ ? "," : "", id, name, i);
    }
    pab_buf_adds(&b, "]}");
    int rc = add_file(a, "manifest.json", b.data, b.size);
    pab_buf_release(&b);
    return rc;
}

static int add_stub(struct archive *a, const struct wanted *w, size_t i)
{
    CLEANUP_FREE char *id = quoted(w->id), *name = quoted(*w->name ? w->name : w->id);
    CLEANUP_FREE char *file = pab_sprintf("workflows/w%zu/workflow.json", i), *other = pab_sprintf("workflows/w%zu/workflow-metadata.json", i);
    CLEANUP_FREE char *version = pab_sprintf("\"versionId\":\"00000000-0000-4000-8000-%012zx\"", i);
    /* the version and what is published were in the first file before they got one of their own */
    CLEANUP_FREE char *text = pab_sprintf("{\"id\":%s,\"name\":%s,\"nodes\":" STUB_NODES ",\"connections\":{},\"settings\":{},%s,"
                                          "\"parentFolderId\":null,\"isPublished\":false,\"isArchived\":false}", id, name, version);
    CLEANUP_FREE char *metadata = pab_sprintf("{%s,\"publishedVersionId\":null}", version);
    return add_file(a, file, text, strlen(text)) || add_file(a, other, metadata, strlen(metadata));
}

static int make_package(struct restoring *r, char **ret, size_t *size, struct pab_error *err)
{
    size_t capacity = 65536 + count_missing(r) * STUB_SIZE;
    for (size_t i = 0; i < r->wanted.count; i++) capacity += 4 * strlen(r->wanted.items[i].name);
    CLEANUP_FREE char *out = pab_try_alloc(capacity);
    if (!out) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a package");
    struct archive *a = archive_write_new();
    archive_write_set_format_ustar(a);
    archive_write_add_filter_gzip(a);
    archive_write_set_bytes_in_last_block(a, 1);
    int bad = archive_write_open_memory(a, out, capacity, size) != ARCHIVE_OK || add_manifest(r, a);
    for (size_t i = 0; !bad && i < r->wanted.count; i++)
        if (!r->wanted.items[i].target) bad = add_stub(a, &r->wanted.items[i], i);
    if (!bad) bad = archive_write_close(a) != ARCHIVE_OK;
    int rc = bad ? pab_error_set(err, PAB_E_INTERNAL, 0, "cannot make a package: %s", archive_error_string(a)) : PAB_OK;
    archive_write_free(a);
    if (!rc) *ret = TAKE_PTR(out);
    return rc;
}

static int send_package(struct restoring *r, const char *package, size_t size, struct pab_error *err)
{
    const struct rest_part parts[] = {
        { .name = "package", .file_name = "pabengine.n8np", .content_type = "application/gzip", .data = package, .size = size },
        { .name = "workflowConflictPolicy", .data = "skip", .size = 4 },
        { .name = "workflowIdPolicy", .data = "source", .size = 6 },
    };
    return rest_json(r->r, &(struct rest_req){ .path = N8N_API "/n8n-packages/import", .parts = parts, .part_count = sizeof parts / sizeof *parts, .flags = REST_NO_BODY }, NULL, err);
}

/* What became of a package: the server knows none; it did not take this one; or nobody can tell what it has done, or may yet do. */
enum outcome { TAKEN, UNKNOWN_HERE, REFUSED, UNCLEAR };

static enum outcome judge(const struct restoring *r, int rc, const struct pab_error *why)
{
    long status = rest_status(r->r);
    if (!rc) return TAKEN;
    if (status == 404 || status == 405 || (status == 403 && n8n_is_licence(why->message))) return UNKNOWN_HERE;
    return status >= 400 && status < 500 && status != 401 && status != 408 && status != 429 ? REFUSED : UNCLEAR;
}

/* After the package and the command some have no id yet: PAB_OK when they may get new ones. */
static int may_renew(struct restoring *r, enum outcome outcome, long status, const struct pab_error *why)
{
    static const char hint[] = "restore again: what is there by then is recognised by its id; "
                               "with --force a server that always fails so makes them under new ids";
    size_t n = count_missing(r);
    /* made once more under new ids, they would be there twice when the package comes through */
    int is_forced = status >= 500 && (r->req->flags & PAB_RESTORE_FORCE);
    if (outcome == UNCLEAR && is_forced) outcome = REFUSED;
    if (outcome == UNCLEAR) return pab_fail(r->op, why->code, 0, hint, "it is not known what became of a package of workflows: %s", why->message);
    if (outcome == TAKEN) pab_warn(r->op, "workflows", "%zu workflows get new ids: the server took a package and does not have them", n);
    if (outcome == REFUSED && status == 403) pab_warn(r->op, "workflows", "%zu workflows get new ids: the API key lacks the scope workflow:import", n);
    else if (outcome == REFUSED) pab_warn(r->op, "workflows", "%zu workflows get new ids: the server does not take a package: %s", n, why->message);
    return PAB_OK;
}

/* ---- the command */

static int create_by_cli(struct restoring *r, struct pab_error *err)
{
    CLEANUP(pab_cleanup_cli) struct cli *c = NULL;
    struct pab_buf b = { 0 };
    int n = 0;
    pab_buf_addc(&b, '[');
    for (size_t i = 0; i < r->wanted.count; i++) {
        const struct wanted *w = &r->wanted.items[i];
        if (w->target) continue;
        CLEANUP_FREE char *id = quoted(w->id), *name = quoted(w->name);
        pab_buf_addf(&b, "%s{\"id\":%s,\"name\":%s,\"nodes\":" STUB_NODES ",\"connections\":{},\"settings\":{},\"active\":false}", n++ ? "," : "", id, name);
    }
    pab_buf_addc(&b, ']');
    int rc = cli_open(r->n, r->op, &c, err);
    if (!rc) rc = cli_put(c, b.data, b.size, err);
    pab_buf_release(&b);
    if (rc) return rc;
    CLEANUP_FREE char *input = pab_sprintf("--input=%s", cli_file(c));
    const char *const args[] = { "import:workflow", input, NULL };
    return cli_run(c, args, NULL, err);
}

/* ---- new ids */

static int create_one(struct restoring *r, struct wanted *w, struct pab_error *err)
{
    CLEANUP_FREE char *name = quoted(w->name);
    CLEANUP_FREE char *text = pab_sprintf("{\"name\":%s,\"nodes\":" STUB_NODES ",\"connections\":{},\"settings\":{}}", name);
    CLEANUP_JSON json_t *answer = NULL;
    int rc = rest_json(r->r, &(struct rest_req){ .path = N8N_API "/workflows", .text = text, .text_size = strlen(text) }, &answer, err);
    const char *id = rc ? "" : json_text(answer, "id");
    if (!rc && !*id) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the service made workflow '%s' and does not tell its id", w->name);
    if (rc) return rc;
    made(r, w, id);
    pab_log(r->op, PAB_LOG_INFO, "workflow '%s' (%s) has the new id %s", w->name, w->id, id);
    return PAB_OK;
}

static int create_new(struct restoring *r)
{
    for (size_t i = 0; i < r->wanted.count; i++) {
        struct wanted *w = &r->wanted.items[i];
        struct pab_error err = { 0 };
        if (w->target || !create_one(r, w, &err)) continue;
        if (wanted_ends_all(r, &err)) return sup_fail(r->op, &err);
        wanted_refused(r, w, &err);
    }
    return PAB_OK;
}

int create_missing(struct restoring *r)
{
    CLEANUP_FREE char *package = NULL;
    struct pab_error err = { 0 }, why = { 0 };
    size_t size = 0;
    if (!count_missing(r)) return PAB_OK;
    if (make_package(r, &package, &size, &err)) return sup_fail(r->op, &err);
    int sent = send_package(r, package, size, &why);
    long status = rest_status(r->r);
    enum outcome outcome = judge(r, sent, &why);
    if (sent == PAB_E_CANCELLED) return sup_fail(r->op, &why);
    if (sent) pab_log(r->op, PAB_LOG_VERBOSE, "workflows did not come as a package: %s", why.message);
    int rc = take_stock(r, &err); /* whatever the answer was, some may be there */
    /* the command writes to the ids of the backup, so that it makes nothing twice */
    if (!rc && count_missing(r) && n8n_has_cli(r->n)) {
        rc = create_by_cli(r, &err);
        if (!rc) rc = take_stock(r, &err);
    }
    if (rc) return sup_fail(r->op, &err);
    if (!count_missing(r)) return PAB_OK;
    rc = may_renew(r, outcome, status, &why);
    return rc ? rc : create_new(r);
}
