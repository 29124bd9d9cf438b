/* verify.c - is a backup whole and sound? The cheap checks always; every byte with --check-integrity. */
#include <string.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/engine/integrity.h"
#include "core/engine/lineage.h"
#include "core/engine/opctx.h"
#include "core/engine/sizes.h"
#include "core/engine/structure.h"

struct verify {
    struct pab_session *s;
    const struct pab_verify_opts *o;
    struct pab_store *store;
    struct pab_traffic traffic;
    struct pab_strs damaged;     /* paths of the current backup that have a finding */
    uint64_t findings, checked, failed_backups;
    uint64_t unchecked;          /* targets that their plugins did not look at */
};

static void finding(struct verify *v, const char *target, const char *path, const char *text)
{
    v->findings++;
    if (path) pab_strs_add(&v->damaged, path);
    pab_emit(&v->s->events, &(struct pab_event){ .type = PAB_EV_FINDING, .target = target, .path = path, .text = text });
}

static void file_finding(void *ctx, const struct pab_finding *f)
{
    finding(ctx, NULL, f->path, f->problem);
}

static int is_damaged(const struct verify *v, const char *path)
{
    for (size_t i = 0; path && i < v->damaged.count; i++)
        if (strcmp(v->damaged.items[i], path) == 0) return 1;
    return 0;
}

static int not_damaged(void *ctx, const struct pab_mf_artifact *a)
{
    return !is_damaged(ctx, a->path) && !is_damaged(ctx, a->index_path);
}

static int call_verify(struct pab_opctx *c, struct pab_op *op, void *arg)
{
    const struct pab_verify_req *req = arg;
    return c->instance->plugin->p.verify(c->instance->data, op, req);
}

/* What a plugin could not look at says nothing about the backup. */
static int is_no_finding(int code)
{
    return code == PAB_E_TIMEOUT || code == PAB_E_UNREACHABLE || code == PAB_E_BUSY || code == PAB_E_AUTH || code == PAB_E_CONFIG || code == PAB_E_NOMEM;
}

static void not_checked(struct verify *v, const char *target, const char *why)
{
    CLEANUP_FREE char *text = pab_sprintf("not checked by its plugin: %s", why);
    v->unchecked++;
    pab_emit_warning(v->s, target, NULL, text);
}

/* The artifact that a plugin failed on: what could not be read, else what its words name, else the only one that it was given. */
static const struct pab_mf_artifact *failed_artifact(const struct pab_opctx *c, const char *message)
{
    for (size_t i = 0; !c->failed && i < c->source_count; i++) {
        CLEANUP_FREE char *quoted = pab_sprintf("'%s'", c->source[i]->path);
        if (strstr(message, quoted)) return c->source[i];
    }
    return c->failed ? c->failed : c->source_count == 1 ? c->source[0] : NULL;
}

/* The plugin's own look at its artifacts; 1: at one of them it found damage, and there may be more in the others. What it
 * reads to the end counts as read: c->whole. */
static int plugin_verify(struct verify *v, struct pab_opctx *c, struct pab_mf_target *mf)
{
    struct pab_error why = { 0 };
    struct pab_verify_req req = { .struct_size = sizeof req, .flags = v->o->integrity ? PAB_VERIFY_CONTENT : 0, .artifacts = c->infos,
                                  .artifact_count = (uint32_t)c->source_count, .artifact_stride = sizeof *c->infos,
                                  .facts = mf->facts.items, .fact_count = mf->facts.count };
    int rc = pab_opctx_call(c, PAB_VERB_VERIFY, c->instance->target->timeout_ms, call_verify, &req, &why);
    const struct pab_mf_artifact *a = rc ? failed_artifact(c, why.message) : NULL;
    v->findings += c->warnings;
    if (!rc || rc == PAB_E_CANCELLED) return 0;
    if (is_no_finding(rc)) not_checked(v, mf->name, why.message);
    else finding(v, mf->name, a ? a->path : NULL, why.message);
    return a && !is_no_finding(rc);
}

