/* outcome.c - see outcome.h. */
#include "core/engine/outcome.h"

#include <jansson.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/store/names.h"

#define WARNINGS_IN_JSON 100 /* of one target: there may be one for each file, and a mail or a webhook takes only so much */
#define WARNINGS_IN_TEXT 10

const char *pab_moment_name(enum pab_moment m)
{
    static const char *const names[] = { "start", "success", "partial", "failure" };
    return names[m];
}

struct pab_target_sum pab_target_sum(const struct pab_mf_target *t)
{
    struct pab_target_sum sum = { .artifacts = t->artifacts.count };
    for (size_t i = 0; i < t->artifacts.count; i++) {
        sum.size += t->artifacts.items[i].size;
        sum.content_size += t->artifacts.items[i].content_size;
    }
    return sum;
}

uint64_t pab_target_warnings(const struct pab_mf_target *t) { return t->warning_count ? t->warning_count : t->warnings.count; }

/* Masked, and UTF-8 whatever servers sent. */
static char *clean(const char *s)
{
    char *masked = pab_secret_mask(s);
    if (pab_utf8_valid(masked, strlen(masked))) return masked;
    char *escaped = pab_str_escape(masked);
    free(masked);
    return escaped;
}

static json_t *text(const char *s)
{
    if (!s) return json_null();
    if (pab_utf8_valid(s, strlen(s))) return json_string(s);
    CLEANUP_FREE char *escaped = pab_str_escape(s);
    return json_string(escaped);
}

/* What people and servers wrote. */
static json_t *free_text(const char *s)
{
    CLEANUP_FREE char *masked = pab_secret_mask(s);
    return text(masked);
}

static json_t *error_json(const struct pab_error *e)
{
    if (!e || !e->code) return json_null();
    json_t *o = json_object();
    json_object_set_new(o, "code", text(pab_error_name(e->code)));
    json_object_set_new(o, "message", free_text(e->message));
    json_object_set_new(o, "hint", e->hint[0] ? free_text(e->hint) : json_null());
    return o;
}

static json_t *time_json(int64_t ns)
{
    char buf[40];
    return ns ? json_string(pab_format_rfc3339(ns, buf, sizeof buf)) : json_null();
}

static double seconds(int64_t from_ns, int64_t to_ns)
{
    return to_ns > from_ns ? (double)((to_ns - from_ns) / 1000000) / 1000 : 0;
}

static json_t *target_json(const struct pab_mf_target *t)
{
    json_t *o = json_object(), *warnings = json_array();
    struct pab_target_sum sum = pab_target_sum(t);
    for (size_t i = 0; i < t->warnings.count && i < WARNINGS_IN_JSON; i++) json_array_append_new(warnings, free_text(t->warnings.items[i]));
    json_object_set_new(o, "name", text(t->name));
    json_object_set_new(o, "plugin", text(t->plugin));
    json_object_set_new(o, "status", text(pab_status_name(t->status)));
    json_object_set_new(o, "seconds", json_real(seconds(t->started_ns, t->finished_ns)));
    json_object_set_new(o, "artifacts", json_integer((json_int_t)sum.artifacts));
    json_object_set_new(o, "size", json_integer((json_int_t)sum.size));
    json_object_set_new(o, "content_size", json_integer((json_int_t)sum.content_size));
    json_object_set_new(o, "warning_count", json_integer((json_int_t)pab_target_warnings(t)));
    json_object_set_new(o, "warnings", warnings);
    json_object_set_new(o, "error", error_json(&t->error));
    return o;
}

char *pab_outcome_json(const struct pab_outcome *o, const char *event)
{
    const struct pab_manifest *m = o->m;
    json_t *j = json_object(), *targets = json_array();
    for (size_t i = 0; i < m->targets.count; i++) json_array_append_new(targets, target_json(&m->targets.items[i]));
    json_object_set_new(j, "event", text(event));
    json_object_set_new(j, "job", text(m->job));
    json_object_set_new(j, "host", text(m->host));
    json_object_set_new(j, "run", text(m->id));
    json_object_set_new(j, "status", text(o->status));
    json_object_set_new(j, "exit_code", o->finished_ns ? json_integer(o->exit_code) : json_null());
    json_object_set_new(j, "backup", text(o->path ? m->name : NULL));
    json_object_set_new(j, "path", text(o->path));
    json_object_set_new(j, "store", text(o->s->store_path));
    json_object_set_new(j, "started", time_json(m->started_ns));
    json_object_set_new(j, "finished", time_json(o->finished_ns));
    json_object_set_new(j, "seconds", o->finished_ns ? json_real(seconds(m->started_ns, o->finished_ns)) : json_null());
    json_object_set_new(j, "artifacts", json_integer((json_int_t)m->totals.artifacts));
    json_object_set_new(j, "size", json_integer((json_int_t)m->totals.size));
    json_object_set_new(j, "content_size", json_integer((json_int_t)m->totals.content_size));
    json_object_set_new(j, "error", error_json(o->error));
    json_object_set_new(j, "targets", targets);
    char *ret = json_dumps(j, JSON_COMPACT | JSON_REAL_PRECISION(9));
    json_decref(j);
    return ret ? ret : pab_strdup("{}");
}

