/* stored.c - artifacts of a backup read as JSON, and what the manifest says of them. */
#include <string.h>
#include "plugins/n8n/n8n.h"

static int64_t read_stored(void *ctx, void *buf, uint64_t capacity, struct pab_error *err)
{
    struct stored *s = ctx;
    int64_t n = s->op->host->artifact_read(s->reader, buf, capacity);
    return n < 0 ? pab_error_set(err, (int)n, 0, "cannot read the backup") : n; /* the host has said why */
}

int stored_open(struct stored *s, struct pab_op *op, uint32_t index, const char *what)
{
    *s = (struct stored){ .op = op };
    int rc = op->host->artifact_open(op, index, PAB_OPEN_DATA, &s->reader);
    if (!rc) s->scan = json_scan_new(&(struct json_scan_opts){ .read = read_stored, .ctx = s, .what = what, .max_value = N8N_MAX_TEXT });
    return rc;
}

int stored_close(struct stored *s, int rc, const struct pab_error *err)
{
    if (s->scan) json_scan_free(s->scan);
    s->op->host->artifact_close(s->reader);
    return rc == PAB_OK || rc == PAB_END ? PAB_OK : sup_fail(s->op, err);
}
