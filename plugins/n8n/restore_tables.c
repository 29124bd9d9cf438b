/* restore_tables.c - data tables: found by id or name, made with their columns, filled in batches. Ids of rows and their times are the
 * service's own and new. One that holds other rows is left alone, or emptied first with --force. */
#include <string.h>
#include "plugins/n8n/restore_private.h"

#define BATCH 100u
#define BATCH_BYTES (1u << 20)

struct table {
    struct restoring *r;
    uint32_t index;
    const char *id, *name;      /* in the backup */
    json_t *columns;            /* [{name, type}] in order */
    const char *target;         /* NULL: not there */
};

static int is_own(const char *key) { return !strcmp(key, "id") || !strcmp(key, "createdAt") || !strcmp(key, "updatedAt"); }

/* ---- rows of the backup, one line each */

typedef int (*row_fn)(void *ctx, struct span row, struct pab_error *err);

static int each_line(struct pab_buf *line, const char *p, size_t n, row_fn fn, void *ctx, struct pab_error *err)
{
    int rc = PAB_OK;
    for (const char *end = p + n; !rc && p < end;) {
        const char *nl = memchr(p, '\n', (size_t)(end - p)), *to = nl ? nl : end;
        if (pab_buf_add(line, p, (size_t)(to - p))) return pab_error_set(err, PAB_E_CORRUPT, 0, "a row in the backup is too long");
        p = nl ? nl + 1 : end;
        if (!nl) break;
        CLEANUP_JSON json_t *checked = NULL;
        rc = json_parse(line->data, line->size, "a row in the backup", &checked, err);
        if (!rc) rc = fn(ctx, (struct span){ line->data, line->size }, err);
        pab_buf_clear(line);
    }
    return rc;
}

static int each_row(const struct table *t, row_fn fn, void *ctx, struct pab_error *err)
{
    const struct pab_host *h = t->r->op->host;
    struct pab_reader *reader = NULL;
    struct pab_buf line = PAB_BUF_INIT(N8N_MAX_TEXT);
    char chunk[65536];
    int64_t n = 0;
    int rc = h->artifact_open(t->r->op, t->index, PAB_OPEN_DATA, &reader);
    if (rc) return pab_error_set(err, rc, 0, "cannot open the rows of '%s'", t->name);
    while (!rc && (n = h->artifact_read(reader, chunk, sizeof chunk)) > 0) rc = each_line(&line, chunk, (size_t)n, fn, ctx, err);
    if (n < 0) rc = pab_error_set(err, (int)n, 0, "cannot read the rows of '%s'", t->name);
    if (!rc && line.size) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the last row of '%s' is cut", t->name);
    h->artifact_close(reader);
    pab_buf_release(&line);
    return rc;
}

/* ---- are these rows there? Added up without order, ids and times. */

struct sum { uint64_t rows, sum; };

static int add_row(void *ctx, struct span row, struct pab_error *err)
{
    struct sum *s = ctx;
    (void)err;
    uint64_t all = 0;
    for (struct members m = members_of(row); members_next(&m);) {
        uint64_t h = UINT64_C(0xcbf29ce484222325);
        CLEANUP_FREE char *key = pab_strndup(m.key.p, m.key.n);
        if (is_own(key) || span_is_null(m.value)) continue;
        for (size_t i = 0; i < m.key.n; i++) h = (h ^ (unsigned char)m.key.p[i]) * UINT64_C(0x100000001b3);
        h = (h ^ 0xffu) * UINT64_C(0x100000001b3);
        for (size_t i = 0; i < m.value.n; i++) h = (h ^ (unsigned char)m.value.p[i]) * UINT64_C(0x100000001b3);
        all += h;
    }
    s->rows++;
    s->sum += all * (all | 1);
    return PAB_OK;
}

static int add_scanned(void *ctx, struct json_scan *s, struct pab_error *err)
{
    struct span text;
    int rc = json_scan_skip(s, err);
    if (rc) return rc;
    text.p = json_scan_raw(s, &text.n);
    return add_row(ctx, text, err);
}

static char *rows_path(const struct table *t, const char *more)
{
    CLEANUP_FREE char *escaped = rest_escape(t->target);
    return pab_sprintf(N8N_API "/data-tables/%s/rows%s", escaped, more);
}

/* ---- filling */

struct batch { struct table *t; struct pab_buf text; unsigned rows; };

static int send_batch(struct batch *b, struct pab_error *err)
{
    CLEANUP_FREE char *path = rows_path(b->t, "");
    if (!b->rows) return PAB_OK;
    pab_buf_adds(&b->text, "],\"returnType\":\"count\"}");
    int rc = rest_json(b->t->r->r, &(struct rest_req){ .path = path, .text = b->text.data, .text_size = b->text.size, .flags = REST_NO_BODY }, NULL, err);
    pab_buf_clear(&b->text);
    b->rows = 0;
    return rc;
}

static int add_to_batch(void *ctx, struct span row, struct pab_error *err)
{
    struct batch *b = ctx;
    int n = 0;
    pab_buf_adds(&b->text, b->rows++ ? ",{" : "{\"data\":[{");
    for (struct members m = members_of(row); members_next(&m);) {
        CLEANUP_FREE char *key = pab_strndup(m.key.p, m.key.n);
        if (is_own(key)) continue;
        pab_buf_addf(&b->text, "%s\"%s\":", n++ ? "," : "", key);
        pab_buf_add(&b->text, m.value.p, m.value.n);
    }
    pab_buf_addc(&b->text, '}');
    return b->rows < BATCH && b->text.size < BATCH_BYTES ? PAB_OK : send_batch(b, err);
}

static int fill(struct table *t, struct pab_error *err)
{
    struct batch b = { .t = t };
    int rc = each_row(t, add_to_batch, &b, err);
    if (!rc) rc = send_batch(&b, err);
    pab_buf_release(&b.text);
    return rc;
}

