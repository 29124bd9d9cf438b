/* support.c - see support.h. */
#include "plugins/support/support.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

int sup_fail(struct pab_op *op, const struct pab_error *err)
{
    pab_fail(op, err->code, 0, err->hint[0] ? err->hint : NULL, "%s", err->message);
    op->host->set_retryable(op, err->retryable);
    return err->code;
}

int sup_scratch_file(struct pab_op *op, const char *what, int *ret, struct pab_error *err)
{
    const char *dir = op->host->scratch_dir(op);
    if (!dir) return pab_error_set(err, PAB_E_IO, 0, "there is no folder for temporary files");
    CLEANUP_FREE char *path = pab_sprintf("%s/%s-XXXXXX", dir, what);
    int fd = mkostemp(path, O_CLOEXEC);
    if (fd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make '%s'", path);
    unlink(path);
    *ret = fd;
    return PAB_OK;
}

int sup_wanted(struct pab_op *op, const char *id)
{
    return !PAB_HOST_HAS(op->host, object_wanted) || op->host->object_wanted(op, id);
}

int sup_goes_on(struct pab_op *op, const char *id, int others, int rc)
{
    static const int for_all[] = { PAB_E_CANCELLED, PAB_E_NOSPACE, PAB_E_NOMEM, PAB_E_TIMEOUT, PAB_E_UNREACHABLE, PAB_E_INTERNAL };
    for (size_t i = 0; i < sizeof for_all / sizeof *for_all; i++)
        if (rc == for_all[i]) return 0;
    if (op->host->cancelled(op)) return 0;
    if (others) pab_warn(op, id, "'%s' failed; what else the target has is still tried", id);
    return 1;
}
