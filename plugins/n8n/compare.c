/* compare.c - whether a workflow in the target is what the backup has. Texts are compared as they stand: the service writes what it
 * keeps the same way every time, and a difference that is none only costs one more PUT. */
#include <openssl/evp.h>
#include <string.h>
#include "plugins/n8n/restore_private.h"

static const char *const content[] = { "name", "nodes", "connections", "staticData", "pinData", "description" };

void digests_release(struct digests *d)
{
    json_decref(d->parts);
    json_decref(d->settings);
}

/* Nothing, in any of its forms. */
static int is_empty(struct span v) { return span_is_null(v) || span_is(v, "{}") || span_is(v, "[]") || span_is(v, "\"\""); }

static int digest_text(struct span text, char ret[2 * EVP_MAX_MD_SIZE + 1])
{
    unsigned char md[EVP_MAX_MD_SIZE];
    unsigned size = 0;
    if (!EVP_Digest(text.p, text.n, md, &size, EVP_sha256(), NULL)) return -1;
    pab_hex(md, size, ret);
    return 0;
}

static int add_digest(struct digests *d, const char *key, struct span value, struct pab_error *err)
{
    struct pab_buf text = PAB_BUF_INIT(2u * N8N_MAX_TEXT);
    char digest[2 * EVP_MAX_MD_SIZE + 1];
    int rc = PAB_OK;
    if (is_empty(value)) return PAB_OK;
    if (d->refs) {
        if (pab_buf_reserve(&text, value.n + 4096) || refs_write(d->refs, value, &text)) rc = pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a workflow");
        value = (struct span){ text.data, text.size };
    }
    if (!rc && digest_text(value, digest)) rc = pab_error_set(err, PAB_E_INTERNAL, 0, "cannot make a digest");
    if (!rc) json_object_set_new(d->parts, key, json_string(digest));
    pab_buf_release(&text);
    return rc;
}

int digest_member(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    struct digests *d = ctx;
    if (!d->parts) d->parts = json_object();
    if (!strcmp(key, "settings") && !d->settings) {
        struct pab_buf text = PAB_BUF_INIT(1u << 20);
        const struct refs none = { 0 };
        int rc = refs_write(d->refs ? d->refs : &none, value, &text) ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for settings") : PAB_OK;
        if (!rc) rc = json_parse(pab_buf_str(&text), text.size, "the settings of a workflow", &d->settings, err);
        pab_buf_release(&text);
        return rc;
    }
    if (d->published && !strcmp(key, "activeVersion")) {
        int rc = add_digest(d, "active nodes", span_member(value, "nodes"), err);
        return rc ? rc : add_digest(d, "active connections", span_member(value, "connections"), err);
    }
    for (size_t i = 0; i < sizeof content / sizeof *content; i++)
        if (!strcmp(key, content[i])) return add_digest(d, key, value, err);
    return PAB_OK;
}

int digests_equal(const struct digests *a, const struct digests *b)
{
    const char *key;
    json_t *value;
    if (!json_equal(a->parts, b->parts)) return 0;
    json_object_foreach(a->settings, key, value)
        if (!json_equal(value, json_object_get(b->settings, key))) return 0;
    return 1;
}

int compare_with(const struct restoring *r, const struct wanted *w, const char *id, const struct refs *refs, int *ret_equal, struct pab_error *err)
{
    CLEANUP(digests_release) struct digests mine = { .refs = refs, .published = w->split }, theirs = { .refs = refs && refs->blank ? refs : NULL, .published = w->split };
    CLEANUP_FREE char *escaped = rest_escape(id);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/workflows/%s", escaped);
    int rc = wanted_read(r, w, digest_member, &mine, err);
    if (!rc) rc = n8n_get(r->r, path, digest_member, &theirs, err);
    if (!rc) *ret_equal = digests_equal(&mine, &theirs);
    return rc;
}
