/* check_proc.c - proc.h: children that are started, fed, heard, ended, and never overlooked. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/proc.h"
#include "core/base/str.h"
#include "tests/unit/unit.h"

static struct pab_error err;

#define SH(script) ((const char *const[]){ "sh", "-c", (script), NULL })

/* The stdout of a script. Caller frees. */
static char *output(const struct pab_proc_opts *o)
{
    char *text = NULL;
    ck_assert_msg(pab_proc_capture(o, 1 << 20, &text, &err) == PAB_OK, "%s", err.message);
    return text;
}

static int fails(const struct pab_proc_opts *o)
{
    struct pab_proc *p = NULL;
    int rc = pab_proc_start(o, &p, &err);
    if (!rc) rc = pab_proc_finish(p, &err);
    ck_assert_int_ne(rc, PAB_OK);
    return rc;
}

static int readable_fd(void)
{
    return eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
}

START_TEST(what_a_child_prints_is_captured)
{
    CLEANUP_FREE char *text = output(&(struct pab_proc_opts){ .argv = SH("printf 'a\\nb'; echo noise >&2") });
    ck_assert_str_eq(text, "a\nb");
}
END_TEST

START_TEST(a_child_that_prints_too_much_is_ended)
{
    char *text = NULL;
    struct pab_proc_opts o = { .argv = SH("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxx; done"), .what = "the shell" };
    ck_assert_int_eq(pab_proc_capture(&o, 1000, &text, &err), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "the shell printed more than 1000 bytes");
    ck_assert_ptr_null(text);
}
END_TEST

START_TEST(no_memory_for_what_it_prints_is_told_as_that)
{
    char *text = NULL;
    unsigned n = 1;
    struct pab_proc_opts o = { .argv = SH("i=0; while [ $i -lt 500 ]; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxx; i=$((i+1)); done"), .what = "the shell" };
    for (;; n++) {
        pab_alloc_fail_at(n);
        int rc = pab_proc_capture(&o, 1 << 20, &text, &err);
        if (rc == PAB_OK) break;
        ck_assert_int_eq(rc, PAB_E_NOMEM);
        ck_assert_str_eq(err.message, "no memory for what the shell printed");
        ck_assert_ptr_null(text);
    }
    pab_alloc_fail_at(0);
    ck_assert_uint_gt(n, 2);
    ck_assert_uint_eq(strlen(text), 500 * 29);
    free(text);
}
END_TEST

START_TEST(what_is_written_to_a_child_comes_back)
{
    struct pab_proc *p;
    char got[4];
    struct pab_proc_opts o = { .argv = (const char *const[]){ "cat", NULL }, .in = PAB_PROC_PIPE, .out = PAB_PROC_PIPE };
    ck_assert_int_eq(pab_proc_start(&o, &p, &err), PAB_OK);
    ck_assert_int_eq(pab_write_all(pab_proc_in(p), "ping", 4), 0);
    pab_proc_close_in(p);
    ck_assert_int_eq(pab_proc_in(p), -1);
    ck_assert_int_eq(pab_read_full(pab_proc_out(p), got, 4), 4);
    ck_assert_mem_eq(got, "ping", 4);
    ck_assert_int_eq(pab_proc_finish(p, &err), PAB_OK);
}
END_TEST

START_TEST(failure_is_told_with_the_last_words)
{
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("echo first >&2; echo; echo second >&2; exit 3"), .what = "pg_dump of 'letta'" }), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "pg_dump of 'letta' failed with exit status 3: first; second");
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("exit 1") }), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "sh failed with exit status 1");
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("kill -9 $$") }), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "sh was ended by signal SIGKILL");
}
END_TEST

START_TEST(any_exit_status_can_be_asked_for)
{
    static const struct { const char *script; int status; } cases[] = { { "exit 0", 0 }, { "exit 42", 42 }, { "kill -TERM $$", 128 + SIGTERM } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct pab_proc *p;
        int status = -1;
        ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = SH(cases[i].script) }, &p, &err), PAB_OK);
        ck_assert_int_eq(pab_proc_wait(p, &status, &err), PAB_OK);
        ck_assert_int_eq(status, cases[i].status);
    }
}
END_TEST

START_TEST(a_talkative_child_never_blocks_and_its_last_words_are_kept)
{
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("i=0; while [ $i -lt 20000 ]; do echo line $i of many >&2; i=$((i+1)); done; exit 1") }), PAB_E_TOOL);
    ck_assert_ptr_nonnull(strstr(err.message, "line 19999 of many"));
    ck_assert(pab_str_has_prefix(err.message, "sh failed with exit status 1: line "));
    ck_assert_uint_lt(strlen(err.message), 700);
}
END_TEST

