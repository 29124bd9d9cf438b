/* opctx.c - see opctx.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/engine/opctx.h"

static void b_warn(void *ctx, const char *object, const char *message)
{
    pab_opctx_warn(ctx, PAB_WARNING_OTHER, object, message);
}

static void b_progress(void *ctx, const struct pab_progress *p)
{
    struct pab_opctx *c = ctx;
    pab_emit_progress(&c->session->events, &(struct pab_event){
        .type = PAB_EV_PROGRESS, .target = c->target, .phase = p->phase, .unit = p->unit, .done = p->done, .total = p->total,
        .content_bytes = __atomic_load_n(&c->traffic->content_bytes, __ATOMIC_RELAXED), .bytes = __atomic_load_n(&c->traffic->bytes, __ATOMIC_RELAXED) });
}

void pab_opctx_progress(void *ctx, uint64_t content_bytes, uint64_t bytes)
{
    struct pab_opctx *c = ctx;
    uint64_t plain = __atomic_add_fetch(&c->traffic->content_bytes, content_bytes, __ATOMIC_RELAXED);
    uint64_t stored = __atomic_add_fetch(&c->traffic->bytes, bytes, __ATOMIC_RELAXED);
    pab_emit_progress(&c->session->events, &(struct pab_event){ .type = PAB_EV_PROGRESS, .target = c->target, .content_bytes = plain, .bytes = stored });
}

static int b_object(void *ctx, const struct pab_object *o, const struct pab_kv *attrs, uint64_t n, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    (void)err;
    pthread_mutex_lock(&c->lock);
    c->objects++;
    if (c->mf) pab_strs_add(&c->announced, o->id);
    if (!c->object_kind) c->object_kind = pab_strdup(o->kind);
    if (o->size != PAB_SIZE_UNKNOWN) c->size += o->size;
    pthread_mutex_unlock(&c->lock);
    if (!c->mf) /* in a backup the artifacts say it */
        pab_emit(&c->session->events, &(struct pab_event){ .type = PAB_EV_OBJECT, .target = c->target, .object = o->id, .text = o->kind,
                                                           .size = o->size, .detail = o->detail, .attrs = attrs, .attr_count = n });
    return PAB_OK;
}

static int b_wanted(void *ctx, const char *object)
{
    const struct pab_opctx *c = ctx;
    return !c->only || strcmp(c->only, object) == 0;
}

static int b_fact(void *ctx, const char *key, const char *value, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    (void)err;
    pthread_mutex_lock(&c->lock);
    if (c->mf) pab_kvs_set(&c->mf->facts, key, value);
    else if (!strcmp(key, "down")) pab_strs_add(&c->down, value);
    pthread_mutex_unlock(&c->lock);
    if (!c->mf) pab_emit(&c->session->events, &(struct pab_event){ .type = PAB_EV_FACT, .target = c->target, .text = key, .detail = value });
    return PAB_OK;
}

static int b_plan(void *ctx, const struct pab_plan *p, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    (void)err;
    if (p->action == PAB_PLAN_CONFLICT) c->conflicts++;
    pab_emit(&c->session->events, &(struct pab_event){ .type = PAB_EV_PLAN, .target = c->target, .object = p->object, .action = p->action,
                                                       .text = p->detail, .size = p->size });
    return PAB_OK;
}

static int b_journal_add(void *ctx, const char *record, uint64_t *ret_id, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    return pab_journal_add(c->session->journal, c->instance->plugin->p.name, record, ret_id, err);
}

static int b_journal_done(void *ctx, uint64_t id, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    return pab_journal_done(c->session->journal, id, err);
}

static const char *b_scratch(void *ctx, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    pthread_mutex_lock(&c->lock);
    if (!c->scratch.path) pab_scratch_make(&c->scratch, err);
    pthread_mutex_unlock(&c->lock);
    return c->scratch.path;
}

void pab_opctx_init(struct pab_opctx *c, struct pab_session *s, struct pab_instance *i, struct pab_traffic *t)
{
    *c = (struct pab_opctx){ .session = s, .instance = i, .target = i->target->name, .categories = s->categories, .traffic = t };
    pthread_mutex_init(&c->lock, NULL);
}

void pab_opctx_release(struct pab_opctx *c)
{
    pab_scratch_remove(&c->scratch, c->target);
    pab_strs_release(&c->down);
    free(c->object_kind);
    pab_strs_release(&c->announced);
    pab_strs_release(&c->broken);
    free(c->source);
    free(c->infos);
    free(c->whole);
    pthread_mutex_destroy(&c->lock);
}

void pab_opctx_set_source(struct pab_opctx *c, struct pab_backup *b, struct pab_mf_target *t,
                          int (*keep)(void *ctx, const struct pab_mf_artifact *a), void *ctx)
{
    size_t n = t->artifacts.count;
    c->backup = b;
    c->source = pab_alloc_array(n + 1, sizeof *c->source);
    c->infos = pab_alloc_array(n + 1, sizeof *c->infos);
    c->whole = pab_alloc(n + 1);
    for (size_t i = 0; i < n; i++) {
        struct pab_mf_artifact *a = &t->artifacts.items[i];
        if (!(a->category & c->categories) || (keep && !keep(ctx, a))) continue;
        c->infos[c->source_count] = (struct pab_artifact_info){
            .struct_size = sizeof *c->infos, .kind = a->kind, .category = a->category, .path = a->path, .object = a->object,
            .media_type = a->media_type, .size = a->size, .content_size = a->content_size,
            .facts = a->facts.items, .fact_count = a->facts.count, .counts = a->counts.items, .count_count = a->counts.count };
        c->source[c->source_count++] = a;
    }
}

static const char *verb_name(enum pab_verb v)
{
    static const char *const names[] = { "check", "discover", "backup", "restore", "verify" };
    return names[v];
}

static void make_backend(enum pab_verb verb, struct pab_op_backend *b)
{
    *b = (struct pab_op_backend){ .warn = b_warn, .progress = b_progress, .object = b_object, .fact = b_fact, .scratch = b_scratch, .wanted = b_wanted };
    if (verb == PAB_VERB_BACKUP) pab_backend_fill_out(b);
    if (verb == PAB_VERB_RESTORE || verb == PAB_VERB_VERIFY) pab_backend_fill_in(b);
    if (verb == PAB_VERB_RESTORE) b->plan = b_plan;
    if (verb == PAB_VERB_BACKUP || verb == PAB_VERB_RESTORE) {
        b->journal_add = b_journal_add;
        b->journal_done = b_journal_done;
    }
}

int pab_opctx_call(struct pab_opctx *c, enum pab_verb verb, int64_t timeout_ms,
                   int (*call)(struct pab_opctx *c, struct pab_op *op, void *arg), void *arg, struct pab_error *err)
{
    struct pab_op_backend backend;
    make_backend(verb, &backend);
    pab_opctx_warnings_begin(c);
    c->op = pab_operation_new(&(struct pab_operation_opts){
        .backend = &backend, .ctx = c, .target = c->target, .timeout_ms = timeout_ms, .config = c->instance->config,
        .inject_at = verb == PAB_VERB_BACKUP ? c->session->inject_at : 0, .cancel_at = verb == PAB_VERB_BACKUP ? c->session->cancel_at : 0 });
    int rc = call(c, pab_operation_handle(c->op), arg);
    rc = pab_operation_end(c->op, rc, verb_name(verb), err);
    c->op = NULL;
    pab_opctx_warnings_end(c);
    return rc;
}
