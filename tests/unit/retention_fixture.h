/* retention_fixture.h - a history of backups, and what the rules keep of it. */
#ifndef PAB_TESTS_RETENTION_FIXTURE_H
#define PAB_TESTS_RETENTION_FIXTURE_H

#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/engine/retention.h"
#include "tests/unit/unit.h"

#define HOUR 3600LL
#define DAY (24 * HOUR)
#define NOW 1705838400LL /* Sunday 2024-01-21 12:00 UTC */
#define MAX 80
#define TARGETS 3

struct history {
    struct pab_retention_backup b[MAX + 1];
    char names[MAX + 1][24];
    unsigned char holds[MAX + 1][TARGETS];
    size_t n;
    struct pab_retention_plan plan;
};
static const char *const targets[TARGETS] = { "c", "o", "p" };
static int64_t later, rpo; /* it is NOW and so much later */
static int trust;

/* A complete full backup, `ago` seconds old. */
static struct pab_retention_backup *add(struct history *h, int64_t ago)
{
    struct pab_retention_backup *b = &h->b[h->n];
    snprintf(h->names[h->n], sizeof h->names[h->n], "b%zu", h->n);
    *b = (struct pab_retention_backup){ .name = h->names[h->n], .started = NOW - ago, .size = 1000, .complete = 1, .holds = h->holds[h->n] };
    memset(h->holds[h->n], 1, TARGETS);
    h->n++;
    return b;
}

static void decide(struct history *h, struct pab_retention_rules rules)
{
    setenv("TZ", "UTC", 1);
    tzset();
    pab_retention_plan_release(&h->plan);
    pab_retention_decide(h->b, h->n, &rules, &(struct pab_retention_case){ .now = NOW + later, .rpo = rpo, .trust_clock = trust, .targets = targets, .target_count = TARGETS }, &h->plan);
    ck_assert_uint_eq(h->plan.count, h->n);
}

/* "b0 b3": the names of what is kept, in the order of the list. */
static const char *kept(const struct history *h)
{
    static char text[2000];
    size_t at = 0;
    text[0] = '\0';
    for (size_t i = 0; i < h->n; i++)
        if (h->plan.verdicts[i].keep) at += (size_t)snprintf(text + at, sizeof text - at, "%s%s", at ? " " : "", h->b[i].name);
    return text;
}

static void days(struct history *h, int n)
{
    for (int i = 0; i < n; i++) add(h, i * DAY);
}

/* ---- random histories */

static uint64_t state;
static unsigned below(unsigned n)
{
    state ^= state << 13, state ^= state >> 7, state ^= state << 17;
    return (unsigned)(state >> 11) % n;
}

static void random_history(struct history *h, uint64_t seed)
{
    int64_t ago = 0, step = below(2) ? HOUR : 12 * HOUR;
    state = seed * 0x9e3779b97f4a7c15u + 1;
    size_t n = below(MAX);
    for (size_t i = 0; i < n; i++) {
        struct pab_retention_backup *b = add(h, ago);
        ago += below(5) ? (int64_t)below((unsigned)step * 3) : 0;
        b->complete = below(6) != 0;
        b->pinned = below(15) == 0;
        b->foreign = below(12) == 0;
        b->narrow = below(15) == 0;
        b->unreadable = below(25) == 0;
        b->size = below(10) ? 900 + below(200) : below(2000);
        b->verified = below(20) ? PAB_UNVERIFIED : PAB_DAMAGED;
        for (size_t t = 0; t < TARGETS; t++) h->holds[i][t] = below(3) != 0;
    }
    for (size_t i = 0; i + 1 < n; i++) {
        if (below(3)) continue;
        h->b[i].incremental = 1;
        h->b[i].parent = below(30) ? h->b[i + 1 + below((unsigned)(n - i - 1 > 3 ? 3 : n - i - 1))].name : "gone";
    }
}

static struct pab_retention_rules random_rules(void)
{
    struct pab_retention_rules r = { 0 };
    if (!below(3)) r.keep_days = 1 + (int)below(30);
    if (!below(3)) r.keep_last = 1 + (int)below(10);
    if (!below(3)) r.keep_hourly = 1 + (int)below(24);
    if (!below(3)) r.keep_daily = 1 + (int)below(10);
    if (!below(3)) r.keep_weekly = 1 + (int)below(5);
    if (!below(3)) r.keep_monthly = 1 + (int)below(5);
    if (!below(3)) r.keep_yearly = 1 + (int)below(3);
    return r;
}

#endif
