/* check_lockfile.c - lockfile.h: one holder among processes, and whose lock it was when that one died. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/lockfile.h"
#include "tests/unit/unit.h"

static char dir[64];
static int at = -1;
static struct pab_error err;
static struct pab_lock *lock;

static void begin(void)
{
    snprintf(dir, sizeof dir, "/tmp/pab-lock-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(at, 0);
    pab_error_clear(&err);
    lock = NULL;
}

static void end(void)
{
    close(at);
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, dir, &err), PAB_OK);
}

static void take(const char *what)
{
    ck_assert_msg(pab_lock_take(at, "lock", what, 0, &lock, &err) == PAB_OK, "%s", err.message);
}

/* A child that takes the lock, says so, and then holds it until it is told to end: by a byte (released) or by a signal. */
struct holder { pid_t pid; int tell; };

static struct holder hold(void)
{
    int told[2], ready[2];
    char c;
    ck_assert_int_eq(pipe(told) | pipe(ready), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        close(told[1]);
        if (pab_lock_take(at, "lock", "run nightly", 0, &lock, NULL) || write(ready[1], "r", 1) != 1 || read(told[0], &c, 1) != 1) _exit(1);
        pab_lock_release(lock);
        _exit(0);
    }
    close(told[0]);
    close(ready[1]);
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    return (struct holder){ pid, told[1] };
}

static void let_go(struct holder h)
{
    int status;
    ck_assert_int_eq(write(h.tell, "x", 1), 1);
    ck_assert_int_eq(waitpid(h.pid, &status, 0), h.pid);
    ck_assert_int_eq(status, 0);
    close(h.tell);
}

static void murder(struct holder h)
{
    kill(h.pid, SIGKILL);
    ck_assert_int_eq(waitpid(h.pid, NULL, 0), h.pid);
    close(h.tell);
}

START_TEST(a_second_process_is_told_who_holds_it)
{
    char host[256] = "";
    begin();
    setenv("PABENGINE_TEST_NOW", "1705834800", 1);
    struct holder h = hold();
    ck_assert_int_eq(pab_lock_take(at, "lock", "me", 0, &lock, &err), PAB_E_BUSY);
    ck_assert_ptr_null(lock);
    char since[40];
    gethostname(host, sizeof host - 1);
    CLEANUP_FREE char *message = pab_sprintf("'lock' is locked: held by pid %d on %s since %s (run nightly)", (int)h.pid, host,
                                             pab_format_rfc3339(INT64_C(1705834800000000000), since, sizeof since));
    ck_assert_str_eq(err.message, message);
    ck_assert_str_eq(err.hint, "wait until it has ended, or end it");
    ck_assert_int_eq(err.retryable, 1);
    let_go(h);
    unsetenv("PABENGINE_TEST_NOW");
    end();
}
END_TEST

START_TEST(within_one_process_it_is_held_once_too)
{
    struct pab_lock *second = NULL;
    begin();
    take("first");
    ck_assert_int_eq(pab_lock_take(at, "lock", "second", 0, &second, &err), PAB_E_BUSY);
    pab_lock_release(lock);
    ck_assert_int_eq(pab_lock_take(at, "lock", "second", 0, &second, &err), PAB_OK);
    pab_lock_release(second);
    pab_lock_release(NULL);
    end();
}
END_TEST

START_TEST(a_released_lock_leaves_no_stale_owner)
{
    struct pab_lock_owner o;
    begin();
    let_go(hold());
    take("me");
    ck_assert_int_eq(pab_lock_stale_owner(lock, &o), 0);
    pab_lock_release(lock);
    end();
}
END_TEST

START_TEST(a_killed_holder_holds_nothing_but_is_remembered)
{
    struct pab_lock_owner o = { 0 };
    CLEANUP_FREE char *boot = NULL;
    begin();
    int64_t before = pab_now_ns();
    struct holder h = hold();
    int64_t after = pab_now_ns();
    murder(h);
    take("me");
    ck_assert_int_eq(pab_lock_stale_owner(lock, &o), 1);
    ck_assert_int_eq(o.pid, h.pid);
    ck_assert_str_eq(o.what, "run nightly");
    ck_assert_int_ge(o.start_ns, before);
    ck_assert_int_le(o.start_ns, after);
    ck_assert_int_eq(pab_read_file(-1, "/proc/sys/kernel/random/boot_id", 100, &boot, NULL, &err), PAB_OK);
    boot[strcspn(boot, "\n")] = '\0';
    ck_assert_str_eq(o.boot_id, boot);
    pab_lock_release(lock);
    take("me again"); /* told once: then it was ours, and released */
    ck_assert_int_eq(pab_lock_stale_owner(lock, &o), 0);
    pab_lock_release(lock);
    end();
}
END_TEST

