/* lineage.c - see lineage.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/base/vec.h"
#include "core/engine/integrity.h"
#include "core/engine/lineage.h"

/* The folder of the parent lies beside the child's, wherever somebody moved both. */
static int open_parent(const struct pab_backup *child, struct pab_backup **ret, struct pab_error *err)
{
    const struct pab_manifest *m = pab_backup_manifest(child);
    const char *path = pab_backup_path(child), *slash = strrchr(path, '/');
    struct pab_error why = { 0 };
    if (!m->parent) return pab_error_set(err, PAB_E_CORRUPT, 0, "incremental backup '%s' names no parent", m->name);
    CLEANUP_FREE char *folder = pab_sprintf("%.*s/%s", (int)(slash - path), path, m->parent);
    if (pab_backup_open(NULL, folder, ret, &why))
        return pab_error_hint(err, pab_error_set(err, why.code, why.os_errno, "'%s' builds on backup '%s', which cannot be used: %s", m->name, m->parent, why.message),
                              "bring '%s' back, or use a backup that does not build on it", m->parent);
    if (pab_backup_check_manifest(*ret, &why) || strcmp(pab_backup_manifest(*ret)->id, m->parent_id) != 0) {
        if (!why.code) pab_error_set(&why, PAB_E_CORRUPT, 0, "it is not the backup that was there then (its id differs)");
        pab_backup_close(*ret);
        *ret = NULL;
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' builds on backup '%s', which was altered: %s", m->name, m->parent, why.message);
    }
    return PAB_OK;
}

static const struct pab_mf_artifact *artifact_at(const struct pab_manifest *m, const char *target, const char *path)
{
    for (size_t t = 0; t < m->targets.count; t++) {
        const struct pab_mf_target *mt = &m->targets.items[t];
        for (size_t i = 0; strcmp(mt->name, target) == 0 && i < mt->artifacts.count; i++)
            if (strcmp(mt->artifacts.items[i].path, path) == 0) return &mt->artifacts.items[i];
    }
    return NULL;
}

int pab_lineage_open(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, struct pab_lineage *ret, struct pab_error *err)
{
    struct pab_layer first = { b, a };
    *ret = (struct pab_lineage){ 0 };
    PAB_PUSH(ret, first);
    while (a->parent_path) {
        struct pab_layer below = { 0 };
        const char *child = pab_backup_name(ret->items[ret->count - 1].backup);
        int rc = ret->count < PAB_LINEAGE_MAX ? open_parent(ret->items[ret->count - 1].backup, &below.backup, err)
                                              : pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' builds on more than %u backups", pab_backup_name(b), PAB_LINEAGE_MAX);
        if (!rc) below.artifact = artifact_at(pab_backup_manifest(below.backup), target, a->parent_path);
        if (!rc && (!below.artifact || strcmp(below.artifact->sha256, a->parent_sha256) != 0 || !below.artifact->index_path))
            rc = pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' builds on '%s' of backup '%s', which %s", child, a->parent_path, pab_backup_name(below.backup),
                               below.artifact ? "was altered" : "does not hold it");
        if (below.backup) PAB_PUSH(ret, below);
        if (rc) {
            pab_lineage_release(ret);
            return rc;
        }
        a = below.artifact;
    }
    return PAB_OK;
}

int pab_lineage_check(const struct pab_lineage *l, struct pab_error *err)
{
    for (size_t i = 1; i < l->count; i++)
        if (pab_integrity_stored(l->items[i].backup, l->items[i].artifact, err))
            return pab_error_prefix(err, "it builds on backup '%s', which is damaged", pab_backup_name(l->items[i].backup));
    return PAB_OK;
}

void pab_lineage_release(struct pab_lineage *l)
{
    for (size_t i = 1; i < l->count; i++) pab_backup_close(l->items[i].backup);
    free(l->items);
    *l = (struct pab_lineage){ 0 };
}

struct files { const struct pab_backup *b; char *problem; };
static void remember(void *ctx, const struct pab_finding *f)
{
    struct files *x = ctx;
    if (!x->problem && !f->harmless) x->problem = pab_sprintf("'%s' of backup '%s' %s", f->path ? f->path : "", pab_backup_name(x->b), f->problem);
}

