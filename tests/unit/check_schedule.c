/* check_schedule.c - when a job runs by itself, and the text of a crontab between markers of ours. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/base/cleanup.h"
#include "core/engine/calendar.h"
#include "core/engine/crontab_text.h"
#include "core/engine/schedule.h"
#include "tests/unit/unit.h"

#define NOON 1705838400LL /* Sunday 2024-01-21 12:00 UTC */

static struct pab_error err;

static void in_zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
}

/* frequency and time as a crontab line, or the message. */
static const char *cron_of(const char *frequency, const char *at)
{
    static char text[200];
    struct pab_calendar c;
    CLEANUP_FREE char *on_calendar = NULL;
    memset(&err, 0, sizeof err);
    if (pab_calendar_text(frequency, at, &on_calendar, &err) || pab_calendar_parse(on_calendar, &c, &err)) return err.message;
    CLEANUP_FREE char *line = pab_calendar_cron(&c);
    snprintf(text, sizeof text, "%s", line);
    return text;
}

START_TEST(frequencies_become_crontab_lines)
{
    ck_assert_str_eq(cron_of("hourly", NULL), "0 * * * *");
    ck_assert_str_eq(cron_of("hourly", "07:45"), "45 * * * *");
    ck_assert_str_eq(cron_of("daily", NULL), "30 3 * * *");
    ck_assert_str_eq(cron_of("daily", "23:59"), "59 23 * * *");
    ck_assert_str_eq(cron_of("weekly", "03:30"), "30 3 * * 1");
    ck_assert_str_eq(cron_of("monthly", NULL), "30 3 1 * *");
    ck_assert_str_eq(cron_of("quarterly", NULL), "30 3 1 1,4,7,10 *");
    ck_assert_str_eq(cron_of("minutely", NULL), "* * * * *");
}
END_TEST

START_TEST(calendar_expressions_become_crontab_lines)
{
    ck_assert_str_eq(cron_of("Mon..Fri *-*-* 02:30:00", NULL), "30 2 * * 1-5");
    ck_assert_str_eq(cron_of("Sat..Mon 4:00", NULL), "0 4 * * 0,1,6");
    ck_assert_str_eq(cron_of("monday,Thu 04:05", NULL), "5 4 * * 1,4");
    ck_assert_str_eq(cron_of("*-*-01,15 00:00", NULL), "0 0 1,15 * *");
    ck_assert_str_eq(cron_of("*:0/15", NULL), "0,15,30,45 * * * *");
    ck_assert_str_eq(cron_of("8..18/5:00", NULL), "0 8,13,18 * * *");
    ck_assert_str_eq(cron_of("*-02-03", NULL), "0 0 3 2 *");
}
END_TEST

