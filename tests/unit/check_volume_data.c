/* check_volume_data.c - the volume plugin: SQLite databases, folders put in place, reading through the Docker Engine. */
#include <sqlite3.h>
#include <sys/wait.h>
#include "tests/unit/volume_fixture.h"

/* ---- SQLite */

static sqlite3 *open_db(const char *path)
{
    sqlite3 *db = NULL;
    CLEANUP_FREE char *whole = pab_sprintf("%s/%s", it.root, path);
    ck_assert_int_eq(sqlite3_open(whole, &db), SQLITE_OK);
    return db;
}

static void run_sql(sqlite3 *db, const char *sql)
{
    char *why = NULL;
    ck_assert_msg(sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK, "%s", why);
}

static int get_int(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *s = NULL;
    ck_assert_int_eq(sqlite3_prepare_v2(db, sql, -1, &s, NULL), SQLITE_OK);
    ck_assert_int_eq(sqlite3_step(s), SQLITE_ROW);
    int n = sqlite3_column_int(s, 0);
    sqlite3_finalize(s);
    return n;
}

/* Rows of the database that the backup holds as data/NAME, which must be sound. */
static int rows_in_backup(const char *name)
{
    struct fake_entry *e = fake_entry_named(fake_artifact_named(it.host, "data"), name);
    ck_assert_ptr_nonnull(e);
    put("copy.db", e->data.bytes, e->data.size);
    sqlite3 *db = open_db("copy.db");
    ck_assert_int_eq(get_int(db, "SELECT count(*) FROM pragma_integrity_check WHERE integrity_check = 'ok'"), 1);
    int rows = get_int(db, "SELECT count(*) FROM t");
    sqlite3_close(db);
    return rows;
}

static struct fake_entry *entry(const char *path) { return fake_entry_named(fake_artifact_named(it.host, "data"), path); }

START_TEST(rows_that_are_only_in_the_log_are_in_the_copy)
{
    begin_path();
    put_text("data/other", "x");
    sqlite3 *db = open_db("data/app");
    run_sql(db, "PRAGMA journal_mode=wal; PRAGMA wal_autocheckpoint=0; CREATE TABLE t(x); INSERT INTO t VALUES(1),(2),(3)");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(rows_in_backup("app"), 3);
    ck_assert_ptr_null(entry("app-wal"));
    ck_assert_ptr_null(entry("app-shm"));
    ck_assert_int_eq(is_there("data/app-wal"), 1);
    ck_assert_ptr_nonnull(entry("other"));
    ck_assert_uint_eq(it.host->warnings.count, 0);
    run_sql(db, "INSERT INTO t VALUES(4)");
    sqlite3_close(db);
    end();
}
END_TEST

START_TEST(a_database_at_rest_is_left_as_it_was)
{
    struct stat before, after;
    begin_path();
    put_text("data/other", "x");
    sqlite3 *db = open_db("data/app");
    run_sql(db, "PRAGMA journal_mode=wal; CREATE TABLE t(x); INSERT INTO t VALUES(1)");
    sqlite3_close(db);
    CLEANUP_FREE char *path = pab_sprintf("%s/data/app", it.root);
    ck_assert_int_eq(stat(path, &before), 0);
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(stat(path, &after), 0);
    ck_assert_int_eq(rows_in_backup("app"), 1);
    ck_assert_int_eq(before.st_mtim.tv_nsec, after.st_mtim.tv_nsec);
    ck_assert_int_eq(is_there("data/app-wal") + is_there("data/app-shm"), 0);
    end();
}
END_TEST

/* A program that dies in a transaction whose pages are in the file already: only the journal knows how it was. */
static void die_in_transaction(void)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        sqlite3 *db = open_db("data/app");
        run_sql(db, "PRAGMA cache_size=1; PRAGMA cache_spill=1; CREATE TABLE t(x); INSERT INTO t VALUES(1); BEGIN; "
                    "INSERT INTO t SELECT randomblob(500) FROM (WITH RECURSIVE c(n) AS (SELECT 1 UNION ALL SELECT n+1 FROM c WHERE n<2000) SELECT n FROM c)");
        kill(getpid(), SIGKILL);
    }
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
}

