/* The verbs as a whole, with a real store and a plugin that does what it is told. */
#include "tests/unit/engine_fixture.h"

START_TEST(a_run_publishes_and_moves_latest)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(latest(), "one");
    ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(one_failing_target_makes_it_partial_and_latest_stays)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    JOB("a ok", "b fail", "c ok");
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(latest(), "one");
    ck_assert_str_eq(target_error, "told to fail");
    struct pab_backup_list list = backups();
    ck_assert_uint_eq(list.count, 2);
    const struct pab_manifest *m = &list.items[0].manifest;
    ck_assert_str_eq(m->status, "partial");
    ck_assert_uint_eq(m->targets.count, 3);
    ck_assert_int_eq(m->targets.items[1].status, PAB_MF_FAILED);
    ck_assert_uint_eq(m->targets.items[1].artifacts.count, 0);
    ck_assert_uint_eq(m->targets.items[2].artifacts.count, 2);
    pab_backup_list_release(&list);
    teardown();
}
END_TEST

START_TEST(of_a_failed_target_whole_objects_that_stand_alone_are_kept)
{
    setup();
    JOB("a half");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(target_error, "the second one is broken");
    struct pab_backup_list list = backups();
    const struct pab_manifest *m = &list.items[0].manifest;
    ck_assert_str_eq(m->status, "partial");
    ck_assert_int_eq(m->targets.items[0].status, PAB_MF_FAILED);
    /* one attempt's: what the first one had was forgotten; and nothing of the object of which an artifact was aborted */
    ck_assert_uint_eq(m->targets.items[0].artifacts.count, 1);
    ck_assert_str_eq(m->targets.items[0].artifacts.items[0].object, "object0");
    ck_assert_int_eq(exists("store/latest"), 0);
    struct pab_session *s = session(PAB_CAT_ALL);
    ck_assert_int_eq(pab_engine_verify(s, &(struct pab_verify_opts){ .which = "one", .integrity = 1 }, &err), PAB_EXIT_OK);
    pab_session_close(s);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one" }), PAB_EXIT_OK);
    ck_assert_int_eq(exists("object0"), 1);
    ck_assert_int_eq(exists("object1"), 0);
    pab_backup_list_release(&list);
    teardown();
}
END_TEST

START_TEST(when_every_target_fails_nothing_is_published)
{
    setup();
    JOB("a fail");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_uint_eq(backup_count(), 0);
    ck_assert_int_eq(exists("store/.partial-one"), 0);
    teardown();
}
END_TEST

START_TEST(a_target_that_is_not_required_may_fail)
{
    setup();
    JOB("a ok", "b fail required: false");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(target_error, "");
    ck_assert_str_eq(warnings, "failed, which it may (required: false): told to fail; hint: mend it\n");
    struct pab_backup_list list = backups();
    ck_assert_str_eq(list.items[0].manifest.status, "complete");
    ck_assert_int_eq(list.items[0].manifest.targets.items[1].status, PAB_MF_FAILED);
    ck_assert_str_eq(list.items[0].manifest.targets.items[1].error.message, "told to fail");
    pab_backup_list_release(&list);
    ck_assert_str_eq(latest(), "one");
    teardown();
}
END_TEST

START_TEST(what_may_pass_is_tried_again)
{
    setup();
    JOB("a flaky retries: 3");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(a_warning_is_kept_and_gives_code_3)
{
    setup();
    JOB("a warn");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(latest(), "one");
    struct pab_backup_list list = backups();
    ck_assert_int_eq(list.items[0].manifest.targets.items[0].status, PAB_MF_WARNING);
    ck_assert_str_eq(list.items[0].manifest.targets.items[0].warnings.items[0], "object0: something is missing");
    pab_backup_list_release(&list);
    teardown();
}
END_TEST

START_TEST(any_number_of_warnings_leaves_a_small_manifest_and_their_count)
{
    setup();
    JOB(unit_is_slow() ? "a flood,\"bytes\":3000" : "a flood,\"bytes\":25000");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    struct stat st;
    char path[160];
    snprintf(path, sizeof path, "%s/one/manifest.json", store_path);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_lt(st.st_size, 2 << 20);
    struct pab_backup_list list = backups();
    const struct pab_strs *kept = &list.items[0].manifest.targets.items[0].warnings;
    ck_assert_uint_eq(kept->count, 1001);
    ck_assert_str_eq(kept->items[1000], unit_is_slow() ? "and 2,000 more warnings, not listed" : "and 24,000 more warnings, not listed");
    ck_assert(pab_str_has_prefix(kept->items[999], "object0: warning 999 of xxx") && pab_str_has_suffix(kept->items[999], "xxx: its reason"));
    pab_backup_list_release(&list);
    ck_assert_uint_eq(warning_events, 1001);
    teardown();
}
END_TEST

START_TEST(a_target_over_its_time_limit_fails_by_name_of_the_limit)
{
    setup();
    JOB("a ok", "b slow timeout: 1s");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(target_error, "time limit of 1 s"));
    teardown();
}
END_TEST

