/* reader.h - the way back: file -> hash and count -> decompress (several threads) -> hash and count -> bytes.
 *
 *     struct pab_reader_opts o = { .fd = fd, .codec = PAB_CODEC_GZIP, .length = PAB_SIZE_UNKNOWN, .what = path };
 *     pab_source_open(&o, &s, err);
 *     while ((n = pab_source_read(s, buf, sizeof buf, err)) > 0) ...
 *     // n == 0: the end; everything was well-formed to the last byte
 *     pab_source_result(s, &result);            // sizes and hashes of what was read
 *     pab_source_close(s);
 *
 * A truncated or altered member is PAB_E_CORRUPT with the offset in the message.
 * Members that carry their size (writer.h) are decompressed in parallel; files made by other tools, or with
 * trailing zero bytes, one after the other.  Memory is bounded whatever a member claims of itself.
 */
#ifndef PAB_STREAM_READER_H
#define PAB_STREAM_READER_H

#include <stdint.h>
#include "core/stream/writer.h"

struct pab_source_opts {
    int fd;                  /* stays the caller's; read with pread(2), so several sources may share it */
    enum pab_codec codec;
    uint64_t offset;         /* first byte */
    uint64_t length;         /* compressed bytes to read; PAB_SIZE_UNKNOWN: to the end of the file */
    unsigned threads;        /* 0: as many as there are cores; 1: no threads at all, for readers of single blocks */
    int no_hash;             /* leave the hashes out of the result */
    int no_content_hash;     /* leave content_sha256 out of it */
    const char *what;
    void (*progress)(void *ctx, uint64_t content_bytes, uint64_t bytes);
    void *progress_ctx;
};

struct pab_source;
int pab_source_open(const struct pab_source_opts *opts, struct pab_source **ret, struct pab_error *err);
int64_t pab_source_read(struct pab_source *s, void *buf, uint64_t capacity, struct pab_error *err);
/* The next piece without a copy: *ret points into the source until the next call; 0 at the end. */
int64_t pab_source_peek(struct pab_source *s, const void **ret, struct pab_error *err);
/* Takes n bytes of what peek showed. */
void pab_source_consume(struct pab_source *s, uint64_t n);
void pab_source_result(struct pab_source *s, struct pab_stream_result *ret); /* complete only after the end was read; no blocks */
/* Is the end of the whole file the one that pab_writer_finish gives it (the end mark of gzip, a last frame of zstd that decodes)?
 * PAB_E_CORRUPT when not. Wherever the source has come to; reads a few MiB at most. Files of other tools, and what is not
 * compressed, pass. */
int pab_source_check_end(struct pab_source *s, struct pab_error *err);
void pab_source_close(struct pab_source *s);  /* NULL is fine */

#endif
