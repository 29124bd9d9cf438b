/* restore_graph.c - a graph goes into a database without nodes, or (--force) one that is emptied first; then what the server holds
 * is read back and compared with what was recorded. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

struct job {
    struct neo4j_server server;
    struct pab_op *op;
    const struct pab_restore_req *req;
    const struct pab_artifact_info *graph, *schema;     /* NULL: not among what is restored */
    uint32_t graph_index, schema_index;
    struct graph_size there;
};

static int plan(struct job *j, uint32_t action, uint64_t size, char *detail)
{
    CLEANUP_FREE char *text = detail;
    return sup_plan(j->op, action, j->server.n->database, size, "%s", text);
}

static int plan_all(struct job *j)
{
    int rc = PAB_OK;
    const char *db = j->server.n->database;
    if (j->graph && j->there.nodes)
        rc = plan(j, j->req->flags & PAB_RESTORE_FORCE ? PAB_PLAN_DROP : PAB_PLAN_CONFLICT, PAB_SIZE_UNKNOWN,
                  pab_sprintf("database '%s' holds %lld nodes and %lld relationships: they are deleted first, with its constraints and indexes", db,
                              (long long)j->there.nodes, (long long)j->there.relationships));
    if (!rc && j->graph)
        rc = plan(j, PAB_PLAN_CREATE, j->graph->content_size, pab_sprintf("%llu nodes and %llu relationships are created in database '%s'",
                  (unsigned long long)info_count(j->graph, "nodes"), (unsigned long long)info_count(j->graph, "relationships"), db));
    if (!rc && j->schema)
        rc = plan(j, PAB_PLAN_CREATE, j->schema->content_size, pab_sprintf("%llu constraints and %llu indexes are created in database '%s'",
                  (unsigned long long)info_count(j->schema, "constraints"), (unsigned long long)info_count(j->schema, "indexes"), db));
    return rc;
}

static int make_room(struct job *j)
{
    struct pab_error err = { 0 };
    if (!j->there.nodes || !j->graph) return PAB_OK;
    if (!(j->req->flags & PAB_RESTORE_FORCE))
        return pab_fail(j->op, PAB_E_REFUSED, 0, "use --force to delete them first", "database '%s' is not empty: it holds %lld nodes", j->server.n->database, (long long)j->there.nodes);
    int rc = graph_verify(j->op, j->graph_index, j->graph); /* before the only other copy is deleted */
    if (rc) return rc;
    return empty_graph(&j->server, j->op, &err) ? sup_fail(j->op, &err) : PAB_OK;
}

/* The server's content as it is now, not as it was sent. */
static int compare(struct job *j, const json_t *trailer)
{
    struct tally t;
    struct pab_error err = { 0 };
    struct scan scan = { .server = &j->server, .op = j->op, .tally = &t };
    int rc = tally_init(&t, j->op, &err);
    if (!rc) rc = scan_graph(&scan, &err);
    if (!rc) rc = tally_compare(&t, trailer, "the restored database", &err);
    tally_release(&t);
    if (rc == PAB_E_CORRUPT && !err.hint[0]) pab_error_hint(&err, rc, "does something write to the server at the same time?");
    return verb_end(j->op, rc, &err);
}

static int restore_all(struct job *j)
{
    CLEANUP(schema_release) struct schema schema = { 0 };
    CLEANUP_JSON json_t *trailer = NULL;
    struct pab_error err = { 0 };
    int rc = j->schema ? schema_import(j->op, j->schema_index, j->schema, &schema) : PAB_OK; /* before anything is deleted */
    if (!rc) rc = make_room(j);
    if (!rc && j->graph) {
        rc = load_graph(&j->server, j->op, j->graph_index, j->graph, &trailer);
        if (rc) pab_log(j->op, PAB_LOG_INFO, "database '%s' holds a part of the graph now: --force deletes it first", j->server.n->database);
    }
    if (!rc && j->schema && schema_create(&j->server, j->op, &schema, &err)) rc = sup_fail(j->op, &err);
    if (!rc && trailer) rc = compare(j, trailer);
    if (!rc && trailer)
        pab_log(j->op, PAB_LOG_INFO, "%lld nodes and %lld relationships are there again, their content as recorded (digest %s)", (long long)json_number(trailer, "nodes", 0),
                (long long)json_number(trailer, "relationships", 0), json_text(trailer, "digest"));
    return rc;
}

static void sort_artifacts(struct job *j)
{
    for (uint32_t i = 0; i < j->req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(j->req, i);
        if (artifact_is(a, GRAPH_STEM)) j->graph = a, j->graph_index = i;
        else if (artifact_is(a, SCHEMA_STEM)) j->schema = a, j->schema_index = i;
    }
}

int restore_graph(const struct neo4j *n, struct pab_op *op, const struct pab_restore_req *req)
{
    struct job j = { .op = op, .req = req };
    struct pab_error err = { 0 };
    sort_artifacts(&j);
    if ((req->flags & PAB_RESTORE_CLEANUP) || (!j.graph && !j.schema)) return PAB_OK; /* of a graph nothing is kept */
    int rc = neo4j_connect(n, op, &j.server);
    if (!rc && graph_size(&j.server, &j.there, &err)) rc = sup_fail(op, &err);
    if (!rc) rc = req->flags & PAB_RESTORE_PLAN ? plan_all(&j) : restore_all(&j);
    neo4j_disconnect(&j.server);
    return rc;
}
