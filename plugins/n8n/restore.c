/* restore.c - placeholder of the verb. */
#include "plugins/n8n/n8n.h"

int n8n_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    (void)instance, (void)req;
    return pab_fail(op, PAB_E_UNSUPPORTED, 0, NULL, "not yet");
}
