/* Tests of core/engine/journal.h: what is noted is undone once by the next start, whatever became of who noted it. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/engine/journal.h"
#include "core/plug/op.h"
#include "tests/unit/unit.h"

static char dir[64], warnings[2048];
static struct pab_error err;
static struct pab_plugs *plugs;

static void event(void *ctx, const struct pab_event *e)
{
    (void)ctx;
    if (e->type == PAB_EV_WARNING) snprintf(warnings + strlen(warnings), sizeof warnings - strlen(warnings), "%s\n", e->text);
}

static void setup(void)
{
    strcpy(dir, "/tmp/pab-journal-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    memset(&err, 0, sizeof err);
    warnings[0] = 0;
    plugs = pab_plugs_new(TEST_BUILDDIR "/tests/plugins/.libs", pab_host_table());
}

static void teardown(void)
{
    pab_plugs_free(plugs);
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, dir, &err), PAB_OK);
}

/* The records of these tests are paths: the plugin `scripted` undoes one by making that file. */
static const char *file(const char *name)
{
    static char paths[4][256];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/%s", dir, name);
    return path;
}

static int undone(const char *name)
{
    return access(file(name), F_OK) == 0;
}

static uint64_t add(struct pab_journal *j, const char *name)
{
    uint64_t id = 0;
    ck_assert_msg(pab_journal_add(j, "scripted", file(name), &id, &err) == PAB_OK, "%s", err.message);
    return id;
}

static int replay(void)
{
    struct pab_events ev = { .event = event };
    struct pab_journal *j = pab_journal_new(dir);
    int n = pab_journal_replay(j, plugs, &ev);
    pab_journal_free(j);
    return n;
}

static int files_left(void)
{
    CLEANUP_FREE char *command = pab_sprintf("test -z \"$(find %s/journal -type f 2>/dev/null)\"", dir);
    return system(command) != 0;
}

/* Runs in a child that ends by SIGKILL: at POINT:N, or at its end. */
static void in_a_process_that_dies(void (*work)(struct pab_journal *j), const char *point)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct pab_journal *j = pab_journal_new(dir);
        pab_test_kill_at(point);
        work(j);
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

START_TEST(nothing_is_written_before_there_is_something_to_undo)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    ck_assert_int_eq(replay(), 0);
    pab_journal_free(j);
    ck_assert_int_ne(access(file("journal"), F_OK), 0);
    teardown();
}
END_TEST

START_TEST(what_was_done_and_undone_leaves_no_file)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    uint64_t a = add(j, "a"), b = add(j, "b");
    ck_assert_int_eq(files_left(), 1);
    ck_assert_int_eq(pab_journal_done(j, a, &err), PAB_OK);
    ck_assert_int_eq(pab_journal_done(j, b, &err), PAB_OK);
    pab_journal_free(j);
    ck_assert_int_eq(files_left(), 0);
    teardown();
}
END_TEST

static void two_open_one_done(struct pab_journal *j)
{
    add(j, "a");
    uint64_t b = add(j, "b");
    add(j, "c");
    pab_journal_done(j, b, &err);
}

START_TEST(a_dead_process_has_its_open_records_undone_once)
{
    setup();
    in_a_process_that_dies(two_open_one_done, NULL);
    ck_assert_int_eq(replay(), 2);
    ck_assert(undone("a") && !undone("b") && undone("c"));
    ck_assert_int_eq(files_left(), 0);
    ck_assert_int_eq(replay(), 0);
    ck_assert_str_eq(warnings, "");
    teardown();
}
END_TEST

START_TEST(a_living_process_is_left_alone)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    uint64_t id = add(j, "a");
    ck_assert_int_eq(replay(), 0);
    ck_assert(!undone("a"));
    ck_assert_int_eq(pab_journal_done(j, id, &err), PAB_OK);
    pab_journal_free(j);
    ck_assert_int_eq(files_left(), 0);
    teardown();
}
END_TEST

