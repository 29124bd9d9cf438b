/* print_json.c - events for programs: JSON lines with message_type, or one document. Fields are only ever added. */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/cli/printer.h"
#include "core/store/names.h"

static const char *const plan_actions[] = { "", "create", "overwrite", "drop", "stop", "keep", "conflict" };
static const char *const statuses[] = { "ok", "warning", "failed", "skipped" };

/* Any text, whole: of one that is not UTF-8 (file names) the other bytes become \xNN, and "\" becomes "\\". */
static json_t *text(const char *s)
{
    if (!s) return json_null();
    json_t *j = json_string(s);
    if (j) return j;
    CLEANUP_FREE char *escaped = pab_str_escape(s);
    return json_string(escaped);
}

static void set(json_t *o, const char *key, const char *value)
{
    if (value) json_object_set_new(o, key, text(value));
}

static void set_number(json_t *o, const char *key, uint64_t n)
{
    if (n != PAB_SIZE_UNKNOWN) json_object_set_new(o, key, json_integer((json_int_t)n));
}

static void print(json_t *o)
{
    CLEANUP_FREE char *line = json_dumps(o, JSON_COMPACT | JSON_REAL_PRECISION(9));
    CLEANUP_FREE char *masked = pab_secret_mask(line ? line : "{}");
    puts(masked);
    fflush(stdout);
}

static json_t *error_json(const struct pab_error *e)
{
    json_t *o = json_object();
    set(o, "code", pab_error_name(e->code));
    set(o, "message", e->message);
    json_object_set_new(o, "hint", e->hint[0] ? text(e->hint) : json_null());
    return o;
}

/* Keys with values that are numbers (counts) or text (facts). */
static json_t *kvs_json(const struct pab_kv *kv, uint64_t n, int numbers)
{
    json_t *o = json_object();
    for (uint64_t i = 0; i < n; i++) {
        if (numbers) json_object_set_new(o, kv[i].key, json_integer((json_int_t)strtoull(kv[i].value, NULL, 10)));
        else json_object_set_new(o, kv[i].key, text(kv[i].value));
    }
    return o;
}

static json_t *array_of(json_t *o, const char *key)
{
    json_t *a = json_object_get(o, key);
    if (!a) json_object_set_new(o, key, a = json_array());
    return a;
}

static void artifact_fields(json_t *o, const struct pab_event *e)
{
    const struct pab_mf_artifact *a = e->artifact;
    set(o, "path", a->path);
    set(o, "object", a->object);
    set(o, "kind", a->kind == PAB_KIND_TREE ? "tree" : "stream");
    set_number(o, "size", a->size);
    set_number(o, "content_size", a->content_size);
    set(o, "sha256", a->sha256);
    json_object_set_new(o, "counts", kvs_json(a->counts.items, a->counts.count, 1));
    set(o, "checked", e->detail);
}

static json_t *target_json(const struct pab_event *e)
{
    json_t *o = json_object();
    set(o, "name", e->target);
    set(o, "plugin", e->plugin);
    set(o, "status", statuses[e->status]);
    if (e->optional) json_object_set_new(o, "required", json_false());
    set(o, "detail", e->status == PAB_MF_FAILED && e->error ? e->error->message : e->text); /* what it would have been is no news */
    json_object_set_new(o, "seconds", json_real((double)e->ms / 1000.0));
    json_object_set_new(o, "error", e->error && e->error->code ? error_json(e->error) : json_null());
    return o;
}

static void summary_fields(json_t *o, const struct pab_event *e)
{
    set(o, "status", e->text);
    set(o, "backup", e->name);
    set(o, "path", e->path);
    json_object_set_new(o, "seconds", json_real((double)e->ms / 1000.0));
    if (e->manifest) {
        set_number(o, "artifacts", e->manifest->totals.artifacts);
        set_number(o, "size", e->manifest->totals.size);
        set_number(o, "content_size", e->manifest->totals.content_size);
    }
}

