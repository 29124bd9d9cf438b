/* lines.c - see lines.h. */
#include <string.h>
#include "plugins/support/lines.h"

#define CHUNK ((size_t)64 << 10)

int lines_open(struct lines *l, struct pab_op *op, uint32_t index, const char *what, size_t max)
{
    *l = (struct lines){ .op = op, .what = what, .in = PAB_BUF_INIT(max ? max : (size_t)32 << 20) };
    return op->host->artifact_open(op, index, PAB_OPEN_DATA, &l->reader);
}

/* More bytes behind those that are there. PAB_END: the artifact is over. */
static int fill(struct lines *l)
{
    if (l->at) {
        memmove(l->in.data, l->in.data + l->at, l->in.size - l->at);
        l->in.size -= l->at;
        l->at = 0;
    }
    if (pab_buf_reserve(&l->in, CHUNK)) return pab_error_set(&l->err, PAB_E_CORRUPT, 0, "'%s': line %llu is longer than allowed", l->what, (unsigned long long)l->number + 1);
    int64_t n = l->op->host->artifact_read(l->reader, l->in.data + l->in.size, CHUNK);
    if (n < 0) return (int)n;
    l->in.size += (size_t)n;
    return n ? PAB_OK : PAB_END;
}

int lines_next(struct lines *l, json_t **ret)
{
    size_t searched = l->at;
    const char *end;
    while (!(end = l->in.size > searched ? memchr(l->in.data + searched, '\n', l->in.size - searched) : NULL)) {
        size_t held = l->in.size - l->at;
        int rc = fill(l);
        if (rc == PAB_END && held) return pab_error_set(&l->err, PAB_E_CORRUPT, 0, "'%s' ends in the middle of line %llu", l->what, (unsigned long long)l->number + 1);
        if (rc) return rc;
        searched = held;
    }
    const char *start = l->in.data + l->at;
    json_error_t e;
    json_t *o = json_load_text(start, (size_t)(end - start), &e);
    l->at = (size_t)(end - l->in.data) + 1;
    l->number++;
    if (!o) return pab_error_set(&l->err, PAB_E_CORRUPT, 0, "'%s': line %llu is not JSON: %s", l->what, (unsigned long long)l->number, e.text);
    *ret = o;
    return PAB_OK;
}

int lines_close(struct lines *l, int rc)
{
    l->op->host->artifact_close(l->reader);
    pab_buf_release(&l->in);
    if (rc == PAB_END) return PAB_OK;
    return rc && l->err.code ? sup_fail(l->op, &l->err) : rc;
}

int lines_write(struct pab_op *op, struct pab_artifact *a, const json_t *object)
{
    CLEANUP_FREE char *text = json_line(object);
    if (!text) return pab_fail(op, PAB_E_INTERNAL, 0, NULL, "a value cannot be written as JSON");
    int rc = op->host->artifact_write(a, text, strlen(text));
    return rc ? rc : op->host->artifact_write(a, "\n", 1);
}

int artifact_json(struct pab_op *op, uint32_t index, const char *what, size_t max, json_t **ret)
{
    struct pab_reader *r = NULL;
    struct pab_buf b = PAB_BUF_INIT(max);
    struct pab_error err = { 0 };
    int64_t n = 0;
    int rc = op->host->artifact_open(op, index, PAB_OPEN_DATA, &r);
    while (!rc && !pab_buf_reserve(&b, CHUNK) && (n = op->host->artifact_read(r, b.data + b.size, CHUNK)) > 0) b.size += (size_t)n;
    if (!rc && n < 0) rc = (int)n;
    else if (!rc && b.size + CHUNK > max) rc = pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' is longer than %zu MiB", what, max >> 20);
    else if (!rc && json_parse(b.data, b.size, what, ret, &err)) rc = sup_fail(op, &err);
    op->host->artifact_close(r);
    pab_buf_release(&b);
    return rc;
}