START_TEST(an_owner_of_another_boot_with_a_living_pid_is_stale_too)
{
    struct pab_lock_owner o = { 0 };
    begin();
    CLEANUP_FREE char *text = pab_sprintf("host=elsewhere\npid=%d\nboot_id=00000000-0000-0000-0000-000000000000\nstart_ns=17\nwhat=restore\nnovelty=1\n", (int)getpid());
    ck_assert_int_eq(pab_write_file_atomic(at, "lock", text, strlen(text), 0600, &err), PAB_OK);
    take("me"); /* the kernel's lock counts, not the number of a process */
    ck_assert_int_eq(pab_lock_stale_owner(lock, &o), 1);
    ck_assert_str_eq(o.host, "elsewhere");
    ck_assert_str_eq(o.boot_id, "00000000-0000-0000-0000-000000000000");
    ck_assert_int_eq(o.start_ns, 17);
    ck_assert_str_eq(o.what, "restore");
    pab_lock_release(lock);
    end();
}
END_TEST

START_TEST(rubbish_in_the_file_names_nobody_and_hinders_nobody)
{
    static char large[20000];
    static const char *const texts[] = { "", "\n\n\n", "pid=\n", "pid=0\n", "pid=-4\n", "pid=999999999999999999999999\n", "no lines at all", "=\n==\n", large };
    memset(large, 'h', sizeof large - 1);
    begin();
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        struct pab_lock_owner o;
        ck_assert_int_eq(pab_write_file_atomic(at, "lock", texts[i], strlen(texts[i]), 0600, &err), PAB_OK);
        take("me");
        ck_assert_msg(!pab_lock_stale_owner(lock, &o), "text %zu", i);
        pab_lock_release(lock);
    }
    end();
}
END_TEST

START_TEST(what_cannot_forge_lines)
{
    struct pab_lock_owner o = { 0 };
    begin();
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        if (pab_lock_take(at, "lock", "x\npid=1\nhost=forged", 0, &lock, NULL)) _exit(1);
        kill(getpid(), SIGKILL);
    }
    waitpid(pid, NULL, 0);
    take("me");
    ck_assert_int_eq(pab_lock_stale_owner(lock, &o), 1);
    ck_assert_int_eq(o.pid, pid);
    ck_assert_str_ne(o.host, "forged");
    ck_assert_str_eq(o.what, "x\\x0apid=1\\x0ahost=forged");
    pab_lock_release(lock);
    end();
}
END_TEST

static void *release_soon(void *arg)
{
    usleep(100000);
    let_go(*(struct holder *)arg);
    return NULL;
}

START_TEST(waiting_gets_it_when_the_holder_ends)
{
    pthread_t thread;
    begin();
    struct holder h = hold();
    ck_assert_int_eq(pthread_create(&thread, NULL, release_soon, &h), 0);
    ck_assert_msg(pab_lock_take(at, "lock", "me", 60000, &lock, &err) == PAB_OK, "%s", err.message);
    pthread_join(thread, NULL);
    pab_lock_release(lock);
    end();
}
END_TEST

START_TEST(waiting_ends_with_its_time_or_a_cancellation)
{
    begin();
    struct holder h = hold();
    ck_assert_int_eq(pab_lock_take(at, "lock", "me", 80, &lock, &err), PAB_E_BUSY);
    pab_cancel_trigger();
    ck_assert_int_eq(pab_lock_take(at, "lock", "me", 60000, &lock, &err), PAB_E_CANCELLED);
    ck_assert_str_eq(err.message, "cancelled while waiting for the lock 'lock'");
    pab_cancel_reset();
    let_go(h);
    end();
}
END_TEST

START_TEST(a_symlink_is_not_followed)
{
    begin();
    ck_assert_int_eq(symlinkat("/tmp/pab-lock-elsewhere", at, "lock"), 0);
    ck_assert_int_eq(pab_lock_take(at, "lock", "me", 0, &lock, &err), PAB_E_IO);
    ck_assert_int_eq(err.os_errno, ELOOP);
    ck_assert_int_ne(access("/tmp/pab-lock-elsewhere", F_OK), 0);
    end();
}
END_TEST

START_TEST(a_full_disk_keeps_nobody_from_it)
{
    struct pab_lock *second = NULL;
    begin();
    pab_fs_fail_write_at(1, ENOSPC);
    take("me");
    ck_assert_int_eq(pab_lock_take(at, "lock", "another", 0, &second, &err), PAB_E_BUSY);
    ck_assert_ptr_nonnull(strstr(err.message, "held by another process"));
    pab_lock_release(lock);
    end();
}
END_TEST

START_TEST(a_write_that_fails_otherwise_leaves_it_free)
{
    begin();
    pab_fs_fail_write_at(1, EIO);
    ck_assert_int_eq(pab_lock_take(at, "lock", "me", 0, &lock, &err), PAB_E_IO);
    ck_assert_ptr_null(lock);
    take("me");
    pab_lock_release(lock);
    end();
}
END_TEST

UNIT_MAIN("lockfile", a_second_process_is_told_who_holds_it, within_one_process_it_is_held_once_too, a_released_lock_leaves_no_stale_owner,
          a_killed_holder_holds_nothing_but_is_remembered, an_owner_of_another_boot_with_a_living_pid_is_stale_too,
          rubbish_in_the_file_names_nobody_and_hinders_nobody, what_cannot_forge_lines, waiting_gets_it_when_the_holder_ends,
          waiting_ends_with_its_time_or_a_cancellation, a_symlink_is_not_followed, a_full_disk_keeps_nobody_from_it, a_write_that_fails_otherwise_leaves_it_free)
