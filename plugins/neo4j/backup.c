/* backup.c - the verb: whichever way the options say. */
#include "plugins/neo4j/neo4j.h"

static int add_facts(struct pab_op *op, const struct neo4j *n, const struct neo4j_server *s)
{
    int rc = op->host->fact(op, "method", n->method == METHOD_COLD ? "cold" : "dump");
    if (!rc && s->version) rc = op->host->fact(op, "server", s->version);
    if (!rc && s->edition) rc = op->host->fact(op, "edition", s->edition);
    return rc ? rc : op->host->fact(op, "consistency", "a point in time");
}

/* The version is asked for while the server still answers; one that was down already has none to tell. */
static int backup_stopped(const struct neo4j *n, struct pab_op *op)
{
    CLEANUP_SERVER struct neo4j_server server = { 0 };
    struct stopped s;
    struct pab_error err = { 0 };
    int rc = service_find(n, op, &s);
    if (!rc && s.was_running && neo4j_greet(n, op, &server, &err)) rc = sup_fail(op, &err);
    const char *version = server.version ? server.version : "";
    if (!rc) rc = add_facts(op, n, &server);
    if (!rc && !(rc = service_stop(&s))) rc = n->method == METHOD_COLD ? cold_backup(&s, version) : dump_backup(&s, version);
    rc = service_start(&s, rc);
    service_release(&s);
    return rc;
}

int neo4j_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    const struct neo4j *n = instance;
    uint32_t wanted = n->method == METHOD_COLD ? PAB_CAT_VOLUMES : PAB_CAT_DATABASES;
    if (!(req->categories & wanted)) return PAB_OK;
    if (n->method == METHOD_LOGICAL) return export_graph(n, op);
    if (req->flags & PAB_BACKUP_TRIAL) {
        pab_log(op, PAB_LOG_INFO, "not tried: this method stops the server, which a trial does not");
        return PAB_OK;
    }
    return backup_stopped(n, op);
}
