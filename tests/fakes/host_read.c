/* host_read.c - the fake host's committed artifacts being read back. */
#include "tests/fakes/host_private.h"

#include <stdlib.h>
#include <string.h>

static struct fake_artifact *committed(struct fake_host *h, uint32_t index)
{
    for (size_t i = 0; i < h->artifact_count; i++) {
        if (h->artifacts[i]->state == FAKE_COMMITTED && index-- == 0) return h->artifacts[i];
    }
    return NULL;
}

static uint64_t tree_size(const struct fake_artifact *a)
{
    uint64_t n = a->data.size;
    for (size_t i = 0; i < a->entry_count; i++) n += a->entries[i]->data.size;
    return n;
}

static void list_artifacts(struct fake_host *h)
{
    struct fake_private *p = h->priv;
    const struct fake_artifact *a;
    p->info_count = 0;
    while ((a = committed(h, (uint32_t)p->info_count))) {
        p->infos = fake_grow(p->infos, p->info_count, sizeof *p->infos);
        p->infos[p->info_count++] = (struct pab_artifact_info){
            .struct_size = sizeof *p->infos, .kind = a->desc.kind, .category = a->desc.category, .path = a->path, .object = a->desc.object,
            .media_type = a->desc.media_type, .size = tree_size(a), .content_size = tree_size(a), .facts = a->facts.items,
            .fact_count = a->facts.count, .counts = a->counts.items, .count_count = a->counts.count,
        };
    }
}

void fake_restore_req(struct fake_host *h, struct pab_restore_req *req)
{
    list_artifacts(h);
    req->struct_size = sizeof *req;
    req->artifacts = h->priv->infos;
    req->artifact_count = (uint32_t)h->priv->info_count;
    req->artifact_stride = sizeof *h->priv->infos;
    req->facts = h->facts.items;
    req->fact_count = h->facts.count;
}

void fake_verify_req(struct fake_host *h, struct pab_verify_req *req)
{
    list_artifacts(h);
    req->struct_size = sizeof *req;
    req->artifacts = h->priv->infos;
    req->artifact_count = (uint32_t)h->priv->info_count;
    req->artifact_stride = sizeof *h->priv->infos;
    req->facts = h->facts.items;
    req->fact_count = h->facts.count;
}

static int32_t reader_usable(struct pab_reader *r, const char *function)
{
    if (r->closed) return fake_misused(r->h, "%s after artifact_close", function);
    if (r->failed) return r->h->failure.code ? r->h->failure.code : PAB_E_INTERNAL;
    int32_t rc = fake_enter(r->h, function);
    if (!rc && r->h->priv->cancelled) rc = fake_failed(r->h, PAB_E_CANCELLED, "cancelled");
    r->failed = rc != PAB_OK;
    return rc;
}

static struct pab_reader *new_reader(struct fake_host *h, struct fake_artifact *a, uint32_t mode, const struct fake_block *block)
{
    struct pab_reader *r = fake_own(h, sizeof *r);
    *r = (struct pab_reader){ .h = h, .a = a, .mode = mode, .block = block };
    return r;
}

static int32_t artifact_open(struct pab_op *op, uint32_t index, uint32_t mode, struct pab_reader **ret)
{
    struct fake_host *h = fake_host_of(op);
    fake_lock(h);
    int32_t rc = fake_enter(h, "artifact_open");
    struct fake_artifact *a = committed(h, index);
    if (!rc && h->priv->cancelled) rc = fake_failed(h, PAB_E_CANCELLED, "cancelled");
    if (!rc && !a) rc = fake_misused(h, "artifact_open: there is no artifact %u", index);
    if (!rc && (mode > PAB_OPEN_TAR || (mode != PAB_OPEN_DATA && a->desc.kind != PAB_KIND_TREE))) rc = fake_misused(h, "artifact_open: mode %u does not fit", mode);
    if (!rc) *ret = new_reader(h, a, mode, NULL);
    fake_unlock(h);
    return rc;
}

/* The bytes that artifact_read gives now, and how far it is in them. */
static const struct fake_bytes *bytes_of(struct pab_reader *r, size_t **ret_at)
{
    *ret_at = &r->at;
    if (r->block) return &r->block->data;
    if (r->a->desc.kind == PAB_KIND_STREAM || r->mode == PAB_OPEN_TAR) return &r->a->data;
    *ret_at = &r->entry_at;
    return r->mode == PAB_OPEN_DATA && r->at ? &r->a->entries[r->at - 1]->data : NULL;
}

