/* restore.c - the verb: whichever artifacts there are, files of the stopped server before what goes over its Query API. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

const struct pab_artifact_info *artifact_at(const struct pab_artifact_info *first, uint32_t stride, uint32_t i)
{
    return (const void *)((const char *)first + (size_t)i * stride);
}

static const char *file_name(const struct pab_artifact_info *a)
{
    const char *slash = strrchr(a->path, '/');
    return slash ? slash + 1 : a->path;
}

int artifact_is(const struct pab_artifact_info *a, const char *stem)
{
    const char *name = file_name(a);
    return pab_str_has_prefix(name, stem) && (name[strlen(stem)] == '_' || name[strlen(stem)] == '.');
}

int artifact_is_dump(const struct pab_artifact_info *a) { return pab_str_has_prefix(file_name(a), DUMP_STEM); }

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
    return pab_parse_int(value(a->counts, a->count_count, key), &n) ? UINT64_MAX : (uint64_t)n;
}

int neo4j_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    int rc = restore_files(instance, op, req);
    return rc ? rc : restore_graph(instance, op, req);
}
