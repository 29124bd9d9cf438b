/* support.c - see support.h. */
#include "plugins/support/support.h"

int sup_fail(struct pab_op *op, const struct pab_error *err)
{
    pab_fail(op, err->code, 0, err->hint[0] ? err->hint : NULL, "%s", err->message);
    op->host->set_retryable(op, err->retryable);
    return err->code;
}