START_TEST(a_transaction_that_a_crash_left_is_rolled_back_in_the_copy_alone)
{
    begin_path();
    put_text("data/other", "x");
    die_in_transaction();
    ck_assert_int_eq(is_there("data/app-journal"), 1);
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(rows_in_backup("app"), 1);
    ck_assert_ptr_null(entry("app-journal"));
    ck_assert_int_eq(is_there("data/app-journal"), 1);
    end();
}
END_TEST

START_TEST(what_only_looks_like_a_database_is_stored_as_it_lies)
{
    char page[1024] = "SQLite format 3";
    begin_path();
    memset(page + 16, 0xee, sizeof page - 16);
    put("data/fake", page, sizeof page);
    put_text("data/fake-wal", "log");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_uint_eq(entry("fake")->data.size, sizeof page);
    ck_assert_mem_eq(entry("fake")->data.bytes, page, sizeof page);
    ck_assert_str_eq(entry("fake-wal")->data.bytes, "log");
    ck_assert_int_eq(fake_has_text(&it.host->warnings, "stored as it lies"), 1);
    end();
}
END_TEST

START_TEST(a_log_without_a_database_is_a_file)
{
    begin_path();
    put_text("data/x-wal", "no database");
    put_text("data/x", "no database either");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(entry("x-wal")->data.bytes, "no database");
    end();
}
END_TEST

START_TEST(a_database_with_an_odd_name_is_copied)
{
    begin_path();
    put_text("data/sub/other", "x");
    sqlite3 *db = open_db("data/sub/a\nb?mode=memory'\xff");
    run_sql(db, "CREATE TABLE t(x); INSERT INTO t VALUES(1),(2)");
    sqlite3_close(db);
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(rows_in_backup("sub/a\nb?mode=memory'\xff"), 2);
    end();
}
END_TEST

START_TEST(a_failure_in_the_middle_of_a_database_fails_the_backup)
{
    begin_path();
    put_text("data/other", "x");
    sqlite3 *db = open_db("data/app");
    run_sql(db, "CREATE TABLE t(x)");
    sqlite3_close(db);
    static const char *const calls[] = { "tree_entry", "artifact_write", "scratch_dir" };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        fake_fail_call(it.host, calls[i], 1, PAB_E_NOSPACE);
        ck_assert_int_lt(backup(), 0);
        fake_fail_call(it.host, calls[i], 0, 0);
        fake_new_verb(it.host);
        it.host->object_count = 0;
    }
    end();
}
END_TEST

/* ---- folders */

START_TEST(an_empty_folder_is_backed_up)
{
    begin_path();
    put_text("data/x", "");
    CLEANUP_FREE char *path = pab_sprintf("%s/data/x", it.root);
    ck_assert_int_eq(unlink(path), 0);
    ck_assert_int_eq(backup(), PAB_OK);
    end();
}
END_TEST

START_TEST(a_folder_that_is_gone_is_an_error)
{
    begin_path();
    ck_assert_int_eq(backup(), PAB_E_NOT_FOUND);
    end();
}
END_TEST

START_TEST(a_folder_is_replaced_as_a_whole_and_the_old_one_is_kept)
{
    begin_path();
    put_text("data/file", "old");
    ck_assert_int_eq(backup(), PAB_OK);
    put_text("data/file", "new");
    put_text("data/extra", "x");
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_uint_eq(it.host->plan_count, 1);
    ck_assert_int_eq(restore(0), PAB_OK);
    CLEANUP_FREE char *file = text_of("data/file");
    CLEANUP_FREE char *kept = text_of("data.pab-old/file");
    ck_assert_str_eq(file, "old");
    ck_assert_str_eq(kept, "new");
    ck_assert_int_eq(is_there("data/extra"), 0);
    ck_assert_int_eq(restore(0), PAB_E_EXISTS);
    ck_assert_int_eq(restore(PAB_RESTORE_CLEANUP), PAB_OK);
    ck_assert_int_eq(is_there("data.pab-old"), 0);
    ck_assert_int_eq(restore(PAB_RESTORE_DROP_OLD), PAB_OK);
    ck_assert_int_eq(is_there("data.pab-old"), 0);
    ck_assert_uint_eq(it.host->journal.count, 0);
    end();
}
END_TEST