void pab_print_json_line(struct pab_printer *p, const struct pab_event *e)
{
    char now[40];
    json_t *o = json_object();
    switch (e->type) {
    case PAB_EV_START:
        json_object_set_new(o, "message_type", json_string("start"));
        set(o, "verb", e->text);
        set(o, "backup", e->name);
        set(o, "path", e->path);
        set(o, "time", pab_format_rfc3339(pab_now_ns(), now, sizeof now));
        break;
    case PAB_EV_PROGRESS:
        json_object_set_new(o, "message_type", json_string("progress"));
        set(o, "target", e->target);
        set(o, "phase", e->phase);
        if (e->phase) { set_number(o, "done", e->done); set_number(o, "total", e->total); set(o, "unit", e->unit); }
        set_number(o, "content_bytes", e->content_bytes);
        set_number(o, "bytes", e->bytes);
        break;
    case PAB_EV_ARTIFACT:
        json_object_set_new(o, "message_type", json_string("artifact"));
        set(o, "target", e->target);
        artifact_fields(o, e);
        break;
    case PAB_EV_WARNING:
        json_object_set_new(o, "message_type", json_string("warning"));
        set(o, "target", e->target);
        set(o, "object", e->object);
        set(o, "message", e->text);
        break;
    case PAB_EV_ERROR:
        json_decref(o);
        o = error_json(e->error);
        json_object_set_new(o, "message_type", json_string("error"));
        set(o, "target", e->target);
        break;
    case PAB_EV_FINDING:
        json_object_set_new(o, "message_type", json_string("error"));
        set(o, "code", "CORRUPT");
        set(o, "target", e->target);
        set(o, "path", e->path);
        set(o, "message", e->text);
        break;
    case PAB_EV_PLAN:
        set(o, "target", e->target);
        set(o, "object", e->object);
        set(o, "action", plan_actions[e->action]);
        set(o, "detail", e->text);
        set_number(o, "size", e->size);
        json_array_append_new(array_of(p->document, "plan"), o);
        return;
    case PAB_EV_TARGET_START:
    case PAB_EV_OBJECT:
    case PAB_EV_FACT:
        if (strcmp(p->verb, "discover") == 0) pab_print_json_document(p, e); /* a dry run: the summary holds what was found */
        json_decref(o);
        return;
    case PAB_EV_TARGET_END:
        if (strcmp(p->verb, "discover") == 0) pab_print_json_document(p, e);
        else json_array_append_new(array_of(p->document, "targets"), target_json(e));
        json_decref(o);
        return;
    case PAB_EV_SUMMARY:
        summary_fields(p->document, e);
        json_decref(o);
        return;
    default:
        json_decref(o);
        return;
    }
    print(o);
    json_decref(o);
}

static json_t *document_target(struct pab_printer *p, const char *name)
{
    json_t *list = array_of(p->document, "targets"), *t;
    size_t i;
    json_array_foreach(list, i, t)
        if (name && strcmp(json_string_value(json_object_get(t, "name")), name) == 0) return t;
    t = json_object();
    set(t, "name", name ? name : "");
    json_array_append_new(list, t);
    return t;
}

void pab_print_json_document(struct pab_printer *p, const struct pab_event *e)
{
    if (e->type == PAB_EV_OBJECT) {
        json_t *o = json_object();
        set(o, "id", e->object);
        set(o, "kind", e->text);
        set_number(o, "size", e->size);
        set(o, "detail", e->detail);
        json_object_set_new(o, "attributes", kvs_json(e->attrs, e->attr_count, 0));
        json_array_append_new(array_of(document_target(p, e->target), "objects"), o);
    } else if (e->type == PAB_EV_FACT) {
        json_t *t = document_target(p, e->target), *facts = json_object_get(t, "facts");
        if (!facts) json_object_set_new(t, "facts", facts = json_object());
        set(facts, e->text, e->detail);
    } else if (e->type == PAB_EV_TARGET_START) {
        array_of(document_target(p, e->target), "objects");
    } else if (e->type == PAB_EV_TARGET_END) {
        json_t *end = target_json(e);
        json_object_update(document_target(p, e->target), end);
        json_decref(end);
    } else if (e->type == PAB_EV_WARNING) {
        json_t *w = json_object();
        set(w, "target", e->target);
        set(w, "object", e->object);
        set(w, "message", e->text);
        json_array_append_new(array_of(p->document, "warnings"), w);
    } else if (e->type == PAB_EV_FINDING) {
        json_t *f = json_object();
        set(f, "target", e->target);
        set(f, "path", e->path);
        set(f, "message", e->text);
        json_array_append_new(array_of(p->document, "findings"), f);
    }
}

void pab_print_json_end(struct pab_printer *p, int code, const struct pab_error *err)
{
    json_t *o = json_object();
    int lines = p->shape == PAB_PRINT_LINES;
    if (err && err->code && code && lines) {
        json_t *line = error_json(err);
        json_object_set_new(line, "message_type", json_string("error"));
        print(line);
        json_decref(line);
    }
    if (lines) json_object_set_new(o, "message_type", json_string("summary"));
    json_object_update(o, p->document);
    if (lines && !json_object_get(o, "status")) set(o, "status", code ? "failed" : "complete");
    json_object_set_new(o, "exit_code", json_integer(code));
    if (err && err->code && code) json_object_set_new(o, "error", error_json(err));
    if (lines) {
        print(o);
    } else {
        CLEANUP_FREE char *whole = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(9));
        CLEANUP_FREE char *masked = pab_secret_mask(whole ? whole : "{}");
        puts(masked);
    }
    json_decref(o);
}
