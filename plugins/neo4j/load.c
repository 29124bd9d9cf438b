/* load.c - a graph into an empty database, a batch of rows a statement. Names of labels and types cannot be parameters everywhere, so rows
 * are gathered by them. Each node's new element id comes back and is remembered: relationships find their nodes by it, the fastest
 * way there is, and no temporary label, property or constraint is left in the database by a restore that is killed. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define ID_PAGES 2048u                  /* 8 MiB: a million nodes */
#define BATCH_BYTES (2u << 20)          /* a statement's rows at most, about */
#define HELD_BYTES (8u << 20)           /* of all groups together */
#define ATTEMPTS 4u
#define SHAPES 256u                     /* as many kinds of rows have statements of their own: each one costs the server a plan */

/* Rows of one statement: the same labels or type; plain lists with the same properties, or (map NULL) typed maps with any. */
struct group { char *name, *map; struct pab_buf rows; unsigned count; };

struct load {
    struct neo4j_server *server;
    struct pab_op *op;
    struct idstore *ids;                /* new number + 1 of each node */
    char *prefix;                       /* of the element ids: "4:uuid:" */
    struct { struct group *items; size_t count, capacity; } groups;
    json_t *by_key;                     /* index into groups */
    size_t held;
    int relationships;                  /* groups are of these now, no longer of nodes */
    uint64_t nodes_made, relationships_made;
    uint64_t answered;                  /* rows of the statement under way */
};

static int take_node(void *ctx, const json_t *row, struct pab_error *err)
{
    struct load *l = ctx;
    const json_t *old = json_array_get(row, 0);
    const char *id = json_string_value(json_array_get(row, 1));
    uint64_t fresh = 0;
    int rc = element_number(id, &fresh, err);
    if (rc) return rc;
    size_t n = (size_t)(strrchr(id, ':') - id) + 1;
    if (!l->prefix) l->prefix = pab_strndup(id, n);
    if (!json_is_integer(old) || strlen(l->prefix) != n || memcmp(l->prefix, id, n) != 0)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: a new node's answer is not of the kind that the first one's was");
    fresh++;
    l->answered++;
    return idstore_put(l->ids, (uint64_t)json_integer_value(old), &fresh, err);
}

static int take_relationships(void *ctx, const json_t *row, struct pab_error *err)
{
    struct load *l = ctx;
    const json_t *n = json_array_get(row, 0);
    if (!json_is_integer(n)) return pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: the number of new relationships is not a number");
    l->answered += (uint64_t)json_integer_value(n);
    return PAB_OK;
}

static char *statement_of(const struct load *l, const struct group *g)
{
    static const char find[] = "UNWIND $rows AS row MATCH (a) WHERE elementId(a) = %s MATCH (b) WHERE elementId(b) = %s CREATE (a)-[r:%s%s]->(b)%s RETURN count(*)";
    if (l->relationships && g->map) return pab_sprintf(find, "row[0]", "row[1]", g->name, g->map, "");
    if (l->relationships) return pab_sprintf(find, "row.s", "row.e", g->name, "", " SET r = row.p");
    if (g->map) return pab_sprintf("UNWIND $rows AS row CREATE (n%s%s) RETURN row[0], elementId(n)", g->name, g->map);
    return pab_sprintf("UNWIND $rows AS row CREATE (n%s) SET n = row.p RETURN row.i, elementId(n)", g->name);
}

/* A statement that the server took back (a deadlock with somebody else) did nothing and is sent again. */
static int run(struct load *l, const struct neo4j_query *q, struct pab_error *err)
{
    for (unsigned i = 1;; i++) {
        l->answered = 0;
        int rc = neo4j_query(l->server, q, err);
        if (rc != PAB_E_BUSY || i == ATTEMPTS || l->op->host->sleep_ms(l->op, 250u << i)) return rc;
        pab_error_clear(err);
    }
}

static void tell(const struct load *l)
{
    const char *phase = l->relationships ? "relationships" : "nodes";
    l->op->host->progress(l->op, &(struct pab_progress){ .struct_size = sizeof(struct pab_progress), .phase = phase,
                                                        .done = l->relationships ? l->relationships_made : l->nodes_made, .unit = phase });
}

