/* manifest_write.c - struct pab_manifest as JSON, keys in the contract's order; see manifest.h. */
#include <jansson.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/store/manifest.h"
#include "core/store/names.h"

void pab_manifest_init(struct pab_manifest *m)
{
    unsigned char r[16];
    char hex[33];
    *m = (struct pab_manifest){ 0 };
    if (RAND_bytes(r, sizeof r) != 1) memset(r, 0, sizeof r);
    r[6] = (unsigned char)((r[6] & 0x0f) | 0x40); /* RFC 9562: version 4, variant 1 */
    r[8] = (unsigned char)((r[8] & 0x3f) | 0x80);
    pab_hex(r, sizeof r, hex);
    snprintf(m->id, sizeof m->id, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12, hex + 16, hex + 20);
}

/* Text from outside may not be UTF-8: such bytes are written as \xNN. */
static json_t *text(const char *s)
{
    if (!s) return json_null();
    if (pab_utf8_valid(s, strlen(s))) return json_string(s);
    CLEANUP_FREE char *printable = pab_str_escape(s);
    return json_string(printable);
}

/* What people and servers wrote. Names, paths and hashes are not masked: a password "postgres" must not make the manifest
 * unreadable, and none of them is a place for a secret. */
static json_t *free_text(const char *s)
{
    if (!s) return json_null();
    CLEANUP_FREE char *masked = pab_secret_mask(s);
    return text(masked);
}

static void set(json_t *o, const char *key, json_t *value)
{
    if (pab_utf8_valid(key, strlen(key))) {
        json_object_set_new(o, key, value);
    } else {
        CLEANUP_FREE char *escaped = pab_str_escape(key);
        json_object_set_new(o, escaped, value);
    }
}

static json_t *number(uint64_t n)
{
    return json_integer(n > INT64_MAX ? INT64_MAX : (json_int_t)n);
}

static json_t *time_text(int64_t ns)
{
    char buf[40];
    return json_string(pab_format_rfc3339(ns, buf, sizeof buf));
}

static json_t *facts_json(const struct pab_kvs *v)
{
    json_t *o = json_object();
    for (size_t i = 0; i < v->count; i++) set(o, v->items[i].key, free_text(v->items[i].value));
    return o;
}

static json_t *counts_json(const struct pab_kvs *v)
{
    json_t *o = json_object();
    for (size_t i = 0; i < v->count; i++) set(o, v->items[i].key, number(strtoull(v->items[i].value, NULL, 10)));
    return o;
}

static json_t *blocks_json(const struct pab_mf_artifact *a)
{
    json_t *list = json_array();
    for (uint64_t i = 0; i < a->block_count; i++) {
        const struct pab_stream_block *b = &a->blocks[i];
        json_t *o = json_object();
        json_object_set_new(o, "name", text(b->name));
        json_object_set_new(o, "offset", number(b->offset));
        json_object_set_new(o, "size", number(b->size));
        json_object_set_new(o, "content_size", number(b->content_size));
        json_object_set_new(o, "rows", number(b->rows));
        json_array_append_new(list, o);
    }
    return list;
}

static json_t *artifact_json(const struct pab_mf_artifact *a)
{
    int tree = a->kind == PAB_KIND_TREE;
    json_t *o = json_object();
    json_object_set_new(o, "path", text(a->path));
    json_object_set_new(o, "object", text(a->object));
    json_object_set_new(o, "category", text(pab_category_name(a->category)));
    json_object_set_new(o, "kind", text(tree ? "tree" : "stream"));
    json_object_set_new(o, "media_type", text(a->media_type ? a->media_type : tree ? "application/x-tar" : "application/octet-stream"));
    json_object_set_new(o, "encoding", text(a->encoding));
    json_object_set_new(o, "encryption", text(a->encryption));
    json_object_set_new(o, "size", number(a->size));
    json_object_set_new(o, "content_size", number(a->content_size));
    json_object_set_new(o, "sha256", text(a->sha256));
    json_object_set_new(o, "content_sha256", text(a->content_sha256));
    if (a->parent_path) {
        json_object_set_new(o, "parent_path", text(a->parent_path));
        json_object_set_new(o, "parent_sha256", text(a->parent_sha256));
        json_object_set_new(o, "deleted", number(a->deleted));
    }
    json_object_set_new(o, "counts", counts_json(&a->counts));
    json_object_set_new(o, "facts", facts_json(&a->facts));
    json_object_set_new(o, "started", time_text(a->started_ns));
    json_object_set_new(o, "finished", time_text(a->finished_ns));
    if (a->index_path) {
        json_object_set_new(o, "index", text(a->index_path));
        json_object_set_new(o, "index_size", number(a->index_size));
        json_object_set_new(o, "index_sha256", text(a->index_sha256));
    }
    if (a->block_count) json_object_set_new(o, "blocks", blocks_json(a));
    return o;
}

static json_t *error_json(const struct pab_error *e)
{
    if (!e->code) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "code", text(pab_error_name(e->code)));
    json_object_set_new(o, "message", free_text(e->message));
    json_object_set_new(o, "hint", e->hint[0] ? free_text(e->hint) : json_null());
    return o;
}

