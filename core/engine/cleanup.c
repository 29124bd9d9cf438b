/* cleanup.c - see cleanup.h. What may go is decided in retention.c, how it goes in core/store/remove.c. */
#include "core/engine/cleanup.h"
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/engine/proof.h"
#include "core/engine/session.h"

#define NS_PER_S 1000000000LL

struct cleaning {
    struct pab_session *s;
    struct pab_store *store;
    const struct pab_cleanup_how *how;
    struct pab_backup_list list;             /* newest first */
    struct pab_retention_backup *backups;    /* the same, for the rules */
    const char **targets; size_t target_count; /* of the job, that are enabled */
    unsigned char *holds;                    /* of each backup, each of these */
    struct pab_retention_plan plan;
    int *done;                               /* of each: was it looked at for removal */
    struct pab_proof *proof;
    struct pab_usage usage;
    struct pab_cleanup_result *ret;
};

/* ---- what there is */

static const struct pab_mf_target *target_of(const struct pab_manifest *m, const char *name)
{
    for (size_t t = 0; t < m->targets.count; t++)
        if (strcmp(m->targets.items[t].name, name) == 0) return &m->targets.items[t];
    return NULL;
}

static int is_good(const struct pab_mf_target *t)
{
    return t && (t->status == PAB_MF_OK || t->status == PAB_MF_WARNING);
}

static void note_targets(struct cleaning *c)
{
    const struct pab_job *job = c->s->job;
    c->targets = pab_alloc_array(job->target_count + 1, sizeof *c->targets);
    for (size_t t = 0; t < job->target_count; t++)
        if (job->targets[t].enabled) c->targets[c->target_count++] = job->targets[t].name;
    c->holds = pab_alloc_array(c->list.count + 1, c->target_count + 1);
    for (size_t i = 0; i < c->list.count; i++) {
        unsigned char *holds = c->holds + i * c->target_count;
        for (size_t t = 0; t < c->target_count; t++) holds[t] = is_good(target_of(&c->list.items[i].manifest, c->targets[t]));
        c->backups[i].holds = holds;
    }
}

/* A backup is narrow that was told to leave out a target that the job has and that one before it held. From the oldest on. */
static void mark_narrow(struct cleaning *c)
{
    int *held = pab_alloc_array(c->target_count + 1, sizeof *held);
    for (size_t i = c->list.count; i-- > 0;) {
        struct pab_retention_backup *b = &c->backups[i];
        if (b->unreadable || b->foreign || !b->complete) continue;
        for (size_t t = 0; t < c->target_count; t++) {
            const struct pab_mf_target *mf = target_of(&c->list.items[i].manifest, c->targets[t]);
            b->narrow |= held[t] && mf && mf->status == PAB_MF_SKIPPED;
        }
        for (size_t t = 0; t < c->target_count && !b->narrow; t++) {
            const struct pab_mf_target *mf = target_of(&c->list.items[i].manifest, c->targets[t]);
            if (!mf || mf->status != PAB_MF_FAILED) held[t] = is_good(mf); /* one that may fail was held by the one before */
        }
    }
    free(held);
}

static size_t index_of(const struct cleaning *c, const char *name)
{
    size_t i = 0;
    while (i < c->list.count && strcmp(c->backups[i].name, name) != 0) i++;
    return i;
}

static int look(struct cleaning *c, struct pab_error *err)
{
    if (pab_store_list_heads(c->store, &c->list, err)) return err->code;
    c->backups = pab_alloc_array(c->list.count + 1, sizeof *c->backups);
    c->done = pab_alloc_array(c->list.count + 1, sizeof *c->done);
    const char **flaws = pab_backup_list_flaws(&c->list);
    for (size_t i = 0; i < c->list.count; i++) {
        const struct pab_backup_info *info = &c->list.items[i];
        const struct pab_manifest *m = &info->manifest;
        struct pab_retention_backup *b = &c->backups[i];
        *b = (struct pab_retention_backup){ .name = info->name, .unreadable = !info->readable, .pinned = info->pin != NULL };
        if (!info->readable) continue;
        b->parent = m->parent;
        b->broken = flaws[i];
        b->started = m->started_ns / NS_PER_S;
        b->size = m->totals.content_size;
        b->complete = strcmp(m->status, "complete") == 0;
        b->incremental = strcmp(m->kind, "full") != 0;
        b->foreign = strcmp(m->job, c->s->job->name) != 0;
    }
    free(flaws);
    note_targets(c);
    mark_narrow(c);
    return PAB_OK;
}

