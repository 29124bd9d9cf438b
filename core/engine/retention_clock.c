/* retention_clock.c - see retention_clock.h. */
#include "core/engine/retention_clock.h"
#include <time.h>
#include "core/base/alloc.h"

#define DAY 86400LL
#define YEAR (365 * DAY)
#define RHYTHM 5  /* so many distances are looked at: older ones were thinned out by the rules */

static int64_t between(int64_t earlier, int64_t later)
{
    int64_t n;
    return __builtin_sub_overflow(later, earlier, &n) ? INT64_MAX : n;
}

/* The median of the newest distances but for the longest, which is the one in question; 0 with fewer than two. */
static int64_t usual(const struct pab_clock *c)
{
    int64_t gaps[RHYTHM];
    size_t n = 0;
    const struct pab_clock_backup *later = NULL;
    for (size_t i = 0; i < c->count && n < RHYTHM; i++) {
        if (c->items[i].pinned) continue;
        if (later) {
            int64_t gap = between(c->items[i].started, later->started);
            size_t at = n++;
            for (; at && gaps[at - 1] > gap; at--) gaps[at] = gaps[at - 1];
            gaps[at] = gap;
        }
        later = &c->items[i];
    }
    return n < 2 ? 0 : gaps[(n - 2) / 2];
}

static int64_t longest_believed(const struct pab_clock *c)
{
    int64_t limit = 14 * DAY, rhythm = usual(c);
    if (rhythm > INT64_MAX / 10) return INT64_MAX;
    if (10 * rhythm > limit) limit = 10 * rhythm;
    return c->rpo > limit / 2 ? 2 * c->rpo : limit;
}

void pab_clock_ages(struct pab_clock *c, int trust)
{
    int64_t later = c->now, age = 0, rhythm = usual(c), limit = trust ? INT64_MAX : longest_believed(c);
    for (size_t i = 0; i < c->count; i++) {
        struct pab_clock_backup *b = &c->items[i];
        b->age = between(b->started, c->now);
        if (b->pinned) continue;
        int64_t gap = between(b->started, later);
        if (gap > limit) gap = rhythm;
        if (__builtin_add_overflow(age, gap, &age)) age = INT64_MAX;
        b->age = age;
        later = b->started;
    }
}

static char *long_ago(const char *what, int64_t from, int64_t to)
{
    char a[32] = "?", b[32] = "?";
    struct tm tm;
    time_t t = (time_t)from, u = (time_t)to;
    if (localtime_r(&t, &tm)) strftime(a, sizeof a, "%Y-%m-%d %H:%M", &tm);
    if (localtime_r(&u, &tm)) strftime(b, sizeof b, "%Y-%m-%d %H:%M", &tm);
    return pab_sprintf("%s (%s, %s); if it is right, 'pabengine cleanup JOB --force' goes on", what, a, b);
}

/* Would age alone let something go? */
static int something_is_old(const struct pab_clock *c)
{
    for (size_t i = 0; i < c->count; i++)
        if (!c->items[i].pinned && between(c->items[i].started, c->now) > c->keep_days * DAY) return 1;
    return 0;
}

char *pab_clock_distrust(const struct pab_clock *c)
{
    int64_t later = c->now, limit = c->keep_days && something_is_old(c) ? longest_believed(c) : INT64_MAX;
    size_t seen = 0;
    for (size_t i = 0; i < c->count; i++) {
        int64_t started = c->items[i].started;
        if (started > c->now && between(c->now, started) > DAY) return long_ago("the clock is behind, or was ahead: the newest backup begins in the future", c->now, started);
        if (c->items[i].pinned) continue;
        int64_t gap = between(started, later);
        if (gap > 10 * YEAR) return long_ago("over ten years between two backups, or the newest one and now: is the clock right?", started, later);
        if (seen++ < 2 && gap > limit) return long_ago("the clock may be far ahead, or no backup was made for long", started, later);
        later = started;
    }
    return NULL;
}