START_TEST(what_cron_cannot_say_is_refused_with_the_reason)
{
    static const struct { const char *text, *why; } cases[] = {
        { "*-*-* 02:30:30", "no seconds" }, { "2027-*-* 02:30", "no years" }, { "*-*~1 02:00", "end of a month" },
        { "Mon *-*-13 02:00", "and not both" }, { "*-*-* 02:00 Europe/Berlin", "no time zones" }, { "*-*-* 02:00 UTC", "no time zones" },
        { "*-*-* 25:00", "time is not understood" }, { "*-13-01 02:00", "date is not understood" }, { "Mox 02:00", "day of the week" },
        { "*-*-* 02", "time is not understood" }, { "*:0/0", "time is not understood" }, { "*-*-* 5..3:00", "time is not understood" },
        { "999999999999999999:00", "time is not understood" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = cron_of(cases[i].text, NULL);
        ck_assert_msg(strstr(got, cases[i].why) && err.hint[0] && err.code == PAB_E_USAGE, "%s: %s", cases[i].text, got);
    }
    ck_assert(strstr(cron_of("daily", "2:30"), "not a time of day"));
    ck_assert(strstr(cron_of("daily", "24:00"), "not a time of day"));
    ck_assert(strstr(cron_of("sometimes", NULL), "not a frequency"));
    ck_assert(strstr(cron_of("*:0/5", "02:00"), "its own time"));
}
END_TEST

/* Seconds from NOON to the next run. */
static int64_t to_next(const char *text)
{
    struct pab_calendar c;
    ck_assert_int_eq(pab_calendar_parse(text, &c, &err), PAB_OK);
    return pab_calendar_next(&c, NOON) - NOON;
}

START_TEST(the_next_run_is_found)
{
    in_zone("UTC");
    ck_assert_int_eq(to_next("*-*-* 02:00"), 14 * 3600);
    ck_assert_int_eq(to_next("*-*-* 12:00"), 24 * 3600);
    ck_assert_int_eq(to_next("*:0/15"), 900);
    ck_assert_int_eq(to_next("Mon 02:00"), 14 * 3600);
    ck_assert_int_eq(to_next("Sun 02:00"), 6 * 86400 + 14 * 3600);
    ck_assert_int_eq(to_next("*-*-01 02:00"), 10 * 86400 + 14 * 3600);
    ck_assert_int_eq(to_next("*-02-30 02:00"), -NOON);
    in_zone("Europe/Berlin"); /* 13:00 there */
    ck_assert_int_eq(to_next("*-*-* 14:00"), 3600);
}
END_TEST

#define SPRING 1774746000LL /* 2026-03-29 01:00 UTC: in Berlin 02:00 becomes 03:00 */
#define AUTUMN 1792890000LL /* 2026-10-25 01:00 UTC: in Berlin 03:00 becomes 02:00 */

static int64_t next_after(const char *text, int64_t after)
{
    struct pab_calendar c;
    ck_assert_int_eq(pab_calendar_parse(text, &c, &err), PAB_OK);
    return pab_calendar_next(&c, after);
}

START_TEST(a_time_that_spring_leaves_out_is_run_right_after_the_gap)
{
    in_zone("Europe/Berlin");
    ck_assert_int_eq(next_after("*-*-* 02:30", SPRING - 13 * 3600), SPRING);
    ck_assert_int_eq(next_after("*-*-* 02:30", SPRING), SPRING + 86400 - 1800);
    ck_assert_int_eq(next_after("*-*-* 01:59", SPRING - 3600), SPRING - 60);
    ck_assert_int_eq(next_after("*-*-* 03:30", SPRING - 3600), SPRING + 1800);
    ck_assert_int_eq(next_after("*-*-* *:30", SPRING - 1800), SPRING + 1800); /* every hour: by the clock that never stops */
    in_zone("Australia/Lord_Howe"); /* half an hour, on 2026-10-04 at 02:00, 15:30 UTC of the day before */
    ck_assert_int_eq(next_after("*-*-* 02:15", 1791043200), 1791041400 + 86400 - 900);
    ck_assert_int_eq(next_after("*-*-* 02:15", 1791041399), 1791041400);
}
END_TEST

START_TEST(a_time_that_autumn_repeats_is_run_once_and_every_hour_twice)
{
    in_zone("Europe/Berlin");
    ck_assert_int_eq(next_after("*-*-* 02:00", AUTUMN - 13 * 3600), AUTUMN - 3600);
    ck_assert_int_eq(next_after("*-*-* 02:00", AUTUMN - 3600), AUTUMN + 86400);
    ck_assert_int_eq(next_after("*-*-* 02:30", AUTUMN - 600), AUTUMN + 86400 + 1800);
    ck_assert_int_eq(next_after("*-*-* 03:30", AUTUMN - 3600), AUTUMN + 3600 + 1800);
    ck_assert_int_eq(next_after("hourly", AUTUMN - 3600), AUTUMN);
    ck_assert_int_eq(next_after("hourly", AUTUMN), AUTUMN + 3600);
    ck_assert_int_eq(next_after("*:0/15", AUTUMN - 900), AUTUMN);
}
END_TEST

/* Was a time of a crontab missed when the newest run began then? */
static int missed(const char *when, int64_t since, int64_t now, int64_t grace)
{
    return pab_schedule_missed(PAB_SCHEDULER_CRON, when, since * 1000000000, now * 1000000000, grace * 1000);
}

START_TEST(no_run_is_missed_where_the_clocks_change)
{
    in_zone("Europe/Berlin");
    ck_assert_int_eq(missed("*-*-* 02:00:00", AUTUMN - 3599, AUTUMN + 600, 0), 0);
    ck_assert_int_eq(missed("*-*-* 02:00:00", AUTUMN - 3599, AUTUMN + 86400 - 1, 0), 0);
    ck_assert_int_eq(missed("*-*-* 02:00:00", AUTUMN - 3599, AUTUMN + 86400, 0), 1);
    ck_assert_int_eq(missed("*-*-* 02:30:00", SPRING + 1, SPRING + 3600, 0), 0);
    ck_assert_int_eq(missed("*-*-* 02:30:00", SPRING - 86400, SPRING + 3600, 0), 1);
}
END_TEST

START_TEST(a_run_is_missed_when_its_time_and_the_delay_have_passed)
{
    in_zone("UTC");
    ck_assert_int_eq(missed("*-*-* 12:00", NOON - 86400, NOON - 1, 0), 0);
    ck_assert_int_eq(missed("*-*-* 12:00", NOON - 86400, NOON, 0), 1);
    ck_assert_int_eq(missed("*-*-* 12:00", NOON - 86400, NOON + 599, 600), 0);
    ck_assert_int_eq(missed("*-*-* 12:00", NOON - 86400, NOON + 600, 600), 1);
    ck_assert_int_eq(missed("*-*-* 12:00", NOON + 5, NOON + 600, 0), 0);
    ck_assert_int_eq(missed("*-*-* 12:00", 0, NOON + 600, 0), 0); /* nothing ever ran */
}
END_TEST

static char *edited(const char *text, const char *id, const char *body)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    memset(&err, 0, sizeof err);
    if (pab_crontab_set(text, id, body, &b, &err)) {
        pab_buf_release(&b);
        return NULL;
    }
    char *s = pab_strdup(pab_buf_str(&b));
    pab_buf_release(&b);
    return s;
}