static char *raw_error(const struct pab_outcome *o)
{
    if (o->error && o->error->code) return pab_strdup(o->error->message);
    for (size_t i = 0; i < o->m->targets.count; i++) {
        const struct pab_mf_target *t = &o->m->targets.items[i];
        if (t->status == PAB_MF_FAILED) return pab_sprintf("%s: %s", t->name, t->error.message);
    }
    for (size_t i = 0; i < o->m->targets.count; i++) {
        const struct pab_mf_target *t = &o->m->targets.items[i];
        if (t->warnings.count) return pab_sprintf("%s: %s", t->name, t->warnings.items[0]);
    }
    return pab_strdup("");
}

char *pab_outcome_error(const struct pab_outcome *o)
{
    CLEANUP_FREE char *raw = raw_error(o);
    for (char *p = raw; *p; p++)
        if ((unsigned char)*p < 0x20 || *p == 0x7f) *p = ' '; /* one line */
    return clean(raw);
}

char *pab_outcome_failed_targets(const struct pab_outcome *o)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (size_t i = 0; i < o->m->targets.count; i++) {
        const struct pab_mf_target *t = &o->m->targets.items[i];
        if (t->status == PAB_MF_FAILED) pab_buf_addf(&b, "%s%s", b.size ? " " : "", t->name);
    }
    pab_buf_adds(&b, "");
    return pab_buf_take(&b);
}

char *pab_outcome_line(const struct pab_outcome *o)
{
    char size[32], time[32];
    if (o->moment == PAB_MOMENT_START) return pab_sprintf("%s: backup started", o->m->job);
    CLEANUP_FREE char *error = pab_outcome_error(o);
    pab_format_ms((o->finished_ns - o->m->started_ns) / 1000000, time, sizeof time);
    pab_format_size(o->m->totals.size, size, sizeof size);
    const char *sep = *error ? ": " : "";
    if (!o->path) return pab_sprintf("%s: backup %s%s%s (after %s)", o->m->job, o->status, sep, error, time);
    const char *state = o->moment == PAB_MOMENT_PARTIAL && strcmp(o->status, "complete") == 0 ? "complete, with warnings" : o->status;
    return pab_sprintf("%s: backup %s%s%s (%llu artifact%s, %s in %s)", o->m->job, state, sep, error, (unsigned long long)o->m->totals.artifacts,
                       o->m->totals.artifacts == 1 ? "" : "s", size, time);
}

static void add_target(struct pab_buf *b, const struct pab_mf_target *t)
{
    char size[32], time[32];
    struct pab_target_sum sum = pab_target_sum(t);
    pab_format_size(sum.size, size, sizeof size);
    pab_format_ms((t->finished_ns - t->started_ns) / 1000000, time, sizeof time);
    pab_buf_addf(b, "%-8s %s", pab_status_name(t->status), t->name);
    if (t->status == PAB_MF_FAILED) pab_buf_addf(b, ": %s", t->error.message);
    else if (t->status != PAB_MF_SKIPPED) pab_buf_addf(b, " (%s in %s)", size, time);
    pab_buf_addc(b, '\n');
    for (size_t i = 0; i < t->warnings.count && i < WARNINGS_IN_TEXT; i++) pab_buf_addf(b, "         warning: %s\n", t->warnings.items[i]);
    if (t->warnings.count > WARNINGS_IN_TEXT) pab_buf_addf(b, "         and %llu more warnings\n", (unsigned long long)pab_target_warnings(t) - WARNINGS_IN_TEXT);
}

char *pab_outcome_text(const struct pab_outcome *o)
{
    char time[40];
    struct pab_buf b = PAB_BUF_INIT(0);
    CLEANUP_FREE char *line = pab_outcome_line(o);
    pab_buf_addf(&b, "%s\n", line);
    if (o->moment != PAB_MOMENT_START) {
        if (o->error && o->error->code && o->error->hint[0]) pab_buf_addf(&b, "hint: %s\n", o->error->hint);
        pab_buf_addf(&b, "\nhost: %s\n", o->m->host);
        if (o->path) pab_buf_addf(&b, "backup: %s\n", o->path);
        pab_buf_addf(&b, "started: %s\n", pab_format_rfc3339(o->m->started_ns, time, sizeof time));
        pab_buf_addf(&b, "exit code: %d\n", o->exit_code);
        if (o->m->targets.count) pab_buf_addc(&b, '\n');
        for (size_t i = 0; i < o->m->targets.count; i++) add_target(&b, &o->m->targets.items[i]);
    }
    char *ret = clean(pab_buf_str(&b));
    pab_buf_release(&b);
    return ret;
}
