/* list.c - lists that are paged by the id of the last item. Some routes take no cursor and give the same page again: then that was all. */
#include <string.h>
#include "plugins/letta/letta.h"

struct page { letta_item fn; void *ctx; uint64_t items; char *first, *last; };

static int read_page(struct json_scan *s, struct page *p, const char *first_before, int *same, struct pab_error *err)
{
    int rc = json_scan_array(s, err);
    while (!rc && !(rc = json_scan_more(s, err))) {
        CLEANUP_JSON json_t *item = NULL;
        if ((rc = json_scan_value(s, &item, err))) break;
        const char *id = json_text(item, "id");
        if (!*id) return pab_error_set(err, PAB_E_CORRUPT, 0, "letta: an item of a list has no id");
        if (!p->items++) {
            p->first = pab_strdup(id);
            *same = first_before && !strcmp(first_before, id);
        }
        free(p->last);
        p->last = pab_strdup(id);
        if (!*same) rc = p->fn(p->ctx, item, err);
    }
    return rc == PAB_END ? json_scan_end(s, err) : rc;
}

int letta_list(struct rest *r, const char *path, unsigned limit, letta_item fn, void *ctx, struct pab_error *err)
{
    CLEANUP_FREE char *cursor = NULL, *first = NULL;
    for (;;) {
        CLEANUP_FREE char *escaped = cursor ? rest_escape(cursor) : NULL;
        CLEANUP_FREE char *address = pab_sprintf("%s%climit=%u&order=asc%s%s", path, strchr(path, '?') ? '&' : '?', limit, escaped ? "&after=" : "", escaped ? escaped : "");
        struct page p = { .fn = fn, .ctx = ctx };
        struct json_scan *s = NULL;
        int same = 0, rc = rest_scan(r, &(struct rest_req){ .path = address, .max_body = LETTA_MAX_VALUE }, &s, err);
        if (rc) return rc;
        rc = read_page(s, &p, first, &same, err);
        rest_scan_free(r, s);
        int stuck = p.last && cursor && !strcmp(p.last, cursor);
        free(cursor);
        free(first);
        cursor = p.last;
        first = p.first;
        if (rc || !p.items || same || stuck) return rc;
    }
}

static int keep(void *ctx, json_t *item, struct pab_error *err)
{
    return json_array_append(ctx, item) ? pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a list") : PAB_OK;
}

int letta_all(struct rest *r, const char *path, unsigned limit, json_t **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *all = json_array();
    int rc = letta_list(r, path, limit, keep, all, err);
    if (!rc) *ret = TAKE_PTR(all);
    return rc;
}

int letta_agent(struct rest *r, const char *id, json_t **ret, struct pab_error *err)
{
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s?" LETTA_JOINED, id);
    return rest_json(r, &(struct rest_req){ .path = path, .max_body = LETTA_MAX_VALUE }, ret, err);
}
