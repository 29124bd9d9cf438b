/* unpack_gzip.c - gzip members back to bytes: libdeflate for whole members of our own, ISA-L for streams of any size. */
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/stream/codec_impl.h"

static void *member_open(void)
{
    return libdeflate_alloc_decompressor();
}

static void member_close(void *ctx)
{
    libdeflate_free_decompressor(ctx);
}

static int member(void *ctx, const uint8_t *in, size_t n, uint8_t *out, size_t plain)
{
    size_t body = n - PAB_GZ_HEADER - PAB_GZ_TRAILER, used, made;
    if (libdeflate_deflate_decompress_ex(ctx, in + PAB_GZ_HEADER, body, out, plain, &used, &made)) return -1;
    if (used != body || made != plain || pab_le32(in + n - 4) != (uint32_t)plain) return -1;
    return libdeflate_crc32(0, out, plain) == pab_le32(in + n - 8) ? 0 : -1;
}

static void stream_reset(void *ctx)
{
    struct inflate_state *z = ctx;
    isal_inflate_reset(z);
    z->crc_flag = ISAL_GZIP;
}

static void *stream_open(void)
{
    struct inflate_state *z = pab_try_alloc(sizeof *z);
    if (!z) return NULL;
    isal_inflate_init(z);
    stream_reset(z);
    return z;
}

static enum pab_piece_end stream(void *ctx, struct pab_piece_io *io)
{
    struct inflate_state *z = ctx;
    z->next_in = (uint8_t *)(uintptr_t)io->in; /* only read */
    z->avail_in = (uint32_t)io->in_size;
    z->next_out = io->out;
    z->avail_out = (uint32_t)io->out_room;
    int code = isal_inflate(z);
    io->in += io->in_size - z->avail_in;
    io->in_size = z->avail_in;
    io->out += io->out_room - z->avail_out;
    io->out_room = z->avail_out;
    /* Codes above zero ask for more input. */
    if (code < 0) return PAB_PIECE_DAMAGED;
    return z->block_state == ISAL_BLOCK_FINISH ? PAB_PIECE_MEMBER_END : PAB_PIECE_MORE;
}

const struct pab_unpacker pab_unpacker_gzip = {
    .open = member_open, .close = member_close, .member = member,
    .stream_open = stream_open, .stream_close = free, .stream_reset = stream_reset, .stream = stream,
};
