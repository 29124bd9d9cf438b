/* What becomes of damaged backups, of two runs at once, and of runs that a kill, a full disk or the clock disturbed. */
#include <signal.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/store/names.h"
#include "tests/unit/engine_fixture.h"

#define FOLDER "services/"

/* Path of the artifact OBJECT in the backup `one`; one of two buffers in turn. */
static const char *artifact(const char *object)
{
    static char paths[2][512];
    static unsigned next;
    char *path = paths[next++ % 2];
    struct pab_backup_list list = backups();
    *path = 0;
    for (size_t i = 0; i < list.count; i++) {
        const struct pab_manifest *m = &list.items[i].manifest;
        if (strcmp(list.items[i].name, "one") != 0) continue;
        for (size_t a = 0; a < m->targets.items[0].artifacts.count; a++)
            if (strcmp(m->targets.items[0].artifacts.items[a].object, object) == 0)
                snprintf(path, sizeof paths[0], "%s/one/%s", store_path, m->targets.items[0].artifacts.items[a].path);
    }
    pab_backup_list_release(&list);
    ck_assert_msg(*path, "no artifact of %s", object);
    return path;
}

static const char *in_one(const char *name)
{
    static char path[512];
    snprintf(path, sizeof path, "%s/one/%s", store_path, name);
    return path;
}

static off_t size_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(stat(path, &st), 0);
    return st.st_size;
}

static void flip(const char *path, off_t at, unsigned char bits)
{
    unsigned char c;
    CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pread(fd, &c, 1, at), 1);
    c ^= bits;
    ck_assert_int_eq(pwrite(fd, &c, 1, at), 1);
}

static void one_backup(void)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
}

static void zero(const char *path, off_t at, size_t n)
{
    static const char zeros[4096];
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(pwrite(fd, zeros, n, at), (ssize_t)n);
}

static int verified(int integrity)
{
    findings[0] = warnings[0] = 0;
    sound_artifacts = 0;
    pab_error_clear(&err);
    return verify(integrity);
}

/* verify names it, restore refuses by its name and changes nothing. */
static void is_told(int integrity, const char *name)
{
    ck_assert_int_eq(verified(integrity), PAB_EXIT_DAMAGED);
    ck_assert_msg(strstr(findings, name) != NULL, "no %s in: %s", name, findings);
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one" }), PAB_EXIT_FAILED);
    ck_assert_msg(strstr(err.message, "damaged") && strstr(err.message, name), "%s", err.message);
    ck_assert(!exists("object0") && !exists("object1"));
}

START_TEST(a_truncated_file_is_told_without_reading_it)
{
    one_backup();
    const char *path = artifact("object1");
    ck_assert_int_eq(truncate(path, size_of(path) - 1), 0);
    is_told(0, strstr(path, FOLDER));
    ck_assert_ptr_nonnull(strstr(findings, "the manifest says"));
    teardown();
}
END_TEST

START_TEST(a_file_that_grew_is_told_without_reading_it)
{
    one_backup();
    const char *path = artifact("object1");
    ck_assert_int_eq(truncate(path, size_of(path) + 1), 0);
    is_told(0, strstr(path, FOLDER));
    teardown();
}
END_TEST

START_TEST(a_missing_file_is_told)
{
    one_backup();
    const char *path = artifact("object0");
    ck_assert_int_eq(unlink(path), 0);
    is_told(0, strstr(path, FOLDER));
    ck_assert_ptr_nonnull(strstr(findings, "is missing"));
    teardown();
}
END_TEST

START_TEST(a_symlink_in_place_of_a_file_is_told_even_to_the_same_bytes)
{
    one_backup();
    const char *path = artifact("object0");
    CLEANUP_FREE char *away = pab_sprintf("%s/away", dir);
    ck_assert_int_eq(rename(path, away), 0);
    ck_assert_int_eq(symlink(away, path), 0);
    is_told(0, strstr(path, FOLDER));
    teardown();
}
END_TEST

