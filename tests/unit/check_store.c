/* Tests of an open store: opening, locking, sweeping what dead runs left, logs. */
#include <sched.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "core/base/clock.h"
#include "tests/unit/store_fixture.h"

static int opens(const char *below, int flags)
{
    struct pab_store *s = NULL;
    CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, below);
    pab_error_clear(&err);
    int rc = pab_store_open(path, flags, &s, &err);
    pab_store_close(s);
    return rc;
}

START_TEST(a_store_that_is_not_there_is_named_and_not_made)
{
    setup();
    ck_assert_int_eq(opens("store", 0), PAB_E_NOT_FOUND);
    ck_assert(strstr(err.message, "no store at '") && strstr(err.message, "/store'"));
    ck_assert_ptr_nonnull(strstr(err.hint, "pabengine run"));
    ck_assert_int_eq(there(""), 0);
    teardown();
}
END_TEST

START_TEST(a_new_store_is_private_with_all_folders_above_it)
{
    setup();
    mode_t before = umask(0);
    ck_assert_int_eq(opens("store/a/b", PAB_STORE_CREATE), PAB_OK);
    umask(before);
    ck_assert_uint_eq(mode_of(in_store("")), 0700);
    ck_assert_uint_eq(mode_of(in_store("a")), 0700);
    ck_assert_uint_eq(mode_of(in_store("a/b")), 0700);
    teardown();
}
END_TEST

START_TEST(the_mode_of_a_folder_that_was_there_is_its_owners_business)
{
    setup();
    ck_assert_int_eq(mkdir(in_store(""), 0755), 0);
    ck_assert_int_eq(chmod(in_store(""), 0750), 0);
    ck_assert_int_eq(opens("store", PAB_STORE_CREATE), PAB_OK);
    ck_assert_uint_eq(mode_of(in_store("")), 0750);
    teardown();
}
END_TEST

START_TEST(a_store_that_is_a_file_is_refused)
{
    setup();
    CLEANUP_FREE char *path = pab_sprintf("%s/store", dir);
    put_file(path, "x");
    ck_assert_int_eq(opens("store", PAB_STORE_CREATE), PAB_E_IO);
    ck_assert_ptr_nonnull(strstr(err.message, "is not a folder"));
    ck_assert_int_ne(opens("store/below", PAB_STORE_CREATE), PAB_OK);
    teardown();
}
END_TEST

START_TEST(a_store_may_be_reached_by_a_symlink)
{
    setup();
    CLEANUP_FREE char *link = pab_sprintf("%s/link", dir);
    ck_assert_int_eq(mkdir(in_store(""), 0700), 0);
    ck_assert_int_eq(symlink("store", link), 0);
    ck_assert_int_eq(opens("link", PAB_STORE_CREATE), PAB_OK);
    teardown();
}
END_TEST

/* A child that holds the store until told to end, having staged NAME; it dies with its pipe. */
struct holder { pid_t pid; int to, from; };

