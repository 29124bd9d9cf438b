/* host_read.c - the host table's part for reading artifacts back. */
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/plug/op_private.h"

static int fail_reader(struct pab_reader *r, const struct pab_error *err)
{
    int rc = pab_operation_fail(r->op, err);
    r->state = PAB_H_FAILED;
    return rc;
}

static int usable(struct pab_reader *r, const char *what)
{
    if (!r) return PAB_E_INTERNAL;
    if (r->state == PAB_H_FAILED) return pab_operation_code(r->op);
    if (r->state == PAB_H_DONE) return pab_operation_misuse(r->op, "%s after artifact_close", what);
    return pab_operation_check_cancel(r->op);
}

static struct pab_reader *add_reader(struct pab_operation *op, void *impl, uint32_t mode, struct pab_reader *whole)
{
    struct pab_reader *r = pab_alloc(sizeof *r);
    *r = (struct pab_reader){ .op = op, .impl = impl, .mode = mode, .whole = whole, .state = PAB_H_OPEN };
    pthread_mutex_lock(&op->lock);
    r->next = op->readers;
    op->readers = r;
    pthread_mutex_unlock(&op->lock);
    return r;
}

static int32_t r_open(struct pab_op *pub, uint32_t index, uint32_t mode, struct pab_reader **ret)
{
    struct pab_operation *op = pab_operation_of(pub);
    struct pab_error err = { 0 };
    void *impl = NULL;
    if (!op->o.backend->open) return pab_operation_misuse(op, "artifact_open: only restore and verify may read artifacts");
    if (mode > PAB_OPEN_TAR) return pab_operation_misuse(op, "artifact_open: unknown mode %u", mode);
    int rc = pab_operation_check_cancel(op);
    if (rc) return rc;
    if (op->o.backend->open(op->o.ctx, index, mode, &impl, &err)) return pab_operation_fail(op, &err);
    *ret = add_reader(op, impl, mode, NULL);
    return PAB_OK;
}

static int64_t r_read(struct pab_reader *r, void *buf, uint64_t n)
{
    struct pab_error err = { 0 };
    int rc = usable(r, "artifact_read");
    if (rc) return rc;
    int64_t got = r->op->o.backend->read(r->impl, buf, n, &err);
    return got < 0 ? fail_reader(r, &err) : got;
}

static uint64_t r_block_count(struct pab_reader *r)
{
    return usable(r, "block_count") ? 0 : r->op->o.backend->block_count(r->impl);
}

static int32_t r_block_info(struct pab_reader *r, uint64_t i, struct pab_block_info *theirs)
{
    struct pab_block_info info = { .struct_size = sizeof info };
    struct pab_error err = { 0 };
    int rc = usable(r, "block_info");
    if (rc) return rc;
    if (r->op->o.backend->block_info(r->impl, i, &info, &err)) return pab_operation_fail(r->op, &err);
    uint32_t size = theirs->struct_size < sizeof info ? theirs->struct_size : (uint32_t)sizeof info;
    memcpy(theirs, &info, size);
    theirs->struct_size = size;
    return PAB_OK;
}

static int32_t r_block_open(struct pab_reader *r, uint64_t i, struct pab_reader **ret)
{
    struct pab_error err = { 0 };
    void *impl = NULL;
    int rc = usable(r, "block_open");
    if (rc) return rc;
    if (r->op->o.backend->block_open(r->impl, i, &impl, &err)) return pab_operation_fail(r->op, &err);
    *ret = add_reader(r->op, impl, PAB_OPEN_DATA, r);
    return PAB_OK;
}

static int32_t r_next(struct pab_reader *r, struct pab_entry *theirs)
{
    struct pab_entry e = { .struct_size = sizeof e };
    struct pab_error err = { 0 };
    int rc = usable(r, "tree_next");
    if (rc) return rc;
    rc = r->op->o.backend->next(r->impl, &e, &err);
    if (rc == PAB_END) return PAB_END;
    if (rc) return fail_reader(r, &err);
    uint32_t size = theirs->struct_size < sizeof e ? theirs->struct_size : (uint32_t)sizeof e;
    memcpy(theirs, &e, size);
    theirs->struct_size = size;
    return PAB_OK;
}

static int32_t r_extract(struct pab_reader *r, struct pab_extract *theirs)
{
    struct pab_extract x = { 0 };
    struct pab_error err = { 0 };
    int rc = usable(r, "tree_extract");
    if (rc) return rc;
    memcpy(&x, theirs, theirs->struct_size < sizeof x ? theirs->struct_size : sizeof x);
    if (!x.dest || x.dest[0] != '/') return pab_operation_misuse(r->op, "tree_extract: the destination must be an absolute path");
    if (x.flags & ~(PAB_EXTRACT_KEEP_OLD | PAB_EXTRACT_NO_OWNER)) return pab_operation_misuse(r->op, "tree_extract: unknown flags %#x", x.flags);
    rc = r->op->o.backend->extract(r->impl, &x, &err);
    if (theirs->struct_size >= offsetof(struct pab_extract, bytes) + sizeof theirs->bytes) {
        theirs->files = x.files;
        theirs->bytes = x.bytes;
    }
    return rc ? fail_reader(r, &err) : PAB_OK;
}

static void close_one(struct pab_reader *r)
{
    if (atomic_exchange(&r->state, PAB_H_DONE) != PAB_H_DONE) r->op->o.backend->close(r->impl);
}

static void r_close(struct pab_reader *r)
{
    if (!r) return;
    pthread_mutex_lock(&r->op->lock); /* others may add theirs at the front; nothing is taken out while the verb runs */
    struct pab_reader *other = r->op->readers;
    pthread_mutex_unlock(&r->op->lock);
    if (!r->whole) /* a plugin that forgot a block's reader must not be left with one of an artifact that is gone */
        for (; other; other = other->next)
            if (other->whole == r) close_one(other);
    close_one(r);
}

void pab_host_fill_read(struct pab_host *h)
{
    h->artifact_open = r_open;
    h->artifact_read = r_read;
    h->block_count = r_block_count;
    h->block_info = r_block_info;
    h->block_open = r_block_open;
    h->tree_next = r_next;
    h->tree_extract = r_extract;
    h->artifact_close = r_close;
}

void pab_host_end_reads(struct pab_operation *op)
{
    for (struct pab_reader *r = op->readers; r; r = r->next) r_close(r);
    for (struct pab_reader *r = op->readers, *next; r; r = next) {
        next = r->next;
        free(r);
    }
    op->readers = NULL;
}
