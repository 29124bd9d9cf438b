/* discover.c - the database with what it holds, or the data folder. */
#include "plugins/neo4j/neo4j.h"

static int add_counts(struct pab_op *op, const struct neo4j *n, const struct graph_size *size, const struct schema *schema)
{
    char nodes[32], relationships[32];
    CLEANUP_FREE char *detail = pab_sprintf("%s nodes, %s relationships, %zu constraints, %zu indexes", pab_format_count((uint64_t)size->nodes, nodes, sizeof nodes),
                                            pab_format_count((uint64_t)size->relationships, relationships, sizeof relationships), schema->constraints.count, schema->indexes.count);
    CLEANUP_FREE char *n_nodes = pab_sprintf("%lld", (long long)size->nodes), *n_relationships = pab_sprintf("%lld", (long long)size->relationships);
    const struct pab_kv attrs[] = { { "nodes", n_nodes }, { "relationships", n_relationships } };
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_DATABASES, .id = n->database, .kind = "graph", .size = PAB_SIZE_UNKNOWN, .detail = detail };
    return op->host->object_add(op, &o, attrs, sizeof attrs / sizeof *attrs);
}

static int add_data(struct pab_op *op, const struct neo4j *n)
{
    struct stopped s;
    int rc = service_find(n, op, &s);
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_VOLUMES, .id = DATA_STEM, .kind = "volume", .size = PAB_SIZE_UNKNOWN, .detail = s.data_dir };
    if (!rc) rc = op->host->object_add(op, &o, NULL, 0);
    service_release(&s);
    return rc;
}

int neo4j_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    const struct neo4j *n = instance;
    CLEANUP_SERVER struct neo4j_server s = { 0 };
    CLEANUP(schema_release) struct schema schema = { 0 };
    struct graph_size size;
    struct pab_error err = { 0 };
    if (!(req->categories & (n->method == METHOD_COLD ? PAB_CAT_VOLUMES : PAB_CAT_DATABASES))) return PAB_OK;
    int rc = op->host->fact(op, "url", op->host->config_str(n->config, "url"));
    if (!rc && n->container) rc = op->host->fact(op, "container", n->container);
    if (rc || n->method == METHOD_COLD) return rc ? rc : add_data(op, n);
    rc = neo4j_connect(n, op, &s);
    if (!rc && (graph_size(&s, &size, &err) || schema_read(&s, &schema, &err))) rc = sup_fail(op, &err);
    if (!rc) rc = op->host->fact(op, "server", s.version);
    if (!rc) rc = op->host->fact(op, "edition", s.edition);
    return rc ? rc : add_counts(op, n, &size, &schema);
}
