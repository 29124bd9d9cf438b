/* schema.c - constraints and indexes as the statements that make them, which the server itself gives: names, kinds and options (full-text
 * analysers, vector dimensions) are in them. Lookup indexes are left out: every database has them from the start. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define SCHEMA_MAX_BYTES (16u << 20)
#define WAIT_MS 500
#define BUILD_MS (6u * 3600 * 1000)     /* a constraint's index is built before the server says a word */

/* The server doubles the backquotes of names in its statements, and leaves backslashes as they are: as a statement it would read them otherwise. */
static char *with_names_escaped(const char *statement)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    char quote = '\0';
    for (const char *p = statement; *p; p++) {
        if (quote == '`') {
            neo4j_name_byte(&b, p);
            if (*p == '`') quote = '\0';
            continue;
        }
        pab_buf_addc(&b, *p);
        if (quote && *p == '\\' && p[1]) pab_buf_addc(&b, *++p);
        else if (quote) quote = *p == quote ? '\0' : quote;
        else if (*p == '`' || *p == '\'' || *p == '"') quote = *p;
    }
    char *ret = pab_strdup(pab_buf_str(&b));
    pab_buf_release(&b);
    return ret;
}

static int take_statement(void *ctx, const json_t *row, struct pab_error *err)
{
    const char *text = json_string_value(json_array_get(row, 0));
    if (!text) return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: a constraint or index without a statement that makes it");
    CLEANUP_FREE char *escaped = with_names_escaped(text);
    pab_strs_add(ctx, escaped);
    return PAB_OK;
}

static int take_text(void *ctx, const json_t *row, struct pab_error *err)
{
    const char *text = json_string_value(json_array_get(row, 0));
    if (!text) return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: a constraint or index without a name");
    pab_strs_add(ctx, text);
    return PAB_OK;
}

typedef int (*take)(void *ctx, const json_t *row, struct pab_error *err);

static int list(struct neo4j_server *s, const char *statement, take row, struct pab_strs *ret, struct pab_error *err)
{
    return neo4j_query(s, &(struct neo4j_query){ .statement = statement, .row = row, .ctx = ret }, err);
}

int schema_read(struct neo4j_server *s, struct schema *ret, struct pab_error *err)
{
    int rc = list(s, "SHOW CONSTRAINTS YIELD name, createStatement RETURN createStatement ORDER BY name", take_statement, &ret->constraints, err);
    if (rc) return rc;
    return list(s, "SHOW INDEXES YIELD name, type, owningConstraint, createStatement WHERE owningConstraint IS NULL AND type <> 'LOOKUP' "
                   "RETURN createStatement ORDER BY name", take_statement, &ret->indexes, err);
}

void schema_release(struct schema *s)
{
    pab_strs_release(&s->constraints);
    pab_strs_release(&s->indexes);
}

static void add_all(struct pab_buf *b, const struct pab_strs *statements, const char *title)
{
    if (statements->count) pab_buf_addf(b, "\n// %s\n", title);
    for (size_t i = 0; i < statements->count; i++) pab_buf_addf(b, "%s;\n", statements->items[i]);
}

int schema_export(struct pab_op *op, const struct schema *s, const char *database, const char *version)
{
    const struct pab_host *h = op->host;
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_STREAM, .category = PAB_CAT_DATABASES, .stem = SCHEMA_STEM, .extension = "cypher",
                                      .object = database, .media_type = "application/x-cypher-query", .size_hint = PAB_SIZE_UNKNOWN };
    struct pab_artifact *a = NULL;
    struct pab_buf b = PAB_BUF_INIT(0);
    int rc = h->artifact_begin(op, &desc, &a);
    if (rc) return rc;
    pab_buf_addf(&b, "// Constraints and indexes of a Neo4j %s database\n", version);
    add_all(&b, &s->constraints, "constraints");
    add_all(&b, &s->indexes, "indexes");
    rc = h->artifact_write(a, b.data, b.size);
    pab_buf_release(&b);
    if (!rc) rc = h->artifact_count(a, "constraints", s->constraints.count);
    if (!rc) rc = h->artifact_count(a, "indexes", s->indexes.count);
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

/* Where the statement at p ends: at a semicolon that stands neither in quotes nor in a name. NULL: nowhere. */
static const char *end_of_statement(const char *p)
{
    char quote = '\0';
    for (; *p; p++) {
        if (quote) {
            if (*p == '\\' && quote != '`' && p[1]) p++;
            else if (*p == quote) quote = '\0';
        } else if (*p == ';') {
            return p;
        } else if (*p == '`' || *p == '\'' || *p == '"') {
            quote = *p;
        }
    }
    return NULL;
}

static const char *skip_comments(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (p[0] != '/' || p[1] != '/') return p;
        p += strcspn(p, "\n");
    }
}

static int parse(const char *text, const char *path, struct schema *ret, struct pab_error *err)
{
    for (const char *p = skip_comments(text); *p; p = skip_comments(p)) {
        const char *end = end_of_statement(p);
        if (!end) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': a statement does not end", path);
        CLEANUP_FREE char *statement = pab_strndup(p, (size_t)(end - p));
        if (!pab_str_has_prefix(statement, "CREATE ")) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': a statement does not create anything", path);
        pab_strs_add(pab_str_has_prefix(statement, "CREATE CONSTRAINT ") ? &ret->constraints : &ret->indexes, statement);
        p = end + 1;
    }
    return PAB_OK;
}

