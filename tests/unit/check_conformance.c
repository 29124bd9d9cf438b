/* check_conformance.c - what `pabengine plugin check` says of the test plugins: nothing about sound ones, and the fault of each faulty one. */
#include <stdio.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/engine/conformance.h"
#include "tests/unit/unit.h"

#define FOLDER TEST_BUILDDIR "/tests/plugins/.libs/"

static void collect(void *ctx, int result, const char *name, const char *detail)
{
    static const char *const words[] = { "not tried", "FAILED", "ok" };
    pab_buf_addf(ctx, "%s %s%s%s\n", words[result + 1], name, *detail && result != 1 ? ": " : "", result == 1 ? "" : detail);
}

/* The report on file NAME.so, with the option `fault`, or NULL. Caller frees. */
static char *check(const char *name, const char *fault, int expected_code)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    struct pab_error err = { 0 };
    CLEANUP_FREE char *file = pab_sprintf(FOLDER "%s.so", name);
    CLEANUP_FREE char *option = pab_sprintf("fault=%s", fault ? fault : "");
    const char *const options[] = { fault ? option : NULL, NULL };
    pab_cancel_reset();
    int code = pab_engine_conformance(&(struct pab_conformance_opts){ .file = file, .options = options, .report = collect, .report_ctx = &b }, &err);
    ck_assert_msg(code == expected_code, "%s: exit code %d: %s\n%s", name, code, err.message, pab_buf_str(&b));
    ck_assert_msg(!pab_cancelled(), "the trial of cancellation outlived it");
    return pab_buf_take(&b);
}

/* The lines of `report` that are not "ok". Caller frees. */
static char *complaints(const char *report)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (const char *line = report; *line; line += strcspn(line, "\n") + 1)
        if (strncmp(line, "ok ", 3) != 0) pab_buf_add(&b, line, strcspn(line, "\n") + 1);
    pab_buf_addc(&b, '\0');
    return pab_buf_take(&b);
}

static void finds(const char *fault, const char *expected)
{
    CLEANUP_FREE char *report = check("faulty", fault, PAB_EXIT_FAILED);
    CLEANUP_FREE char *found = complaints(report);
    ck_assert_str_eq(found, expected);
}

/* What cannot back up is not tried any further. */
static void finds_in_backup(const char *fault, const char *why)
{
    CLEANUP_FREE char *expected = pab_sprintf("FAILED backs up: %s\nnot tried verify, restore, failures, cancellation: it does not back up\n", why);
    finds(fault, expected);
}

START_TEST(a_sound_plugin_passes_everything)
{
    CLEANUP_FREE char *report = check("ok", NULL, PAB_EXIT_OK);
    ck_assert_str_eq(report, "ok loads, with the right ABI and a sound option table\n"
                             "ok takes the options\n"
                             "ok opens two instances side by side\n"
                             "ok close takes NULL\n"
                             "ok discovers\n"
                             "ok object ids are unique\n"
                             "ok discovers the same again\n"
                             "ok backs up\n"
                             "ok its backup verifies\n"
                             "ok plans its restore\n"
                             "ok passes on a failure of the host's call 1\n"
                             "ok passes on a failure of the host's call 2\n"
                             "ok passes on a failure of the host's call 3\n"
                             "ok passes on a failure of the host's call 4\n"
                             "ok passes on a failure of the host's call 5\n"
                             "ok passes on a failure of the host's call 6\n"
                             "ok backs up again after failures\n"
                             "ok stops when cancelled\n");
}
END_TEST

START_TEST(plugins_of_every_age_and_language_pass)
{
    static const char *const names[] = { "frozen-1-0", "old", "newer", "cxx", "cxx11" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CLEANUP_FREE char *report = check(names[i], NULL, PAB_EXIT_OK);
        CLEANUP_FREE char *found = complaints(report);
        ck_assert_str_eq(found, "");
        ck_assert_ptr_nonnull(strstr(report, "ok stops when cancelled\n"));
    }
}
END_TEST

START_TEST(plugins_that_do_not_load_fail_at_once_with_what_to_do)
{
    static const char *const names[] = { "needs-newer", "wrong-major", "no-symbol", "unresolved" };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        CLEANUP_FREE char *report = check(names[i], NULL, PAB_EXIT_FAILED);
        ck_assert_ptr_nonnull(strstr(report, names[i]));
        ck_assert_ptr_nonnull(strstr(report, "; "));
        ck_assert_ptr_eq(strchr(report, '\n'), report + strlen(report) - 1);
    }
}
END_TEST

