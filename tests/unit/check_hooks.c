/* The commands of a job around its run: when they run, what they are told, and what becomes of a run when they misbehave. */
#include <signal.h>
#include <jansson.h>
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/engine/turn.h"
#include "tests/unit/around_fixture.h"

/* Each hook writes a line of what it was told; none fails. */
#define NOTE "echo $PABENGINE_EVENT,$PABENGINE_STATUS,$PABENGINE_EXIT_CODE,$PABENGINE_BACKUP_NAME >> notes"
#define ALL_HOOKS "hooks:\n  before: [sh, -c, '" NOTE "']\n  after: [sh, -c, '" NOTE "']\n  on_partial: [sh, -c, '" NOTE "']\n  on_failure: [sh, -c, '" NOTE "']\n"

START_TEST(before_and_after_surround_a_run_that_ends_well)
{
    setup();
    JOB("a ok");
    add_to_job(ALL_HOOKS);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(content("notes"), "before,,,\nafter,complete,0,one\n");
    teardown();
}
END_TEST

START_TEST(a_partial_backup_runs_after_and_on_partial)
{
    setup();
    JOB("a ok", "b fail");
    add_to_job(ALL_HOOKS);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(content("notes"), "before,,,\nafter,partial,3,one\non_partial,partial,3,one\n");
    teardown();
}
END_TEST

START_TEST(warnings_run_after_and_on_partial_of_a_complete_backup)
{
    setup();
    JOB("a warn");
    add_to_job(ALL_HOOKS);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(content("notes"), "before,,,\nafter,complete,3,one\non_partial,complete,3,one\n");
    teardown();
}
END_TEST

START_TEST(a_run_that_made_no_backup_runs_on_failure)
{
    setup();
    JOB("a fail");
    add_to_job(ALL_HOOKS);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(content("notes"), "before,,,\non_failure,failed,1,\n");
    teardown();
}
END_TEST

START_TEST(a_plugin_that_is_missing_runs_on_failure_and_not_before)
{
    setup();
    FILE *f = fopen(job_path, "w");
    fprintf(f, "version: 1\nstore: {path: store}\ntargets: [{name: a, plugin: nonesuch}]\n" ALL_HOOKS);
    fclose(f);
    ck_assert_int_ne(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(content("notes"), "on_failure,failed,2,\n");
    teardown();
}
END_TEST

START_TEST(a_store_that_another_run_holds_runs_no_hook)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    add_to_job(ALL_HOOKS);
    struct pab_store *store = NULL;
    ck_assert_int_eq(pab_store_open(store_path, 0, &store, &err), PAB_OK);
    ck_assert_int_eq(pab_store_lock(store, "run", 0, &err), PAB_OK);
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_LOCKED);
    ck_assert_ptr_nonnull(strstr(err.message, "held by pid"));
    ck_assert_str_eq(content("notes"), "");
    pab_store_close(store);
    teardown();
}
END_TEST

START_TEST(a_run_beside_another_one_of_the_job_runs_no_hook)
{
    setup();
    JOB("a ok");
    add_to_job(ALL_HOOKS);
    struct pab_session *s = session(PAB_CAT_ALL);
    struct pab_lock *turn = NULL;
    ck_assert_int_eq(pab_turn_take(s, &turn, &err), PAB_OK);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_LOCKED);
    ck_assert_ptr_nonnull(strstr(err.message, "another run of the job is under way"));
    ck_assert_str_eq(content("notes"), "");
    ck_assert_int_eq(exists("store"), 0);
    pab_lock_release(turn);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    pab_session_close(s);
    teardown();
}
END_TEST

/* By a process that is none of ours, which a hook starts: as a hook that mounts a store that is in use. */
START_TEST(a_store_that_is_taken_after_before_runs_on_failure_which_undoes_it)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'mkdir store; exec 9>store/.lock; flock 9; "
               "setsid sh -c \"echo \\$\\$ > pid; exec sleep 1000\" & while [ ! -s pid ]; do sleep 0.01; done']\n"
               "  on_failure: [sh, -c, '" NOTE "']\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_LOCKED);
    ck_assert_str_eq(content("notes"), "on_failure,failed,11,\n");
    ck_assert_int_eq(kill((pid_t)strtol(content("pid"), NULL, 10), SIGKILL), 0);
    teardown();
}
END_TEST

START_TEST(a_failing_before_stops_the_run_before_anything_is_done)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'echo no disk; exit 7']\n  on_failure: [sh, -c, 'echo $PABENGINE_ERROR > notes']\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(err.message, "hook 'before' failed with exit status 7");
    ck_assert(strstr(err.hint, "nothing was backed up"));
    ck_assert_str_eq(content("notes"), "hook 'before' failed with exit status 7\n");
    ck_assert_int_eq(exists("store"), 0);
    teardown();
}
END_TEST

