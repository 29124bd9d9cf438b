/* restore.c - the verb: whichever artifacts there are, files of the stopped server before what goes over its Query API. */
#include <string.h>
#include "plugins/neo4j/neo4j.h"

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

int neo4j_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    int rc = restore_files(instance, op, req);
    return rc ? rc : restore_graph(instance, op, req);
}
