/* retention.c - see retention.h. */
#include "core/engine/retention.h"
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/engine/retention_clock.h"

#define DAY 86400LL

/* One backup on its way to a verdict. */
struct item {
    const struct pab_retention_backup *b;
    size_t at;                   /* in the caller's list */
    int64_t age;                 /* as retention_clock.h has it */
    int keep, sound;
    const char *flaw;            /* why it is not sound */
    struct item *parent;         /* NULL: it needs none, or that is not there */
    int vital, only_vital;       /* see struct pab_retention_verdict; and nothing else keeps it */
    struct pab_buf why;
};
struct decision {
    struct item *items; size_t count; /* newest first */
    const struct pab_retention_rules *rules;
    const struct pab_retention_case *of;
    size_t newest_complete, newest_sound; /* count: none */
};

static void keep(struct item *i, const char *why)
{
    i->keep = 1;
    pab_buf_addf(&i->why, "%s%s", i->why.size ? ", " : "", why);
}

static int newest_first(const void *a, const void *b)
{
    const struct item *x = a, *y = b;
    if (x->b->started != y->b->started) return x->b->started < y->b->started ? 1 : -1;
    return strverscmp(y->b->name, x->b->name); /* in one second: _10 after _9 */
}

static int mine(const struct item *i)
{
    return !i->b->foreign && !i->b->unreadable;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(struct item *const *)a)->b->name, (*(struct item *const *)b)->b->name);
}

/* By a sorted list: chains may be long, and stores full. */
static void find_parents(struct decision *d)
{
    struct item **names = pab_alloc_array(d->count ? d->count : 1, sizeof *names);
    for (size_t i = 0; i < d->count; i++) names[i] = &d->items[i];
    qsort(names, d->count, sizeof *names, by_name);
    for (size_t i = 0; i < d->count; i++) {
        if (!d->items[i].b->parent) continue;
        const struct pab_retention_backup wanted = { .name = d->items[i].b->parent };
        const struct item key = { .b = &wanted }, *key_at = &key;
        struct item **found = bsearch(&key_at, names, d->count, sizeof *names, by_name);
        d->items[i].parent = found ? *found : NULL;
    }
    free(names);
}

/* ---- which are sound */

static int counts_for_size(const struct item *i)
{
    return mine(i) && i->b->complete && !i->b->incremental && !i->b->narrow;
}

static int is_half(uint64_t size, uint64_t of)
{
    return size < of / 2 + of % 2;
}

/* Under half of the one before it, and the one after does not say the same. */
static int is_small(const struct decision *d, size_t at)
{
    const struct item *before = NULL, *after = NULL, *self = &d->items[at];
    if (!counts_for_size(self)) return 0;
    for (size_t i = at + 1; i < d->count && !before; i++)
        if (counts_for_size(&d->items[i])) before = &d->items[i];
    for (size_t i = at; i-- > 0 && !after;)
        if (counts_for_size(&d->items[i])) after = &d->items[i];
    if (!before || !is_half(self->b->size, before->b->size)) return 0;
    return !after || is_half(self->b->size, after->b->size) || !is_half(after->b->size, before->b->size);
}

static const char *own_flaw(const struct decision *d, size_t at)
{
    const struct pab_retention_backup *b = d->items[at].b;
    if (!b->complete) return "partial";
    if (b->verified == PAB_DAMAGED) return "damaged";
    if (b->narrow) return "without some targets";
    return is_small(d, at) ? "suspiciously small" : NULL;
}

/* A chain is as sound as its weakest link: what a restore of the child needs of the parent is complete and there. */
static const char *chain_flaw(const struct decision *d, const struct item *i)
{
    if (i->b->broken) return i->b->broken;
    for (size_t steps = 0; i->b->parent; steps++) {
        i = i->parent;
        if (!i || i->b->unreadable || steps > d->count) return "its parent is missing";
        if (i->b->verified == PAB_DAMAGED) return "its parent is damaged";
    }
    return NULL;
}

static void judge(struct decision *d)
{
    d->newest_complete = d->newest_sound = d->count;
    for (size_t i = 0; i < d->count; i++) {
        struct item *it = &d->items[i];
        if (!mine(it)) continue;
        it->flaw = own_flaw(d, i);
        if (!it->flaw) it->flaw = chain_flaw(d, it);
        it->sound = !it->flaw;
        if (it->sound && d->newest_sound == d->count) d->newest_sound = i;
        if (it->b->complete && d->newest_complete == d->count) d->newest_complete = i;
    }
}