/* ---- is what everything else rests on still what was written? */

/* Once for each. A PAB_E_CANCELLED says nothing of the backup. */
static int check_one(struct cleaning *c, struct pab_retention_backup *b, struct pab_error *err)
{
    struct pab_error why = { 0 };
    if (b->verified != PAB_UNVERIFIED) return PAB_OK;
    pab_logf(PAB_LL_VERBOSE, NULL, "reading backup '%s', which is to stay, before others go", b->name);
    int fresh = c->how->written && strcmp(c->how->written, b->name) == 0;
    if (!pab_proof_of(c->proof, c->store, b->name, fresh, &why)) {
        b->verified = PAB_VERIFIED;
        return PAB_OK;
    }
    if (why.code == PAB_E_CANCELLED || pab_cancelled()) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    CLEANUP_FREE char *text = pab_sprintf("backup '%s' is damaged and counts for nothing: %s", b->name, why.message);
    b->verified = PAB_DAMAGED;
    pab_emit_warning(c->s, NULL, NULL, text);
    return PAB_OK;
}

/* The backup and those that it continues. What is found is noted, so that the rules can be applied anew; *ret: it is whole. */
static int check_chain(struct cleaning *c, size_t i, int *ret, struct pab_error *err)
{
    *ret = 0;
    for (size_t steps = 0; i < c->list.count && steps <= c->list.count; steps++) {
        struct pab_retention_backup *b = &c->backups[i];
        if (check_one(c, b, err)) return err->code;
        if (b->verified == PAB_DAMAGED) return PAB_OK;
        if (!b->parent) {
            *ret = 1;
            return PAB_OK;
        }
        i = index_of(c, b->parent);
    }
    return PAB_OK;
}

/* What stays for good reason must be good: *ret 0 when one is not, and the rules have to be applied anew. */
static int check_vital(struct cleaning *c, int *ret, struct pab_error *err)
{
    *ret = 1;
    for (size_t i = 0; i < c->list.count && *ret; i++)
        if (c->plan.verdicts[i].vital && check_chain(c, i, ret, err)) return err->code;
    return PAB_OK;
}

static int decide(struct cleaning *c, struct pab_error *err)
{
    struct pab_retention_case of = { .now = pab_now_ns() / NS_PER_S, .rpo = c->s->job->rpo_ms / 1000, .trust_clock = c->how->trust_clock,
                                      .targets = c->targets, .target_count = c->target_count };
    for (int good = 0; !good;) {
        pab_retention_plan_release(&c->plan);
        pab_retention_decide(c->backups, c->list.count, c->how->rules, &of, &c->plan);
        if (!c->plan.dropped) return PAB_OK;
        if (check_vital(c, &good, err)) return err->code;
    }
    size_t newest = 0;
    while (newest < c->list.count && !c->plan.verdicts[newest].sound) newest++;
    if (newest < c->list.count) c->ret->verified = pab_strdup(c->backups[newest].name);
    return PAB_OK;
}

/* ---- removal */

static int may_be_latest(const struct cleaning *c, size_t i)
{
    return i < c->list.count && !c->backups[i].unreadable && c->backups[i].complete && c->plan.verdicts[i].keep;
}

/* `latest` is to lead to a complete backup that stays. It does, unless somebody removed one by hand, or a run was killed. */
static int settle_latest(struct cleaning *c, struct pab_error *err)
{
    CLEANUP_FREE char *latest = pab_store_latest(c->store);
    size_t i = 0;
    if (latest && may_be_latest(c, index_of(c, latest))) return PAB_OK;
    while (i < c->list.count && !may_be_latest(c, i)) i++;
    return i < c->list.count ? pab_store_point_latest(c->store, c->backups[i].name, err) : PAB_OK;
}

static void stays(struct cleaning *c, size_t i, const char *why)
{
    struct pab_retention_verdict *v = &c->plan.verdicts[i];
    free(v->reason);
    v->reason = pab_strdup(why);
    v->keep = 1;
    c->plan.dropped--;
}

static void try_one(struct cleaning *c, size_t i, struct pab_error *first)
{
    struct pab_error why = { 0 };
    if (pab_cancelled()) pab_error_set(&why, PAB_E_CANCELLED, 0, "cancelled");
    else pab_store_set_aside(c->store, c->backups[i].name, &c->usage, &why);
    if (!why.code) {
        pab_logf(PAB_LL_VERBOSE, NULL, "removing backup '%s': %s", c->backups[i].name, c->plan.verdicts[i].reason);
        return;
    }
    stays(c, i, why.message);
    if (why.code != PAB_E_REFUSED && !first->code) *first = why; /* the others may go all the same */
}

