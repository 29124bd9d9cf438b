/* verify.c - the index of each artifact holds as many files as were counted when it was made. The host itself compares
 * archive, index and digests. */
#include "plugins/files/files.h"

int files_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    (void)instance;
    for (uint32_t i = 0; i < req->artifact_count; i++) {
        int rc = info_check_files(op, i, info_of(req, i));
        if (rc) return rc;
    }
    return PAB_OK;
}
