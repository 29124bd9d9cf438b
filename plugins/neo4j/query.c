/* query.c - statements over the Query API (POST /db/NAME/query/v2): see neo4j.h. An error that comes up while rows are sent stands at
 * the end of an answer whose status said 202, so nothing counts before the end of the text was seen. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

void neo4j_disconnect(struct neo4j_server *s)
{
    rest_close(s->rest);
    free(s->version);
    free(s->edition);
    memset(s, 0, sizeof *s);
}

/* GET / answers whoever asks: the version, before the first statement. */
static int greet(struct neo4j_server *s, struct pab_error *err)
{
    CLEANUP_JSON json_t *o = NULL;
    int rc = rest_json(s->rest, &(struct rest_req){ .path = "/" }, &o, err);
    if (rc) return rc;
    if (!*json_text(o, "neo4j_version"))
        return pab_error_hint(err, pab_error_set(err, PAB_E_UNSUPPORTED, 0, "what answers is not Neo4j"), "url is the HTTP address of the server, by default http://localhost:7474");
    s->version = pab_strdup(json_text(o, "neo4j_version"));
    s->edition = pab_strdup(json_text(o, "neo4j_edition"));
    return PAB_OK;
}

static int is_too_old(const char *version)
{
    int major = 0, minor = 0;
    return sscanf(version, "%d.%d", &major, &minor) == 2 && (major < 5 || (major == 5 && minor < 23));
}

int neo4j_greet(const struct neo4j *n, struct pab_op *op, struct neo4j_server *ret, struct pab_error *err)
{
    struct rest_opts o = { .service = "neo4j", .user = n->user, .password = n->password };
    *ret = (struct neo4j_server){ .n = n };
    rest_options(op, n->config, &o);
    int rc = rest_open(op, &o, &ret->rest, err);
    return rc ? rc : greet(ret, err);
}

int neo4j_connect(const struct neo4j *n, struct pab_op *op, struct neo4j_server *ret)
{
    struct pab_error err = { 0 };
    int64_t ignored;
    int rc = neo4j_greet(n, op, ret, &err);
    if (!rc && is_too_old(ret->version)) {
        pab_error_set(&err, PAB_E_UNSUPPORTED, 0, "Neo4j %s has no Query API", ret->version);
        rc = pab_error_hint(&err, PAB_E_UNSUPPORTED, "it came with 5.23: use method cold or dump");
    }
    if (!rc) rc = neo4j_number(ret, "RETURN 1", &ignored, &err);
    return rc ? sup_fail(op, &err) : PAB_OK;
}

/* "Neo.TransientError.Transaction.DeadlockDetected" */
static int code_of(const char *code)
{
    if (strstr(code, ".TransientError.")) return PAB_E_BUSY;
    if (strstr(code, ".Security.")) return PAB_E_AUTH;
    if (strstr(code, ".Database.DatabaseNotFound")) return PAB_E_NOT_FOUND;
    return strstr(code, ".ClientError.") ? PAB_E_UNSUPPORTED : PAB_E_TOOL;
}

static int judge_errors(const json_t *errors, struct pab_error *err)
{
    const json_t *first = json_array_get(errors, 0);
    if (json_is_array(errors) && !first) return PAB_OK;
    const char *code = json_text(first, "code");
    CLEANUP_FREE char *message = pab_str_printable(json_text(first, "message"));
    CLEANUP_FREE char *quoted = pab_str_printable(code);
    return pab_error_set(err, code_of(code), 0, "neo4j: the statement failed: %s (%s)", message, quoted);
}

static int read_rows(struct json_scan *scan, const struct neo4j_query *q, struct pab_error *err)
{
    int rc = json_scan_array(scan, err);
    while (!rc && !(rc = json_scan_more(scan, err))) {
        CLEANUP_JSON json_t *row = NULL;
        rc = q->row ? json_scan_value(scan, &row, err) : json_scan_skip(scan, err);
        if (!rc && q->row && !json_is_array(row)) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: a row of the answer is not a list");
        if (!rc && q->row) rc = q->row(q->ctx, row, err);
    }
    return rc == PAB_END ? PAB_OK : rc;
}