START_TEST(what_restores_of_single_files_kept_is_left_out_and_cleaned_up)
{
    static const char *const kept[] = { "data/file.pab-old", "data/file.pab-old.2" }, *const others[] = { "data/file", "data/mine.pab-old", "data/file.pab-old.txt" };
    begin_path();
    for (size_t i = 0; i < 2; i++) put_text(kept[i], "kept");
    for (size_t i = 0; i < 3; i++) put_text(others[i], "x");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_ptr_nonnull(entry("file"));
    ck_assert_ptr_nonnull(entry("file.pab-old.txt"));
    ck_assert_ptr_null(entry("file.pab-old"));
    ck_assert_ptr_null(entry("file.pab-old.2"));
    ck_assert_int_eq(restore(PAB_RESTORE_CLEANUP | PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_uint_eq(it.host->plans[0].plan.action, PAB_PLAN_DROP);
    for (size_t i = 0; i < 2; i++) ck_assert_int_eq(is_there(kept[i]), 1);
    ck_assert_int_eq(restore(PAB_RESTORE_CLEANUP), PAB_OK);
    for (size_t i = 0; i < 2; i++) ck_assert_int_eq(is_there(kept[i]), 0);
    for (size_t i = 0; i < 3; i++) ck_assert_int_eq(is_there(others[i]), 1);
    end();
}
END_TEST

START_TEST(a_restore_that_fails_leaves_the_folder_as_it_was)
{
    begin_path();
    put_text("data/file", "old");
    ck_assert_int_eq(backup(), PAB_OK);
    put_text("data/file", "new");
    fake_fail_call(it.host, "tree_extract", 1, PAB_E_CORRUPT);
    ck_assert_int_eq(restore(0), PAB_E_CORRUPT);
    CLEANUP_FREE char *file = text_of("data/file");
    ck_assert_str_eq(file, "new");
    ck_assert_int_eq(is_there("data.pab-old"), 0);
    ck_assert_uint_eq(it.host->journal.count, 0);
    end();
}
END_TEST

START_TEST(what_a_killed_restore_left_is_removed)
{
    begin_path();
    put_text("data.pab-new/half", "x");
    CLEANUP_FREE char *record = pab_sprintf("{\"undo\":\"folder\",\"path\":\"%s/data.pab-new\"}", it.root);
    ck_assert_int_eq(open_now(), PAB_OK);
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), record), PAB_OK);
    ck_assert_int_eq(is_there("data.pab-new"), 0);
    end();
}
END_TEST

/* ---- through the Docker Engine */

static void begin_archive(struct fake_answer archive)
{
    begin_docker(NULL);
    fake_set(it.config, "access", "archive");
    archive.chunked = 1;
    fake_http_on(it.docker->http, "GET /v1.41/images/*", (struct fake_answer){ .body = "{}" });
    fake_http_on(it.docker->http, "POST /v1.41/containers/create*", (struct fake_answer){ .status = 201, .body = "{\"Id\":\"helper\"}" });
    fake_http_on(it.docker->http, "DELETE /v1.41/containers/helper*", (struct fake_answer){ .status = 204 });
    fake_http_on(it.docker->http, "GET /v1.41/containers/helper/archive*", archive);
}

static void helper_is_gone(void)
{
    ck_assert_uint_eq(fake_http_count(it.docker->http, "DELETE /v1.41/containers/helper*"), 1);
    ck_assert_uint_eq(it.host->journal.count, 0);
}

static const char tar[4096] = "v/";

START_TEST(what_the_engine_sends_is_the_artifact_with_a_warning)
{
    begin_archive((struct fake_answer){ .body = tar, .size = sizeof tar });
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = fake_artifact_named(it.host, "data");
    ck_assert_uint_eq(a->data.size, sizeof tar);
    ck_assert_uint_eq(a->tar_strip, 1);
    ck_assert_str_eq(fake_value(&a->facts, "access"), "archive");
    ck_assert_int_eq(fake_has_text(&it.host->warnings, "extended attributes"), 1);
    helper_is_gone();
    end();
}
END_TEST

START_TEST(a_read_cut_short_fails_the_backup)
{
    begin_archive((struct fake_answer){ .body = tar, .size = sizeof tar, .cut_at = 2048 });
    ck_assert_int_eq(backup(), PAB_E_UNREACHABLE);
    ck_assert_int_eq(fake_artifact_named(it.host, "data")->state, FAKE_ABORTED);
    helper_is_gone();
    end();
}
END_TEST

START_TEST(a_helper_removed_before_the_read_fails_the_backup)
{
    begin_archive((struct fake_answer){ .status = 404, .body = "{\"message\":\"No such container: helper\"}" });
    ck_assert_int_eq(backup(), PAB_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(it.host->failure.message, "No such container"));
    helper_is_gone();
    end();
}
END_TEST

