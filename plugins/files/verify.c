/* verify.c - the index of each artifact holds as many files as were counted when it was made. The host itself compares
 * archive, index and digests. */
#include <string.h>
#include "plugins/files/files.h"

static uint64_t recorded(const struct pab_artifact_info *a, const char *key)
{
    int64_t n = 0;
    for (uint64_t i = 0; i < a->count_count; i++)
        if (strcmp(a->counts[i].key, key) == 0 && pab_parse_int(a->counts[i].value, &n) == 0) return (uint64_t)n;
    return 0;
}

static int count_entries(struct pab_op *op, uint32_t index, uint64_t *ret_files)
{
    const struct pab_host *h = op->host;
    struct pab_reader *r = NULL;
    struct pab_entry e = { .struct_size = sizeof e };
    int rc = h->artifact_open(op, index, PAB_OPEN_INDEX, &r);
    if (rc) return rc;
    while ((rc = h->tree_next(r, &e)) == PAB_OK) {
        *ret_files += e.type == PAB_TYPE_FILE;
        e.struct_size = sizeof e;
    }
    h->artifact_close(r);
    return rc == PAB_END ? PAB_OK : rc;
}

int files_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    (void)instance;
    for (uint32_t i = 0; i < req->artifact_count; i++) {
        const struct pab_artifact_info *a = (const void *)((const char *)req->artifacts + (size_t)i * req->artifact_stride);
        uint64_t found = 0, wanted = recorded(a, "files");
        int rc = count_entries(op, i, &found);
        if (rc) return rc;
        if (found != wanted)
            return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' lists %llu files, %llu were stored", a->path, (unsigned long long)found, (unsigned long long)wanted);
    }
    return PAB_OK;
}
