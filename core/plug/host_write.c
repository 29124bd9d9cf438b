/* host_write.c - the host table's part for writing artifacts: order of calls checked, errors sticky, work handed to the backend. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/str.h"
#include "core/plug/op_private.h"

/* Ends a handle's life as far as the plugin may use it. The reason comes first: another thread that finds the artifact
 * failed returns it. */
static int fail_artifact(struct pab_artifact *a, const struct pab_error *err)
{
    int rc = pab_operation_fail(a->op, err);
    a->state = PAB_H_FAILED;
    return rc;
}

/* The same for a plugin that does what it must not. */
#define MISUSED(a, ...) misused((a), pab_operation_misuse((a)->op, __VA_ARGS__))
static int misused(struct pab_artifact *a, int rc)
{
    a->state = PAB_H_FAILED;
    return rc;
}

/* May the plugin use this handle now? Also the place where a cancelled run is noticed. */
static int usable(struct pab_artifact *a, const char *what)
{
    if (!a) return PAB_E_INTERNAL;
    int state = a->state;
    int failed = state == PAB_H_FAILED ? pab_operation_code(a->op) : PAB_OK;
    if (failed) return failed;
    if (state == PAB_H_FAILED) return pab_operation_misuse(a->op, "%s on '%s', one block of which was given up without a reason", what, a->name);
    if (state == PAB_H_DONE) return pab_operation_misuse(a->op, "%s on artifact '%s' after its end", what, a->name);
    int rc = pab_operation_check_cancel(a->op);
    if (rc) a->state = PAB_H_FAILED;
    return rc;
}

static int desc_is_sound(struct pab_operation *op, const struct pab_artifact_desc *d)
{
    if (d->kind != PAB_KIND_STREAM && d->kind != PAB_KIND_TREE) return pab_operation_misuse(op, "artifact_begin: unknown kind %u", d->kind);
    if (d->category != PAB_CAT_DATABASES && d->category != PAB_CAT_VOLUMES && d->category != PAB_CAT_CONFIG && d->category != PAB_CAT_SERVICES)
        return pab_operation_misuse(op, "artifact_begin: category %u is not one of the four", d->category);
    if (d->flags & ~(PAB_ART_PLAIN_NAME | PAB_ART_STORED)) return pab_operation_misuse(op, "artifact_begin: unknown flags %#x", d->flags);
    if (!d->stem || !*d->stem || !d->object || (d->kind == PAB_KIND_STREAM && (!d->extension || !*d->extension)))
        return pab_operation_misuse(op, "artifact_begin: no stem, object or extension");
    return PAB_OK;
}

static int32_t w_begin(struct pab_op *pub, const struct pab_artifact_desc *theirs, struct pab_artifact **ret)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_artifact_desc d = { .size_hint = PAB_SIZE_UNKNOWN };
    struct pab_error err = { 0 };
    memcpy(&d, theirs, theirs->struct_size < sizeof d ? theirs->struct_size : sizeof d);
    if (!op->o.backend->begin) return pab_operation_misuse(op, "artifact_begin: only backup may write artifacts");
    int rc = desc_is_sound(op, &d);
    if (rc || (rc = pab_operation_check_cancel(op))) return rc;
    void *impl = NULL;
    if (op->o.backend->begin(op->o.ctx, &d, &impl, &err)) return pab_operation_fail(op, &err);
    struct pab_artifact *a = pab_alloc(sizeof *a);
    *a = (struct pab_artifact){ .op = op, .impl = impl, .kind = d.kind, .state = PAB_H_OPEN, .name = pab_strdup(d.stem) };
    pthread_mutex_lock(&op->lock);
    a->next = op->artifacts;
    op->artifacts = a;
    pthread_mutex_unlock(&op->lock);
    *ret = a;
    return PAB_OK;
}

static int32_t w_write(struct pab_artifact *a, const void *p, uint64_t n)
{
    struct pab_error err = { 0 };
    int rc = usable(a, "artifact_write");
    if (rc) return rc;
    if (a->kind == PAB_KIND_TREE) {
        if (n > a->entry_left) return MISUSED(a, "tree '%s': more data for '%s' than its entry said", a->name, a->entry_path ? a->entry_path : "?");
        a->entry_left -= n;
    } else if (a->open_blocks) {
        return MISUSED(a, "artifact_write on '%s' while a block is open", a->name);
    }
    return a->op->o.backend->write(a->impl, p, n, &err) ? fail_artifact(a, &err) : PAB_OK;
}

