/* backup_credentials.c - credentials: what they are by the API; their secrets, encrypted with the instance's key, by the command. */
#include <string.h>
#include "plugins/n8n/backup_private.h"

#define MAX_EXPORT (32u << 20)

static int into_buffer(void *ctx, const void *data, size_t size, struct pab_error *err)
{
    return pab_buf_add(ctx, data, size) ? pab_error_set(err, PAB_E_NOMEM, 0, "the credentials are longer than %u MiB", MAX_EXPORT >> 20) : PAB_OK;
}

/* The command reads its own settings: they may lead to another database than that of the server. */
static void compare_with_server(struct taking *t, const json_t *exported)
{
    CLEANUP_JSON json_t *listed = NULL, *known = json_object();
    size_t i, missing = 0;
    const char *id;
    json_t *one;
    if (n8n_ids(t->r, N8N_API "/credentials", &listed, NULL)) return; /* not in this version, or not with this key */
    json_array_foreach((json_t *)(uintptr_t)exported, i, one) json_object_set_new(known, json_text(one, "id"), json_true());
    json_object_foreach(listed, id, one) missing += !json_object_get(known, id);
    if (missing)
        pab_warn(t->op, "credentials_encrypted", "the n8n command does not know %zu of the %zu credentials that the server lists: does it work with the same database?", missing,
                 json_object_size(listed));
}

/* Every one must be encrypted: what is not has no place in a backup. */
static int count_encrypted(struct taking *t, const struct pab_buf *text, uint64_t *ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *all = NULL;
    size_t i;
    json_t *c;
    int rc = json_parse(pab_buf_str(text), text->size, "the output of export:credentials", &all, err);
    if (!rc && !json_is_array(all)) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the output of export:credentials is not a list");
    if (rc) return rc;
    json_array_foreach(all, i, c) {
        if (!*json_text(c, "id")) return pab_error_set(err, PAB_E_CORRUPT, 0, "the output of export:credentials has one without an id");
        if (!json_is_string(json_object_get(c, "data")))
            return pab_error_set(err, PAB_E_REFUSED, 0, "credential '%s' was exported unencrypted", json_text(c, "name"));
    }
    *ret = json_array_size(all);
    compare_with_server(t, all);
    return PAB_OK;
}

/* PAB_END: there are none. */
static int export_all(struct cli *c, struct pab_buf *ret, struct pab_error *err)
{
    CLEANUP_FREE char *output = pab_sprintf("--output=%s", cli_file(c)), *said = NULL;
    const char *const args[] = { "export:credentials", "--all", output, NULL };
    int rc = cli_run(c, args, &said, err);
    /* without a single credential the command calls that an error, or writes nothing */
    if (rc == PAB_E_TOOL && strstr(err->message, "No credentials found")) return PAB_END;
    if (!rc) rc = cli_get(c, into_buffer, ret, err);
    if (rc && said && strstr(said, "No credentials found")) return PAB_END;
    return rc;
}

static int write_encrypted(struct taking *t, const struct pab_buf *text, uint64_t count, const char *fingerprint)
{
    const struct pab_host *h = t->op->host;
    struct pab_artifact *a = NULL;
    CLEANUP_FREE char *detail = pab_sprintf("%llu, encrypted with the key of the instance", (unsigned long long)count);
    int rc = taking_begin(t, "credentials_encrypted", "object", detail, "n8n/credentials_encrypted", "json", PAB_ART_STORED, &a);
    if (rc) return rc;
    rc = h->artifact_write(a, text->data, text->size);
    if (!rc) rc = h->artifact_count(a, "credentials", count);
    if (!rc && fingerprint) rc = h->artifact_fact(a, "key_fingerprint", fingerprint);
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

static int take_key(struct taking *t, struct cli *c, char **ret, struct pab_error *err)
{
    char *key = NULL;
    int rc = cli_key(c, &key, err);
    if (rc) return rc;
    if (!key) {
        pab_warn(t->op, "credentials_encrypted", "the encryption key was not found: a restore cannot tell whether it may import the credentials");
        return PAB_OK;
    }
    *ret = key_fingerprint(key);
    explicit_bzero(key, strlen(key));
    free(key);
    return *ret && t->op->host->fact(t->op, "key_fingerprint", *ret) ? pab_error_set(err, PAB_E_INTERNAL, 0, "cannot note the fingerprint") : PAB_OK;
}

static int take_encrypted(struct taking *t)
{
    CLEANUP(pab_cleanup_cli) struct cli *c = NULL;
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(MAX_EXPORT);
    CLEANUP_FREE char *fingerprint = NULL;
    struct pab_error err = { 0 };
    uint64_t count = 0;
    int rc = cli_open(t->n, t->op, &c, &err);
    if (!rc) rc = take_key(t, c, &fingerprint, &err);
    if (!rc) rc = export_all(c, &text, &err);
    if (rc == PAB_END) {
        CLEANUP_JSON json_t *none = json_array();
        compare_with_server(t, none);
        return PAB_OK;
    }
    if (!rc) rc = count_encrypted(t, &text, &count, &err);
    return rc ? sup_fail(t->op, &err) : write_encrypted(t, &text, count, fingerprint);
}

int backup_credentials(struct taking *t)
{
    CLEANUP_JSON json_t *ids = NULL;
    if (!sup_wanted(t->op, "credentials")) return PAB_OK;
    if (t->n->credentials == CREDENTIALS_OMIT) return t->op->host->fact(t->op, "credentials", "omitted");
    int rc = taking_list(t, "credentials", "n8n/credentials", N8N_API "/credentials", "credentials", "credential:list");
    if (rc || t->n->credentials == CREDENTIALS_METADATA) return rc ? rc : t->op->host->fact(t->op, "credentials", "metadata");
    if (n8n_has_cli(t->n)) {
        rc = take_encrypted(t);
        return rc ? rc : t->op->host->fact(t->op, "credentials", "encrypted");
    }
    if (!n8n_ids(t->r, N8N_API "/credentials", &ids, NULL) && json_object_size(ids))
        pab_warn(t->op, "credentials", "the secrets of %zu credentials are not in the backup: the API does not give them; "
                                       "name the n8n command in option cli or container, or say credentials: "
                                       "metadata when a backup of the database has them",
                 json_object_size(ids));
    return t->op->host->fact(t->op, "credentials", "metadata");
}