/* Every file is there with its size, and so are those of all backups before it. */
static char *unfit(struct pab_backup *b)
{
    struct pab_backup *at = b;
    struct files x = { 0 };
    struct pab_error why = { 0 };
    for (unsigned n = 0; !x.problem; n++) {
        x.b = at;
        if (pab_backup_check_manifest(at, &why) || pab_backup_check_files(at, remember, &x, &why)) x.problem = pab_strdup(why.message);
        if (x.problem || !pab_backup_manifest(at)->parent) break;
        struct pab_backup *parent = NULL;
        if (n == PAB_LINEAGE_MAX - 2) x.problem = pab_sprintf("'%s' builds on %u backups already", pab_backup_name(b), PAB_LINEAGE_MAX - 1);
        else if (open_parent(at, &parent, &why)) x.problem = pab_strdup(why.message);
        if (at != b) pab_backup_close(at);
        at = parent;
    }
    if (at && at != b) pab_backup_close(at);
    return x.problem;
}

int pab_parent_holds(const struct pab_manifest *m, const struct pab_strs *targets)
{
    for (size_t t = 0; t < m->targets.count; t++)
        for (size_t i = 0; m->targets.items[t].status == PAB_MF_SKIPPED && i < targets->count; i++)
            if (strcmp(m->targets.items[t].name, targets->items[i]) == 0) return 0;
    return 1;
}

struct pab_backup *pab_parent_find(struct pab_store *s, const struct pab_backup_list *list, const char *job, const struct pab_strs *targets, char **ret_why)
{
    const struct pab_backup_info *found = NULL;
    struct pab_backup *b = NULL;
    struct pab_error why = { 0 };
    for (size_t i = 0; i < list->count; i++) {
        const struct pab_manifest *m = &list->items[i].manifest;
        if (!list->items[i].readable || strcmp(m->job, job) != 0 || strcmp(m->status, "complete") != 0) continue;
        int holds = pab_parent_holds(m, targets);
        if (!found || holds) found = &list->items[i];
        if (holds) break;
    }
    if (!found) {
        *ret_why = pab_strdup("there is no complete backup of this job in the store yet");
        return NULL;
    }
    if (pab_backup_open(s, found->name, &b, &why)) *ret_why = pab_strdup(why.message);
    else *ret_why = unfit(b);
    if (!*ret_why) return b;
    pab_backup_close(b);
    return NULL;
}

/* "config/docs_20240121_120000.tar.gz" without time and what follows the ".tar" or the extension's compression. */
static void bare_name(const char *path, char *out)
{
    for (const char *p = path; *p; p++) {
        static const char pattern[] = "_dddddddd_dddddd.";
        size_t n = 0;
        while (pattern[n] && (pattern[n] == 'd' ? p[n] >= '0' && p[n] <= '9' : p[n] == pattern[n])) n++;
        if (!pattern[n]) p += n - 1;
        *out++ = *p;
    }
    *out = '\0'; /* paths have a folder and an extension: there are more than four bytes */
    if (strcmp(out - 3, ".gz") == 0) out[-3] = '\0';
    else if (strcmp(out - 4, ".zst") == 0) out[-4] = '\0';
}

static int same_name(const char *a, const char *b)
{
    CLEANUP_FREE char *x = pab_alloc(strlen(a) + 5);
    CLEANUP_FREE char *y = pab_alloc(strlen(b) + 5);
    bare_name(a, x);
    bare_name(b, y);
    return strcmp(x, y) == 0;
}

const struct pab_mf_artifact *pab_parent_artifact(const struct pab_manifest *m, const struct pab_mf_target *target, const struct pab_mf_artifact *a)
{
    for (size_t t = 0; t < m->targets.count; t++) {
        const struct pab_mf_target *mt = &m->targets.items[t];
        if (strcmp(mt->name, target->name) != 0 || strcmp(mt->plugin, target->plugin) != 0) continue;
        for (size_t i = 0; i < mt->artifacts.count; i++) {
            const struct pab_mf_artifact *b = &mt->artifacts.items[i];
            if (b->kind == a->kind && b->category == a->category && strcmp(b->object, a->object) == 0 && same_name(b->path, a->path)) return b;
        }
    }
    return NULL;
}
