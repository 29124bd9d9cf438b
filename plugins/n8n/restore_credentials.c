/* restore_credentials.c - credentials by the command, when the target has the key that they were encrypted with: the command itself
 * takes them under any key and ends with success, and nobody could ever read them. Without it, those that the target has already
 * are found by id, or by name and type. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

static int into_buffer(void *ctx, const void *data, size_t size, struct pab_error *err)
{
    return pab_buf_add(ctx, data, size) ? pab_error_set(err, PAB_E_NOMEM, 0, "the credentials are too long") : PAB_OK;
}

static int check_key(struct restoring *r, struct cli *c, const struct pab_artifact_info *a, struct pab_error *err)
{
    const char *wanted = info_fact(a, "key_fingerprint");
    char *key = NULL;
    int rc = cli_key(c, &key, err);
    if (rc) return rc;
    int known = key && *wanted, same = known && key_matches(key, wanted);
    if (key) explicit_bzero(key, strlen(key));
    free(key);
    if (same || (!known && r->req->flags & PAB_RESTORE_FORCE)) return PAB_OK;
    rc = known ? pab_error_set(err, PAB_E_REFUSED, 0, "the credentials were encrypted with another key than that of the target")
               : pab_error_set(err, PAB_E_REFUSED, 0, "it cannot be told whether the target has the key of the credentials: %s", key ? "the backup does not say" : "its own was not found");
    return pab_error_hint(err, rc, "give the target the key of the backed up instance, or restore with credentials: metadata");
}

/* Those in the target now, by id; none is an error of the command. */
static int export_now(struct cli *c, json_t **ret, struct pab_error *err)
{
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(32u << 20);
    CLEANUP_FREE char *output = pab_sprintf("--output=%s", cli_file(c)), *said = NULL;
    const char *const args[] = { "export:credentials", "--all", output, NULL };
    CLEANUP_JSON json_t *all = NULL;
    size_t i;
    json_t *one;
    *ret = json_object();
    int rc = cli_run(c, args, &said, err);
    if (rc == PAB_E_TOOL && strstr(err->message, "No credentials found")) return PAB_OK;
    if (!rc) rc = cli_get(c, into_buffer, &text, err);
    if (rc && said && strstr(said, "No credentials found")) return PAB_OK;
    if (!rc) rc = json_parse(pab_buf_str(&text), text.size, "the output of export:credentials", &all, err);
    json_array_foreach(all, i, one) json_object_set(*ret, json_text(one, "id"), one);
    return rc;
}

static int is_same(const json_t *a, const json_t *b)
{
    static const char *const keys[] = { "name", "type", "data" };
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++)
        if (strcmp(json_text(a, keys[i]), json_text(b, keys[i]))) return 0;
    return 1;
}

static int plan_one(struct restoring *r, const json_t *c, const json_t *now)
{
    uint32_t action = !now ? PAB_PLAN_CREATE : is_same(c, now) ? PAB_PLAN_KEEP : PAB_PLAN_OVERWRITE;
    return restoring_plan(r, action, "credentials_encrypted", "credential '%s' (%s)%s", json_text(c, "name"), json_text(c, "type"),
                          action == PAB_PLAN_KEEP ? " is there" : action == PAB_PLAN_OVERWRITE ? " is put back to what it was" : "");
}

/* "Successfully imported 3 credentials." */
static int import_these(struct cli *c, const json_t *these, struct pab_error *err)
{
    CLEANUP_FREE char *text = json_dumps(these, JSON_COMPACT), *said = NULL;
    CLEANUP_FREE char *input = pab_sprintf("--input=%s", cli_file(c));
    const char *const args[] = { "import:credentials", input, NULL };
    int rc = text ? cli_put(c, text, strlen(text), err) : pab_error_set(err, PAB_E_NOMEM, 0, "no memory for the credentials");
    if (!rc) rc = cli_run(c, args, &said, err);
    if (rc) return rc;
    const char *found = strstr(said, "Successfully imported ");
    if (found && strtoul(found + strlen("Successfully imported "), NULL, 10) == json_array_size(these)) return PAB_OK;
    return pab_error_set(err, PAB_E_TOOL, 0, "import:credentials did not say that it imported %zu credentials", json_array_size(these));
}

