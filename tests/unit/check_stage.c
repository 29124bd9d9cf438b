/* Tests of a backup coming to be: names, files, publishing; and what is left when that fails or is killed anywhere. */
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include "core/base/str.h"
#include "core/store/directory.h"
#include "tests/unit/store_fixture.h"

static size_t findings;
static char last_finding[512];

static void finding(void *ctx, const struct pab_finding *f)
{
    (void)ctx;
    findings++;
    snprintf(last_finding, sizeof last_finding, "%s: %s", f->path, f->problem);
}

/* The backup is listed, readable, with nothing missing and nothing extra. */
static void is_whole(struct pab_store *s, const char *name)
{
    struct pab_backup *b = NULL;
    findings = 0;
    ck_assert_msg(pab_backup_open(s, name, &b, &err) == PAB_OK, "%s", err.message);
    ck_assert_int_eq(pab_backup_check_files(b, finding, NULL, &err), PAB_OK);
    ck_assert_msg(findings == 0, "%s: %s", name, last_finding);
    ck_assert_int_eq(pab_backup_check_manifest(b, &err), PAB_OK);
    pab_backup_close(b);
}

static int left_overs(void)
{
    CLEANUP_FREE char *command = pab_sprintf("test -z \"$(find %s/store -name '.*' ! -name .lock ! -path %s/store)\"", dir, dir);
    return system(command) != 0;
}

static int create(struct pab_stage *st, const char *target, uint32_t category, const char *stem, const char *extension, char **ret_path)
{
    struct pab_file_spec spec = { .category = category, .target = target, .stem = stem, .extension = extension, .suffix = ".gz" };
    CLEANUP_CLOSE int fd = -1;
    return pab_stage_create(st, &spec, ret_path, &fd, &err);
}