START_TEST(a_cancelled_read_removes_its_helper)
{
    begin_archive((struct fake_answer){ .body = tar, .size = sizeof tar });
    fake_fail_call(it.host, "tree_tar", 1, PAB_E_CANCELLED);
    ck_assert_int_eq(backup(), PAB_E_CANCELLED);
    helper_is_gone();
    end();
}
END_TEST

/* ---- a manifest that was altered */

static void alter(const char *key, const char *value)
{
    struct fake_kvs *facts = &fake_artifact_named(it.host, "data")->facts;
    for (size_t i = 0; i < facts->count; i++)
        if (!strcmp(facts->items[i].key, key)) facts->items[i].value = value; /* texts are the host's */
}

START_TEST(a_manifest_chooses_no_path_of_the_machine)
{
    begin_docker(NULL);
    it.docker->volumes[0].options = json_pack("{s:s}", "size", "1m");
    ck_assert_int_eq(backup(), PAB_OK);
    it.docker->volumes[0].name[0] = '\0';
    json_decref(TAKE_PTR(it.docker->volumes[0].options));
    it.docker->has_archives = 1;
    alter("options", "{\"device\":\"/etc\",\"o\":\"bind\",\"type\":\"none\"}");
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    ck_assert_uint_eq(fake_http_count(it.docker->http, "POST *"), 0);
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_uint_eq(it.host->plans[0].plan.action, PAB_PLAN_CONFLICT);
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.docker->http, "POST /v1.41/volumes/create"), 1);
    end();
}
END_TEST

START_TEST(a_manifest_leads_nowhere_else_than_below_the_folder)
{
    begin_path();
    put_text("data/file", "content");
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = fake_artifact_named(it.host, "data");
    CLEANUP_FREE char *to = pab_sprintf("%s/to", it.root);
    const char *object = a->desc.object;
    a->desc.object = "../data";
    struct pab_restore_req req = { .flags = 0 };
    fake_new_verb(it.host);
    fake_restore_req(it.host, &req);
    req.to_dir = to;
    ck_assert_int_eq(it.plugin->restore(it.instance, fake_op(it.host), &req), PAB_E_REFUSED);
    a->desc.object = object;
    end();
}
END_TEST

/* ---- made anew through the Docker Engine */

/* A backup of volume "data", whose mountpoint then cannot be reached and which holds something else; some archives put into it fail. */
static void begin_anew(const char *content, unsigned failing_puts)
{
    begin_docker(NULL);
    ck_assert_int_eq(backup(), PAB_OK);
    ((struct volumes *)it.instance)->access = ACCESS_ARCHIVE;
    it.docker->has_archives = 1;
    strcpy(it.docker->volumes[0].content, content);
    it.docker->failing_puts = failing_puts;
}

#define FILLED "PaxHeader/v" /* begins what the backup puts */

static void volumes_are(const char *live, const char *old)
{
    ck_assert_str_eq(fake_docker_content(it.docker, "data"), live);
    ck_assert_pstr_eq(fake_docker_content(it.docker, "data__pab_old"), old);
    ck_assert_ptr_null(fake_docker_content(it.docker, "data__pab_new"));
    ck_assert_ptr_null(fake_docker_content(it.docker, "data__pab_undo"));
    ck_assert_uint_eq(it.host->journal.count, 0);
    for (size_t i = 0; i < it.docker->helper_count; i++) ck_assert_str_eq(it.docker->helpers[i].name, "");
}

START_TEST(a_volume_made_anew_keeps_what_was_in_it)
{
    begin_anew("original", 0);
    ck_assert_int_eq(restore(0), PAB_OK);
    volumes_are(FILLED, "original");
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_OK);
    volumes_are(FILLED, FILLED);
    ck_assert_int_eq(restore(PAB_RESTORE_DROP_OLD), PAB_OK);
    volumes_are(FILLED, NULL);
    end();
}
END_TEST

START_TEST(an_empty_volume_made_anew_keeps_nothing)
{
    begin_anew("", 0);
    ck_assert_int_eq(restore(0), PAB_OK);
    volumes_are(FILLED, NULL);
    end();
}
END_TEST