static int empty_table(struct table *t, struct pab_error *err)
{
    CLEANUP_FREE char *filter = rest_escape("{\"type\":\"and\",\"filters\":[{\"columnName\":\"id\",\"condition\":\"gte\",\"value\":0}]}");
    CLEANUP_FREE char *more = pab_sprintf("/delete?filter=%s", filter);
    CLEANUP_FREE char *path = rows_path(t, more);
    return rest_json(t->r->r, &(struct rest_req){ .method = "DELETE", .path = path, .flags = REST_NO_BODY }, NULL, err);
}

/* ---- one table */

static int make_table(struct table *t, struct pab_error *err)
{
    CLEANUP_JSON json_t *body = json_pack("{s:s, s:O}", "name", t->name, "columns", t->columns), *answer = NULL;
    int rc = rest_json(t->r->r, &(struct rest_req){ .path = N8N_API "/data-tables", .body = body }, &answer, err);
    const char *id = rc ? "" : json_text(answer, "id");
    if (!rc && !*id) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "the service does not tell the id of what it made");
    if (rc) return rc;
    json_object_set_new(t->r->tables, t->id, json_string(id));
    t->target = json_string_value(json_object_get(t->r->tables, t->id));
    return PAB_OK;
}

static int restore_existing(struct table *t, const char *object, struct pab_error *err)
{
    struct restoring *r = t->r;
    struct sum mine = { 0 }, theirs = { 0 };
    CLEANUP_FREE char *path = rows_path(t, "?sortBy=id%3Aasc");
    int force = (r->req->flags & PAB_RESTORE_FORCE) != 0;
    int rc = each_row(t, add_row, &mine, err);
    if (!rc) rc = n8n_list(r->r, path, add_scanned, &theirs, err);
    if (rc) return rc;
    int same = mine.rows == theirs.rows && mine.sum == theirs.sum;
    if (is_plan(r) && same) return restoring_plan(r, PAB_PLAN_KEEP, object, "data table '%s' is there with its rows", t->name);
    if (is_plan(r) && !theirs.rows) return restoring_plan(r, PAB_PLAN_OVERWRITE, object, "the empty data table '%s' is filled", t->name);
    if (is_plan(r)) return restoring_plan(r, force ? PAB_PLAN_OVERWRITE : PAB_PLAN_CONFLICT, object, "data table '%s' holds %llu other rows", t->name, (unsigned long long)theirs.rows);
    if (same) return PAB_OK;
    if (theirs.rows && !force) {
        rc = pab_error_set(err, PAB_E_REFUSED, 0, "data table '%s' holds %llu rows that are not those of the backup", t->name, (unsigned long long)theirs.rows);
        return pab_error_hint(err, rc, "use --force to replace them, or --object to leave this table out");
    }
    if (theirs.rows) rc = empty_table(t, err);
    return rc ? rc : fill(t, err);
}

static int restore_table(struct table *t, const char *object)
{
    struct pab_error err = { 0 };
    int rc;
    if (t->target) rc = restore_existing(t, object, &err);
    else if (is_plan(t->r)) return restoring_plan(t->r, PAB_PLAN_CREATE, object, "data table '%s' with its rows", t->name);
    else rc = make_table(t, &err);
    if (!rc && !is_plan(t->r) && !json_object_get(t->r->tables, t->id)) json_object_set_new(t->r->tables, t->id, json_string(t->target));
    return rc ? sup_fail(t->r->op, &err) : PAB_OK;
}

static const char *find_target(json_t *there, const struct table *t)
{
    const char *id;
    json_t *item;
    if (json_object_get(there, t->id)) return t->id;
    json_object_foreach(there, id, item)
        if (!strcmp(json_text(item, "name"), t->name)) return id;
    return NULL;
}

static int restore_at(struct restoring *r, uint32_t index, json_t *there)
{
    const struct pab_artifact_info *a = restoring_artifact(r, index);
    const char *text = info_fact(a, "columns");
    CLEANUP_JSON json_t *all = NULL, *columns = json_array();
    struct table t = { .r = r, .index = index, .id = info_fact(a, "id"), .name = info_fact(a, "name"), .columns = columns };
    struct pab_error err = { 0 };
    size_t i;
    json_t *c;
    if (json_parse(text, strlen(text), "the columns in the manifest", &all, &err)) return sup_fail(r->op, &err);
    /* in the order of the editor, which is not that of the answer */
    for (size_t at = 0, n = json_array_size(all); at < n; at++)
        json_array_foreach(all, i, c)
            if ((size_t)json_number(c, "index", (int64_t)i) == at) json_array_append_new(columns, json_pack("{s:s, s:s}", "name", json_text(c, "name"), "type", json_text(c, "type")));
    t.target = find_target(there, &t);
    int is_new = !t.target;
    if (t.target) json_object_set_new(r->tables, t.id, json_string(t.target));
    int rc = restore_table(&t, a->object);
    if (!rc && is_new && !is_plan(r) && fill(&t, &err)) rc = sup_fail(r->op, &err);
    return rc;
}

int restore_tables(struct restoring *r)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    for (uint32_t i = 0; i < r->req->artifact_count; i++) {
        if (strncmp(restoring_artifact(r, i)->object, "table:", 6)) continue;
        if (!there && n8n_ids(r->r, N8N_API "/data-tables", &there, &err)) {
            if (!n8n_is_missing(r->r, err.code)) return sup_fail(r->op, &err);
            pab_warn(r->op, "tables", "data tables are not restored: %s", err.message);
            return PAB_OK;
        }
        int rc = restore_at(r, i, there);
        if (rc) return rc;
    }
    return PAB_OK;
}