/* Children before their parents: killed anywhere, no backup is left without one that it needs. */
static void set_aside(struct cleaning *c, size_t i, struct pab_error *first)
{
    c->done[i] = 1;
    for (size_t k = 0; k < c->list.count; k++) {
        const char *parent = c->backups[k].parent;
        if (!parent || strcmp(parent, c->backups[i].name) != 0 || k == i) continue;
        if (!c->plan.verdicts[k].keep && !c->done[k]) set_aside(c, k, first);
        if (c->plan.verdicts[k].keep && !c->plan.verdicts[i].keep) stays(c, i, "parent of a backup that stays");
    }
    if (!c->plan.verdicts[i].keep) try_one(c, i, first);
}

static int remove_dropped(struct cleaning *c, struct pab_error *err)
{
    struct pab_error first = { 0 }, why = { 0 };
    if (settle_latest(c, err)) return err->code;
    for (size_t i = c->list.count; i-- > 0;)
        if (!c->plan.verdicts[i].keep && !c->done[i]) set_aside(c, i, &first);
    pab_test_point("cleanup-aside");
    pab_store_sweep(c->store, NULL, NULL, &why);
    if (first.code || why.code) *err = first.code ? first : why;
    return err->code;
}

static void measure(struct cleaning *c)
{
    for (size_t i = 0; i < c->list.count; i++)
        if (!c->plan.verdicts[i].keep) pab_store_measure(c->store, c->backups[i].name, &c->usage);
}

/* ---- */

static void fill(struct cleaning *c)
{
    struct pab_cleanup_result *r = c->ret;
    r->entries = pab_alloc_array(c->list.count + 1, sizeof *r->entries);
    for (size_t i = 0; i < c->list.count; i++) {
        const struct pab_manifest *m = &c->list.items[i].manifest;
        if (c->backups[i].foreign) continue;
        r->entries[r->count++] = (struct pab_cleanup_entry){
            .name = pab_strdup(c->backups[i].name), .kind = pab_strdup(m->kind ? m->kind : ""), .status = pab_strdup(m->status ? m->status : ""),
            .reason = pab_strdup(c->plan.verdicts[i].reason), .started_ns = m->started_ns, .size = m->totals.size,
            .keep = c->plan.verdicts[i].keep, .pinned = c->backups[i].pinned,
        };
    }
    r->dropped = c->plan.dropped;
    r->freed = c->usage.bytes;
    r->refused = c->plan.refused ? pab_strdup(c->plan.refused) : NULL;
    if (!c->how->dry_run) pab_logf(PAB_LL_VERBOSE, NULL, "cleanup: %zu of %zu backups removed", r->dropped, r->count);
}

static void swept(void *ctx, const char *name)
{
    (void)ctx;
    pab_logf(PAB_LL_INFO, NULL, "removed '%s', left by one that was killed", name);
}

int pab_cleanup_store(struct pab_session *s, struct pab_store *store, const struct pab_cleanup_how *how, struct pab_cleanup_result *ret, struct pab_error *err)
{
    struct cleaning c = { .s = s, .store = store, .how = how, .ret = ret };
    struct pab_error ignored = { 0 };
    if (!how->dry_run) pab_store_sweep(store, swept, NULL, &ignored); /* what it cannot do, it says at the end */
    c.proof = pab_proof_open(s->state_dir);
    int rc = look(&c, err);
    if (!rc) rc = decide(&c, err);
    pab_proof_close(c.proof, !how->dry_run);
    if (!rc) {
        if (how->dry_run) measure(&c);
        else rc = remove_dropped(&c, err);
        fill(&c);
    }
    if (!rc && !how->dry_run && !ret->refused) ret->logs = pab_store_drop_logs(store);
    free(c.backups);
    free(c.targets);
    free(c.holds);
    free(c.done);
    pab_usage_release(&c.usage);
    pab_retention_plan_release(&c.plan);
    pab_backup_list_release(&c.list);
    return rc;
}

void pab_cleanup_release(struct pab_cleanup_result *r)
{
    for (size_t i = 0; i < r->count; i++) {
        struct pab_cleanup_entry *e = &r->entries[i];
        free(e->name);
        free(e->kind);
        free(e->status);
        free(e->reason);
    }
    free(r->entries);
    free(r->refused);
    free(r->verified);
    *r = (struct pab_cleanup_result){ 0 };
}