static int read_data(struct json_scan *scan, const struct neo4j_query *q, int *values, struct pab_error *err)
{
    const char *key;
    int rc = json_scan_object(scan, err);
    while (!rc && !(rc = json_scan_key(scan, &key, err))) {
        if (strcmp(key, "values") != 0) {
            rc = json_scan_skip(scan, err);
        } else {
            *values = 1;
            rc = read_rows(scan, q, err);
        }
    }
    return rc == PAB_END ? PAB_OK : rc;
}

static int read_answer(struct json_scan *scan, const struct neo4j_query *q, struct pab_error *err)
{
    const char *key;
    int values = 0, rc = json_scan_object(scan, err);
    while (!rc && !(rc = json_scan_key(scan, &key, err))) {
        CLEANUP_JSON json_t *errors = NULL;
        if (!strcmp(key, "data")) rc = read_data(scan, q, &values, err);
        else if (strcmp(key, "errors") != 0) rc = json_scan_skip(scan, err);
        else if (!(rc = json_scan_value(scan, &errors, err))) rc = judge_errors(errors, err);
    }
    if (rc == PAB_END) rc = json_scan_end(scan, err);
    if (!rc && !values) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: the answer has no values");
    return rc;
}

static void add_body(struct pab_buf *b, const struct neo4j_query *q)
{
    CLEANUP_JSON json_t *statement = json_string(q->statement);
    CLEANUP_FREE char *quoted = json_line(statement);
    pab_buf_addf(b, "{\"statement\":%s", quoted);
    if (q->rows) {
        pab_buf_adds(b, ",\"parameters\":{\"rows\":");
        pab_buf_adds(b, q->rows);
        pab_buf_addc(b, '}');
    }
    pab_buf_addf(b, ",\"accessMode\":\"%s\"}", q->flags & QUERY_WRITE ? "WRITE" : "READ");
}

int neo4j_query(struct neo4j_server *s, const struct neo4j_query *q, struct pab_error *err)
{
    struct pab_buf body = PAB_BUF_INIT(0);
    CLEANUP_FREE char *database = rest_escape(s->n->database);
    CLEANUP_FREE char *path = pab_sprintf("/db/%s/query/v2", database);
    struct json_scan *scan = NULL;
    add_body(&body, q);
    struct rest_req r = { .path = path, .text = body.data, .text_size = body.size, .content_type = q->rows && !(q->flags & QUERY_PLAIN_ROWS) ? NEO4J_TYPED : NULL,
                          .accept = q->flags & QUERY_TYPED ? NEO4J_TYPED : NULL, .flags = q->flags & QUERY_WRITE ? 0 : REST_REPEATABLE, .timeout_ms = q->timeout_ms };
    int rc = rest_scan(s->rest, &r, &scan, err);
    if (!rc) rc = read_answer(scan, q, err);
    if (scan) rest_scan_free(s->rest, scan);
    pab_buf_release(&body);
    return rc;
}

struct single { int64_t value; int rows; };

static int take_number(void *ctx, const json_t *row, struct pab_error *err)
{
    struct single *one = ctx;
    const json_t *v = json_array_get(row, 0);
    if (!json_is_integer(v) || one->rows++) return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: the answer is not one whole number");
    one->value = (int64_t)json_integer_value(v);
    return PAB_OK;
}

int neo4j_number(struct neo4j_server *s, const char *statement, int64_t *ret, struct pab_error *err)
{
    struct single one = { 0 };
    int rc = neo4j_query(s, &(struct neo4j_query){ .statement = statement, .row = take_number, .ctx = &one }, err);
    if (rc) return rc;
    if (!one.rows) return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: the answer to '%s' is empty", statement);
    *ret = one.value;
    return PAB_OK;
}

void neo4j_name_byte(struct pab_buf *b, const char *p)
{
    if (p[0] == '\\' && p[1] == 'u') pab_buf_adds(b, "\\u005c");
    else pab_buf_addc(b, *p);
}

void neo4j_quote(struct pab_buf *b, const char *name)
{
    pab_buf_addc(b, '`');
    for (; *name; name++) {
        if (*name == '`') pab_buf_addc(b, '`');
        neo4j_name_byte(b, name);
    }
    pab_buf_addc(b, '`');
}
