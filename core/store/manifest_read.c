/* manifest_read.c - JSON from outside into struct pab_manifest, hostile until checked; see manifest.h. */
#include <jansson.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/store/directory.h"
#include "core/store/manifest_limits.h"
#include "core/store/names.h"

/* Where we are, for messages, and the first error. */
struct reader {
    const char *what;
    char where[160];
    const char *about;       /* the artifact's path, once that is known to be one; NULL before */
    struct pab_error *err;
    int failed;
};

static int bad(struct reader *r, const char *key, const char *expected)
{
    size_t n = strlen(r->where);
    if (n && !*key) n--; /* the dot */
    const char *about = r->about ? r->about : "", *of = r->about ? " of '" : "", *end = r->about ? "'" : "";
    if (!r->failed) pab_error_set(r->err, PAB_E_CORRUPT, 0, "%s: %.*s%s%s%s%s: %s", r->what, (int)n, r->where, key, of, about, end, expected);
    r->failed = 1;
    return PAB_E_CORRUPT;
}

static char *string(struct reader *r, json_t *o, const char *key, int may_be_null)
{
    json_t *j = json_object_get(o, key);
    if (may_be_null && (!j || json_is_null(j))) return NULL;
    if (!json_is_string(j)) {
        bad(r, key, "text expected");
        return pab_strdup("");
    }
    return pab_strdup(json_string_value(j));
}

static uint64_t number(struct reader *r, json_t *o, const char *key)
{
    json_t *j = json_object_get(o, key);
    if (!json_is_integer(j) || json_integer_value(j) < 0) {
        bad(r, key, "a number from 0 expected");
        return 0;
    }
    return (uint64_t)json_integer_value(j);
}

static int64_t time_of(struct reader *r, json_t *o, const char *key)
{
    int64_t ns = 0;
    const char *s = json_string_value(json_object_get(o, key));
    if (!s || pab_parse_rfc3339(s, &ns)) bad(r, key, "a time as in RFC 3339 expected");
    return ns;
}

static void hash_of(struct reader *r, json_t *o, const char *key, char out[65])
{
    const char *s = json_string_value(json_object_get(o, key));
    if (!s || strlen(s) != 64 || strspn(s, "0123456789abcdef") != 64) bad(r, key, "64 hexadecimal digits expected");
    else memcpy(out, s, 65);
}

/* Keys are unique already: the parser refuses others. */
static void add_kv(struct pab_kvs *v, const char *key, char *value)
{
    struct pab_kv kv = { pab_strdup(key), value };
    PAB_PUSH(v, kv);
}

static void kvs(struct reader *r, json_t *o, const char *key, int numbers, struct pab_kvs *ret)
{
    const char *k;
    json_t *v, *map = json_object_get(o, key);
    if (!json_is_object(map)) {
        bad(r, key, "an object expected");
        return;
    }
    json_object_foreach(map, k, v) {
        if (numbers && json_is_integer(v) && json_integer_value(v) >= 0) {
            add_kv(ret, k, pab_sprintf("%lld", (long long)json_integer_value(v)));
        } else if (!numbers && json_is_string(v)) {
            add_kv(ret, k, pab_strdup(json_string_value(v)));
        } else {
            CLEANUP_FREE char *shown = pab_str_printable(k);
            CLEANUP_FREE char *path = pab_sprintf("%s.%s", key, shown);
            bad(r, path, numbers ? "a number from 0 expected" : "text expected");
            return;
        }
    }
}

static void blocks(struct reader *r, json_t *list, struct pab_mf_artifact *a)
{
    json_t *o;
    size_t i;
    uint64_t end = 0;
    if (!json_is_array(list)) {
        bad(r, "blocks", "a list expected");
        return;
    }
    a->blocks = pab_alloc_array(json_array_size(list) + 1, sizeof *a->blocks);
    json_array_foreach(list, i, o) {
        struct pab_stream_block *b = &a->blocks[a->block_count++];
        b->name = string(r, o, "name", 0);
        b->offset = number(r, o, "offset");
        b->size = number(r, o, "size");
        b->content_size = number(r, o, "content_size");
        b->rows = number(r, o, "rows");
        if (b->offset < end || b->offset > a->size || b->size > a->size - b->offset) bad(r, "blocks", "blocks inside the artifact, in order, expected");
        if (r->failed) return;
        end = b->offset + b->size;
    }
}

