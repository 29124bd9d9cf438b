/* check_remove.c - backups are pinned, set aside and removed; what a kill in between leaves is finished by the next. */
#include <sys/wait.h>
#include "tests/unit/store_fixture.h"

static struct pab_store *three(void)
{
    setup();
    struct pab_store *s = open_store();
    ck_assert_int_eq(pab_store_lock(s, "cleanup", 0, &err), PAB_OK);
    backup(s, "one", NOON);
    backup(s, "two", NOON + 60 * SECOND);
    backup(s, "three", NOON + 120 * SECOND);
    return s;
}

static void done(struct pab_store *s)
{
    pab_store_close(s);
    teardown();
}

static const char *pin_of(struct pab_store *s, const char *name)
{
    static char text[PAB_PIN_REASON_MAX + 1];
    struct pab_backup_list list = { 0 };
    const char *found = NULL;
    ck_assert_msg(pab_store_list(s, &list, &err) == PAB_OK, "%s", err.message);
    for (size_t i = 0; i < list.count; i++)
        if (strcmp(list.items[i].name, name) == 0 && list.items[i].pin) found = strcpy(text, list.items[i].pin);
    pab_backup_list_release(&list);
    return found;
}

static size_t listed(struct pab_store *s)
{
    struct pab_backup_list list = { 0 };
    ck_assert_msg(pab_store_list(s, &list, &err) == PAB_OK, "%s", err.message);
    size_t n = list.count;
    pab_backup_list_release(&list);
    return n;
}

START_TEST(a_pin_is_listed_with_its_reason_until_it_is_taken_off)
{
    struct pab_store *s = three();
    ck_assert_ptr_null(pin_of(s, "one"));
    ck_assert_msg(pab_store_pin(s, "one", "before the move", &err) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(pin_of(s, "one"), "before the move");
    ck_assert_int_eq(pab_store_pin(s, "one", "", &err), PAB_OK);
    ck_assert_str_eq(pin_of(s, "one"), "");
    ck_assert_ptr_null(pin_of(s, "two"));
    ck_assert_int_eq(pab_store_unpin(s, "one", &err), PAB_OK);
    ck_assert_ptr_null(pin_of(s, "one"));
    ck_assert_int_eq(pab_store_unpin(s, "one", &err), PAB_E_NOT_FOUND);
    ck_assert_int_eq(pab_store_pin(s, "four", "", &err), PAB_E_NOT_FOUND);
    ck_assert_int_eq(pab_store_pin(s, "../one", "", &err), PAB_E_NOT_FOUND);
    ck_assert_int_eq(pab_store_unpin(s, "../one", &err), PAB_E_NOT_FOUND);
    done(s);
}
END_TEST

START_TEST(a_pin_changes_nothing_in_the_backup)
{
    struct pab_store *s = three();
    struct stat before, after;
    ck_assert_int_eq(stat(in_store("one"), &before), 0);
    ck_assert_int_eq(pab_store_pin(s, "one", "why", &err), PAB_OK);
    ck_assert_int_eq(stat(in_store("one"), &after), 0);
    ck_assert(before.st_ctim.tv_sec == after.st_ctim.tv_sec && before.st_ctim.tv_nsec == after.st_ctim.tv_nsec);
    ck_assert_uint_eq(mode_of(in_store(".pins")), 0700);
    ck_assert_uint_eq(mode_of(in_store(".pins/one")), 0600);
    done(s);
}
END_TEST

START_TEST(what_is_set_aside_is_gone_and_swept_away)
{
    struct pab_store *s = three();
    ck_assert_msg(pab_store_set_aside(s, "one", NULL, &err) == PAB_OK, "%s", err.message);
    ck_assert_uint_eq(listed(s), 2);
    ck_assert(!there("one") && there(".deleting-one"));
    ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_OK);
    ck_assert(!there(".deleting-one"));
    done(s);
}
END_TEST