static void creates(struct pab_stage *st, const char *target, uint32_t category, const char *stem, const char *extension, const char *want)
{
    CLEANUP_FREE char *path = NULL;
    ck_assert_msg(create(st, target, category, stem, extension, &path) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(path, want);
}

START_TEST(a_backup_is_named_after_its_start_and_the_next_of_that_second_is_numbered)
{
    setup();
    struct pab_store *s = open_store();
    CLEANUP_FREE char *one = NULL, *two = NULL, *three = NULL;
    ck_assert_int_eq(make_backup(s, NULL, NOON, "complete", &one), PAB_OK);
    ck_assert_int_eq(make_backup(s, NULL, NOON, "complete", &two), PAB_OK);
    ck_assert_int_eq(make_backup(s, NULL, NOON, "complete", &three), PAB_OK);
    ck_assert_str_eq(one, in_store("backup-20240121_120000"));
    ck_assert_str_eq(two, in_store("backup-20240121_120000_2"));
    ck_assert_str_eq(three, in_store("backup-20240121_120000_3"));
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_name_that_is_taken_or_unusable_is_refused)
{
    static const char *const bad[] = { "", ".hidden", "a/b", "..", "latest", "logs", "a\nb", "\x1b[2J", "\xff" };
    setup();
    struct pab_store *s = open_store();
    struct pab_stage *st = NULL;
    backup(s, "one", NOON);
    ck_assert_int_eq(pab_stage_begin(s, "one", NOON, &st, &err), PAB_E_EXISTS);
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) ck_assert_msg(pab_stage_begin(s, bad[i], NOON, &st, &err) == PAB_E_USAGE, "%s", bad[i]);
    ck_assert_ptr_null(st);
    ck_assert_int_eq(left_overs(), 0);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(files_lie_by_category_with_the_time_in_their_name)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_stage *st = NULL;
    ck_assert_int_eq(pab_stage_begin(s, NULL, NOON, &st, &err), PAB_OK);
    creates(st, "db", PAB_CAT_DATABASES, "letta", "sql", "databases/letta_20240121_120000.sql.gz");
    creates(st, "db", PAB_CAT_VOLUMES, "data", "tar", "volumes/data_20240121_120000.tar.gz");
    creates(st, "db", PAB_CAT_SERVICES, "agents/a b", "json", "services/agents/a%20b_20240121_120000.json.gz");
    creates(st, "db", PAB_CAT_DATABASES, "../x", "sql", "databases/%2E.%2Fx_20240121_120000.sql.gz");
    creates(st, "db", PAB_CAT_DATABASES, "d\xc3\xa4ta", "sql", "databases/d%C3%A4ta_20240121_120000.sql.gz");
    pab_stage_discard(st);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(folders_are_0700_and_files_0600_whatever_the_umask_is)
{
    static const mode_t masks[] = { 0, 0077, 0222 };
    for (size_t i = 0; i < sizeof masks / sizeof *masks; i++) {
        setup();
        mode_t before = umask(masks[i]);
        struct pab_store *s = open_store();
        backup(s, "one", NOON);
        umask(before);
        ck_assert_uint_eq(mode_of(in_store("")), 0700);
        ck_assert_uint_eq(mode_of(in_store("one")), 0700);
        ck_assert_uint_eq(mode_of(in_store("one/databases")), 0700);
        ck_assert_uint_eq(mode_of(in_store("one/databases/letta_20240121_120000.sql")), 0600);
        ck_assert_uint_eq(mode_of(in_store("one/manifest.json")), 0600);
        ck_assert_uint_eq(mode_of(in_store("one/SHA256SUMS")), 0600);
        ck_assert_uint_eq(mode_of(in_store("one/RESTORE.md")), 0600);
        pab_store_close(s);
        teardown();
    }
}
END_TEST

START_TEST(a_later_target_with_the_same_stem_is_prefixed_in_all_its_files)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_stage *st = NULL;
    CLEANUP_FREE char *path = NULL;
    ck_assert_int_eq(pab_stage_begin(s, NULL, NOON, &st, &err), PAB_OK);
    creates(st, "a", PAB_CAT_VOLUMES, "data", "tar", "volumes/data_20240121_120000.tar.gz");
    creates(st, "b", PAB_CAT_VOLUMES, "data", "tar", "volumes/b-data_20240121_120000.tar.gz");
    creates(st, "b", PAB_CAT_VOLUMES, "data", "mtree", "volumes/b-data_20240121_120000.mtree.gz");
    creates(st, "a", PAB_CAT_VOLUMES, "data", "mtree", "volumes/data_20240121_120000.mtree.gz");
    creates(st, "c", PAB_CAT_VOLUMES, "b-data", "tar", "volumes/c-b-data_20240121_120000.tar.gz");
    ck_assert_int_eq(create(st, "a", PAB_CAT_VOLUMES, "data", "tar", &path), PAB_E_EXISTS);
    ck_assert_str_eq(err.message, "two artifacts of target 'a' want the file name 'volumes/data_20240121_120000.tar.gz'");
    pab_stage_discard(st);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_stem_too_long_for_a_file_name_is_refused_by_name)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_stage *st = NULL;
    char stem[300];
    CLEANUP_FREE char *path = NULL;
    memset(stem, 'x', 299);
    stem[299] = 0;
    ck_assert_int_eq(pab_stage_begin(s, NULL, NOON, &st, &err), PAB_OK);
    ck_assert_int_eq(create(st, "a", PAB_CAT_VOLUMES, stem, "tar", &path), PAB_E_USAGE);
    ck_assert_ptr_nonnull(strstr(err.message, "of target 'a' gives no usable file name"));
    pab_stage_discard(st);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(nothing_is_to_be_seen_before_it_is_published)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_stage *st = NULL;
    struct pab_backup_list list = { 0 };
    ck_assert_int_eq(pab_stage_begin(s, "one", NOON, &st, &err), PAB_OK);
    creates(st, "db", PAB_CAT_DATABASES, "letta", "sql", "databases/letta_20240121_120000.sql.gz");
    ck_assert_int_eq(pab_store_list(s, &list, &err), PAB_OK);
    ck_assert_uint_eq(list.count, 0);
    ck_assert_int_eq(there("one"), 0);
    pab_stage_discard(st);
    ck_assert_int_eq(left_overs(), 0);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(sha256sum_agrees_with_what_is_published)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    is_whole(s, "one");
    CLEANUP_FREE char *command = pab_sprintf("cd %s && sha256sum --strict -c SHA256SUMS >/dev/null && test $(wc -l <SHA256SUMS) = 4", in_store("one"));
    ck_assert_int_eq(system(command), 0);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(restore_md_holds_a_command_for_every_artifact)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    CLEANUP_FREE char *text = NULL;
    ck_assert_int_eq(pab_read_file(AT_FDCWD, in_store("one/RESTORE.md"), 1 << 20, &text, NULL, &err), PAB_OK);
    ck_assert_ptr_nonnull(strstr(text, "createdb -T template0 -- 'letta'\n    cat 'databases/letta_20240121_120000.sql' | PGDATABASE='letta' psql"));
    ck_assert_ptr_nonnull(strstr(text, "cat 'databases/postgres_20240121_120000.sql' | PGDATABASE='postgres' psql"));
    ck_assert_ptr_nonnull(strstr(text, "sha256sum -c SHA256SUMS"));
    pab_store_close(s);
    teardown();
}
END_TEST

