/* pack_zstd.c - chunks to zstd frames (RFC 8878) with content size and checksum. */
#include <zstd.h>

#include "core/stream/codec_impl.h"

#define CHUNK (4u << 20)

struct setting { ZSTD_cParameter name; int value; };

/* Tables of a megabyte at most, which a core has near it, the whole frame as window, and matches long enough to be worth a look. On dumps,
 * which repeat whole phrases, this makes fewer bytes than level 3 in half of its time; files of all kinds repeat less, so that a smaller
 * table does (tests/bench/postgres.sh, tree.sh). */
static const struct setting text[] = {
    { ZSTD_c_strategy, ZSTD_fast }, { ZSTD_c_windowLog, 22 }, { ZSTD_c_hashLog, 18 }, { ZSTD_c_minMatch, 7 }, { 0, 0 },
};
static const struct setting files[] = {
    { ZSTD_c_strategy, ZSTD_fast }, { ZSTD_c_windowLog, 22 }, { ZSTD_c_hashLog, 16 }, { ZSTD_c_minMatch, 7 }, { 0, 0 },
};

static int set(ZSTD_CCtx *z, ZSTD_cParameter name, int value)
{
    return ZSTD_isError(ZSTD_CCtx_setParameter(z, name, value)) ? -1 : 0;
}

static void *zstd_open(int level)
{
    ZSTD_CCtx *z = ZSTD_createCCtx();
    if (!z) return NULL;
    int failed = set(z, ZSTD_c_checksumFlag, 1);
    if (level > 0) failed |= set(z, ZSTD_c_compressionLevel, level);
    else {
        for (const struct setting *s = level == PAB_ZSTD_FILES ? files : text; s->name; s++) failed |= set(z, s->name, s->value);
    }
    if (!failed) return z;
    ZSTD_freeCCtx(z);
    return NULL;
}

static void zstd_close(void *ctx)
{
    ZSTD_freeCCtx(ctx);
}

static size_t zstd_bound(size_t n)
{
    return ZSTD_compressBound(n);
}

static size_t zstd_pack(void *ctx, const void *in, size_t n, void *out, size_t room)
{
    size_t size = ZSTD_compress2(ctx, out, room, in, n);
    return ZSTD_isError(size) ? 0 : size;
}

/* A file without a single frame would not be a zstd file: an empty frame makes it one. */
static size_t zstd_end(void *out, uint64_t size)
{
    if (size) return 0;
    size_t made = ZSTD_compress(out, PAB_END_MAX, NULL, 0, 1);
    return ZSTD_isError(made) ? 0 : made;
}

const struct pab_packer pab_packer_zstd = {
    .chunk = CHUNK, .bound = zstd_bound, .open = zstd_open, .close = zstd_close, .pack = zstd_pack, .end = zstd_end,
};
