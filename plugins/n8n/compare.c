/* compare.c - whether a workflow in the target is what the backup has. Texts are compared as they stand: the service writes what it
 * keeps the same way every time, and a difference that is none only costs one more PUT. */
#include <openssl/evp.h>
#include <string.h>
#include "plugins/n8n/restore_private.h"

static const char *const content[] = { "name", "connections", "staticData", "pinData", "description" };

void digests_release(struct digests *d)
{
    json_decref(d->hooks);
    json_decref(d->parts);
    json_decref(d->settings);
}

/* Nothing, in any of its forms. */
static int is_empty(struct span v) { return span_is_null(v) || span_is(v, "{}") || span_is(v, "[]") || span_is(v, "\"\""); }

typedef struct { EVP_MD_CTX *md; } hash;
static void hash_release(hash *h) { EVP_MD_CTX_free(h->md); }

static int hash_add(const hash *h, struct span text) { return EVP_DigestUpdate(h->md, text.p, text.n) != 1; }

static int by_key(const void *a, const void *b)
{
    const struct members *x = a, *y = b;
    int c = memcmp(x->key.p, y->key.p, x->key.n < y->key.n ? x->key.n : y->key.n);
    return c ? c : (x->key.n > y->key.n) - (x->key.n < y->key.n);
}

/* Nodes but for their webhookId, which the service gives to those that have none; what is there is kept aside. And whatever the
 * order of their members: the service has one of its own. */
static int hash_node(struct digests *d, const hash *h, struct span node)
{
    struct { struct members *items; size_t count, capacity; } all = { 0 };
    CLEANUP_FREE char *id = span_text(node, "id");
    int bad = 0;
    for (struct members m = members_of(node); members_next(&m);)
        if (m.key.p) PAB_PUSH(&all, m);
    if (all.count) qsort(all.items, all.count, sizeof *all.items, by_key);
    for (size_t i = 0; !bad && i < all.count; i++) {
        const struct members *m = &all.items[i];
        CLEANUP_FREE char *hook = span_is(m->key, "webhookId") ? span_string(m->value) : NULL;
        if (hook && !d->hooks) d->hooks = json_object();
        if (hook) json_object_set_new(d->hooks, id, json_string(hook));
        else bad = hash_add(h, m->key) || hash_add(h, SPAN(":")) || hash_add(h, m->value) || hash_add(h, SPAN(","));
    }
    free(all.items);
    return bad;
}

static int hash_nodes(struct digests *d, const hash *h, struct span nodes)
{
    int bad = 0;
    for (struct members n = members_of(nodes); !bad && members_next(&n);) bad = hash_node(d, h, n.value) || hash_add(h, SPAN(";"));
    return bad;
}

static int add_digest(struct digests *d, const char *key, struct span value, int are_nodes, struct pab_error *err)
{
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(2u * N8N_MAX_TEXT);
    CLEANUP(hash_release) hash h = { EVP_MD_CTX_new() };
    unsigned char md[EVP_MAX_MD_SIZE];
    char digest[2 * EVP_MAX_MD_SIZE + 1];
    unsigned size = 0;
    if (is_empty(value)) return PAB_OK;
    if (d->refs) {
        if (pab_buf_reserve(&text, value.n + 4096) || refs_write(d->refs, value, &text)) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a workflow");
        value = (struct span){ text.data, text.size };
    }
    int bad = !h.md || EVP_DigestInit_ex(h.md, EVP_sha256(), NULL) != 1 || (are_nodes ? hash_nodes(d, &h, value) : hash_add(&h, value));
    if (bad || EVP_DigestFinal_ex(h.md, md, &size) != 1) return pab_error_set(err, PAB_E_INTERNAL, 0, "cannot make a digest");
    pab_hex(md, size, digest);
    json_object_set_new(d->parts, key, json_string(digest));
    return PAB_OK;
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
        int rc = add_digest(d, "active nodes", span_member(value, "nodes"), 1, err);
        return rc ? rc : add_digest(d, "active connections", span_member(value, "connections"), 0, err);
    }
    if (!strcmp(key, "nodes")) return add_digest(d, key, value, 1, err);
    for (size_t i = 0; i < sizeof content / sizeof *content; i++)
        if (!strcmp(key, content[i])) return add_digest(d, key, value, 0, err);
    return PAB_OK;
}

int digests_equal(const struct digests *a, const struct digests *b)
{
    const char *key;
    json_t *value;
    if (!json_equal(a->parts, b->parts)) return 0;
    json_object_foreach(a->hooks, key, value)
        if (!json_equal(value, json_object_get(b->hooks, key))) return 0;
    json_object_foreach(a->settings, key, value)
        if (!json_equal(value, json_object_get(b->settings, key))) return 0;
    return 1;
}

int compare_with(const struct restoring *r, const struct wanted *w, const char *id, const struct refs *refs, enum comparison *ret, struct pab_error *err)
{
    CLEANUP(digests_release) struct digests mine = { .refs = refs, .published = w->split }, theirs = { .refs = refs && refs->blank ? refs : NULL, .published = w->split };
    CLEANUP_FREE char *escaped = rest_escape(id);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/workflows/%s", escaped);
    int rc = wanted_read(r, w, digest_member, &mine, err);
    if (!rc) rc = n8n_get(r->r, path, digest_member, &theirs, err);
    if (!rc) *ret = digests_equal(&mine, &theirs) ? SAME : json_object_get(theirs.parts, "nodes") ? DIFFERENT : EMPTY;
    return rc;
}