START_TEST(nothing_is_removed_before_the_backup_is_known_to_fill_a_volume_and_what_is_there_is_copied)
{
    static const uint32_t flags[] = { 0, PAB_RESTORE_DROP_OLD, PAB_RESTORE_FORCE };
    for (unsigned put = 0; put < 2; put++)
        for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
            begin_anew("original", 1u << put);
            ck_assert_int_eq(restore(flags[i]), PAB_E_TOOL);
            volumes_are("original", NULL);
            ck_assert_uint_eq(fake_http_count(it.docker->http, "DELETE /v1.41/volumes/data"), 0);
            end();
        }
}
END_TEST

START_TEST(a_volume_that_cannot_be_filled_gets_back_what_was_in_it)
{
    static const uint32_t flags[] = { 0, PAB_RESTORE_DROP_OLD };
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        begin_anew("original", 1u << 2);
        ck_assert_int_eq(restore(flags[i]), PAB_E_TOOL);
        volumes_are("original", NULL);
        end();
        begin_anew("", 1u << 1);
        ck_assert_int_eq(restore(flags[i]), PAB_E_TOOL);
        volumes_are("", NULL);
        end();
    }
}
END_TEST

START_TEST(a_volume_whose_only_content_is_the_copy_is_not_restored_to)
{
    static const uint32_t flags[] = { 0, PAB_RESTORE_FORCE, PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD, PAB_RESTORE_CLEANUP };
    begin_anew("original", 1u << 2 | 1u << 3);
    ck_assert_int_eq(restore(0), PAB_E_TOOL);
    ck_assert_int_eq(fake_has_text(&it.host->warnings, "lies in volume 'data__pab_old'"), 1);
    ck_assert_uint_eq(it.host->journal.count, 1);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
        ck_assert_int_eq(restore(flags[i]), PAB_E_REFUSED);
        ck_assert_str_eq(fake_docker_content(it.docker, "data__pab_old"), "original");
    }
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN | PAB_RESTORE_FORCE), PAB_OK);
    ck_assert_uint_eq(it.host->plans[0].plan.action, PAB_PLAN_CONFLICT);
    fake_new_verb(it.host);
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), it.host->journal.items[0]), PAB_OK);
    ck_assert_str_eq(fake_docker_content(it.docker, "data"), "original");
    ck_assert_ptr_null(fake_docker_content(it.docker, "data__pab_old"));
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), it.host->journal.items[0]), PAB_OK); /* the undoing was killed before it was noted */
    ck_assert_str_eq(fake_docker_content(it.docker, "data"), "original");
    end();
}
END_TEST

START_TEST(what_lies_on_a_device_is_not_made_anew)
{
    begin_anew("original", 0);
    it.docker->volumes[0].options = json_pack("{s:s, s:s}", "device", "/srv/x", "o", "bind");
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_REFUSED);
    volumes_are("original", NULL);
    end();
}
END_TEST

UNIT_MAIN("volume_data", rows_that_are_only_in_the_log_are_in_the_copy, a_database_at_rest_is_left_as_it_was,
          a_transaction_that_a_crash_left_is_rolled_back_in_the_copy_alone, what_only_looks_like_a_database_is_stored_as_it_lies,
          a_log_without_a_database_is_a_file, a_database_with_an_odd_name_is_copied, a_failure_in_the_middle_of_a_database_fails_the_backup,
          an_empty_folder_is_backed_up, a_folder_that_is_gone_is_an_error, a_folder_is_replaced_as_a_whole_and_the_old_one_is_kept,
          what_restores_of_single_files_kept_is_left_out_and_cleaned_up, a_restore_that_fails_leaves_the_folder_as_it_was, what_a_killed_restore_left_is_removed, what_the_engine_sends_is_the_artifact_with_a_warning,
          a_read_cut_short_fails_the_backup, a_helper_removed_before_the_read_fails_the_backup, a_cancelled_read_removes_its_helper,
          a_manifest_chooses_no_path_of_the_machine, a_manifest_leads_nowhere_else_than_below_the_folder,
          a_volume_made_anew_keeps_what_was_in_it, an_empty_volume_made_anew_keeps_nothing,
          nothing_is_removed_before_the_backup_is_known_to_fill_a_volume_and_what_is_there_is_copied, a_volume_that_cannot_be_filled_gets_back_what_was_in_it,
          a_volume_whose_only_content_is_the_copy_is_not_restored_to, what_lies_on_a_device_is_not_made_anew)
