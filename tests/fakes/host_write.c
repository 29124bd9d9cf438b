/* host_write.c - the fake host's artifacts being written: order of calls checked as the real host does. */
#include "tests/fakes/host_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void fake_free_artifact(struct fake_artifact *a)
{
    for (size_t i = 0; i < a->block_count; i++) free(a->blocks[i]->data.bytes);
    for (size_t i = 0; i < a->entry_count; i++) free(a->entries[i]->data.bytes);
    free(a->blocks);
    free(a->entries);
    free(a->facts.items);
    free(a->counts.items);
    free(a->data.bytes);
}

/* Also counts the call, and fails it when it was told to. Holds no lock of its own. */
int32_t fake_artifact_usable(struct pab_artifact *a, const char *function)
{
    if (a->a->state == FAKE_FAILED) return a->h->failure.code ? a->h->failure.code : PAB_E_INTERNAL;
    if (a->a->state != FAKE_OPEN) return fake_misused(a->h, "%s on artifact '%s' after its end", function, a->a->desc.stem);
    int32_t rc = fake_enter(a->h, function);
    if (!rc && a->h->priv->cancelled) rc = fake_failed(a->h, PAB_E_CANCELLED, "cancelled");
    if (rc) a->a->state = FAKE_FAILED;
    return rc;
}

static int32_t misused(struct pab_artifact *a, const char *what)
{
    a->a->state = FAKE_FAILED;
    return fake_misused(a->h, "artifact '%s': %s", a->a->desc.stem, what);
}

static const char *what_is_wrong(const struct pab_artifact_desc *d)
{
    if (d->kind != PAB_KIND_STREAM && d->kind != PAB_KIND_TREE) return "unknown kind";
    if (!d->category || (d->category & (d->category - 1)) || d->category & ~PAB_CAT_ALL) return "not one category";
    if (d->flags & ~(PAB_ART_PLAIN_NAME | PAB_ART_STORED)) return "unknown flags";
    if (!d->stem || !*d->stem) return "no stem";
    if (!d->object) return "no object";
    if (d->kind == PAB_KIND_STREAM && (!d->extension || !*d->extension)) return "no extension";
    return NULL;
}

static int32_t artifact_begin(struct pab_op *op, const struct pab_artifact_desc *theirs, struct pab_artifact **ret)
{
    static const char *const folders[] = { "?", "databases", "volumes", "?", "config", "?", "?", "?", "services" };
    struct fake_host *h = fake_host_of(op);
    struct pab_artifact_desc d = { 0 };
    char path[1024];
    FAKE_TAKE(d, theirs);
    fake_lock(h);
    int32_t rc = fake_enter(h, "artifact_begin");
    const char *wrong = what_is_wrong(&d);
    if (!rc && wrong) rc = fake_misused(h, "artifact_begin: %s", wrong);
    if (!rc) {
        snprintf(path, sizeof path, "%s/%s.%s", folders[d.category], d.stem, d.extension ? d.extension : "tar");
        d.stem = fake_own_text(h, d.stem);
        d.extension = fake_own_text(h, d.extension);
        d.object = fake_own_text(h, d.object);
        d.media_type = fake_own_text(h, d.media_type);
        struct fake_artifact *a = fake_own(h, sizeof *a);
        *a = (struct fake_artifact){ .desc = d, .path = fake_own_text(h, path) };
        h->artifacts = fake_grow(h->artifacts, h->artifact_count, sizeof *h->artifacts);
        h->artifacts[h->artifact_count++] = a;
        struct pab_artifact *handle = fake_own(h, sizeof *handle);
        *handle = (struct pab_artifact){ .h = h, .a = a };
        *ret = handle;
    }
    fake_unlock(h);
    return rc;
}

static struct fake_block *add_block(struct pab_artifact *a, const char *name)
{
    struct fake_block *b = fake_own(a->h, sizeof *b);
    b->name = fake_own_text(a->h, name);
    b->state = name ? FAKE_OPEN : FAKE_COMMITTED;
    a->a->blocks = fake_grow(a->a->blocks, a->a->block_count, sizeof *a->a->blocks);
    return a->a->blocks[a->a->block_count++] = b;
}

static int a_block_is_open(const struct fake_artifact *a)
{
    for (size_t i = 0; i < a->block_count; i++) {
        if (a->blocks[i]->state == FAKE_OPEN) return 1;
    }
    return 0;
}

static int32_t write_stream(struct pab_artifact *a, const void *data, uint64_t size)
{
    if (a_block_is_open(a->a)) return misused(a, "artifact_write while a block is open");
    struct fake_block *last = a->a->block_count ? a->a->blocks[a->a->block_count - 1] : NULL;
    if (!last || last->name) last = add_block(a, NULL);
    fake_add_bytes(&last->data, data, size);
    return PAB_OK;
}

static int32_t write_entry(struct pab_artifact *a, const void *data, uint64_t size)
{
    if (size > a->entry_left) return misused(a, "more data than the entry said");
    if (!size) return PAB_OK;
    a->entry_left -= size;
    fake_add_bytes(&a->a->entries[a->a->entry_count - 1]->data, data, size);
    return PAB_OK;
}

static int32_t artifact_write(struct pab_artifact *a, const void *data, uint64_t size)
{
    fake_lock(a->h);
    int32_t rc = fake_artifact_usable(a, "artifact_write");
    if (!rc) rc = a->a->desc.kind == PAB_KIND_TREE ? write_entry(a, data, size) : write_stream(a, data, size);
    fake_unlock(a->h);
    return rc;
}