static int64_t artifact_read(struct pab_reader *r, void *buf, uint64_t capacity)
{
    fake_lock(r->h);
    int64_t rc = reader_usable(r, "artifact_read");
    if (!rc) {
        size_t *at;
        const struct fake_bytes *b = bytes_of(r, &at);
        size_t left = b && b->size > *at ? b->size - *at : 0;
        if (left > capacity) left = capacity;
        if (left) memcpy(buf, b->bytes + *at, left);
        *at += left;
        rc = (int64_t)left;
    }
    fake_unlock(r->h);
    return rc;
}

/* The i-th block that has a name, or NULL; with i UINT64_MAX only *ret_count matters. */
static const struct fake_block *named_block(const struct fake_artifact *a, uint64_t i, uint64_t *ret_count)
{
    const struct fake_block *found = NULL;
    uint64_t n = 0;
    for (size_t k = 0; k < a->block_count; k++) {
        if (a->blocks[k]->name && n++ == i) found = a->blocks[k];
    }
    *ret_count = n;
    return found;
}

static uint64_t block_count(struct pab_reader *r)
{
    uint64_t n = 0;
    fake_lock(r->h);
    if (reader_usable(r, "block_count") == PAB_OK) named_block(r->a, UINT64_MAX, &n);
    fake_unlock(r->h);
    return n;
}

static int32_t block_info(struct pab_reader *r, uint64_t i, struct pab_block_info *theirs)
{
    uint64_t n;
    fake_lock(r->h);
    int32_t rc = reader_usable(r, "block_info");
    const struct fake_block *b = named_block(r->a, i, &n);
    if (!rc && !b) rc = fake_misused(r->h, "block_info: there is no block %llu", (unsigned long long)i);
    if (!rc) {
        struct pab_block_info info = {
            .struct_size = theirs->struct_size, .name = b->name, .offset = b->offset, .size = b->data.size, .content_size = b->data.size, .rows = b->rows,
        };
        memcpy(theirs, &info, theirs->struct_size < sizeof info ? theirs->struct_size : sizeof info);
    }
    fake_unlock(r->h);
    return rc;
}

static int32_t block_open(struct pab_reader *r, uint64_t i, struct pab_reader **ret)
{
    uint64_t n;
    fake_lock(r->h);
    int32_t rc = reader_usable(r, "block_open");
    const struct fake_block *b = named_block(r->a, i, &n);
    if (!rc && !b) rc = fake_misused(r->h, "block_open: there is no block %llu", (unsigned long long)i);
    if (!rc) *ret = new_reader(r->h, r->a, PAB_OPEN_DATA, b);
    fake_unlock(r->h);
    return rc;
}

static int32_t tree_next(struct pab_reader *r, struct pab_entry *theirs)
{
    fake_lock(r->h);
    int32_t rc = reader_usable(r, "tree_next");
    if (!rc && (r->a->desc.kind != PAB_KIND_TREE || r->mode == PAB_OPEN_TAR)) rc = fake_misused(r->h, "tree_next: not opened for its entries");
    if (!rc && r->at == r->a->entry_count) rc = PAB_END;
    if (!rc) {
        struct pab_entry e = r->a->entries[r->at++]->entry;
        r->entry_at = 0;
        e.struct_size = theirs->struct_size;
        memcpy(theirs, &e, theirs->struct_size < sizeof e ? theirs->struct_size : sizeof e);
    }
    fake_unlock(r->h);
    return rc;
}

static int32_t tree_extract(struct pab_reader *r, struct pab_extract *theirs)
{
    struct pab_extract x = { 0 };
    FAKE_TAKE(x, theirs);
    fake_lock(r->h);
    int32_t rc = reader_usable(r, "tree_extract");
    if (!rc && (!x.dest || *x.dest != '/')) rc = fake_misused(r->h, "tree_extract: the destination must be an absolute path");
    if (!rc && x.flags & ~(PAB_EXTRACT_KEEP_OLD | PAB_EXTRACT_NO_OWNER)) rc = fake_misused(r->h, "tree_extract: unknown flags %#x", x.flags);
    if (!rc) rc = fake_extract(r, &x);
    theirs->files = x.files;
    theirs->bytes = x.bytes;
    fake_unlock(r->h);
    return rc;
}

static void artifact_close(struct pab_reader *r)
{
    if (!r) return;
    fake_lock(r->h);
    fake_enter(r->h, "artifact_close");
    if (r->closed) fake_misused(r->h, "artifact_close twice");
    r->closed = 1;
    fake_unlock(r->h);
}

void fake_fill_read(struct pab_host *t)
{
    t->artifact_open = artifact_open;
    t->artifact_read = artifact_read;
    t->block_count = block_count;
    t->block_info = block_info;
    t->block_open = block_open;
    t->tree_next = tree_next;
    t->tree_extract = tree_extract;
    t->artifact_close = artifact_close;
}
