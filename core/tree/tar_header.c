/* tar_header.c - one header block of a tar; see tar_header.h. */
#include "core/tree/tar_header.h"

#include <string.h>

int pab_tar_number(const unsigned char *field, size_t width, int64_t *ret)
{
    if (field[0] & 0x80) { /* GNU: two's complement after the first bit */
        int negative = field[0] & 0x40;
        uint64_t v = negative ? UINT64_MAX : 0;
        for (size_t i = 0; i < width; i++) {
            unsigned char c = i ? field[i] : (unsigned char)(negative ? field[0] : field[0] & 0x7f);
            if (negative ? (v >> 55) != 0x1ff : v >> 55) return -1;
            v = v << 8 | c;
        }
        *ret = (int64_t)v;
        return 0;
    }
    int64_t v = 0;
    size_t i = 0;
    while (i < width && field[i] == ' ') i++;
    for (; i < width && field[i] >= '0' && field[i] <= '7'; i++) {
        if (v >> 59) return -1;
        v = v * 8 + (field[i] - '0');
    }
    for (; i < width; i++) /* blanks and NULs end it; an empty field is zero */
        if (field[i] != ' ' && field[i] != '\0') return -1;
    *ret = v;
    return 0;
}

static int parse_u32(const unsigned char *field, size_t width, uint32_t *ret)
{
    int64_t v;
    if (pab_tar_number(field, width, &v) || v < 0 || v > UINT32_MAX) return -1;
    *ret = (uint32_t)v;
    return 0;
}

static int is_zero(const unsigned char *block)
{
    return block[0] == 0 && !memcmp(block, block + 1, 511);
}

static int checksum_matches(const unsigned char *block)
{
    int64_t want;
    unsigned sum = 0;
    int signed_sum = 0;
    if (pab_tar_number(block + 148, 8, &want)) return 0;
    for (size_t i = 0; i < 512; i++) sum += block[i];
    for (size_t i = 148; i < 156; i++) sum += ' ' - (unsigned)block[i];
    if (want == (int64_t)sum) return 1;
    for (size_t i = 0; i < 512; i++) signed_sum += i >= 148 && i < 156 ? ' ' : (signed char)block[i];
    return want == signed_sum; /* some old programs added signed bytes */
}

static size_t copy_text(char *out, const unsigned char *field, size_t width)
{
    size_t n = strnlen((const char *)field, width);
    memcpy(out, field, n);
    out[n] = '\0';
    return n;
}

enum pab_tar_block pab_tar_header_parse(const unsigned char block[512], struct pab_tar_header *h, const char **ret_why)
{
    int64_t size;
    if (is_zero(block)) return PAB_TAR_ZEROS;
    *ret_why = "a header's checksum does not match";
    if (!checksum_matches(block)) return PAB_TAR_BAD;
    *ret_why = "a number in a header is damaged or out of range";
    *h = (struct pab_tar_header){ .type = (char)block[156] };
    if (parse_u32(block + 100, 8, &h->mode) || parse_u32(block + 108, 8, &h->uid) || parse_u32(block + 116, 8, &h->gid)) return PAB_TAR_BAD;
    if (pab_tar_number(block + 124, 12, &size) || size < 0 || pab_tar_number(block + 136, 12, &h->mtime)) return PAB_TAR_BAD;
    h->size = (uint64_t)size;
    copy_text(h->link, block + 157, 100);
    int is_ustar = !memcmp(block + 257, "ustar\0", 6), is_gnu = !memcmp(block + 257, "ustar ", 6);
    if (is_ustar || is_gnu) {
        copy_text(h->user, block + 265, 32);
        copy_text(h->group, block + 297, 32);
        if ((h->type == '3' || h->type == '4') && (parse_u32(block + 329, 8, &h->dev_major) || parse_u32(block + 337, 8, &h->dev_minor))) return PAB_TAR_BAD;
    }
    size_t n = is_ustar ? copy_text(h->path, block + 345, 155) : 0;
    if (n) h->path[n++] = '/';
    copy_text(h->path + n, block, 100);
    return PAB_TAR_HEADER;
}
