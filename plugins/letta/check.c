/* check.c - the server answers, is of a known generation, and takes the password. */
#include "plugins/letta/letta.h"

int letta_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    const struct letta *l = instance;
    CLEANUP_REST struct rest *r = NULL;
    CLEANUP_FREE char *version = NULL;
    struct pab_error err = { 0 };
    (void)req;
    int rc = letta_connect(l, op, &r, &version);
    if (rc) return rc;
    if (rest_json(r, &(struct rest_req){ .path = LETTA_AGENTS "&limit=1" }, NULL, &err)) return sup_fail(op, &err);
    pab_log(op, PAB_LOG_INFO, "Letta %s", version);
    if (!l->secrets) pab_log(op, PAB_LOG_INFO, "values of secrets are left out (secrets: omit)");
    return PAB_OK;
}
