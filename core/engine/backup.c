/* backup.c - the run: every wanted target into one staged backup, then one rename. */
#include <errno.h>
#include <string.h>
#include <sys/utsname.h>
#include "config.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/engine/around.h"
#include "core/engine/cleanup.h"
#include "core/engine/lineage.h"
#include "core/engine/opctx.h"
#include "core/engine/order.h"
#include "core/engine/space.h"
#include "core/engine/trial.h"
#include "core/engine/turn.h"
#include "core/engine/whole.h"

struct run {
    struct pab_session *s;
    struct pab_store *store;
    struct pab_stage *stage;
    struct pab_manifest m;
    struct pab_instance *list;
    size_t count;
    struct pab_traffic traffic;
    size_t ok, failed_required, failed_other, warned, skipped;
    int misconfigured;         /* some target failed for what the job says */
    int log_fd;
    const struct pab_run_opts *o;
    struct pab_backup *parent; /* of an incremental run */
    int no_links;
    const char *status;        /* what became of it, */
    char *path;                /* and where it is, once it is published */
};

static int call_backup(struct pab_opctx *c, struct pab_op *op, void *arg)
{
    (void)arg;
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = c->categories, .flags = c->only ? PAB_BACKUP_TRIAL : 0 };
    return c->instance->plugin->p.backup(c->instance->data, op, &req);
}

static int attempt(struct run *r, struct pab_instance *i, struct pab_mf_target *mf, uint64_t *objects, char **kind, struct pab_error *err)
{
    struct pab_opctx c;
    pab_opctx_init(&c, r->s, i, &r->traffic);
    c.stage = r->stage;
    c.compression = r->s->job->compression;
    c.mf = mf;
    c.parent = r->parent;
    c.no_links = &r->no_links;
    if (r->s->picks) c.only = pab_pick_of(r->s->picks, i->target->name)->object;
    int rc = pab_opctx_call(&c, PAB_VERB_BACKUP, i->target->timeout_ms, call_backup, NULL, err);
    *objects = rc ? pab_keep_whole_objects(&c, rc) : c.objects;
    free(*kind);
    *kind = TAKE_PTR(c.object_kind);
    pab_opctx_release(&c);
    return rc;
}

/* The attempts of one target: again after what may pass, with growing pauses. */
static int attempts(struct run *r, struct pab_instance *i, struct pab_mf_target *mf, uint64_t *objects, char **kind, struct pab_error *err)
{
    for (int n = 0;; n++) {
        pab_error_clear(err);
        int rc = i->is_open ? PAB_OK : pab_instance_open(r->s, i, err);
        if (!rc) rc = attempt(r, i, mf, objects, kind, err);
        if (!rc || !err->retryable || n >= i->target->retries || pab_cancelled()) return rc;
        pab_forget_attempt(r->stage, mf);
        CLEANUP_FREE char *text = pab_sprintf("%s; trying again (%d of %d)", err->message, n + 1, i->target->retries);
        pab_logf(PAB_LL_WARNING, i->target->name, "%s", text);
        if (pab_cancel_sleep_ms(n < 5 ? 1000u << n : 30000u)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    }
}

/* "3 databases" */
static char *what_was_done(const struct pab_mf_target *mf, uint64_t objects, const char *kind)
{
    static const struct { uint32_t category; const char *noun; } nouns[] = {
        { PAB_CAT_DATABASES, "database" }, { PAB_CAT_VOLUMES, "volume" }, { PAB_CAT_CONFIG, "set" }, { PAB_CAT_SERVICES, "object" },
    };
    if (!objects) {
        for (size_t a = 0; a < mf->artifacts.count; a++) {
            int seen = 0;
            for (size_t b = 0; b < a; b++) seen |= strcmp(mf->artifacts.items[a].object, mf->artifacts.items[b].object) == 0;
            objects += !seen;
        }
    }
    for (size_t n = 0; !kind && mf->artifacts.count && n < sizeof nouns / sizeof *nouns; n++)
        if (mf->artifacts.items[0].category == nouns[n].category) kind = nouns[n].noun;
    return pab_sprintf("%llu %s%s", (unsigned long long)objects, kind ? kind : "object", objects == 1 ? "" : "s");
}

static void end_target(struct run *r, struct pab_instance *i, struct pab_mf_target *mf, const char *what)
{
    mf->finished_ns = pab_now_ns();
    switch (mf->status) {
    case PAB_MF_OK: r->ok++; break;
    case PAB_MF_WARNING: r->ok++; r->warned++; break;
    case PAB_MF_FAILED:
        r->misconfigured |= mf->error.code == PAB_E_CONFIG;
        *(i->target->required ? &r->failed_required : &r->failed_other) += 1;
        break;
    case PAB_MF_SKIPPED: r->skipped++; break;
    }
    pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = mf->name, .plugin = mf->plugin, .status = mf->status, .optional = !i->target->required, .mf = mf,
                                                 .text = what, .error = mf->error.code ? &mf->error : NULL, .ms = (mf->finished_ns - mf->started_ns) / 1000000 });
}

