/* op.c - an operation from its making to the judgement of its end; see op.h. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/plug/op_private.h"

struct pab_operation *pab_operation_new(const struct pab_operation_opts *o)
{
    struct pab_operation *op = pab_alloc(sizeof *op);
    op->pub.host = pab_host_table();
    op->o = *o;
    pthread_mutex_init(&op->lock, NULL);
    op->watch = pab_watch_new(o->timeout_ms);
    return op;
}

struct pab_op *pab_operation_handle(struct pab_operation *op)
{
    return &op->pub;
}

int pab_operation_cancelled(void *op)
{
    return pab_watch_stopped(((struct pab_operation *)op)->watch);
}

int pab_operation_fail(struct pab_operation *op, const struct pab_error *e)
{
    pthread_mutex_lock(&op->lock);
    int first = op->error.code == PAB_OK, again = !first && !strcmp(op->error.message, e->message);
    if (first) op->error = *e;
    pthread_mutex_unlock(&op->lock);
    if (!first && e->code != PAB_E_CANCELLED) pab_logf(again ? PAB_LL_DEBUG : PAB_LL_INFO, op->o.target, "and then: %s", e->message);
    return e->code;
}

int pab_operation_code(struct pab_operation *op)
{
    pthread_mutex_lock(&op->lock);
    int code = op->error.code;
    pthread_mutex_unlock(&op->lock);
    return code;
}

int pab_operation_misuse(struct pab_operation *op, const char *fmt, ...)
{
    struct pab_error e = { 0 };
    va_list ap;
    va_start(ap, fmt);
    pab_error_vset(&e, PAB_E_INTERNAL, 0, fmt, ap);
    va_end(ap);
    pab_error_hint(&e, e.code, "this is a bug of the plugin; please report it");
    return pab_operation_fail(op, &e);
}

int pab_operation_check_cancel(struct pab_operation *op)
{
    struct pab_error e = { 0 };
    if (op->o.inject_at || op->o.cancel_at) {
        unsigned n = atomic_fetch_add(&op->calls, 1) + 1;
        if (n == op->o.cancel_at) pab_cancel_trigger();
        if (n == op->o.inject_at) {
            pab_error_set(&e, PAB_E_IO, EIO, "failure injected by plugin check");
            e.retryable = 0;
            return pab_operation_fail(op, &e);
        }
    }
    if (!pab_operation_cancelled(op)) return PAB_OK;
    pab_error_set(&e, PAB_E_CANCELLED, 0, "cancelled");
    return pab_operation_fail(op, &e);
}

/* What the verb said, against what it did. */
static int judge(struct pab_operation *op, int rc, const char *verb, char *left_open)
{
    if (op->error.code == PAB_OK && op->o.config && pab_config_misuse(op->o.config))
        return pab_operation_misuse(op, "%s: %s", verb, pab_config_misuse(op->o.config));
    if (rc > 0) return pab_operation_misuse(op, "%s returned %d: neither success nor an error code", verb, rc);
    if (rc == PAB_OK && left_open) return pab_operation_misuse(op, "%s succeeded but left artifact '%s' open", verb, left_open);
    if (rc < 0 && op->error.code == PAB_OK) return pab_operation_misuse(op, "%s failed with code %d (%s) without saying why", verb, rc, pab_error_name(rc));
    if (rc == PAB_OK && op->error.code && (op->o.inject_at || op->o.cancel_at)) { /* a plugin on trial must not rely on us for that */
        struct pab_error why = op->error;
        return pab_error_set(&op->error, PAB_E_INTERNAL, 0, "%s returned success although it had failed: %s", verb, why.message);
    }
    return op->error.code; /* success after pab_fail is a failure: the reason stands there */
}

int pab_operation_end(struct pab_operation *op, int rc, const char *verb, struct pab_error *err)
{
    CLEANUP_FREE char *left_open = pab_host_end_writes(op);
    pab_host_end_reads(op);
    rc = judge(op, rc, verb, left_open);
    if (rc) {
        if (pab_watch_timed_out(op->watch) && op->error.code == PAB_E_CANCELLED)
            rc = pab_error_hint(&op->error, pab_error_set(&op->error, PAB_E_TIMEOUT, 0, "took longer than its time limit of %lld s", (long long)(op->o.timeout_ms / 1000)),
                                "raise 'timeout' of the target, or find out what it waits for");
        if (err) *err = op->error;
    }
    pab_watch_free(op->watch);
    pthread_mutex_destroy(&op->lock);
    free(op);
    return rc;
}