static int32_t w_fact(struct pab_artifact *a, const char *key, const char *value)
{
    struct pab_error err = { 0 };
    int rc = usable(a, "artifact_fact");
    if (rc) return rc;
    if (!key || !*key || !value) return pab_operation_misuse(a->op, "artifact_fact: no key or no value");
    return a->op->o.backend->artifact_fact(a->impl, key, value, &err) ? fail_artifact(a, &err) : PAB_OK;
}

static int32_t w_count(struct pab_artifact *a, const char *key, uint64_t value)
{
    struct pab_error err = { 0 };
    int rc = usable(a, "artifact_count");
    if (rc) return rc;
    if (!key || !*key) return pab_operation_misuse(a->op, "artifact_count: no key");
    return a->op->o.backend->artifact_count(a->impl, key, value, &err) ? fail_artifact(a, &err) : PAB_OK;
}

/* The data that the last entry announced must have come before the next one, or the end. */
static int entry_is_whole(struct pab_artifact *a)
{
    if (!a->entry_left) return PAB_OK;
    return MISUSED(a, "tree '%s': %llu bytes of '%s' are missing", a->name, (unsigned long long)a->entry_left, a->entry_path);
}

static void w_abort(struct pab_artifact *a)
{
    if (!a || atomic_exchange(&a->state, PAB_H_DONE) == PAB_H_DONE) return;
    pthread_mutex_lock(&a->op->lock); /* others may add theirs at the front; nothing is taken out while the verb runs */
    struct pab_block *b = a->op->blocks;
    pthread_mutex_unlock(&a->op->lock);
    for (; b; b = b->next)
        if (b->artifact == a && atomic_exchange(&b->state, PAB_H_DONE) != PAB_H_DONE) a->op->o.backend->block_abort(b->impl);
    a->op->o.backend->abort(a->impl);
}

static int32_t w_commit(struct pab_artifact *a)
{
    struct pab_error err = { 0 };
    int rc = usable(a, "artifact_commit");
    if (!rc) rc = entry_is_whole(a);
    if (!rc && a->open_blocks) rc = pab_operation_misuse(a->op, "artifact_commit on '%s' while a block is open", a->name);
    if (rc) {
        if (a && a->state != PAB_H_DONE) w_abort(a);
        return rc;
    }
    a->state = PAB_H_DONE;
    return a->op->o.backend->commit(a->impl, &err) ? pab_operation_fail(a->op, &err) : PAB_OK;
}

static int32_t w_block_begin(struct pab_artifact *a, const char *name, struct pab_block **ret)
{
    struct pab_error err = { 0 };
    int rc = usable(a, "block_begin");
    if (rc) return rc;
    if (a->kind != PAB_KIND_STREAM || !name) return pab_operation_misuse(a->op, "block_begin on '%s': not a stream, or no name", a->name);
    void *impl = NULL;
    if (a->op->o.backend->block_begin(a->impl, name, &impl, &err)) return fail_artifact(a, &err);
    struct pab_block *b = pab_alloc(sizeof *b);
    *b = (struct pab_block){ .artifact = a, .impl = impl, .state = PAB_H_OPEN };
    a->open_blocks++;
    pthread_mutex_lock(&a->op->lock);
    b->next = a->op->blocks;
    a->op->blocks = b;
    pthread_mutex_unlock(&a->op->lock);
    *ret = b;
    return PAB_OK;
}

static int block_usable(struct pab_block *b, const char *what)
{
    if (!b) return PAB_E_INTERNAL;
    if (b->state == PAB_H_DONE) return pab_operation_misuse(b->artifact->op, "%s on a block of '%s' after its end", what, b->artifact->name);
    return usable(b->artifact, what);
}

static int32_t w_block_write(struct pab_block *b, const void *p, uint64_t n)
{
    struct pab_error err = { 0 };
    int rc = block_usable(b, "block_write");
    if (rc) return rc;
    return b->artifact->op->o.backend->block_write(b->impl, p, n, &err) ? fail_artifact(b->artifact, &err) : PAB_OK;
}

/* 1 when it was open until now. */
static int close_block(struct pab_block *b)
{
    if (atomic_exchange(&b->state, PAB_H_DONE) == PAB_H_DONE) return 0;
    b->artifact->open_blocks--;
    return 1;
}

static void w_block_abort(struct pab_block *b)
{
    if (!b || !close_block(b)) return;
    struct pab_artifact *a = b->artifact;
    int open = PAB_H_OPEN; /* the plugin may say why later, so nothing is recorded here */
    atomic_compare_exchange_strong(&a->state, &open, PAB_H_FAILED);
    a->op->o.backend->block_abort(b->impl);
}

