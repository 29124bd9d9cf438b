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
    struct pab_retention_backup b[MAX];
    char names[MAX][24];
    unsigned char holds[MAX][TARGETS];
    size_t n;
    struct pab_retention_plan plan;
};
static const char *const targets[TARGETS] = { "c", "o", "p" };
static int64_t later, rpo; /* so long after NOW it is */
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

#endif