/* Less its artifacts, which come last. */
static json_t *target_json(const struct pab_mf_target *t)
{
    json_t *o = json_object(), *warnings = json_array();
    for (size_t i = 0; i < t->warnings.count; i++) json_array_append_new(warnings, free_text(t->warnings.items[i]));
    json_object_set_new(o, "name", text(t->name));
    json_object_set_new(o, "plugin", text(t->plugin));
    json_object_set_new(o, "plugin_version", text(t->plugin_version));
    json_object_set_new(o, "status", text(pab_status_name(t->status)));
    json_object_set_new(o, "started", time_text(t->started_ns));
    json_object_set_new(o, "finished", time_text(t->finished_ns));
    json_object_set_new(o, "facts", facts_json(&t->facts));
    json_object_set_new(o, "warnings", warnings);
    json_object_set_new(o, "error", error_json(&t->error));
    return o;
}

static void sum_up(struct pab_manifest *m)
{
    m->totals.artifacts = m->totals.size = m->totals.content_size = 0;
    for (size_t t = 0; t < m->targets.count; t++) {
        const struct pab_mf_target *mt = &m->targets.items[t];
        for (size_t i = 0; i < mt->artifacts.count; i++) {
            m->totals.artifacts++;
            m->totals.size += mt->artifacts.items[i].size;
            m->totals.content_size += mt->artifacts.items[i].content_size;
        }
    }
    m->totals.seconds = (double)((m->finished_ns - m->started_ns) / 1000000) / 1000.0;
}

static json_t *head_json(const struct pab_manifest *m)
{
    json_t *o = json_object(), *engine = json_object(), *store = json_object();
    CLEANUP_FREE char *abi = pab_sprintf("%d.%d", PAB_ABI_MAJOR, PAB_ABI_MINOR);
    json_object_set_new(engine, "version", text(m->engine_version));
    json_object_set_new(engine, "abi", text(abi));
    json_object_set_new(store, "compression", text(m->compression));
    json_object_set_new(store, "encryption", text(m->encryption));
    json_object_set_new(o, "format", text(PAB_MANIFEST_FORMAT));
    json_object_set_new(o, "version", json_integer(PAB_MANIFEST_VERSION));
    json_object_set_new(o, "id", text(m->id));
    json_object_set_new(o, "name", text(m->name));
    json_object_set_new(o, "job", text(m->job));
    json_object_set_new(o, "kind", text(m->kind));
    json_object_set_new(o, "parent", text(m->parent));
    if (m->parent_id[0]) json_object_set_new(o, "parent_id", text(m->parent_id));
    json_object_set_new(o, "status", text(m->status));
    json_object_set_new(o, "started", time_text(m->started_ns));
    json_object_set_new(o, "finished", time_text(m->finished_ns));
    json_object_set_new(o, "host", text(m->host));
    json_object_set_new(o, "engine", engine);
    json_object_set_new(o, "store", store);
    return o;
}

static json_t *totals_json(const struct pab_manifest *m)
{
    json_t *o = json_object();
    json_object_set_new(o, "artifacts", number(m->totals.artifacts));
    json_object_set_new(o, "size", number(m->totals.size));
    json_object_set_new(o, "content_size", number(m->totals.content_size));
    json_object_set_new(o, "seconds", json_real(m->totals.seconds));
    return o;
}

/* ---- the text: an artifact at a time, for a tree of all of them would take six times its room */

static void new_line(struct pab_buf *b, unsigned depth)
{
    static const char spaces[] = "        ";
    pab_buf_addc(b, '\n');
    pab_buf_add(b, spaces, depth);
}

/* `o`, which it frees, on lines that begin `depth` spaces further in; without its closing brace when more members follow. */
static void add_json(struct pab_buf *b, json_t *o, unsigned depth, int open)
{
    CLEANUP_FREE char *json = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(o);
    if (!json) abort(); /* all text in it is UTF-8, so only memory can be short: as pab_alloc */
    char *end = json + strlen(json) - (open ? strlen("\n}") : 0);
    for (char *at = json, *line; at < end; at = line + 1) { /* no string holds a line break as it is */
        line = memchr(at, '\n', (size_t)(end - at));
        pab_buf_add(b, at, (size_t)((line ? line : end) - at));
        if (!line) break;
        new_line(b, depth);
    }
}

static void add_target(struct pab_buf *b, const struct pab_mf_target *t)
{
    add_json(b, target_json(t), 4, 1);
    pab_buf_adds(b, ",\n      \"artifacts\": [");
    for (size_t i = 0; i < t->artifacts.count; i++) {
        if (i) pab_buf_addc(b, ',');
        new_line(b, 8);
        add_json(b, artifact_json(&t->artifacts.items[i]), 8, 0);
    }
    if (t->artifacts.count) new_line(b, 6);
    pab_buf_addc(b, ']');
    new_line(b, 4);
    pab_buf_addc(b, '}');
}

char *pab_manifest_to_json(struct pab_manifest *m)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    sum_up(m);
    add_json(&b, head_json(m), 0, 1);
    pab_buf_adds(&b, ",\n  \"targets\": [");
    for (size_t i = 0; i < m->targets.count; i++) {
        if (i) pab_buf_addc(&b, ',');
        new_line(&b, 4);
        add_target(&b, &m->targets.items[i]);
    }
    if (m->targets.count) new_line(&b, 2);
    pab_buf_adds(&b, "],\n  \"totals\": ");
    add_json(&b, totals_json(m), 2, 0);
    pab_buf_adds(&b, "\n}");
    return pab_buf_take(&b);
}
