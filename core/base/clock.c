/* clock.c - see clock.h. */
#include "core/base/clock.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/base/str.h"

#define NS_PER_S INT64_C(1000000000)

int64_t pab_now_ns(void)
{
    const char *set = getenv("PABENGINE_TEST_NOW");
    int64_t seconds;
    if (set && pab_parse_int(set, &seconds) == 0 && !__builtin_mul_overflow(seconds, NS_PER_S, &seconds)) return seconds;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * NS_PER_S + ts.tv_nsec;
}

int64_t pab_monotonic_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

static time_t whole_seconds(int64_t ns)
{
    return (time_t)(ns / NS_PER_S - (ns % NS_PER_S < 0));
}

char *pab_format_rfc3339(int64_t ns, char *buf, size_t n)
{
    struct tm tm;
    time_t t = whole_seconds(ns);
    localtime_r(&t, &tm);
    /* Zones of the past had seconds, which the format cannot say: whole minutes then, of the same moment. */
    long minutes = tm.tm_gmtoff / 60;
    t += minutes * 60;
    gmtime_r(&t, &tm);
    char date[32];
    strftime(date, sizeof date, "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(buf, n, "%s%c%02ld:%02ld", date, minutes < 0 ? '-' : '+', labs(minutes) / 60, labs(minutes) % 60);
    return buf;
}

/* `digits` decimal digits at *s within low..high, then `after` (unless it is NUL). */
static int take(const char **s, int digits, int low, int high, char after, int *ret)
{
    int n = 0;
    for (; digits; digits--, (*s)++) {
        if (!isdigit((unsigned char)**s)) return -1;
        n = n * 10 + (**s - '0');
    }
    if (n < low || n > high) return -1;
    if (after && *(*s)++ != after) return -1;
    *ret = n;
    return 0;
}

static int take_fraction(const char **s, int64_t *ret_ns)
{
    if (**s != '.') return 0;
    (*s)++;
    if (!isdigit((unsigned char)**s)) return -1;
    for (int64_t unit = NS_PER_S / 10; isdigit((unsigned char)**s); unit /= 10, (*s)++) *ret_ns += (**s - '0') * unit;
    return 0;
}

static int take_zone(const char **s, int *ret_seconds)
{
    int hours, minutes, sign = **s == '-' ? -1 : 1;
    char c = *(*s)++;
    if (c == 'Z' || c == 'z') {
        *ret_seconds = 0;
        return 0;
    }
    if (c != '+' && c != '-') return -1;
    if (take(s, 2, 0, 23, ':', &hours) || take(s, 2, 0, 59, '\0', &minutes)) return -1;
    *ret_seconds = sign * (hours * 3600 + minutes * 60);
    return 0;
}

int pab_parse_rfc3339(const char *s, int64_t *ret_ns)
{
    struct tm tm = { 0 };
    int zone;
    int64_t fraction = 0, ns;
    if (take(&s, 4, 0, 9999, '-', &tm.tm_year) || take(&s, 2, 1, 12, '-', &tm.tm_mon) || take(&s, 2, 1, 31, '\0', &tm.tm_mday)) return -1;
    if (*s != 'T' && *s != 't' && *s != ' ') return -1;
    s++;
    if (take(&s, 2, 0, 23, ':', &tm.tm_hour) || take(&s, 2, 0, 59, ':', &tm.tm_min) || take(&s, 2, 0, 59, '\0', &tm.tm_sec)) return -1;
    if (take_fraction(&s, &fraction) || take_zone(&s, &zone) || *s) return -1;
    tm.tm_year -= 1900;
    tm.tm_mon -= 1;
    int day = tm.tm_mday;
    int64_t t = (int64_t)timegm(&tm) - zone;
    if (tm.tm_mday != day) return -1; /* there was no 30 February: timegm went on to March */
    if (__builtin_mul_overflow(t, NS_PER_S, &ns) || __builtin_add_overflow(ns, fraction, &ns)) return -1;
    *ret_ns = ns;
    return 0;
}

char *pab_format_stamp(int64_t ns, char *buf, size_t n)
{
    struct tm tm;
    time_t t = whole_seconds(ns);
    localtime_r(&t, &tm);
    if (strftime(buf, n, "%Y%m%d_%H%M%S", &tm) == 0 && n) buf[0] = '\0';
    return buf;
}
