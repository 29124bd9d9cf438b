/* check_incremental.c - incremental runs with streams: which backup is the parent, and what becomes of unchanged content. */
#include <signal.h>
#include "core/base/cleanup.h"
#include "tests/unit/engine_fixture.h"

static int run_with(const char *name, int incremental, int64_t full_every_ms)
{
    struct pab_session *s = session(PAB_CAT_ALL);
    int code = pab_engine_backup(s, &(struct pab_run_opts){ .name = name, .incremental = incremental, .full_every_ms = full_every_ms }, &err);
    pab_session_close(s);
    return code;
}
static int full(const char *name) { return run_with(name, 0, 0); }
static int incremental(const char *name) { return run_with(name, 1, 0); }

/* A member of the manifest of a backup, without its quotes; "null". */
static const char *member(const char *name, const char *key)
{
    static char value[256];
    CLEANUP_FREE char *json = NULL;
    char path[256], pattern[64];
    snprintf(path, sizeof path, "%s/%s/manifest.json", store_path, name);
    ck_assert_int_eq(pab_read_file(AT_FDCWD, path, 1 << 20, &json, NULL, &err), PAB_OK);
    snprintf(pattern, sizeof pattern, "\"%s\": ", key);
    const char *at = strstr(json, pattern);
    ck_assert_msg(at != NULL, "no %s in %s", key, path);
    at += strlen(pattern);
    at += *at == '"';
    snprintf(value, sizeof value, "%.*s", (int)strcspn(at, "\",\n"), at);
    return value;
}

/* The one file of an object in a backup. */
static struct stat object(const char *name, const char *object)
{
    char pattern[256], path[512] = "";
    struct stat st = { 0 };
    snprintf(pattern, sizeof pattern, "ls %s/%s/services/%s_*", store_path, name, object);
    FILE *p = popen(pattern, "r");
    ck_assert_ptr_nonnull(p);
    ck_assert_ptr_nonnull(fgets(path, sizeof path, p));
    pclose(p);
    path[strcspn(path, "\n")] = 0;
    ck_assert_int_eq(stat(path, &st), 0);
    return st;
}

static void change_file(const char *name, const char *glob, const char *how)
{
    char command[512];
    snprintf(command, sizeof command, "cd %s/%s && for f in %s; do %s; done", store_path, name, glob, how);
    ck_assert_int_eq(system(command), 0);
}

START_TEST(without_a_backup_before_it_becomes_a_full_one)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(incremental("one"), PAB_EXIT_OK);
    ck_assert_str_eq(member("one", "kind"), "full");
    ck_assert_str_eq(member("one", "parent"), "null");
    teardown();
}
END_TEST

START_TEST(names_the_newest_complete_backup_as_its_parent)
{
    char id[64];
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(full("two"), PAB_EXIT_OK);
    ck_assert_int_eq(incremental("three"), PAB_EXIT_OK);
    ck_assert_str_eq(member("three", "kind"), "incremental");
    ck_assert_str_eq(member("three", "parent"), "two");
    snprintf(id, sizeof id, "%s", member("two", "id"));
    ck_assert_str_eq(member("three", "parent_id"), id);
    teardown();
}
END_TEST

START_TEST(a_partial_backup_is_no_parent)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    JOB("a ok", "b fail");
    ck_assert_int_eq(full("two"), PAB_EXIT_INCOMPLETE);
    JOB("a ok");
    ck_assert_int_eq(incremental("three"), PAB_EXIT_OK);
    ck_assert_str_eq(member("three", "parent"), "one");
    teardown();
}
END_TEST

START_TEST(after_a_run_that_was_killed_the_one_before_is_the_parent)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(killed_at("publish-sync:1"), 1);
    ck_assert_int_eq(incremental("three"), PAB_EXIT_OK);
    ck_assert_str_eq(member("three", "parent"), "one");
    teardown();
}
END_TEST

START_TEST(unchanged_content_is_the_same_file)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(incremental("two"), PAB_EXIT_OK);
    ck_assert_uint_eq(object("one", "object0").st_ino, object("two", "object0").st_ino);
    ck_assert_uint_eq(object("one", "object1").st_nlink, 2);
    ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    change_file("one", "services/*", "rm \"$f\""); /* it needs nothing of its parent */
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "two" }), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(changed_content_is_a_file_of_its_own)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    char *job = NULL;
    ck_assert_int_eq(pab_read_file(AT_FDCWD, job_path, 4096, &job, NULL, &err), PAB_OK);
    FILE *f = fopen(job_path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "%.*s, bytes: 101k}\n", (int)(strrchr(job, '}') - job), job);
    fclose(f);
    free(job);
    ck_assert_int_eq(incremental("two"), PAB_EXIT_OK);
    ck_assert_uint_eq(object("two", "object0").st_nlink, 1);
    ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(a_full_run_shares_nothing)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(full("two"), PAB_EXIT_OK);
    ck_assert_uint_eq(object("two", "object0").st_nlink, 1);
    teardown();
}
END_TEST

