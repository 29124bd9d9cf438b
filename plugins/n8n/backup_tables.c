/* backup_tables.c - data tables: their definitions in one list, the rows of each as JSON lines. Rows are counted by offset, too;
 * hence a second reading that only adds up, and a third time from the start when the two differ. */
#include <string.h>
#include "plugins/n8n/backup_private.h"

struct rows {
    struct taking *t;
    struct pab_artifact *a;     /* NULL: only added up */
    uint64_t count, sum;        /* of the rows' texts, whatever their order */
    int64_t last;               /* highest id so far: they come in order, so what does not rise came before */
};

static uint64_t mixed(struct span text)
{
    uint64_t h = UINT64_C(0xcbf29ce484222325);
    for (size_t i = 0; i < text.n; i++) h = (h ^ (unsigned char)text.p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static int add_row(void *ctx, struct json_scan *s, struct pab_error *err)
{
    struct rows *r = ctx;
    struct span text;
    int rc = json_scan_skip(s, err);
    if (rc) return rc;
    text.p = json_scan_raw(s, &text.n);
    struct span id = span_member(text, "id");
    int64_t number = id.p ? strtoll(id.p, NULL, 10) : 0;
    if (number && number <= r->last) return PAB_OK;
    if (number) r->last = number;
    r->count++;
    r->sum += mixed(text);
    if (!r->a) return PAB_OK;
    const struct pab_host *h = r->t->op->host;
    rc = h->artifact_write(r->a, text.p, text.n);
    if (!rc) rc = h->artifact_write(r->a, "\n", 1);
    return rc ? pab_error_set(err, rc, 0, "cannot write a row") : PAB_OK;
}

static int commit_rows(struct taking *t, struct rows *r, const json_t *table)
{
    const struct pab_host *h = t->op->host;
    CLEANUP_FREE char *columns = json_dumps(json_object_get(table, "columns"), JSON_COMPACT);
    int rc = h->artifact_count(r->a, "rows", r->count);
    if (!rc) rc = h->artifact_fact(r->a, "id", json_text(table, "id"));
    if (!rc) rc = h->artifact_fact(r->a, "name", json_text(table, "name"));
    if (!rc) rc = h->artifact_fact(r->a, "columns", columns ? columns : "[]");
    if (!rc) return h->artifact_commit(r->a);
    h->artifact_abort(r->a);
    return rc;
}

/* PAB_END: it moved, nothing is kept. */
static int take_rows(struct taking *t, const json_t *table, int last_try)
{
    const struct pab_host *h = t->op->host;
    const char *id = json_text(table, "id"), *name = json_text(table, "name");
    CLEANUP_FREE char *escaped = rest_escape(id);
    CLEANUP_FREE char *path = pab_sprintf(N8N_API "/data-tables/%s/rows?sortBy=id%%3Aasc", escaped);
    CLEANUP_FREE char *object = pab_sprintf("table:%s", id), *stem = pab_sprintf("n8n/data_tables/%s", id);
    struct rows rows = { .t = t, .last = INT64_MIN }, again = rows;
    struct pab_error err = { 0 };
    int rc = taking_begin(t, object, "object", name, stem, "jsonl", 0, &rows.a);
    if (rc) return rc;
    rc = n8n_list(t->r, path, add_row, &rows, &err);
    if (!rc) rc = n8n_list(t->r, path, add_row, &again, &err);
    int moved = !rc && (rows.count != again.count || rows.sum != again.sum);
    if (!rc && moved && last_try) pab_warn(t->op, object, "data table '%s' changed while it was read: its rows are of more than one moment", name);
    if (!rc && (!moved || last_try)) return commit_rows(t, &rows, table);
    h->artifact_abort(rows.a);
    if (!rc) return PAB_END;
    if (rc == PAB_E_UNSUPPORTED && rest_status(t->r) == 200) {
        pab_warn(t->op, object, "the rows of data table '%s' are not in the backup: %s", name, err.message);
        return PAB_OK;
    }
    rc = n8n_excuse(t->op, t->r, "rows of data tables", "dataTableRow:read", &err);
    return rc ? sup_fail(t->op, &err) : PAB_OK;
}

static int add_table(void *ctx, struct json_scan *s, struct pab_error *err)
{
    json_t *table = NULL;
    int rc = json_scan_value(s, &table, err);
    if (!rc) json_array_append_new(ctx, table);
    return rc;
}

int backup_tables(struct taking *t)
{
    CLEANUP_JSON json_t *tables = json_array(), *seen = json_object();
    struct pab_error err = { 0 };
    size_t i;
    json_t *table;
    if (!sup_wanted(t->op, "tables")) return PAB_OK;
    int rc = taking_list(t, "tables", "n8n/data_tables", N8N_API "/data-tables", "data tables", "dataTable:list");
    if (rc) return rc;
    rc = n8n_list(t->r, N8N_API "/data-tables", add_table, tables, &err);
    if (rc) return n8n_is_missing(t->r, rc) ? PAB_OK : sup_fail(t->op, &err);
    json_array_foreach(tables, i, table) {
        const char *id = json_text(table, "id");
        if (!*id || json_object_get(seen, id)) continue;
        json_object_set_new(seen, id, json_true());
        rc = take_rows(t, table, 0);
        if (rc == PAB_END) rc = take_rows(t, table, 1);
        if (rc) return rc;
    }
    return PAB_OK;
}