static void report_artifact(struct verify *v, const char *target, const struct pab_mf_artifact *a, const char *detail)
{
    v->checked++;
    pab_emit(&v->s->events, &(struct pab_event){ .type = PAB_EV_ARTIFACT, .target = target, .artifact = a, .detail = detail });
}

/* Before anything is read to its end: what is not even begun and ended as it should be. */
static void check_structures(struct verify *v, struct pab_backup *b, const struct pab_mf_target *mf)
{
    for (size_t i = 0; i < mf->artifacts.count && !pab_cancelled(); i++) {
        const struct pab_mf_artifact *a = &mf->artifacts.items[i];
        struct pab_error why = { 0 };
        if (not_damaged(v, a) && pab_structure_check(b, mf->name, a, &why)) finding(v, mf->name, a->path, why.message);
    }
}

/* What it builds on must at least be there. */
static int check_lineage(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, struct pab_error *err)
{
    struct pab_lineage line = { 0 };
    if (pab_lineage_open(b, target, a, &line, err)) return err->code;
    pab_lineage_release(&line);
    return PAB_OK;
}

static void verify_artifact(struct verify *v, struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, int whole)
{
    struct pab_error why = { 0 };
    CLEANUP_FREE char *detail = NULL;
    if (!not_damaged(v, a)) return;
    if (v->o->manifest_only && check_lineage(b, target, a, &why)) {
        finding(v, target, a->path, why.message);
    } else if (!v->o->integrity) {
        report_artifact(v, target, a, v->o->manifest_only ? "size" : pab_structure_detail(a));
    } else if (whole && a->kind == PAB_KIND_STREAM) {
        report_artifact(v, target, a, "sha256, read by its plugin");
    } else if (pab_integrity_content(b, target, a, &detail, &why)) {
        if (why.code != PAB_E_CANCELLED) finding(v, target, a->path, why.message);
    } else {
        report_artifact(v, target, a, detail);
    }
}

static const struct pab_job_target *job_target(const struct pab_session *s, const struct pab_mf_target *mf)
{
    for (size_t i = 0; i < s->job->target_count; i++)
        if (strcmp(s->job->targets[i].name, mf->name) == 0 && strcmp(s->job->targets[i].plugin, mf->plugin) == 0) return &s->job->targets[i];
    return NULL;
}

/* The plugin that made it, with the options of the job; needs neither its service nor its secrets. 0: cannot be had. */
static int plugin_of(struct verify *v, const struct pab_mf_target *mf, struct pab_instance *ret)
{
    const struct pab_job_target *jt = job_target(v->s, mf);
    struct pab_error why = { 0 };
    if (!jt) {
        CLEANUP_FREE char *text = pab_sprintf("the job has no such target with plugin '%s' any more", mf->plugin);
        not_checked(v, mf->name, text);
        return 0;
    }
    if (!pab_instance_prepare(v->s, jt, ret, &why) && !pab_instance_open(v->s, ret, &why)) return 1;
    not_checked(v, mf->name, why.message);
    pab_instance_close(ret);
    return 0;
}

/* Again without what was found damaged, as long as it finds something: a plugin may stop at the first. */
static void verify_by_plugin(struct verify *v, struct pab_backup *b, struct pab_mf_target *mf, struct pab_instance *instance, unsigned char *whole)
{
    for (int again = 1; again && !pab_cancelled();) {
        struct pab_opctx c;
        pab_opctx_init(&c, v->s, instance, &v->traffic);
        pab_opctx_set_source(&c, b, mf, not_damaged, v);
        again = c.source_count && plugin_verify(v, &c, mf);
        for (size_t k = 0; k < c.source_count; k++) whole[c.source[k] - mf->artifacts.items] |= c.whole[k];
        pab_opctx_release(&c);
    }
}

