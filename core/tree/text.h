/* text.h - numbers and bytes as text, appended at a place that is known to have room: what the writers of tar headers
 * and mtree lines do a hundred thousand times. Each returns the place after what it wrote, without a NUL. */
#ifndef PAB_TREE_TEXT_H
#define PAB_TREE_TEXT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define PAB_NS 1000000000

static inline char *pab_put(char *p, const char *s, size_t n)
{
    memcpy(p, s, n);
    return p + n;
}

#define PAB_PUT_LITERAL(p, s) pab_put((p), (s), sizeof(s) - 1)

static inline char *pab_put_dec(char *p, uint64_t v)
{
    char digits[20];
    unsigned n = 0;
    do digits[n++] = (char)('0' + v % 10);
    while (v /= 10);
    while (n) *p++ = digits[--n];
    return p;
}

/* Exactly `width` octal digits; the value must fit. */
static inline char *pab_put_octal(char *p, uint64_t v, unsigned width)
{
    for (unsigned i = width; i-- > 0; v >>= 3) p[i] = (char)('0' + (v & 7));
    return p + width;
}

/* "-12.000000034": nanoseconds as decimal seconds with nine digits. At most 21 bytes. */
static inline char *pab_put_time(char *p, int64_t ns)
{
    uint64_t abs = ns < 0 ? -(uint64_t)ns : (uint64_t)ns;
    if (ns < 0) *p++ = '-';
    p = pab_put_dec(p, abs / PAB_NS);
    *p++ = '.';
    uint64_t rest = abs % PAB_NS;
    for (unsigned i = 9; i-- > 0; rest /= 10) p[i] = (char)('0' + rest % 10);
    return p + 9;
}

/* Floor division: the whole seconds of a time before 1970 too. */
static inline int64_t pab_ns_seconds(int64_t ns) { return ns / PAB_NS - (ns % PAB_NS < 0); }
static inline int64_t pab_ns_rest(int64_t ns) { return ns - pab_ns_seconds(ns) * PAB_NS; }

#endif
