/* chunk.c - packing one chunk, and what happens to its memory; see chunk.h. */
#include "core/stream/chunk.h"

#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"

void pab_bench_release(struct pab_bench *b)
{
    for (size_t i = 0; i < sizeof b->tools / sizeof *b->tools && b->tools[i].packer; i++) b->tools[i].packer->close(b->tools[i].ctx);
    pab_pages_free(b->out, b->out_room);
    memset(b, 0, sizeof *b);
}

/* The codec's working memory: of the last few codecs that this thread has served. */
static void *tool(struct pab_bench *b, const struct pab_packer *p, int level)
{
    const size_t count = sizeof b->tools / sizeof *b->tools;
    for (size_t i = 0; i < count; i++) {
        if (b->tools[i].packer == p && b->tools[i].level == level) return b->tools[i].ctx;
    }
    void *ctx = p->open(level);
    if (!ctx) return NULL;
    if (b->tools[count - 1].packer) b->tools[count - 1].packer->close(b->tools[count - 1].ctx);
    memmove(b->tools + 1, b->tools, (count - 1) * sizeof *b->tools);
    b->tools[0].packer = p;
    b->tools[0].level = level;
    b->tools[0].ctx = ctx;
    return ctx;
}

static int make_room(struct pab_bench *b, size_t n)
{
    if (n <= b->out_room) return 0;
    pab_pages_free(b->out, b->out_room);
    b->out = pab_try_pages(n);
    b->out_room = b->out ? n : 0;
    return b->out ? 0 : -1;
}

/* Without the lock. Packed size in b->out, or 0. */
static size_t pack(struct pab_bench *b, const struct pab_writer *w, const struct pab_chunk *c)
{
    size_t most = w->packer->bound(c->size);
    void *ctx = tool(b, w->packer, w->opts.compression.level);
    if (!ctx || make_room(b, most)) return 0;
    return w->packer->pack(ctx, c->plain, c->size, b->out, most);
}

static int take_pieces(struct pab_works *k, struct pab_chunk *c, size_t n)
{
    while (n > (size_t)c->piece_count * PAB_SLOT_SMALL) {
        uint8_t *slot = c->piece_count < c->piece_max ? pab_slot_take(k, PAB_SLOT_SMALL) : NULL;
        if (!slot) return -1;
        c->pieces[c->piece_count++] = slot;
    }
    c->packed_size = n;
    return 0;
}

static void copy_out(struct pab_chunk *c, const uint8_t *from)
{
    size_t left = c->packed_size;
    for (unsigned i = 0; i < c->piece_count; i++) {
        size_t n = left < PAB_SLOT_SMALL ? left : PAB_SLOT_SMALL;
        memcpy(c->pieces[i], from, n);
        from += n;
        left -= n;
    }
}

void pab_chunk_pack(struct pab_works *k, struct pab_bench *b, struct pab_chunk *c)
{
    struct pab_writer *w = c->segment->writer;
    if (!w->failed) {
        pthread_mutex_unlock(&k->lock);
        size_t n = pack(b, w, c);
        pthread_mutex_lock(&k->lock);
        if (!n || take_pieces(k, c, n)) pab_writer_fail(w, PAB_E_NOMEM, 0, "no memory to compress '%s'", w->what);
        pthread_mutex_unlock(&k->lock);
        copy_out(c, b->out);
        pthread_mutex_lock(&k->lock);
    }
    uint64_t unused = (uint64_t)(c->piece_max - c->piece_count) * PAB_SLOT_SMALL;
    c->charged -= unused;
    pab_segment_charge(c->segment, -(int64_t)unused);
    c->packed = 1;
    if (c->hashed) pab_chunk_release_plain(c);
    pab_writer_wake(w);
}

void pab_chunk_release_plain(struct pab_chunk *c)
{
    if (!c->plain) return;
    pab_slot_give(c->segment->writer->works, c->plain, c->room);
    c->plain = NULL;
    c->charged -= c->room;
    pab_segment_charge(c->segment, -(int64_t)c->room);
}

void pab_chunk_free(struct pab_chunk *c)
{
    if (!c) return;
    struct pab_works *k = c->segment->writer->works;
    pab_chunk_release_plain(c);
    for (unsigned i = 0; i < c->piece_count; i++) pab_slot_give(k, c->pieces[i], PAB_SLOT_SMALL);
    pab_segment_charge(c->segment, -(int64_t)c->charged);
    free(c);
}
