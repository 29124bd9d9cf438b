/* ends.c - is the end of a file the one that its writer gave it? From its last bytes alone; see reader.h. */
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/source.h"

static uint64_t least(uint64_t a, uint64_t b) { return a < b ? a : b; }

/* A file that begins with a member of ours must end with the end mark. */
static int gzip_end(struct pab_source *s, struct pab_error *err)
{
    uint8_t header[PAB_GZ_HEADER], tail[PAB_GZ_LEAST], mark[PAB_END_MAX];
    uint32_t size, flags;
    if (s->end - s->opts.offset < PAB_GZ_LEAST) return PAB_OK; /* whole members only: the reader's word counts */
    if (pab_source_pread(s, s->opts.offset, header, sizeof header, err)) return err->code;
    if (!pab_gz_parse(header, &size, &flags)) return PAB_OK;
    if (pab_source_pread(s, s->end - sizeof tail, tail, sizeof tail, err)) return err->code;
    if (pab_packer_gzip_fast.end(mark, 0) == sizeof tail && memcmp(tail, mark, sizeof tail) == 0) return PAB_OK;
    return pab_source_damaged(s, s->end - sizeof tail, err, "its end is not the mark that was written there");
}

/* 1: one whole frame, no more, stands in these bytes. */
static int is_frame(const uint8_t *p, size_t n)
{
    if (ZSTD_findFrameCompressedSize(p, n) != n) return 0;
    unsigned long long plain = ZSTD_getFrameContentSize(p, n);
    if (plain > PAB_MEMBER_MAX) return 0; /* unknown ones are very large numbers */
    CLEANUP_FREE uint8_t *out = pab_try_alloc((size_t)plain + 1);
    return out && ZSTD_decompress(out, (size_t)plain + 1, p, n) == plain;
}

/* Frames have no mark at their end: the last one is looked for from there, as far back as a frame of ours can be long. */
static int zstd_end(struct pab_source *s, struct pab_error *err)
{
    static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
    uint64_t whole = s->end - s->opts.offset;
    uint8_t head[18] = { 0 };
    if (pab_source_pread(s, s->opts.offset, head, (size_t)least(whole, sizeof head), err)) return err->code;
    if (ZSTD_getFrameContentSize(head, sizeof head) > pab_packer_zstd.chunk) return PAB_OK; /* by another tool: it may be one frame, of any size */
    size_t n = (size_t)least(whole, pab_packer_zstd.bound(pab_packer_zstd.chunk) + sizeof head);
    CLEANUP_FREE uint8_t *tail = pab_try_alloc(n + 1);
    if (!tail) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to read '%s'", s->what);
    if (pab_source_pread(s, s->end - n, tail, n, err)) return err->code;
    for (size_t at = n; at-- > 0;)
        if (n - at >= sizeof magic && memcmp(tail + at, magic, sizeof magic) == 0 && is_frame(tail + at, n - at)) return PAB_OK;
    return pab_source_damaged(s, s->end - n, err, "the compressed data does not end with a whole frame");
}

int pab_source_check_end(struct pab_source *s, struct pab_error *err)
{
    switch (s->opts.codec) {
    case PAB_CODEC_GZIP: return gzip_end(s, err);
    case PAB_CODEC_ZSTD: return zstd_end(s, err);
    default: return PAB_OK;
    }
}
