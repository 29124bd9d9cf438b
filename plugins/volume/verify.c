/* verify.c - the index of each artifact holds as many files as were counted when it was made, and the manifest says what a restore
 * needs. The host itself compares archive, index and digests. */
#include <string.h>
#include "plugins/volume/volume.h"

static const char *value(const struct pab_kv *kvs, uint64_t n, const char *key)
{
    for (uint64_t i = 0; i < n; i++)
        if (!strcmp(kvs[i].key, key)) return kvs[i].value;
    return "";
}

const char *artifact_fact(const struct pab_artifact_info *a, const char *key) { return value(a->facts, a->fact_count, key); }

static int count_files(struct pab_op *op, uint32_t index, int64_t *ret)
{
    const struct pab_host *h = op->host;
    struct pab_reader *r = NULL;
    struct pab_entry e = { .struct_size = sizeof e };
    int rc = h->artifact_open(op, index, PAB_OPEN_INDEX, &r);
    if (rc) return rc;
    while ((rc = h->tree_next(r, &e)) == PAB_OK) {
        *ret += e.type == PAB_TYPE_FILE;
        e.struct_size = sizeof e;
    }
    h->artifact_close(r);
    return rc == PAB_END ? PAB_OK : rc;
}

static int verify_one(struct pab_op *op, const struct pab_artifact_info *a, uint32_t index)
{
    int64_t found = 0, stored = -1;
    CLEANUP_JSON json_t *labels = NULL;
    struct pab_error err = { 0 };
    const char *text = artifact_fact(a, "labels");
    if (!*artifact_fact(a, "volume")) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s': the manifest does not say which volume it is", a->path);
    if (*text && json_parse(text, strlen(text), "the labels in the manifest", &labels, &err)) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s': %s", a->path, err.message);
    int rc = count_files(op, index, &found);
    if (!rc && !pab_parse_int(value(a->counts, a->count_count, "files"), &stored) && stored != found)
        rc = pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' lists %lld files, %lld were stored", a->path, (long long)found, (long long)stored);
    return rc;
}

int volume_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    int rc = PAB_OK;
    (void)instance;
    for (uint32_t i = 0; !rc && i < req->artifact_count; i++)
        rc = verify_one(op, (const void *)((const char *)req->artifacts + (size_t)i * req->artifact_stride), i);
    return rc;
}
