/* scan.c - see neo4j.h: all nodes, then all relationships, each as one answer that is read as it comes. Paging would let the server walk
 * the whole store again for each page. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define TELL_EVERY 1024u
#define MOST_LEFT_OUT 65536u    /* and as many as there are: what moves during a scan may be told twice */

int element_number(const char *id, uint64_t *ret, struct pab_error *err)
{
    int64_t n = -1;
    const char *colon = id ? strrchr(id, ':') : NULL;
    if (!colon || pab_parse_int(colon + 1, &n) || n < 0) {
        CLEANUP_FREE char *shown = pab_str_printable(id ? id : "");
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "neo4j: the element id '%s' is not of a kind that is known", shown);
    }
    *ret = (uint64_t)n;
    return PAB_OK;
}

/* The value inside {"$type":TYPE,"_value":...} at a place of the row, or NULL. */
static json_t *typed(const json_t *row, size_t i, const char *type)
{
    const json_t *v = json_array_get(row, i);
    const char *found = json_string_value(json_object_get(v, "$type"));
    return found && !strcmp(found, type) ? json_object_get(v, "_value") : NULL;
}

static int element(const json_t *row, size_t i, uint64_t *ret, struct pab_error *err)
{
    return element_number(json_string_value(typed(row, i, "String")), ret, err);
}

static int give(struct scan *s, int rc, const char *line, uint64_t done, struct pab_error *err)
{
    if (rc == TALLY_LEFT_OUT && s->tally->repeated + s->tally->dangling > s->total + MOST_LEFT_OUT)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: the answer has no end: it tells the same %s again and again", s->phase);
    if (rc == TALLY_LEFT_OUT) return PAB_OK;
    if (!rc && s->line) rc = s->line(s->ctx, line, err);
    if (done % TELL_EVERY == 0)
        s->op->host->progress(s->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = s->phase, .done = done, .total = s->total, .unit = s->phase });
    return rc;
}

/* [{"$type":"String","_value":"L"}, ...] as ["L", ...]: NULL where it is not. */
static json_t *plain_labels(const json_t *list)
{
    json_t *ret = json_is_array(list) ? json_array() : NULL, *v;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)list, i, v) json_array_append(ret, json_object_get(v, "_value"));
    return ret;
}

static int take_node(void *ctx, const json_t *row, struct pab_error *err)
{
    struct scan *s = ctx;
    uint64_t id;
    CLEANUP_FREE char *line = NULL;
    CLEANUP_JSON json_t *labels = plain_labels(typed(row, 1, "List"));
    int rc = element(row, 0, &id, err);
    if (!rc) rc = tally_node(s->tally, id, labels, typed(row, 2, "Map"), &line, err);
    return rc < 0 ? rc : give(s, rc, line, s->tally->node_count, err);
}

static int take_relationship(void *ctx, const json_t *row, struct pab_error *err)
{
    struct scan *s = ctx;
    struct relationship r = { .type = json_string_value(typed(row, 3, "String")), .properties = typed(row, 4, "Map") };
    CLEANUP_FREE char *line = NULL;
    int rc = element(row, 0, &r.id, err);
    if (!rc) rc = element(row, 1, &r.start, err);
    if (!rc) rc = element(row, 2, &r.end, err);
    if (!rc && !r.type) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: a relationship without a type");
    if (!rc) rc = tally_relationship(s->tally, &r, &line, err);
    return rc < 0 ? rc : give(s, rc, line, s->tally->relationship_count, err);
}

int graph_size(struct neo4j_server *s, struct graph_size *ret, struct pab_error *err)
{
    int rc = neo4j_number(s, "MATCH (n) RETURN count(n)", &ret->nodes, err);
    return rc ? rc : neo4j_number(s, "MATCH ()-[r]->() RETURN count(r)", &ret->relationships, err);
}

int scan_graph(struct scan *s, struct pab_error *err)
{
    struct graph_size size;
    int rc = graph_size(s->server, &size, err);
    if (rc) return rc;
    s->phase = "nodes";
    s->total = (uint64_t)size.nodes;
    rc = neo4j_query(s->server, &(struct neo4j_query){ .statement = "MATCH (n) RETURN elementId(n), labels(n), properties(n)", .flags = QUERY_TYPED,
                                                       .row = take_node, .ctx = s }, err);
    if (rc) return rc;
    s->phase = "relationships";
    s->total = (uint64_t)size.relationships;
    return neo4j_query(s->server, &(struct neo4j_query){ .statement = "MATCH (a)-[r]->(b) RETURN elementId(r), elementId(a), elementId(b), type(r), properties(r)",
                                                         .flags = QUERY_TYPED, .row = take_relationship, .ctx = s }, err);
}