/* Of a target that is not required it is only a warning. */
static void tell_failure(const struct run *r, const struct pab_instance *i, const struct pab_error *e)
{
    if (i->target->required) {
        pab_emit_error(r->s, i->target->name, e);
        return;
    }
    CLEANUP_FREE char *text = pab_sprintf("failed, which it may (required: false): %s%s%s", e->message, e->hint[0] ? "; hint: " : "", e->hint);
    pab_emit_warning(r->s, i->target->name, NULL, text);
}

static void run_target(struct run *r, struct pab_instance *i)
{
    const struct pab_plugin *p = &i->plugin->p;
    struct pab_mf_target mf = { .name = pab_strdup(i->target->name), .plugin = pab_strdup(p->name), .plugin_version = pab_strdup(p->version),
                                .started_ns = pab_now_ns() };
    CLEANUP_FREE char *what = NULL, *kind = NULL;
    uint64_t objects = 0;
    if (p->categories && !(p->categories & r->s->categories)) {
        mf.status = PAB_MF_SKIPPED;
        what = pab_strdup("not of a wanted category");
    } else if (r->s->picks && !pab_pick_of(r->s->picks, mf.name)->object) {
        mf.status = PAB_MF_SKIPPED;
        what = pab_strdup(pab_pick_of(r->s->picks, mf.name)->why);
    } else {
        pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_TARGET_START, .target = mf.name, .plugin = mf.plugin });
        if (attempts(r, i, &mf, &objects, &kind, &mf.error)) {
            mf.status = PAB_MF_FAILED;
            if (mf.artifacts.count) what = what_was_done(&mf, objects, kind);
            tell_failure(r, i, &mf.error);
        } else if (r->s->picks && !mf.artifacts.count) {
            mf.status = PAB_MF_SKIPPED;
            what = pab_strdup("only checked: its backup would disturb the service");
        } else {
            mf.status = mf.warnings.count ? PAB_MF_WARNING : PAB_MF_OK;
            what = r->s->picks ? pab_sprintf("trial of %s", pab_pick_of(r->s->picks, mf.name)->object) : what_was_done(&mf, objects, kind);
        }
    }
    end_target(r, i, &mf, what);
    PAB_PUSH(&r->m.targets, mf);
    pab_test_point("target-end");
}

static void add_unselected(struct run *r)
{
    for (size_t t = 0; t < r->s->job->target_count; t++) {
        const struct pab_job_target *jt = &r->s->job->targets[t];
        if (jt->enabled && pab_session_wants(r->s, jt->name)) continue;
        struct pab_mf_target mf = { .name = pab_strdup(jt->name), .plugin = pab_strdup(jt->plugin), .plugin_version = pab_strdup(""),
                                    .status = PAB_MF_SKIPPED, .started_ns = r->m.started_ns, .finished_ns = r->m.started_ns };
        r->skipped++;
        PAB_PUSH(&r->m.targets, mf);
    }
}

static void describe(struct run *r)
{
    struct utsname u;
    pab_manifest_init(&r->m);
    r->m.job = pab_strdup(r->s->job->name);
    r->m.kind = pab_strdup("full");
    r->m.host = pab_strdup(uname(&u) == 0 ? u.nodename : "localhost");
    r->m.engine_version = pab_strdup(PACKAGE_VERSION);
    r->m.compression = pab_strdup(pab_codec_name(r->s->job->compression.codec));
    r->m.encryption = pab_strdup("none");
    r->m.started_ns = pab_now_ns();
}

static void swept(void *ctx, const char *name)
{
    (void)ctx;
    pab_logf(PAB_LL_INFO, NULL, "removed '%s', left by a run that was killed", name);
}

