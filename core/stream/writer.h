/* writer.h - bytes into a file: counted, hashed, compressed by a pool of threads, hashed and counted again.
 *
 *     plain bytes -> SHA-256 and count -> compress -> SHA-256 and count -> file
 *
 * The plain bytes are cut into chunks; the pool compresses chunks side by side
 * into independent gzip members (or zstd frames) and one writer thread hashes
 * and writes them in order.  So gzip(1), zstd(1) read the file as one stream,
 * and content_sha256 is what `zcat FILE | sha256sum` prints.
 *
 * Every gzip member carries its own compressed size in an extra field
 * (RFC 1952 2.3.1.1), so that a reader can hand whole members to several threads.
 *
 * BLOCKS let several threads fill one file: each block starts a new member and
 * lies in the file in the order of pab_writer_block_begin.  The oldest open
 * block streams through; younger ones buffer up to a common budget and then
 * wait.  Memory is bounded by PAB_WRITER_MEMORY whatever the data.
 *
 *     struct pab_writer *w;
 *     pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = c, .what = "databases/x.sql.gz" }, &w, err);
 *     pab_writer_write(w, p, n, err); ...
 *     pab_writer_finish(w, &result, err);       // or pab_writer_abort(w)
 *
 * Errors are sticky: after one every call returns it again.  The fd stays the
 * caller's; finish has flushed everything to it and called fsync.
 */
#ifndef PAB_STREAM_WRITER_H
#define PAB_STREAM_WRITER_H

#include <stdint.h>
#include "core/stream/codec.h"

#define PAB_WRITER_MEMORY (28u << 20) /* bytes of plain and compressed chunks in flight, at most, in one process */

struct pab_stream_block {
    char *name;
    uint64_t offset, size;   /* compressed bytes in the file */
    uint64_t content_size;
    uint64_t rows;
};

struct pab_stream_result {
    uint64_t size, content_size;
    char sha256[65], content_sha256[65];
    struct pab_stream_block *blocks;   /* in file order; caller frees with pab_stream_result_release */
    uint64_t block_count;
};
void pab_stream_result_release(struct pab_stream_result *r);

struct pab_writer_opts {
    int fd;
    struct pab_compression compression;
    const char *what;          /* for messages */
    int no_content_hash;       /* leave content_sha256 out of the result */
    int no_sync;               /* tests and benchmarks: leave out the fsync */
    void (*progress)(void *ctx, uint64_t content_bytes, uint64_t bytes); /* deltas, from the writer thread; or NULL */
    void *progress_ctx;
};

struct pab_writer;
struct pab_writer_block;
int pab_writer_open(const struct pab_writer_opts *opts, struct pab_writer **ret, struct pab_error *err);
int pab_writer_write(struct pab_writer *w, const void *p, uint64_t n, struct pab_error *err);
/* Room for at least 1 byte inside the current chunk, to fill without a copy: *ret_room bytes at the returned place.
 * Follow with pab_writer_advance(w, n). NULL on error. */
void *pab_writer_reserve(struct pab_writer *w, uint64_t *ret_room, struct pab_error *err);
int pab_writer_advance(struct pab_writer *w, uint64_t n, struct pab_error *err);

int pab_writer_block_begin(struct pab_writer *w, const char *name, struct pab_writer_block **ret, struct pab_error *err);
int pab_writer_block_write(struct pab_writer_block *b, const void *p, uint64_t n, struct pab_error *err);
int pab_writer_block_end(struct pab_writer_block *b, uint64_t rows, struct pab_error *err);
void pab_writer_block_abort(struct pab_writer_block *b);

int pab_writer_finish(struct pab_writer *w, struct pab_stream_result *ret, struct pab_error *err); /* frees w, also on failure */
void pab_writer_abort(struct pab_writer *w);  /* NULL is fine */

#endif