static int send_group(struct load *l, struct group *g, struct pab_error *err)
{
    if (!g->count) return PAB_OK;
    CLEANUP_FREE char *statement = statement_of(l, g);
    pab_buf_adds(&g->rows, g->map ? "]" : "]}");
    int rc = run(l, &(struct neo4j_query){ .statement = statement, .rows = g->rows.data, .flags = QUERY_WRITE | (g->map ? QUERY_PLAIN_ROWS : 0),
                                           .row = l->relationships ? take_relationships : take_node, .ctx = l }, err);
    if (!rc && l->answered != g->count)
        rc = pab_error_set(err, PAB_E_CORRUPT, 0, "neo4j: of %u %s only %llu were made", g->count, l->relationships ? "relationships" : "nodes", (unsigned long long)l->answered);
    *(l->relationships ? &l->relationships_made : &l->nodes_made) += g->count;
    l->held -= g->rows.size - (g->map ? 1 : 2);
    pab_buf_release(&g->rows);
    g->count = 0;
    tell(l);
    return rc;
}

static int send_all(struct load *l, struct pab_error *err)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < l->groups.count; i++) rc = send_group(l, &l->groups.items[i], err);
    return rc;
}

static void forget_groups(struct load *l)
{
    for (size_t i = 0; i < l->groups.count; i++) {
        free(l->groups.items[i].name);
        free(l->groups.items[i].map);
        pab_buf_release(&l->groups.items[i].rows);
    }
    l->groups.count = 0;
    json_object_clear(l->by_key);
}

static struct group *group_of(struct load *l, const char *name, const char *map)
{
    CLEANUP_FREE char *key = pab_sprintf("%s%s%s", map ? "" : "typed", name, map ? map : "");
    const json_t *i = json_object_get(l->by_key, key);
    if (i) return &l->groups.items[json_integer_value(i)];
    if (map && l->groups.count >= SHAPES) return NULL;
    struct group g = { .name = pab_strdup(name), .map = pab_strdup(map) };
    PAB_PUSH(&l->groups, g);
    json_object_set_new(l->by_key, key, json_integer((json_int_t)l->groups.count - 1));
    return &l->groups.items[l->groups.count - 1];
}

/* What a row holds beside its properties: the node's id, or the element ids of a relationship's nodes. */
struct head { const char *keys[2]; json_t *values[2]; size_t count; };

static char *plain_row(const struct head *h, json_t *columns)
{
    for (size_t i = 0; i < h->count; i++) json_array_insert(columns, i, h->values[i]);
    return json_line(columns);
}

static char *typed_row(const struct head *h, const json_t *properties)
{
    CLEANUP_JSON json_t *row = json_pack("{s:s, s:O}", "$type", "Map", "_value", properties), *all = json_object(), *map = NULL;
    json_object_set(all, "p", row);
    for (size_t i = 0; i < h->count; i++) {
        CLEANUP_FREE char *number = json_is_integer(h->values[i]) ? json_line(h->values[i]) : NULL;
        json_object_set_new(all, h->keys[i], json_pack("{s:s, s:s}", "$type", number ? "Integer" : "String", "_value", number ? number : json_string_value(h->values[i])));
    }
    map = json_pack("{s:s, s:O}", "$type", "Map", "_value", all);
    return map ? json_line(map) : NULL;
}

static int put_row(struct load *l, const char *name, const struct head *h, const json_t *properties, struct pab_error *err)
{
    struct pab_buf map = PAB_BUF_INIT(0);
    CLEANUP_JSON json_t *columns = plain_columns(properties, h->count, &map);
    struct group *g = columns ? group_of(l, name, pab_buf_str(&map)) : NULL;
    pab_buf_release(&map);
    if (!g) g = group_of(l, name, NULL);
    CLEANUP_FREE char *row = g->map ? plain_row(h, columns) : typed_row(h, properties);
    if (!row) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory for a row");
    size_t before = g->rows.size;
    pab_buf_adds(&g->rows, g->count ? "," : g->map ? "[" : "{\"$type\":\"List\",\"_value\":[");
    pab_buf_adds(&g->rows, row);
    l->held += g->rows.size - before;
    g->count++;
    if (g->count >= l->server->n->batch || g->rows.size >= BATCH_BYTES) return send_group(l, g, err);
    return l->held >= HELD_BYTES ? send_all(l, err) : PAB_OK;
}