static void artifact(struct reader *r, json_t *o, struct pab_mf_artifact *a)
{
    CLEANUP_FREE char *category = string(r, o, "category", 0);
    CLEANUP_FREE char *kind = string(r, o, "kind", 0);
    a->path = string(r, o, "path", 0);
    if (!r->failed && !pab_artifact_path_ok(a->path)) bad(r, "path", "a relative path below databases, volumes, config or services expected");
    if (!r->failed) r->about = a->path;
    a->object = string(r, o, "object", 0);
    if (!r->failed && pab_category_parse(category, &a->category)) bad(r, "category", "databases, volumes, config or services expected");
    if (!r->failed && (strncmp(a->path, category, strlen(category)) != 0 || a->path[strlen(category)] != '/')) bad(r, "path", "a path below the folder of its category expected");
    a->kind = strcmp(kind, "tree") == 0 ? PAB_KIND_TREE : PAB_KIND_STREAM;
    if (!r->failed && a->kind == PAB_KIND_STREAM && strcmp(kind, "stream") != 0) bad(r, "kind", "stream or tree expected");
    a->media_type = string(r, o, "media_type", 1);
    a->encoding = string(r, o, "encoding", 0);
    a->encryption = string(r, o, "encryption", 0);
    a->size = number(r, o, "size");
    a->content_size = number(r, o, "content_size");
    hash_of(r, o, "sha256", a->sha256);
    hash_of(r, o, "content_sha256", a->content_sha256);
    kvs(r, o, "counts", 1, &a->counts);
    kvs(r, o, "facts", 0, &a->facts);
    if (json_object_get(o, "started")) a->started_ns = time_of(r, o, "started");
    if (json_object_get(o, "finished")) a->finished_ns = time_of(r, o, "finished");
    a->index_path = string(r, o, "index", 1);
    if (a->index_path) {
        if (a->kind != PAB_KIND_TREE) bad(r, "index", "only trees have one");
        if (!pab_artifact_path_ok(a->index_path)) bad(r, "index", "a relative path below a category folder expected");
        a->index_size = number(r, o, "index_size");
        hash_of(r, o, "index_sha256", a->index_sha256);
    }
    a->parent_path = string(r, o, "parent_path", 1);
    if (a->parent_path) {
        if (a->kind != PAB_KIND_TREE || !a->index_path) bad(r, "parent_path", "only trees with an index have one");
        if (!pab_artifact_path_ok(a->parent_path)) bad(r, "parent_path", "a relative path below a category folder expected");
        hash_of(r, o, "parent_sha256", a->parent_sha256);
        a->deleted = number(r, o, "deleted");
    }
    if (!r->failed && json_object_get(o, "blocks")) blocks(r, json_object_get(o, "blocks"), a);
    r->about = NULL;
}

static void error_of(struct reader *r, json_t *o, struct pab_error *ret)
{
    json_t *e = json_object_get(o, "error");
    if (!e || json_is_null(e)) return;
    CLEANUP_FREE char *code = string(r, e, "code", 0);
    CLEANUP_FREE char *message = string(r, e, "message", 0);
    CLEANUP_FREE char *hint = string(r, e, "hint", 1);
    pab_error_set(ret, pab_error_parse(code), 0, "%s", message);
    if (hint) pab_error_hint(ret, ret->code, "%s", hint);
}

static void target(struct reader *r, json_t *o, size_t index, struct pab_mf_target *t)
{
    CLEANUP_FREE char *status = string(r, o, "status", 0);
    json_t *list = json_object_get(o, "artifacts"), *warnings = json_object_get(o, "warnings"), *j;
    size_t i;
    t->name = string(r, o, "name", 0);
    t->plugin = string(r, o, "plugin", 0);
    t->plugin_version = string(r, o, "plugin_version", 0);
    if (!r->failed && pab_status_parse(status, &t->status)) bad(r, "status", "ok, warning, failed or skipped expected");
    t->started_ns = time_of(r, o, "started");
    t->finished_ns = time_of(r, o, "finished");
    kvs(r, o, "facts", 0, &t->facts);
    if (!json_is_array(warnings)) bad(r, "warnings", "a list expected");
    json_array_foreach(warnings, i, j) {
        if (json_is_string(j)) pab_strs_add(&t->warnings, json_string_value(j));
        else bad(r, "warnings", "texts expected");
    }
    error_of(r, o, &t->error);
    if (!json_is_array(list)) bad(r, "artifacts", "a list expected");
    json_array_foreach(list, i, j) {
        struct pab_mf_artifact a = { 0 };
        snprintf(r->where, sizeof r->where, "targets[%zu].artifacts[%zu].", index, i);
        if (json_is_object(j)) artifact(r, j, &a);
        else bad(r, "", "an object expected");
        PAB_PUSH(&t->artifacts, a);
        if (r->failed) return;
    }
}

static int compare_paths(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Two artifacts in one file would mean that one of them is not there. */
static void check_unique(struct reader *r, const struct pab_manifest *m)
{
    struct { char **items; size_t count, capacity; } all = { 0 };
    for (size_t t = 0; t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            PAB_PUSH(&all, m->targets.items[t].artifacts.items[i].path);
            if (m->targets.items[t].artifacts.items[i].index_path) PAB_PUSH(&all, m->targets.items[t].artifacts.items[i].index_path);
        }
    }
    if (all.count) qsort(all.items, all.count, sizeof *all.items, compare_paths);
    for (size_t i = 1; i < all.count && !r->failed; i++)
        if (strcmp(all.items[i - 1], all.items[i]) == 0) bad(r, all.items[i], "named twice");
    free(all.items);
}

