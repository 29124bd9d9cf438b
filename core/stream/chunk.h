/* chunk.h - private to core/stream: a chunk of plain bytes and its way into the file.
 *
 *     acquired (charged) -> filled by a producer -> submitted -> hashed, and at the same time packed -> written
 *
 * Chunks hang in segments, which lie in the file in the order they were begun: a block is one, and so are the bytes
 * between two blocks.  All lists are guarded by the lock of the works.
 */
#ifndef PAB_STREAM_CHUNK_H
#define PAB_STREAM_CHUNK_H

#include <stdatomic.h>
#include "core/stream/codec_impl.h"
#include "core/stream/hash.h"
#include "core/stream/works.h"
#include "core/stream/writer.h"

struct pab_segment;

struct pab_chunk {
    struct pab_chunk *next;        /* in its segment */
    struct pab_chunk *next_job;    /* in the queue of the works */
    struct pab_segment *segment;
    uint8_t *plain;                /* a slot of `room` bytes; NULL once nobody needs it */
    size_t room, size;
    uint64_t charged;
    int hashed, packed;
    size_t packed_size;
    unsigned piece_count, piece_max;
    uint8_t *pieces[];             /* slots of PAB_SLOT_SMALL */
};

struct pab_segment {
    struct pab_segment *next;
    struct pab_writer *writer;
    struct pab_chunk *first, **end; /* submitted ones, in order */
    struct pab_chunk *filling;     /* the producer's own */
    char *name;                    /* NULL: not a block */
    uint64_t rows, offset, content_size;
    uint64_t charged;
    int ended;
};
struct pab_writer_block { struct pab_segment s; };

struct pab_writer {
    struct pab_writer_opts opts;
    char *what;
    const struct pab_packer *packer;
    struct pab_works *works;
    size_t chunk;                  /* room of a full one */
    unsigned refs;                 /* its owner's and one for each block that is open */
    struct pab_segment *first, **end;
    struct pab_segment *open;      /* bytes outside of blocks are being written */
    unsigned open_blocks;
    atomic_int failed;             /* set under the lock, after `error` */
    struct pab_error error;
    pthread_t drain;
    pthread_cond_t ready;          /* for the drain: something was packed, submitted, ended or closed */
    int drain_waits, closing;
    struct pab_hash *plain_hash, *packed_hash; /* the drain's */
    struct pab_stream_result result;
    uint64_t block_room;
};

/* What one thread needs to pack. */
struct pab_bench {
    struct { const struct pab_packer *packer; int level; void *ctx; } tools[4];
    uint8_t *out;
    size_t out_room;
};
void pab_bench_release(struct pab_bench *b);

/* With the lock held (and given back while bytes are touched). */
void pab_chunk_pack(struct pab_works *k, struct pab_bench *b, struct pab_chunk *c);
void pab_chunk_release_plain(struct pab_chunk *c);
void pab_chunk_free(struct pab_chunk *c);
void pab_segment_charge(struct pab_segment *s, int64_t bytes);
void pab_segment_end(struct pab_segment *s);
void pab_segment_free(struct pab_segment *s);   /* it holds no submitted chunks any more */
struct pab_segment *pab_segment_append(struct pab_writer *w, struct pab_segment *s);
void pab_writer_fail(struct pab_writer *w, int code, int os_errno, const char *fmt, ...) __attribute__((format(printf, 4, 5))); /* the first one counts */
void pab_writer_wake(struct pab_writer *w);     /* the drain has something to do */

/* Without it. */
void *pab_segment_room(struct pab_segment *s, uint64_t *ret_room, struct pab_error *err); /* NULL on error */
void pab_segment_advance(struct pab_segment *s, uint64_t n);
int pab_segment_write(struct pab_segment *s, const void *p, uint64_t n, struct pab_error *err);
int pab_writer_error(struct pab_writer *w, struct pab_error *err);  /* the sticky error, or PAB_OK */
void pab_writer_unref(struct pab_writer *w);    /* frees it with the last */
void *pab_writer_drain(void *writer);           /* the thread that hashes and writes */

#endif
