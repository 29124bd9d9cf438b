/* restore.c - the order of a restore. */
#include "plugins/postgres/pg.h"

int pg_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    (void)instance;
    (void)req;
    return pab_fail(op, PAB_E_UNSUPPORTED, 0, "see RESTORE.md in the backup: psql restores it", "this build of the plugin cannot restore");
}
