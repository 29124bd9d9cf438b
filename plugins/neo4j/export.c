/* export.c - a running server's graph and schema as two artifacts. What is written to meanwhile moves under the reader: the counts before
 * and after tell; then all is read once more, and what still does not fit together is left out and told. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define CHUNK (256u << 10)
#define NAMED_COUNTS 200

struct out {
    const struct pab_host *host;
    struct pab_artifact *artifact;
    struct pab_buf buf;
};

static int flush(struct out *o)
{
    int rc = o->buf.size ? o->host->artifact_write(o->artifact, o->buf.data, o->buf.size) : PAB_OK;
    pab_buf_clear(&o->buf);
    return rc;
}

static int put_line(void *ctx, const char *line, struct pab_error *err)
{
    struct out *o = ctx;
    (void)err;
    pab_buf_adds(&o->buf, line);
    pab_buf_addc(&o->buf, '\n');
    return o->buf.size < CHUNK ? PAB_OK : flush(o);
}

static int put_json(struct out *o, json_t *value, struct pab_error *err)
{
    CLEANUP_FREE char *line = value ? json_dumps(value, JSON_COMPACT) : NULL;
    json_decref(value);
    return line ? put_line(o, line, err) : pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a line of the graph");
}

/* Both directions of "the same": how many there are, and whether what was read fits together. */
static int moved(const struct tally *t, const struct graph_size *before, const struct graph_size *after)
{
    return t->repeated || t->dangling || before->nodes != after->nodes || before->relationships != after->relationships ||
           t->node_count != (uint64_t)after->nodes || t->relationship_count != (uint64_t)after->relationships;
}

static int put_counts(struct out *o, const json_t *counts, const char *kind)
{
    const char *name;
    json_t *n;
    int rc = PAB_OK;
    if (json_object_size(counts) > NAMED_COUNTS) return PAB_OK; /* the trailer has them all */
    json_object_foreach((json_t *)(uintptr_t)counts, name, n) {
        CLEANUP_FREE char *key = pab_sprintf("%s %s", kind, name);
        if (!rc) rc = o->host->artifact_count(o->artifact, key, (uint64_t)json_integer_value(n));
    }
    return rc;
}

static int put_facts(struct out *o, const struct neo4j_server *s, const struct tally *t)
{
    char digest[33];
    pab_hex(t->digest, sizeof t->digest, digest);
    int rc = o->host->artifact_fact(o->artifact, "server", s->version);
    if (!rc) rc = o->host->artifact_fact(o->artifact, "database", s->n->database);
    if (!rc) rc = o->host->artifact_fact(o->artifact, "digest", digest);
    if (!rc) rc = o->host->artifact_fact(o->artifact, "consistency", "not a point in time");
    if (!rc) rc = o->host->artifact_count(o->artifact, "nodes", t->node_count);
    if (!rc) rc = o->host->artifact_count(o->artifact, "relationships", t->relationship_count);
    if (!rc) rc = put_counts(o, t->labels, "label");
    if (!rc) rc = put_counts(o, t->types, "type");
    return rc;
}

static int write_graph(struct out *o, struct pab_op *op, struct neo4j_server *s, struct tally *t, struct pab_error *err)
{
    struct scan scan = { .server = s, .op = op, .tally = t, .line = put_line, .ctx = o };
    int rc = put_json(o, json_pack("{s:s, s:i, s:s, s:s}", "format", GRAPH_FORMAT, "version", 1, "server", s->version, "database", s->n->database), err);
    if (!rc) rc = scan_graph(&scan, err);
    if (!rc) rc = put_json(o, tally_trailer(t), err);
    return rc ? rc : flush(o);
}

static void tell_moved(struct pab_op *op, const struct tally *t)
{
    if (t->dangling) pab_warn(op, GRAPH_STEM, "%llu relationships were left out: a node of theirs was made while the graph was read", (unsigned long long)t->dangling);
    pab_warn(op, GRAPH_STEM, "the graph was written to while it was read, twice: it is not of one moment; stop what writes to it, or use method cold or dump");
}

/* *again: the graph moved, and nothing is kept of this attempt. */
static int attempt(const struct neo4j *n, struct pab_op *op, struct neo4j_server *s, int last, int *again)
{
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_STREAM, .category = PAB_CAT_DATABASES, .stem = GRAPH_STEM, .extension = "jsonl",
                                      .object = n->database, .media_type = "application/jsonl", .size_hint = PAB_SIZE_UNKNOWN };
    struct out o = { .host = op->host, .buf = PAB_BUF_INIT(0) };
    struct graph_size before, after;
    struct tally t;
    struct pab_error err = { 0 };
    int rc = tally_init(&t, op, &err);
    if (!rc) rc = graph_size(s, &before, &err);
    if (!rc) rc = op->host->artifact_begin(op, &desc, &o.artifact);
    if (!rc) rc = write_graph(&o, op, s, &t, &err);
    if (!rc) rc = graph_size(s, &after, &err);
    *again = !rc && moved(&t, &before, &after);
    if (*again && last) tell_moved(op, &t);
    if (rc) rc = verb_end(op, rc, &err);
    else if (!*again || last) rc = put_facts(&o, s, &t);
    if (!rc && (!*again || last)) rc = op->host->artifact_commit(o.artifact);
    else if (o.artifact) op->host->artifact_abort(o.artifact);
    pab_buf_release(&o.buf);
    tally_release(&t);
    return rc;
}

static int add_facts(struct pab_op *op, const struct neo4j_server *s)
{
    int rc = op->host->fact(op, "method", "logical");
    if (!rc) rc = op->host->fact(op, "server", s->version);
    if (!rc) rc = op->host->fact(op, "edition", s->edition);
    if (!rc) rc = op->host->fact(op, "consistency", "not a point in time");
    return rc;
}

static int add_object(struct pab_op *op, const struct neo4j *n)
{
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_DATABASES, .id = n->database, .kind = "graph", .size = PAB_SIZE_UNKNOWN,
                            .detail = "nodes, relationships, constraints and indexes" };
    return op->host->object_add(op, &o, NULL, 0);
}

int export_graph(const struct neo4j *n, struct pab_op *op)
{
    CLEANUP_SERVER struct neo4j_server s = { 0 };
    CLEANUP(schema_release) struct schema schema = { 0 };
    struct pab_error err = { 0 };
    int again = 1, rc = neo4j_connect(n, op, &s);
    if (!rc) rc = add_object(op, n);
    if (!rc) rc = add_facts(op, &s);
    if (!rc && schema_read(&s, &schema, &err)) rc = sup_fail(op, &err);
    for (int i = 0; !rc && again && i < 2; i++) {
        if (i) pab_log(op, PAB_LOG_INFO, "the graph was written to while it was read: it is read once more");
        rc = attempt(n, op, &s, i == 1, &again);
    }
    return rc ? rc : schema_export(op, &schema, n->database, s.version);
}