START_TEST(a_failing_after_is_a_warning_and_gives_code_3)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  after: ['false']\n  on_partial: [sh, -c, 'echo $PABENGINE_EXIT_CODE > notes']\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(warnings, "hook 'after' failed with exit status 1\n");
    ck_assert_str_eq(content("notes"), "3\n");
    ck_assert_str_eq(latest(), "one");
    teardown();
}
END_TEST

START_TEST(a_failing_on_failure_is_a_warning_beside_the_failure_itself)
{
    setup();
    JOB("a fail");
    add_to_job("hooks: {on_failure: [./nonesuch]}\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(warnings, "hook 'on_failure': cannot run './nonesuch': not found\n");
    ck_assert_str_eq(target_error, "told to fail");
    teardown();
}
END_TEST

START_TEST(a_hook_reads_the_summary_as_json)
{
    setup();
    JOB("a ok", "b fail");
    add_to_job("hooks: {before: [sh, -c, 'cat > first'], after: [sh, -c, 'cat > last']}\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    json_t *j = json_loads(content("first"), 0, NULL), *status = json_object_get(j, "status");
    ck_assert(json_is_null(status) && json_is_null(json_object_get(j, "exit_code")) && json_is_null(json_object_get(j, "backup")));
    ck_assert_str_eq(json_string_value(json_object_get(j, "event")), "before");
    ck_assert_uint_eq(json_array_size(json_object_get(j, "targets")), 0);
    json_decref(j);

    const char *event = NULL, *state = NULL, *backup = NULL, *path = NULL, *name = NULL, *message = NULL, *job = NULL;
    json_int_t code = 0, artifacts = 0, size = 0, first = 0;
    j = json_loads(content("last"), 0, NULL);
    ck_assert_int_eq(json_unpack(j, "{s:s, s:s, s:s, s:I, s:s, s:s, s:I, s:I, s:n, s:[{s:s, s:I}, {s:s, s:{s:s}}]}", "event", &event, "job", &job, "status", &state, "exit_code", &code,
                                 "backup", &backup, "path", &path, "artifacts", &artifacts, "size", &size, "error", "targets", "name", &name, "artifacts", &first,
                                 "status", &state, "error", "message", &message), 0);
    ck_assert_str_eq(event, "after");
    ck_assert_str_eq(job, "job");
    ck_assert_int_eq(code, 3);
    ck_assert_str_eq(backup, "one");
    ck_assert(pab_str_has_suffix(path, "/store/one"));
    ck_assert_int_eq(artifacts, 2);
    ck_assert_int_gt(size, 0);
    ck_assert_int_eq(first, 2);
    ck_assert_str_eq(state, "failed");
    ck_assert_str_eq(message, "told to fail");
    json_decref(j);
    teardown();
}
END_TEST

START_TEST(a_hook_that_reads_nothing_and_closes_everything_is_fine)
{
    setup();
    JOB("a ok");
    add_to_job("hooks: {before: [sh, -c, 'exec <&- >&- 2>&-'], after: 'true'}\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    teardown();
}
END_TEST

/* 1 once the process is gone; it may be a zombie for a moment until init takes it. */
static int gone(pid_t pid)
{
    for (int i = 0; i < 500 && kill(pid, 0) == 0; i++) usleep(10000);
    return kill(pid, 0) == -1 && errno == ESRCH;
}

START_TEST(a_hook_that_hangs_is_ended_with_its_children)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  after: {command: [sh, -c, 'sleep 1000 & echo $! > pid; wait'], timeout: 300ms}\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(warnings, "hook 'after' did not end within 0.3 s\n");
    pid_t pid = (pid_t)strtol(content("pid"), NULL, 10);
    ck_assert_int_gt(pid, 1);
    ck_assert(gone(pid));
    teardown();
}
END_TEST

START_TEST(what_a_hook_leaves_behind_is_ended_and_not_waited_for)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'sleep 1000 & echo $! > pid']\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    pid_t pid = (pid_t)strtol(content("pid"), NULL, 10);
    ck_assert_int_gt(pid, 1);
    ck_assert(gone(pid));
    teardown();
}
END_TEST

START_TEST(what_left_the_group_of_a_hook_goes_on_and_is_not_waited_for)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'setsid sh -c \"echo \\$\\$ > pid; exec sleep 1000\" & while [ ! -s pid ]; do sleep 0.01; done']\n");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    pid_t pid = (pid_t)strtol(content("pid"), NULL, 10);
    ck_assert_int_gt(pid, 1);
    ck_assert_int_eq(kill(pid, 0), 0);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    teardown();
}
END_TEST

/* stderr of `run` in a file of the folder */
static void with_stderr_in(const char *name, const char *backup, int code)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    int saved = dup(2), fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    ck_assert_int_ge(fd, 0);
    dup2(fd, 2);
    int got = backup_named(backup);
    dup2(saved, 2);
    close(saved);
    close(fd);
    ck_assert_int_eq(got, code);
}

