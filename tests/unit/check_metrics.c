/* The Prometheus textfile: sound by the rules of the exposition format, true of each run, and kept through failures. */
#include <ctype.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "tests/unit/around_fixture.h"

#define METRICS "metrics: {textfile: job.prom}\n"

/* ---- the format (text version 0.0.4), read strictly ---- */

static size_t metric_name(const char *p)
{
    size_t n = 0;
    while (isalpha((unsigned char)p[n]) || p[n] == '_' || p[n] == ':' || (n && isdigit((unsigned char)p[n]))) n++;
    return n;
}

/* {name="value",...}: its end, or NULL. */
static const char *labels(const char *p)
{
    for (p++; *p != '}'; p += *p == ',') {
        size_t n = strcspn(p, "=");
        if (!n || metric_name(p) != n || memchr(p, ':', n) || p[n] != '=' || p[n + 1] != '"') return NULL;
        for (p += n + 2; *p != '"'; p++) {
            if (*p == '\n' || !*p) return NULL;
            if (*p == '\\' && !strchr("\\\"n", *++p)) return NULL;
        }
        p++;
        if (*p != ',' && *p != '}') return NULL;
    }
    return p + 1;
}

/* Every line is a HELP, its TYPE, or a sample of that metric; no metric and no sample stands twice. */
static void expect_sound(const char *text)
{
    char name[128] = "", seen_metrics[8192] = " ", seen_samples[32768] = "\n";
    int typed = 0;
    ck_assert_msg(*text && text[strlen(text) - 1] == '\n', "it does not end with a newline");
    ck_assert(pab_utf8_valid(text, strlen(text)));
    for (const char *line = text; *line; line += strcspn(line, "\n") + 1) {
        int size = (int)strcspn(line, "\n");
        if (pab_str_has_prefix(line, "# HELP ")) {
            size_t n = metric_name(line + 7);
            ck_assert_msg(n && n < sizeof name && line[7 + n] == ' ' && line[8 + n] != '\n', "%.*s", size, line);
            snprintf(name, sizeof name, " %.*s ", (int)n, line + 7);
            ck_assert_msg(!strstr(seen_metrics, name), "twice: %s", name);
            strcat(seen_metrics, name + 1);
            snprintf(name, sizeof name, "%.*s", (int)n, line + 7);
            typed = 0;
        } else if (pab_str_has_prefix(line, "# TYPE ")) {
            char expected[160];
            snprintf(expected, sizeof expected, "# TYPE %s gauge\n", name);
            ck_assert_msg(strncmp(line, expected, strlen(expected)) == 0 && !typed, "%.*s", size, line);
            typed = 1;
        } else {
            size_t n = metric_name(line);
            ck_assert_msg(typed && n == strlen(name) && strncmp(line, name, n) == 0, "a sample of another metric: %.*s", size, line);
            const char *p = line[n] == '{' ? labels(line + n) : line + n;
            ck_assert_msg(p && *p == ' ', "labels: %.*s", size, line);
            char key[600], *end;
            snprintf(key, sizeof key, "\n%.*s\n", (int)(p - line), line);
            ck_assert_msg(!strstr(seen_samples, key), "twice: %s", key);
            strcat(seen_samples, key + 1);
            strtod(p + 1, &end);
            ck_assert_msg(end > p + 1 && *end == '\n', "value: %.*s", size, line);
        }
    }
}

/* The value of a sample, or -1. */
static double value(const char *sample)
{
    const char *text = content("job.prom");
    CLEANUP_FREE char *line = pab_sprintf("\n%s ", sample);
    const char *p = strstr(text, line);
    return p ? strtod(p + strlen(line), NULL) : -1;
}
#define RUN(name) value("pabengine_" name "{job=\"job\"}")
#define RUN_STATE(state) value("pabengine_run_state{job=\"job\",state=\"" state "\"}")
#define TARGET(name, target) value("pabengine_target_" name "{job=\"job\",target=\"" target "\",plugin=\"scripted\"}")
#define TARGET_STATE(target, state) value("pabengine_target_state{job=\"job\",target=\"" target "\",plugin=\"scripted\",state=\"" state "\"}")

static void at(const char *seconds) { setenv("PABENGINE_TEST_NOW", seconds, 1); }