static void verify_target(struct verify *v, struct pab_backup *b, struct pab_mf_target *mf)
{
    struct pab_instance instance = { 0 };
    CLEANUP_FREE unsigned char *whole = pab_alloc(mf->artifacts.count + 1);
    if (mf->artifacts.count && !v->o->manifest_only) {
        check_structures(v, b, mf);
        if (plugin_of(v, mf, &instance)) {
            verify_by_plugin(v, b, mf, &instance, whole);
            pab_instance_close(&instance);
        }
    }
    for (size_t i = 0; i < mf->artifacts.count && !pab_cancelled(); i++) verify_artifact(v, b, mf->name, &mf->artifacts.items[i], whole[i]);
}

static void verify_backup(struct verify *v, const char *which, struct pab_error *err)
{
    struct pab_backup *b = NULL;
    pab_emit(&v->s->events, &(struct pab_event){ .type = PAB_EV_BACKUP_START, .name = which });
    if (pab_backup_open(v->store, which, &b, err)) {
        if (err->code == PAB_E_CORRUPT || err->code == PAB_E_UNSUPPORTED) {
            finding(v, NULL, "manifest.json", err->message);
            pab_error_clear(err);
        }
        pab_strs_release(&v->damaged);
        return;
    }
    uint64_t before = v->findings;
    const struct pab_manifest *m = pab_backup_manifest(b);
    if (pab_backup_check_files(b, file_finding, v, err)) finding(v, NULL, NULL, err->message);
    for (size_t t = 0; t < m->targets.count && !pab_cancelled(); t++)
        if (pab_session_wants(v->s, m->targets.items[t].name)) verify_target(v, b, &m->targets.items[t]);
    if (v->o->sizes && v->store) pab_compare_sizes(v->store, m, file_finding, v, err);
    if (v->findings != before) v->failed_backups++;
    pab_strs_release(&v->damaged);
    pab_backup_close(b);
}

static int verify_all(struct verify *v, struct pab_error *err)
{
    struct pab_backup_list list = { 0 };
    if (pab_store_list(v->store, &list, err)) return pab_exit_of_error(err);
    if (!list.count) pab_error_set(err, PAB_E_NOT_FOUND, 0, "'%s' holds no backups", v->s->store_path);
    for (size_t i = 0; i < list.count && !pab_cancelled(); i++) {
        struct pab_error why = { 0 };
        verify_backup(v, list.items[i].name, &why);
        if (why.code) finding(v, NULL, list.items[i].name, why.message);
    }
    int code = list.count ? PAB_EXIT_OK : PAB_EXIT_NO_STORE;
    pab_backup_list_release(&list);
    return code;
}

int pab_engine_verify(struct pab_session *s, const struct pab_verify_opts *o, struct pab_error *err)
{
    struct verify v = { .s = s, .o = o };
    const char *which = o->which ? o->which : "latest";
    int64_t start = pab_monotonic_ms();
    int code = PAB_EXIT_OK;
    struct pab_error why = { 0 };
    if (pab_store_open(s->store_path, 0, &v.store, &why) && (o->all || !strchr(which, '/'))) {
        *err = why;
        code = why.code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
    } else {
        pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_START, .text = "verify", .name = o->all ? NULL : which, .path = s->store_path });
        if (o->all) code = verify_all(&v, err);
        else verify_backup(&v, which, err);
        if (!code && err->code) code = err->code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
    }
    if (pab_cancelled()) {
        code = PAB_EXIT_CANCELLED;
        pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    } else if (v.findings) {
        code = PAB_EXIT_DAMAGED;
    } else if (!code && v.unchecked) {
        code = PAB_EXIT_INCOMPLETE;
    }
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_SUMMARY, .name = o->all ? NULL : which, .path = s->store_path, .exit_code = code,
                                              .text = v.findings ? "damaged" : code == PAB_EXIT_INCOMPLETE ? "incomplete" : code ? "failed" : "sound", .done = v.checked, .total = v.findings,
                                              .ms = pab_monotonic_ms() - start, .error = err->code ? err : NULL });
    pab_store_close(v.store);
    return code;
}
