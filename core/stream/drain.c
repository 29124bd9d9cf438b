/* drain.c - the one thread of a writer that hashes plain chunks and writes packed ones, both in the order of the file. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/stream/chunk.h"

static void put(struct pab_writer *w, const uint8_t *p, size_t n)
{
    if (w->failed || !n) return;
    pab_hash_add(w->packed_hash, p, n);
    if (pab_write_all(w->opts.fd, p, n)) {
        int os_errno = errno;
        pthread_mutex_lock(&w->works->lock);
        pab_writer_fail(w, pab_error_code_of_errno(os_errno), os_errno, "cannot write '%s'", w->what);
        pthread_mutex_unlock(&w->works->lock);
    }
}

/* Takes the chunk off its segment and writes it; the lock is given back meanwhile. */
static void write_chunk(struct pab_writer *w, struct pab_segment *s)
{
    struct pab_chunk *c = s->first;
    s->first = c->next;
    if (!s->first) s->end = &s->first;
    pthread_mutex_unlock(&w->works->lock);
    size_t left = c->packed_size;
    if (!w->packer->pack) put(w, c->plain, left);
    else {
        for (unsigned i = 0; i < c->piece_count; i++) {
            size_t n = left < PAB_SLOT_SMALL ? left : PAB_SLOT_SMALL;
            put(w, c->pieces[i], n);
            left -= n;
        }
    }
    w->result.size += c->packed_size;
    if (w->opts.progress && !w->failed) w->opts.progress(w->opts.progress_ctx, c->size, c->packed_size);
    pthread_mutex_lock(&w->works->lock);
    pab_chunk_free(c);
}

/* The first chunk in file order whose plain bytes were not hashed yet. It may lie behind ones that wait to be packed. */
static struct pab_chunk *next_to_hash(const struct pab_writer *w)
{
    for (const struct pab_segment *s = w->first; s; s = s->next) {
        for (struct pab_chunk *c = s->first; c; c = c->next) {
            if (!c->hashed) return c;
        }
        if (!s->ended) break;
    }
    return NULL;
}

static void hash_chunk(struct pab_writer *w, struct pab_chunk *c)
{
    pthread_mutex_unlock(&w->works->lock);
    if (w->plain_hash) pab_hash_add(w->plain_hash, c->plain, c->size);
    w->result.content_size += c->size;
    pthread_mutex_lock(&w->works->lock);
    c->hashed = 1;
    if (c->packed && w->packer->pack) pab_chunk_release_plain(c);
}

static void note_block(struct pab_writer *w, struct pab_segment *s)
{
    struct pab_stream_result *r = &w->result;
    if (r->block_count == w->block_room) {
        w->block_room = w->block_room ? 2 * w->block_room : 16;
        r->blocks = pab_realloc_array(r->blocks, w->block_room, sizeof *r->blocks);
    }
    r->blocks[r->block_count++] = (struct pab_stream_block){
        .name = TAKE_PTR(s->name), .offset = s->offset, .size = r->size - s->offset, .content_size = s->content_size, .rows = s->rows,
    };
}

/* The first segment is through: the next one may stream. */
static void next_segment(struct pab_writer *w)
{
    struct pab_segment *s = w->first;
    if (s->name) note_block(w, s);
    w->first = s->next;
    if (!w->first) w->end = &w->first;
    else {
        w->first->offset = w->result.size;
        w->works->charged_later -= w->first->charged;
    }
    pab_segment_free(s);
    pab_works_room(w->works);
}

/* After a failure: nothing goes to the file any more, but the chunks must come home. 1 while some are on their way. */
static int discard(struct pab_writer *w)
{
    int left = 0;
    for (struct pab_segment *s = w->first; s; s = s->next) {
        struct pab_chunk **at = &s->first, *c;
        while ((c = *at)) {
            if (!c->packed) {
                at = &c->next;
                left = 1;
                continue;
            }
            *at = c->next;
            pab_chunk_free(c);
        }
        s->end = at;
    }
    return left;
}

static void wait_for_work(struct pab_writer *w)
{
    w->drain_waits = 1;
    pthread_cond_wait(&w->ready, &w->works->lock);
    w->drain_waits = 0;
}

/* 1 when something was done. */
static int step(struct pab_writer *w)
{
    struct pab_segment *s = w->first;
    struct pab_chunk *c;
    if (s && s->first && s->first->packed && s->first->hashed) write_chunk(w, s);
    else if ((c = next_to_hash(w))) hash_chunk(w, c);
    else if (s && s->ended && !s->first) next_segment(w);
    else return 0;
    return 1;
}

void *pab_writer_drain(void *writer)
{
    struct pab_writer *w = writer;
    pthread_mutex_lock(&w->works->lock);
    for (;;) {
        if (w->failed) {
            int left = discard(w);
            if (w->closing && !left) break;
        } else if (step(w)) continue;
        else if (w->closing && !w->first) break;
        wait_for_work(w);
    }
    pthread_mutex_unlock(&w->works->lock);
    return NULL;
}
