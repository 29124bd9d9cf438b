/* status.c - see status.h. */
#include "core/engine/status.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/engine/session.h"

static const struct pab_mf_target *target_of(const struct pab_manifest *m, const char *name)
{
    for (size_t t = 0; t < m->targets.count; t++)
        if (strcmp(m->targets.items[t].name, name) == 0) return &m->targets.items[t];
    return NULL;
}

static char *problem_of(const struct pab_backup_info *b, const struct pab_mf_target *t, const char *flaw)
{
    if (!t) return pab_sprintf("it is not in '%s'", b->name);
    if (t->status == PAB_MF_SKIPPED) return pab_sprintf("'%s' was told to leave it out", b->name);
    if (flaw && t->status != PAB_MF_FAILED) return pab_sprintf("'%s': %s", b->name, flaw);
    return pab_sprintf("'%s': %s", b->name, t->error.message[0] ? t->error.message : "it failed");
}

static void note_warnings(const struct pab_backup_info *b, const struct pab_mf_target *t, struct pab_status_target *ret)
{
    ret->tried = pab_strdup(b->name);
    ret->warning_count = t->warnings.count;
    for (size_t i = 0; i < t->warnings.count && i < PAB_STATUS_WARNINGS; i++) pab_strs_add(&ret->warnings, t->warnings.items[i]);
}

/* The list is newest first. */
static void look_at_target(const struct pab_backup_list *l, const char *const *flaws, const struct pab_status_job *job, int64_t now_ns, struct pab_status_target *ret)
{
    for (size_t i = 0; i < l->count && !ret->good; i++) {
        const struct pab_backup_info *b = &l->items[i];
        if (!b->readable || strcmp(b->manifest.job, job->name) != 0) continue;
        const struct pab_mf_target *t = target_of(&b->manifest, ret->name);
        if (t && t->status != PAB_MF_SKIPPED && !ret->tried) note_warnings(b, t, ret);
        if (!flaws[i] && t && (t->status == PAB_MF_OK || t->status == PAB_MF_WARNING)) {
            ret->good = pab_strdup(b->name);
            ret->good_ns = b->manifest.started_ns;
        } else if (!ret->problem) {
            ret->problem = problem_of(b, t, flaws[i]);
        }
    }
    ret->late = !ret->good || (job->rpo_ms && now_ns - ret->good_ns > job->rpo_ms * 1000000);
}

static void count_backup(const struct pab_backup_info *b, const char *flaw, struct pab_status *ret)
{
    const struct pab_manifest *m = &b->manifest;
    int complete = strcmp(m->status, "complete") == 0;
    ret->backups++;
    ret->size += m->totals.size;
    if (!ret->newest) {
        ret->newest = pab_strdup(b->name);
        ret->newest_status = pab_strdup(m->status);
        ret->newest_ns = m->started_ns;
        ret->newest_ms = (m->finished_ns - m->started_ns) / 1000000;
        ret->incomplete = !complete || flaw;
    }
    if (complete && !flaw && !ret->complete) {
        ret->complete = pab_strdup(b->name);
        ret->complete_ns = m->started_ns;
    }
    /* incremental ones hold as much as changed, which says nothing of the whole */
    if (complete && strcmp(m->kind, "full") == 0 && ret->size_count < PAB_STATUS_SIZES) ret->sizes[ret->size_count++] = m->totals.size;
}

void pab_status_of(const struct pab_backup_list *l, const struct pab_status_job *job, int64_t now_ns, struct pab_status *ret)
{
    const char **flaws = pab_backup_list_flaws(l);
    *ret = (struct pab_status){ .targets = pab_alloc((job->target_count + 1) * sizeof *ret->targets), .incomplete = 1 };
    for (size_t i = 0; i < l->count; i++) {
        if (!l->items[i].readable) ret->unreadable++;
        else if (strcmp(l->items[i].manifest.job, job->name) == 0) count_backup(&l->items[i], flaws[i], ret);
    }
    for (size_t i = 0; i < ret->size_count / 2; i++) {
        uint64_t swap = ret->sizes[i];
        ret->sizes[i] = ret->sizes[ret->size_count - 1 - i];
        ret->sizes[ret->size_count - 1 - i] = swap;
    }
    for (size_t i = 0; i < job->target_count; i++) {
        if (!job->targets[i].enabled) continue;
        struct pab_status_target *t = &ret->targets[ret->count++];
        *t = (struct pab_status_target){ .name = job->targets[i].name, .plugin = job->targets[i].plugin };
        look_at_target(l, flaws, job, now_ns, t);
        ret->late |= t->late;
        ret->warned |= t->warning_count > 0;
    }
    free(flaws);
}

void pab_status_release(struct pab_status *st)
{
    for (size_t i = 0; i < st->count; i++) {
        free(st->targets[i].good);
        free(st->targets[i].problem);
        free(st->targets[i].tried);
        pab_strs_release(&st->targets[i].warnings);
    }
    free(st->targets);
    free(st->newest);
    free(st->newest_status);
    free(st->complete);
    *st = (struct pab_status){ 0 };
}

int pab_status_exit(const struct pab_status *st) { return st->late || st->incomplete || st->warned ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK; }

int pab_engine_status(struct pab_session *s, struct pab_status *ret, struct pab_error *err)
{
    struct pab_store *store = NULL;
    struct pab_backup_list list = { 0 };
    struct pab_status_job job = { .name = s->job->name, .targets = s->job->targets, .target_count = s->job->target_count, .rpo_ms = s->job->rpo_ms };
    int rc = pab_store_open(s->store_path, 0, &store, err);
    if (!rc) rc = pab_store_list_heads(store, &list, err);
    if (!rc) pab_status_of(&list, &job, pab_now_ns(), ret);
    pab_backup_list_release(&list);
    pab_store_close(store);
    if (rc) return rc == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
    return pab_status_exit(ret);
}
