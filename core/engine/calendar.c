/* calendar.c - see calendar.h. */
#include "core/engine/calendar.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/config/job.h"

#define DAYS_AHEAD (5 * 366)

static const char *const weekday_names[] = { "Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday" };

/* The words of systemd.time(7), as expressions. */
static const struct { const char *word, *date; int hourly; } words[] = {
    { "minutely", "", 2 }, { "hourly", "", 1 }, { "daily", "*-*-*", 0 }, { "weekly", "Mon *-*-*", 0 }, { "monthly", "*-*-01", 0 },
    { "quarterly", "*-01,04,07,10-01", 0 }, { "semiannually", "*-01,07-01", 0 }, { "yearly", "*-01-01", 0 },
};

int pab_calendar_text(const char *frequency, const char *at, char **ret, struct pab_error *err)
{
    if (at && !pab_time_of_day_valid(at))
        return pab_error_hint(err, pab_error_set(err, PAB_E_USAGE, 0, "'%s' is not a time of day", at), "write HH:MM, for instance 02:30");
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(words[i].word, frequency) != 0)
            continue;
        if (words[i].hourly == 2)
            *ret = pab_strdup("*-*-* *:*:00");
        else if (words[i].hourly)
            *ret = pab_sprintf("*-*-* *:%s:00", at ? at + 3 : "00");
        else
            *ret = pab_sprintf("%s %s:00", words[i].date, at ? at : PAB_CALENDAR_AT);
        return PAB_OK;
    }
    CLEANUP_FREE char *shown = pab_str_printable(frequency);
    if (!strpbrk(frequency, "0123456789*") || strpbrk(frequency, "\r\n"))
        return pab_error_hint(err, pab_error_set(err, PAB_E_USAGE, 0, "'%s' is not a frequency", shown),
                              "write hourly, daily, weekly, monthly or an OnCalendar expression such as 'Mon..Fri *-*-* 02:30:00'");
    if (at)
        return pab_error_hint(err, pab_error_set(err, PAB_E_USAGE, 0, "an OnCalendar expression has its own time"), "leave out the time, or write it into '%s'", shown);
    *ret = pab_strdup(frequency);
    return PAB_OK;
}

static int number(const char **s, int max, int *ret)
{
    int n = 0;
    const char *p = *s;
    for (; isdigit((unsigned char)*p) && n <= max; p++)
        n = n * 10 + (*p - '0');
    if (p == *s || n > max)
        return -1;
    *s = p;
    *ret = n;
    return 0;
}

/* "*", "5", "1..5", "0/15", "8..18/2" and lists of these, up to one of the characters in `end`. 0, or -1. */
static int component(const char **s, int min, int max, const char *end, uint64_t *ret)
{
    uint64_t bits = 0;
    for (;;) {
        int from = min, to = max, step = 1;
        if (**s == '*') {
            (*s)++;
        } else {
            if (number(s, max, &from) || from < min)
                return -1;
            to = from;
            if (strncmp(*s, "..", 2) == 0) {
                *s += 2;
                if (number(s, max, &to) || to < from)
                    return -1;
            } else if (**s == '/') {
                to = max;
            }
        }
        if (**s == '/') {
            (*s)++;
            if (number(s, max, &step) || step < 1)
                return -1;
        }
        for (int i = from; i <= to; i += step)
            bits |= 1ULL << i;
        if (**s != ',')
            break;
        (*s)++;
    }
    if (**s && !strchr(end, **s))
        return -1;
    *ret = bits;
    return 0;
}

