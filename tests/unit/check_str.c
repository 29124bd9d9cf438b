/* check_str.c - str.h, error.h, clock.h: values from text and text for people. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/error.h"
#include "core/base/str.h"
#include "tests/unit/unit.h"

#define UNTOUCHED INT64_C(-987654321)

struct parse_case { const char *text; int64_t value; }; /* UNTOUCHED: must be refused */

static void parses(int (*parse)(const char *, int64_t *), const struct parse_case *cases, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t got = UNTOUCHED;
        int rc = parse(cases[i].text, &got);
        ck_assert_msg(rc == (cases[i].value == UNTOUCHED ? -1 : 0), "'%s': returned %d", cases[i].text, rc);
        ck_assert_msg(got == cases[i].value, "'%s': %" PRId64, cases[i].text, got);
    }
}
#define PARSES(parse, ...) parses(parse, (const struct parse_case[]){ __VA_ARGS__ }, sizeof((const struct parse_case[]){ __VA_ARGS__ }) / sizeof(struct parse_case))

START_TEST(integers_are_decimal_and_whole)
{
    PARSES(pab_parse_int, { "0", 0 }, { "-1", -1 }, { "+7", 7 }, { "007", 7 }, { "9223372036854775807", INT64_MAX }, { "-9223372036854775808", INT64_MIN },
           { "9223372036854775808", UNTOUCHED }, { "-9223372036854775809", UNTOUCHED }, { "", UNTOUCHED }, { "-", UNTOUCHED }, { " 1", UNTOUCHED },
           { "1 ", UNTOUCHED }, { "0x1", UNTOUCHED }, { "1.5", UNTOUCHED }, { "--1", UNTOUCHED });
}
END_TEST

START_TEST(sizes_have_units_of_1024)
{
    PARSES(pab_parse_size, { "512", 512 }, { "64k", 65536 }, { "64K", 65536 }, { "1kB", 1024 }, { "32MiB", 33554432 }, { "1G", 1073741824 }, { "0", 0 },
           { "7E", INT64_C(7) << 60 }, { "8E", UNTOUCHED }, { "9223372036854775807", INT64_MAX }, { "9223372036854775807k", UNTOUCHED }, { "10b", 10 },
           { "1 k", UNTOUCHED }, { "k", UNTOUCHED }, { "-1", UNTOUCHED }, { "1kk", UNTOUCHED }, { "1.5M", UNTOUCHED }, { "", UNTOUCHED }, { "1x", UNTOUCHED });
}
END_TEST

START_TEST(durations_are_seconds_or_sums_with_units)
{
    PARSES(pab_parse_duration, { "90", 90000 }, { "90s", 90000 }, { "250ms", 250 }, { "10m", 600000 }, { "2h", 7200000 }, { "1d", 86400000 }, { "1w", 604800000 },
           { "1h30m", 5400000 }, { "1m1s1ms", 61001 }, { "0", 0 }, { "1h30", UNTOUCHED }, { "m", UNTOUCHED }, { "", UNTOUCHED }, { "1y", UNTOUCHED },
           { "9223372036854775807", UNTOUCHED }, { "106751991168d", UNTOUCHED }, { "-1s", UNTOUCHED }, { "1 s", UNTOUCHED });
}
END_TEST