START_TEST(a_complete_run_is_told_with_all_its_numbers)
{
    setup();
    JOB("a ok", "b warn");
    add_to_job(METRICS);
    at("1700000000");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    expect_sound(content("job.prom"));
    ck_assert(RUN_STATE("complete") == 1 && RUN_STATE("partial") == 0 && RUN_STATE("failed") == 0 && RUN_STATE("cancelled") == 0);
    ck_assert(RUN("run_exit_code") == 3);
    ck_assert(RUN("run_finish_timestamp_seconds") == 1700000000 && RUN("last_success_timestamp_seconds") == 1700000000);
    struct pab_backup_list list = backups();
    ck_assert(RUN("last_backup_size_bytes") == (double)list.items[0].manifest.totals.size);
    ck_assert(RUN("last_backup_content_bytes") == (double)list.items[0].manifest.totals.content_size);
    ck_assert(RUN("last_backup_artifacts") == (double)list.items[0].manifest.totals.artifacts);
    pab_backup_list_release(&list);
    ck_assert(TARGET("artifacts", "a") == 2 && TARGET("content_bytes", "a") == 204800 && TARGET("warnings", "a") == 0 && TARGET("warnings", "b") > 0);
    ck_assert(TARGET_STATE("a", "ok") == 1 && TARGET_STATE("a", "failed") == 0 && TARGET_STATE("b", "warning") == 1 && TARGET_STATE("b", "ok") == 0);
    ck_assert(TARGET("last_success_timestamp_seconds", "b") == 1700000000);
    teardown();
}
END_TEST

START_TEST(a_failed_run_is_told_and_the_last_success_stays)
{
    setup();
    JOB("a ok");
    add_to_job(METRICS);
    at("1700000000");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    double size = RUN("last_backup_size_bytes");
    ck_assert(size > 0);
    JOB("a fail");
    add_to_job(METRICS);
    at("1700086400");
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_FAILED);
    expect_sound(content("job.prom"));
    ck_assert(RUN_STATE("failed") == 1 && RUN_STATE("complete") == 0 && RUN("run_exit_code") == 1);
    ck_assert(RUN("run_finish_timestamp_seconds") == 1700086400 && RUN("last_success_timestamp_seconds") == 1700000000);
    ck_assert(RUN("last_backup_size_bytes") == size && RUN("last_backup_artifacts") == 2);
    ck_assert(TARGET_STATE("a", "failed") == 1 && TARGET("last_success_timestamp_seconds", "a") == 1700000000 && TARGET("artifacts", "a") == 2);
    teardown();
}
END_TEST

START_TEST(a_partial_run_is_a_backup_but_no_success)
{
    setup();
    JOB("a ok", "b fail");
    add_to_job(METRICS);
    at("1700000000");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    expect_sound(content("job.prom"));
    ck_assert(RUN_STATE("partial") == 1 && RUN("last_backup_timestamp_seconds") == 1700000000 && RUN("last_success_timestamp_seconds") == -1);
    ck_assert(TARGET("last_success_timestamp_seconds", "a") == 1700000000 && TARGET("last_success_timestamp_seconds", "b") == -1);
    teardown();
}
END_TEST

START_TEST(a_run_that_could_not_begin_is_told_too)
{
    setup();
    JOB("a ok");
    add_to_job(METRICS "hooks: {before: 'false'}\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    expect_sound(content("job.prom"));
    ck_assert(RUN_STATE("failed") == 1 && RUN("last_backup_timestamp_seconds") == -1);
    teardown();
}
END_TEST

START_TEST(a_run_of_some_targets_keeps_what_is_known_of_the_others)
{
    setup();
    JOB("a ok", "b ok");
    add_to_job(METRICS);
    at("1700000000");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    at("1700000100");
    struct pab_session *s = NULL;
    struct pab_session_opts o = { .job_path = job_path, .plugin_folders = TEST_BUILDDIR "/tests/plugins/.libs", .state_dir = dir, .categories = PAB_CAT_ALL,
                                  .resolve_secrets = 1, .targets = (const char *const[]){ "b", NULL } };
    ck_assert_int_eq(pab_session_open(&o, &s, &err), 0);
    ck_assert_int_eq(pab_engine_backup(s, &(struct pab_run_opts){ .name = "two" }, &err), PAB_EXIT_OK);
    pab_session_close(s);
    expect_sound(content("job.prom"));
    ck_assert(TARGET("last_success_timestamp_seconds", "a") == 1700000000 && TARGET("last_success_timestamp_seconds", "b") == 1700000100);
    ck_assert(TARGET_STATE("a", "ok") == 1);
    teardown();
}
END_TEST

START_TEST(a_run_that_another_keeps_out_leaves_the_metrics_to_it)
{
    setup();
    JOB("a ok");
    add_to_job(METRICS);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    CLEANUP_FREE char *before = pab_strdup(content("job.prom"));
    struct pab_store *store = NULL;
    ck_assert_int_eq(pab_store_open(store_path, 0, &store, &err), PAB_OK);
    ck_assert_int_eq(pab_store_lock(store, "run", 0, &err), PAB_OK);
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_LOCKED);
    pab_store_close(store);
    ck_assert_str_eq(content("job.prom"), before);
    teardown();
}
END_TEST