/* ---- the rules */

static void apply_days(struct decision *d)
{
    char young[40], all_but[80];
    int64_t limit = d->rules->keep_days * DAY;
    if (!limit) return;
    snprintf(young, sizeof young, "not older than %d day%s", d->rules->keep_days, d->rules->keep_days == 1 ? "" : "s");
    snprintf(all_but, sizeof all_but, "%s, but for time without backups", young);
    for (size_t i = 0; i < d->count; i++)
        if (mine(&d->items[i]) && d->items[i].age <= limit) keep(&d->items[i], d->items[i].b->started >= d->of->now - limit ? young : all_but);
}

static void apply_last(struct decision *d)
{
    int left = d->rules->keep_last;
    char text[64], beside[64];
    snprintf(text, sizeof text, left == 1 ? "the last one" : "among the last %d", left);
    snprintf(beside, sizeof beside, left == 1 ? "newer than the last one that counts" : "newer than one of the last %d that count", left);
    for (size_t i = 0; i < d->count && left; i++) {
        if (!mine(&d->items[i])) continue;
        keep(&d->items[i], d->items[i].sound ? text : beside);
        left -= d->items[i].sound;
    }
}

/* Each period has a number of its own, and a text for people. */
struct period { const char *noun, *format; };
static const struct period hourly = { "hourly", "%Y-%m-%d %H:00" }, daily = { "daily", "%Y-%m-%d" }, weekly = { "weekly", "%G-W%V" },
                           monthly = { "monthly", "%Y-%m" }, yearly = { "yearly", "%Y" };

static void apply_period(struct decision *d, const struct period *p, int left)
{
    char seen[40] = "", this[40], text[80];
    size_t oldest = d->count;
    for (size_t i = 0; i < d->count; i++)
        if (d->items[i].sound) oldest = i;
    for (size_t i = 0; i < d->count && left > 0; i++) {
        struct tm tm;
        time_t t = (time_t)d->items[i].b->started;
        if (!d->items[i].sound || !localtime_r(&t, &tm) || !strftime(this, sizeof this, p->format, &tm)) continue;
        int known = strcmp(this, seen) == 0;
        if (known && i != oldest) continue;
        if (known) snprintf(text, sizeof text, "oldest (%s)", p->noun);
        else snprintf(text, sizeof text, "%s %s", p->noun, this);
        keep(&d->items[i], text);
        memcpy(seen, this, sizeof seen);
        left--;
    }
}

static void apply_rules(struct decision *d)
{
    apply_days(d);
    apply_last(d);
    apply_period(d, &hourly, d->rules->keep_hourly);
    apply_period(d, &daily, d->rules->keep_daily);
    apply_period(d, &weekly, d->rules->keep_weekly);
    apply_period(d, &monthly, d->rules->keep_monthly);
    apply_period(d, &yearly, d->rules->keep_yearly);
}

/* ---- what holds whatever the rules say */

/* A target that may fail can be missing in every sound backup, and be whole in one that no rule keeps. */
static void protect_target(struct decision *d, size_t target)
{
    CLEANUP_FREE char *why = pab_sprintf("last good backup of target '%s'", d->of->targets[target]);
    for (size_t i = 0; i < d->count; i++) {
        struct item *it = &d->items[i];
        if (!mine(it) || !it->b->holds || !it->b->holds[target] || it->b->verified == PAB_DAMAGED || chain_flaw(d, it)) continue;
        it->only_vital |= !it->keep;
        if (it->only_vital) keep(it, why);
        it->vital = 1;
        return;
    }
}

static void protect(struct decision *d)
{
    for (size_t i = 0; i < d->count; i++) {
        struct item *it = &d->items[i];
        if (it->b->unreadable) keep(it, "unreadable, to be looked at by a person");
        if (it->b->foreign) keep(it, "of another job");
        if (it->b->pinned) keep(it, "pinned");
        if (i == d->newest_complete) keep(it, "newest complete backup");
        else if (i == d->newest_sound) keep(it, "newest sound backup");
        else if (mine(it) && !it->keep && i < d->newest_sound) keep(it, "newer than the last sound backup");
    }
    for (size_t t = 0; t < d->of->target_count; t++) protect_target(d, t);
    if (d->newest_sound < d->count) d->items[d->newest_sound].vital = 1;
    for (size_t i = 0; i < d->count; i++) { /* parents began before their children, but that is not relied on */
        const struct item *child = &d->items[i];
        for (size_t steps = 0; d->items[i].keep && child->parent && steps <= d->count; steps++) {
            CLEANUP_FREE char *why = pab_sprintf("parent of '%s'", child->b->name);
            if (!child->parent->keep) keep(child->parent, why);
            child = child->parent;
        }
    }
}