START_TEST(last_words_are_printable_whatever_they_were)
{
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("printf 'a\\033[2Jb\\000c\\r\\n\\n  d' >&2; exit 1") }), PAB_E_TOOL);
    ck_assert_ptr_null(strchr(err.message, '\033'));
    ck_assert_str_eq(err.message, "sh failed with exit status 1: a [2Jb c ; d");
}
END_TEST

START_TEST(a_program_that_is_not_there_is_told_at_once)
{
    struct pab_proc *p = NULL;
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = (const char *const[]){ "no-such-program", NULL } }, &p, &err), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "cannot run 'no-such-program': not found");
    ck_assert_str_eq(err.hint, "install it, or add its folder to PATH");
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = (const char *const[]){ "/no/such/program", NULL } }, &p, &err), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "cannot run '/no/such/program': not found");
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = (const char *const[]){ "/etc/passwd", NULL } }, &p, &err), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "cannot run '/etc/passwd': cannot execute it: Permission denied");
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = SH("true"), .cwd = "/no/such/folder" }, &p, &err), PAB_E_TOOL);
    ck_assert_str_eq(err.message, "cannot run 'sh' in '/no/such/folder': No such file or directory");
    ck_assert_ptr_null(p);
}
END_TEST

START_TEST(programs_are_found_in_path_and_never_in_the_current_folder)
{
    CLEANUP_FREE char *before = pab_strdup(getenv("PATH"));
    CLEANUP_FREE char *sh = pab_proc_which("sh");
    ck_assert_ptr_nonnull(sh);
    ck_assert_ptr_null(pab_proc_which(""));
    ck_assert_ptr_null(pab_proc_which("bin/sh"));
    setenv("PATH", ":/no/such/folder:", 1);
    ck_assert_ptr_null(pab_proc_which("sh"));
    setenv("PATH", "", 1);
    CLEANUP_FREE char *fallback = pab_proc_which("sh");
    ck_assert_ptr_nonnull(fallback);
    setenv("PATH", before, 1);
}
END_TEST

START_TEST(the_environment_is_ours_with_what_is_added_and_dropped)
{
    setenv("PAB_TEST_A", "ours", 1);
    setenv("PAB_TEST_B", "ours", 1);
    setenv("PAB_TEST_C", "ours", 1);
    CLEANUP_FREE char *text = output(&(struct pab_proc_opts){ .argv = SH("echo ${PAB_TEST_A-none} ${PAB_TEST_B-none} ${PAB_TEST_C-none} ${PAB_TEST_D-none}"),
                                                              .env_add = (const char *const[]){ "PAB_TEST_B=theirs", "PAB_TEST_D=a=b", NULL },
                                                              .env_drop = (const char *const[]){ "PAB_TEST_C", NULL } });
    ck_assert_str_eq(text, "ours theirs none a=b\n");
}
END_TEST

START_TEST(a_secret_in_the_environment_is_in_no_command_line)
{
    CLEANUP_FREE char *text = output(&(struct pab_proc_opts){ .argv = SH("tr '\\0' ' ' </proc/$$/cmdline; [ ${#PGPASSWORD} = 8 ] && echo known"),
                                                              .env_add = (const char *const[]){ "PGPASSWORD=hunter22", NULL } });
    ck_assert_ptr_null(strstr(text, "hunter22"));
    ck_assert(pab_str_has_suffix(text, "known\n"));
    ck_assert_ptr_null(getenv("PGPASSWORD"));
}
END_TEST

START_TEST(a_child_gets_three_fds_and_its_own_group_and_standard_signals)
{
    int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC: some library's */
    ck_assert_int_gt(leak, 2);
    signal(SIGPIPE, SIG_IGN);
    CLEANUP_FREE char *text = output(&(struct pab_proc_opts){ .argv = SH("ls /proc/$$/fd; [ $(cut -d' ' -f5 /proc/$$/stat) = $$ ] && echo own; grep SigIgn /proc/$$/status") });
    signal(SIGPIPE, SIG_DFL);
    close(leak);
    ck_assert_msg(pab_str_has_prefix(text, "0\n1\n2\nown\n"), "%s", text);
    const char *ignored = strstr(text, "SigIgn:\t");
    ck_assert_ptr_nonnull(ignored);
    ck_assert_msg((strtoull(ignored + 8, NULL, 16) & 0x7fffffff) == 0, "%s", text); /* beyond 31 libc has two of its own */
}
END_TEST