static int32_t w_block_end(struct pab_block *b, uint64_t rows)
{
    struct pab_error err = { 0 };
    int rc = block_usable(b, "block_end");
    if (rc) {
        w_block_abort(b);
        return rc;
    }
    close_block(b);
    return b->artifact->op->o.backend->block_end(b->impl, rows, &err) ? fail_artifact(b->artifact, &err) : PAB_OK;
}

static int tree_usable(struct pab_artifact *a, const char *what)
{
    int rc = usable(a, what);
    if (rc) return rc;
    if (a->kind != PAB_KIND_TREE) return pab_operation_misuse(a->op, "%s on '%s': not a tree", what, a->name);
    return entry_is_whole(a);
}

static int32_t w_entry(struct pab_artifact *a, const struct pab_entry *theirs)
{
    struct pab_entry e = { 0 };
    struct pab_error err = { 0 };
    int rc = tree_usable(a, "tree_entry");
    if (rc) return rc;
    memcpy(&e, theirs, theirs->struct_size < sizeof e ? theirs->struct_size : sizeof e);
    if (!e.path || e.type < PAB_TYPE_FILE || e.type > PAB_TYPE_BLOCK) return pab_operation_misuse(a->op, "tree_entry: no path or unknown type %u", e.type);
    if (a->op->o.backend->entry(a->impl, &e, &err)) return fail_artifact(a, &err);
    a->entry_left = e.type == PAB_TYPE_FILE ? e.size : 0;
    if (e.type == PAB_TYPE_FILE && e.extents) {
        a->entry_left = 0;
        for (uint64_t i = 0; i < e.extent_count; i++) a->entry_left += e.extents[i].length;
    }
    free(a->entry_path);
    a->entry_path = a->entry_left ? pab_str_printable(e.path) : NULL;
    return PAB_OK;
}

static int32_t w_walk(struct pab_artifact *a, struct pab_walk *theirs)
{
    struct pab_walk w = { 0 };
    struct pab_error err = { 0 };
    int rc = tree_usable(a, "tree_walk");
    if (rc) return rc;
    memcpy(&w, theirs, theirs->struct_size < sizeof w ? theirs->struct_size : sizeof w);
    if (!w.root || w.root[0] != '/') return pab_operation_misuse(a->op, "tree_walk: the root must be an absolute path");
    if (w.flags & ~PAB_WALK_ONE_FILESYSTEM) return pab_operation_misuse(a->op, "tree_walk: unknown flags %#x", w.flags);
    rc = a->op->o.backend->walk(a->impl, &w, &err);
    if (theirs->struct_size >= offsetof(struct pab_walk, matched) + sizeof theirs->matched) theirs->matched = w.matched;
    return rc ? fail_artifact(a, &err) : PAB_OK;
}

static int32_t w_tar(struct pab_artifact *a, pab_read_fn read_fn, void *ctx, uint32_t strip)
{
    struct pab_error err = { 0 };
    int rc = tree_usable(a, "tree_tar");
    if (rc) return rc;
    return a->op->o.backend->tar(a->impl, read_fn, ctx, strip, &err) ? fail_artifact(a, &err) : PAB_OK;
}

void pab_host_fill_write(struct pab_host *h)
{
    h->artifact_begin = w_begin;
    h->artifact_write = w_write;
    h->artifact_fact = w_fact;
    h->artifact_count = w_count;
    h->artifact_commit = w_commit;
    h->artifact_abort = w_abort;
    h->block_begin = w_block_begin;
    h->block_write = w_block_write;
    h->block_end = w_block_end;
    h->block_abort = w_block_abort;
    h->tree_entry = w_entry;
    h->tree_walk = w_walk;
    h->tree_tar = w_tar;
}

char *pab_host_end_writes(struct pab_operation *op)
{
    char *left_open = NULL;
    for (struct pab_artifact *a = op->artifacts, *next; a; a = next) {
        next = a->next;
        if (a->state != PAB_H_DONE) {
            if (!left_open) left_open = pab_strdup(a->name);
            w_abort(a);
        }
    }
    for (struct pab_block *b = op->blocks, *next; b; b = next) {
        next = b->next;
        free(b);
    }
    for (struct pab_artifact *a = op->artifacts, *next; a; a = next) {
        next = a->next;
        free(a->entry_path);
        free(a->name);
        free(a);
    }
    op->artifacts = NULL;
    op->blocks = NULL;
    return left_open;
}