/* An object and a backup with all that a shell could take for something else: no command of RESTORE.md runs what is in them. */
START_TEST(restore_md_is_safe_to_paste)
{
    setup();
    static const char evil[] = "x'; touch pwned; $(touch pwned) `touch pwned` \"\\ \n    touch pwned\n'";
    static const char *const types[] = { "application/x-cypher-query", "application/x-neo4j-dump" };
    struct pab_manifest m = { 0 };
    struct pab_mf_target t = { .name = pab_strdup("db"), .plugin = pab_strdup("neo4j"), .plugin_version = pab_strdup("1") };
    fill_manifest(&m, "a'; touch pwned; '", NOON, "complete");
    for (size_t i = 0; i < 3; i++) {
        struct pab_mf_artifact a = { .category = PAB_CAT_DATABASES, .kind = i < 2 ? PAB_KIND_STREAM : PAB_KIND_TREE, .path = pab_strdup("databases/x.tar"),
                                     .object = pab_strdup(evil), .encoding = pab_strdup("none"), .encryption = pab_strdup("none") };
        if (i < 2) a.media_type = pab_strdup(types[i]);
        else a.index_path = pab_strdup("databases/x.mtree");
        for (int k = 0; i == 2 && k < 2; k++) {
            pab_strs_add(&a.layers, "one'; touch pwned; '/databases/x.tar");
            pab_strs_add(&a.layer_indexes, "one'; touch pwned; '/databases/x.mtree");
        }
        PAB_PUSH(&t.artifacts, a);
    }
    PAB_PUSH(&m.targets, t);
    CLEANUP_FREE char *text = pab_restore_md(&m);
    CLEANUP_FREE char *md = pab_sprintf("%s/RESTORE.md", dir);
    put_file(md, text);
    CLEANUP_FREE char *run = pab_sprintf("cd %s && mkdir -p a/b && cd a/b && sed -n 's/^    //p' ../../RESTORE.md >commands && sh commands </dev/null >/dev/null 2>&1;"
                                         " test -s commands && sh -n commands && test -z \"$(find .. -name pwned)\"", dir);
    ck_assert_int_eq(system(run), 0);
    ck_assert_ptr_nonnull(strstr(text, "restore JOB 'a'\\''; touch pwned"));
    pab_manifest_release(&m);
    teardown();
}
END_TEST

START_TEST(only_a_complete_backup_moves_latest)
{
    setup();
    struct pab_store *s = open_store();
    CLEANUP_FREE char *path = NULL, *latest = NULL, *again = NULL;
    backup(s, "one", NOON);
    ck_assert_int_eq(make_backup(s, "two", NOON + SECOND, "partial", &path), PAB_OK);
    latest = pab_store_latest(s);
    ck_assert_str_eq(latest, "one");
    backup(s, "three", NOON + 2 * SECOND);
    again = pab_store_latest(s);
    ck_assert_str_eq(again, "three");
    char target[16] = "";
    ck_assert_int_eq(readlink(in_store("latest"), target, sizeof target - 1), 5); /* relative: the store may move */
    pab_store_close(s);
    teardown();
}
END_TEST

/* Backups with the n-th call failing, n = 1, 2 ... until none does. Each time: nothing or everything is there, nothing is
 * left over, the error has the code, and the one after it works. */
