/* includes.c - see includes.h. */
#include <string.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/glob.h"
#include "core/engine/includes.h"
#include "core/engine/integrity.h"
#include "core/tree/index.h"

DEFINE_CLEANUP(source, struct pab_source, pab_source_close)
DEFINE_CLEANUP(index, struct pab_index, pab_index_free)

/* 1: every pattern was seen. */
static int match(const struct pab_entry *e, const char *const *patterns, unsigned char *seen)
{
    int all = 1;
    for (size_t i = 0; patterns[i]; i++) {
        seen[i] = seen[i] || (strcmp(e->path, ".") != 0 && pab_glob_match(patterns[i], e->path, e->type == PAB_TYPE_DIR));
        all &= seen[i];
    }
    return all;
}

int pab_includes_look(const struct pab_backup *b, const struct pab_mf_artifact *a, const char *const *patterns, unsigned char *seen, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    CLEANUP(pab_cleanup_source) struct pab_source *s = NULL;
    CLEANUP(pab_cleanup_index) struct pab_index *index = NULL;
    struct pab_entry e = { .struct_size = sizeof e };
    int rc = pab_integrity_open(b, a, a->index_path, 1, &fd, &s, err);
    if (rc) return rc;
    pab_index_new(s, &index);
    while ((rc = pab_index_next(index, &e, err)) == PAB_OK) {
        if (match(&e, patterns, seen)) return PAB_OK;
        if (pab_cancelled()) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled; nothing was changed");
    }
    return rc == PAB_END ? PAB_OK : rc;
}
