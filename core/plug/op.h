/* op.h - one verb call on one target: the handle that the plugin gets, and what stands behind it.
 *
 * The plugin sees struct pab_op with the host table.  The host functions (host*.c) check that they are used in the
 * right order, keep the first failure, make errors sticky, and hand the work to the backend, which the engine
 * supplies: so this layer knows neither stores nor streams.
 *
 *     struct pab_operation *op = pab_operation_new(&(struct pab_operation_opts){ .backend = &b, .ctx = c, .target = "db" });
 *     int rc = plugin->backup(instance, pab_operation_handle(op), &req);
 *     rc = pab_operation_end(op, rc, "backup", err);    // judges, frees op
 *
 * pab_operation_end turns misuse into PAB_E_INTERNAL naming the plugin: an artifact left open, a positive return
 * value, a failure without pab_fail, success after pab_fail.  A failure after the time limit is PAB_E_TIMEOUT.
 */
#ifndef PAB_PLUG_OP_H
#define PAB_PLUG_OP_H

#include "core/base/error.h"
#include "core/config/options.h"

/* What the engine does for an operation. `ctx` is the engine's; a returned void* is the engine's object, given back
 * to the functions of its kind.  Functions that the verb has no use for may be NULL: calling them then is
 * PAB_E_UNSUPPORTED.  May be called from any thread of the plugin. */
struct pab_op_backend {
    void (*warn)(void *ctx, const char *object, const char *message);
    void (*progress)(void *ctx, const struct pab_progress *p);
    int (*object)(void *ctx, const struct pab_object *o, const struct pab_kv *attrs, uint64_t n, struct pab_error *err);
    int (*fact)(void *ctx, const char *key, const char *value, struct pab_error *err);
    int (*plan)(void *ctx, const struct pab_plan *p, struct pab_error *err);
    int (*journal_add)(void *ctx, const char *record, uint64_t *ret_id, struct pab_error *err);
    int (*journal_done)(void *ctx, uint64_t id, struct pab_error *err);
    const char *(*scratch)(void *ctx, struct pab_error *err);
    int (*wanted)(void *ctx, const char *object);   /* NULL: all are */

    int (*begin)(void *ctx, const struct pab_artifact_desc *d, void **ret, struct pab_error *err);
    int (*write)(void *artifact, const void *p, uint64_t n, struct pab_error *err);
    int (*artifact_fact)(void *artifact, const char *key, const char *value, struct pab_error *err);
    int (*artifact_count)(void *artifact, const char *key, uint64_t value, struct pab_error *err);
    int (*commit)(void *artifact, struct pab_error *err);   /* frees it either way */
    void (*abort)(void *artifact);
    int (*block_begin)(void *artifact, const char *name, void **ret, struct pab_error *err);
    int (*block_write)(void *block, const void *p, uint64_t n, struct pab_error *err);
    int (*block_end)(void *block, uint64_t rows, struct pab_error *err); /* frees it either way */
    void (*block_abort)(void *block);
    int (*entry)(void *artifact, const struct pab_entry *e, struct pab_error *err);
    int (*walk)(void *artifact, struct pab_walk *w, struct pab_error *err);
    int (*tar)(void *artifact, pab_read_fn read, void *read_ctx, uint32_t strip, struct pab_error *err);

    int (*open)(void *ctx, uint32_t index, uint32_t mode, void **ret, struct pab_error *err);
    int64_t (*read)(void *reader, void *buf, uint64_t n, struct pab_error *err);
    uint64_t (*block_count)(void *reader);
    int (*block_info)(void *reader, uint64_t i, struct pab_block_info *info, struct pab_error *err);
    int (*block_open)(void *reader, uint64_t i, void **ret, struct pab_error *err);
    int (*next)(void *reader, struct pab_entry *e, struct pab_error *err);
    int (*extract)(void *reader, struct pab_extract *x, struct pab_error *err);
    void (*close)(void *reader);
};

struct pab_operation_opts {
    const struct pab_op_backend *backend;
    void *ctx;
    const char *target;                /* for log lines; outlives the operation */
    int64_t timeout_ms;                /* 0: none */
    const struct pab_config *config;   /* to notice misuse of its getters; may be NULL */
    unsigned inject_at;                /* for trying plugins: the n-th artifact call fails with PAB_E_IO; 0: none */
    unsigned cancel_at;                /* likewise: cancelled at the n-th artifact call */
};
struct pab_operation;
struct pab_operation *pab_operation_new(const struct pab_operation_opts *o);
struct pab_op *pab_operation_handle(struct pab_operation *op);
/* 1 once the user or the time limit said stop. For backends that run long. */
int pab_operation_cancelled(void *op);
int pab_operation_end(struct pab_operation *op, int rc, const char *verb, struct pab_error *err);

/* The table that every handle carries; every member is set. */
const struct pab_host *pab_host_table(void);

#endif
