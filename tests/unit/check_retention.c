/* check_retention.c - which backups the rules keep: one by one, and as promises over random histories. */
#include "tests/unit/retention_fixture.h"

START_TEST(keep_days_keeps_what_is_not_older)
{
    struct history h = { 0 };
    days(&h, 10);
    decide(&h, (struct pab_retention_rules){ .keep_days = 3 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3");
    ck_assert_uint_eq(h.plan.dropped, 6);
    ck_assert_str_eq(h.plan.verdicts[2].reason, "not older than 3 days");
    ck_assert_str_eq(h.plan.verdicts[9].reason, "no rule keeps it");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(keep_last_counts)
{
    struct history h = { 0 };
    days(&h, 5);
    decide(&h, (struct pab_retention_rules){ .keep_last = 2 });
    ck_assert_str_eq(kept(&h), "b0 b1");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_day_keeps_its_newest)
{
    struct history h = { 0 };
    for (int i = 0; i < 12; i++) add(&h, i * 6 * HOUR); /* 12:00, 06:00, 00:00, the day before 18:00 ... */
    decide(&h, (struct pab_retention_rules){ .keep_daily = 3 });
    ck_assert_str_eq(kept(&h), "b0 b3 b7");
    ck_assert_str_eq(h.plan.verdicts[3].reason, "daily 2024-01-20");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(hours_weeks_months_and_years_keep_their_newest)
{
    struct history h = { 0 };
    add(&h, 0), add(&h, 10 * 60), add(&h, 70 * 60), add(&h, 3 * DAY), add(&h, 7 * DAY), add(&h, 8 * DAY), add(&h, 22 * DAY), add(&h, 60 * DAY), add(&h, 80 * DAY);
    decide(&h, (struct pab_retention_rules){ .keep_hourly = 2 });
    ck_assert_str_eq(kept(&h), "b0 b1"); /* 12:00 and 11:50 */
    decide(&h, (struct pab_retention_rules){ .keep_weekly = 2 });
    ck_assert_str_eq(kept(&h), "b0 b4"); /* the 14th is a Sunday as well */
    decide(&h, (struct pab_retention_rules){ .keep_monthly = 3 });
    ck_assert_str_eq(kept(&h), "b0 b6 b7"); /* January, 30 December, 22 November */
    decide(&h, (struct pab_retention_rules){ .keep_yearly = 2 });
    ck_assert_str_eq(kept(&h), "b0 b6");
    ck_assert_str_eq(h.plan.verdicts[6].reason, "yearly 2023");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(with_fewer_periods_than_asked_for_the_oldest_stays)
{
    struct history h = { 0 };
    days(&h, 5);
    decide(&h, (struct pab_retention_rules){ .keep_yearly = 3 });
    ck_assert_str_eq(kept(&h), "b0 b4");
    ck_assert_str_eq(h.plan.verdicts[4].reason, "oldest (yearly)");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(rules_add_up)
{
    struct history h = { 0 };
    days(&h, 40);
    decide(&h, (struct pab_retention_rules){ .keep_last = 2, .keep_daily = 3, .keep_monthly = 1 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2");
    ck_assert_str_eq(h.plan.verdicts[0].reason, "among the last 2, daily 2024-01-21, monthly 2024-01, newest complete backup");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(without_a_rule_nothing_goes)
{
    struct history h = { 0 };
    days(&h, 4);
    decide(&h, (struct pab_retention_rules){ 0 });
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert_ptr_nonnull(h.plan.refused);
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(an_empty_store_is_fine)
{
    struct history h = { 0 };
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert_ptr_null(h.plan.refused);
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(the_newest_complete_one_stays_however_old)
{
    struct history h = { 0 };
    add(&h, 13 * DAY), add(&h, 14 * DAY);
    decide(&h, (struct pab_retention_rules){ .keep_days = 3 });
    ck_assert_str_eq(kept(&h), "b0");
    ck_assert_str_eq(h.plan.verdicts[0].reason, "newest complete backup");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(partial_ones_take_no_place)
{
    struct history h = { 0 };
    days(&h, 6);
    h.b[0].complete = h.b[2].complete = h.b[4].complete = 0;
    decide(&h, (struct pab_retention_rules){ .keep_last = 2 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3"); /* two sound ones, and what lies between */
    decide(&h, (struct pab_retention_rules){ .keep_daily = 2 });
    ck_assert_str_eq(kept(&h), "b0 b1 b3");
    ck_assert_str_eq(h.plan.verdicts[0].reason, "newer than the last sound backup (partial)");
    ck_assert_str_eq(h.plan.verdicts[2].reason, "partial");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_suspiciously_small_one_takes_no_place)
{
    struct history h = { 0 };
    days(&h, 4);
    h.b[0].size = 499;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b1"); /* the newest complete one, and the newest that is not suspicious */
    ck_assert(strstr(h.plan.verdicts[0].reason, "suspiciously small") != NULL);
    h.b[0].size = 500;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_smaller_size_that_lasts_is_believed)
{
    struct history h = { 0 };
    days(&h, 4);
    h.b[0].size = h.b[1].size = 400;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0");
    h.b[0].size = 1000; /* a dip is not */
    decide(&h, (struct pab_retention_rules){ .keep_daily = 2 });
    ck_assert_str_eq(kept(&h), "b0 b2");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(one_without_some_targets_takes_no_place)
{
    struct history h = { 0 };
    days(&h, 3);
    h.b[0].narrow = 1;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b1");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(the_last_good_backup_of_each_target_stays)
{
    struct history h = { 0 };
    days(&h, 8); /* b0 ... b7 */
    for (size_t i = 0; i < 8; i++) h.holds[i][1] = i >= 6, h.holds[i][2] = i == 5;
    decide(&h, (struct pab_retention_rules){ .keep_days = 3 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3 b5 b6");
    ck_assert_str_eq(h.plan.verdicts[6].reason, "last good backup of target 'o'");
    ck_assert_str_eq(h.plan.verdicts[0].reason, "not older than 3 days, newest complete backup"); /* others need not be named twice */
    h.b[6].verified = PAB_DAMAGED;
    decide(&h, (struct pab_retention_rules){ .keep_days = 3 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3 b5 b7");
    h.b[6].verified = PAB_UNVERIFIED;
    h.holds[5][2] = 0, h.holds[6][2] = 1;
    h.b[6].incremental = 1, h.b[6].parent = "b7";
    decide(&h, (struct pab_retention_rules){ .keep_days = 3 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3 b6 b7");
    ck_assert_str_eq(h.plan.verdicts[6].reason, "last good backup of target 'o', last good backup of target 'p'");
    ck_assert_str_eq(h.plan.verdicts[7].reason, "parent of 'b6'");
    h.b[6].parent = "gone"; /* cannot be restored: no good backup */
    decide(&h, (struct pab_retention_rules){ .keep_days = 3 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3 b7");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(damaged_ones_take_no_place)
{
    struct history h = { 0 };
    days(&h, 3);
    h.b[0].verified = PAB_DAMAGED;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b1");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(pinned_ones_stay)
{
    struct history h = { 0 };
    days(&h, 5);
    h.b[4].pinned = 1;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b4");
    ck_assert_str_eq(h.plan.verdicts[4].reason, "pinned");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(parents_of_what_stays_stay)
{
    struct history h = { 0 };
    days(&h, 6); /* b5 <- b4 <- b3; b2 <- b1; b0 */
    h.b[3].parent = "b4", h.b[4].parent = "b5", h.b[1].parent = "b2";
    h.b[3].incremental = h.b[4].incremental = h.b[1].incremental = 1;
    h.b[3].size = h.b[4].size = h.b[1].size = 10;
    h.b[3].pinned = 1;
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b3 b4 b5");
    ck_assert_str_eq(h.plan.verdicts[5].reason, "parent of 'b4'");
    decide(&h, (struct pab_retention_rules){ .keep_last = 2 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3 b4 b5");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(one_whose_parent_is_gone_takes_no_place)
{
    struct history h = { 0 };
    days(&h, 3);
    h.b[0].incremental = 1, h.b[0].parent = "gone";
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b1");
    h.b[0].parent = "b0"; /* nonsense ends, too */
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_str_eq(kept(&h), "b0 b1");
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(other_jobs_and_unreadable_ones_are_not_touched)
{
    struct history h = { 0 };
    days(&h, 5);
    h.b[1].foreign = 1;
    h.b[3] = (struct pab_retention_backup){ .name = "b3", .unreadable = 1 };
    decide(&h, (struct pab_retention_rules){ .keep_last = 2 });
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3");
    ck_assert_ptr_null(h.plan.refused); /* no manifest, no date: not one from 1970 */
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(numbers_out_of_range_are_refused)
{
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_retention_check(&(struct pab_retention_rules){ .keep_daily = -1 }, &err), PAB_E_CONFIG);
    ck_assert(strstr(err.message, "keep_daily") != NULL);
    ck_assert_int_eq(pab_retention_check(&(struct pab_retention_rules){ .keep_days = 100001 }, &err), PAB_E_CONFIG);
    ck_assert_int_eq(pab_retention_check(&(struct pab_retention_rules){ .keep_days = 100000 }, &err), PAB_OK);
}
END_TEST

/* ---- over random histories */

static int is_mine(const struct pab_retention_backup *b)
{
    return !b->foreign && !b->unreadable;
}

static const struct pab_retention_backup *find(const struct history *h, const char *name)
{
    for (size_t i = 0; i < h->n; i++)
        if (strcmp(h->b[i].name, name) == 0) return &h->b[i];
    return NULL;
}

/* Could it be restored, as far as is known? */
static int is_whole(const struct history *h, const struct pab_retention_backup *b)
{
    for (size_t steps = 0; b && steps <= h->n; steps++) {
        if (b->unreadable || b->verified == PAB_DAMAGED) return 0;
        if (!b->parent) return 1;
        b = find(h, b->parent);
    }
    return 0;
}

/* Of each target a copy as young as the youngest that there is stays. */
static void check_targets(const struct history *h)
{
    for (size_t t = 0; t < TARGETS; t++) {
        int64_t newest = INT64_MIN, kept_one = INT64_MIN;
        for (size_t i = 0; i < h->n; i++) {
            const struct pab_retention_backup *b = &h->b[i];
            if (!is_mine(b) || !h->holds[i][t] || !is_whole(h, b)) continue;
            if (b->started > newest) newest = b->started;
            if (h->plan.verdicts[i].keep && b->started > kept_one) kept_one = b->started;
        }
        ck_assert_msg(newest == kept_one, "the last good backup of target %s stays", targets[t]);
    }
}

/* What no rule may break, whatever the history. */
static void check_promises(const struct history *h, const struct pab_retention_rules *r)
{
    const struct pab_retention_verdict *v = h->plan.verdicts;
    size_t sound = 0, dropped = 0, complete = h->n, newest_sound = h->n;
    for (size_t i = 0; i < h->n; i++) { /* the list is newest first, but for ties */
        const struct pab_retention_backup *b = &h->b[i];
        ck_assert_msg(v[i].reason && *v[i].reason, "%s has a reason", b->name);
        dropped += !v[i].keep;
        if (b->pinned || b->foreign || b->unreadable) ck_assert_int_eq(v[i].keep, 1);
        if (v[i].sound) ck_assert(b->complete && !b->narrow && is_mine(b) && b->verified != PAB_DAMAGED);
        if (is_mine(b) && b->complete && (complete == h->n || b->started > h->b[complete].started)) complete = i;
        if (v[i].sound && newest_sound == h->n) newest_sound = i;
        if (v[i].sound && v[i].keep) sound++;
        if (r->keep_days && is_mine(b) && b->started >= NOW - r->keep_days * DAY) ck_assert_int_eq(v[i].keep, 1);
        for (size_t p = 0; v[i].keep && b->parent && p < h->n; p++)
            if (strcmp(h->b[p].name, b->parent) == 0) ck_assert_msg(v[p].keep, "%s stays, so does its parent %s", b->name, b->parent);
    }
    ck_assert_uint_eq(dropped, h->plan.dropped);
    if (dropped) ck_assert_msg(newest_sound < h->n, "something goes only while there is a sound one");
    if (newest_sound < h->n) ck_assert_int_ge(sound, 1);
    if (complete < h->n) {
        int kept_there = 0; /* several may have begun in that second */
        for (size_t i = 0; i < h->n; i++) kept_there |= h->b[i].started == h->b[complete].started && h->b[i].complete && v[i].keep;
        ck_assert(kept_there);
    }
    size_t total = 0;
    for (size_t i = 0; i < h->n; i++) total += v[i].sound;
    if (r->keep_last) ck_assert_uint_ge(sound, (size_t)r->keep_last < total ? (size_t)r->keep_last : total);
}

START_TEST(promises_hold_over_random_histories)
{
    for (uint64_t seed = 1; seed <= (unit_is_slow() ? 150 : 3000); seed++) {
        struct history h = { 0 };
        random_history(&h, seed);
        struct pab_retention_rules r = random_rules();
        decide(&h, r);
        check_promises(&h, &r);
        check_targets(&h);
        if (!pab_retention_any(&r)) ck_assert_uint_eq(h.plan.dropped, 0);
        pab_retention_plan_release(&h.plan);
    }
}
END_TEST

START_TEST(the_order_of_the_list_does_not_matter)
{
    for (uint64_t seed = 1; seed <= (unit_is_slow() ? 50 : 300); seed++) {
        struct history h = { 0 }, turned;
        random_history(&h, seed);
        struct pab_retention_rules r = random_rules();
        decide(&h, r);
        turned = h;
        turned.plan = (struct pab_retention_plan){ 0 }; /* each holds what it held */
        for (size_t i = 0; i < h.n; i++) turned.b[i] = h.b[h.n - 1 - i];
        decide(&turned, r);
        for (size_t i = 0; i < h.n; i++) ck_assert_str_eq(h.plan.verdicts[i].reason, turned.plan.verdicts[h.n - 1 - i].reason);
        pab_retention_plan_release(&h.plan);
        pab_retention_plan_release(&turned.plan);
    }
}
END_TEST

/* More rules, or greater numbers, never drop what was kept before. */
START_TEST(a_further_rule_only_keeps_more)
{
    for (uint64_t seed = 1; seed <= (unit_is_slow() ? 100 : 1000); seed++) {
        struct history h = { 0 }, more;
        random_history(&h, seed);
        struct pab_retention_rules r = random_rules(), s = r;
        if (!pab_retention_any(&r)) continue;
        s.keep_last += 2, s.keep_days += 3;
        decide(&h, r);
        more = h;
        more.plan = (struct pab_retention_plan){ 0 };
        decide(&more, s);
        for (size_t i = 0; i < h.n; i++) ck_assert(!h.plan.verdicts[i].keep || more.plan.verdicts[i].keep);
        pab_retention_plan_release(&h.plan);
        pab_retention_plan_release(&more.plan);
    }
}
END_TEST

/* What a cleanup leaves, the next one leaves as well: sizes alike, so that none becomes suspicious by the loss of its neighbour. */
START_TEST(a_second_cleanup_drops_nothing_more)
{
    for (uint64_t seed = 1; seed <= (unit_is_slow() ? 100 : 1000); seed++) {
        struct history h = { 0 }, left = { 0 };
        random_history(&h, seed);
        for (size_t i = 0; i < h.n; i++) h.b[i].size = 1000;
        struct pab_retention_rules r = random_rules();
        decide(&h, r);
        for (size_t i = 0; i < h.n; i++)
            if (h.plan.verdicts[i].keep) left.b[left.n++] = h.b[i];
        decide(&left, r);
        ck_assert_uint_eq(left.plan.dropped, 0);
        pab_retention_plan_release(&h.plan);
        pab_retention_plan_release(&left.plan);
    }
}
END_TEST

UNIT_MAIN("retention", keep_days_keeps_what_is_not_older, keep_last_counts, a_day_keeps_its_newest, hours_weeks_months_and_years_keep_their_newest,
          with_fewer_periods_than_asked_for_the_oldest_stays, rules_add_up, without_a_rule_nothing_goes, an_empty_store_is_fine,
          the_newest_complete_one_stays_however_old, partial_ones_take_no_place, a_suspiciously_small_one_takes_no_place,
          a_smaller_size_that_lasts_is_believed, one_without_some_targets_takes_no_place, the_last_good_backup_of_each_target_stays, damaged_ones_take_no_place, pinned_ones_stay,
          parents_of_what_stays_stay, one_whose_parent_is_gone_takes_no_place, other_jobs_and_unreadable_ones_are_not_touched,
          numbers_out_of_range_are_refused, promises_hold_over_random_histories, the_order_of_the_list_does_not_matter,
          a_further_rule_only_keeps_more, a_second_cleanup_drops_nothing_more)