START_TEST(a_target_of_another_category_is_skipped)
{
    setup();
    JOB("a ok");
    struct pab_session *s = session(PAB_CAT_CONFIG);
    ck_assert_int_eq(pab_engine_backup(s, &(struct pab_run_opts){ .name = "one" }, &err), PAB_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(err.message, "nothing to back up"));
    pab_session_close(s);
    teardown();
}
END_TEST

START_TEST(an_existing_name_is_refused)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_USAGE);
    ck_assert_uint_eq(backup_count(), 1);
    teardown();
}
END_TEST

static void flip_a_byte(const char *path)
{
    char c;
    int fd = open(path, O_RDWR);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &c, 1, 60), 1);
    c ^= 1;
    ck_assert_int_eq(pwrite(fd, &c, 1, 60), 1);
    close(fd);
}

START_TEST(a_flipped_bit_is_found_named_and_not_restored)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    struct pab_backup_list list = backups();
    char *path = pab_sprintf("%s/one/%s", store_path, list.items[0].manifest.targets.items[0].artifacts.items[1].path);
    pab_backup_list_release(&list);
    flip_a_byte(path);
    ck_assert_int_eq(verify(0), PAB_EXIT_DAMAGED); /* it is in the first member */
    ck_assert_int_eq(verify(1), PAB_EXIT_DAMAGED);
    ck_assert_ptr_nonnull(strstr(finding, "services/object1_"));
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest" }), PAB_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(err.message, "damaged"));
    ck_assert_int_eq(exists("object0"), 0);
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .objects = (const char *const[]){ "object0", NULL } }), PAB_EXIT_OK);
    ck_assert_int_eq(exists("object0"), 1);
    free(path);
    teardown();
}
END_TEST

START_TEST(a_missing_and_an_extra_file_are_found_without_reading)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    char *extra = pab_sprintf("%s/one/services/stray", store_path);
    close(open(extra, O_WRONLY | O_CREAT, 0600));
    ck_assert_int_eq(verify(0), PAB_EXIT_DAMAGED);
    ck_assert_str_eq(finding, "services/stray: is not in the manifest");
    unlink(extra);
    ck_assert_int_eq(verify(0), PAB_EXIT_OK);
    free(extra);
    teardown();
}
END_TEST

START_TEST(a_restore_brings_back_the_same_bytes)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .dry_run = 1 }), PAB_EXIT_OK);
    ck_assert_int_eq(exists("object0"), 0);
    ck_assert_str_eq(plan_object, "object1");
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest" }), PAB_EXIT_OK);
    struct stat st;
    char path[128];
    snprintf(path, sizeof path, "%s/object1", dir);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 100 * 1024);
    teardown();
}
END_TEST

START_TEST(a_conflict_in_the_plan_needs_force)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest" }), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest" }), PAB_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(err.message, "2 conflicts"));
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .force = 1 }), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(as_needs_exactly_one_object)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .as_name = "copy" }), PAB_EXIT_USAGE);
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .as_name = "copy", .objects = (const char *const[]){ "object1", NULL } }), PAB_EXIT_OK);
    ck_assert_int_eq(exists("copy"), 1);
    ck_assert_int_eq(exists("object1"), 0);
    teardown();
}
END_TEST

START_TEST(what_an_object_needs_comes_with_it)
{
    setup();
    JOB("a needed");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .objects = (const char *const[]){ "object", NULL } }), PAB_EXIT_USAGE);
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .objects = (const char *const[]){ "object1", NULL } }), PAB_EXIT_OK);
    ck_assert_int_eq(exists("object0"), 1);
    ck_assert_int_eq(exists("object1"), 1);
    teardown();
    setup();
    JOB("a needed");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .objects = (const char *const[]){ "object0", NULL } }), PAB_EXIT_OK);
    ck_assert_int_eq(exists("object1"), 0);
    teardown();
}
END_TEST

START_TEST(an_object_that_is_not_there_is_named)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest", .objects = (const char *const[]){ "object9", NULL } }), PAB_EXIT_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "object9"));
    teardown();
}
END_TEST

START_TEST(no_store_and_no_backup_are_code_10)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(verify(0), PAB_EXIT_NO_STORE);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "two" }), PAB_EXIT_NO_STORE);
    teardown();
}
END_TEST