START_TEST(a_pinned_one_and_the_latest_are_not_set_aside)
{
    struct pab_store *s = three();
    ck_assert_int_eq(pab_store_pin(s, "one", "", &err), PAB_OK);
    ck_assert_int_eq(pab_store_set_aside(s, "one", NULL, &err), PAB_E_REFUSED);
    ck_assert_int_eq(pab_store_set_aside(s, "three", NULL, &err), PAB_E_REFUSED);
    ck_assert_int_eq(pab_store_set_aside(s, "four", NULL, &err), PAB_E_IO);
    ck_assert_int_eq(pab_store_set_aside(s, "../store/two", NULL, &err), PAB_E_USAGE);
    ck_assert_uint_eq(listed(s), 3);
    ck_assert(!there(".deleting-one"));
    ck_assert_int_eq(pab_store_point_latest(s, "two", &err), PAB_OK);
    ck_assert_int_eq(pab_store_set_aside(s, "three", NULL, &err), PAB_OK);
    CLEANUP_FREE char *latest = pab_store_latest(s);
    ck_assert_str_eq(latest, "two");
    done(s);
}
END_TEST

START_TEST(pins_that_cannot_be_read_stop_everything)
{
    struct pab_store *s = three();
    struct pab_backup_list list = { 0 };
    put_file(in_store(".pins"), "no folder");
    ck_assert_int_ne(pab_store_list(s, &list, &err), PAB_OK);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_int_ne(pab_store_set_aside(s, "one", NULL, &err), PAB_OK);
    ck_assert(there("one") && !there(".deleting-one"));
    done(s);
}
END_TEST

START_TEST(nothing_is_removed_before_its_new_name_is_durable)
{
    struct pab_store *s = three();
    ck_assert_int_eq(pab_store_set_aside(s, "one", NULL, &err), PAB_OK);
    pab_fs_fail_sync_at(1, EIO);
    ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_E_IO);
    ck_assert(there(".deleting-one/manifest.json"));
    ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_OK);
    ck_assert(!there(".deleting-one"));
    done(s);
}
END_TEST

START_TEST(a_rename_that_fails_leaves_the_backup)
{
    struct pab_store *s = three();
    pab_fs_fail_rename_at(1, EIO);
    ck_assert_int_eq(pab_store_set_aside(s, "one", NULL, &err), PAB_E_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "cannot set aside"));
    ck_assert_uint_eq(listed(s), 3);
    done(s);
}
END_TEST

START_TEST(what_an_earlier_removal_of_that_name_left_is_no_hindrance)
{
    struct pab_store *s = three();
    ck_assert_int_eq(mkdir(in_store(".deleting-one"), 0700), 0);
    put_file(in_store(".deleting-one/x"), "x");
    ck_assert_int_eq(pab_store_set_aside(s, "one", NULL, &err), PAB_OK);
    ck_assert(!there(".deleting-one/x") && there(".deleting-one/manifest.json"));
    done(s);
}
END_TEST

START_TEST(killed_at_any_step_the_next_sweep_finishes_it)
{
    static const char *const points[] = { "aside:1", "aside-renamed:1", "aside:2", "aside-renamed:2", "sweep:1", "sweep:2" };
    for (size_t i = 0; i < sizeof points / sizeof *points; i++) {
        struct pab_store *s = three();
        pab_store_close(s);
        pid_t pid = fork();
        ck_assert_int_ge(pid, 0);
        if (pid == 0) {
            pab_test_kill_at(points[i]);
            s = open_store();
            if (!pab_store_lock(s, "cleanup", 0, &err) && !pab_store_set_aside(s, "two", NULL, &err) && !pab_store_set_aside(s, "one", NULL, &err))
                pab_store_sweep(s, NULL, NULL, &err);
            end_child(0);
        }
        int status;
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFSIGNALED(status), "%s: passed", points[i]);
        s = open_store();
        ck_assert_int_eq(pab_store_lock(s, "cleanup", 0, &err), PAB_OK);
        ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_OK);
        ck_assert(!there(".deleting-one") && !there(".deleting-two"));
        struct pab_backup_list list = { 0 };
        ck_assert_int_eq(pab_store_list(s, &list, &err), PAB_OK);
        for (size_t k = 0; k < list.count; k++) ck_assert_msg(list.items[k].readable, "%s: %s", points[i], list.items[k].problem);
        pab_backup_list_release(&list);
        done(s);
    }
}
END_TEST

