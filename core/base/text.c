/* text.c - the text half of str.h: prefixes, suggestions, UTF-8, quoting. */
#include "core/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include "core/base/alloc.h"

#define NEAREST_MAX 64 /* longer words are no typing mistakes */
#define PRINTABLE_MAX 120

int pab_str_has_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

int pab_str_has_suffix(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Edits from a to b; a swap of neighbours counts as one. */
static size_t distance(const char *a, size_t n, const char *b, size_t m)
{
    size_t rows[3][NEAREST_MAX + 1];
    size_t *before = rows[0], *last = rows[1], *now = rows[2];
    for (size_t j = 0; j <= m; j++) last[j] = j;
    for (size_t i = 1; i <= n; i++) {
        now[0] = i;
        for (size_t j = 1; j <= m; j++) {
            size_t d = last[j - 1] + (a[i - 1] != b[j - 1]);
            d = least(d, least(last[j], now[j - 1]) + 1);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) d = least(d, before[j - 2] + 1);
            now[j] = d;
        }
        size_t *spare = before;
        before = last, last = now, now = spare;
    }
    return last[m];
}

const char *pab_str_nearest(const char *s, const char *const *candidates, size_t n)
{
    size_t len = strlen(s);
    if (len > NEAREST_MAX) return NULL;
    size_t limit = len / 3 < 1 ? 1 : least(len / 3, 3);
    const char *best = NULL;
    for (size_t i = 0; i < n; i++) {
        size_t m = strlen(candidates[i]);
        if (m > NEAREST_MAX) continue;
        size_t d = distance(s, len, candidates[i], m);
        if (d > limit || d >= m) continue; /* d == m: nothing in common */
        best = candidates[i];
        if (d == 0) break;
        limit = d - 1;
    }
    return best;
}

size_t pab_utf8_char(const char *s, size_t n)
{
    const unsigned char *p = (const unsigned char *)s;
    if (n == 0) return 0;
    if (p[0] < 0x80) return 1;
    size_t len = p[0] >= 0xc2 && p[0] < 0xe0 ? 2 : p[0] >= 0xe0 && p[0] < 0xf0 ? 3 : p[0] >= 0xf0 && p[0] < 0xf5 ? 4 : 0;
    if (!len || n < len) return 0;
    for (size_t i = 1; i < len; i++) {
        if ((p[i] & 0xc0) != 0x80) return 0;
    }
    /* overlong forms, surrogates, beyond U+10FFFF */
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] >= 0xa0) || (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] >= 0x90)) return 0;
    return len;
}

int pab_utf8_valid(const char *s, size_t n)
{
    for (size_t i = 0, len; i < n; i += len) {
        len = pab_utf8_char(s + i, n - i);
        if (!len) return 0;
    }
    return 1;
}

size_t pab_utf8_cut(const char *s, size_t n)
{
    /* Back to the first byte of the last character; keep it only when all of it is there. */
    size_t start = n;
    while (start > 0 && n - start < 4) {
        start--;
        unsigned char c = (unsigned char)s[start];
        if ((c & 0xc0) == 0x80) continue;
        size_t want = c >= 0xf0 ? 4 : c >= 0xe0 ? 3 : c >= 0xc0 ? 2 : 1;
        return n - start < want ? start : n;
    }
    return n;
}

/* U+0080 to U+009F are controls, too: some terminals obey them. */
static int needs_escape(const char *s, size_t len)
{
    unsigned char c = (unsigned char)*s;
    return len == 0 || c < 0x20 || c == 0x7f || c == '\'' || c == '"' || c == '\\' || (c == 0xc2 && (unsigned char)s[1] < 0xa0);
}

char *pab_str_printable(const char *s)
{
    char out[PRINTABLE_MAX + 16];
    size_t n = strlen(s), at = 0;
    for (size_t i = 0; i < n;) {
        size_t len = pab_utf8_char(s + i, n - i), width = len ? len : 1;
        int escape = needs_escape(s + i, len);
        if (at + (escape ? 4 * width : width) > PRINTABLE_MAX) {
            memcpy(out + at, "...", 3);
            at += 3;
            break;
        }
        for (; width; width--, i++) {
            if (escape) at += (size_t)snprintf(out + at, 5, "\\x%02x", (unsigned char)s[i]);
            else out[at++] = s[i];
        }
    }
    return pab_strndup(out, at);
}

char *pab_str_shell(const char *s)
{
    size_t at = 0;
    char *out = pab_alloc_array(strlen(s) + 1, 4); /* each at most four, two quotes and the end */
    out[at++] = '\'';
    for (; *s; s++) {
        if (*s == '\'') at += (size_t)snprintf(out + at, 5, "'\\''");
        else out[at++] = *s;
    }
    out[at] = '\'';
    return out;
}

char *pab_str_file_name(const char *s)
{
    size_t n = strlen(s), at = 0;
    char *out = pab_alloc_array(n + 1, 3);
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        int plain = c < 0x80 && (isalnum(c) || c == '_' || c == '-' || (c == '.' && i > 0));
        if (plain) out[at++] = (char)c;
        else at += (size_t)snprintf(out + at, 4, "%%%02X", c);
    }
    return out;
}

void pab_hex(const void *p, size_t n, char *out)
{
    static const char digits[] = "0123456789abcdef";
    const unsigned char *b = p;
    for (size_t i = 0; i < n; i++) {
        *out++ = digits[b[i] >> 4];
        *out++ = digits[b[i] & 15];
    }
    *out = '\0';
}