static int weekday(const char **s)
{
    size_t n = strspn(*s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    for (int i = 0; i < 7; i++)
        if ((n == 3 || n == strlen(weekday_names[i])) && strncasecmp(*s, weekday_names[i], n) == 0) {
            *s += n;
            return i;
        }
    return -1;
}

/* "Mon..Fri", "Sat,Sun". Weeks begin on Monday here; "Sat..Mon" goes around. */
static int weekdays(const char **s, uint64_t *ret)
{
    uint64_t bits = 0;
    for (;;) {
        int from = weekday(s), to = from;
        if (from >= 0 && strncmp(*s, "..", 2) == 0) {
            *s += 2;
            to = weekday(s);
        }
        if (from < 0 || to < 0)
            return -1;
        for (int i = from;; i = (i + 1) % 7) {
            bits |= 1ULL << i;
            if (i == to)
                break;
        }
        if (**s != ',')
            break;
        (*s)++;
    }
    *ret = bits;
    return **s == ' ' || !**s ? 0 : -1;
}

/* "*-*-01" or "*-01": NULL when it is right, else what is wrong. */
static const char *date(const char **s, struct pab_calendar *c)
{
    const char *first = strchr(*s, '-');
    const char *second = first ? strpbrk(first + 1, "- ") : NULL;
    if (second && *second == '-') {
        if (strncmp(*s, "*-", 2) != 0)
            return "a crontab has no years";
        *s += 2;
    }
    if (strchr(*s, '~'))
        return "a crontab does not count from the end of a month";
    if (component(s, 1, 12, "-", &c->months) || **s != '-')
        return "its date is not understood";
    (*s)++;
    return component(s, 1, 31, " ", &c->days) ? "its date is not understood" : NULL;
}

static const char *clock_time(const char **s, struct pab_calendar *c)
{
    if (component(s, 0, 23, ":", &c->hours) || **s != ':')
        return "its time is not understood";
    (*s)++;
    if (component(s, 0, 59, ": ", &c->minutes))
        return "its time is not understood";
    if (**s == ':') {
        (*s)++;
        size_t zeros = strspn(*s, "0");
        if ((zeros != 1 && zeros != 2) || ((*s)[zeros] && (*s)[zeros] != ' '))
            return "a crontab has no seconds";
        *s += zeros;
    }
    return NULL;
}

#define ALL_DAYS 0xfffffffeULL /* 1 to 31 */
#define ALL_HOURS 0xffffffULL
#define ALL_MINUTES 0xfffffffffffffffULL

static const char *parse(const char *s, struct pab_calendar *c)
{
    const char *why = NULL;
    s += strspn(s, " ");
    if (isalpha((unsigned char)*s) && weekdays(&s, &c->weekdays))
        return "its day of the week is not understood";
    s += strspn(s, " ");
    size_t part = strcspn(s, " ");
    if (memchr(s, '-', part) || memchr(s, '~', part))
        why = date(&s, c);
    if (why)
        return why;
    s += strspn(s, " ");
    c->hours = c->minutes = 1; /* midnight, where no time is given */
    if (*s && !isalpha((unsigned char)*s))
        why = clock_time(&s, c);
    if (why)
        return why;
    s += strspn(s, " ");
    if (*s)
        return "a crontab has no time zones";
    return c->days != ALL_DAYS && c->weekdays != 0x7f ? "a crontab takes a day of the week or a day of the month, and not both" : NULL;
}

int pab_calendar_parse(const char *text, struct pab_calendar *ret, struct pab_error *err)
{
    struct pab_calendar c = { .days = ALL_DAYS, .months = 0x1ffe, .weekdays = 0x7f };
    const char *why = NULL, *expression = text;
    CLEANUP_FREE char *word = NULL;
    if (!strpbrk(text, "0123456789*") && pab_calendar_text(text, "00:00", &word, err) == PAB_OK)
        expression = word; /* as systemd understands the word: at midnight */
    why = parse(expression, &c);
    if (!why) {
        *ret = c;
        return PAB_OK;
    }
    CLEANUP_FREE char *shown = pab_str_printable(text);
    pab_error_set(err, PAB_E_USAGE, 0, "'%s' cannot be said in a crontab: %s", shown, why);
    return pab_error_hint(err, PAB_E_USAGE, "write hourly, daily, weekly, monthly, or an expression like 'Mon..Fri *-*-* 02:30:00'");
}

static void add_field(struct pab_buf *b, uint64_t bits, int min, int max)
{
    uint64_t all = (max == 63 ? ~0ULL : (1ULL << (max + 1)) - 1) & ~((1ULL << min) - 1);
    int first = 1;
    if (b->size)
        pab_buf_addc(b, ' ');
    if (bits == all) {
        pab_buf_addc(b, '*');
        return;
    }
    for (int i = min; i <= max; i++) {
        if (!(bits >> i & 1))
            continue;
        int to = i;
        while (to < max && bits >> (to + 1) & 1)
            to++;
        if (to - i < 2)
            to = i; /* two are no range */
        pab_buf_addf(b, "%s%d", first ? "" : ",", i);
        if (to > i)
            pab_buf_addf(b, "-%d", to);
        first = 0;
        i = to;
    }
}

char *pab_calendar_cron(const struct pab_calendar *c)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    add_field(&b, c->minutes, 0, 59);
    add_field(&b, c->hours, 0, 23);
    add_field(&b, c->days, 1, 31);
    add_field(&b, c->months, 1, 12);
    add_field(&b, c->weekdays, 0, 6);
    return pab_buf_take(&b);
}