int schema_import(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a, struct schema *ret)
{
    const struct pab_host *h = op->host;
    struct pab_buf b = PAB_BUF_INIT(SCHEMA_MAX_BYTES);
    struct pab_reader *r = NULL;
    struct pab_error err = { 0 };
    char chunk[8192];
    int64_t n = 0;
    int rc = h->artifact_open(op, index, PAB_OPEN_DATA, &r);
    if (rc) return rc;
    while (!rc && (n = h->artifact_read(r, chunk, sizeof chunk)) > 0) rc = pab_buf_add(&b, chunk, (size_t)n);
    h->artifact_close(r);
    if (rc) pab_error_set(&err, PAB_E_CORRUPT, 0, "'%s' is too large for constraints and indexes", a->path);
    else if (n < 0) rc = (int)n;
    else if (!pab_utf8_valid(pab_buf_str(&b), b.size) || strlen(pab_buf_str(&b)) != b.size) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "'%s' is not text", a->path);
    else rc = parse(pab_buf_str(&b), a->path, ret, &err);
    pab_buf_release(&b);
    return err.code ? sup_fail(op, &err) : rc;
}

static int has(const struct pab_strs *list, const char *text)
{
    for (size_t i = 0; i < list->count; i++)
        if (!strcmp(list->items[i], text)) return 1;
    return 0;
}

/* An index of a newer version, or a constraint of another edition: the graph is worth having without it. */
static int is_refusal(const struct neo4j_server *s, int rc)
{
    return rc == PAB_E_UNSUPPORTED || (rc == PAB_E_UNREACHABLE && rest_status(s->rest) >= 500);
}

static int create_all(struct neo4j_server *s, struct pab_op *op, const struct pab_strs *wanted, const struct pab_strs *there, struct pab_error *err)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < wanted->count; i++) {
        if (has(there, wanted->items[i])) continue;
        rc = neo4j_query(s, &(struct neo4j_query){ .statement = wanted->items[i], .flags = QUERY_WRITE, .timeout_ms = BUILD_MS }, err);
        if (!rc || !is_refusal(s, rc)) continue;
        pab_warn(op, s->n->database, "refused by the server and left out: %s (%s)", wanted->items[i], err->message);
        pab_error_clear(err);
        rc = PAB_OK;
    }
    return rc;
}

struct waiting { int64_t building; char *failed; };

static int take_state(void *ctx, const json_t *row, struct pab_error *err)
{
    struct waiting *w = ctx;
    const char *name = json_string_value(json_array_get(row, 0)), *state = json_string_value(json_array_get(row, 1));
    if (!name || !state) return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: an index without a name or state");
    if (!strcmp(state, "FAILED")) return pab_error_set(err, PAB_E_TOOL, 0, "neo4j: index '%s' could not be built", name);
    w->building++;
    return PAB_OK;
}

/* Asked again and again, where db.awaitIndexes() would be silent for as long as it takes. */
static int await_indexes(struct neo4j_server *s, struct pab_op *op, struct pab_error *err)
{
    for (;;) {
        struct waiting w = { 0 };
        int rc = neo4j_query(s, &(struct neo4j_query){ .statement = "SHOW INDEXES YIELD name, state WHERE state <> 'ONLINE' RETURN name, state", .row = take_state, .ctx = &w }, err);
        if (rc || !w.building) return rc;
        op->host->progress(op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = "building indexes", .done = 0, .total = (uint64_t)w.building, .unit = "indexes" });
        if (op->host->sleep_ms(op, WAIT_MS)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled while indexes were built");
    }
}

int schema_create(struct neo4j_server *s, struct pab_op *op, const struct schema *wanted, struct pab_error *err)
{
    CLEANUP(schema_release) struct schema there = { 0 };
    int rc = schema_read(s, &there, err);
    if (!rc) rc = create_all(s, op, &wanted->constraints, &there.constraints, err);
    if (!rc) rc = create_all(s, op, &wanted->indexes, &there.indexes, err);
    return rc ? rc : await_indexes(s, op, err);
}

static int drop_all(struct neo4j_server *s, const struct pab_strs *names, const char *kind, struct pab_error *err)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < names->count; i++) {
        struct pab_buf b = PAB_BUF_INIT(0);
        pab_buf_addf(&b, "DROP %s ", kind);
        neo4j_quote(&b, names->items[i]);
        rc = neo4j_query(s, &(struct neo4j_query){ .statement = b.data, .flags = QUERY_WRITE }, err);
        pab_buf_release(&b);
    }
    return rc;
}

int schema_drop(struct neo4j_server *s, struct pab_error *err)
{
    struct pab_strs constraints = { 0 }, indexes = { 0 };
    int rc = list(s, "SHOW CONSTRAINTS YIELD name RETURN name", take_text, &constraints, err);
    if (!rc) rc = drop_all(s, &constraints, "CONSTRAINT", err);
    if (!rc) rc = list(s, "SHOW INDEXES YIELD name, type, owningConstraint WHERE owningConstraint IS NULL AND type <> 'LOOKUP' RETURN name", take_text, &indexes, err);
    if (!rc) rc = drop_all(s, &indexes, "INDEX", err);
    pab_strs_release(&constraints);
    pab_strs_release(&indexes);
    return rc;
}