START_TEST(the_exact_words_about_a_plugin_that_is_too_new)
{
    CLEANUP_FREE char *report = check("needs-newer", NULL, PAB_EXIT_FAILED);
    ck_assert_str_eq(report, "FAILED loads, with the right ABI and a sound option table: plugin '" FOLDER "needs-newer.so' needs plugin ABI 1.7, "
                             "this pabengine has 1.2; install a newer pabengine, or an older version of the plugin\n");
}
END_TEST

START_TEST(finds_an_open_that_fails_without_a_reason)
{
    finds("open-fails-silently", "FAILED opens two instances side by side: open failed with code -3 (AUTH) without saying why\n"
                                 "not tried discover, backup, verify, restore, failures, cancellation: give the options it needs with --option KEY=VALUE\n");
}
END_TEST

START_TEST(finds_faults_of_discover)
{
    finds("twins", "FAILED object ids are unique\n");
    finds("fickle", "FAILED discovers the same again\n");
    finds("no-objects-id", "FAILED discovers: object_add: an object without id or kind\n");
}
END_TEST

START_TEST(finds_results_that_say_nothing)
{
    finds_in_backup("silent", "backup failed with code -9 (IO) without saying why");
    finds_in_backup("positive", "backup returned 3: neither success nor an error code");
    finds_in_backup("fails-but-succeeds", "half of it is missing");
    finds_in_backup("no-artifacts", "nothing to back up: no target gave anything");
}
END_TEST

START_TEST(finds_wrong_use_of_artifacts)
{
    finds_in_backup("left-open", "backup succeeded but left artifact 'odd' open");
    finds_in_backup("write-after-commit", "artifact_write on artifact 'odd' after its end");
    finds_in_backup("unknown-kind", "artifact_begin: unknown kind 77");
    finds_in_backup("two-categories", "artifact_begin: category 12 is not one of the four");
    finds_in_backup("unknown-flags", "artifact_begin: unknown flags 0x8000");
}
END_TEST

START_TEST(finds_options_that_are_not_in_the_table)
{
    finds_in_backup("wrong-key", "backup: option 'targets[0].options.colour' is not in the option table");
    finds_in_backup("wrong-type", "backup: option 'targets[0].options.text' was asked for as another type than its table says");
}
END_TEST

START_TEST(finds_a_plugin_that_does_not_listen_to_failures)
{
    CLEANUP_FREE char *report = check("faulty", "deaf", PAB_EXIT_FAILED);
    CLEANUP_FREE char *found = complaints(report);
    struct pab_buf expected = PAB_BUF_INIT(0);
    for (int n = 1; n <= 6; n++)
        pab_buf_addf(&expected, "FAILED passes on a failure of the host's call %d: backup returned success although it had failed: failure injected by plugin check: Input/output error\n", n);
    pab_buf_adds(&expected, "FAILED stops when cancelled: backup returned success although it had failed: cancelled\n");
    ck_assert_str_eq(found, pab_buf_str(&expected));
    pab_buf_release(&expected);
}
END_TEST

START_TEST(an_option_that_is_no_pair_is_a_usage_error)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    struct pab_error err = { 0 };
    const char *const options[] = { "fault", NULL };
    ck_assert_int_eq(pab_engine_conformance(&(struct pab_conformance_opts){ .file = FOLDER "faulty.so", .options = options, .report = collect, .report_ctx = &b }, &err),
                     PAB_EXIT_USAGE);
    ck_assert_str_eq(err.message, "--option 'fault' is not KEY=VALUE");
    pab_buf_release(&b);
}
END_TEST

UNIT_MAIN("conformance", a_sound_plugin_passes_everything, plugins_of_every_age_and_language_pass, plugins_that_do_not_load_fail_at_once_with_what_to_do,
          the_exact_words_about_a_plugin_that_is_too_new, finds_an_open_that_fails_without_a_reason, finds_faults_of_discover,
          finds_results_that_say_nothing, finds_wrong_use_of_artifacts, finds_options_that_are_not_in_the_table,
          finds_a_plugin_that_does_not_listen_to_failures, an_option_that_is_no_pair_is_a_usage_error)
