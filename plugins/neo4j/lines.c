/* lines.c - see neo4j.h. Each line is checked against the format, and their order, too: header, nodes, relationships, trailer. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define CHUNK (128u << 10)

struct lines {
    const struct pab_host *host;
    struct pab_reader *reader;
    const char *path;
    struct pab_buf buf;
    size_t at;                  /* of the line that comes next */
    uint64_t number;
};

static int fill(struct lines *l, int64_t *got, struct pab_error *err)
{
    memmove(l->buf.data, l->buf.data + l->at, l->buf.size - l->at);
    l->buf.size -= l->at;
    l->at = 0;
    if (pab_buf_reserve(&l->buf, CHUNK)) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': line %llu is longer than %u bytes", l->path, (unsigned long long)l->number + 1, LINE_MAX_BYTES);
    *got = l->host->artifact_read(l->reader, l->buf.data + l->buf.size, CHUNK);
    if (*got < 0) return (int)*got;
    l->buf.size += (size_t)*got;
    return PAB_OK;
}

/* PAB_END after the last line. */
static int next_line(struct lines *l, const char **ret, size_t *size, struct pab_error *err)
{
    size_t looked = 0;
    for (;;) {
        const char *start = l->buf.data + l->at;
        const char *end = l->buf.size > l->at + looked ? memchr(start + looked, '\n', l->buf.size - l->at - looked) : NULL;
        if (end) {
            *ret = start;
            *size = (size_t)(end - start);
            l->at += *size + 1;
            l->number++;
            return PAB_OK;
        }
        looked = l->buf.size - l->at;
        int64_t got = 0;
        int rc = fill(l, &got, err);
        if (rc) return rc;
        if (got) continue;
        return looked ? pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' ends in the middle of line %llu", l->path, (unsigned long long)l->number + 1) : PAB_END;
    }
}

static int wrong(const struct lines *l, struct pab_error *err, const char *what)
{
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s': line %llu: %s", l->path, (unsigned long long)l->number, what);
}

static int take_header(const struct lines *l, struct graph_reader *g, json_t *o, struct pab_error *err)
{
    if (strcmp(json_text(o, "format"), GRAPH_FORMAT) != 0) return wrong(l, err, "it is not the header of a graph");
    if (json_number(o, "version", 0) != 1) {
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is of version %lld of its format; this pabengine knows version 1", l->path, (long long)json_number(o, "version", 0));
        return pab_error_hint(err, PAB_E_UNSUPPORTED, "use a newer pabengine");
    }
    g->header = json_incref(o);
    return PAB_OK;
}

static int id_of(const json_t *o, const char *key, uint64_t *ret)
{
    const json_t *v = json_object_get(o, key);
    if (!json_is_integer(v) || json_integer_value(v) < 0) return -1;
    *ret = (uint64_t)json_integer_value(v);
    return 0;
}

static int take_node(const struct lines *l, struct graph_reader *g, const json_t *o, struct pab_error *err)
{
    uint64_t id = 0;
    json_t *labels = json_object_get(o, "l"), *properties = json_object_get(o, "p");
    if (id_of(o, "n", &id) || !json_is_array(labels) || !json_is_object(properties)) return wrong(l, err, "it is not a node");
    for (size_t i = 0; i < json_array_size(labels); i++)
        if (!json_is_string(json_array_get(labels, i))) return wrong(l, err, "a label is not a text");
    return g->node(g->ctx, id, labels, properties, err);
}

static int take_relationship(const struct lines *l, struct graph_reader *g, const json_t *o, struct pab_error *err)
{
    struct relationship r = { .type = json_string_value(json_object_get(o, "t")), .properties = json_object_get(o, "p") };
    if (id_of(o, "r", &r.id) || id_of(o, "s", &r.start) || id_of(o, "e", &r.end) || !r.type || !json_is_object(r.properties))
        return wrong(l, err, "it is not a relationship");
    return g->relationship(g->ctx, &r, err);
}

enum part { HEADER, NODES, RELATIONSHIPS, TRAILER };

static int take(const struct lines *l, struct graph_reader *g, enum part *part, json_t *o, struct pab_error *err)
{
    enum part mine = *part == HEADER ? HEADER : json_object_get(o, "n") ? NODES : json_object_get(o, "r") ? RELATIONSHIPS : TRAILER;
    if (*part == TRAILER) return wrong(l, err, "something follows the trailer");
    if (mine < *part) return wrong(l, err, "a node after the relationships");
    *part = mine == HEADER ? NODES : mine;
    if (mine == HEADER) return take_header(l, g, o, err);
    if (mine == NODES) return take_node(l, g, o, err);
    if (mine == RELATIONSHIPS) return take_relationship(l, g, o, err);
    if (!json_is_object(json_object_get(o, "labels")) || !json_is_object(json_object_get(o, "types"))) return wrong(l, err, "it is neither node, relationship nor trailer");
    g->trailer = json_incref(o);
    return PAB_OK;
}

static int read_all(struct lines *l, struct graph_reader *g, struct pab_error *err)
{
    enum part part = HEADER;
    const char *line = NULL;
    size_t size = 0;
    int rc;
    while (!(rc = next_line(l, &line, &size, err))) {
        json_error_t e;
        CLEANUP_JSON json_t *o = json_loadb(line, size, JSON_ALLOW_NUL | JSON_REJECT_DUPLICATES, &e);
        if (!json_is_object(o)) return wrong(l, err, o ? "it is not a JSON object" : e.text);
        if ((rc = take(l, g, &part, o, err))) return rc;
    }
    if (rc != PAB_END) return rc;
    return part == TRAILER ? PAB_OK : pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' ends without a trailer", l->path);
}

int graph_read(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a, struct graph_reader *g)
{
    struct lines l = { .host = op->host, .path = a->path, .buf = PAB_BUF_INIT(LINE_MAX_BYTES + CHUNK) };
    struct pab_error err = { 0 };
    int rc = op->host->artifact_open(op, index, PAB_OPEN_DATA, &l.reader);
    if (rc) return rc;
    if (pab_buf_reserve(&l.buf, CHUNK)) rc = pab_error_set(&err, PAB_E_NOMEM, 0, "no memory to read '%s'", a->path);
    if (!rc) rc = read_all(&l, g, &err);
    op->host->artifact_close(l.reader);
    pab_buf_release(&l.buf);
    return verb_end(op, rc, &err);
}

void graph_reader_release(struct graph_reader *g)
{
    json_decref(g->header);
    json_decref(g->trailer);
    g->header = g->trailer = NULL;
}
