/* segment.c - handing out chunks to producers within the budget; see chunk.h and works.h. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/chunk.h"

void pab_segment_charge(struct pab_segment *s, int64_t bytes)
{
    struct pab_works *k = s->writer->works;
    s->charged += (uint64_t)bytes;
    k->charged += (uint64_t)bytes;
    if (s != s->writer->first) k->charged_later += (uint64_t)bytes;
    if (bytes < 0) pab_works_room(k);
}

struct pab_segment *pab_segment_append(struct pab_writer *w, struct pab_segment *s)
{
    s->writer = w;
    s->end = &s->first;
    *w->end = s;
    w->end = &s->next;
    return s;
}

static unsigned pieces_of(const struct pab_writer *w, size_t room)
{
    if (!w->packer->bound) return 0;
    return (unsigned)((w->packer->bound(room) + PAB_SLOT_SMALL - 1) / PAB_SLOT_SMALL);
}

static int fits(const struct pab_segment *s, size_t room, uint64_t cost)
{
    const struct pab_works *k = s->writer->works;
    if (s == s->writer->first && !s->charged && room <= PAB_SLOT_SMALL) return 1;
    if (k->charged + cost > PAB_WRITER_MEMORY) return 0;
    return s == s->writer->first || k->charged_later + cost <= PAB_WRITER_MEMORY - PAB_WORKS_RESERVE;
}

/* NULL when the budget has no room for it now; also, with the writer failed, when there is no memory. */
static struct pab_chunk *try_chunk(struct pab_segment *s, size_t room)
{
    struct pab_writer *w = s->writer;
    unsigned pieces = pieces_of(w, room);
    uint64_t cost = room + (uint64_t)pieces * PAB_SLOT_SMALL;
    if (!fits(s, room, cost)) return NULL;
    uint8_t *plain = pab_slot_take(w->works, room);
    if (!plain) {
        pab_writer_fail(w, PAB_E_NOMEM, 0, "no memory for a chunk of '%s'", w->what);
        return NULL;
    }
    struct pab_chunk *c = pab_alloc(sizeof *c + pieces * sizeof *c->pieces);
    *c = (struct pab_chunk){ .segment = s, .plain = plain, .room = room, .charged = cost, .piece_max = pieces };
    pab_segment_charge(s, (int64_t)cost);
    return c;
}

static void submit(struct pab_segment *s)
{
    struct pab_writer *w = s->writer;
    struct pab_chunk *c = TAKE_PTR(s->filling);
    if (!c) return;
    if (!c->size || w->failed) {
        pab_chunk_free(c);
        return;
    }
    s->content_size += c->size;
    *s->end = c;
    s->end = &c->next;
    if (w->packer->pack) pab_works_queue(w->works, c);
    else {
        c->packed = 1;
        c->packed_size = c->size;
    }
    pab_writer_wake(w);
}

/* A first chunk that was small turns out to be too small. */
static void grow(struct pab_segment *s)
{
    struct pab_chunk *c = s->filling, *full = c->room < s->writer->chunk ? try_chunk(s, s->writer->chunk) : NULL;
    if (!full) {
        submit(s);
        return;
    }
    memcpy(full->plain, c->plain, c->size);
    full->size = c->size;
    s->filling = full;
    pab_chunk_free(c);
}

static struct pab_chunk *next_chunk(struct pab_segment *s)
{
    struct pab_writer *w = s->writer;
    struct pab_works *k = w->works;
    if (s->filling) grow(s);
    while (!s->filling && !w->failed) {
        /* Small ones first: most artifacts and many blocks are small. */
        s->filling = try_chunk(s, s->content_size ? w->chunk : PAB_SLOT_SMALL);
        if (!s->filling && !w->failed && !s->charged) s->filling = try_chunk(s, PAB_SLOT_SMALL);
        if (s->filling || w->failed) break;
        k->starved++;
        pthread_cond_wait(&k->room, &k->lock);
        k->starved--;
    }
    return s->filling;
}

void *pab_segment_room(struct pab_segment *s, uint64_t *ret_room, struct pab_error *err)
{
    struct pab_writer *w = s->writer;
    struct pab_chunk *c = s->filling;
    if (pab_writer_error(w, err)) return NULL;
    if (!c || c->size == c->room) {
        pthread_mutex_lock(&w->works->lock);
        c = next_chunk(s);
        pthread_mutex_unlock(&w->works->lock);
        if (!c) {
            pab_writer_error(w, err);
            return NULL;
        }
    }
    *ret_room = c->room - c->size;
    return c->plain + c->size;
}

void pab_segment_advance(struct pab_segment *s, uint64_t n)
{
    struct pab_works *k = s->writer->works;
    struct pab_chunk *c = s->filling;
    c->size += n;
    if (c->size < c->room || c->room < s->writer->chunk) return;
    pthread_mutex_lock(&k->lock);
    submit(s);
    pthread_mutex_unlock(&k->lock);
}

int pab_segment_write(struct pab_segment *s, const void *p, uint64_t n, struct pab_error *err)
{
    const uint8_t *from = p;
    while (n) {
        uint64_t room;
        void *to = pab_segment_room(s, &room, err);
        if (!to) return pab_writer_error(s->writer, err);
        if (room > n) room = n;
        memcpy(to, from, room);
        pab_segment_advance(s, room);
        from += room;
        n -= room;
    }
    return pab_writer_error(s->writer, err);
}

void pab_segment_end(struct pab_segment *s)
{
    submit(s);
    s->ended = 1;
    pab_writer_wake(s->writer);
}

void pab_segment_free(struct pab_segment *s)
{
    pab_chunk_free(s->filling);
    free(s->name);
    free(s);
}