START_TEST(a_child_works_where_it_is_told)
{
    CLEANUP_FREE char *text = output(&(struct pab_proc_opts){ .argv = SH("pwd -P"), .cwd = "/proc" });
    ck_assert_str_eq(text, "/proc\n");
    char path[] = "/tmp/pab-proc-XXXXXX";
    CLEANUP_CLOSE int fd = mkstemp(path);
    struct pab_proc *p;
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = SH("echo here"), .out = PAB_PROC_FD, .out_fd = fd }, &p, &err), PAB_OK);
    ck_assert_int_eq(pab_proc_finish(p, &err), PAB_OK);
    CLEANUP_FREE char *written = NULL;
    ck_assert_int_eq(pab_read_file(-1, path, 100, &written, NULL, &err), PAB_OK);
    ck_assert_str_eq(written, "here\n");
    unlink(path);
}
END_TEST

START_TEST(cancelling_ends_it_and_is_told)
{
    CLEANUP_CLOSE int fd = readable_fd();
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("sleep 600"), .cancel_fd = fd, .what = "the sleeper" }), PAB_E_CANCELLED);
    ck_assert_str_eq(err.message, "the sleeper was ended: cancelled");
}
END_TEST

static void *raise_soon(void *fd)
{
    usleep(50000);
    ck_assert_int_eq(write(*(int *)fd, &(uint64_t){ 1 }, 8), 8);
    return NULL;
}

START_TEST(cancelling_in_the_middle_wakes_a_reader)
{
    CLEANUP_CLOSE int fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    pthread_t thread;
    struct pab_proc *p;
    char c;
    struct pab_proc_opts o = { .argv = SH("sleep 600"), .out = PAB_PROC_PIPE, .cancel_fd = fd };
    ck_assert_int_eq(pab_proc_start(&o, &p, &err), PAB_OK);
    ck_assert_int_eq(pthread_create(&thread, NULL, raise_soon, &fd), 0);
    ck_assert_int_eq(read(pab_proc_out(p), &c, 1), 0); /* the end of a child that is gone */
    ck_assert_int_eq(pab_proc_finish(p, &err), PAB_E_CANCELLED);
    pthread_join(thread, NULL);
}
END_TEST

/* A pid that a child wrote to its stdout. */
static pid_t read_pid(struct pab_proc *p)
{
    char text[20] = "";
    for (size_t n = 0; n < sizeof text - 1 && read(pab_proc_out(p), text + n, 1) == 1 && text[n] != '\n'; n++) {
    }
    return (pid_t)atoi(text);
}

static int is_gone(pid_t pid)
{
    for (int i = 0; i < 500; i++) {
        CLEANUP_FREE char *path = pab_sprintf("/proc/%d/status", (int)pid);
        CLEANUP_FREE char *status = NULL;
        if (pab_read_file(-1, path, 65536, &status, NULL, NULL) || strstr(status, "State:\tZ")) return 1;
        usleep(10000);
    }
    return 0;
}

START_TEST(killing_ends_the_children_of_the_child_too)
{
    struct pab_proc *p;
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = SH("sleep 600 & echo $!; wait"), .out = PAB_PROC_PIPE }, &p, &err), PAB_OK);
    pid_t grandchild = read_pid(p);
    ck_assert_int_gt(grandchild, 1);
    pab_proc_kill(p);
    ck_assert(is_gone(grandchild));
    pab_proc_kill(NULL);
}
END_TEST

START_TEST(one_that_does_not_listen_to_term_is_killed_after_a_grace)
{
    struct pab_proc *p;
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = SH("trap '' TERM; echo $$; while :; do sleep 1; done"), .out = PAB_PROC_PIPE }, &p, &err), PAB_OK);
    pid_t pid = read_pid(p);
    pab_proc_kill(p);
    ck_assert_int_eq(kill(pid, 0), -1);
    ck_assert_int_eq(errno, ESRCH);
}
END_TEST

START_TEST(one_that_is_stopped_is_ended_all_the_same)
{
    CLEANUP_CLOSE int fd = readable_fd();
    ck_assert_int_eq(fails(&(struct pab_proc_opts){ .argv = SH("kill -STOP $$; sleep 600"), .cancel_fd = fd }), PAB_E_CANCELLED);
}
END_TEST

START_TEST(one_that_leaves_a_daemon_behind_does_not_keep_us)
{
    struct pab_proc *p;
    ck_assert_int_eq(pab_proc_start(&(struct pab_proc_opts){ .argv = SH("echo words >&2; sleep 20 & echo $! ; exit 4"), .out = PAB_PROC_PIPE }, &p, &err), PAB_OK);
    pid_t daemon = read_pid(p);
    int64_t before = pab_monotonic_ms();
    ck_assert_int_eq(pab_proc_finish(p, &err), PAB_E_TOOL);
    ck_assert_int_lt(pab_monotonic_ms() - before, 15000); /* its stderr is still open in the daemon */
    ck_assert_str_eq(err.message, "sh failed with exit status 4: words");
    kill(daemon, SIGKILL);
}
END_TEST

