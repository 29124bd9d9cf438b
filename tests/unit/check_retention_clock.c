/* check_retention_clock.c - retention with clocks that are wrong, and with machines that were off. */
#include "tests/unit/retention_fixture.h"

START_TEST(a_clock_that_is_behind_drops_nothing)
{
    struct history h = { 0 };
    add(&h, -2 * DAY);
    days(&h, 5);
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert(strstr(h.plan.refused, "in the future") != NULL);
    h.b[0].started = NOW + DAY / 2; /* summer time, a slow clock: that happens */
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_uint_eq(h.plan.dropped, 5);
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_clock_that_is_far_ahead_drops_nothing)
{
    struct history h = { 0 };
    for (int i = 0; i < 5; i++) add(&h, (11 * 366 + i) * DAY);
    decide(&h, (struct pab_retention_rules){ .keep_last = 1 });
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert(strstr(h.plan.refused, "ten years") != NULL);
    add(&h, 0), add(&h, HOUR); /* two runs while it is wrong change nothing */
    decide(&h, (struct pab_retention_rules){ .keep_days = 30 });
    ck_assert_uint_eq(h.plan.dropped, 0);
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_clock_ahead_of_the_rhythm_of_the_job_drops_nothing)
{
    struct history h = { 0 };
    const struct pab_retention_rules month = { .keep_days = 30 };
    days(&h, 6);
    later = 200 * DAY;
    decide(&h, month);
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert_ptr_nonnull(strstr(h.plan.refused, "may be far ahead"));
    add(&h, -later); /* a run at that time */
    decide(&h, month);
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert_ptr_nonnull(h.plan.refused);
    for (int i = 1; i <= 40; i++) { /* and one every day, with the clock ahead or after a long holiday: all are kept for 30 of these days */
        later += DAY;
        add(&h, -later);
        decide(&h, month);
        ck_assert_uint_eq(h.plan.dropped, i < 25 ? 0 : (size_t)i - 24); /* the old ones go one by one, and then the new ones */
        ck_assert_ptr_null(h.plan.refused);
        if (i == 1) ck_assert_str_eq(h.plan.verdicts[5].reason, "not older than 30 days, but for time without backups");
    }
    later = 0;
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(who_says_that_the_clock_is_right_is_believed)
{
    struct history h = { 0 };
    days(&h, 6);
    later = 200 * DAY, trust = 1;
    decide(&h, (struct pab_retention_rules){ .keep_days = 30 });
    ck_assert_ptr_null(h.plan.refused);
    ck_assert_str_eq(kept(&h), "b0");
    later = -200 * DAY;
    decide(&h, (struct pab_retention_rules){ .keep_last = 2 });
    ck_assert_ptr_null(h.plan.refused);
    ck_assert_str_eq(kept(&h), "b0 b1");
    later = trust = 0;
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_gap_within_the_rhythm_is_believed)
{
    struct history h = { 0 }, weekly = { 0 };
    days(&h, 20);
    later = 13 * DAY;
    decide(&h, (struct pab_retention_rules){ .keep_days = 16 });
    ck_assert_ptr_null(h.plan.refused);
    ck_assert_str_eq(kept(&h), "b0 b1 b2 b3");
    later = 15 * DAY;
    decide(&h, (struct pab_retention_rules){ .keep_days = 16 });
    ck_assert_ptr_nonnull(h.plan.refused);
    rpo = 8 * DAY; /* a job that may be that late */
    decide(&h, (struct pab_retention_rules){ .keep_days = 16 });
    ck_assert_ptr_null(h.plan.refused);
    rpo = 0;
    decide(&h, (struct pab_retention_rules){ .keep_days = 100 }); /* nothing is old anyway */
    ck_assert_ptr_null(h.plan.refused);
    decide(&h, (struct pab_retention_rules){ .keep_last = 3 }); /* counting needs no clock */
    ck_assert_uint_eq(h.plan.dropped, 17);
    for (int i = 0; i < 6; i++) add(&weekly, i * 7 * DAY);
    later = 60 * DAY;
    decide(&weekly, (struct pab_retention_rules){ .keep_days = 70 });
    ck_assert_ptr_null(weekly.plan.refused);
    ck_assert_str_eq(kept(&weekly), "b0 b1");
    later = 0;
    pab_retention_plan_release(&h.plan);
    pab_retention_plan_release(&weekly.plan);
}
END_TEST

START_TEST(two_backups_make_no_rhythm)
{
    struct history h = { 0 };
    add(&h, 0), add(&h, 200 * DAY);
    decide(&h, (struct pab_retention_rules){ .keep_days = 30 });
    ck_assert_uint_eq(h.plan.dropped, 0);
    ck_assert_ptr_nonnull(h.plan.refused);
    pab_retention_plan_release(&h.plan);
}
END_TEST

START_TEST(a_clock_that_jumps_ahead_drops_nothing_of_any_history)
{
    for (uint64_t seed = 1; seed <= 1000; seed++) {
        struct history h = { 0 };
        random_history(&h, seed);
        struct pab_retention_rules r = random_rules();
        if (!r.keep_days) continue;
        later = (16 + (int64_t)below(3000)) * DAY;
        decide(&h, r);
        ck_assert_uint_eq(h.plan.dropped, 0);
        add(&h, -later); /* and a run at that time */
        decide(&h, r);
        ck_assert_uint_eq(h.plan.dropped, 0);
        later = 0;
        pab_retention_plan_release(&h.plan);
    }
}
END_TEST

UNIT_MAIN("retention_clock", a_clock_that_is_behind_drops_nothing, a_clock_that_is_far_ahead_drops_nothing,
          a_clock_ahead_of_the_rhythm_of_the_job_drops_nothing, who_says_that_the_clock_is_right_is_believed,
          a_gap_within_the_rhythm_is_believed, two_backups_make_no_rhythm, a_clock_that_jumps_ahead_drops_nothing_of_any_history)
