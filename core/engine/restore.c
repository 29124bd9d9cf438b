/* restore.c - a backup back into its services: checked, planned, asked for, done. */
#include <errno.h>
#include <string.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/engine/restore_private.h"

/* What several objects need is stored once; the fact "needed_by" has the ids of all of them, one a line. */
static int is_needed_by(const struct pab_mf_artifact *a, const char *object)
{
    const char *line = NULL;
    size_t n = strlen(object);
    for (size_t i = 0; i < a->facts.count; i++)
        if (strcmp(a->facts.items[i].key, "needed_by") == 0) line = a->facts.items[i].value;
    for (; line && *line; line += strcspn(line, "\n"), line += *line == '\n')
        if (strcspn(line, "\n") == n && memcmp(line, object, n) == 0) return 1;
    return 0;
}

/* --object names the object that an artifact belongs to, or one that needs it. */
static int keep_artifact(void *ctx, const struct pab_mf_artifact *a)
{
    struct restore *r = ctx;
    if (!r->o->objects) return 1;
    for (size_t i = 0; r->o->objects[i]; i++) {
        if (strcmp(r->o->objects[i], a->object) == 0 || is_needed_by(a, r->o->objects[i])) {
            r->object_seen[i] = 1;
            return 1;
        }
    }
    return 0;
}

/* --include chooses among files: of databases and the like it would choose nothing, not everything. */
static int keep_none(void *ctx, const struct pab_mf_artifact *a)
{
    keep_artifact(ctx, a); /* --object is not wrong for that */
    return 0;
}

static int is_chosen(const struct restore *r, const struct part *p)
{
    size_t trees = 0;
    for (size_t i = 0; i < p->mf->artifacts.count; i++) trees += p->mf->artifacts.items[i].kind == PAB_KIND_TREE;
    if (!r->o->includes || (trees && p->instance.plugin->p.caps & PAB_CAP_SELECTIVE)) return 1;
    pab_logf(PAB_LL_INFO, p->mf->name, "left out: --include chooses files, and plugin '%s' has none to choose from", p->mf->plugin);
    return 0;
}

static const struct pab_job_target *job_target(const struct pab_job *job, const char *name)
{
    for (size_t i = 0; i < job->target_count; i++)
        if (strcmp(job->targets[i].name, name) == 0) return &job->targets[i];
    return NULL;
}

static int add_part(struct restore *r, struct pab_mf_target *mf, struct pab_error *err)
{
    const struct pab_job_target *jt = job_target(r->s->job, mf->name);
    if (!jt || strcmp(jt->plugin, mf->plugin) != 0) {
        CLEANUP_FREE char *text = jt ? pab_sprintf("left out: the job now has plugin '%s' for it, the backup was made by '%s'", jt->plugin, mf->plugin)
                                     : pab_strdup("left out: the job has no such target");
        pab_emit_warning(r->s, mf->name, NULL, text);
        r->left_out++;
        return PAB_OK;
    }
    struct part *p = pab_alloc(sizeof *p);
    p->mf = mf;
    if (pab_instance_prepare(r->s, jt, &p->instance, err)) {
        free(p);
        return err->code;
    }
    pab_opctx_init(&p->c, r->s, &p->instance, &r->traffic);
    pab_opctx_set_source(&p->c, r->backup, mf, is_chosen(r, p) ? keep_artifact : keep_none, r);
    PAB_PUSH(&r->parts, p);
    return p->c.source_count ? pab_instance_open(r->s, &p->instance, err) : PAB_OK;
}

static int select_parts(struct restore *r, struct pab_error *err)
{
    const struct pab_manifest *m = pab_backup_manifest(r->backup);
    r->object_seen = pab_alloc(pab_count_strings(r->o->objects) + 1);
    for (size_t t = 0; t < m->targets.count; t++) {
        struct pab_mf_target *mf = &m->targets.items[t];
        if (mf->artifacts.count && pab_session_wants(r->s, mf->name) && add_part(r, mf, err)) return pab_error_prefix(err, "target '%s'", mf->name);
    }
    size_t chosen = 0;
    for (size_t i = 0; i < r->parts.count; i++) chosen += r->parts.items[i]->c.source_count;
    for (size_t i = 0; r->o->objects && r->o->objects[i]; i++) {
        if (r->object_seen[i]) continue;
        pab_error_set(err, PAB_E_USAGE, 0, "backup '%s' holds no object '%s'", m->name, r->o->objects[i]);
        return pab_error_hint(err, err->code, "'pabengine list JOB %s' shows what it holds", m->name);
    }
    if (!chosen) return pab_error_set(err, PAB_E_USAGE, 0, "backup '%s' holds nothing of what was asked for", m->name);
    return PAB_OK;
}