START_TEST(a_flipped_bit_anywhere_in_a_file_is_told)
{
    one_backup();
    const char *path = artifact("object0");
    off_t size = size_of(path);
    ck_assert_int_gt(size, 20);
    for (int i = 0; i < 20; i++) {
        off_t at = i < 19 ? i * size / 19 : size - 1;
        flip(path, at, (unsigned char)(1 << i % 8));
        is_told(1, strstr(path, FOLDER));
        flip(path, at, (unsigned char)(1 << i % 8));
    }
    ck_assert_int_eq(verified(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(zeros_at_the_beginning_or_the_end_are_told_without_reading_it_whole)
{
    static const size_t sizes[] = { 1, 20, 34, 40 };
    for (size_t i = 0; i < 2 * sizeof sizes / sizeof *sizes; i++) {
        setup();
        JOB(unit_is_slow() ? "a ok,\"bytes\":1100k" : "a ok,\"bytes\":3m");
        ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
        CLEANUP_FREE char *path = pab_strdup(artifact("object0"));
        size_t n = sizes[i / 2];
        off_t size = size_of(path);
        if (n == 1 && i % 2) n = 14; /* the sizes at the end of the mark are zero anyway */
        zero(path, i % 2 ? size - (off_t)n : 0, n);
        ck_assert_msg(verified(0) == PAB_EXIT_DAMAGED, "%zu bytes at the %s", n, i % 2 ? "end" : "beginning");
        ck_assert_msg(strstr(findings, strstr(path, FOLDER)) != NULL, "%s", findings);
        ck_assert_uint_eq(sound_artifacts, 1);
        teardown();
    }
}
END_TEST

START_TEST(zeros_in_a_text_that_is_not_compressed_are_told)
{
    compression = "none";
    for (int end = 0; end < 2; end++) {
        one_backup();
        ck_assert_int_eq(verified(0), PAB_EXIT_OK);
        CLEANUP_FREE char *path = pab_strdup(artifact("object0"));
        zero(path, end ? size_of(path) - 10 : 0, 10);
        ck_assert_int_eq(verified(0), PAB_EXIT_DAMAGED);
        ck_assert_ptr_nonnull(strstr(findings, "holds zero bytes"));
        teardown();
    }
    compression = "gzip";
}
END_TEST

START_TEST(every_artifact_that_a_plugin_finds_damaged_is_told_and_none_of_them_is_sound)
{
    setup();
    JOB(unit_is_slow() ? "a strict,\"bytes\":1100k,\"objects\":4" : "a strict,\"bytes\":3m,\"objects\":4");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    flip(artifact("object0"), size_of(artifact("object0")) / 2, 4);
    flip(artifact("object2"), size_of(artifact("object2")) / 2, 4);
    CLEANUP_FREE char *bad = pab_sprintf("%s/bad-object3", dir);
    close(open(bad, O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    for (int integrity = 0; integrity < 2; integrity++) {
        ck_assert_int_eq(verified(integrity), PAB_EXIT_DAMAGED);
        ck_assert_msg(strstr(findings, "services/object0_") && strstr(findings, "services/object2_") && strstr(findings, "services/object3_"), "%s", findings);
        int lines = 0;
        for (const char *p = findings; (p = strchr(p, '\n')); p++) lines++;
        ck_assert_int_eq(lines, 3);
        ck_assert_uint_eq(sound_artifacts, 1);
    }
    teardown();
}
END_TEST

START_TEST(what_no_plugin_looked_at_is_not_called_sound)
{
    one_backup();
    JOB("b ok"); /* the target is another one now */
    ck_assert_int_eq(verified(0), PAB_EXIT_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(warnings, "not checked by its plugin: the job has no such target with plugin 'scripted' any more"));
    JOB("a ok,\"none\":1"); /* a mistake */
    ck_assert_int_eq(verified(0), PAB_EXIT_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(warnings, "not checked by its plugin: "));
    ck_assert_uint_eq(sound_artifacts, 2);
    ck_assert_int_eq(verified(1), PAB_EXIT_INCOMPLETE);
    zero(artifact("object1"), 0, 40);
    ck_assert_int_eq(verified(0), PAB_EXIT_DAMAGED);
    teardown();
}
END_TEST

START_TEST(two_files_that_changed_places_are_told)
{
    one_backup();
    CLEANUP_FREE char *a = pab_strdup(artifact("object0"));
    CLEANUP_FREE char *b = pab_strdup(artifact("object1"));
    CLEANUP_FREE char *c = pab_sprintf("%s.x", a);
    flip(a, 30, 1); /* the two objects hold the same */
    ck_assert(rename(a, c) == 0 && rename(b, a) == 0 && rename(c, b) == 0);
    ck_assert_int_eq(verified(1), PAB_EXIT_DAMAGED);
    ck_assert_ptr_nonnull(strstr(findings, strstr(b, FOLDER)));
    teardown();
}
END_TEST

START_TEST(a_changed_manifest_is_told_even_when_it_reads_well)
{
    one_backup();
    CLEANUP_FREE char *text = NULL;
    const char *path = in_one("manifest.json");
    ck_assert_int_eq(pab_read_file(AT_FDCWD, path, 1 << 20, &text, NULL, &err), PAB_OK);
    char *at = strstr(text, "\"object\": \"object1\"");
    ck_assert_ptr_nonnull(at);
    flip(path, at - text + 17, 4); /* object5 */
    is_told(0, "manifest.json");
    teardown();
}
END_TEST

START_TEST(every_bit_of_the_manifest_counts)
{
    one_backup();
    off_t size = size_of(in_one("manifest.json"));
    for (off_t at = 0; at < size; at += unit_is_slow() ? 61 : 23) {
        flip(in_one("manifest.json"), at, (unsigned char)(1 << at % 7));
        ck_assert_msg(verified(0) == PAB_EXIT_DAMAGED, "byte %lld", (long long)at);
        ck_assert_ptr_nonnull(strstr(findings, "manifest.json"));
        pab_error_clear(&err);
        ck_assert_msg(restore(&(struct pab_restore_opts){ .which = "one", .dry_run = 1 }) != PAB_EXIT_OK, "byte %lld", (long long)at);
        flip(in_one("manifest.json"), at, (unsigned char)(1 << at % 7));
    }
    ck_assert_int_eq(verified(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(missing_sums_are_told)
{
    one_backup();
    ck_assert_int_eq(unlink(in_one("SHA256SUMS")), 0);
    is_told(0, "SHA256SUMS");
    teardown();
}
END_TEST

START_TEST(without_a_manifest_it_is_no_backup)
{
    one_backup();
    ck_assert_int_eq(unlink(in_one("manifest.json")), 0);
    ck_assert_int_eq(verified(0), PAB_EXIT_DAMAGED);
    ck_assert_ptr_nonnull(strstr(findings, "is not a whole backup: it has no manifest.json"));
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one" }), PAB_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(err.message, "has no manifest.json"));
    teardown();
}
END_TEST

START_TEST(an_extra_file_is_told_and_only_force_restores)
{
    one_backup();
    close(open(in_one("services/stray"), O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
    is_told(0, "services/stray");
    ck_assert_str_eq(findings, "services/stray: is not in the manifest\n");
    warnings[0] = 0;
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one", .force = 1 }), PAB_EXIT_OK); /* all of it is whole */
    ck_assert_str_eq(warnings, "'services/stray' is not in the manifest\n");
    ck_assert(exists("object0") && exists("object1"));
    teardown();
}
END_TEST

START_TEST(a_missing_paper_or_artifact_is_told_even_when_it_is_not_asked_for)
{
    static const char *const object0[] = { "object0", NULL };
    one_backup();
    ck_assert_int_eq(unlink(in_one("RESTORE.md")), 0);
    is_told(0, "RESTORE.md");
    CLEANUP_FREE char *path = pab_strdup(artifact("object1"));
    ck_assert_int_eq(unlink(path), 0);
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one", .objects = object0 }), PAB_EXIT_FAILED);
    ck_assert(!exists("object0"));
    warnings[0] = 0;
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one", .objects = object0, .force = 1 }), PAB_EXIT_OK);
    ck_assert(strstr(warnings, "RESTORE.md") && strstr(warnings, strstr(path, FOLDER)));
    teardown();
}
END_TEST

START_TEST(a_mode_that_others_may_read_does_not_stop_a_restore)
{
    one_backup();
    ck_assert_int_eq(chmod(artifact("object0"), 0644), 0);
    ck_assert_int_eq(verified(0), PAB_EXIT_DAMAGED);
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one" }), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(force_restores_what_can_be_and_says_what_is_damaged)
{
    one_backup();
    flip(artifact("object1"), 60, 1);
    int code = restore(&(struct pab_restore_opts){ .which = "one", .force = 1 });
    ck_assert(code == PAB_EXIT_FAILED || code == PAB_EXIT_INCOMPLETE);
    ck_assert_ptr_nonnull(strstr(warnings, "object1"));
    ck_assert(exists("object0"));
    teardown();
}
END_TEST

START_TEST(an_encoding_of_a_later_version_is_refused_by_name)
{
    one_backup();
    CLEANUP_FREE char *text = NULL;
    ck_assert_int_eq(pab_read_file(AT_FDCWD, in_one("manifest.json"), 1 << 20, &text, NULL, &err), PAB_OK);
    CLEANUP_FREE char *command = pab_sprintf("cd %s/one && sed -i '0,/\"encoding\": \"gzip\"/s//\"encoding\": \"brot\"/' manifest.json && "
                                             "sed -i \"s/^.*  manifest.json/$(sha256sum manifest.json)/\" SHA256SUMS", store_path);
    ck_assert_int_eq(system(command), 0);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one" }), PAB_EXIT_FAILED);
    ck_assert_ptr_nonnull(strstr(err.message, "is encoded as 'brot', which this version cannot read"));
    ck_assert(!exists("object0"));
    ck_assert_int_eq(verified(1), PAB_EXIT_DAMAGED);
    teardown();
}
END_TEST

/* A child that is in the middle of a backup until it is killed. */
static pid_t run_that_takes_long(void)
{
    char path[160];
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) _exit(backup_named("slow"));
    snprintf(path, sizeof path, "%s/.partial-slow/services", store_path);
    for (int i = 0; i < 1000 && access(path, F_OK); i++) usleep(10000);
    ck_assert_int_eq(access(path, F_OK), 0);
    return pid;
}

static void kill_it(pid_t pid)
{
    int status;
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
}

START_TEST(of_two_runs_at_once_the_second_is_refused_and_harms_nothing)
{
    setup();
    JOB("a ok", "b slow");
    pid_t pid = run_that_takes_long();
    JOB("a ok");
    CLEANUP_FREE char *holder = pab_sprintf("pid %d on ", (int)pid);
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_LOCKED);
    ck_assert_ptr_nonnull(strstr(err.message, holder));
    ck_assert(exists("store/.partial-slow/services") && !exists("store/two") && !exists("store/.partial-two"));
    kill_it(pid);
    pab_error_clear(&err);
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_OK);
    ck_assert(!exists("store/.partial-slow") && !exists("store/slow") && exists("store/two/manifest.json"));
    teardown();
}
END_TEST

START_TEST(a_restore_waits_for_nobody_and_is_refused_while_a_run_is_on)
{
    one_backup();
    JOB("a ok", "b slow");
    pid_t pid = run_that_takes_long();
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one" }), PAB_EXIT_LOCKED);
    ck_assert(!exists("object0"));
    pab_error_clear(&err);
    ck_assert_int_eq(restore(&(struct pab_restore_opts){ .which = "one", .dry_run = 1 }), PAB_EXIT_OK); /* changes nothing */
    kill_it(pid);
    teardown();
}
END_TEST

START_TEST(killed_at_any_point_what_was_stopped_is_started_by_the_next_start)
{
    int n = 1, stopped = 0, killed = 1;
    for (; killed; n += unit_is_slow() ? 3 : 1) {
        char point[32];
        setup();
        JOB("a stop");
        snprintf(point, sizeof point, "*:%d", n);
        killed = killed_at(point);
        stopped += exists("stopped");
        pab_session_close(session(PAB_CAT_ALL));
        ck_assert_msg(!exists("stopped"), "point %d", n);
        ck_assert_int_eq(backup_named("after"), PAB_EXIT_OK);
        ck_assert(!exists("stopped"));
        ck_assert_int_eq(verified(1), PAB_EXIT_OK);
        CLEANUP_FREE char *command = pab_sprintf("test -z \"$(find %s/state/journal -name '*.jsonl' 2>/dev/null)\"", dir);
        ck_assert_msg(system(command) == 0, "point %d", n);
        teardown();
    }
    ck_assert_int_ge(stopped, unit_is_slow() ? 2 : 4); /* it was stopped at some of the kills */
    ck_assert_int_ge(n, 15);
}
END_TEST

START_TEST(a_full_disk_in_any_write_is_told_with_the_file)
{
    setup();
    JOB("a ok");
    for (unsigned n = 1, done = 0; !done; n++) {
        ck_assert_uint_lt(n, 200);
        pab_error_clear(&err);
        target_error[0] = 0;
        pab_fs_fail_write_at(n, ENOSPC);
        int code = backup_named(NULL);
        pab_fs_fail_write_at(0, 0);
        done = code == PAB_EXIT_OK;
        const char *told = err.code ? err.message : target_error;
        if (!done) ck_assert_msg(strstr(told, "No space left") && strchr(told, '\''), "write %u: %s", n, told);
        if (!done) ck_assert_uint_eq(backup_count(), 0);
    }
    ck_assert_int_eq(verified(1), PAB_EXIT_OK);
    teardown();
}
END_TEST

START_TEST(a_run_after_the_clock_was_set_back_counts_as_the_newer_one)
{
    setup();
    JOB("a ok");
    setenv("TZ", "UTC", 1);
    setenv("PABENGINE_TEST_NOW", "1705838400", 1);
    ck_assert_int_eq(backup_named(NULL), PAB_EXIT_OK);
    setenv("PABENGINE_TEST_NOW", "1705834800", 1); /* an hour earlier */
    ck_assert_int_eq(backup_named(NULL), PAB_EXIT_OK);
    unsetenv("PABENGINE_TEST_NOW");
    ck_assert_ptr_nonnull(strstr(warnings, "the clock was set back"));
    ck_assert_str_eq(latest(), "backup-20240121_120000_2");
    struct pab_backup_list list = backups();
    ck_assert_uint_eq(list.count, 2);
    ck_assert_str_eq(list.items[0].name, "backup-20240121_120000_2");
    ck_assert_int_ge(list.items[0].manifest.finished_ns, list.items[0].manifest.started_ns);
    pab_backup_list_release(&list);
    teardown();
}
END_TEST

START_TEST(what_cannot_be_swept_is_a_warning_and_the_run_goes_on)
{
    setup();
    JOB("a ok");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    CLEANUP_FREE char *command = pab_sprintf("mkdir -p %s/.partial-x && touch %s/.partial-x/f && chattr +i %s/.partial-x/f 2>/dev/null", store_path, store_path, store_path);
    if (geteuid() != 0 || system(command) != 0) {
        printf("SKIP: a file that cannot be removed needs root and a filesystem with chattr +i\n");
    } else {
        ck_assert_int_eq(backup_named("two"), PAB_EXIT_OK);
        ck_assert_ptr_nonnull(strstr(warnings, "cannot remove '.partial-x'"));
        CLEANUP_FREE char *undo = pab_sprintf("chattr -i %s/.partial-x/f", store_path);
        ck_assert_int_eq(system(undo), 0);
    }
    teardown();
}
END_TEST

UNIT_MAIN("damage", a_truncated_file_is_told_without_reading_it, a_file_that_grew_is_told_without_reading_it, a_missing_file_is_told,
          a_symlink_in_place_of_a_file_is_told_even_to_the_same_bytes, a_flipped_bit_anywhere_in_a_file_is_told,
          zeros_at_the_beginning_or_the_end_are_told_without_reading_it_whole,
          zeros_in_a_text_that_is_not_compressed_are_told,
          every_artifact_that_a_plugin_finds_damaged_is_told_and_none_of_them_is_sound, what_no_plugin_looked_at_is_not_called_sound, two_files_that_changed_places_are_told,
          a_changed_manifest_is_told_even_when_it_reads_well, every_bit_of_the_manifest_counts, missing_sums_are_told, without_a_manifest_it_is_no_backup,
          an_extra_file_is_told_and_only_force_restores, a_missing_paper_or_artifact_is_told_even_when_it_is_not_asked_for,
          a_mode_that_others_may_read_does_not_stop_a_restore, force_restores_what_can_be_and_says_what_is_damaged,
          an_encoding_of_a_later_version_is_refused_by_name, of_two_runs_at_once_the_second_is_refused_and_harms_nothing,
          a_restore_waits_for_nobody_and_is_refused_while_a_run_is_on, killed_at_any_point_what_was_stopped_is_started_by_the_next_start,
          a_full_disk_in_any_write_is_told_with_the_file, a_run_after_the_clock_was_set_back_counts_as_the_newer_one,
          what_cannot_be_swept_is_a_warning_and_the_run_goes_on)
