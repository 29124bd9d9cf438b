/* unpack_zstd.c - zstd frames back to bytes. */
#include <zstd.h>
#include <zstd_errors.h>

#include "core/stream/codec_impl.h"

#define WINDOW_LOG_MAX 23 /* what zstd -19 uses; --long files would take all memory there is */

static void *zstd_open(void)
{
    ZSTD_DCtx *z = ZSTD_createDCtx();
    if (z && ZSTD_isError(ZSTD_DCtx_setParameter(z, ZSTD_d_windowLogMax, WINDOW_LOG_MAX))) {
        ZSTD_freeDCtx(z);
        z = NULL;
    }
    return z;
}

static void zstd_close(void *ctx)
{
    ZSTD_freeDCtx(ctx);
}

static int zstd_member(void *ctx, const uint8_t *in, size_t n, uint8_t *out, size_t plain)
{
    return ZSTD_decompressDCtx(ctx, out, plain, in, n) == plain ? 0 : -1;
}

static void zstd_reset(void *ctx)
{
    ZSTD_DCtx_reset(ctx, ZSTD_reset_session_only);
}

static enum pab_piece_end zstd_stream(void *ctx, struct pab_piece_io *io)
{
    ZSTD_inBuffer in = { io->in, io->in_size, 0 };
    ZSTD_outBuffer out = { io->out, io->out_room, 0 };
    size_t left;
    do { /* also without input: what it holds back may find room now */
        left = ZSTD_decompressStream(ctx, &out, &in);
    } while (left && !ZSTD_isError(left) && in.pos < in.size && out.pos < out.size);
    io->in += in.pos;
    io->in_size -= in.pos;
    io->out += out.pos;
    io->out_room -= out.pos;
    if (!ZSTD_isError(left)) return left ? PAB_PIECE_MORE : PAB_PIECE_MEMBER_END;
    ZSTD_ErrorCode code = ZSTD_getErrorCode(left);
    return code == ZSTD_error_frameParameter_windowTooLarge || code == ZSTD_error_dictionary_wrong ? PAB_PIECE_UNSUPPORTED
                                                                                                   : PAB_PIECE_DAMAGED;
}

const struct pab_unpacker pab_unpacker_zstd = {
    .open = zstd_open, .close = zstd_close, .member = zstd_member,
    .stream_open = zstd_open, .stream_close = zstd_close, .stream_reset = zstd_reset, .stream = zstd_stream,
};
