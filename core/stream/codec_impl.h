/* codec_impl.h - private to core/stream: what a codec does for the writer (packer) and for the reader (unpacker).
 *
 * A packer turns one chunk into one member (gzip) or frame (zstd) that can be read on its own.  An unpacker does the
 * reverse: with a whole member in memory, or piece by piece with members of any size.
 */
#ifndef PAB_STREAM_CODEC_IMPL_H
#define PAB_STREAM_CODEC_IMPL_H

#include <stddef.h>
#include <stdint.h>
#include "core/stream/codec.h"

struct pab_packer {
    size_t chunk;                     /* plain bytes of a full chunk */
    size_t (*bound)(size_t n);        /* packed bytes at most; NULL: the codec changes nothing */
    void *(*open)(int level);         /* working memory of one thread; NULL: no memory */
    void (*close)(void *ctx);         /* NULL is fine */
    size_t (*pack)(void *ctx, const void *in, size_t n, void *out, size_t room); /* packed bytes; 0: failed */
    /* What closes a file of `size` packed bytes so far, at most PAB_END_MAX bytes. NULL: nothing. */
    size_t (*end)(void *out, uint64_t size);
};
#define PAB_END_MAX 64
extern const struct pab_packer pab_packer_none, pab_packer_gzip_fast, pab_packer_gzip_small, pab_packer_zstd;
const struct pab_packer *pab_packer_for(struct pab_compression c);

/* Members larger than this, packed or plain, are not taken whole into memory but streamed. */
#define PAB_MEMBER_MAX (8u << 20)

enum pab_piece_end { PAB_PIECE_MORE, PAB_PIECE_MEMBER_END, PAB_PIECE_DAMAGED, PAB_PIECE_UNSUPPORTED };
struct pab_piece_io { const uint8_t *in; size_t in_size; uint8_t *out; size_t out_room; }; /* all four move on */

struct pab_unpacker {
    void *(*open)(void);              /* working memory of one thread; NULL: no memory */
    void (*close)(void *ctx);         /* NULL is fine */
    /* Exactly `plain` bytes must come out of exactly n. 0, or -1: damaged. */
    int (*member)(void *ctx, const uint8_t *in, size_t n, uint8_t *out, size_t plain);
    void *(*stream_open)(void);       /* at the start of a member; NULL: no memory */
    void (*stream_close)(void *ctx);  /* NULL is fine */
    void (*stream_reset)(void *ctx);  /* for the next member */
    /* As far as input and room go. */
    enum pab_piece_end (*stream)(void *ctx, struct pab_piece_io *io);
};
extern const struct pab_unpacker pab_unpacker_gzip, pab_unpacker_zstd;
const struct pab_unpacker *pab_unpacker_for(enum pab_codec c);  /* NULL for PAB_CODEC_NONE */

/* ---- gzip members of our own: RFC 1952 with one subfield in the extra field (2.3.1.1)
 *
 *     1f 8b 08 04  00000000  00 ff   fixed header: FEXTRA alone, no time, no system
 *     0c 00                          length of the extra field
 *     'P' 'A'  08 00                 the subfield, eight bytes:
 *     size   (4 bytes, little-endian)   of the whole member, header and trailer included
 *     flags  (4 bytes, little-endian)   1: end mark, an empty member that closes a file
 *     deflate data, CRC-32 and plain size as ever
 */
#define PAB_GZ_HEADER 24u
#define PAB_GZ_TRAILER 8u
#define PAB_GZ_LEAST (PAB_GZ_HEADER + 2 + PAB_GZ_TRAILER)
#define PAB_GZ_END_MARK 1u
/* 1 when these bytes begin a member of ours; its size (PAB_GZ_LEAST or more) and flags. */
int pab_gz_parse(const uint8_t header[PAB_GZ_HEADER], uint32_t *ret_size, uint32_t *ret_flags);

static inline uint32_t pab_le32(const uint8_t *p)
{
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

#endif