/* --as names one object: more than one would all become it. */
static int check_as(struct restore *r, struct pab_error *err)
{
    const char *only = NULL;
    if (!r->o->as_name) return PAB_OK;
    for (size_t i = 0; i < r->parts.count; i++) {
        const struct pab_opctx *c = &r->parts.items[i]->c;
        for (size_t a = 0; a < c->source_count; a++) {
            if (only && strcmp(only, c->source[a]->object) != 0)
                return pab_error_hint(err, pab_error_set(err, PAB_E_USAGE, 0, "--as '%s' needs exactly one object, and there are '%s' and '%s'", r->o->as_name, only, c->source[a]->object),
                                      "choose one with --object");
            only = c->source[a]->object;
            if (!(c->instance->plugin->p.caps & PAB_CAP_RENAME))
                return pab_error_set(err, PAB_E_USAGE, 0, "plugin '%s' cannot restore under another name", c->instance->plugin->p.name);
        }
    }
    return PAB_OK;
}

static int check_to_dir(struct restore *r, struct pab_error *err)
{
    for (size_t i = 0; r->o->to_dir && i < r->parts.count; i++) {
        const struct pab_opctx *c = &r->parts.items[i]->c;
        if (c->source_count && !(c->instance->plugin->p.caps & PAB_CAP_TO_DIR))
            return pab_error_hint(err, pab_error_set(err, PAB_E_USAGE, 0, "plugin '%s' of target '%s' cannot restore into a folder", c->instance->plugin->p.name, c->target),
                                  "leave it out with --target, or use --as");
    }
    return PAB_OK;
}

static int call_restore(struct pab_opctx *c, struct pab_op *op, void *arg)
{
    const struct pab_restore_req *req = arg;
    return c->instance->plugin->p.restore(c->instance->data, op, req);
}

static int restore_part(struct restore *r, struct part *p, uint32_t flags, struct pab_error *err)
{
    struct pab_restore_req req = {
        .struct_size = sizeof req, .flags = flags, .artifacts = p->c.infos, .artifact_count = (uint32_t)p->c.source_count,
        .artifact_stride = sizeof *p->c.infos, .as_name = r->o->as_name, .to_dir = r->o->to_dir, .include = r->o->includes,
        .include_count = pab_count_strings(r->o->includes), .facts = p->mf->facts.items, .fact_count = p->mf->facts.count };
    if (r->o->force) req.flags |= PAB_RESTORE_FORCE;
    if (r->o->drop_old) req.flags |= PAB_RESTORE_DROP_OLD;
    if (r->o->cleanup) req.flags |= PAB_RESTORE_CLEANUP;
    return pab_opctx_call(&p->c, PAB_VERB_RESTORE, flags & PAB_RESTORE_PLAN ? 0 : p->instance.target->timeout_ms, call_restore, &req, err);
}

/* A backup of a narrowed run may be the latest, and a partial one may be chosen: what it does not hold is said in the plan. */
static void tell_left_out(struct restore *r)
{
    const struct pab_manifest *m = pab_backup_manifest(r->backup);
    for (size_t t = 0; t < m->targets.count && !r->o->objects && !r->o->cleanup; t++) {
        const struct pab_mf_target *mf = &m->targets.items[t];
        const struct pab_job_target *jt = job_target(r->s->job, mf->name);
        const struct pab_loaded *plugin = NULL;
        struct pab_error ignored = { 0 };
        if ((mf->status != PAB_MF_SKIPPED && mf->status != PAB_MF_FAILED) || !jt || !jt->enabled || !pab_session_wants(r->s, mf->name)) continue;
        if (!pab_plugs_get(r->s->plugs, jt->plugin, &plugin, &ignored) && plugin->p.categories && !(plugin->p.categories & r->s->categories)) continue;
        pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_PLAN, .target = mf->name, .action = PAB_PLAN_KEEP, .size = PAB_SIZE_UNKNOWN,
                                                     .text = mf->status == PAB_MF_SKIPPED ? "is not in this backup, whose run left it out: stays as it is"
                                                             : mf->artifacts.count ? "is not whole in this backup, whose run failed with it: what is not listed stays as it is"
                                                                                   : "is not in this backup, whose run failed with it: stays as it is" });
    }
}

/* What would be done; a target that already refuses fails the whole before anything is changed. */
static int plan(struct restore *r, struct pab_error *err)
{
    uint64_t conflicts = 0;
    for (size_t i = 0; i < r->parts.count; i++) {
        struct part *p = r->parts.items[i];
        if (!p->c.source_count) continue;
        if (restore_part(r, p, PAB_RESTORE_PLAN, err)) return pab_error_prefix(err, "target '%s'", p->c.target);
        conflicts += p->c.conflicts;
    }
    tell_left_out(r);
    if (conflicts && !r->o->force && !r->o->dry_run)
        return pab_error_hint(err, pab_error_set(err, PAB_E_REFUSED, 0, "%llu conflict%s in the plan: nothing was changed", (unsigned long long)conflicts, conflicts == 1 ? "" : "s"),
                              "resolve what the plan names, or use --force");
    return PAB_OK;
}