static int32_t artifact_fact(struct pab_artifact *a, const char *key, const char *value)
{
    fake_lock(a->h);
    int32_t rc = fake_artifact_usable(a, "artifact_fact");
    if (!rc && (!key || !*key || !value)) rc = misused(a, "a fact without key or value");
    if (!rc) fake_set_kv(a->h, &a->a->facts, key, value);
    fake_unlock(a->h);
    return rc;
}

static int32_t artifact_count(struct pab_artifact *a, const char *key, uint64_t value)
{
    char text[24];
    snprintf(text, sizeof text, "%llu", (unsigned long long)value);
    fake_lock(a->h);
    int32_t rc = fake_artifact_usable(a, "artifact_count");
    if (!rc && (!key || !*key)) rc = misused(a, "a count without key");
    if (!rc) fake_set_kv(a->h, &a->a->counts, key, text);
    fake_unlock(a->h);
    return rc;
}

static void join_blocks(struct fake_artifact *a)
{
    for (size_t i = 0; i < a->block_count; i++) {
        a->blocks[i]->offset = a->data.size;
        fake_add_bytes(&a->data, a->blocks[i]->data.bytes, a->blocks[i]->data.size);
    }
}

static int32_t artifact_commit(struct pab_artifact *a)
{
    fake_lock(a->h);
    int ended = a->a->state == FAKE_COMMITTED || a->a->state == FAKE_ABORTED;
    int32_t rc = fake_artifact_usable(a, "artifact_commit");
    if (!rc && a->entry_left) rc = misused(a, "data of the last entry is missing");
    if (!rc && a_block_is_open(a->a)) rc = misused(a, "commit while a block is open");
    if (!rc && a->a->desc.kind == PAB_KIND_STREAM) join_blocks(a->a);
    if (!ended) a->a->state = rc ? FAKE_ABORTED : FAKE_COMMITTED;
    fake_unlock(a->h);
    return rc;
}

static void artifact_abort(struct pab_artifact *a)
{
    if (!a) return;
    fake_lock(a->h);
    fake_enter(a->h, "artifact_abort");
    if (a->a->state == FAKE_COMMITTED || a->a->state == FAKE_ABORTED) fake_misused(a->h, "artifact_abort on '%s' after its end", a->a->desc.stem);
    else a->a->state = FAKE_ABORTED;
    fake_unlock(a->h);
}

static int32_t block_begin(struct pab_artifact *a, const char *name, struct pab_block **ret)
{
    fake_lock(a->h);
    int32_t rc = fake_artifact_usable(a, "block_begin");
    if (!rc && (a->a->desc.kind != PAB_KIND_STREAM || !name)) rc = misused(a, "a block without name, or not in a stream");
    if (!rc) {
        struct pab_block *b = fake_own(a->h, sizeof *b);
        *b = (struct pab_block){ .artifact = a, .b = add_block(a, name) };
        *ret = b;
    }
    fake_unlock(a->h);
    return rc;
}

static int32_t block_usable(struct pab_block *b, const char *function)
{
    if (b->b->state == FAKE_OPEN) return fake_artifact_usable(b->artifact, function);
    return fake_misused(b->artifact->h, "%s on block '%s' after its end", function, b->b->name);
}

static int32_t block_write(struct pab_block *b, const void *data, uint64_t size)
{
    fake_lock(b->artifact->h);
    int32_t rc = block_usable(b, "block_write");
    if (!rc) fake_add_bytes(&b->b->data, data, size);
    fake_unlock(b->artifact->h);
    return rc;
}

static int32_t block_end(struct pab_block *b, uint64_t rows)
{
    fake_lock(b->artifact->h);
    int32_t rc = block_usable(b, "block_end");
    if (b->b->state == FAKE_OPEN) b->b->state = rc ? FAKE_ABORTED : FAKE_COMMITTED;
    b->b->rows = rows;
    fake_unlock(b->artifact->h);
    return rc;
}

static void block_abort(struct pab_block *b)
{
    if (!b) return;
    fake_lock(b->artifact->h);
    fake_enter(b->artifact->h, "block_abort");
    if (b->b->state == FAKE_OPEN) b->b->state = FAKE_ABORTED;
    if (b->artifact->a->state == FAKE_OPEN) b->artifact->a->state = FAKE_FAILED;
    fake_unlock(b->artifact->h);
}

struct fake_artifact *fake_put(struct fake_host *h, uint32_t category, const char *stem, const char *extension, const char *object,
                               const void *data, size_t size)
{
    struct pab_artifact_desc d = {
        .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = category, .stem = stem, .extension = extension, .object = object,
    };
    struct pab_artifact *a;
    if (artifact_begin(fake_op(h), &d, &a) || artifact_write(a, data, size) || artifact_commit(a)) fake_wrong_test("fake_put: %s", h->failure.message);
    return a->a;
}

struct fake_artifact *fake_artifact_named(struct fake_host *h, const char *stem)
{
    for (size_t i = h->artifact_count; i > 0; i--) {
        if (strcmp(h->artifacts[i - 1]->desc.stem, stem) == 0) return h->artifacts[i - 1];
    }
    return NULL;
}

void fake_fill_write(struct pab_host *t)
{
    t->artifact_begin = artifact_begin;
    t->artifact_write = artifact_write;
    t->artifact_fact = artifact_fact;
    t->artifact_count = artifact_count;
    t->artifact_commit = artifact_commit;
    t->artifact_abort = artifact_abort;
    t->block_begin = block_begin;
    t->block_write = block_write;
    t->block_end = block_end;
    t->block_abort = block_abort;
}