/* An incremental run with nothing to build on becomes a full one, and says so. */
static void find_parent(struct run *r, const struct pab_backup_list *list)
{
    CLEANUP_FREE char *why = NULL;
    CLEANUP(pab_strs_release) struct pab_strs wanted = { 0 };
    int64_t last = 0;
    if (!r->o->incremental) return;
    for (size_t i = 0; i < r->count; i++) {
        uint32_t writes = r->list[i].plugin->p.categories;
        if (!writes || (writes & r->s->categories)) pab_strs_add(&wanted, r->list[i].target->name);
    }
    for (size_t i = 0; i < list->count && !last; i++) { /* newest first */
        const struct pab_manifest *m = &list->items[i].manifest;
        if (list->items[i].readable && strcmp(m->job, r->m.job) == 0 && strcmp(m->status, "complete") == 0 && strcmp(m->kind, "full") == 0 && pab_parent_holds(m, &wanted)) last = m->started_ns;
    }
    if (last && r->o->full_every_ms && (r->m.started_ns - last) / 1000000 >= r->o->full_every_ms) why = pab_strdup("the last one is old enough (full_every)");
    else r->parent = pab_parent_find(r->store, list, r->m.job, &wanted, &why);
    if (!r->parent) {
        pab_logf(PAB_LL_INFO, NULL, "this becomes a full backup: %s", why);
        return;
    }
    const struct pab_manifest *m = pab_backup_manifest(r->parent);
    free(r->m.kind);
    r->m.kind = pab_strdup("incremental");
    r->m.parent = pab_strdup(pab_backup_name(r->parent));
    memcpy(r->m.parent_id, m->id, sizeof r->m.parent_id);
}

/* What is there tells how much room is needed, and when the newest run began. */
static int look_around(struct run *r, struct pab_error *err)
{
    struct pab_error why = { 0 };
    struct pab_backup_list list = { 0 };
    if (pab_store_sweep(r->store, swept, NULL, &why)) pab_emit_warning(r->s, NULL, NULL, why.message); /* it takes room, but is in nobody's way */
    int rc = pab_store_list_heads(r->store, &list, err);
    if (!rc) find_parent(r, &list);
    if (!rc) rc = pab_space_check(r->s, r->store, &list, r->parent != NULL, err);
    int64_t start = pab_backup_list_start(&list, r->m.started_ns);
    if (start != r->m.started_ns) {
        char now[40], newest[40];
        CLEANUP_FREE char *text = pab_sprintf("the clock was set back: it says %s, but '%s' began at %s; this backup takes that time, so that it counts as the newer one",
                                              pab_format_rfc3339(r->m.started_ns, now, sizeof now), list.items[0].name, pab_format_rfc3339(start, newest, sizeof newest));
        pab_emit_warning(r->s, NULL, NULL, text);
        r->m.started_ns = start;
    }
    pab_backup_list_release(&list);
    return rc;
}

/* Store open, locked, swept, with room. An exit code. */
static int open_store(struct run *r, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *what = pab_sprintf("run %s", r->s->job->name);
    if (pab_store_open(r->s->store_path, PAB_STORE_CREATE, &r->store, err)) return err->code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
    if (pab_store_lock(r->store, what, 0, err)) return pab_exit_of_lock(err);
    if (look_around(r, err)) return pab_exit_of_error(err);
    if (pab_stage_begin(r->store, name, r->m.started_ns, &r->stage, err)) return err->code == PAB_E_EXISTS ? PAB_EXIT_USAGE : pab_exit_of_error(err);
    r->m.name = pab_strdup(pab_stage_name(r->stage));
    struct pab_error log_err = { 0 };
    r->log_fd = pab_store_open_log(r->store, "backup", r->m.name, &log_err);
    if (r->log_fd >= 0) pab_log_set_file(r->log_fd);
    return PAB_EXIT_OK;
}

