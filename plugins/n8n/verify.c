/* verify.c - everything is parsed, counted and compared: the counts with the manifest, the file of each workflow with its place in
 * the one of all. */
#include <string.h>
#include "plugins/n8n/n8n.h"

struct verifying {
    struct pab_op *op;
    const struct pab_verify_req *req;
    json_t *in_all, *single;    /* id -> hash of the workflow's members; in_all NULL: there is no file of all */
};

struct member_sum { uint64_t hash; char *id; int has_nodes; };

static uint64_t add_bytes(uint64_t h, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)p[i]) * UINT64_C(0x100000001b3);
    return h;
}

static int sum_member(void *ctx, const char *key, struct span value, struct pab_error *err)
{
    struct member_sum *m = ctx;
    (void)err;
    m->hash = add_bytes(add_bytes(m->hash, key, strlen(key) + 1), value.p, value.n);
    if (!strcmp(key, "id") && !m->id) m->id = span_string(value);
    if (!strcmp(key, "nodes") && value.n && *value.p == '[') m->has_nodes = 1;
    return PAB_OK;
}

static int read_workflow(struct json_scan *s, json_t *into, struct pab_error *err)
{
    struct member_sum m = { .hash = UINT64_C(0xcbf29ce484222325) };
    int rc = n8n_object(s, sum_member, &m, err);
    if (!rc && (!m.id || !*m.id)) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "a workflow has no id");
    if (!rc && !m.has_nodes) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "workflow '%s' has no list of nodes", m.id);
    if (!rc && json_object_get(into, m.id)) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "workflow '%s' is there twice", m.id);
    if (!rc) json_object_set_new(into, m.id, json_integer((json_int_t)m.hash));
    free(m.id);
    return rc;
}

static int read_array(struct json_scan *s, json_t *workflows, uint64_t *count, struct pab_error *err)
{
    int rc = json_scan_array(s, err);
    while (!rc && !(rc = json_scan_more(s, err))) {
        rc = workflows ? read_workflow(s, workflows, err) : json_scan_skip(s, err);
        ++*count;
    }
    return rc == PAB_END ? json_scan_end(s, err) : rc;
}

/* JSON lines: any number of values, one after the other. */
static int read_lines(struct verifying *v, uint32_t index, uint64_t *count)
{
    const struct pab_host *h = v->op->host;
    struct pab_reader *reader = NULL;
    struct pab_buf line = PAB_BUF_INIT(N8N_MAX_TEXT);
    struct pab_error err = { 0 };
    char chunk[65536];
    int64_t n = 0;
    int rc = h->artifact_open(v->op, index, PAB_OPEN_DATA, &reader);
    while (!rc && (n = h->artifact_read(reader, chunk, sizeof chunk)) > 0) {
        for (const char *p = chunk, *end = chunk + n; !rc && p < end;) {
            const char *nl = memchr(p, '\n', (size_t)(end - p)), *to = nl ? nl : end;
            if (pab_buf_add(&line, p, (size_t)(to - p))) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "a line is longer than %u MiB", N8N_MAX_TEXT >> 20);
            p = nl ? nl + 1 : end;
            if (rc || !nl) continue;
            CLEANUP_JSON json_t *row = NULL;
            rc = json_parse(line.data, line.size, "a row", &row, &err);
            if (!rc && !json_is_object(row)) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "a row is not an object");
            ++*count;
            pab_buf_clear(&line);
        }
    }
    if (n < 0) rc = (int)n;
    if (!rc && line.size) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "the last line is cut");
    h->artifact_close(reader);
    pab_buf_release(&line);
    return rc && err.code ? sup_fail(v->op, &err) : rc;
}

static int compare_count(struct verifying *v, const struct pab_artifact_info *a, const char *key, uint64_t found)
{
    uint64_t stored = info_count(a, key);
    if (stored == UINT64_MAX || stored == found) return PAB_OK;
    return pab_fail(v->op, PAB_E_CORRUPT, 0, NULL, "'%s' holds %llu %s, %llu were stored", a->path, (unsigned long long)found, key, (unsigned long long)stored);
}

static int verify_json(struct verifying *v, const struct pab_artifact_info *a, uint32_t index)
{
    struct stored s;
    struct pab_error err = { 0 };
    uint64_t count = 0;
    int all = !strcmp(a->object, "workflows"), one = !strncmp(a->object, "workflow:", 9);
    int rc = stored_open(&s, v->op, index, a->path);
    if (rc) return rc;
    if (all) v->in_all = json_object();
    if (one) {
        rc = read_workflow(s.scan, v->single, &err);
        if (!rc) rc = json_scan_end(s.scan, &err);
    } else {
        rc = read_array(s.scan, all ? v->in_all : NULL, &count, &err);
    }
    rc = stored_close(&s, rc, &err);
    if (rc || one) return rc;
    return compare_count(v, a, strcmp(a->object, "credentials_encrypted") ? a->object : "credentials", count);
}

static int verify_one(struct verifying *v, const struct pab_artifact_info *a, uint32_t index)
{
    uint64_t rows = 0;
    if (strncmp(a->object, "table:", 6)) return verify_json(v, a, index);
    int rc = read_lines(v, index, &rows);
    return rc ? rc : compare_count(v, a, "rows", rows);
}

/* Each file of one workflow says what the file of all says, and none is missing on either side. */
static int compare_files(struct verifying *v)
{
    const char *id;
    json_t *hash;
    if (!v->in_all) return PAB_OK;
    json_object_foreach(v->single, id, hash)
        if (!json_equal(hash, json_object_get(v->in_all, id)))
            return pab_fail(v->op, PAB_E_CORRUPT, 0, NULL, "workflow '%s' differs between its own file and that of all workflows", id);
    json_object_foreach(v->in_all, id, hash)
        if (!json_object_get(v->single, id)) return pab_fail(v->op, PAB_E_CORRUPT, 0, NULL, "workflow '%s' has no file of its own", id);
    return PAB_OK;
}

/* Without reading: as many files as were counted. */
static int compare_numbers(struct verifying *v)
{
    uint64_t single = 0;
    const struct pab_artifact_info *all = NULL;
    for (uint32_t i = 0; i < v->req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(v->req, i);
        if (!strncmp(a->object, "workflow:", 9)) single++;
        if (!strcmp(a->object, "workflows")) all = a;
    }
    return all ? compare_count(v, all, "workflows", single) : PAB_OK;
}

int n8n_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    CLEANUP_JSON json_t *single = json_object();
    struct verifying v = { .op = op, .req = req, .single = single };
    (void)instance;
    int rc = compare_numbers(&v);
    for (uint32_t i = 0; !rc && (req->flags & PAB_VERIFY_CONTENT) && i < req->artifact_count; i++)
        rc = verify_one(&v, info_of(req, i), i);
    if (!rc) rc = compare_files(&v);
    json_decref(v.in_all);
    return rc;
}
