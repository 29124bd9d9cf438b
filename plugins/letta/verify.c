/* verify.c - every file is parsed and counted, and the counts compared with the manifest. */
#include <string.h>
#include "plugins/letta/letta.h"

static int compare(struct pab_op *op, const struct pab_artifact_info *a, uint64_t found)
{
    for (uint64_t i = 0; i < a->count_count; i++) {
        int64_t stored = -1;
        if (pab_parse_int(a->counts[i].value, &stored) || (uint64_t)stored == found) continue;
        return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' holds %llu %s, %lld were stored", a->path, (unsigned long long)found, a->counts[i].key, (long long)stored);
    }
    return PAB_OK;
}

static int verify_lines(struct pab_op *op, const struct pab_artifact_info *a, uint32_t index)
{
    struct lines l;
    json_t *o = NULL;
    int rc = lines_open(&l, op, index, a->path, 0);
    while (!rc && !(rc = lines_next(&l, &o))) json_decref(o);
    uint64_t n = l.number;
    rc = lines_close(&l, rc);
    return rc ? rc : compare(op, a, n);
}

/* An array, element by element; or an agent file, which is one value, however long. */
static int verify_json(struct pab_op *op, const struct pab_artifact_info *a, uint32_t index, int array)
{
    struct letta_text t;
    struct pab_error err = { 0 };
    uint64_t n = !array;
    int rc = letta_text_open(&t, op, index, a->path);
    if (rc) return rc;
    rc = array ? json_scan_array(t.scan, &err) : json_scan_pass(t.scan, NULL, NULL, &err);
    while (array && !rc && !(rc = json_scan_more(t.scan, &err))) {
        rc = json_scan_pass(t.scan, NULL, NULL, &err);
        n++;
    }
    if (!rc || rc == PAB_END) rc = json_scan_end(t.scan, &err);
    letta_text_close(&t);
    return rc ? sup_fail(op, &err) : compare(op, a, n);
}

int letta_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    int rc = PAB_OK;
    (void)instance;
    for (uint32_t i = 0; !rc && (req->flags & PAB_VERIFY_CONTENT) && i < req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_of(req, i);
        if (a->media_type && !strcmp(a->media_type, "application/x-ndjson")) rc = verify_lines(op, a, i);
        else rc = verify_json(op, a, i, !pab_str_has_suffix(a->path, ".af"));
    }
    return rc;
}
