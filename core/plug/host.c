/* host.c - the host table: messages, cancellation, options, findings. Writing and reading: host_write.c, host_read.c. */
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include "config.h"
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/plug/op_private.h"

static void h_log(struct pab_op *op, int32_t level, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pab_vlogf(level <= PAB_LOG_DEBUG ? PAB_LL_DEBUG : level == PAB_LOG_VERBOSE ? PAB_LL_VERBOSE : PAB_LL_INFO, pab_operation_of(op)->o.target, fmt, ap);
    va_end(ap);
}

static int32_t h_fail(struct pab_op *op, int32_t code, int32_t os_errno, const char *hint, const char *fmt, ...)
{
    struct pab_error e = { 0 };
    va_list ap;
    va_start(ap, fmt);
    pab_error_vset(&e, code < 0 ? code : PAB_E_INTERNAL, os_errno, fmt, ap);
    va_end(ap);
    if (hint) pab_error_hint(&e, e.code, "%s", hint);
    pab_secret_mask_inplace(e.message, sizeof e.message);
    pab_secret_mask_inplace(e.hint, sizeof e.hint);
    return pab_operation_fail(pab_operation_of(op), &e);
}

static void h_set_retryable(struct pab_op *pub, int32_t retryable)
{
    struct pab_operation *op = pab_operation_of(pub);
    pthread_mutex_lock(&op->lock);
    op->error.retryable = retryable != 0;
    pthread_mutex_unlock(&op->lock);
}

static void h_warn(struct pab_op *pub, const char *object, const char *fmt, ...)
{
    struct pab_operation *op = pab_operation_of(pub);
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *message = pab_vsprintf(fmt, ap);
    va_end(ap);
    CLEANUP_FREE char *masked = pab_secret_mask(message);
    if (op->o.backend->warn) op->o.backend->warn(op->o.ctx, object, masked);
    else pab_logf(PAB_LL_WARNING, op->o.target, "%s", masked);
}

static void h_secret(struct pab_op *op, const char *value)
{
    (void)op;
    pab_secret_register(value);
}

static int32_t h_cancelled(struct pab_op *op)
{
    return pab_operation_cancelled(op);
}

static int32_t h_cancel_fd(struct pab_op *op)
{
    return pab_watch_fd(pab_operation_of(op)->watch);
}

static int32_t h_sleep_ms(struct pab_op *op, uint32_t ms)
{
    int64_t end = pab_monotonic_ms() + ms;
    struct pollfd fd = { .fd = h_cancel_fd(op), .events = POLLIN };
    for (int64_t left = ms; left > 0 && !h_cancelled(op); left = end - pab_monotonic_ms()) poll(&fd, 1, left > INT32_MAX ? INT32_MAX : (int)left);
    return pab_operation_check_cancel(pab_operation_of(op));
}

static int64_t h_remaining_ms(struct pab_op *op)
{
    return pab_watch_remaining_ms(pab_operation_of(op)->watch);
}

static uint64_t h_config_count(const struct pab_config *c, const char *key) { return pab_config_count(c, key); }
static int32_t h_config_has(const struct pab_config *c, const char *key) { return pab_config_has(c, key); }

/* A struct from the plugin, however old, in a zeroed one of ours. */
#define FROM_PLUGIN(ours, theirs) \
    memcpy(&(ours), (theirs), (theirs)->struct_size < sizeof(ours) ? (theirs)->struct_size : sizeof(ours))

static void h_progress(struct pab_op *pub, const struct pab_progress *theirs)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_progress p = { 0 };
    FROM_PLUGIN(p, theirs);
    if (op->o.backend->progress && p.phase) op->o.backend->progress(op->o.ctx, &p);
}

static int32_t h_object_add(struct pab_op *pub, const struct pab_object *theirs, const struct pab_kv *attrs, uint64_t n)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_object o = { 0 };
    struct pab_error err = { 0 };
    FROM_PLUGIN(o, theirs);
    if (!o.id || !*o.id || !o.kind) return pab_operation_misuse(op, "object_add: an object without id or kind");
    if (!op->o.backend->object) return PAB_OK;
    return op->o.backend->object(op->o.ctx, &o, attrs, n, &err) ? pab_operation_fail(op, &err) : PAB_OK;
}

