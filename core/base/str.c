/* str.c - values from text and text from values; see str.h. */
#include "core/base/str.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* The digits at *s as a number; moves *s behind them. -1 without a digit or beyond int64. */
static int take_number(const char **s, int64_t *ret)
{
    const char *p = *s;
    int64_t n = 0;
    if (!isdigit((unsigned char)*p)) return -1;
    for (; isdigit((unsigned char)*p); p++) {
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_add_overflow(n, *p - '0', &n)) return -1;
    }
    *s = p;
    *ret = n;
    return 0;
}

int pab_parse_int(const char *s, int64_t *ret)
{
    int negative = *s == '-';
    int64_t n = 0;
    if (*s == '-' || *s == '+') s++;
    if (!*s) return -1;
    /* Downwards, because the range has one more number below zero than above. */
    for (; *s; s++) {
        if (!isdigit((unsigned char)*s)) return -1;
        if (__builtin_mul_overflow(n, 10, &n) || __builtin_sub_overflow(n, *s - '0', &n)) return -1;
    }
    if (!negative && n == INT64_MIN) return -1;
    *ret = negative ? n : -n;
    return 0;
}

int pab_parse_bool(const char *s, int *ret)
{
    static const char *const words[] = { "false", "true", "no", "yes", "off", "on" };
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcasecmp(s, words[i]) == 0) {
            *ret = (int)(i & 1);
            return 0;
        }
    }
    return -1;
}

int pab_parse_size(const char *s, int64_t *ret)
{
    static const char letters[] = "kmgtpe";
    int64_t n;
    if (take_number(&s, &n)) return -1;
    const char *unit = *s ? strchr(letters, tolower((unsigned char)*s)) : NULL;
    if (unit) {
        s++;
        if (__builtin_mul_overflow(n, INT64_C(1) << 10 * (unit - letters + 1), &n)) return -1;
        if ((*s == 'i' || *s == 'I') && (s[1] == 'b' || s[1] == 'B')) s++;
    }
    if (*s == 'b' || *s == 'B') s++;
    if (*s) return -1;
    *ret = n;
    return 0;
}

int pab_parse_duration(const char *s, int64_t *ret_ms)
{
    static const struct { const char *name; int64_t ms; } units[] = {
        { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 },
    };
    int64_t sum = 0, n;
    for (int first = 1; first || *s; first = 0) {
        if (take_number(&s, &n)) return -1;
        size_t len = strspn(s, "abcdefghijklmnopqrstuvwxyz");
        int64_t ms = first && !*s ? 1000 : 0; /* a bare number is seconds, but only when it stands alone */
        for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
            if (len == strlen(units[i].name) && strncmp(s, units[i].name, len) == 0) ms = units[i].ms;
        }
        if (!ms || __builtin_mul_overflow(n, ms, &n) || __builtin_add_overflow(sum, n, &sum)) return -1;
        s += len;
    }
    *ret_ms = sum;
    return 0;
}

char *pab_format_size(uint64_t bytes, char *buf, size_t n)
{
    static const char *const units[] = { "kB", "MB", "GB", "TB", "PB", "EB" };
    if (bytes < 1000) {
        snprintf(buf, n, "%u byte%s", (unsigned)bytes, bytes == 1 ? "" : "s");
        return buf;
    }
    size_t i = 0;
    uint64_t unit = 1000;
    while (i < 5 && bytes / unit >= 1000) i++, unit *= 1000;
    uint64_t tenths = bytes / (unit / 10) + (bytes % (unit / 10) >= unit / 20);
    uint64_t whole = bytes / unit + (bytes % unit >= unit / 2);
    if (whole >= 1000 && i < 5) i++, tenths = 10; /* 999,600 bytes: 1.0 MB */
    if (tenths < 100) snprintf(buf, n, "%u.%u %s", (unsigned)(tenths / 10), (unsigned)(tenths % 10), units[i]);
    else snprintf(buf, n, "%u %s", (unsigned)whole, units[i]);
    return buf;
}

char *pab_format_ms(int64_t ms, char *buf, size_t n)
{
    if (ms < 0) ms = 0;
    if (ms < 59950) {
        int64_t tenths = (ms + 50) / 100;
        snprintf(buf, n, "%d.%d s", (int)(tenths / 10), (int)(tenths % 10));
        return buf;
    }
    int64_t seconds = ms / 1000 + (ms % 1000 >= 500);
    if (seconds < 3600) snprintf(buf, n, "%d min %02d s", (int)(seconds / 60), (int)(seconds % 60));
    else snprintf(buf, n, "%lld h %02d min", (long long)(seconds / 3600), (int)(seconds / 60 % 60));
    return buf;
}

char *pab_format_count(uint64_t n, char *buf, size_t size)
{
    char digits[24], text[32];
    int len = snprintf(digits, sizeof digits, "%llu", (unsigned long long)n);
    size_t at = 0;
    for (int i = 0; i < len; i++) {
        if (i && (len - i) % 3 == 0) text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    snprintf(buf, size, "%s", text);
    return buf;
}