START_TEST(a_second_run_is_told_who_holds_the_store)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    struct pab_store *store = NULL;
    ck_assert_int_eq(pab_store_open(store_path, 0, &store, &err), PAB_OK);
    ck_assert_int_eq(pab_store_lock(store, "somebody else", 0, &err), PAB_OK);
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_LOCKED);
    ck_assert_ptr_nonnull(strstr(err.message, "somebody else"));
    pab_store_close(store);
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(a_service_that_is_busy_is_a_failure_and_no_lock)
{
    setup();
    JOB("a busy");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "latest" }), PAB_EXIT_FAILED);
    ck_assert_int_eq(err.code, PAB_E_BUSY);
    teardown();
}
END_TEST

static int killed_at_nth(int n)
{
    char point[32];
    snprintf(point, sizeof point, "*:%d", n);
    return killed_at(point);
}

START_TEST(a_run_killed_anywhere_leaves_a_whole_backup_or_none)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    int n = 1;
    for (; killed_at_nth(n); n += unit_is_slow() ? 3 : 1) {
        struct pab_backup_list list = backups();
        ck_assert_uint_ge(list.count, 1);
        for (size_t i = 0; i < list.count; i++) ck_assert_msg(list.items[i].readable, "point %d: %s", n, list.items[i].name);
        pab_backup_list_release(&list);
        ck_assert_msg(strcmp(latest(), "one") == 0 || strcmp(latest(), "killed") == 0, "point %d: latest is '%s'", n, latest());
        ck_assert_int_eq(verify(1), PAB_EXIT_OK);
        char *killed = pab_sprintf("%s/killed", store_path);
        if (access(killed, F_OK) == 0) { /* published before the kill */
            ck_assert_int_eq(pab_remove_tree(AT_FDCWD, killed, &err), PAB_OK);
            free(killed);
            teardown();
            setup();
            JOB("a ok");
            ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
        } else {
            free(killed);
        }
    }
    ck_assert_int_gt(n, 10); /* it did pass many points */
    ck_assert_int_eq(exists("store/.partial-killed"), 0);
    teardown();
}
END_TEST

START_TEST(what_a_killed_run_had_changed_is_put_back_by_the_next_start)
{
    setup();
    JOB("a journal");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_int_eq(exists("undone"), 0);
    ck_assert_int_eq(killed_at("artifact-begin:1"), 1);
    ck_assert_int_eq(exists("undone"), 0);
    pab_session_close(session(PAB_CAT_ALL));
    ck_assert_int_eq(exists("undone"), 1);
    char path[128];
    snprintf(path, sizeof path, "%s/undone", dir);
    unlink(path);
    pab_session_close(session(PAB_CAT_ALL));
    ck_assert_int_eq(exists("undone"), 0); /* once is enough */
    teardown();
}
END_TEST

START_TEST(a_full_disk_fails_the_target_and_publishes_nothing)
{
    setup();
    JOB("a ok");
    for (unsigned n = 3; n <= 5; n++) { /* the first two say who holds the job and the store: not worth failing for */
        pab_fs_fail_write_at(n, ENOSPC);
        int code = backup_named(NULL);
        pab_fs_fail_write_at(0, 0);
        ck_assert_int_ne(code, PAB_EXIT_OK);
        ck_assert_uint_eq(backup_count(), 0);
        pab_error_clear(&err);
    }
    ck_assert_int_eq(backup_named(NULL), PAB_EXIT_OK);
    teardown();
}
END_TEST

UNIT_MAIN("engine", a_run_publishes_and_moves_latest, one_failing_target_makes_it_partial_and_latest_stays, of_a_failed_target_whole_objects_that_stand_alone_are_kept,
          when_every_target_fails_nothing_is_published,
          a_target_that_is_not_required_may_fail, what_may_pass_is_tried_again, a_warning_is_kept_and_gives_code_3,
          any_number_of_warnings_leaves_a_small_manifest_and_their_count,
          a_target_over_its_time_limit_fails_by_name_of_the_limit, a_target_of_another_category_is_skipped, an_existing_name_is_refused,
          a_flipped_bit_is_found_named_and_not_restored, a_missing_and_an_extra_file_are_found_without_reading, a_restore_brings_back_the_same_bytes,
          what_an_object_needs_comes_with_it,
          a_conflict_in_the_plan_needs_force, as_needs_exactly_one_object, an_object_that_is_not_there_is_named, no_store_and_no_backup_are_code_10,
          a_second_run_is_told_who_holds_the_store, a_service_that_is_busy_is_a_failure_and_no_lock,
          a_run_killed_anywhere_leaves_a_whole_backup_or_none,
          what_a_killed_run_had_changed_is_put_back_by_the_next_start, a_full_disk_fails_the_target_and_publishes_nothing)