static int32_t h_fact(struct pab_op *pub, const char *key, const char *value)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_error err = { 0 };
    if (!key || !*key || !value) return pab_operation_misuse(op, "fact: no key or no value");
    if (!op->o.backend->fact) return PAB_OK;
    return op->o.backend->fact(op->o.ctx, key, value, &err) ? pab_operation_fail(op, &err) : PAB_OK;
}

static int32_t h_plan_add(struct pab_op *pub, const struct pab_plan *theirs)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_plan p = { 0 };
    struct pab_error err = { 0 };
    FROM_PLUGIN(p, theirs);
    if (!p.object || !p.detail || p.action < PAB_PLAN_CREATE || p.action > PAB_PLAN_CONFLICT) return pab_operation_misuse(op, "plan_add: no object, no detail or no valid action");
    if (!op->o.backend->plan) return PAB_OK;
    return op->o.backend->plan(op->o.ctx, &p, &err) ? pab_operation_fail(op, &err) : PAB_OK;
}

static int32_t h_journal_add(struct pab_op *pub, const char *record, uint64_t *ret_id)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_error err = { 0 };
    if (!record || !ret_id) return pab_operation_misuse(op, "journal_add: no record");
    if (!op->o.backend->journal_add) return pab_operation_misuse(op, "journal_add: this verb must not have side effects that need undoing");
    return op->o.backend->journal_add(op->o.ctx, record, ret_id, &err) ? pab_operation_fail(op, &err) : PAB_OK;
}

static int32_t h_journal_done(struct pab_op *pub, uint64_t id)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_error err = { 0 };
    if (!op->o.backend->journal_done) return PAB_OK;
    return op->o.backend->journal_done(op->o.ctx, id, &err) ? pab_operation_fail(op, &err) : PAB_OK;
}

static const char *h_scratch_dir(struct pab_op *pub)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_error err = { 0 };
    if (!op->o.backend->scratch) pab_error_set(&err, PAB_E_UNSUPPORTED, 0, "no scratch folder here");
    const char *dir = op->o.backend->scratch ? op->o.backend->scratch(op->o.ctx, &err) : NULL;
    if (!dir) pab_operation_fail(op, &err);
    return dir;
}

static int32_t h_object_wanted(struct pab_op *pub, const char *id)
{
    struct pab_operation *op = pab_operation_of(pub);
    return !op->o.backend->wanted || op->o.backend->wanted(op->o.ctx, id);
}

static struct pab_host table;
static pthread_once_t table_once = PTHREAD_ONCE_INIT;

static void fill_table(void)
{
    table = (struct pab_host){
        .struct_size = sizeof table, .abi_major = PAB_ABI_MAJOR, .abi_minor = PAB_ABI_MINOR, .version = PACKAGE_VERSION,
        .log = h_log, .fail_with = h_fail, .set_retryable = h_set_retryable, .warn = h_warn, .progress = h_progress, .secret = h_secret,
        .cancelled = h_cancelled, .cancel_fd = h_cancel_fd, .sleep_ms = h_sleep_ms, .remaining_ms = h_remaining_ms,
        .config_has = h_config_has, .config_str = pab_config_str, .config_int = pab_config_int, .config_count = h_config_count,
        .config_item = pab_config_item, .config_record = pab_config_record, .config_where = pab_config_where,
        .object_add = h_object_add, .fact = h_fact, .plan_add = h_plan_add,
        .journal_add = h_journal_add, .journal_done = h_journal_done, .scratch_dir = h_scratch_dir, .object_wanted = h_object_wanted,
    };
    pab_host_fill_write(&table);
    pab_host_fill_read(&table);
}

const struct pab_host *pab_host_table(void)
{
    pthread_once(&table_once, fill_table);
    return &table;
}