static int import_missing(struct restoring *r, struct cli *c, const json_t *all, const json_t *now, struct pab_error *err)
{
    CLEANUP_JSON json_t *these = json_array();
    size_t i;
    json_t *one;
    json_array_foreach((json_t *)(uintptr_t)all, i, one) {
        json_t *there = json_object_get(now, json_text(one, "id"));
        json_object_set_new(r->credentials, json_text(one, "id"), json_string(json_text(one, "id")));
        if (is_plan(r) && plan_one(r, one, there)) return pab_error_set(err, PAB_E_INTERNAL, 0, "cannot plan");
        if (!there || !is_same(one, there)) json_array_append(these, one);
    }
    if (is_plan(r) || !json_array_size(these)) return PAB_OK;
    int rc = import_these(c, these, err);
    if (!rc) pab_log(r->op, PAB_LOG_INFO, "%zu credentials imported", json_array_size(these));
    return rc;
}

static int restore_encrypted(struct restoring *r, uint32_t index)
{
    CLEANUP(pab_cleanup_cli) struct cli *c = NULL;
    CLEANUP_JSON json_t *all = NULL, *now = NULL;
    struct pab_error err = { 0 };
    int rc = restoring_json(r, index, &all);
    if (rc) return rc;
    rc = cli_open(r->n, r->op, &c, &err);
    if (!rc) rc = check_key(r, c, restoring_artifact(r, index), &err);
    if (rc == PAB_E_REFUSED && is_plan(r)) return restoring_plan(r, PAB_PLAN_CONFLICT, "credentials_encrypted", "%s", err.message);
    if (!rc) rc = export_now(c, &now, &err);
    if (!rc) rc = import_missing(r, c, all, now, &err);
    return rc ? sup_fail(r->op, &err) : PAB_OK;
}

/* ---- without secrets: the target's own take their place */

static int match_one(struct restoring *r, const json_t *c, json_t *there)
{
    const char *id, *found = json_object_get(there, json_text(c, "id")) ? json_text(c, "id") : NULL;
    json_t *item;
    size_t n = 0;
    if (!found) {
        json_object_foreach(there, id, item) {
            if (strcmp(json_text(item, "name"), json_text(c, "name")) || strcmp(json_text(item, "type"), json_text(c, "type"))) continue;
            found = id;
            n++;
        }
        if (n > 1) found = NULL;
    }
    if (found) return json_object_set_new(r->credentials, json_text(c, "id"), json_string(found));
    if (is_plan(r)) return restoring_plan(r, PAB_PLAN_KEEP, "credentials", "credential '%s' (%s) is missing and is not in the backup: make it by hand", json_text(c, "name"), json_text(c, "type"));
    pab_warn(r->op, "credentials", "credential '%s' (%s) is missing: make it by hand and choose it in the workflows that use it", json_text(c, "name"), json_text(c, "type"));
    return PAB_OK;
}

static int match_by_name(struct restoring *r, uint32_t index)
{
    CLEANUP_JSON json_t *all = NULL, *there = NULL;
    struct pab_error err = { 0 };
    size_t i;
    json_t *c;
    int rc = restoring_json(r, index, &all);
    if (rc) return rc;
    rc = n8n_ids(r->r, N8N_API "/credentials", &there, &err);
    if (rc) rc = n8n_excuse(r->op, r->r, "credentials", "credential:list", &err);
    if (rc) return sup_fail(r->op, &err);
    json_array_foreach(all, i, c)
        if (there && match_one(r, c, there)) return PAB_E_INTERNAL;
    return PAB_OK;
}

int restore_credentials(struct restoring *r)
{
    int64_t encrypted = restoring_find(r, "credentials_encrypted"), known = restoring_find(r, "credentials");
    if (encrypted >= 0 && r->n->credentials == CREDENTIALS_AUTO && n8n_has_cli(r->n)) return restore_encrypted(r, (uint32_t)encrypted);
    if (known >= 0 && r->n->credentials != CREDENTIALS_OMIT) return match_by_name(r, (uint32_t)known);
    return PAB_OK;
}
