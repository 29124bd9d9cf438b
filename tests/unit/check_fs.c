/* check_fs.c - fsutil.h: whole writes, durable files, folders, and paths that cannot lead out. */
#include <dirent.h>
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
#include "tests/unit/unit.h"

static char dir[64];
static int at = -1; /* dir, held open */
static struct pab_error err;

static void begin(void)
{
    snprintf(dir, sizeof dir, "/tmp/pab-fs-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    at = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_ge(at, 0);
    pab_error_clear(&err);
}

static void end(void)
{
    close(at);
    ck_assert_msg(pab_remove_tree(AT_FDCWD, dir, &err) == PAB_OK, "%s", err.message);
}

static void put(const char *path, const char *text)
{
    ck_assert_msg(pab_write_file_atomic(at, path, text, strlen(text), 0644, &err) == PAB_OK, "%s", err.message);
}

static void has(const char *path, const char *text)
{
    CLEANUP_FREE char *got = NULL;
    size_t size;
    ck_assert_msg(pab_read_file(at, path, 1 << 20, &got, &size, &err) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(got, text);
    ck_assert_uint_eq(size, strlen(text));
}

static int exists(const char *path)
{
    struct stat st;
    return fstatat(at, path, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* How many entries the folder has. */
static size_t entries(void)
{
    size_t n = 0;
    DIR *list = opendir(dir);
    ck_assert_ptr_nonnull(list);
    for (struct dirent *e; (e = readdir(list));) n += e->d_name[0] != '.' || strlen(e->d_name) > 2;
    closedir(list);
    return n;
}

START_TEST(a_file_is_read_whole_with_its_size)
{
    begin();
    put("a", "line\n");
    has("a", "line\n");
    put("a", "");
    has("a", "");
    end();
}
END_TEST

START_TEST(a_file_whose_size_is_not_known_is_read_whole)
{
    CLEANUP_FREE char *text = NULL;
    ck_assert_int_eq(pab_read_file(-1, "/proc/self/status", 1 << 20, &text, NULL, &err), PAB_OK);
    ck_assert_ptr_nonnull(strstr(text, "VmRSS")); /* stat says 0 bytes */
}
END_TEST

START_TEST(reading_stops_at_the_limit_and_says_so)
{
    CLEANUP_FREE char *text = NULL;
    begin();
    put("a", "12345");
    ck_assert_int_eq(pab_read_file(at, "a", 5, &text, NULL, &err), PAB_OK);
    char *none = NULL;
    ck_assert_int_eq(pab_read_file(at, "a", 4, &none, NULL, &err), PAB_E_IO);
    ck_assert_ptr_null(none);
    ck_assert_str_eq(err.message, "cannot read 'a': more than 4 bytes: File too large");
    ck_assert_int_eq(pab_read_file(at, "gone", 4, &none, NULL, &err), PAB_E_NOT_FOUND);
    ck_assert_int_eq(pab_read_file(at, ".", 4, &none, NULL, &err), PAB_E_IO);
    end();
}
END_TEST

START_TEST(reading_without_memory_is_an_error_at_every_allocation)
{
    char large[20000], *text = NULL;
    begin();
    memset(large, 'x', sizeof large - 1);
    large[sizeof large - 1] = '\0';
    put("a", large);
    unsigned n = 1;
    for (;; n++) {
        pab_alloc_fail_at(n);
        int rc = pab_read_file(at, "a", 1 << 20, &text, NULL, &err);
        if (rc == PAB_OK) break;
        ck_assert_int_eq(rc, PAB_E_NOMEM);
        ck_assert_ptr_null(text);
    }
    pab_alloc_fail_at(0);
    ck_assert_uint_gt(n, 3);
    ck_assert_str_eq(text, large);
    free(text);
    end();
}
END_TEST

START_TEST(writing_goes_on_through_short_writes)
{
    int ends[2];
    static char sent[300000], got[300000];
    ck_assert_int_eq(pipe(ends), 0);
    for (size_t i = 0; i < sizeof sent; i++) sent[i] = (char)(i * 7);
    pid_t pid = fork();
    if (pid == 0) {
        close(ends[0]);
        _exit(pab_write_all(ends[1], sent, sizeof sent) ? 1 : 0);
    }
    close(ends[1]);
    ck_assert_int_eq(pab_read_full(ends[0], got, sizeof got), sizeof got);
    ck_assert_int_eq(pab_read_full(ends[0], got, 1), 0);
    ck_assert_int_eq(memcmp(sent, got, sizeof sent), 0);
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    close(ends[0]);
}
END_TEST

START_TEST(a_new_file_has_its_mode_whatever_the_umask)
{
    struct stat st;
    begin();
    mode_t before = umask(077);
    ck_assert_int_eq(pab_write_file_atomic(at, "a", "x", 1, 0644, &err), PAB_OK);
    ck_assert_int_eq(pab_mkdirs(at, "b/c", 0755, &err), PAB_OK);
    umask(before);
    ck_assert_int_eq(fstatat(at, "a", &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0644);
    ck_assert_int_eq(fstatat(at, "b/c", &st, 0), 0);
    ck_assert_uint_eq(st.st_mode & 07777, 0755);
    end();
}
END_TEST

START_TEST(a_failed_write_leaves_the_old_file_and_nothing_else)
{
    static const int reasons[] = { ENOSPC, EDQUOT, EIO };
    static const int codes[] = { PAB_E_NOSPACE, PAB_E_NOSPACE, PAB_E_IO };
    begin();
    put("a", "old");
    for (int i = 0; i < 3; i++) {
        pab_fs_fail_write_at(1, reasons[i]);
        ck_assert_int_eq(pab_write_file_atomic(at, "a", "new", 3, 0644, &err), codes[i]);
        ck_assert_int_eq(err.os_errno, reasons[i]);
        has("a", "old");
        ck_assert_uint_eq(entries(), 1);
    }
    put("a", "new");
    has("a", "new");
    end();
}
END_TEST

START_TEST(a_write_follows_no_symlink_but_replaces_it)
{
    begin();
    put("a", "target");
    ck_assert_int_eq(symlinkat("a", at, "b"), 0);
    put("b", "own");
    has("a", "target");
    has("b", "own");
    end();
}
END_TEST

START_TEST(a_name_of_255_bytes_can_be_written)
{
    char name[256];
    begin();
    memset(name, 'n', 255);
    name[255] = '\0';
    put(name, "long");
    has(name, "long");
    end();
}
END_TEST

START_TEST(the_nth_write_fails_once)
{
    begin();
    CLEANUP_CLOSE int fd = openat(at, "a", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    pab_fs_fail_write_at(2, EIO);
    ck_assert_int_eq(pab_write_all(fd, "1", 1), 0);
    ck_assert_int_eq(pab_write_all(fd, "2", 1), -1);
    ck_assert_int_eq(errno, EIO);
    ck_assert_int_eq(pab_write_all(fd, "3", 1), 0);
    has("a", "13");
    end();
}
END_TEST

START_TEST(folders_are_made_once_and_not_through_files)
{
    begin();
    ck_assert_int_eq(pab_mkdirs(at, "a/b/c", 0700, &err), PAB_OK);
    ck_assert_int_eq(pab_mkdirs(at, "a//b/c/", 0700, &err), PAB_OK);
    put("a/file", "x");
    ck_assert_int_eq(pab_mkdirs(at, "a/file/d", 0700, &err), PAB_E_IO);
    ck_assert_str_eq(err.message, "cannot make folder 'a/file': Not a directory");
    ck_assert_int_eq(pab_mkdirs(at, "", 0700, &err), PAB_OK);
    end();
}
END_TEST

START_TEST(safe_paths_are_plain_and_relative)
{
    static const char *const safe[] = { "a", "a/b", "..a", "a..", "...", "a/.b", "\xff" };
    static const char *const unsafe[] = { "", "/", "/a", "a/", "a//b", ".", "..", "./a", "a/.", "a/../b", "../a", "a/.." };
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++) ck_assert_msg(pab_path_is_safe(safe[i]), "'%s'", safe[i]);
    for (size_t i = 0; i < sizeof unsafe / sizeof *unsafe; i++) ck_assert_msg(!pab_path_is_safe(unsafe[i]), "'%s'", unsafe[i]);
    char large[4100];
    memset(large, 'a', sizeof large - 1);
    large[4097] = '\0';
    ck_assert(!pab_path_is_safe(large));
    large[4096] = '\0';
    ck_assert(pab_path_is_safe(large));
}
END_TEST

START_TEST(paths_are_joined_and_made_absolute_as_text)
{
    static const struct { const char *base, *path, *joined, *absolute; } cases[] = {
        { "/a", "b", "/a/b", "/a/b" }, { "/a/", "b", "/a/b", "/a/b" }, { "/a", "/b", "/b", "/b" }, { "/a/b", "../c", "/a/b/../c", "/a/c" },
        { "/a", "./b//c/.", "/a/./b//c/.", "/a/b/c" }, { "/a", "../../../b", "/a/../../../b", "/b" }, { "/", "..", "/..", "/" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        CLEANUP_FREE char *joined = pab_path_join(cases[i].base, cases[i].path);
        CLEANUP_FREE char *absolute = pab_path_absolute(cases[i].base, cases[i].path);
        ck_assert_str_eq(joined, cases[i].joined);
        ck_assert_str_eq(absolute, cases[i].absolute);
    }
    char cwd[4096];
    ck_assert_ptr_nonnull(getcwd(cwd, sizeof cwd));
    CLEANUP_FREE char *here = pab_path_absolute(".", "x");
    CLEANUP_FREE char *wanted = pab_sprintf("%s/x", strcmp(cwd, "/") == 0 ? "" : cwd);
    ck_assert_str_eq(here, wanted);
}
END_TEST

/* With and without openat2, the same answer. */
static void opens_beneath(const char *rel, int os_errno, const char *base)
{
    for (int without = 0; without < 2; without++) {
        const char *got = NULL;
        pab_fs_without_openat2(without);
        CLEANUP_CLOSE int fd = pab_open_parent_beneath(at, rel, &got);
        int saved = errno;
        pab_fs_without_openat2(0);
        if (!os_errno) {
            ck_assert_msg(fd >= 0, "'%s': %s", rel, strerror(saved));
            ck_assert_str_eq(got, base);
        } else {
            ck_assert_msg(fd < 0 && saved == os_errno, "'%s'%s: fd %d, %s", rel, without ? " without openat2" : "", fd, strerror(saved));
            ck_assert_ptr_null(got);
        }
    }
}

START_TEST(opening_beneath_follows_no_symlink_and_stays_inside)
{
    begin();
    ck_assert_int_eq(pab_mkdirs(at, "a/b", 0755, &err), PAB_OK);
    put("file", "x");
    ck_assert_int_eq(symlinkat("/etc", at, "out") | symlinkat("b", at, "a/link") | symlinkat("..", at, "a/up"), 0);
    opens_beneath("x", 0, "x");
    opens_beneath("a/b/x", 0, "x");
    opens_beneath("out/passwd", ELOOP, NULL);
    opens_beneath("a/up/x", ELOOP, NULL);
    opens_beneath("a/b/../../x", EINVAL, NULL);
    opens_beneath("/etc/passwd", EINVAL, NULL);
    opens_beneath("gone/x", ENOENT, NULL);
    opens_beneath("file/x", ENOTDIR, NULL);
    end();
}
END_TEST

START_TEST(removing_a_tree_follows_no_symlink)
{
    begin();
    ck_assert_int_eq(pab_mkdirs(at, "kept", 0755, &err) | pab_mkdirs(at, "a/b", 0755, &err), 0);
    put("kept/file", "x");
    put("a/b/file", "x");
    ck_assert_int_eq(symlinkat("../kept", at, "a/link") | symlinkat("kept", at, "alone"), 0);
    ck_assert_int_eq(pab_remove_tree(at, "a", &err), PAB_OK);
    ck_assert_int_eq(pab_remove_tree(at, "alone", &err), PAB_OK);
    ck_assert(!exists("a") && !exists("alone"));
    has("kept/file", "x");
    ck_assert_int_eq(pab_remove_tree(at, "gone", &err), PAB_OK);
    end();
}
END_TEST

START_TEST(removing_copes_with_folders_that_forbid_it)
{
    begin();
    ck_assert_int_eq(pab_mkdirs(at, "a/b/c", 0755, &err), PAB_OK);
    put("a/b/c/file", "x");
    ck_assert_int_eq(fchmodat(at, "a/b/c", 0, 0) | fchmodat(at, "a/b", 0555, 0) | fchmodat(at, "a", 0, 0), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) { /* as somebody for whom modes count */
        if (geteuid() == 0 && (fchown(at, 65534, 65534) || fchownat(at, "a", 65534, 65534, 0) || fchownat(at, "a/b", 65534, 65534, 0) ||
                               fchownat(at, "a/b/c", 65534, 65534, 0) || setgid(65534) || setuid(65534))) _exit(2);
        _exit(pab_remove_tree(at, "a", NULL) ? 1 : 0);
    }
    int status;
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    ck_assert(!exists("a"));
    end();
}
END_TEST

START_TEST(removing_goes_deeper_than_a_path_can_be_long)
{
    begin();
    int here = dup(at);
    for (int i = 0; i < 3000; i++) {
        ck_assert_int_eq(mkdirat(here, "d", 0700), 0);
        int next = openat(here, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        ck_assert_int_ge(next, 0);
        close(here);
        here = next;
    }
    close(here);
    ck_assert_msg(pab_remove_tree(at, "d", &err) == PAB_OK, "%s", err.message);
    ck_assert(!exists("d"));
    end();
}
END_TEST

START_TEST(a_process_dies_at_its_nth_passing_of_a_point)
{
    static const struct { const char *where; int passes; } cases[] = { { "commit:3", 2 }, { "*:2", 0 }, { "elsewhere:1", 5 }, { "rubbish", 5 } };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        int ends[2], status;
        ck_assert_int_eq(pipe(ends), 0);
        fflush(NULL);
        pid_t pid = fork();
        if (pid == 0) {
            pab_test_kill_at(cases[i].where);
            for (int n = 0; n < 5; n++) {
                pab_test_point("write");
                pab_test_point("commit");
                if (write(ends[1], "x", 1) < 0) _exit(1);
            }
            _exit(0);
        }
        close(ends[1]);
        char text[8];
        ck_assert_msg(pab_read_full(ends[0], text, sizeof text) == cases[i].passes, "%s", cases[i].where);
        close(ends[0]);
        waitpid(pid, &status, 0);
        ck_assert_int_eq(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL, cases[i].passes < 5);
    }
}
END_TEST

START_TEST(there_is_some_free_space)
{
    uint64_t bytes = 0;
    begin();
    ck_assert_int_eq(pab_free_space(at, &bytes), 0);
    ck_assert_uint_gt(bytes, 0);
    ck_assert_int_eq(pab_free_space(-1, &bytes), -1);
    ck_assert_int_eq(pab_fsync_dir(at), 0);
    end();
}
END_TEST

UNIT_MAIN("fs", a_file_is_read_whole_with_its_size, a_file_whose_size_is_not_known_is_read_whole, reading_stops_at_the_limit_and_says_so,
          reading_without_memory_is_an_error_at_every_allocation, writing_goes_on_through_short_writes, a_new_file_has_its_mode_whatever_the_umask,
          a_failed_write_leaves_the_old_file_and_nothing_else, a_write_follows_no_symlink_but_replaces_it, a_name_of_255_bytes_can_be_written,
          the_nth_write_fails_once, folders_are_made_once_and_not_through_files, safe_paths_are_plain_and_relative,
          paths_are_joined_and_made_absolute_as_text, opening_beneath_follows_no_symlink_and_stays_inside, removing_a_tree_follows_no_symlink,
          removing_copes_with_folders_that_forbid_it, removing_goes_deeper_than_a_path_can_be_long, a_process_dies_at_its_nth_passing_of_a_point,
          there_is_some_free_space)
