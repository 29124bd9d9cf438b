/* tally.c - what two graphs are compared by: see neo4j.h. The same for a server that is read, an artifact that is verified and a
 * server that was restored, where every id is another. */
#include <openssl/evp.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define NODE_PAGES 3072u        /* 12 MiB: the numbers of 786,432 nodes */
#define RELATIONSHIP_PAGES 256u

int tally_init(struct tally *t, struct pab_op *op, struct pab_error *err)
{
    *t = (struct tally){ .labels = json_object(), .types = json_object() };
    int rc = idstore_new(op, "nodes", sizeof t->digest, NODE_PAGES, &t->nodes, err);
    if (!rc) rc = idstore_new(op, "relationships", 1, RELATIONSHIP_PAGES, &t->relationships, err);
    if (rc) return rc;
    t->md = EVP_MD_fetch(NULL, "SHA256", NULL);
    t->md_ctx = EVP_MD_CTX_new();
    if (!t->md || !t->md_ctx) return pab_error_set(err, PAB_E_INTERNAL, 0, "SHA-256 is not to be had");
    return PAB_OK;
}

void tally_release(struct tally *t)
{
    idstore_free(t->nodes);
    idstore_free(t->relationships);
    EVP_MD_CTX_free(t->md_ctx);
    EVP_MD_free(t->md);
    json_decref(t->labels);
    json_decref(t->types);
    memset(t, 0, sizeof *t);
}

static int count(json_t *counts, const char *name)
{
    json_t *n = json_object_get(counts, name);
    return n ? json_integer_set(n, json_integer_value(n) + 1) : json_object_set_new(counts, name, json_integer(1));
}

/* *ret: never all zeros, which says "not seen". */
static int number(struct tally *t, const void *before, size_t before_size, const char *text, uint8_t ret[16], struct pab_error *err)
{
    uint8_t hash[EVP_MAX_MD_SIZE];
    if (EVP_DigestInit_ex(t->md_ctx, t->md, NULL) != 1 || (before_size && EVP_DigestUpdate(t->md_ctx, before, before_size) != 1) ||
        EVP_DigestUpdate(t->md_ctx, text, strlen(text)) != 1 || EVP_DigestFinal_ex(t->md_ctx, hash, NULL) != 1)
        return pab_error_set(err, PAB_E_INTERNAL, 0, "SHA-256 failed");
    memcpy(ret, hash, 16);
    return PAB_OK;
}

static void add(uint8_t sum[16], const uint8_t more[16])
{
    unsigned carry = 0;
    for (int i = 15; i >= 0; i--) {
        carry += (unsigned)sum[i] + more[i];
        sum[i] = (uint8_t)carry;
        carry >>= 8;
    }
}

static int is_zero(const uint8_t n[16])
{
    static const uint8_t zeros[16];
    return !memcmp(n, zeros, sizeof zeros);
}

static int by_text(const void *a, const void *b)
{
    json_t *const *x = a, *const *y = b;
    return strcmp(json_string_value(*x), json_string_value(*y));
}

/* The array itself, sorted; every element must be a text. */
static int sort_labels(json_t *labels, struct pab_error *err)
{
    size_t n = json_array_size(labels);
    if (!json_is_array(labels)) return pab_error_set(err, PAB_E_CORRUPT, 0, "the labels of a node are not a list");
    for (size_t i = 0; i < n; i++)
        if (!json_is_string(json_array_get(labels, i))) return pab_error_set(err, PAB_E_CORRUPT, 0, "a label of a node is not a text");
    if (n < 2) return PAB_OK;
    json_t **order = pab_alloc_array(n, sizeof *order);
    for (size_t i = 0; i < n; i++) order[i] = json_incref(json_array_get(labels, i));
    qsort(order, n, sizeof *order, by_text);
    for (size_t i = 0; i < n; i++) json_array_set_new(labels, i, order[i]);
    free(order);
    return PAB_OK;
}

static int text_of(const json_t *value, char **ret, struct pab_error *err)
{
    *ret = json_line(value);
    return *ret ? PAB_OK : pab_error_set(err, PAB_E_NOMEM, 0, "no memory for the text of a value");
}

int tally_node(struct tally *t, uint64_t id, json_t *labels, const json_t *properties, char **ret, struct pab_error *err)
{
    uint8_t mine[16];
    CLEANUP_FREE char *l = NULL, *p = NULL, *text = NULL;
    int rc = idstore_get(t->nodes, id, mine, err);
    if (!rc && !is_zero(mine)) return t->repeated++, TALLY_LEFT_OUT;
    if (!rc) rc = sort_labels(labels, err);
    if (!rc && !json_is_object(properties)) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the properties of a node are not a map");
    if (!rc) rc = text_of(labels, &l, err);
    if (!rc) rc = text_of(properties, &p, err);
    if (rc) return rc;
    text = pab_sprintf("{\"n\":%llu,\"l\":%s,\"p\":%s}", (unsigned long long)id, l, p);
    rc = number(t, NULL, 0, strchr(text, ',') + 1, mine, err);
    if (!rc) rc = idstore_put(t->nodes, id, mine, err);
    for (size_t i = 0; !rc && i < json_array_size(labels); i++)
        if (count(t->labels, json_string_value(json_array_get(labels, i)))) rc = pab_error_set(err, PAB_E_NOMEM, 0, "no memory for the labels");
    if (rc) return rc;
    add(t->digest, mine);
    t->node_count++;
    if (ret) *ret = TAKE_PTR(text);
    return PAB_OK;
}

