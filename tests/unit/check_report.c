/* check_report.c - the page about a job, from a list of backups. */
#include <stdio.h>
#include <string.h>
#include "core/base/str.h"
#include "core/engine/report.h"
#include "core/engine/report_page.h"
#include "tests/unit/unit.h"

#define DAY_NS (86400 * 1000000000LL)
#define NOW (1705838400LL * 1000000000LL) /* Sunday 2024-01-21 12:00 UTC */

static struct { struct pab_backup_list list; struct pab_status st; struct pab_report r; struct pab_buf page; } it;
static char db[] = "db", postgres[] = "postgres";
static struct pab_job_target targets[] = { { .name = db, .plugin = postgres, .enabled = 1 } };

/* One more, older than those before. */
static struct pab_manifest *add(const char *name, int days, const char *kind, const char *status)
{
    struct pab_backup_info b = { .name = pab_strdup(name), .readable = 1 };
    struct pab_manifest *m = &b.manifest;
    pab_manifest_init(m);
    m->name = pab_strdup(name);
    m->job = pab_strdup("nightly");
    m->kind = pab_strdup(kind);
    m->status = pab_strdup(status);
    m->host = pab_strdup("host");
    m->engine_version = pab_strdup("1");
    m->started_ns = NOW - days * DAY_NS;
    m->finished_ns = m->started_ns + 5000000000LL;
    m->totals.size = 1000000;
    struct pab_mf_target t = { .name = pab_strdup("db"), .plugin = pab_strdup("postgres"), .status = !strcmp(status, "complete") ? PAB_MF_OK : PAB_MF_FAILED };
    PAB_PUSH(&m->targets, t);
    PAB_PUSH(&it.list, b);
    return &it.list.items[it.list.count - 1].manifest;
}

static const char *page(int rpo_hours)
{
    it.r = (struct pab_report){ .job = "nightly", .store = "/srv/store", .rpo_ms = rpo_hours * 3600000LL, .now_ns = NOW, .list = &it.list, .status = &it.st };
    pab_status_of(&it.list, &(struct pab_status_job){ .name = "nightly", .targets = targets, .target_count = 1, .rpo_ms = it.r.rpo_ms }, NOW, &it.st);
    for (size_t i = 0; i < it.list.count && it.r.whole_count < PAB_REPORT_DETAILS; i++)
        if (pab_report_is_ours(&it.r, &it.list.items[i])) it.r.whole[it.r.whole_count++] = &it.list.items[i].manifest;
    pab_report_html(&it.r, &it.page);
    return pab_buf_str(&it.page);
}

static void tidy(void)
{
    pab_buf_release(&it.page);
    pab_status_release(&it.st);
    pab_backup_list_release(&it.list);
}

static size_t times(const char *text, const char *what)
{
    size_t n = 0;
    for (const char *p = text; (p = strstr(p, what)); p += strlen(what)) n++;
    return n;
}

START_TEST(an_empty_store_makes_a_page_that_says_so)
{
    const char *html = page(26);
    ck_assert_ptr_nonnull(strstr(html, "no backup yet"));
    ck_assert_ptr_nonnull(strstr(html, "never"));
    ck_assert_ptr_nonnull(strstr(html, "</html>"));
    tidy();
}
END_TEST

START_TEST(what_is_in_order_and_what_is_late_are_told_in_words)
{
    add("b1", 1, "full", "complete");
    const char *html = page(26);
    ck_assert_ptr_nonnull(strstr(html, "&#10003; in order"));
    ck_assert_ptr_null(strstr(html, "&#10007; late"));
    pab_buf_clear(&it.page);
    pab_status_release(&it.st);
    html = page(20);
    ck_assert_ptr_null(strstr(html, "&#10003; in order"));
    ck_assert_uint_eq(times(html, "&#10007; late"), 2); /* the job and its target */
    tidy();
}
END_TEST

START_TEST(a_partial_backup_says_what_failed_and_why)
{
    struct pab_manifest *m = add("b1", 0, "full", "partial");
    pab_error_set(&m->targets.items[0].error, PAB_E_UNREACHABLE, 0, "nobody answers");
    add("b2", 1, "full", "complete");
    const char *html = page(26);
    ck_assert_ptr_nonnull(strstr(html, "! incomplete"));
    ck_assert_ptr_nonnull(strstr(html, "db: nobody answers"));
    tidy();
}
END_TEST

START_TEST(the_calendar_has_each_day_of_a_year_and_counts_its_backups)
{
    add("b1", 0, "full", "complete");
    add("b2", 0, "full", "complete");
    add("b3", 1, "incremental", "partial");
    add("b4", 5000, "full", "complete");
    const char *html = page(26);
    ck_assert_uint_eq(times(html, "no backup</title>"), PAB_REPORT_WEEKS * 7 - 2); /* the last day is a Sunday */
    ck_assert_ptr_nonnull(strstr(html, "Sun 2024-01-21: 2 complete</title>"));
    ck_assert_ptr_nonnull(strstr(html, "Sat 2024-01-20: 1 partial</title>"));
    ck_assert_uint_eq(times(html, "class=\"today\""), 1);
    tidy();
}
END_TEST