static void every_failure(void (*order)(unsigned n, int os_errno), int os_errno, int code, unsigned least)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "before", NOON);
    unsigned n = 1;
    for (int rc = -1; rc; n++) {
        CLEANUP_FREE char *path = NULL;
        CLEANUP_FREE char *name = pab_sprintf("run%u", n);
        pab_error_clear(&err);
        order(n, os_errno);
        rc = make_backup(s, name, NOON + n * SECOND, "complete", &path);
        order(0, 0);
        if (rc) ck_assert_msg(err.code == code && strstr(err.message, strerror(os_errno)), "call %u: %s", n, err.message);
        if (path) {
            is_whole(s, name);
            if (rc) ck_assert_msg(strstr(err.message, "is published, but"), "call %u: %s", n, err.message);
        } else {
            ck_assert_int_eq(there(name), 0);
            ck_assert_msg(strstr(err.message, name), "call %u: %s", n, err.message);
        }
        if (rc == PAB_E_NOSPACE) ck_assert_msg(strstr(err.hint, "are free on that disk"), "call %u: %s", n, err.hint);
        ck_assert_int_eq(left_overs(), 0);
        is_whole(s, "before");
    }
    ck_assert_uint_gt(n, least);
    backup(s, "after", NOON + 1000 * SECOND);
    is_whole(s, "after");
    pab_store_close(s);
    teardown();
}

/* The fixture's own writes are not in question. */
static void fail_paper(unsigned n, int os_errno) { pab_fs_fail_write_at(n ? n + 2 : 0, os_errno); }

START_TEST(a_full_disk_while_papers_are_written_publishes_nothing) { every_failure(fail_paper, ENOSPC, PAB_E_NOSPACE, 3); }
END_TEST

START_TEST(a_quota_that_is_used_up_is_no_space) { every_failure(fail_paper, EDQUOT, PAB_E_NOSPACE, 3); }
END_TEST

START_TEST(a_sync_that_fails_publishes_nothing_or_says_that_it_did) { every_failure(pab_fs_fail_sync_at, EIO, PAB_E_IO, 8); }
END_TEST

START_TEST(a_rename_that_fails_publishes_nothing_or_says_that_it_did) { every_failure(pab_fs_fail_rename_at, EIO, PAB_E_IO, 5); }
END_TEST

/* Runs in a child that is killed at its n-th point; 1 when it was. */
static int killed_at(int n, int64_t started_ns)
{
    int status;
    CLEANUP_FREE char *point = pab_sprintf("*:%d", n);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        char *path = NULL;
        struct pab_store *s = open_store();
        if (pab_store_lock(s, "run", 0, &err)) end_child(1);
        pab_test_kill_at(point);
        end_child(make_backup(s, "killed", started_ns, "complete", &path));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFSIGNALED(status) ? WTERMSIG(status) == SIGKILL : WEXITSTATUS(status) == 0);
    return WIFSIGNALED(status);
}

static void count_name(void *ctx, const char *name)
{
    (void)name;
    ++*(size_t *)ctx;
}

START_TEST(a_kill_at_any_step_leaves_all_or_nothing_and_the_next_run_is_clean)
{
    int n = 1, published = 0, unpublished = 0;
    for (int killed = 1; killed; n++) {
        setup();
        struct pab_store *s = open_store();
        backup(s, "before", NOON);
        killed = killed_at(n, NOON + SECOND);
        struct pab_backup_list list = { 0 };
        ck_assert_int_eq(pab_store_list(s, &list, &err), PAB_OK);
        for (size_t i = 0; i < list.count; i++) is_whole(s, list.items[i].name);
        ck_assert_uint_eq(list.count, there("killed") ? 2 : 1);
        *(there("killed") ? &published : &unpublished) += 1;
        pab_backup_list_release(&list);
        CLEANUP_FREE char *latest = pab_store_latest(s);
        ck_assert(strcmp(latest, "before") == 0 || (there("killed") && strcmp(latest, "killed") == 0));
        /* what the next run does */
        size_t swept = 0;
        int left = left_overs();
        ck_assert_int_eq(pab_store_lock(s, "run", 0, &err), PAB_OK);
        ck_assert_msg(pab_store_sweep(s, count_name, &swept, &err) == PAB_OK, "%s", err.message);
        ck_assert_uint_eq(swept, left ? 1 : 0);
        ck_assert_int_eq(left_overs(), 0);
        backup(s, "after", NOON + 2 * SECOND);
        is_whole(s, "after");
        is_whole(s, "before");
        pab_store_close(s);
        teardown();
    }
    ck_assert_int_ge(n, 11); /* it did pass many points */
    ck_assert_int_ge(published, 3);
    ck_assert_int_ge(unpublished, 7);
}
END_TEST