/* Of both nodes, one after the other; *found 0: one of them was not seen. */
static int numbers_of_ends(struct tally *t, const struct relationship *r, uint8_t ret[32], int *found, struct pab_error *err)
{
    int rc = idstore_get(t->nodes, r->start, ret, err);
    if (!rc) rc = idstore_get(t->nodes, r->end, ret + 16, err);
    *found = !rc && !is_zero(ret) && !is_zero(ret + 16);
    return rc;
}

int tally_relationship(struct tally *t, const struct relationship *r, char **ret, struct pab_error *err)
{
    uint8_t ends[32], mine[16], seen = 0;
    int found;
    CLEANUP_FREE char *type = NULL, *p = NULL, *text = NULL;
    int rc = idstore_get(t->relationships, r->id, &seen, err);
    if (!rc && seen) return t->repeated++, TALLY_LEFT_OUT;
    if (!rc) rc = numbers_of_ends(t, r, ends, &found, err);
    if (!rc && !found) return t->dangling++, TALLY_LEFT_OUT;
    if (!rc && !json_is_object(r->properties)) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the properties of a relationship are not a map");
    if (!rc) rc = text_of(r->properties, &p, err);
    if (rc) return rc;
    CLEANUP_JSON json_t *quoted = json_string(r->type);
    if ((rc = text_of(quoted, &type, err))) return rc;
    CLEANUP_FREE char *ids = pab_sprintf("{\"r\":%llu,\"s\":%llu,\"e\":%llu,", (unsigned long long)r->id, (unsigned long long)r->start,
                                         (unsigned long long)r->end);
    text = pab_sprintf("%s\"t\":%s,\"p\":%s}", ids, type, p);
    rc = number(t, ends, sizeof ends, text + strlen(ids), mine, err);
    seen = 1;
    if (!rc) rc = idstore_put(t->relationships, r->id, &seen, err);
    if (!rc && count(t->types, r->type)) rc = pab_error_set(err, PAB_E_NOMEM, 0, "no memory for the types");
    if (rc) return rc;
    add(t->digest, mine);
    t->relationship_count++;
    if (ret) *ret = TAKE_PTR(text);
    return PAB_OK;
}

json_t *tally_trailer(const struct tally *t)
{
    char digest[33];
    pab_hex(t->digest, sizeof t->digest, digest);
    return json_pack("{s:I, s:I, s:O, s:O, s:s}", "nodes", (json_int_t)t->node_count, "relationships", (json_int_t)t->relationship_count,
                     "labels", t->labels, "types", t->types, "digest", digest);
}

static int compare_counts(const json_t *now, const json_t *recorded, const char *what, const char *kind, struct pab_error *err)
{
    const char *name;
    json_t *n;
    json_object_foreach((json_t *)(uintptr_t)recorded, name, n) {
        json_int_t found = json_integer_value(json_object_get(now, name));
        if (found == json_integer_value(n)) continue;
        return pab_error_set(err, PAB_E_CORRUPT, 0, "%s has %lld of %s '%s', the backup %lld", what, (long long)found, kind, name,
                             (long long)json_integer_value(n));
    }
    if (json_object_size(now) == json_object_size(recorded)) return PAB_OK;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "%s has %zu kinds of %s, the backup %zu", what, json_object_size(now), kind, json_object_size(recorded));
}

int tally_compare(const struct tally *t, const json_t *trailer, const char *what, struct pab_error *err)
{
    CLEANUP_JSON json_t *now = tally_trailer(t);
    static const char *const keys[] = { "nodes", "relationships" };
    for (size_t i = 0; i < 2; i++)
        if (json_number(now, keys[i], 0) != json_number(trailer, keys[i], -1))
            return pab_error_set(err, PAB_E_CORRUPT, 0, "%s has %lld %s, the backup %lld", what, (long long)json_number(now, keys[i], 0), keys[i],
                                 (long long)json_number(trailer, keys[i], -1));
    int rc = compare_counts(t->labels, json_object_get(trailer, "labels"), what, "label", err);
    if (!rc) rc = compare_counts(t->types, json_object_get(trailer, "types"), what, "type", err);
    if (!rc && strcmp(json_text(now, "digest"), json_text(trailer, "digest")) != 0)
        rc = pab_error_set(err, PAB_E_CORRUPT, 0, "%s has as many nodes and relationships as the backup, but not the same content", what);
    return rc;
}
