/* list.c - lists that come in pages: {"data": [...], "nextCursor": "..." or null}. Their traps: a cursor may lead to itself, and
 * workflows are counted by offset, so that one that is deleted meanwhile makes its successor slip from the next page into the
 * one that was read. Hence the callers list twice. */
#include <string.h>
#include "plugins/n8n/n8n.h"

#define PAGE 100            /* the service's maximum is 250; never 0, whose cursor leads to itself */
#define MAX_EMPTY 100       /* pages in a row with a cursor and nothing else */
#define MAX_ITEMS 100000    /* of a page, whatever the server makes of the number it was asked for */
#define MAX_MEMBERS 10000   /* of an object */

struct page { size_t items; char *next; int has_cursor; int64_t count; };

static int read_items(struct json_scan *s, n8n_item item, void *ctx, struct page *p, struct pab_error *err)
{
    int rc = json_scan_array(s, err);
    while (!rc && !(rc = json_scan_more(s, err))) {
        if (p->items++ == MAX_ITEMS) return pab_error_set(err, PAB_E_CORRUPT, 0, "a page of a list has no end");
        rc = item(ctx, s, err);
    }
    return rc == PAB_END ? PAB_OK : rc;
}

static int read_page(struct json_scan *s, const char *what, n8n_item item, void *ctx, struct page *p, struct pab_error *err)
{
    const char *key;
    int rc = json_scan_object(s, err), found = 0;
    while (!rc && !(rc = json_scan_key(s, &key, err))) {
        if (!strcmp(key, "data")) {
            found = 1;
            rc = read_items(s, item, ctx, p, err);
            continue;
        }
        int is_cursor = !strcmp(key, "nextCursor"), is_count = !strcmp(key, "count");
        rc = json_scan_skip(s, err);
        if (rc || (!is_cursor && !is_count)) continue;
        struct span text;
        text.p = json_scan_raw(s, &text.n);
        if (is_count) {
            p->count = strtoll(text.p, NULL, 10);
            continue;
        }
        p->has_cursor = 1;
        free(p->next);
        p->next = span_string(text);
    }
    if (rc == PAB_END) rc = json_scan_end(s, err);
    /* early versions of the data tables paged by other means: better no rows than some */
    if (!rc && !p->has_cursor && p->count > (int64_t)p->items)
        rc = pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the answer to '%s' has %zu of %lld items and no way to the next", what, p->items, (long long)p->count);
    if (!rc && !found) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the answer to '%s' has no \"data\"", what);
    return rc;
}

int n8n_list(struct rest *r, const char *path, n8n_item item, void *ctx, struct pab_error *err)
{
    CLEANUP(pab_strs_release) struct pab_strs seen = { 0 };
    CLEANUP_FREE char *cursor = NULL;
    unsigned empty = 0;
    for (;;) {
        CLEANUP_FREE char *escaped = cursor ? rest_escape(cursor) : NULL;
        CLEANUP_FREE char *address = pab_sprintf("%s%climit=%d%s%s", path, strchr(path, '?') ? '&' : '?', PAGE, escaped ? "&cursor=" : "", escaped ? escaped : "");
        struct page p = { 0 };
        struct json_scan *s = NULL;
        int rc = rest_scan(r, &(struct rest_req){ .path = address, .max_body = N8N_MAX_TEXT }, &s, err);
        if (rc) return rc;
        rc = read_page(s, path, item, ctx, &p, err);
        rest_scan_free(r, s);
        free(cursor);
        cursor = p.next;
        if (rc || !cursor || !*cursor) return rc;
        empty = p.items ? 0 : empty + 1;
        int circle = empty >= MAX_EMPTY;
        for (size_t i = 0; !circle && i < seen.count; i++) circle = !strcmp(seen.items[i], cursor);
        if (circle) return pab_error_set(err, PAB_E_CORRUPT, 0, "the list '%s' never ends: its cursors lead in a circle", path);
        pab_strs_add(&seen, cursor);
    }
}

int n8n_object(struct json_scan *s, n8n_member member, void *ctx, struct pab_error *err)
{
    const char *key;
    int rc = json_scan_object(s, err), count = 0;
    while (!rc && !(rc = json_scan_key(s, &key, err))) {
        if (count++ == MAX_MEMBERS) return pab_error_set(err, PAB_E_CORRUPT, 0, "an object has no end");
        CLEANUP_FREE char *name = pab_strdup(key);
        struct span value;
        rc = json_scan_skip(s, err);
        if (rc) break;
        value.p = json_scan_raw(s, &value.n);
        rc = member(ctx, name, value, err);
    }
    return rc == PAB_END ? PAB_OK : rc;
}

static int keep_small(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    static const char *const kept[] = { "id", "name", "updatedAt", "type", "versionId", "active", "isArchived" };
    (void)err;
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        if (strcmp(key, kept[i])) continue;
        CLEANUP_FREE char *text = span_string(value);
        json_object_set_new(ctx, key, text ? json_string(text) : json_boolean(span_is(value, "true")));
    }
    return PAB_OK;
}

static int add_id(void *ctx, struct json_scan *s, struct pab_error *err)
{
    CLEANUP_JSON json_t *item = json_object();
    int rc = n8n_object(s, keep_small, item, err);
    const char *id = rc ? "" : json_text(item, "id");
    if (!rc && !*id) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "an item of a list has no id");
    if (!rc && json_object_set(ctx, id, item)) rc = pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a list");
    return rc;
}

int n8n_ids(struct rest *r, const char *path, json_t **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *all = json_object();
    int rc = n8n_list(r, path, add_id, all, err);
    if (!rc) *ret = TAKE_PTR(all);
    return rc;
}

int n8n_get(struct rest *r, const char *path, n8n_member member, void *ctx, struct pab_error *err)
{
    struct json_scan *s = NULL;
    int rc = rest_scan(r, &(struct rest_req){ .path = path, .max_body = N8N_MAX_TEXT }, &s, err);
    if (rc) return rc;
    rc = n8n_object(s, member, ctx, err);
    if (!rc) rc = json_scan_end(s, err);
    rest_scan_free(r, s);
    return rc;
}
