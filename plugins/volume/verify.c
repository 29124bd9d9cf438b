/* verify.c - the index of each artifact holds as many files as were counted when it was made, and the manifest says what a restore
 * needs. The host itself compares archive, index and digests. */
#include <string.h>
#include "plugins/volume/volume.h"

static int verify_one(struct pab_op *op, const struct pab_artifact_info *a, uint32_t index)
{
    CLEANUP_JSON json_t *labels = NULL;
    struct pab_error err = { 0 };
    const char *text = info_fact(a, "labels");
    if (!*info_fact(a, "volume")) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s': the manifest does not say which volume it is", a->path);
    if (*text && json_parse(text, strlen(text), "the labels in the manifest", &labels, &err)) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s': %s", a->path, err.message);
    return info_check_files(op, index, a);
}

int volume_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    int rc = PAB_OK;
    (void)instance;
    for (uint32_t i = 0; !rc && i < req->artifact_count; i++)
        rc = verify_one(op, info_of(req, i), i);
    return rc;
}