START_TEST(lines_of_others_stay_byte_for_byte)
{
    static const char *const texts[] = { "", "MAILTO=me\n", "0 1 * * * a \\% b\r\n\r\n# <<<\n", "\n\n\n", "\t\x01\xff odd\n#no\n", "# >>> pabenginex\n" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        CLEANUP_FREE char *with = edited(texts[i], "a", "1 2 3 4 5 x\n");
        ck_assert(strncmp(with, texts[i], strlen(texts[i])) == 0 && strstr(with, "\n1 2 3 4 5 x\n"));
        CLEANUP_FREE char *again = edited(with, "a", "1 2 3 4 5 x\n");
        ck_assert_str_eq(again, with);
        CLEANUP_FREE char *changed = edited(with, "a", "y\n");
        ck_assert(strstr(changed, "\ny\n") && !strstr(changed, "x\n# <<<"));
        CLEANUP_FREE char *without = edited(changed, "a", NULL);
        ck_assert_str_eq(without, texts[i]);
    }
}
END_TEST

START_TEST(a_last_line_without_newline_gets_one_before_ours)
{
    CLEANUP_FREE char *with = edited("0 1 * * * a", "a", "x\n");
    ck_assert(strncmp(with, "0 1 * * * a\n# >>> pabengine a", 29) == 0);
    CLEANUP_FREE char *nothing = edited("0 1 * * * a", "a", NULL);
    ck_assert_str_eq(nothing, "0 1 * * * a");
}
END_TEST