/* A good backup is there: older ones may go. Whatever comes of that, the run has succeeded. */
static void tidy(struct run *r)
{
    char freed[32];
    struct pab_error why = { 0 };
    struct pab_cleanup_result result = { 0 };
    struct pab_cleanup_how how = { .rules = &r->s->job->retention, .written = r->m.name };
    if (r->o->trial || !pab_retention_any(&r->s->job->retention)) return;
    int rc = pab_cleanup_store(r->s, r->store, &how, &result, &why);
    if (rc || result.refused) {
        CLEANUP_FREE char *text = pab_sprintf("%s older backups %s removed: %s", rc ? "not all" : "no", rc ? "could be" : "are", rc ? why.message : result.refused);
        pab_emit_warning(r->s, NULL, NULL, text);
    } else if (result.dropped) {
        pab_logf(PAB_LL_INFO, NULL, "removed %zu older backup%s, %s freed", result.dropped, result.dropped == 1 ? "" : "s", pab_format_size(result.freed, freed, sizeof freed));
    }
    pab_cleanup_release(&result);
}

/* All targets are done: publish what there is, or throw it away. */
static int finish(struct run *r, struct pab_error *err)
{
    int cancelled = pab_cancelled(), code = PAB_EXIT_OK;
    const char *status = r->failed_required ? "partial" : "complete";
    uint64_t artifacts = 0;
    for (size_t t = 0; t < r->m.targets.count; t++) artifacts += r->m.targets.items[t].artifacts.count;
    if (cancelled) {
        pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled; nothing was kept");
        status = "cancelled";
        code = PAB_EXIT_CANCELLED;
    } else if (!artifacts && r->s->picks && !r->failed_required && !r->failed_other) {
        status = "complete"; /* a trial of what cannot be tried */
    } else if (!artifacts) {
        status = "failed";
        code = r->misconfigured ? PAB_EXIT_USAGE : PAB_EXIT_FAILED;
        if (!r->failed_required && !r->failed_other) pab_error_set(err, PAB_E_NOT_FOUND, 0, "nothing to back up: no target gave anything");
    } else {
        code = r->failed_required || r->warned ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK;
    }
    if (cancelled || !artifacts) {
        pab_stage_discard(TAKE_PTR(r->stage));
    } else {
        r->m.status = pab_strdup(status);
        r->m.finished_ns = pab_now_ns();
        if (r->m.finished_ns < r->m.started_ns) r->m.finished_ns = r->m.started_ns; /* the clock was set back */
        if (pab_stage_publish(TAKE_PTR(r->stage), &r->m, &r->path, err)) {
            status = "failed";
            code = pab_exit_of_error(err);
        } else if (!r->failed_required) {
            tidy(r);
        }
    }
    r->status = status;
    pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_SUMMARY, .name = r->m.name, .path = r->path, .text = status, .exit_code = code,
                                                 .ms = (pab_now_ns() - r->m.started_ns) / 1000000, .manifest = &r->m, .error = err->code ? err : NULL });
    return code;
}

/* The store is open, and locked, only here. */
static int back_up(struct run *r, const char *name, struct pab_error *err)
{
    int code = open_store(r, name, err);
    if (!code) {
        pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_START, .text = "run", .name = r->m.name, .path = r->s->store_path });
        for (size_t i = 0; i < r->count && !pab_cancelled(); i++) {
            run_target(r, &r->list[i]);
            pab_instance_close(&r->list[i]);
        }
        add_unselected(r);
        code = finish(r, err);
    }
    pab_log_set_file(-1);
    if (r->log_fd >= 0) close(r->log_fd);
    pab_stage_discard(r->stage);
    pab_backup_close(r->parent);
    pab_store_close(r->store);
    return code;
}

static int prepare(struct run *r, struct pab_error *err)
{
    if (pab_session_prepare(r->s, &r->list, &r->count, err)) return pab_exit_of_error(err);
    pab_order_targets(r->list, r->count);
    return PAB_EXIT_OK;
}

int pab_engine_backup(struct pab_session *s, const struct pab_run_opts *o, struct pab_error *err)
{
    struct run r = { .s = s, .log_fd = -1, .o = o };
    struct pab_around around;
    struct pab_lock *turn = NULL;
    /* before the hooks, which would undo what the hooks of the other run have done */
    if (!o->trial && !o->has_turn && pab_turn_take(s, &turn, err)) return pab_exit_of_lock(err);
    describe(&r);
    pab_around_init(&around, s, &r.m, o->trial);
    int code = prepare(&r, err);
    if (!code) code = pab_around_before(&around, err);
    if (!code) code = back_up(&r, o->name, err);
    code = pab_around_after(&around, code, r.status, r.path, err);
    pab_manifest_release(&r.m);
    pab_instances_free(r.list, r.count);
    free(r.path);
    pab_lock_release(turn);
    return code;
}