/* 8-4-4-4-12 hexadecimal digits */
static int is_uuid(const char *s)
{
    for (size_t i = 0; i < 36; i++) {
        int dash = i == 8 || i == 13 || i == 18 || i == 23;
        if (dash ? s[i] != '-' : !s[i] || !strchr("0123456789abcdef", s[i])) return 0;
    }
    return s[36] == '\0';
}

static void check_word(struct reader *r, const char *key, const char *got, const char *one, const char *other)
{
    CLEANUP_FREE char *expected = pab_sprintf("%s or %s expected", one, other);
    if (strcmp(got, one) != 0 && strcmp(got, other) != 0) bad(r, key, expected);
}

static void read_parent_id(struct reader *r, json_t *o, struct pab_manifest *m)
{
    CLEANUP_FREE char *id = string(r, o, "parent_id", 1);
    if (!id || !m->parent) return; /* without it nothing can be restored that builds on the parent; the rest can */
    if (!is_uuid(id)) bad(r, "parent_id", "a UUID expected");
    else memcpy(m->parent_id, id, 37);
}

static void head(struct reader *r, json_t *o, struct pab_manifest *m)
{
    CLEANUP_FREE char *id = string(r, o, "id", 0);
    json_t *engine = json_object_get(o, "engine"), *store = json_object_get(o, "store"), *totals = json_object_get(o, "totals");
    if (!is_uuid(id)) bad(r, "id", "a UUID expected");
    else memcpy(m->id, id, 37);
    m->name = string(r, o, "name", 0);
    if (!pab_backup_name_ok(m->name)) bad(r, "name", "the name of a backup expected");
    m->job = string(r, o, "job", 0);
    m->kind = string(r, o, "kind", 0);
    check_word(r, "kind", m->kind, "full", "incremental");
    m->parent = string(r, o, "parent", 1);
    if (m->parent && !pab_backup_name_ok(m->parent)) bad(r, "parent", "the name of a backup expected");
    read_parent_id(r, o, m);
    m->status = string(r, o, "status", 0);
    check_word(r, "status", m->status, "complete", "partial");
    m->started_ns = time_of(r, o, "started");
    m->finished_ns = time_of(r, o, "finished");
    m->host = string(r, o, "host", 0);
    m->engine_version = string(r, engine, "version", 0);
    m->compression = string(r, store, "compression", 0);
    m->encryption = string(r, store, "encryption", 0);
    m->totals.artifacts = number(r, totals, "artifacts");
    m->totals.size = number(r, totals, "size");
    m->totals.content_size = number(r, totals, "content_size");
    m->totals.seconds = json_number_value(json_object_get(totals, "seconds"));
}

static int check_format(struct reader *r, json_t *o)
{
    const char *format = json_string_value(json_object_get(o, "format"));
    json_t *version = json_object_get(o, "version");
    if (!json_is_object(o) || !format || strcmp(format, PAB_MANIFEST_FORMAT) != 0) return bad(r, "format", "\"" PAB_MANIFEST_FORMAT "\" expected: this is no backup of pabengine");
    if (!json_is_integer(version)) return bad(r, "version", "a number expected");
    if (json_integer_value(version) != PAB_MANIFEST_VERSION) {
        r->failed = 1;
        return pab_error_hint(r->err, pab_error_set(r->err, PAB_E_UNSUPPORTED, 0, "%s: manifest version %lld, this pabengine reads version %d", r->what,
                                                    (long long)json_integer_value(version), PAB_MANIFEST_VERSION), "a newer pabengine may read it");
    }
    return PAB_OK;
}

int pab_manifest_parse(const char *json, size_t n, const char *what, struct pab_manifest *ret, struct pab_error *err)
{
    json_error_t why;
    struct pab_manifest m = { 0 };
    struct reader r = { .what = what, .err = err };
    if (pab_manifest_check_limits(json, n, what, err)) return PAB_E_CORRUPT;
    json_t *o = json_loadb(json, n, JSON_REJECT_DUPLICATES, &why);
    if (!o) {
        for (char *c = why.text; *c; c++)
            if ((unsigned char)*c < 0x20 || *c == 0x7f) *c = '?'; /* it quotes the file */
        return pab_error_set(err, PAB_E_CORRUPT, 0, "%s:%d:%d: %s", what, why.line, why.column, why.text);
    }
    json_t *list = json_object_get(o, "targets"), *j;
    size_t i;
    check_format(&r, o);
    if (!r.failed) head(&r, o, &m);
    if (!r.failed && !json_is_array(list)) bad(&r, "targets", "a list expected");
    for (i = 0; !r.failed && i < json_array_size(list); i++) {
        struct pab_mf_target t = { 0 };
        j = json_array_get(list, i);
        snprintf(r.where, sizeof r.where, "targets[%zu].", i);
        if (json_is_object(j)) target(&r, j, i, &t);
        else bad(&r, "", "an object expected");
        PAB_PUSH(&m.targets, t);
    }
    r.where[0] = 0;
    if (!r.failed) check_unique(&r, &m);
    json_decref(o);
    if (r.failed) {
        pab_manifest_release(&m);
        return err ? err->code : PAB_E_CORRUPT;
    }
    *ret = m;
    return PAB_OK;
}