START_TEST(children_die_with_this_process)
{
    int ends[2];
    ck_assert_int_eq(pipe2(ends, O_CLOEXEC), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        struct pab_proc *p;
        if (pab_proc_start(&(struct pab_proc_opts){ .argv = SH("echo $$; exec sleep 600"), .out = PAB_PROC_PIPE }, &p, NULL)) _exit(1);
        pid_t child = read_pid(p);
        if (write(ends[1], &child, sizeof child) != (ssize_t)sizeof child) _exit(1);
        kill(getpid(), SIGKILL);
    }
    pid_t child = 0;
    ck_assert_int_eq(read(ends[0], &child, sizeof child), sizeof child);
    waitpid(pid, NULL, 0);
    ck_assert_int_gt(child, 1);
    ck_assert(is_gone(child));
    close(ends[0]);
    close(ends[1]);
}
END_TEST

static size_t open_fds(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 256; fd++) n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

START_TEST(no_fd_is_left_over)
{
    size_t before = open_fds();
    struct pab_proc *p;
    struct pab_proc_opts o = { .argv = SH("cat"), .in = PAB_PROC_PIPE, .out = PAB_PROC_PIPE, .cwd = "/" };
    ck_assert_int_eq(pab_proc_start(&o, &p, &err), PAB_OK);
    ck_assert_int_eq(pab_proc_finish(p, &err), PAB_OK);
    ck_assert_int_eq(pab_proc_start(&o, &p, &err), PAB_OK);
    pab_proc_kill(p);
    o.argv = (const char *const[]){ "/no/such/program", NULL };
    ck_assert_int_eq(pab_proc_start(&o, &p, &err), PAB_E_TOOL);
    ck_assert_uint_eq(open_fds(), before);
}
END_TEST

START_TEST(running_out_of_fds_is_an_error_and_leaks_none)
{
    struct rlimit old, low;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    int started = 0;
    size_t before = open_fds();
    for (rlim_t limit = before; limit < before + 20 && !started; limit++) {
        struct pab_proc *p = NULL;
        low = old;
        low.rlim_cur = limit;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
        int rc = pab_proc_start(&(struct pab_proc_opts){ .argv = SH("exit 0"), .in = PAB_PROC_PIPE, .out = PAB_PROC_PIPE }, &p, &err);
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
        if (rc) ck_assert_msg(rc == PAB_E_IO || rc == PAB_E_TOOL, "%s", err.message);
        started = !rc && pab_proc_finish(p, &err) == PAB_OK;
        ck_assert_uint_eq(open_fds(), before);
    }
    ck_assert(started);
}
END_TEST

static void *run_many(void *arg)
{
    for (int i = 0; i < 20; i++) {
        char *text = NULL;
        struct pab_error mine = { 0 };
        CLEANUP_FREE char *script = pab_sprintf("echo %d", i);
        int rc = pab_proc_capture(&(struct pab_proc_opts){ .argv = SH(script) }, 100, &text, &mine);
        if (!rc && atoi(text) == i) __atomic_add_fetch((int *)arg, 1, __ATOMIC_RELAXED);
        free(text);
    }
    return NULL;
}

START_TEST(many_threads_can_run_children_side_by_side)
{
    pthread_t threads[4];
    int good = 0;
    for (int i = 0; i < 4; i++) ck_assert_int_eq(pthread_create(&threads[i], NULL, run_many, &good), 0);
    for (int i = 0; i < 4; i++) pthread_join(threads[i], NULL);
    ck_assert_int_eq(good, 80);
}
END_TEST

UNIT_MAIN("proc", what_a_child_prints_is_captured, a_child_that_prints_too_much_is_ended,
          no_memory_for_what_it_prints_is_told_as_that, what_is_written_to_a_child_comes_back,
          failure_is_told_with_the_last_words, any_exit_status_can_be_asked_for, a_talkative_child_never_blocks_and_its_last_words_are_kept,
          last_words_are_printable_whatever_they_were, a_program_that_is_not_there_is_told_at_once, programs_are_found_in_path_and_never_in_the_current_folder,
          the_environment_is_ours_with_what_is_added_and_dropped, a_secret_in_the_environment_is_in_no_command_line,
          a_child_gets_three_fds_and_its_own_group_and_standard_signals, a_child_works_where_it_is_told, cancelling_ends_it_and_is_told,
          cancelling_in_the_middle_wakes_a_reader, killing_ends_the_children_of_the_child_too, one_that_does_not_listen_to_term_is_killed_after_a_grace,
          one_that_is_stopped_is_ended_all_the_same, one_that_leaves_a_daemon_behind_does_not_keep_us, children_die_with_this_process, no_fd_is_left_over,
          running_out_of_fds_is_an_error_and_leaks_none, many_threads_can_run_children_side_by_side)
