/* pack_gzip.c - chunks to gzip members: ISA-L for "fast", libdeflate for "small". */
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/stream/codec_impl.h"

#define CHUNK (1u << 20)
#define STORED_MAX 65535u /* bytes of one stored deflate block */
#define SMALL_LEVEL 5 /* the fastest that is no larger than gzip -6 */

static void put_le32(uint8_t *p, uint32_t v)
{
    for (int i = 0; i < 4; i++) p[i] = (uint8_t)(v >> 8 * i);
}

/* Header and trailer around `body` bytes of deflate data that stand at out + PAB_GZ_HEADER. Size of the member. */
static size_t wrap(uint8_t *out, size_t body, uint32_t flags, uint32_t crc, size_t plain)
{
    static const uint8_t fixed[16] = { 0x1f, 0x8b, 8, 4, 0, 0, 0, 0, 0, 255, 12, 0, 'P', 'A', 8, 0 };
    size_t size = PAB_GZ_HEADER + body + PAB_GZ_TRAILER;
    memcpy(out, fixed, sizeof fixed);
    put_le32(out + 16, (uint32_t)size);
    put_le32(out + 20, flags);
    put_le32(out + size - 8, crc);
    put_le32(out + size - 4, (uint32_t)plain);
    return size;
}

int pab_gz_parse(const uint8_t header[PAB_GZ_HEADER], uint32_t *ret_size, uint32_t *ret_flags)
{
    uint8_t same[PAB_GZ_LEAST];
    uint32_t size = pab_le32(header + 16), flags = pab_le32(header + 20);
    wrap(same, 2, flags, 0, 0);
    if (memcmp(header, same, 16) || size < PAB_GZ_LEAST) return 0;
    *ret_size = size;
    *ret_flags = flags;
    return 1;
}

static size_t end_mark(void *out, uint64_t size)
{
    uint8_t *p = out;
    (void)size;
    p[PAB_GZ_HEADER] = 3; /* a last block that is empty */
    p[PAB_GZ_HEADER + 1] = 0;
    return wrap(p, 2, PAB_GZ_END_MARK, 0, 0);
}

static size_t stored_size(size_t n)
{
    return n + 5 * ((n + STORED_MAX - 1) / STORED_MAX + !n);
}

static size_t bound(size_t n)
{
    return PAB_GZ_HEADER + stored_size(n) + PAB_GZ_TRAILER;
}

/* What does not compress is stored. */
static size_t store(const uint8_t *in, size_t n, uint8_t *out)
{
    uint8_t *start = out;
    do {
        size_t part = n < STORED_MAX ? n : STORED_MAX;
        *out++ = part == n; /* BFINAL, type 0 */
        *out++ = (uint8_t)part;
        *out++ = (uint8_t)(part >> 8);
        *out++ = (uint8_t)~part;
        *out++ = (uint8_t)(~part >> 8);
        memcpy(out, in, part);
        out += part;
        in += part;
        n -= part;
    } while (n);
    return (size_t)(out - start);
}

static size_t finish_member(uint8_t *out, size_t body, const void *in, size_t n)
{
    if (!body || body > stored_size(n)) body = store(in, n, out + PAB_GZ_HEADER);
    return wrap(out, body, 0, libdeflate_crc32(0, in, n), n);
}

/* ---- fast */

/* Room for 24 Ki tokens in a deflate block, where ISA-L proposes 64 Ki: 4 % slower and 1 % smaller where text and
 * programs alternate, no difference on SQL. */
struct fast { struct isal_zstream z; uint8_t level_buf[ISAL_DEF_LVL2_REQ + ISAL_DEF_LVL2_TOKEN_SIZE * 24 * 1024]; };

static void *fast_open(int level)
{
    (void)level;
    return pab_try_alloc(sizeof(struct fast));
}

static size_t fast_pack(void *ctx, const void *in, size_t n, void *out, size_t room)
{
    struct fast *f = ctx;
    if (room < bound(n)) return 0;
    isal_deflate_init(&f->z);
    f->z.level = 2;
    f->z.level_buf = f->level_buf;
    f->z.level_buf_size = sizeof f->level_buf;
    f->z.end_of_stream = 1;
    f->z.flush = NO_FLUSH;
    f->z.next_in = (uint8_t *)(uintptr_t)in; /* only read */
    f->z.avail_in = (uint32_t)n;
    f->z.next_out = (uint8_t *)out + PAB_GZ_HEADER;
    f->z.avail_out = (uint32_t)stored_size(n);
    int done = isal_deflate(&f->z) == COMP_OK && f->z.internal_state.state == ZSTATE_END;
    return finish_member(out, done ? f->z.total_out : 0, in, n);
}

const struct pab_packer pab_packer_gzip_fast = {
    .chunk = CHUNK, .bound = bound, .open = fast_open, .close = free, .pack = fast_pack, .end = end_mark,
};

/* ---- small */

static void *small_open(int level)
{
    (void)level;
    return libdeflate_alloc_compressor(SMALL_LEVEL);
}

static void small_close(void *ctx)
{
    libdeflate_free_compressor(ctx);
}

static size_t small_pack(void *ctx, const void *in, size_t n, void *out, size_t room)
{
    if (room < bound(n)) return 0;
    size_t body = libdeflate_deflate_compress(ctx, in, n, (uint8_t *)out + PAB_GZ_HEADER, stored_size(n));
    return finish_member(out, body, in, n);
}

const struct pab_packer pab_packer_gzip_small = {
    .chunk = CHUNK, .bound = bound, .open = small_open, .close = small_close, .pack = small_pack, .end = end_mark,
};
