/* sizes.c - see sizes.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/sizes.h"

#define SMALL 4096

/* The file name's ending after the time: ".sql.gz" and ".dump" of one database are different things. */
static const char *ending(const char *path)
{
    const char *base = strrchr(path, '/'), *dot = strchr(base ? base : path, '.');
    return dot ? dot : "";
}

static const struct pab_mf_artifact *counterpart(const struct pab_manifest *m, const char *target, const struct pab_mf_artifact *a)
{
    for (size_t t = 0; t < m->targets.count; t++) {
        const struct pab_mf_target *mt = &m->targets.items[t];
        if (strcmp(mt->name, target) != 0) continue;
        for (size_t i = 0; i < mt->artifacts.count; i++) {
            const struct pab_mf_artifact *b = &mt->artifacts.items[i];
            if (b->category == a->category && strcmp(b->object, a->object) == 0 && strcmp(ending(b->path), ending(a->path)) == 0) return b;
        }
    }
    return NULL;
}

static void compare(const struct pab_mf_artifact *now, const struct pab_mf_artifact *then, const char *name,
                    void (*found)(void *ctx, const struct pab_finding *f), void *ctx)
{
    if (now->parent_path || then->parent_path) return; /* as large as what had changed: that says nothing */
    int less = now->size < then->size / 2, more = now->size / 2 > then->size;
    if ((!less && !more) || (now->size < SMALL && then->size < SMALL)) return;
    char a[32], b[32];
    CLEANUP_FREE char *text = pab_sprintf("%s than %s the size it had in '%s': %s, it was %s", less ? "less" : "more", less ? "half" : "twice", name,
                                          pab_format_size(now->size, a, sizeof a), pab_format_size(then->size, b, sizeof b));
    found(ctx, &(struct pab_finding){ .path = now->path, .problem = text });
}

int pab_compare_sizes(struct pab_store *s, const struct pab_manifest *m, void (*found)(void *ctx, const struct pab_finding *f), void *ctx, struct pab_error *err)
{
    struct pab_backup_list list = { 0 };
    if (pab_store_list(s, &list, err)) return err->code;
    const struct pab_backup_info *before = NULL;
    int passed = 0;
    for (size_t i = 0; i < list.count && !before; i++) { /* newest first; several may have begun in one second */
        const struct pab_backup_info *b = &list.items[i];
        int own = b->readable && strcmp(b->manifest.id, m->id) == 0;
        passed |= own;
        if (b->readable && !own && (passed || b->manifest.started_ns < m->started_ns) && b->manifest.job && strcmp(b->manifest.job, m->job) == 0) before = b;
    }
    for (size_t t = 0; before && t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            const struct pab_mf_artifact *now = &m->targets.items[t].artifacts.items[i], *then = counterpart(&before->manifest, m->targets.items[t].name, now);
            if (then) compare(now, then, before->name, found, ctx);
        }
    }
    pab_backup_list_release(&list);
    return PAB_OK;
}
