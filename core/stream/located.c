/* located.c - where the member at some place of a file ends, from its headers alone; see source.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/source.h"

int pab_source_damaged(const struct pab_source *s, uint64_t offset, struct pab_error *err, const char *how)
{
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is damaged at byte %llu: %s", s->what, (unsigned long long)offset, how);
}

int pab_source_pread(const struct pab_source *s, uint64_t offset, void *p, size_t n, struct pab_error *err)
{
    uint8_t *to = p;
    while (n) {
        ssize_t got = pread(s->opts.fd, to, n, (off_t)offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s' at byte %llu", s->what, (unsigned long long)offset);
        if (got == 0) return pab_source_damaged(s, offset, err, "the file ends too early");
        to += got;
        offset += (uint64_t)got;
        n -= (size_t)got;
    }
    return PAB_OK;
}

static enum pab_located locate_gzip(struct pab_source *s, struct pab_member *ret, struct pab_error *err)
{
    uint8_t header[PAB_GZ_HEADER], size[4];
    uint64_t left = s->end - s->at;
    uint32_t member, flags;
    if (left < PAB_GZ_LEAST) return PAB_LOCATED_STREAM;
    if (pab_source_pread(s, s->at, header, sizeof header, err)) return PAB_LOCATED_ERROR;
    if (!pab_gz_parse(header, &member, &flags) || member > left || member > PAB_MEMBER_MAX) return PAB_LOCATED_STREAM;
    if (pab_source_pread(s, s->at + member - sizeof size, size, sizeof size, err)) return PAB_LOCATED_ERROR;
    *ret = (struct pab_member){ .offset = s->at, .size = member, .plain = pab_le32(size), .is_end_mark = (flags & PAB_GZ_END_MARK) != 0 };
    return ret->plain <= PAB_MEMBER_MAX ? PAB_LOCATED_WHOLE : PAB_LOCATED_STREAM;
}

/* RFC 8878 3.1.1: magic number, frame header of 2 to 14 bytes, blocks with a header of three bytes each, checksum. */
static size_t zstd_header_size(uint8_t descriptor)
{
    static const uint8_t id_bytes[] = { 0, 1, 2, 4 }, size_bytes[] = { 0, 2, 4, 8 };
    int single = descriptor >> 5 & 1, kind = descriptor >> 6;
    size_t size = 4 + 1 + !single + id_bytes[descriptor & 3] + size_bytes[kind];
    return size + (kind == 0 && single);
}

static enum pab_located locate_zstd(struct pab_source *s, struct pab_member *ret, struct pab_error *err)
{
    static const uint8_t magic[] = { 0x28, 0xb5, 0x2f, 0xfd };
    uint8_t head[18];
    uint64_t left = s->end - s->at, most = left < PAB_MEMBER_MAX ? left : PAB_MEMBER_MAX;
    if (left < sizeof head) return PAB_LOCATED_STREAM;
    if (pab_source_pread(s, s->at, head, sizeof head, err)) return PAB_LOCATED_ERROR;
    unsigned long long plain = ZSTD_getFrameContentSize(head, sizeof head);
    if (memcmp(head, magic, sizeof magic) || plain > PAB_MEMBER_MAX) return PAB_LOCATED_STREAM; /* unknown ones are very large numbers */
    uint64_t at = zstd_header_size(head[4]);
    for (int last = 0; !last;) {
        uint8_t b[3];
        if (at + sizeof b > most) return PAB_LOCATED_STREAM;
        if (pab_source_pread(s, s->at + at, b, sizeof b, err)) return PAB_LOCATED_ERROR;
        uint32_t header = (uint32_t)b[0] | (uint32_t)b[1] << 8 | (uint32_t)b[2] << 16;
        last = header & 1;
        at += sizeof b + ((header >> 1 & 3) == 1 ? 1 : header >> 3); /* type 1: one byte, repeated */
    }
    if (head[4] >> 2 & 1) at += 4;
    if (at > most) return PAB_LOCATED_STREAM;
    *ret = (struct pab_member){ .offset = s->at, .size = at, .plain = plain };
    return PAB_LOCATED_WHOLE;
}

/* gzip(1) ignores zeros at the end, which tapes and block devices leave there. */
static enum pab_located zeros_to_the_end(struct pab_source *s, struct pab_error *err)
{
    CLEANUP_FREE uint8_t *buf = pab_try_alloc(PAB_READER_PIECE);
    if (!buf) {
        pab_error_set(err, PAB_E_NOMEM, 0, "no memory to read '%s'", s->what);
        return PAB_LOCATED_ERROR;
    }
    uint64_t from = s->at;
    while (s->at < s->end) {
        size_t n = s->end - s->at < PAB_READER_PIECE ? (size_t)(s->end - s->at) : PAB_READER_PIECE;
        if (pab_source_pread(s, s->at, buf, n, err)) return PAB_LOCATED_ERROR;
        if (buf[0] || memcmp(buf, buf + 1, n - 1)) {
            pab_source_damaged(s, from, err, "what stands there is not compressed data");
            return PAB_LOCATED_ERROR;
        }
        pab_source_note_packed(s, buf, n);
        s->at += n;
    }
    return PAB_LOCATED_END;
}

enum pab_located pab_locate(struct pab_source *s, struct pab_member *ret, struct pab_error *err)
{
    uint8_t first;
    if (s->at >= s->end) return PAB_LOCATED_END;
    if (s->opts.codec == PAB_CODEC_ZSTD) return locate_zstd(s, ret, err);
    if (pab_source_pread(s, s->at, &first, 1, err)) return PAB_LOCATED_ERROR;
    if (first || s->at == s->opts.offset) return locate_gzip(s, ret, err);
    return s->in_flight || s->showing ? PAB_LOCATED_STREAM : zeros_to_the_end(s, err); /* later, so that the hash goes in order */
}