START_TEST(nothing_is_shared_with_a_damaged_parent)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    change_file("one", "services/object0*", "printf x | dd of=\"$f\" bs=1 seek=40 conv=notrunc status=none");
    ck_assert_int_eq(incremental("two"), PAB_EXIT_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(warnings, "backup 'one' is damaged"));
    ck_assert_uint_eq(object("two", "object0").st_nlink, 1);
    ck_assert_uint_eq(object("two", "object1").st_nlink, 2);
    ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(an_altered_parent_is_not_built_on)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    change_file("one", "manifest.json", "sed -i 's/\"host\": \"/&x/' \"$f\"");
    ck_assert_int_eq(incremental("two"), PAB_EXIT_OK);
    ck_assert_str_eq(member("two", "kind"), "full");
    teardown();
}
END_TEST

START_TEST(a_parent_that_lost_a_file_is_not_built_on)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    change_file("one", "services/object0*", "rm \"$f\"");
    ck_assert_int_eq(incremental("two"), PAB_EXIT_OK);
    ck_assert_str_eq(member("two", "kind"), "full");
    teardown();
}
END_TEST

START_TEST(a_chain_with_a_gap_is_not_built_on)
{
    char command[256];
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(incremental("two"), PAB_EXIT_OK);
    snprintf(command, sizeof command, "rm -r %s/one", store_path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(incremental("three"), PAB_EXIT_OK);
    ck_assert_str_eq(member("three", "kind"), "full");
    teardown();
}
END_TEST

START_TEST(after_full_every_it_is_time_for_a_full_one)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(run_with("two", 1, 3600000), PAB_EXIT_OK);
    ck_assert_str_eq(member("two", "kind"), "incremental");
    usleep(20000);
    ck_assert_int_eq(run_with("three", 1, 10), PAB_EXIT_OK);
    ck_assert_str_eq(member("three", "kind"), "full");
    teardown();
}
END_TEST

/* A file that may not be changed can have no other names, as on a filesystem without hard links. */
static int forbid_links(const char *name, int forbid)
{
    char command[512];
    snprintf(command, sizeof command, "chattr %ci %s/%s/services/* 2>/dev/null", forbid ? '+' : '-', store_path, name);
    return system(command) == 0;
}

START_TEST(without_hard_links_there_is_a_copy_and_one_warning)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    if (forbid_links("one", 1)) {
        int code = incremental("two");
        forbid_links("one", 0);
        ck_assert_int_eq(code, PAB_EXIT_INCOMPLETE);
        char *first = strstr(warnings, "stored once more");
        ck_assert_ptr_nonnull(first);
        ck_assert_ptr_null(strstr(first + 1, "stored once more"));
        ck_assert_uint_eq(object("two", "object0").st_nlink, 1);
        ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    }
    teardown();
}
END_TEST

/* As a child process, killed when it passes the point. */
static int killed_incremental_at(const char *point)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        pab_test_kill_at(point);
        incremental("killed");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

START_TEST(killed_between_link_and_rename_it_harms_neither_parent_nor_the_next_run)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(full("one"), PAB_EXIT_OK);
    ck_assert_int_eq(killed_incremental_at("stage-linked:2"), 1);
    ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    ck_assert_int_eq(incremental("two"), PAB_EXIT_OK);
    ck_assert_uint_eq(object("one", "object0").st_nlink, 2); /* what was left is gone */
    ck_assert_str_eq(member("two", "parent"), "one");
    ck_assert_int_eq(verify(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

UNIT_MAIN("incremental", without_a_backup_before_it_becomes_a_full_one, names_the_newest_complete_backup_as_its_parent,
          a_partial_backup_is_no_parent, after_a_run_that_was_killed_the_one_before_is_the_parent, unchanged_content_is_the_same_file,
          changed_content_is_a_file_of_its_own, a_full_run_shares_nothing, nothing_is_shared_with_a_damaged_parent,
          an_altered_parent_is_not_built_on, a_parent_that_lost_a_file_is_not_built_on, a_chain_with_a_gap_is_not_built_on,
          after_full_every_it_is_time_for_a_full_one,
          without_hard_links_there_is_a_copy_and_one_warning, killed_between_link_and_rename_it_harms_neither_parent_nor_the_next_run)