START_TEST(schedules_of_other_jobs_and_what_follows_stay)
{
    struct pab_strs ids = { 0 };
    CLEANUP_FREE char *one = edited("p\n", "one", "1\n");
    CLEANUP_FREE char *two = edited(one, "two", "2\n");
    CLEANUP_FREE char *more = pab_sprintf("%sq\r\n", two);
    ck_assert_int_eq(pab_crontab_list(more, &ids, &err), PAB_OK);
    ck_assert_uint_eq(ids.count, 2);
    ck_assert_str_eq(ids.items[1], "two");
    pab_strs_release(&ids);
    CLEANUP_FREE char *body = NULL;
    ck_assert_int_eq(pab_crontab_get(more, "two", &body, &err), PAB_OK);
    ck_assert_str_eq(body, "2\n");
    CLEANUP_FREE char *left = edited(more, "two", NULL);
    CLEANUP_FREE char *want = pab_sprintf("%sq\r\n", one);
    ck_assert_str_eq(left, want);
}
END_TEST

START_TEST(damaged_markers_are_told_and_nothing_is_changed)
{
    static const struct { const char *text, *why; } cases[] = {
        { "a\n# >>> pabengine x: note\nb\n", "line 2 of the crontab: a schedule begins here that does not end" },
        { "# <<< pabengine x\n", "line 1 of the crontab: the end of a schedule that does not begin" },
        { "# >>> pabengine x\n# >>> pabengine y\n# <<< pabengine y\n", "line 2 of the crontab: a schedule begins inside another" },
        { "# >>> pabengine x\n# <<< pabengine y\n", "line 2 of the crontab: the end of another schedule" },
        { "# >>> pabengine x\n# <<< pabengine x\n# >>> pabengine x\n# <<< pabengine x\n", "stands there twice" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP_FREE char *got = edited(cases[i].text, "x", NULL);
        ck_assert_msg(!got && strstr(err.message, cases[i].why) && err.hint[0], "%zu: %s", i, err.message);
    }
}
END_TEST

START_TEST(markers_with_carriage_returns_are_found)
{
    CLEANUP_FREE char *got = edited("a\r\n# >>> pabengine x: n\r\nb\r\n# <<< pabengine x\r\nc", "x", NULL);
    ck_assert_str_eq(got, "a\r\nc");
}
END_TEST

static const char *command(const char *a, const char *b)
{
    static char text[200];
    CLEANUP_FREE char *s = NULL;
    const char *words[] = { a, b, NULL };
    memset(&err, 0, sizeof err);
    if (pab_crontab_command(words, &s, &err)) return err.message;
    snprintf(text, sizeof text, "%s", s);
    return text;
}

START_TEST(words_are_quoted_for_cron_and_sh)
{
    ck_assert_str_eq(command("/usr/bin/pabengine", "run"), "/usr/bin/pabengine run");
    ck_assert_str_eq(command("/a b", ""), "'/a b' ''");
    ck_assert_str_eq(command("it's", "100%"), "'it'\\''s' '100\\%'");
    ck_assert_str_eq(command("PATH_X=/a b:%", "$(x)"), "PATH_X='/a b:\\%' '$(x)'");
    ck_assert(strstr(command("a\nb", "x"), "line break"));
}
END_TEST

UNIT_MAIN("schedule", frequencies_become_crontab_lines, calendar_expressions_become_crontab_lines, what_cron_cannot_say_is_refused_with_the_reason,
          the_next_run_is_found, a_time_that_spring_leaves_out_is_run_right_after_the_gap,
          a_time_that_autumn_repeats_is_run_once_and_every_hour_twice, no_run_is_missed_where_the_clocks_change,
          a_run_is_missed_when_its_time_and_the_delay_have_passed, lines_of_others_stay_byte_for_byte, a_last_line_without_newline_gets_one_before_ours,
          schedules_of_other_jobs_and_what_follows_stay, damaged_markers_are_told_and_nothing_is_changed, markers_with_carriage_returns_are_found,
          words_are_quoted_for_cron_and_sh)