static int day_matches(const struct pab_calendar *c, const struct tm *tm)
{
    return (c->months >> (tm->tm_mon + 1) & 1) && (c->days >> tm->tm_mday & 1) && (c->weekdays >> tm->tm_wday & 1);
}

/* A day, and how far the clocks are ahead of UTC around it. */
struct day {
    int64_t midnight;                /* as if it were in UTC */
    int64_t before, after;
};

static int64_t offset_at(int64_t t)
{
    time_t at = (time_t)t;
    struct tm tm;
    return localtime_r(&at, &tm) ? tm.tm_gmtoff : 0;
}

/* The first moment from `from` (old offset) to `to` (another one) with the new offset. */
static int64_t change_between(int64_t from, int64_t to, int64_t old)
{
    while (to - from > 1) {
        int64_t middle = from + (to - from) / 2;
        if (offset_at(middle) == old)
            from = middle;
        else
            to = middle;
    }
    return to;
}

/* When a minute of the day is there: once; twice in the hour that is repeated in autumn; never in the one that is left out in spring. Cron
 * runs what has every hour or minute by the clock that never stops, and all else once: at the first reading, or right after the gap. */
static int moments(const struct pab_calendar *c, const struct day *d, int minute, int64_t ret[2])
{
    int64_t utc = d->midnight + minute * 60, early = utc - d->before, late = utc - d->after;
    int every = c->hours == ALL_HOURS || c->minutes == ALL_MINUTES;
    int is_early = offset_at(early) == d->before, is_late = offset_at(late) == d->after;
    int n = 0;
    if (is_early)
        ret[n++] = early;
    if (is_late && (!n || (every && late != early)))
        ret[n++] = late;
    if (!n && !every)
        ret[n++] = change_between(late, early, d->before); /* in a gap the offset grows: `late` comes first */
    return n;
}

/* The first moment of that day after `after`; 0: none. */
static int64_t match_on_day(const struct pab_calendar *c, const struct tm *day, int64_t after)
{
    struct tm utc = { .tm_year = day->tm_year, .tm_mon = day->tm_mon, .tm_mday = day->tm_mday };
    struct day d = { .midnight = timegm(&utc) };
    int64_t best = 0, t[2];
    d.before = offset_at(d.midnight - 86400);
    d.after = offset_at(d.midnight + 2 * 86400);
    for (int m = 0; m < 1440; m++) {
        if (!(c->hours >> (m / 60) & 1) || !(c->minutes >> (m % 60) & 1))
            continue;
        for (int i = moments(c, &d, m, t) - 1; i >= 0; i--)
            if (t[i] > after && (!best || t[i] < best))
                best = t[i];
        if (best && d.before == d.after)
            break; /* no change near: the rest is later */
    }
    return best;
}

int64_t pab_calendar_next(const struct pab_calendar *c, int64_t after)
{
    time_t start = (time_t)after;
    struct tm today;
    if (!localtime_r(&start, &today))
        return 0;
    for (int i = 0; i < DAYS_AHEAD; i++) {
        struct tm day = { .tm_year = today.tm_year, .tm_mon = today.tm_mon, .tm_mday = today.tm_mday + i, .tm_hour = 12, .tm_isdst = -1 };
        if (mktime(&day) == -1 || !day_matches(c, &day))
            continue;
        int64_t t = match_on_day(c, &day, after);
        if (t)
            return t;
    }
    return 0;
}