START_TEST(a_disk_that_really_is_full_is_named_with_what_is_free)
{
    setup();
    CLEANUP_FREE char *store = pab_strdup(in_store(""));
    ck_assert_int_eq(mkdir(store, 0700), 0);
    if (geteuid() != 0 || unshare(CLONE_NEWNS) || mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) || mount("tiny", store, "tmpfs", 0, "size=64k,mode=0700")) {
        printf("SKIP: a tiny tmpfs needs root and the right to mount (%s)\n", strerror(errno));
        teardown();
        return;
    }
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    CLEANUP_FREE char *fill = pab_sprintf("dd if=/dev/zero of=%s/filler bs=4k 2>/dev/null; test -s %s/filler", store, store);
    ck_assert_int_eq(system(fill), 0);
    struct pab_stage *st = NULL;
    int rc = pab_stage_begin(s, "two", NOON, &st, &err);
    CLEANUP_FREE char *path = NULL;
    if (!rc) rc = create(st, "db", PAB_CAT_DATABASES, "x", "sql", &path);
    if (!rc) {
        struct pab_manifest m;
        fill_manifest(&m, "two", NOON, "complete");
        char *published = NULL;
        rc = pab_stage_publish(st, &m, &published, &err);
        pab_manifest_release(&m);
    } else {
        pab_stage_discard(st);
    }
    ck_assert_int_eq(rc, PAB_E_NOSPACE);
    ck_assert_ptr_nonnull(strstr(err.message, ".partial-two"));
    ck_assert_ptr_nonnull(strstr(err.hint, "0 bytes are free on that disk"));
    ck_assert_int_eq(there("two"), 0);
    ck_assert_int_eq(left_overs(), 0);
    is_whole(s, "one");
    unlink(in_store("filler"));
    backup(s, "two", NOON + SECOND);
    is_whole(s, "two");
    pab_store_close(s);
    ck_assert_int_eq(umount(store), 0);
    teardown();
}
END_TEST

START_TEST(a_folder_that_takes_the_name_meanwhile_is_not_replaced)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_stage *st = NULL;
    struct pab_manifest m;
    char *path = NULL;
    ck_assert_int_eq(pab_stage_begin(s, "one", NOON, &st, &err), PAB_OK);
    ck_assert_int_eq(mkdir(in_store("one"), 0700), 0); /* empty: rename(2) would take its place */
    fill_manifest(&m, "one", NOON, "complete");
    ck_assert_int_ne(pab_stage_publish(st, &m, &path, &err), PAB_OK);
    ck_assert_ptr_null(path);
    ck_assert_int_eq(there("one/manifest.json"), 0);
    ck_assert_int_eq(left_overs(), 0);
    pab_manifest_release(&m);
    pab_store_close(s);
    teardown();
}
END_TEST

UNIT_MAIN("stage", a_backup_is_named_after_its_start_and_the_next_of_that_second_is_numbered, a_name_that_is_taken_or_unusable_is_refused,
          files_lie_by_category_with_the_time_in_their_name, folders_are_0700_and_files_0600_whatever_the_umask_is,
          a_later_target_with_the_same_stem_is_prefixed_in_all_its_files, a_stem_too_long_for_a_file_name_is_refused_by_name,
          nothing_is_to_be_seen_before_it_is_published, sha256sum_agrees_with_what_is_published, restore_md_holds_a_command_for_every_artifact, restore_md_is_safe_to_paste,
          only_a_complete_backup_moves_latest, a_full_disk_while_papers_are_written_publishes_nothing, a_quota_that_is_used_up_is_no_space,
          a_sync_that_fails_publishes_nothing_or_says_that_it_did, a_rename_that_fails_publishes_nothing_or_says_that_it_did,
          a_kill_at_any_step_leaves_all_or_nothing_and_the_next_run_is_clean, a_disk_that_really_is_full_is_named_with_what_is_free,
          a_folder_that_takes_the_name_meanwhile_is_not_replaced)
