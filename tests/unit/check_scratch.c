/* Tests of core/engine/scratch.h: what a killed process left is removed by the next start, and nothing else is. */
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
#include "core/base/str.h"
#include "core/engine/scratch.h"
#include "tests/unit/unit.h"

static char dir[64];
static struct pab_error err;

static void setup(void)
{
    strcpy(dir, "/tmp/pab-scratch-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    setenv("TMPDIR", dir, 1);
}

static void teardown(void)
{
    unsetenv("TMPDIR");
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, dir, &err), PAB_OK);
}

static void fill(const struct pab_scratch *s)
{
    CLEANUP_FREE char *deep = pab_sprintf("%s/deep", s->path);
    CLEANUP_FREE char *file = pab_sprintf("%s/deep/copy", s->path);
    ck_assert_int_eq(mkdir(deep, 0700), 0);
    ck_assert_int_eq(pab_write_file_atomic(AT_FDCWD, file, "secret", 6, 0600, &err), PAB_OK);
}

START_TEST(a_folder_goes_with_its_content)
{
    struct pab_scratch s = { 0 };
    struct stat st;
    setup();
    ck_assert_int_eq(pab_scratch_make(&s, &err), PAB_OK);
    CLEANUP_FREE char *path = pab_strdup(s.path);
    ck_assert(pab_str_has_prefix(path, dir));
    fill(&s);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_uint_eq(st.st_mode & 0777, 0700);
    pab_scratch_remove(&s, NULL);
    ck_assert_int_ne(stat(path, &st), 0);
    pab_scratch_remove(&s, NULL);
    teardown();
}
END_TEST

START_TEST(what_a_killed_process_left_is_removed_once)
{
    setup();
    pid_t child = fork();
    if (child == 0) {
        struct pab_scratch s = { 0 };
        if (pab_scratch_make(&s, &err)) _exit(1);
        fill(&s);
        kill(getpid(), SIGKILL);
    }
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(pab_scratch_sweep(), 1);
    ck_assert_int_eq(pab_scratch_sweep(), 0);
    ck_assert_int_eq(rmdir(dir), 0);
    ck_assert_int_eq(mkdir(dir, 0700), 0);
    teardown();
}
END_TEST

START_TEST(a_living_process_keeps_its_folder)
{
    struct pab_scratch s = { 0 };
    setup();
    ck_assert_int_eq(pab_scratch_make(&s, &err), PAB_OK);
    pid_t child = fork();
    if (child == 0) _exit(pab_scratch_sweep());
    int status;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(pab_scratch_sweep(), 0);
    ck_assert_int_eq(access(s.path, F_OK), 0);
    pab_scratch_remove(&s, NULL);
    teardown();
}
END_TEST

START_TEST(what_only_looks_alike_is_left)
{
    static const char *const names[] = { "pabengine-scratch-open", "pabengine-scratch-link", "pabengine-scratch-file", "pabengine-other" };
    setup();
    CLEANUP_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(mkdirat(fd, names[0], 0755), 0);
    ck_assert_int_eq(symlinkat("/tmp", fd, names[1]), 0);
    ck_assert_int_eq(pab_write_file_atomic(fd, names[2], "", 0, 0600, &err), PAB_OK);
    ck_assert_int_eq(mkdirat(fd, names[3], 0700), 0);
    ck_assert_int_eq(pab_scratch_sweep(), 0);
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) ck_assert_int_eq(faccessat(fd, names[i], F_OK, AT_SYMLINK_NOFOLLOW), 0);
    teardown();
}
END_TEST

START_TEST(a_folder_that_cannot_be_made_is_an_error)
{
    struct pab_scratch s = { 0 };
    setup();
    setenv("TMPDIR", "/nowhere/at/all", 1);
    ck_assert_int_lt(pab_scratch_make(&s, &err), 0);
    ck_assert_ptr_nonnull(strstr(err.message, "/nowhere/at/all"));
    ck_assert_ptr_null(s.path);
    pab_error_clear(&err);
    setenv("TMPDIR", dir, 1);
    teardown();
}
END_TEST

UNIT_MAIN("scratch", a_folder_goes_with_its_content, what_a_killed_process_left_is_removed_once, a_living_process_keeps_its_folder,
          what_only_looks_alike_is_left, a_folder_that_cannot_be_made_is_an_error)
