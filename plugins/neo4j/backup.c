/* backup.c - the verb: whichever way the options say. */
#include "plugins/neo4j/neo4j.h"

int neo4j_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    const struct neo4j *n = instance;
    return req->categories & PAB_CAT_DATABASES ? export_graph(n, op) : PAB_OK;
}
