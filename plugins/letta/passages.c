/* passages.c - the passages of an archive, from its server: the list of an agent that has it, or a search without a query. */
#include <string.h>
#include "plugins/letta/letta.h"

struct wanted { const char *archive; letta_item fn; void *ctx; };

/* An agent's list has those of its other archives, too. */
static int give(void *ctx, json_t *item, struct pab_error *err)
{
    const struct wanted *w = ctx;
    return strcmp(json_text(item, "archive_id"), w->archive) ? PAB_OK : w->fn(w->ctx, item, err);
}

#define SEARCH_PAGE 100

struct page { struct wanted w; json_t *seen; char *start; size_t items, fresh; };

/* Those of a page that were not on the one before; `start` becomes the time of the last. */
static int read_page(struct json_scan *s, struct page *p, struct pab_error *err)
{
    CLEANUP_JSON json_t *now = json_object();
    int rc = json_scan_array(s, err);
    p->items = p->fresh = 0;
    while (!rc && !(rc = json_scan_more(s, err))) {
        CLEANUP_JSON json_t *one = NULL;
        if ((rc = json_scan_value(s, &one, err))) break;
        json_t *passage = json_object_get(one, "passage");
        const char *id = json_text(passage, "id");
        json_object_set_new(now, id, json_true());
        free(p->start);
        p->start = pab_strdup(json_text(passage, "created_at"));
        p->items++;
        if (json_object_get(p->seen, id)) continue;
        p->fresh++;
        rc = give(&p->w, passage, err);
    }
    json_decref(p->seen);
    p->seen = TAKE_PTR(now);
    return rc == PAB_END ? json_scan_end(s, err) : rc;
}

/* From `start` on, the oldest first. */
static int search(struct rest *r, struct page *p, struct pab_error *err)
{
    CLEANUP_JSON json_t *body = json_pack("{s:s, s:i}", "archive_id", p->w.archive, "limit", SEARCH_PAGE);
    struct json_scan *s = NULL;
    if (p->start) json_object_set_new(body, "start_date", json_string(p->start));
    int rc = rest_scan(r, &(struct rest_req){ .path = "/v1/passages/search", .body = body, .flags = REST_REPEATABLE, .max_body = LETTA_MAX_VALUE }, &s, err);
    if (rc) return rc;
    rc = read_page(s, p, err);
    rest_scan_free(r, s);
    return rc;
}

int letta_passages(struct rest *r, const char *archive, const char *agent, letta_item fn, void *ctx, int *missed, struct pab_error *err)
{
    struct page p = { .w = { archive, fn, ctx }, .seen = json_object() };
    int rc = PAB_OK;
    if (missed) *missed = 0;
    if (agent) {
        CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s/archival-memory?ascending=true", agent);
        rc = letta_list(r, path, 50, give, &p.w, err);
    } else {
        do rc = search(r, &p, err);
        while (!rc && p.items == SEARCH_PAGE && p.fresh);
        if (!rc && p.items == SEARCH_PAGE && missed) *missed = 1;
    }
    json_decref(p.seen);
    free(p.start);
    return rc;
}