START_TEST(each_of_the_latest_backups_has_a_bar)
{
    char name[16];
    for (int i = 0; i < 100; i++) {
        snprintf(name, sizeof name, "b%d", i);
        add(name, i, i % 7 ? "incremental" : "full", "complete")->totals.size = (uint64_t)i << 40;
    }
    const char *html = page(0);
    ck_assert_uint_eq(times(html, "<rect class=\"full\" x="), 9); /* 0, 7 ... 56 */
    ck_assert_uint_eq(times(html, "<rect class=\"incr\" x="), PAB_REPORT_BARS - 9);
    ck_assert_uint_eq(times(html, "<details>"), PAB_REPORT_DETAILS + 1); /* and one for those that are older */
    tidy();
}
END_TEST

START_TEST(sizes_at_the_ends_of_the_range_are_drawn)
{
    add("b1", 0, "full", "complete")->totals.size = INT64_MAX;
    add("b2", 1, "full", "complete")->totals.size = 0;
    const char *html = page(0);
    ck_assert_ptr_null(strstr(html, "nan"));
    ck_assert_ptr_null(strstr(html, "inf"));
    ck_assert_uint_lt(times(html, "<line class=\"grid\""), 7);
    tidy();
}
END_TEST

START_TEST(what_is_in_a_backup_is_listed_with_its_parent)
{
    struct pab_manifest *m = add("b1", 0, "incremental", "complete");
    struct pab_mf_artifact a = { .path = pab_strdup("databases/letta.sql.gz"), .object = pab_strdup("letta"), .size = 212000000 };
    PAB_PUSH(&m->targets.items[0].artifacts, a);
    m->parent = pab_strdup("b0");
    const char *html = page(0);
    ck_assert_ptr_nonnull(strstr(html, "databases/letta.sql.gz</td><td class=\"num\">212 MB"));
    ck_assert_ptr_nonnull(strstr(html, "builds on b0"));
    tidy();
}
END_TEST

START_TEST(nothing_from_a_manifest_becomes_markup)
{
    static const char evil[] = "\"><script>alert('x')</script>&amp;";
    struct pab_manifest *m = add(evil, 0, evil, evil);
    char **const texts[] = { &m->host, &m->engine_version, &m->parent, &m->targets.items[0].name, &m->targets.items[0].plugin };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        free(*texts[i]);
        *texts[i] = pab_strdup(evil);
    }
    struct pab_mf_artifact a = { .path = pab_strdup(evil), .object = pab_strdup(evil) };
    PAB_PUSH(&m->targets.items[0].artifacts, a);
    pab_strs_add(&m->targets.items[0].warnings, evil);
    pab_error_set(&m->targets.items[0].error, PAB_E_IO, 0, "%s", evil);
    struct pab_backup_info unreadable = { .name = pab_strdup(evil), .problem = pab_strdup(evil) };
    PAB_PUSH(&it.list, unreadable);
    targets[0].name = (char[]){ "<script>" };
    const char *html = page(26);
    targets[0].name = db;
    ck_assert_ptr_null(strstr(html, "<script"));
    ck_assert_ptr_null(strstr(html, "&amp;"));
    ck_assert_uint_gt(times(html, "&#60;script&#62;"), 10);
    tidy();
}
END_TEST

START_TEST(the_page_fetches_nothing)
{
    add("b1", 0, "full", "complete");
    const char *html = page(26);
    ck_assert_ptr_nonnull(strstr(html, "default-src 'none'"));
    static const char *const none[] = { "http:", "https:", "url(", "@import", "<script", "<link", "<img", "src=\"" };
    for (size_t i = 0; i < sizeof none / sizeof *none; i++) ck_assert_msg(!strstr(html, none[i]), "%s is in it", none[i]);
    tidy();
}
END_TEST

START_TEST(bytes_that_are_no_text_are_replaced)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_html_text(&b, "a\xff\x01\xc2\x9b" "b\xc3\xa4\x7f");
    ck_assert_str_eq(pab_buf_str(&b), "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" "b\xc3\xa4\xef\xbf\xbd");
    pab_buf_release(&b);
}
END_TEST

START_TEST(ages_are_round)
{
    char buf[32];
    static const struct { int64_t minutes; const char *said; } all[] = { { 0, "just now" }, { 5, "5 min ago" }, { 119, "119 min ago" }, { 120, "2 h ago" }, { 2879, "47 h ago" },
                                                                         { 2880, "2 days ago" }, { -1, "in the future" } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) ck_assert_str_eq(pab_report_ago(NOW - all[i].minutes * 60000000000LL, NOW, buf, sizeof buf), all[i].said);
}
END_TEST

UNIT_MAIN("report", an_empty_store_makes_a_page_that_says_so, what_is_in_order_and_what_is_late_are_told_in_words, a_partial_backup_says_what_failed_and_why,
          the_calendar_has_each_day_of_a_year_and_counts_its_backups, each_of_the_latest_backups_has_a_bar, sizes_at_the_ends_of_the_range_are_drawn,
          what_is_in_a_backup_is_listed_with_its_parent, nothing_from_a_manifest_becomes_markup, the_page_fetches_nothing, bytes_that_are_no_text_are_replaced, ages_are_round)
