/* source.h - private to core/stream: the inside of a reader.
 *
 *     reader.c    what callers see; hashes and counts in the order of the file
 *     members.c   whole members: found by their headers, read and decompressed by threads, handed out in order
 *     streamed.c  everything else, piece by piece on the caller's thread: members of other tools, members too
 *                 large to be taken whole, files that are not compressed
 *     ends.c      the end of a file, looked at by itself
 *     located.c   where a member ends, without decompressing it
 */
#ifndef PAB_STREAM_SOURCE_H
#define PAB_STREAM_SOURCE_H

#include <pthread.h>
#include "core/base/pool.h"
#include "core/stream/codec_impl.h"
#include "core/stream/hash.h"
#include "core/stream/reader.h"

#define PAB_READER_MEMORY (20u << 20)   /* packed and plain bytes of members in flight, at most, in one reader */
#define PAB_READER_PIECE (256u << 10)   /* of what is streamed */
#define PAB_READER_FLIGHT 10            /* members in flight, at most */

/* ---- located.c */
enum pab_located { PAB_LOCATED_ERROR = -1, PAB_LOCATED_END, PAB_LOCATED_WHOLE, PAB_LOCATED_STREAM };
struct pab_member {
    uint64_t offset, size, plain;
    int is_end_mark;
};
/* What stands at s->at. WHOLE: ret is filled. END: nothing but zeros follows (gzip allows them) or nothing at all. */
enum pab_located pab_locate(struct pab_source *s, struct pab_member *ret, struct pab_error *err);
/* Exactly n bytes at this offset; PAB_E_CORRUPT when the file ends before. */
int pab_source_pread(const struct pab_source *s, uint64_t offset, void *p, size_t n, struct pab_error *err);
int pab_source_damaged(const struct pab_source *s, uint64_t offset, struct pab_error *err, const char *how);

/* ---- members.c */
enum pab_slot_state { PAB_SLOT_IDLE, PAB_SLOT_BUSY, PAB_SLOT_DONE };
struct pab_member_slot {
    struct pab_source *source;
    enum pab_slot_state state;             /* under the lock of the source */
    struct pab_member member;
    uint8_t *packed, *plain;
    size_t packed_room, plain_room;
    void *tool;                            /* working memory of the unpacker; stays with the slot */
    struct pab_error error;
};

struct pab_source {
    struct pab_source_opts opts;
    char *what;
    const struct pab_unpacker *unpacker;   /* NULL: not compressed */
    uint64_t at, end;                      /* the next byte of the file to look at; the first that is not ours */
    int to_end_of_file;
    int wants_end_mark, has_end_mark;      /* some member was ours; the last one was the end mark */
    int started_threads;
    unsigned threads;
    struct pab_pool *pool;
    pthread_mutex_t lock;
    pthread_cond_t done;
    struct pab_member_slot slots[PAB_READER_FLIGHT];
    unsigned first, in_flight;
    int look_ahead_ended;                  /* nothing more can be started until what is in flight was read */
    struct pab_member_slot *showing;       /* whose plain bytes the caller sees */

    void *stream_tool;                     /* inside a member that is streamed */
    int streaming, out_full;               /* the decoder may hold more bytes than there was room for */
    uint8_t *in, *out;
    size_t in_size, in_pos;
    uint64_t stream_start;

    const uint8_t *view;                   /* what peek shows */
    size_t view_size;
    int at_end;
    struct pab_error failed;
    struct pab_hash *packed_hash, *plain_hash;
    uint64_t packed_count, plain_count;
};

/* The next plain bytes into s->view: 1, 0 when nothing can be taken whole here, or an error. */
int pab_members_next(struct pab_source *s, struct pab_error *err);
void pab_members_close(struct pab_source *s);

/* ---- streamed.c: the same for what is streamed; 0: the member has ended. */
int pab_streamed_next(struct pab_source *s, struct pab_error *err);
int pab_plain_next(struct pab_source *s, struct pab_error *err);
void pab_streamed_close(struct pab_source *s);

/* ---- reader.c: bytes of the file, in order, were used. */
void pab_source_note_packed(struct pab_source *s, const void *p, size_t n);

#endif
