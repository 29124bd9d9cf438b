/* verify.c - offline: every line of a graph parsed, its relationships' nodes looked up, counts and digest made again and compared with
 * the trailer and the manifest; every statement of the schema; every byte of a dump. The host itself looks after data folders. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

static int take_node(void *ctx, uint64_t id, json_t *labels, const json_t *properties, struct pab_error *err)
{
    int rc = tally_node(ctx, id, labels, properties, NULL, err);
    return rc == TALLY_LEFT_OUT ? pab_error_set(err, PAB_E_CORRUPT, 0, "node %llu is in the graph twice", (unsigned long long)id) : rc;
}

static int take_relationship(void *ctx, const struct relationship *r, struct pab_error *err)
{
    struct tally *t = ctx;
    int rc = tally_relationship(t, r, NULL, err);
    if (rc != TALLY_LEFT_OUT) return rc;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "relationship %llu is %s", (unsigned long long)r->id, t->dangling ? "of a node that is not in the graph" : "in the graph twice");
}

static int compare_manifest(const struct tally *t, const struct pab_artifact_info *a, struct pab_error *err)
{
    char digest[33];
    uint64_t nodes = info_count(a, "nodes"), relationships = info_count(a, "relationships");
    pab_hex(t->digest, sizeof t->digest, digest);
    if (nodes != t->node_count)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' holds %llu nodes, the manifest says %lld", a->path, (unsigned long long)t->node_count, (long long)nodes);
    if (relationships != t->relationship_count)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' holds %llu relationships, the manifest says %lld", a->path, (unsigned long long)t->relationship_count, (long long)relationships);
    if (strcmp(info_fact(a, "digest"), digest) != 0)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' has the digest %s, the manifest says '%s'", a->path, digest, info_fact(a, "digest"));
    return PAB_OK;
}

int graph_verify(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a)
{
    struct tally t;
    struct graph_reader g = { .node = take_node, .relationship = take_relationship, .ctx = &t };
    struct pab_error err = { 0 };
    int rc = tally_init(&t, op, &err);
    if (rc) rc = sup_fail(op, &err);
    else rc = graph_read(op, index, a, &g);
    if (!rc && (tally_compare(&t, g.trailer, a->path, &err) || compare_manifest(&t, a, &err))) rc = sup_fail(op, &err);
    graph_reader_release(&g);
    tally_release(&t);
    return rc;
}

static int verify_schema(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a)
{
    CLEANUP(schema_release) struct schema s = { 0 };
    int rc = schema_import(op, index, a, &s);
    if (rc) return rc;
    if (info_count(a, "constraints") != s.constraints.count)
        return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' has %zu constraints, the manifest says %lld", a->path, s.constraints.count, (long long)info_count(a, "constraints"));
    if (info_count(a, "indexes") != s.indexes.count)
        return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' has %zu indexes, the manifest says %lld", a->path, s.indexes.count, (long long)info_count(a, "indexes"));
    return PAB_OK;
}

int neo4j_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    const struct neo4j *n = instance;
    int rc = PAB_OK;
    if (!(req->flags & PAB_VERIFY_CONTENT)) return PAB_OK;
    for (uint32_t i = 0; !rc && i < req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(req, i);
        if (artifact_is(a, GRAPH_STEM)) rc = graph_verify(op, i, a);
        else if (artifact_is(a, SCHEMA_STEM)) rc = verify_schema(op, i, a);
        else if (artifact_is_dump(a)) rc = dump_verify(op, i, a);
        if (!rc && n->home && artifact_is_dump(a)) rc = store_check_dump(n, op, i, a);
        else if (!rc && n->home && artifact_is(a, DATA_STEM)) rc = store_check_data(n, op, i);
    }
    return rc;
}
