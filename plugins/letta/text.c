/* text.c - an artifact that is one JSON text, read as it comes; a hash of texts. */
#include "plugins/letta/letta.h"

static int64_t read_artifact(void *ctx, void *buf, uint64_t capacity, struct pab_error *err)
{
    struct letta_text *t = ctx;
    int64_t n = t->op->host->artifact_read(t->reader, buf, capacity);
    return n < 0 ? pab_error_set(err, (int)n, 0, "cannot read the backup") : n;
}

int letta_text_open(struct letta_text *t, struct pab_op *op, uint32_t index, const char *what)
{
    *t = (struct letta_text){ .op = op };
    int rc = op->host->artifact_open(op, index, PAB_OPEN_DATA, &t->reader);
    if (!rc) t->scan = json_scan_new(&(struct json_scan_opts){ .read = read_artifact, .ctx = t, .what = what, .max_value = LETTA_MAX_VALUE });
    return rc;
}

void letta_text_close(struct letta_text *t)
{
    json_scan_free(t->scan);
    t->op->host->artifact_close(t->reader);
}

uint64_t letta_hash(uint64_t hash, const char *text)
{
    if (!hash) hash = UINT64_C(0xcbf29ce484222325);
    for (const char *p = text ? text : ""; *p; p++) hash = (hash ^ (unsigned char)*p) * UINT64_C(0x100000001b3);
    return hash;
}