static void execute(struct restore *r)
{
    for (size_t i = 0; i < r->parts.count && !pab_cancelled(); i++) {
        struct part *p = r->parts.items[i];
        struct pab_error why = { 0 };
        if (!p->c.source_count) continue;
        int64_t start = pab_monotonic_ms();
        pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_TARGET_START, .target = p->c.target, .plugin = p->mf->plugin });
        pab_test_point("restore-target");
        int rc = restore_part(r, p, 0, &why);
        if (rc) {
            r->failed++;
            pab_emit_error(r->s, p->c.target, &why);
        } else {
            r->ok++;
            r->warned += p->c.warnings != 0;
        }
        CLEANUP_FREE char *text = pab_sprintf("%zu artifact%s %s", p->c.source_count, p->c.source_count == 1 ? "" : "s", r->o->cleanup ? "cleaned up after" : "restored");
        pab_emit(&r->s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = p->c.target, .plugin = p->mf->plugin, .text = text,
                                                     .size = PAB_SIZE_UNKNOWN, .status = rc ? PAB_MF_FAILED : p->c.warnings ? PAB_MF_WARNING : PAB_MF_OK,
                                                     .error = rc ? &why : NULL, .ms = pab_monotonic_ms() - start });
    }
}

/* The backup, and a lock on its store so that no cleanup takes it away meanwhile. An exit code. */
static int open_backup(struct restore *r, struct pab_error *err)
{
    int by_path = strchr(r->o->which, '/') != NULL;
    struct pab_error why = { 0 };
    if (pab_store_open(r->s->store_path, 0, &r->store, &why)) {
        if (!by_path) {
            *err = why;
            return why.code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
        }
    } else if (!r->o->dry_run && !r->o->to_dir) { /* elsewhere: disturbs nobody, not even a run */
        CLEANUP_FREE char *what = pab_sprintf("restore %s", r->s->job->name);
        if (pab_store_lock(r->store, what, 0, &why) && why.os_errno != EROFS && !(by_path && why.code != PAB_E_BUSY)) {
            *err = why;
            return pab_exit_of_lock(err);
        }
    }
    if (pab_backup_open(r->store, r->o->which, &r->backup, err)) return err->code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : err->code == PAB_E_CORRUPT ? PAB_EXIT_FAILED : pab_exit_of_error(err);
    if (r->store && !r->o->dry_run) {
        struct pab_error ignored = { 0 };
        r->log_fd = pab_store_open_log(r->store, "restore", pab_backup_name(r->backup), &ignored);
        if (r->log_fd >= 0) pab_log_set_file(r->log_fd);
    }
    return PAB_EXIT_OK;
}

static int exit_code(const struct restore *r)
{
    if (pab_cancelled()) return PAB_EXIT_CANCELLED;
    if (r->failed) return r->ok ? PAB_EXIT_INCOMPLETE : PAB_EXIT_FAILED;
    return r->left_out || r->warned ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK;
}

static int not_confirmed(struct pab_error *err)
{
    pab_error_set(err, PAB_E_CANCELLED, 0, "not confirmed: nothing was changed");
    return PAB_EXIT_CANCELLED;
}

static void release(struct restore *r)
{
    for (size_t i = 0; i < r->parts.count; i++) {
        pab_opctx_release(&r->parts.items[i]->c);
        pab_instance_close(&r->parts.items[i]->instance);
        free(r->parts.items[i]);
    }
    free(r->parts.items);
    free(r->object_seen);
    pab_log_set_file(-1);
    if (r->log_fd >= 0) close(r->log_fd);
    pab_backup_close(r->backup);
    pab_store_close(r->store);
}

int pab_engine_restore(struct pab_session *s, const struct pab_restore_opts *o, struct pab_error *err)
{
    struct restore r = { .s = s, .o = o, .log_fd = -1 };
    int64_t start = pab_monotonic_ms();
    const char *status = "refused";
    int code = open_backup(&r, err);
    if (!code) {
        pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_START, .text = "restore", .name = pab_backup_name(r.backup), .path = pab_backup_path(r.backup) });
        int refused = select_parts(&r, err) || check_as(&r, err) || check_to_dir(&r, err);
        if (!refused && !o->cleanup) refused = pab_restore_check_backup(&r, err) || pab_restore_check_includes(&r, err);
        if (refused || plan(&r, err)) code = pab_exit_of_error(err);
        else if (o->dry_run) status = "planned";
        else if (o->confirm && !o->confirm(o->confirm_ctx)) code = not_confirmed(err);
        else execute(&r);
    }
    if (!code) code = exit_code(&r);
    if (!code || r.ok || r.failed) status = o->dry_run ? "planned" : r.failed ? (r.ok ? "partial" : "failed") : pab_cancelled() ? "cancelled" : "complete";
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_SUMMARY, .name = r.backup ? pab_backup_name(r.backup) : NULL, .path = r.backup ? pab_backup_path(r.backup) : NULL,
                                              .text = status, .exit_code = code, .ms = pab_monotonic_ms() - start, .error = err->code ? err : NULL,
                                              .content_bytes = r.traffic.content_bytes, .bytes = r.traffic.bytes });
    release(&r);
    return code;
}