START_TEST(a_pinned_one_that_a_killed_cleanup_set_aside_comes_back)
{
    struct pab_store *s = three();
    ck_assert_int_eq(pab_store_pin(s, "one", "keep", &err), PAB_OK);
    pab_store_close(s);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0) {
        pab_test_kill_at("aside-renamed:1");
        s = open_store();
        if (!pab_store_lock(s, "cleanup", 0, &err)) pab_store_set_aside(s, "one", NULL, &err);
        end_child(0);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    s = open_store();
    ck_assert(!there("one") && there(".deleting-one/manifest.json"));
    ck_assert_int_eq(pab_store_lock(s, "cleanup", 0, &err), PAB_OK);
    ck_assert_msg(pab_store_sweep(s, NULL, NULL, &err) == PAB_OK, "%s", err.message);
    ck_assert(there("one/manifest.json") && !there(".deleting-one"));
    ck_assert_uint_eq(listed(s), 3);
    ck_assert_str_eq(pin_of(s, "one"), "keep");
    ck_assert_int_eq(pab_store_unpin(s, "one", &err), PAB_OK);
    done(s);
}
END_TEST

START_TEST(one_that_cannot_come_back_is_not_removed_either)
{
    struct pab_store *s = three();
    CLEANUP_FREE char *name = pab_strdup(in_store("one"));
    ck_assert_int_eq(rename(name, in_store(".deleting-one")), 0);
    ck_assert_int_eq(mkdir(in_store(".pins"), 0700), 0);
    put_file(in_store(".pins/one"), "keep\n");
    pab_fs_fail_rename_at(1, EIO);
    ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_E_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "which is pinned"));
    ck_assert(there(".deleting-one/manifest.json"));
    ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_OK);
    ck_assert(there("one/manifest.json"));
    done(s);
}
END_TEST

START_TEST(room_counts_a_file_of_two_names_once_and_only_when_both_go)
{
    struct pab_store *s = three();
    char text[20000];
    struct pab_usage one = { 0 }, both = { 0 }, plain = { 0 };
    pab_store_measure(s, "one", &plain);
    ck_assert_uint_gt(plain.bytes, 4096);
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    put_file(in_store("one/databases/big.sql"), text);
    ck_assert_int_eq(link(in_store("one/databases/big.sql"), in_store("two/databases/big.sql")), 0);
    pab_store_measure(s, "one", &one);
    ck_assert_uint_eq(one.bytes, plain.bytes);
    pab_store_measure(s, "one", &both);
    pab_store_measure(s, "two", &both);
    ck_assert_uint_ge(both.bytes, 2 * plain.bytes + 20000 - 4096);
    ck_assert_uint_lt(both.bytes, 2 * plain.bytes + 2 * 20000);
    pab_usage_release(&one);
    pab_usage_release(&both);
    pab_usage_release(&plain);
    done(s);
}
END_TEST

START_TEST(what_is_being_read_keeps_its_files_until_it_is_closed)
{
    struct pab_store *s = three();
    struct pab_backup *b = NULL;
    struct stat st;
    ck_assert_msg(pab_backup_open(s, "one", &b, &err) == PAB_OK, "%s", err.message);
    ck_assert_msg(pab_store_set_aside(s, "one", NULL, &err) == PAB_OK, "%s", err.message);
    ck_assert_msg(pab_store_sweep(s, NULL, NULL, &err) == PAB_OK, "%s", err.message);
    ck_assert_uint_eq(listed(s), 2);
    ck_assert_msg(pab_backup_check_files(b, NULL, NULL, &err) == PAB_OK, "%s", err.message);
    ck_assert_int_eq(fstatat(pab_store_dirfd(s), ".deleting-one", &st, 0), 0);
    pab_backup_close(b);
    ck_assert_int_eq(pab_store_sweep(s, NULL, NULL, &err), PAB_OK);
    ck_assert_int_ne(fstatat(pab_store_dirfd(s), ".deleting-one", &st, 0), 0);
    done(s);
}
END_TEST

UNIT_MAIN("remove", a_pin_is_listed_with_its_reason_until_it_is_taken_off, a_pin_changes_nothing_in_the_backup, what_is_set_aside_is_gone_and_swept_away,
          a_pinned_one_and_the_latest_are_not_set_aside, pins_that_cannot_be_read_stop_everything, nothing_is_removed_before_its_new_name_is_durable,
          a_rename_that_fails_leaves_the_backup, what_an_earlier_removal_of_that_name_left_is_no_hindrance, killed_at_any_step_the_next_sweep_finishes_it,
          a_pinned_one_that_a_killed_cleanup_set_aside_comes_back, one_that_cannot_come_back_is_not_removed_either,
          room_counts_a_file_of_two_names_once_and_only_when_both_go,
          what_is_being_read_keeps_its_files_until_it_is_closed)
