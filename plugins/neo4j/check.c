/* check.c - the server answers, the credentials are good, and the graph can be read. */
#include "plugins/neo4j/neo4j.h"

int neo4j_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    const struct neo4j *n = instance;
    CLEANUP_SERVER struct neo4j_server s = { 0 };
    CLEANUP(schema_release) struct schema schema = { 0 };
    struct graph_size size;
    struct pab_error err = { 0 };
    (void)req;
    int rc = neo4j_connect(n, op, &s);
    if (!rc && (graph_size(&s, &size, &err) || schema_read(&s, &schema, &err))) rc = sup_fail(op, &err);
    if (!rc)
        pab_log(op, PAB_LOG_INFO, "Neo4j %s (%s): %lld nodes, %lld relationships, %zu constraints, %zu indexes", s.version, s.edition, (long long)size.nodes,
                (long long)size.relationships, schema.constraints.count, schema.indexes.count);
    return rc;
}