START_TEST(labels_are_escaped_whatever_the_job_is_called)
{
    setup();
    JOB("a ok");
    add_to_job(METRICS "name: 'say \"hi\" \\ {x=\"y\"} \xc3\xa9'\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    expect_sound(content("job.prom"));
    ck_assert(value("pabengine_run_exit_code{job=\"say \\\"hi\\\" \\\\ {x=\\\"y\\\"} \xc3\xa9\"}") == 0);
    teardown();
}
END_TEST

START_TEST(a_file_with_nonsense_is_replaced_by_a_sound_one)
{
    setup();
    JOB("a fail");
    add_to_job(METRICS);
    char path[160];
    snprintf(path, sizeof path, "%s/job.prom", dir);
    FILE *f = fopen(path, "w");
    fprintf(f, "\n\n%c\xff{\npabengine_last_success_timestamp_seconds{job=\"job\"} rm -rf\npabengine_last_backup_artifacts{job=\"job\"} 7 \n"
               "pabengine_last_backup_size_bytes{job=\"job\"} 12", 0);
    fclose(f);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    expect_sound(content("job.prom"));
    ck_assert(RUN("last_success_timestamp_seconds") == -1 && RUN("last_backup_artifacts") == -1);
    teardown();
}
END_TEST

START_TEST(metrics_that_cannot_be_written_are_a_warning_and_nothing_else)
{
    setup();
    JOB("a ok");
    add_to_job("metrics: {textfile: missing/job.prom}\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_msg(strstr(warnings, "metrics were not written: cannot write '") != NULL, "%s", warnings);
    ck_assert_str_eq(latest(), "one");
    teardown();
}
END_TEST

START_TEST(the_old_file_stays_whole_when_the_disk_is_full)
{
    setup();
    JOB("a ok");
    add_to_job(METRICS);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    /* the last write of a run is that of the metrics: count them, then fail it */
    int left = 0;
    for (unsigned n = 1; n < 200 && !left; n++) {
        char name[16];
        snprintf(name, sizeof name, "n%u", n);
        CLEANUP_FREE char *before = pab_strdup(content("job.prom"));
        warnings[0] = 0;
        pab_fs_fail_write_at(n, ENOSPC);
        backup_named(name);
        pab_fs_fail_write_at(0, 0);
        left = strstr(warnings, "metrics were not written: ") != NULL;
        if (left) ck_assert_str_eq(content("job.prom"), before);
        expect_sound(content("job.prom"));
    }
    ck_assert_msg(left, "no write was that of the metrics");
    teardown();
}
END_TEST

UNIT_MAIN("metrics", a_complete_run_is_told_with_all_its_numbers, a_failed_run_is_told_and_the_last_success_stays, a_partial_run_is_a_backup_but_no_success,
          a_run_that_could_not_begin_is_told_too, a_run_of_some_targets_keeps_what_is_known_of_the_others, a_run_that_another_keeps_out_leaves_the_metrics_to_it,
          labels_are_escaped_whatever_the_job_is_called, a_file_with_nonsense_is_replaced_by_a_sound_one, metrics_that_cannot_be_written_are_a_warning_and_nothing_else,
          the_old_file_stays_whole_when_the_disk_is_full)
