/* check.c - the server answers, the credentials are good and the graph can be read; or it can be stopped, and what then reads it is there. */
#include <errno.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

static int check_logical(const struct neo4j *n, struct pab_op *op)
{
    CLEANUP_SERVER struct neo4j_server s = { 0 };
    CLEANUP(schema_release) struct schema schema = { 0 };
    struct graph_size size;
    struct pab_error err = { 0 };
    int rc = neo4j_connect(n, op, &s);
    if (!rc && (graph_size(&s, &size, &err) || schema_read(&s, &schema, &err))) rc = sup_fail(op, &err);
    if (!rc)
        pab_log(op, PAB_LOG_INFO, "Neo4j %s (%s): %lld nodes, %lld relationships, %zu constraints, %zu indexes", s.version, s.edition, (long long)size.nodes,
                (long long)size.relationships, schema.constraints.count, schema.indexes.count);
    return rc;
}

static int check_stopped(const struct neo4j *n, struct pab_op *op)
{
    struct stopped s;
    int rc = service_find(n, op, &s);
    CLEANUP_FREE char *tool = n->method == METHOD_DUMP && !strchr(n->admin.items[0], '/') ? pab_proc_which(n->admin.items[0]) : pab_strdup(n->admin.items[0]);
    if (!rc && access(s.data_dir, R_OK | X_OK)) rc = pab_fail(op, PAB_E_AUTH, errno, "run as root or as the user of the server", "cannot read the data folder '%s'", s.data_dir);
    if (!rc && n->method == METHOD_DUMP && (!tool || access(tool, X_OK)))
        rc = pab_fail(op, PAB_E_TOOL, 0, "name it with option admin; it must be of the server's own version", "there is no '%s'", n->admin.items[0]);
    if (!rc) pab_log(op, PAB_LOG_INFO, "the data folder is '%s'; %s", s.data_dir, s.was_running ? "the server runs and will be stopped" : "the server does not run");
    service_release(&s);
    return rc;
}

int neo4j_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    const struct neo4j *n = instance;
    (void)req;
    return n->method == METHOD_LOGICAL ? check_logical(n, op) : check_stopped(n, op);
}
