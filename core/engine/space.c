/* space.c - see space.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/engine/space.h"

#define NEED_AT_LEAST (16u << 20)

static int compare(const struct pab_session *s, uint64_t free_bytes, uint64_t need, struct pab_error *err)
{
    if (free_bytes >= need) return PAB_OK;
    char have[32], want[32];
    pab_format_size(free_bytes, have, sizeof have);
    pab_format_size(need, want, sizeof want);
    pab_error_set(err, PAB_E_NOSPACE, 0, "not enough room in '%s': %s free, about %s needed", s->store_path, have, want);
    return pab_error_hint(err, err->code, "free some space, or point store.path at a larger disk");
}

int pab_space_check_new(const struct pab_session *s, const char *parent, struct pab_error *err)
{
    uint64_t free_bytes = 0;
    CLEANUP_CLOSE int fd = open(parent, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || pab_free_space(fd, &free_bytes)) return pab_error_set(err, PAB_E_IO, errno, "cannot tell the free space of '%s'", parent);
    return compare(s, free_bytes, NEED_AT_LEAST, err);
}

int pab_space_check(const struct pab_session *s, const struct pab_store *store, const struct pab_backup_list *list, int incremental, struct pab_error *err)
{
    uint64_t free_bytes = 0, need = NEED_AT_LEAST;
    if (pab_store_free_space(store, &free_bytes, err)) return err->code;
    for (size_t i = 0; i < list->count; i++) {
        const struct pab_manifest *m = &list->items[i].manifest;
        if (!list->items[i].readable || !m->job || strcmp(m->job, s->job->name) != 0 || strcmp(m->status, "complete") != 0) continue;
        if (!incremental && strcmp(m->kind, "full") != 0) continue; /* it says little about a full one */
        if (incremental && strcmp(m->kind, "full") == 0) break; /* nobody knows how much has changed since */
        uint64_t last = m->totals.size + m->totals.size / 10;
        if (s->categories == PAB_CAT_ALL && !s->only.count && last > need) need = last;
        break;
    }
    return compare(s, free_bytes, need, err);
}