static void one_noted_then_acted(struct pab_journal *j)
{
    add(j, "a");
    close(open(file("acted"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
}

START_TEST(killed_at_any_point_of_noting_what_was_acted_on_is_undone)
{
    int n = 1, acted = 0;
    for (; !acted; n++) {
        setup();
        CLEANUP_FREE char *point = pab_sprintf("*:%d", n);
        in_a_process_that_dies(one_noted_then_acted, point);
        acted = access(file("acted"), F_OK) == 0;
        replay();
        ck_assert_msg(!acted || undone("a"), "point %d", n); /* noted and not acted: either will do */
        ck_assert_int_eq(replay(), 0);
        ck_assert_str_eq(warnings, "");
        teardown();
    }
    ck_assert_int_ge(n, 4); /* locked, before the write, after it */
}
END_TEST

START_TEST(what_cannot_be_undone_stays_with_a_warning_until_it_can)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    uint64_t id;
    ck_assert_int_eq(pab_journal_add(j, "scripted", file("later/a"), &id, &err), PAB_OK);
    ck_assert_int_eq(pab_journal_add(j, "scripted", file("b"), &id, &err), PAB_OK);
    pab_journal_free(j); /* open records: the file stays */
    ck_assert_int_eq(replay(), 1);
    ck_assert(undone("b"));
    ck_assert_ptr_nonnull(strstr(warnings, "could not undo what a killed run left"));
    ck_assert_int_eq(files_left(), 1);
    ck_assert_int_eq(mkdir(file("later"), 0700), 0);
    replay();
    ck_assert(undone("later/a"));
    ck_assert_int_eq(files_left(), 0);
    teardown();
}
END_TEST

START_TEST(a_plugin_that_is_gone_keeps_its_records)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    uint64_t id;
    ck_assert_int_eq(pab_journal_add(j, "uninstalled", "x", &id, &err), PAB_OK);
    pab_journal_free(j);
    ck_assert_int_eq(replay(), 0);
    ck_assert_ptr_nonnull(strstr(warnings, "uninstalled"));
    ck_assert_int_eq(files_left(), 1);
    teardown();
}
END_TEST

/* What stands in the one journal file, as if a process had left it so. */
static void leave(const char *text)
{
    mkdir(file("journal"), 0700);
    int fd = open(file("journal/1-1.jsonl"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_eq(pab_write_all(fd, text, strlen(text)), 0);
    close(fd);
}

START_TEST(a_line_torn_by_the_kill_is_left_out)
{
    setup();
    CLEANUP_FREE char *whole = pab_sprintf("{\"add\":1,\"plugin\":\"scripted\",\"record\":\"%s\"}\n", file("a"));
    for (size_t n = 0; n <= strlen(whole); n++) {
        CLEANUP_FREE char *cut = pab_strndup(whole, n);
        leave(cut);
        ck_assert_int_eq(replay(), n == strlen(whole));
        ck_assert_int_eq(files_left(), 0);
    }
    ck_assert_str_eq(warnings, "");
    teardown();
}
END_TEST

START_TEST(garbage_lines_do_not_hide_the_others)
{
    setup();
    CLEANUP_FREE char *text = pab_sprintf("[]\n\xff\xfe\n\n{\"add\":\"x\"}\n{\"add\":1,\"plugin\":\"scripted\",\"record\":\"%s\"}\n{\"done\":7}\n{}\n", file("a"));
    leave(text);
    ck_assert_int_eq(replay(), 1);
    ck_assert(undone("a"));
    teardown();
}
END_TEST

START_TEST(a_full_disk_is_told_and_does_not_spoil_the_lines_after_it)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    uint64_t a = add(j, "a"), b = 0;
    CLEANUP_FREE char *half = pab_sprintf("find %s/journal -name '*.jsonl' -exec sh -c 'printf \"{\\\"add\\\":9,\\\"pl\" >>\"$1\"' sh {} \\;", dir);
    pab_fs_fail_write_at(1, ENOSPC);
    ck_assert_int_eq(pab_journal_add(j, "scripted", file("b"), &b, &err), PAB_E_NOSPACE);
    pab_fs_fail_write_at(0, 0);
    ck_assert_ptr_nonnull(strstr(err.message, "/journal/"));
    ck_assert_ptr_nonnull(strstr(err.hint, "are free on that disk"));
    ck_assert_int_eq(system(half), 0); /* what fitted of the line */
    ck_assert_int_eq(pab_journal_done(j, a, &err), PAB_OK);
    add(j, "c");
    pab_journal_free(j);
    ck_assert_int_eq(replay(), 1);
    ck_assert(!undone("a") && !undone("b") && undone("c"));
    teardown();
}
END_TEST

START_TEST(a_journal_that_cannot_be_named_is_an_error_and_works_later)
{
    setup();
    struct pab_journal *j = pab_journal_new(dir);
    uint64_t id = 0;
    for (unsigned n = 1; n <= 2; n++) {
        if (n == 1) pab_fs_fail_rename_at(1, EIO);
        else pab_fs_fail_sync_at(1, EIO);
        ck_assert_int_eq(pab_journal_add(j, "scripted", file("a"), &id, &err), PAB_E_IO);
        pab_fs_fail_rename_at(0, 0);
        pab_fs_fail_sync_at(0, 0);
        ck_assert_int_eq(files_left(), 0);
    }
    id = add(j, "a");
    ck_assert_int_eq(pab_journal_done(j, id, &err), PAB_OK);
    pab_journal_free(j);
    ck_assert_int_eq(files_left(), 0);
    teardown();
}
END_TEST

/* Ends itself once `stop` is there. */
static pid_t replay_all_the_time(void)
{
    fflush(NULL);
    pid_t pid = fork();
    if (pid) return pid;
    while (access(file("stop"), F_OK)) replay();
    _exit(0);
}

START_TEST(starts_of_other_processes_never_take_a_journal_that_is_being_made)
{
    setup();
    ck_assert_int_eq(mkdir(file("journal"), 0700), 0);
    pid_t others[2] = { replay_all_the_time(), replay_all_the_time() };
    for (int i = 0; i < (unit_is_slow() ? 50 : 200); i++) {
        struct pab_journal *j = pab_journal_new(dir);
        uint64_t id = add(j, "a");
        ck_assert_int_eq(files_left(), 1);
        ck_assert(!undone("a"));
        ck_assert_int_eq(pab_journal_done(j, id, &err), PAB_OK);
        pab_journal_free(j);
    }
    close(open(file("stop"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (size_t i = 0; i < 2; i++) ck_assert_int_eq(waitpid(others[i], NULL, 0), others[i]);
    teardown();
}
END_TEST

START_TEST(a_file_that_was_never_named_is_removed_when_it_is_old)
{
    setup();
    ck_assert_int_eq(mkdir(file("journal"), 0700), 0);
    close(open(file("journal/1-1.jsonl.new"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    replay();
    ck_assert_int_eq(files_left(), 1); /* may be about to get its name */
    setenv("PABENGINE_TEST_NOW", "9000000000", 1);
    replay();
    unsetenv("PABENGINE_TEST_NOW");
    ck_assert_int_eq(files_left(), 0);
    teardown();
}
END_TEST

UNIT_MAIN("journal", nothing_is_written_before_there_is_something_to_undo, what_was_done_and_undone_leaves_no_file,
          a_dead_process_has_its_open_records_undone_once, a_living_process_is_left_alone, killed_at_any_point_of_noting_what_was_acted_on_is_undone,
          what_cannot_be_undone_stays_with_a_warning_until_it_can, a_plugin_that_is_gone_keeps_its_records, a_line_torn_by_the_kill_is_left_out,
          garbage_lines_do_not_hide_the_others, a_full_disk_is_told_and_does_not_spoil_the_lines_after_it,
          a_journal_that_cannot_be_named_is_an_error_and_works_later, starts_of_other_processes_never_take_a_journal_that_is_being_made,
          a_file_that_was_never_named_is_removed_when_it_is_old)
