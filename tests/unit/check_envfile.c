/* Tests of core/config/envfile.h: what a .env file may look like. */
#include "tests/unit/unit.h"

#include <string.h>

#include "core/base/secret.h"
#include "core/config/envfile.h"

static struct pab_strs parsed(const char *text)
{
    struct pab_strs v = { 0 };
    struct pab_error err = { 0 };
    ck_assert_msg(pab_envfile_parse(text, strlen(text), ".env", &v, &err) == PAB_OK, "%s", err.message);
    return v;
}

static void expect(const char *text, const char *entry)
{
    struct pab_strs v = parsed(text);
    ck_assert_uint_eq(v.count, 1);
    ck_assert_str_eq(v.items[0], entry);
    pab_envfile_release(&v);
}

START_TEST(reads_names_and_values)
{
    struct pab_strs v = parsed("# secrets\n\nA=1\n  export B = two words \n\texport\tC=3\nexporter=4\nD=\n_E2=x=y\n");
    static const char *const want[] = { "A=1", "B=two words", "C=3", "exporter=4", "D=", "_E2=x=y" };
    ck_assert_uint_eq(v.count, 6);
    for (size_t i = 0; i < 6; i++)
        ck_assert_str_eq(v.items[i], want[i]);
    ck_assert_ptr_null(v.items[6]);
    pab_envfile_release(&v);
}
END_TEST

START_TEST(a_comment_needs_a_blank_before_it)
{
    expect("A=x#y", "A=x#y");
    expect("A=x #y", "A=x");
    expect("A= # nothing", "A=");
    expect("A=#x", "A=#x");
    expect("A='x' # y", "A=x");
}
END_TEST

START_TEST(quotes_keep_what_they_hold)
{
    expect("A='  $x \"y\" \\n # z '", "A=  $x \"y\" \\n # z ");
    expect("A=\"a\\nb\\t\\\"c\\\" \\$d \\\\ \\z\"", "A=a\nb\t\"c\" $d \\ \\z");
    expect("A='one\ntwo'", "A=one\ntwo");
    expect("A=\"\"", "A=");
    expect("A=it's", "A=it's");
}
END_TEST

START_TEST(nothing_is_expanded)
{
    expect("A=${B}-$C-$(id)", "A=${B}-$C-$(id)");
    expect("A=`id`", "A=`id`");
}
END_TEST

START_TEST(line_ends_of_windows_and_a_byte_order_mark_are_fine)
{
    struct pab_strs v = parsed("\xef\xbb\xbf"
                               "A=1\r\nB='2'\r\n\r\nC=3");
    ck_assert_uint_eq(v.count, 3);
    ck_assert_str_eq(v.items[0], "A=1");
    ck_assert_str_eq(v.items[1], "B=2");
    ck_assert_str_eq(v.items[2], "C=3");
    pab_envfile_release(&v);
}
END_TEST

START_TEST(the_last_of_equal_names_counts)
{
    struct pab_strs v = parsed("A=1\nAB=2\nA=3\n");
    ck_assert_uint_eq(v.count, 2);
    ck_assert_str_eq(v.items[0], "A=3");
    ck_assert_str_eq(v.items[1], "AB=2");
    pab_envfile_release(&v);
}
END_TEST

START_TEST(mistakes_name_the_line_and_show_nothing_of_it)
{
    static const struct { const char *text, *message; } cases[] = {
        { "A=1\nhunter2\n", ".env:2: expected NAME=VALUE" },
        { "A=1\nhunter2: x\n", ".env:2: expected NAME=VALUE" },
        { "=hunter2\n", ".env:1: expected NAME=VALUE" },
        { "2A=hunter2\n", ".env:1: expected NAME=VALUE" },
        { "A-B=hunter2\n", ".env:1: expected NAME=VALUE" },
        { "A='x\ny'\nB='hunter2\n\n", ".env:3: the quote is never closed" },
        { "A=\"hunter2\\\"\n", ".env:1: the quote is never closed" },
        { "A='hunter2'x\n", ".env:1: text after the closing quote" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pab_strs v = { 0 };
        struct pab_error err = { 0 };
        ck_assert_int_eq(pab_envfile_parse(cases[i].text, strlen(cases[i].text), ".env", &v, &err), PAB_E_CONFIG);
        ck_assert_str_eq(err.message, cases[i].message);
        ck_assert_ptr_null(strstr(err.hint, "hunter2"));
        pab_envfile_release(&v);
    }
    struct pab_strs v = { 0 };
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_envfile_parse("A=1\0B", 5, ".env", &v, &err), PAB_E_CONFIG);
    ck_assert_int_eq(pab_envfile_load("/nonexistent/.env", &v, &err), PAB_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.message, "'/nonexistent/.env'"));
    ck_assert_uint_eq(v.count, 0);
}
END_TEST

UNIT_MAIN("envfile", reads_names_and_values, a_comment_needs_a_blank_before_it, quotes_keep_what_they_hold, nothing_is_expanded,
          line_ends_of_windows_and_a_byte_order_mark_are_fine, the_last_of_equal_names_counts, mistakes_name_the_line_and_show_nothing_of_it)