START_TEST(booleans_are_six_words_in_any_case)
{
    static const struct { const char *text; int value; } cases[] = {
        { "true", 1 }, { "Yes", 1 }, { "ON", 1 }, { "false", 0 }, { "no", 0 }, { "oFF", 0 }, { "1", -1 }, { "", -1 }, { "yes ", -1 }, { "y", -1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int got = -1, rc = pab_parse_bool(cases[i].text, &got);
        ck_assert_msg(got == cases[i].value && rc == (got < 0 ? -1 : 0), "'%s': %d", cases[i].text, got);
    }
}
END_TEST

START_TEST(sizes_for_people_have_three_digits)
{
    static const struct { uint64_t bytes; const char *text; } cases[] = {
        { 0, "0 bytes" }, { 1, "1 byte" }, { 999, "999 bytes" }, { 1000, "1.0 kB" }, { 1949, "1.9 kB" }, { 1950, "2.0 kB" }, { 9949, "9.9 kB" },
        { 9950, "10 kB" }, { 212400000, "212 MB" }, { 999499, "999 kB" }, { 999500, "1.0 MB" }, { 1900000000, "1.9 GB" }, { UINT64_MAX, "18 EB" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buf[32];
        ck_assert_str_eq(pab_format_size(cases[i].bytes, buf, sizeof buf), cases[i].text);
    }
}
END_TEST

START_TEST(durations_for_people_never_show_sixty)
{
    static const struct { int64_t ms; const char *text; } cases[] = {
        { -5, "0.0 s" }, { 0, "0.0 s" }, { 5849, "5.8 s" }, { 5850, "5.9 s" }, { 59949, "59.9 s" }, { 59950, "1 min 00 s" }, { 123000, "2 min 03 s" },
        { 3599499, "59 min 59 s" }, { 3599500, "1 h 00 min" }, { 3840000, "1 h 04 min" }, { 360000000, "100 h 00 min" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char buf[32];
        ck_assert_str_eq(pab_format_ms(cases[i].ms, buf, sizeof buf), cases[i].text);
    }
}
END_TEST

START_TEST(counts_have_thousands)
{
    char buf[40];
    ck_assert_str_eq(pab_format_count(0, buf, sizeof buf), "0");
    ck_assert_str_eq(pab_format_count(999, buf, sizeof buf), "999");
    ck_assert_str_eq(pab_format_count(1234567, buf, sizeof buf), "1,234,567");
    ck_assert_str_eq(pab_format_count(UINT64_MAX, buf, sizeof buf), "18,446,744,073,709,551,615");
}
END_TEST

START_TEST(prefixes_and_suffixes)
{
    ck_assert(pab_str_has_prefix("backup-1", "backup-"));
    ck_assert(!pab_str_has_prefix("back", "backup"));
    ck_assert(pab_str_has_suffix("a.tar.gz", ".gz"));
    ck_assert(!pab_str_has_suffix("gz", ".gz"));
    ck_assert(pab_str_has_prefix("x", "") && pab_str_has_suffix("x", ""));
}
END_TEST

START_TEST(the_nearest_word_is_near)
{
    static const char *const words[] = { "port", "password", "postgres", "host", "databases" };
    static const struct { const char *typed, *meant; } cases[] = {
        { "prot", "port" }, { "pasword", "password" }, { "postgresq", "postgres" }, { "hots", "host" }, { "databsae", "databases" },
        { "xyz", NULL }, { "", NULL }, { "colour", NULL }, { "port", "port" }, { "o", NULL },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        const char *got = pab_str_nearest(cases[i].typed, words, 5);
        ck_assert_msg((got == NULL) == (cases[i].meant == NULL) && (!got || strcmp(got, cases[i].meant) == 0), "'%s': %s", cases[i].typed, got ? got : "none");
    }
    char large[200];
    memset(large, 'p', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    ck_assert_ptr_null(pab_str_nearest(large, words, 5));
}
END_TEST

START_TEST(utf8_is_judged_as_the_standard_says)
{
    static const struct { const char *text; int valid; } cases[] = {
        { "", 1 }, { "abc", 1 }, { "\xc3\xa4", 1 }, { "\xe2\x82\xac", 1 }, { "\xf0\x9f\x98\x80", 1 }, { "\xf4\x8f\xbf\xbf", 1 }, { "\xc3", 0 }, { "\xe2\x82", 0 },
        { "\xc0\x80", 0 }, { "\xc1\xbf", 0 }, { "\xe0\x80\x80", 0 }, { "\xed\xa0\x80", 0 }, { "\xf0\x80\x80\x80", 0 }, { "\xf4\x90\x80\x80", 0 },
        { "\xf5\x80\x80\x80", 0 }, { "\x80", 0 }, { "a\xff", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(pab_utf8_valid(cases[i].text, strlen(cases[i].text)) == cases[i].valid, "case %zu", i);
}
END_TEST

START_TEST(a_cut_never_leaves_half_a_character)
{
    const char *text = "a\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80z";
    size_t n = strlen(text);
    for (size_t cut = 0; cut <= n; cut++) {
        size_t at = pab_utf8_cut(text, cut);
        ck_assert_uint_le(at, cut);
        ck_assert_msg(pab_utf8_valid(text, at), "cut at %zu gives %zu", cut, at);
        ck_assert_uint_lt(cut - at, 4);
    }
    ck_assert_uint_eq(pab_utf8_cut(text, n), n);
}
END_TEST

START_TEST(a_word_for_the_shell_is_one_word_and_nothing_else)
{
    static const char *const raws[] = { "", "plain", "it's", "''", "$(x) `x` \"x\" \\", "two words\nand a line" };
    for (size_t i = 0; i < sizeof raws / sizeof *raws; i++) {
        CLEANUP_FREE char *word = pab_str_shell(raws[i]);
        CLEANUP_FREE char *command = pab_sprintf("set -- %s; test $# = 1 && printf '%%s.' \"$1\"", word);
        char got[100] = "";
        FILE *f = popen(command, "re");
        ck_assert_ptr_nonnull(f);
        size_t n = fread(got, 1, sizeof got - 1, f);
        ck_assert_int_eq(pclose(f), 0);
        ck_assert(n == strlen(raws[i]) + 1 && memcmp(got, raws[i], n - 1) == 0);
    }
}
END_TEST

START_TEST(printable_text_can_drive_no_terminal_and_close_no_quote)
{
    static const struct { const char *raw, *shown; } cases[] = {
        { "plain", "plain" }, { "a'b\"c\\d", "a\\x27b\\x22c\\x5cd" }, { "\033[2J\n", "\\x1b[2J\\x0a" }, { "\xc2\x9b" "31m", "\\xc2\\x9b31m" },
        { "\xff\xc3", "\\xff\\xc3" }, { "\xc3\xa4\xe2\x82\xac", "\xc3\xa4\xe2\x82\xac" }, { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP_FREE char *shown = pab_str_printable(cases[i].raw);
        ck_assert_str_eq(shown, cases[i].shown);
    }
    char large[1000];
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    CLEANUP_FREE char *cut = pab_str_printable(large);
    ck_assert_uint_eq(strlen(cut), 123);
    ck_assert(pab_str_has_suffix(cut, "x..."));
}
END_TEST

START_TEST(a_file_name_can_lead_nowhere)
{
    static const struct { const char *raw, *name; } cases[] = {
        { "letta", "letta" }, { "../etc/passwd", "%2E.%2Fetc%2Fpasswd" }, { "My DB", "My%20DB" }, { "a.b-c_D9", "a.b-c_D9" }, { ".", "%2E" },
        { "\xc3\xa4", "%C3%A4" }, { "100%", "100%25" }, { "", "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP_FREE char *name = pab_str_file_name(cases[i].raw);
        ck_assert_str_eq(name, cases[i].name);
    }
}
END_TEST

START_TEST(hex_is_lower_case_and_ends)
{
    char out[9];
    pab_hex("\x00\xff\x1a\xB2", 4, out);
    ck_assert_str_eq(out, "00ff1ab2");
    pab_hex("", 0, out);
    ck_assert_str_eq(out, "");
}
END_TEST

START_TEST(an_error_says_what_and_why)
{
    struct pab_error e = { 0 };
    ck_assert_int_eq(pab_error_set(&e, PAB_E_NOT_FOUND, ENOENT, "cannot open '%s'", "x"), PAB_E_NOT_FOUND);
    ck_assert_str_eq(e.message, "cannot open 'x': No such file or directory");
    ck_assert_str_eq(e.hint, "");
    ck_assert_int_eq(e.os_errno, ENOENT);
    ck_assert_int_eq(pab_error_hint(&e, e.code, "make %s", "it"), PAB_E_NOT_FOUND);
    ck_assert_str_eq(e.hint, "make it");
    ck_assert_int_eq(pab_error_prefix(&e, "target '%s'", "db"), PAB_E_NOT_FOUND);
    ck_assert_str_eq(e.message, "target 'db': cannot open 'x': No such file or directory");
    pab_error_set(&e, e.code, 0, "again: %s", e.message); /* its own text as an argument */
    ck_assert_str_eq(e.message, "again: target 'db': cannot open 'x': No such file or directory");
    ck_assert_str_eq(e.hint, "");
    pab_error_clear(&e);
    ck_assert_int_eq(e.code, PAB_OK);
}
END_TEST

START_TEST(nobody_needs_to_want_the_error)
{
    ck_assert_int_eq(pab_error_set(NULL, PAB_E_IO, EIO, "x"), PAB_E_IO);
    ck_assert_int_eq(pab_error_hint(NULL, PAB_E_IO, "x"), PAB_E_IO);
    ck_assert_int_eq(pab_error_prefix(NULL, "x"), PAB_E_INTERNAL);
    pab_error_clear(NULL);
}
END_TEST

START_TEST(long_errors_are_cut_between_characters)
{
    char text[3001];
    struct pab_error e = { 0 };
    for (int i = 0; i < 1000; i++) memcpy(text + 3 * i, "\xe2\x82\xac", 3);
    text[3000] = '\0';
    pab_error_set(&e, PAB_E_IO, EIO, "%s", text);
    ck_assert(pab_utf8_valid(e.message, strlen(e.message)));
    ck_assert_uint_gt(strlen(e.message), sizeof e.message - 5);
    pab_error_prefix(&e, "%s", text);
    pab_error_hint(&e, e.code, "x%s", text);
    ck_assert(pab_utf8_valid(e.message, strlen(e.message)));
    ck_assert(pab_utf8_valid(e.hint, strlen(e.hint)));
}
END_TEST

START_TEST(codes_have_names_and_some_are_worth_a_retry)
{
    static const struct { int code; const char *name; int retry; } cases[] = {
        { PAB_OK, "OK", 0 }, { PAB_E_UNREACHABLE, "UNREACHABLE", 1 }, { PAB_E_TIMEOUT, "TIMEOUT", 1 }, { PAB_E_BUSY, "BUSY", 1 }, { PAB_E_AUTH, "AUTH", 0 },
        { PAB_E_REFUSED, "REFUSED", 0 }, { PAB_E_INTERNAL, "INTERNAL", 0 }, { -18, "INTERNAL", 0 }, { 5, "INTERNAL", 0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pab_error e = { 0 };
        pab_error_set(&e, cases[i].code, 0, "x");
        ck_assert_str_eq(pab_error_name(cases[i].code), cases[i].name);
        ck_assert_int_eq(e.retryable, cases[i].retry);
    }
    ck_assert_int_eq(pab_error_code_of_errno(ENOSPC), PAB_E_NOSPACE);
    ck_assert_int_eq(pab_error_code_of_errno(EDQUOT), PAB_E_NOSPACE);
    ck_assert_int_eq(pab_error_code_of_errno(ENOMEM), PAB_E_NOMEM);
    ck_assert_int_eq(pab_error_code_of_errno(EACCES), PAB_E_IO);
}
END_TEST

static void zone(const char *tz)
{
    setenv("TZ", tz, 1);
    tzset();
}

START_TEST(times_are_written_in_the_local_zone_and_read_back)
{
    static const char *const zones[] = { "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu", "Pacific/Chatham" };
    static const int64_t seconds[] = { 0, 1705834800, -1, 951782400, 4102444799, -2208988800 };
    for (size_t z = 0; z < sizeof zones / sizeof *zones; z++) {
        zone(zones[z]);
        for (size_t i = 0; i < sizeof seconds / sizeof *seconds; i++) {
            char buf[40];
            int64_t ns = seconds[i] * 1000000000, back = UNTOUCHED;
            ck_assert_int_eq(pab_parse_rfc3339(pab_format_rfc3339(ns, buf, sizeof buf), &back), 0);
            ck_assert_msg(back == ns, "%s in %s: %" PRId64 " instead of %" PRId64, buf, zones[z], back, ns);
        }
    }
    char buf[40];
    zone("CET-1");
    ck_assert_str_eq(pab_format_rfc3339(INT64_C(1705834800) * 1000000000, buf, sizeof buf), "2024-01-21T12:00:00+01:00");
    ck_assert_str_eq(pab_format_stamp(INT64_C(1705834800) * 1000000000, buf, 20), "20240121_120000");
}
END_TEST

START_TEST(times_are_read_strictly)
{
    static const char *const wrong[] = {
        "", "2024", "2024-01-21", "2024-13-01T00:00:00Z", "2024-02-30T00:00:00Z", "2023-02-29T00:00:00Z", "2024-01-21T24:00:00Z", "2024-01-21T12:00:00",
        "2024-01-21T12:00:00+1:00", "2024-01-21T12:00:00Zx", "2024-01-21T12:00:00.Z", "24-01-21T12:00:00Z", "2024-01-21T12:60:00Z", " 2024-01-21T12:00:00Z",
    };
    int64_t ns = UNTOUCHED;
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) ck_assert_msg(pab_parse_rfc3339(wrong[i], &ns) == -1 && ns == UNTOUCHED, "'%s'", wrong[i]);
    ck_assert_int_eq(pab_parse_rfc3339("2024-02-29t00:00:00.25-00:30", &ns), 0);
    ck_assert_int_eq(ns, INT64_C(1709166600250000000));
    ck_assert_int_eq(pab_parse_rfc3339("9999-12-31T00:00:00Z", &ns), -1); /* beyond 64 bits of nanoseconds */
}
END_TEST

START_TEST(tests_can_set_the_clock)
{
    setenv("PABENGINE_TEST_NOW", "1705834800", 1);
    ck_assert_int_eq(pab_now_ns(), INT64_C(1705834800000000000));
    setenv("PABENGINE_TEST_NOW", "soon", 1);
    ck_assert_int_gt(pab_now_ns(), INT64_C(1705834800000000000));
    unsetenv("PABENGINE_TEST_NOW");
    int64_t before = pab_monotonic_ms();
    ck_assert_int_ge(pab_monotonic_ms(), before);
}
END_TEST

UNIT_MAIN("str", integers_are_decimal_and_whole, sizes_have_units_of_1024, durations_are_seconds_or_sums_with_units, booleans_are_six_words_in_any_case,
          sizes_for_people_have_three_digits, durations_for_people_never_show_sixty, counts_have_thousands, prefixes_and_suffixes, the_nearest_word_is_near,
          utf8_is_judged_as_the_standard_says, a_cut_never_leaves_half_a_character, printable_text_can_drive_no_terminal_and_close_no_quote,
          a_word_for_the_shell_is_one_word_and_nothing_else,
          a_file_name_can_lead_nowhere, hex_is_lower_case_and_ends, an_error_says_what_and_why, nobody_needs_to_want_the_error,
          long_errors_are_cut_between_characters, codes_have_names_and_some_are_worth_a_retry, times_are_written_in_the_local_zone_and_read_back,
          times_are_read_strictly, tests_can_set_the_clock)
