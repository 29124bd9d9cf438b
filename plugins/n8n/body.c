/* body.c - a workflow's content written under its id. The service refuses whatever it does not know, members that it tells itself
 * as well as settings of a later version: so first all that it may take is sent, then less and less. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

enum lean {
    WHOLE,
    WITHOUT_LATE,               /* members that came with later versions */
    KNOWN_SETTINGS,             /* and only settings that every version knows */
    BARE,                       /* and neither static nor pinned data */
};

static const char *const late[] = { "description", "nodeGroups", NULL };
static const char *const data[] = { "staticData", "pinData", NULL };
static const char *const needed[] = { "name", "nodes", "connections", NULL };
static const char *const settings[] = { "executionOrder", "saveExecutionProgress", "saveManualExecutions", "saveDataErrorExecution", "saveDataSuccessExecution",
                                        "executionTimeout", "errorWorkflow", "timezone", "callerPolicy", "callerIds", NULL };

struct body {
    struct pab_buf text;
    struct refs refs;
    enum lean lean;
    int published;              /* nodes and connections of the active version */
    int members, has_settings;
    struct pab_buf dropped;     /* names of settings */
};

static int is_among(const char *key, const char *const *list)
{
    for (; *list; list++)
        if (!strcmp(key, *list)) return 1;
    return 0;
}

static int add(struct body *b, const char *key, struct span value)
{
    int rc = pab_buf_addf(&b->text, "%c\"%s\":", b->members++ ? ',' : '{', key);
    if (!rc) rc = pab_buf_reserve(&b->text, value.n + 4096);
    return rc ? rc : refs_write(&b->refs, value, &b->text);
}

static int add_settings(struct body *b, struct span value)
{
    int rc = pab_buf_addf(&b->text, "%c\"settings\":", b->members++ ? ',' : '{'), n = 0;
    b->has_settings = 1;
    if (rc || b->lean < KNOWN_SETTINGS) return rc ? rc : refs_write(&b->refs, span_is_null(value) ? SPAN("{}") : value, &b->text);
    rc = pab_buf_addc(&b->text, '{');
    for (struct members m = members_of(value); !rc && members_next(&m);) {
        CLEANUP_FREE char *key = pab_strndup(m.key.p, m.key.n);
        if (!is_among(key, settings)) {
            pab_buf_addf(&b->dropped, "%s%s", b->dropped.size ? ", " : "", key);
            continue;
        }
        rc = pab_buf_addf(&b->text, "%s\"%s\":", n++ ? "," : "", key);
        if (!rc) rc = strcmp(key, "errorWorkflow") ? pab_buf_add(&b->text, m.value.p, m.value.n) : PAB_OK;
        if (rc || strcmp(key, "errorWorkflow")) continue;
        CLEANUP_FREE char *old = span_string(m.value);
        const char *now = old ? json_string_value(json_object_get(b->refs.workflows, old)) : NULL;
        rc = now ? pab_buf_addf(&b->text, "\"%s\"", now) : pab_buf_add(&b->text, m.value.p, m.value.n);
    }
    return rc ? rc : pab_buf_addc(&b->text, '}');
}

static int take(struct body *b, const char *key, struct span value)
{
    if (!strcmp(key, "settings")) return add_settings(b, value);
    if (b->published && !strcmp(key, "activeVersion")) {
        int rc = add(b, "nodes", span_member(value, "nodes"));
        return rc ? rc : add(b, "connections", span_member(value, "connections"));
    }
    if (is_among(key, needed)) return b->published && strcmp(key, "name") ? PAB_OK : add(b, key, value);
    if (span_is_null(value)) return PAB_OK;
    if (is_among(key, late)) return b->lean < WITHOUT_LATE ? add(b, key, value) : PAB_OK;
    if (is_among(key, data)) return b->lean < BARE ? add(b, key, value) : PAB_OK;
    return PAB_OK;
}

static int take_member(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    return take(ctx, key, value) ? pab_error_set(err, PAB_E_NOMEM, 0, "a workflow is longer than %u MiB", N8N_MAX_TEXT >> 20) : PAB_OK;
}

static int make(struct restoring *r, const struct wanted *w, struct body *b, struct pab_error *err)
{
    int rc = wanted_read(r, w, take_member, b, err);
    if (!rc && !b->has_settings && add_settings(b, SPAN("{}"))) rc = PAB_E_NOMEM;
    if (!rc && pab_buf_addc(&b->text, '}')) rc = PAB_E_NOMEM;
    return rc == PAB_E_NOMEM && !err->code ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a workflow") : rc;
}

static int send_body(struct restoring *r, const struct wanted *w, const struct body *b, struct pab_error *err)
{
    CLEANUP_FREE char *escaped = rest_escape(w->target);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/workflows/%s%s", escaped, w->split && !b->published ? "?publishIfActive=false" : "");
    const struct rest_req q = { .method = "PUT", .path = path, .text = b->text.data, .text_size = b->text.size };
    struct json_scan *answer = NULL;
    /* it answers with the workflow, as long as that may be: nobody reads it */
    int rc = rest_scan(r->r, &q, &answer, err);
    if (!rc) rest_scan_free(r->r, answer);
    return rc;
}

static int attempt(struct restoring *r, const struct wanted *w, struct body *b, struct pab_error *err)
{
    int rc = make(r, w, b, err);
    if (rc) return rc;
    for (unsigned n = 0;; n++) {
        rc = send_body(r, w, b, err);
        if (!rc || !n8n_wait(r->op, r->r, n)) return rc;
    }
}

static void tell(struct restoring *r, const struct wanted *w, const struct body *b)
{
    if (b->lean >= KNOWN_SETTINGS && b->dropped.size)
        pab_warn(r->op, w->id, "workflow '%s' was restored without settings that this n8n does not know: %s", w->name, b->dropped.data);
    if (b->lean >= BARE) pab_warn(r->op, w->id, "workflow '%s' was restored without its static and pinned data: this n8n takes none", w->name);
}

int body_put(struct restoring *r, const struct wanted *w, int published, struct pab_error *err)
{
    struct pab_error first = { 0 };
    int rc = PAB_OK;
    for (int lean = r->lean; lean <= BARE; lean++) {
        struct pab_error now = { 0 };
        struct body b = { .text = PAB_BUF_INIT(2u * N8N_MAX_TEXT), .lean = (enum lean)lean, .published = published,
                          .refs = { .workflows = r->workflows, .credentials = r->credentials, .tables = r->tables } };
        rc = attempt(r, w, &b, &now);
        if (!rc) tell(r, w, &b);
        if (!rc && lean == WITHOUT_LATE) r->lean = lean; /* that is for all of them */
        pab_buf_release(&b.text);
        pab_buf_release(&b.dropped);
        if (rc && !first.code) first = now;
        if (!rc || rest_status(r->r) != 400) break;
    }
    /* the first refusal is about what was in the backup, the last about what was left of it */
    if (rc && err) *err = first;
    return rc;
}
