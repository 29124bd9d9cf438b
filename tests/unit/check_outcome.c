/* What a run came to, in the words that people and programs get. */
#include <jansson.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/engine/outcome.h"
#include "tests/unit/unit.h"

static struct pab_session session = { .store_path = (char *)(uintptr_t)"/backups" };
static struct pab_manifest m;
static struct pab_outcome outcome;

static void add_target(const char *name, enum pab_mf_status status, const char *error)
{
    struct pab_mf_target t = { .name = pab_strdup(name), .plugin = pab_strdup("p"), .plugin_version = pab_strdup("1"), .status = status };
    if (error) pab_error_set(&t.error, PAB_E_UNREACHABLE, 0, "%s", error);
    PAB_PUSH(&m.targets, t);
}

static void begin(enum pab_moment moment, const char *status, int code)
{
    pab_manifest_init(&m);
    m.job = pab_strdup("nightly");
    m.host = pab_strdup("h");
    m.name = pab_strdup("backup-1");
    m.started_ns = 1700000000 * INT64_C(1000000000);
    outcome = (struct pab_outcome){ .s = &session, .m = &m, .moment = moment, .status = status, .exit_code = code,
                                    .path = code == 0 || code == 3 ? "/backups/backup-1" : NULL, .finished_ns = m.started_ns + 65 * INT64_C(1000000000) };
}

static void end(void)
{
    pab_manifest_release(&m);
}

static void expect_line(const char *line)
{
    CLEANUP_FREE char *got = pab_outcome_line(&outcome);
    ck_assert_str_eq(got, line);
}

START_TEST(the_line_says_what_happened_and_why)
{
    begin(PAB_MOMENT_SUCCESS, "complete", 0);
    m.totals.artifacts = 1;
    m.totals.size = 212000000;
    expect_line("nightly: backup complete (1 artifact, 212 MB in 1 min 05 s)");
    end();
    begin(PAB_MOMENT_PARTIAL, "partial", 3);
    add_target("files", PAB_MF_OK, NULL);
    add_target("db", PAB_MF_FAILED, "no answer");
    expect_line("nightly: backup partial: db: no answer (0 artifacts, 0 bytes in 1 min 05 s)");
    end();
    begin(PAB_MOMENT_PARTIAL, "complete", 3);
    add_target("files", PAB_MF_WARNING, NULL);
    pab_strs_add(&m.targets.items[0].warnings, "'x' changed while it was read");
    expect_line("nightly: backup complete, with warnings: files: 'x' changed while it was read (0 artifacts, 0 bytes in 1 min 05 s)");
    end();
    begin(PAB_MOMENT_FAILURE, "failed", 11);
    struct pab_error busy = { .code = PAB_E_BUSY, .message = "the store is locked" };
    outcome.error = &busy;
    add_target("db", PAB_MF_FAILED, "not the reason");
    expect_line("nightly: backup failed: the store is locked (after 1 min 05 s)");
    end();
}
END_TEST

START_TEST(the_failed_targets_are_named)
{
    begin(PAB_MOMENT_PARTIAL, "partial", 3);
    CLEANUP_FREE char *none = pab_outcome_failed_targets(&outcome);
    ck_assert_str_eq(none, "");
    add_target("a", PAB_MF_FAILED, "x");
    add_target("b", PAB_MF_OK, NULL);
    add_target("c", PAB_MF_FAILED, "x");
    CLEANUP_FREE char *two = pab_outcome_failed_targets(&outcome);
    ck_assert_str_eq(two, "a c");
    end();
}
END_TEST

START_TEST(thousands_of_warnings_stay_readable_and_counted)
{
    begin(PAB_MOMENT_PARTIAL, "complete", 3);
    add_target("files", PAB_MF_WARNING, NULL);
    for (int i = 0; i < 60000; i++) pab_strs_add(&m.targets.items[0].warnings, "a file could not be read");
    CLEANUP_FREE char *text = pab_outcome_text(&outcome), *json = pab_outcome_json(&outcome, "partial");
    ck_assert_uint_lt(strlen(text), 2000);
    ck_assert(strstr(text, "and 59990 more warnings\n"));
    json_t *j = json_loads(json, 0, NULL), *t = json_array_get(json_object_get(j, "targets"), 0);
    ck_assert_int_eq(json_integer_value(json_object_get(t, "warning_count")), 60000);
    ck_assert_uint_eq(json_array_size(json_object_get(t, "warnings")), 100);
    json_decref(j);
    end();
}
END_TEST

START_TEST(secrets_are_masked_and_bytes_of_servers_are_made_text)
{
    begin(PAB_MOMENT_PARTIAL, "partial", 3);
    pab_secret_register("hunter2hunter2");
    add_target("db", PAB_MF_FAILED, "password hunter2hunter2 refused\n\xff says the server");
    CLEANUP_FREE char *text = pab_outcome_text(&outcome), *error = pab_outcome_error(&outcome), *json = pab_outcome_json(&outcome, "partial"), *line = pab_outcome_line(&outcome);
    const char *const all[] = { text, error, json, line };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        ck_assert_msg(!strstr(all[i], "hunter2") && strstr(all[i], "***"), "%s", all[i]);
        ck_assert(pab_utf8_valid(all[i], strlen(all[i])));
    }
    ck_assert_str_eq(error, "db: password *** refused \\xff says the server");
    pab_secret_clear_all();
    end();
}
END_TEST

UNIT_MAIN("outcome", the_line_says_what_happened_and_why, the_failed_targets_are_named, thousands_of_warnings_stay_readable_and_counted,
          secrets_are_masked_and_bytes_of_servers_are_made_text)
