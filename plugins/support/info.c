/* info.c - see info.h. */
#include <stdarg.h>
#include <string.h>
#include "plugins/support/info.h"

static const char *value(const struct pab_kv *kvs, uint64_t n, const char *key)
{
    for (uint64_t i = 0; i < n; i++)
        if (!strcmp(kvs[i].key, key)) return kvs[i].value;
    return "";
}

const char *info_fact(const struct pab_artifact_info *a, const char *key) { return value(a->facts, a->fact_count, key); }

uint64_t info_count(const struct pab_artifact_info *a, const char *key)
{
    int64_t n;
    return pab_parse_int(value(a->counts, a->count_count, key), &n) || n < 0 ? UINT64_MAX : (uint64_t)n;
}

static int count_files(struct pab_op *op, uint32_t index, uint64_t *ret)
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

int info_check_files(struct pab_op *op, uint32_t index, const struct pab_artifact_info *a)
{
    uint64_t found = 0, stored = info_count(a, "files");
    int rc = count_files(op, index, &found);
    if (rc || stored == found) return rc;
    if (stored == UINT64_MAX) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s': the manifest does not say how many files it holds", a->path);
    return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' lists %llu files, %llu were stored", a->path, (unsigned long long)found, (unsigned long long)stored);
}

int sup_plan(struct pab_op *op, uint32_t action, const char *object, uint64_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *detail = pab_vsprintf(fmt, ap);
    va_end(ap);
    return op->host->plan_add(op, &(struct pab_plan){ .struct_size = sizeof(struct pab_plan), .action = action, .object = object, .detail = detail, .size = size });
}