static struct holder hold(const char *what, const char *stage)
{
    int to[2], from[2];
    char c = 0;
    ck_assert_int_eq(pipe2(to, O_CLOEXEC), 0);
    ck_assert_int_eq(pipe2(from, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct pab_stage *st = NULL;
        close(to[1]);
        struct pab_store *s = open_store();
        int rc = pab_store_lock(s, what, 0, &err);
        if (!rc && stage) rc = pab_stage_begin(s, stage, NOON, &st, &err);
        c = rc ? 'n' : 'y';
        if (write(from[1], &c, 1) != 1 || read(to[0], &c, 1) < 0) end_child(1);
        end_child(0); /* nothing is cleaned up */
    }
    close(to[0]);
    close(from[1]);
    ck_assert_int_eq(read(from[0], &c, 1), 1);
    ck_assert_int_eq(c, 'y');
    return (struct holder){ pid, to[1], from[0] };
}

static void let_go(struct holder *h)
{
    int status;
    close(h->to);
    close(h->from);
    ck_assert_int_eq(waitpid(h->pid, &status, 0), h->pid);
}

START_TEST(the_second_of_two_runs_is_told_who_holds_the_store)
{
    setup();
    struct holder h = hold("run nightly", NULL);
    struct pab_store *s = open_store();
    CLEANUP_FREE char *pid = pab_sprintf("pid %d on ", (int)h.pid);
    ck_assert_int_eq(pab_store_lock(s, "run weekly", 0, &err), PAB_E_BUSY);
    ck_assert_ptr_nonnull(strstr(err.message, pid));
    ck_assert_ptr_nonnull(strstr(err.message, "(run nightly)"));
    let_go(&h);
    ck_assert_int_eq(pab_store_lock(s, "run weekly", 0, &err), PAB_OK);
    ck_assert_int_eq(pab_store_lock(s, "run weekly", 0, &err), PAB_OK); /* held already */
    pab_store_close(s);
    teardown();
}
END_TEST

static char swept[256];

static void note_swept(void *ctx, const char *name)
{
    (void)ctx;
    snprintf(swept + strlen(swept), sizeof swept - strlen(swept), "%s ", name);
}

static int sweep(struct pab_store *s)
{
    swept[0] = 0;
    pab_error_clear(&err);
    return pab_store_sweep(s, note_swept, NULL, &err);
}

START_TEST(what_a_dead_run_staged_is_swept)
{
    setup();
    struct holder h = hold("run", "one");
    let_go(&h);
    struct pab_store *s = open_store();
    ck_assert_int_eq(there(".partial-one"), 1);
    ck_assert_int_eq(sweep(s), PAB_OK);
    ck_assert_str_eq(swept, ".partial-one ");
    ck_assert_int_eq(there(".partial-one"), 0);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(what_a_living_run_staged_stays_even_when_the_lock_file_was_deleted)
{
    setup();
    struct holder h = hold("run", "one");
    struct pab_store *s = open_store();
    ck_assert_int_eq(unlink(in_store(".lock")), 0);
    ck_assert_int_eq(pab_store_lock(s, "run", 0, &err), PAB_OK);
    ck_assert_int_eq(sweep(s), PAB_OK);
    ck_assert_str_eq(swept, "");
    ck_assert_int_eq(there(".partial-one"), 1);
    let_go(&h);
    ck_assert_int_eq(sweep(s), PAB_OK);
    ck_assert_str_eq(swept, ".partial-one ");
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(sweeping_takes_left_overs_only)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_int_eq(mkdir(in_store(".partial-"), 0), 0); /* not even readable */
    ck_assert_int_eq(symlink("one", in_store(".latest.new")), 0);
    ck_assert_int_eq(symlink("one", in_store(".partial-link")), 0);
    ck_assert_int_eq(mkdir(in_store("partial-mine"), 0700), 0);
    ck_assert_int_eq(mkdir(in_store(".hidden"), 0700), 0);
    put_file(in_store("notes.txt"), "mine");
    ck_assert_int_eq(sweep(s), PAB_OK);
    ck_assert(!there(".partial-") && !there(".latest.new") && !there(".partial-link"));
    ck_assert(there("one/manifest.json") && there("partial-mine") && there(".hidden") && there("notes.txt") && there("latest"));
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(what_cannot_be_swept_is_told_and_the_rest_goes)
{
    setup();
    struct pab_store *s = open_store();
    CLEANUP_FREE char *mounted = pab_strdup(in_store(".partial-b/sub"));
    ck_assert_int_eq(mkdir(in_store(".partial-a"), 0700), 0);
    ck_assert_int_eq(mkdir(in_store(".partial-b"), 0700), 0);
    ck_assert_int_eq(mkdir(mounted, 0700), 0);
    ck_assert_int_eq(mkdir(in_store(".partial-c"), 0700), 0);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) || mount("tiny", mounted, "tmpfs", 0, "size=64k")) {
        printf("SKIP: a folder that cannot be removed needs root and the right to mount (%s)\n", strerror(errno));
    } else {
        pab_store_close(s);
        s = open_store(); /* through the mounts that this process sees now */
        ck_assert_int_eq(sweep(s), PAB_E_BUSY);
        ck_assert_ptr_nonnull(strstr(err.message, "cannot remove '.partial-b'"));
        ck_assert(!there(".partial-a") && there(".partial-b") && !there(".partial-c"));
        ck_assert_int_eq(umount(mounted), 0);
    }
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_sweep_that_is_killed_is_finished_by_the_next_one)
{
    setup();
    struct pab_store *s = open_store();
    int status;
    for (int i = 0; i < 3; i++) {
        CLEANUP_FREE char *name = pab_sprintf(".partial-%d", i);
        ck_assert_int_eq(mkdir(in_store(name), 0700), 0);
    }
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        pab_test_kill_at("sweep:2");
        end_child(sweep(s));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(there(".partial-0") + there(".partial-1") + there(".partial-2"), 2);
    ck_assert_int_eq(sweep(s), PAB_OK);
    ck_assert_int_eq(there(".partial-0") + there(".partial-1") + there(".partial-2"), 0);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_log_is_private_and_grows)
{
    setup();
    struct pab_store *s = open_store();
    for (int i = 0; i < 2; i++) {
        int fd = pab_store_open_log(s, "backup", "one", &err);
        ck_assert_int_ge(fd, 0);
        ck_assert_int_eq(pab_write_all(fd, "line\n", 5), 0);
        close(fd);
    }
    struct stat st;
    ck_assert_int_eq(stat(in_store("logs/backup-one.log"), &st), 0);
    ck_assert_int_eq(st.st_size, 10);
    ck_assert_uint_eq(st.st_mode & 07777, 0600);
    ck_assert_uint_eq(mode_of(in_store("logs")), 0700);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(logs_are_kept_30_days_and_nothing_else_is_removed)
{
    static const struct { const char *name; int days, kept; } files[] = {
        { "logs/backup-old.log", 31, 0 }, { "logs/backup-new.log", 29, 1 }, { "logs/old.txt", 400, 1 }, { "old.log", 400, 1 },
    };
    setup();
    struct pab_store *s = open_store();
    close(pab_store_open_log(s, "backup", "one", &err));
    for (size_t i = 0; i < 4; i++) {
        struct timespec then[2] = { { .tv_sec = pab_now_ns() / SECOND - files[i].days * 86400 }, { 0 } };
        then[1] = then[0];
        put_file(in_store(files[i].name), "x");
        ck_assert_int_eq(utimensat(AT_FDCWD, in_store(files[i].name), then, 0), 0);
    }
    close(pab_store_open_log(s, "backup", "two", &err));
    for (size_t i = 0; i < 4; i++) ck_assert_msg(there(files[i].name) == files[i].kept, "%s", files[i].name);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_symlink_in_place_of_a_log_is_not_followed)
{
    setup();
    struct pab_store *s = open_store();
    CLEANUP_FREE char *victim = pab_sprintf("%s/victim", dir);
    put_file(victim, "x");
    close(pab_store_open_log(s, "backup", "one", &err));
    ck_assert_int_eq(symlink("../../victim", in_store("logs/backup-two.log")), 0);
    ck_assert_int_lt(pab_store_open_log(s, "backup", "two", &err), 0);
    ck_assert_ptr_nonnull(strstr(err.message, "logs/backup-two.log"));
    pab_store_close(s);
    teardown();
}
END_TEST

UNIT_MAIN("store", a_store_that_is_not_there_is_named_and_not_made, a_new_store_is_private_with_all_folders_above_it,
          the_mode_of_a_folder_that_was_there_is_its_owners_business, a_store_that_is_a_file_is_refused, a_store_may_be_reached_by_a_symlink,
          the_second_of_two_runs_is_told_who_holds_the_store, what_a_dead_run_staged_is_swept,
          what_a_living_run_staged_stays_even_when_the_lock_file_was_deleted, sweeping_takes_left_overs_only, what_cannot_be_swept_is_told_and_the_rest_goes,
          a_sweep_that_is_killed_is_finished_by_the_next_one, a_log_is_private_and_grows, logs_are_kept_30_days_and_nothing_else_is_removed,
          a_symlink_in_place_of_a_log_is_not_followed)
