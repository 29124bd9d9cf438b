/* members.c - whole members, decompressed by several threads ahead of the caller; see source.h.
 *
 * The caller's thread looks for members and starts them, as many as the memory allows; it takes them in the order of
 * the file.  The first member is decompressed right here: most files have no more. */
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/source.h"

static int grow(uint8_t **buf, size_t *room, size_t need)
{
    size_t size = (need + PAB_READER_PIECE) / PAB_READER_PIECE * PAB_READER_PIECE;
    if (*buf && *room >= need) return 0;
    pab_pages_free(*buf, *room);
    *buf = pab_try_pages(size);
    *room = *buf ? size : 0;
    return *buf ? 0 : -1;
}

static void drop(struct pab_member_slot *m)
{
    pab_pages_free(TAKE_PTR(m->packed), m->packed_room);
    pab_pages_free(TAKE_PTR(m->plain), m->plain_room);
    m->packed_room = m->plain_room = 0;
}

/* On a thread of the pool, or of the caller. */
static void unpack(struct pab_member_slot *m)
{
    struct pab_source *s = m->source;
    const struct pab_member *at = &m->member;
    if (pab_source_pread(s, at->offset, m->packed, at->size, &m->error)) return;
    if (!m->tool) m->tool = s->unpacker->open();
    if (!m->tool) pab_error_set(&m->error, PAB_E_NOMEM, 0, "no memory to decompress '%s'", s->what);
    else if (s->unpacker->member(m->tool, m->packed, at->size, m->plain, at->plain))
        pab_source_damaged(s, at->offset, &m->error, "the compressed data that begins there is not what was written");
}

static void job(void *arg)
{
    struct pab_member_slot *m = arg;
    struct pab_source *s = m->source;
    unpack(m);
    pthread_mutex_lock(&s->lock);
    m->state = PAB_SLOT_DONE;
    pthread_cond_signal(&s->done);
    pthread_mutex_unlock(&s->lock);
}

/* Room for this member; 0: not now. Buffers that nobody uses make way for larger ones. */
static int has_room(struct pab_source *s, const struct pab_member_slot *m, const struct pab_member *need)
{
    uint64_t sum = 0;
    for (int pass = 0; pass < 2; pass++) {
        sum = need->size + need->plain;
        for (unsigned i = 0; i < PAB_READER_FLIGHT; i++) {
            struct pab_member_slot *other = &s->slots[i];
            if (other == m) continue;
            if (pass && other->state == PAB_SLOT_IDLE && other != s->showing) drop(other);
            sum += other->packed_room + other->plain_room;
        }
        if (sum <= PAB_READER_MEMORY) return 1;
    }
    return !s->in_flight;
}

/* Begins one more member. 1, 0 when there is none or no room, or an error. */
static int start_one(struct pab_source *s, struct pab_error *err)
{
    struct pab_member_slot *m = &s->slots[(s->first + s->in_flight) % PAB_READER_FLIGHT];
    struct pab_member next;
    if (s->in_flight == PAB_READER_FLIGHT - 1 || s->look_ahead_ended) return 0;
    enum pab_located what = pab_locate(s, &next, err);
    if (what == PAB_LOCATED_ERROR) return err->code;
    if (what != PAB_LOCATED_WHOLE) {
        s->look_ahead_ended = 1;
        return 0;
    }
    if (!has_room(s, m, &next)) return 0;
    if (grow(&m->packed, &m->packed_room, next.size) || grow(&m->plain, &m->plain_room, next.plain))
        return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to decompress '%s'", s->what);
    m->source = s;
    m->member = next;
    m->error = (struct pab_error){ 0 };
    s->at += next.size;
    s->in_flight++;
    if (s->threads > 1 && s->started_threads) {
        if (!s->pool) s->pool = pab_pool_new(s->threads, PAB_READER_FLIGHT);
        m->state = PAB_SLOT_BUSY;
        pab_pool_submit(s->pool, job, m);
    } else {
        unpack(m);
        m->state = PAB_SLOT_DONE;
    }
    return 1;
}

static int start_members(struct pab_source *s, struct pab_error *err)
{
    int rc;
    do {
        rc = start_one(s, err);
    } while (rc > 0 && s->threads > 1 && s->started_threads);
    return rc < 0 ? rc : 0;
}

static struct pab_member_slot *take_first(struct pab_source *s)
{
    struct pab_member_slot *m = &s->slots[s->first];
    pthread_mutex_lock(&s->lock);
    while (m->state == PAB_SLOT_BUSY) pthread_cond_wait(&s->done, &s->lock);
    pthread_mutex_unlock(&s->lock);
    s->first = (s->first + 1) % PAB_READER_FLIGHT;
    s->in_flight--;
    m->state = PAB_SLOT_IDLE;
    return m;
}

int pab_members_next(struct pab_source *s, struct pab_error *err)
{
    s->showing = NULL;
    if (!s->in_flight) s->look_ahead_ended = 0;
    struct pab_error ahead = { 0 }; /* counts once what stands before it was read */
    int rc = start_members(s, &ahead);
    if (!s->in_flight) {
        if (rc && err) *err = ahead;
        return rc;
    }
    struct pab_member_slot *m = take_first(s);
    if (m->error.code) {
        if (err) *err = m->error;
        return m->error.code;
    }
    s->started_threads = 1;
    s->showing = m;
    pab_source_note_packed(s, m->packed, m->member.size);
    s->wants_end_mark |= s->opts.codec == PAB_CODEC_GZIP;
    s->has_end_mark = m->member.is_end_mark;
    s->view = m->plain;
    s->view_size = m->member.plain;
    return 1;
}

void pab_members_close(struct pab_source *s)
{
    pab_pool_free(s->pool); /* drains it */
    for (unsigned i = 0; i < PAB_READER_FLIGHT; i++) {
        drop(&s->slots[i]);
        if (s->slots[i].tool) s->unpacker->close(s->slots[i].tool);
    }
}