/* ---- the clock */

static void look_at_clock(struct decision *d, char **ret_refused)
{
    struct pab_clock clock = { .items = pab_alloc_array(d->count + 1, sizeof *clock.items), .now = d->of->now, .rpo = d->of->rpo, .keep_days = d->rules->keep_days };
    for (size_t i = 0; i < d->count; i++)
        if (mine(&d->items[i])) clock.items[clock.count++] = (struct pab_clock_backup){ .started = d->items[i].b->started, .pinned = d->items[i].b->pinned };
    pab_clock_ages(&clock, d->of->trust_clock);
    for (size_t i = 0, n = 0; i < d->count; i++)
        if (mine(&d->items[i])) d->items[i].age = clock.items[n++].age;
    if (!d->of->trust_clock) *ret_refused = pab_clock_distrust(&clock);
    free(clock.items);
}

/* ---- */

int pab_retention_any(const struct pab_retention_rules *r)
{
    return r->keep_days || r->keep_last || r->keep_hourly || r->keep_daily || r->keep_weekly || r->keep_monthly || r->keep_yearly;
}

int pab_retention_check(const struct pab_retention_rules *r, struct pab_error *err)
{
    const struct { const char *key; int value; } all[] = {
        { "keep_days", r->keep_days }, { "keep_last", r->keep_last }, { "keep_hourly", r->keep_hourly }, { "keep_daily", r->keep_daily },
        { "keep_weekly", r->keep_weekly }, { "keep_monthly", r->keep_monthly }, { "keep_yearly", r->keep_yearly },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (all[i].value < 0 || all[i].value > PAB_RETENTION_MAX)
            return pab_error_set(err, PAB_E_CONFIG, 0, "%s: expected a number from 1 to %d, not %d", all[i].key, PAB_RETENTION_MAX, all[i].value);
    return PAB_OK;
}

static void verdicts(struct decision *d, struct pab_retention_plan *ret)
{
    for (size_t i = 0; i < d->count; i++) {
        struct item *it = &d->items[i];
        struct pab_retention_verdict *v = &ret->verdicts[it->at];
        if (!it->keep && ret->refused) keep(it, "nothing is dropped now");
        v->keep = it->keep;
        v->sound = it->sound;
        v->vital = it->vital;
        if (!it->keep) pab_buf_adds(&it->why, it->flaw ? it->flaw : "no rule keeps it");
        else if (it->flaw) pab_buf_addf(&it->why, " (%s)", it->flaw);
        v->reason = pab_buf_take(&it->why);
        ret->dropped += !it->keep;
    }
}

void pab_retention_decide(const struct pab_retention_backup *list, size_t n, const struct pab_retention_rules *rules, const struct pab_retention_case *of,
                          struct pab_retention_plan *ret)
{
    struct decision d = { .items = pab_alloc_array(n ? n : 1, sizeof *d.items), .count = n, .rules = rules, .of = of };
    *ret = (struct pab_retention_plan){ .verdicts = pab_alloc_array(n ? n : 1, sizeof *ret->verdicts), .count = n };
    for (size_t i = 0; i < n; i++) d.items[i] = (struct item){ .b = &list[i], .at = i };
    qsort(d.items, n, sizeof *d.items, newest_first);
    look_at_clock(&d, &ret->refused);
    if (!pab_retention_any(rules)) {
        free(ret->refused);
        ret->refused = pab_strdup("there is no rule of what to keep");
    }
    find_parents(&d);
    judge(&d);
    if (pab_retention_any(rules)) apply_rules(&d);
    protect(&d);
    verdicts(&d, ret);
    free(d.items);
}

void pab_retention_plan_release(struct pab_retention_plan *p)
{
    for (size_t i = 0; i < p->count; i++) free(p->verdicts[i].reason);
    free(p->verdicts);
    free(p->refused);
    *p = (struct pab_retention_plan){ 0 };
}
