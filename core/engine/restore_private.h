/* restore_private.h - one restore under way, for restore*.c only. */
#ifndef PAB_ENGINE_RESTORE_PRIVATE_H
#define PAB_ENGINE_RESTORE_PRIVATE_H

#include "core/engine/opctx.h"

struct part {                        /* one target of the backup that is to be restored */
    struct pab_instance instance;
    struct pab_mf_target *mf;
    struct pab_opctx c;
};

struct restore {
    struct pab_session *s;
    const struct pab_restore_opts *o;
    struct pab_store *store;
    struct pab_backup *backup;
    struct { struct part **items; size_t count, capacity; } parts;
    struct pab_traffic traffic;
    size_t ok, failed, warned, left_out;
    unsigned char *object_seen;      /* per --object */
    int log_fd;
};

static inline uint32_t pab_count_strings(const char *const *list)
{
    uint32_t n = 0;
    while (list && list[n]) n++;
    return n;
}

/* restore_checks.c: before the plan, and before anything is written.
 * The backup is what was written, its whole set of files, and the chosen artifacts with all that they build on byte for byte;
 * with --force a warning says what is not. */
int pab_restore_check_backup(struct restore *r, struct pab_error *err);
/* The patterns of --include match something. */
int pab_restore_check_includes(struct restore *r, struct pab_error *err);

#endif