START_TEST(a_flood_of_output_is_read_to_its_end_and_shown_in_part)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'i=0; while [ $i -lt 300 ]; do echo line $i; i=$((i+1)); done; head -c 20000000 /dev/zero; echo end >&2']\n");
    with_stderr_in("log", "one", PAB_EXIT_OK);
    const char *log = content("log");
    ck_assert_ptr_nonnull(strstr(log, "hook 'before': line 0\n"));
    ck_assert_ptr_nonnull(strstr(log, "hook 'before': line 99\n"));
    ck_assert_ptr_null(strstr(log, "line 100\n"));
    /* 20,000,000 zeros, 200 lines of 9 bytes, "end" */
    ck_assert_ptr_nonnull(strstr(log, "hook 'before': 20001804 more bytes of output, not shown"));
    teardown();
}
END_TEST

START_TEST(a_line_without_end_is_cut)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'head -c 50000 /dev/zero | tr \"\\\\0\" x']\n");
    with_stderr_in("log", "one", PAB_EXIT_OK);
    const char *line = strstr(content("log"), "hook 'before': x");
    ck_assert_ptr_nonnull(line);
    ck_assert_uint_eq(strspn(line + strlen("hook 'before': "), "x"), 1000);
    ck_assert_ptr_nonnull(strstr(content("log"), "49000 more bytes"));
    teardown();
}
END_TEST

START_TEST(a_secret_that_a_hook_prints_is_masked)
{
    setup();
    JOB("a ok");
    add_to_job("hooks:\n  before: [sh, -c, 'echo the password is hunter2hunter2; echo it again >&2']\n");
    pab_secret_register("hunter2hunter2");
    with_stderr_in("log", "one", PAB_EXIT_OK);
    ck_assert_ptr_nonnull(strstr(content("log"), "hook 'before': the password is ***\n"));
    ck_assert_ptr_nonnull(strstr(content("log"), "hook 'before': it again\n"));
    pab_secret_clear_all();
    teardown();
}
END_TEST

START_TEST(cancelling_ends_a_hook_before_and_runs_on_failure)
{
    setup();
    JOB("a ok");
    CLEANUP_FREE char *text = pab_sprintf("hooks:\n  before: [sh, -c, 'kill -INT %d; sleep 1000']\n  on_failure: [sh, -c, 'echo $PABENGINE_STATUS $PABENGINE_EXIT_CODE > notes']\n", (int)getpid());
    add_to_job(text);
    ck_assert_int_eq(pab_cancel_install(), PAB_OK);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_CANCELLED);
    ck_assert_str_eq(content("notes"), "cancelled 130\n");
    ck_assert_int_eq(exists("store"), 0);
    pab_cancel_reset();
    teardown();
}
END_TEST

START_TEST(after_the_run_the_store_is_free)
{
    setup();
    JOB("a ok");
    CLEANUP_FREE char *text = pab_sprintf("hooks:\n  after: [sh, -c, 'for f in /proc/%d/fd/*; do readlink $f; done | grep -c /store > notes; true']\n", (int)getpid());
    add_to_job(text);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(content("notes"), "0\n"); /* no file of it is open: a hook may unmount it */
    teardown();
}
END_TEST

START_TEST(a_trial_tells_nobody)
{
    setup();
    JOB("a ok");
    add_to_job(ALL_HOOKS);
    struct pab_session *s = session(PAB_CAT_ALL);
    ck_assert_int_eq(pab_engine_backup(s, &(struct pab_run_opts){ .name = "one", .trial = 1 }, &err), PAB_EXIT_OK);
    pab_session_close(s);
    ck_assert_str_eq(content("notes"), "");
    teardown();
}
END_TEST

UNIT_MAIN("hooks", before_and_after_surround_a_run_that_ends_well, a_partial_backup_runs_after_and_on_partial, warnings_run_after_and_on_partial_of_a_complete_backup,
          a_run_that_made_no_backup_runs_on_failure, a_plugin_that_is_missing_runs_on_failure_and_not_before, a_store_that_another_run_holds_runs_no_hook,
          a_run_beside_another_one_of_the_job_runs_no_hook, a_store_that_is_taken_after_before_runs_on_failure_which_undoes_it,
          a_failing_before_stops_the_run_before_anything_is_done, a_failing_after_is_a_warning_and_gives_code_3, a_failing_on_failure_is_a_warning_beside_the_failure_itself,
          a_hook_reads_the_summary_as_json, a_hook_that_reads_nothing_and_closes_everything_is_fine, a_hook_that_hangs_is_ended_with_its_children,
          what_a_hook_leaves_behind_is_ended_and_not_waited_for, what_left_the_group_of_a_hook_goes_on_and_is_not_waited_for,
          a_flood_of_output_is_read_to_its_end_and_shown_in_part, a_line_without_end_is_cut, a_secret_that_a_hook_prints_is_masked,
          cancelling_ends_a_hook_before_and_runs_on_failure, after_the_run_the_store_is_free, a_trial_tells_nobody)