static int load_node(void *ctx, uint64_t id, json_t *labels, const json_t *properties, struct pab_error *err)
{
    struct load *l = ctx;
    struct pab_buf name = PAB_BUF_INIT(0);
    CLEANUP_JSON json_t *number = json_integer((json_int_t)id);
    const struct head head = { { "i" }, { number }, 1 };
    for (size_t i = 0; i < json_array_size(labels); i++) {
        pab_buf_addc(&name, ':');
        neo4j_quote(&name, json_string_value(json_array_get(labels, i)));
    }
    int rc = put_row(l, pab_buf_str(&name), &head, properties, err);
    pab_buf_release(&name);
    return rc;
}

/* The nodes must all be there before the first relationship. */
static int turn_to_relationships(struct load *l, struct pab_error *err)
{
    int rc = l->relationships ? PAB_OK : send_all(l, err);
    if (rc || l->relationships) return rc;
    forget_groups(l);
    l->relationships = 1;
    return PAB_OK;
}

static int load_relationship(void *ctx, const struct relationship *r, struct pab_error *err)
{
    struct load *l = ctx;
    uint64_t start = 0, end = 0;
    struct pab_buf name = PAB_BUF_INIT(0);
    int rc = turn_to_relationships(l, err);
    if (!rc) rc = idstore_get(l->ids, r->start, &start, err);
    if (!rc) rc = idstore_get(l->ids, r->end, &end, err);
    if (rc) return rc;
    if (!start || !end) return pab_error_set(err, PAB_E_CORRUPT, 0, "relationship %llu of the backup is of a node that is not in it", (unsigned long long)r->id);
    CLEANUP_JSON json_t *from = json_sprintf("%s%llu", l->prefix, (unsigned long long)start - 1), *to = json_sprintf("%s%llu", l->prefix, (unsigned long long)end - 1);
    const struct head head = { { "s", "e" }, { from, to }, 2 };
    neo4j_quote(&name, r->type);
    rc = put_row(l, pab_buf_str(&name), &head, r->properties, err);
    pab_buf_release(&name);
    return rc;
}

int load_graph(struct neo4j_server *s, struct pab_op *op, uint32_t index, const struct pab_artifact_info *a, json_t **ret_trailer)
{
    struct load l = { .server = s, .op = op, .by_key = json_object() };
    struct graph_reader g = { .node = load_node, .relationship = load_relationship, .ctx = &l };
    struct pab_error err = { 0 };
    int rc = idstore_new(op, "ids", sizeof(uint64_t), ID_PAGES, &l.ids, &err);
    if (rc) rc = sup_fail(op, &err);
    else if (!(rc = graph_read(op, index, a, &g)) && send_all(&l, &err)) rc = sup_fail(op, &err);
    if (!rc) *ret_trailer = json_incref(g.trailer);
    graph_reader_release(&g);
    forget_groups(&l);
    free(l.groups.items);
    json_decref(l.by_key);
    idstore_free(l.ids);
    free(l.prefix);
    return rc;
}

/* In pieces that fit the memory of a transaction. */
static int delete_all(struct neo4j_server *s, struct pab_op *op, const char *statement, const char *what, struct pab_error *err)
{
    int64_t n = 0, done = 0;
    do {
        struct pab_progress p = { .struct_size = sizeof p, .phase = "emptying the database", .done = (uint64_t)done, .unit = what };
        struct load l = { .server = s, .op = op };
        struct neo4j_query q = { .statement = statement, .flags = QUERY_WRITE, .row = take_relationships, .ctx = &l };
        op->host->progress(op, &p);
        int rc = run(&l, &q, err);
        if (rc) return rc;
        n = (int64_t)l.answered;
        done += n;
    } while (n > 0);
    return PAB_OK;
}

int empty_graph(struct neo4j_server *s, struct pab_op *op, struct pab_error *err)
{
    int rc = delete_all(s, op, "MATCH ()-[r]->() WITH r LIMIT 20000 DELETE r RETURN count(*)", "relationships", err);
    if (!rc) rc = delete_all(s, op, "MATCH (n) WITH n LIMIT 20000 DETACH DELETE n RETURN count(*)", "nodes", err);
    return rc ? rc : schema_drop(s, err);
}
