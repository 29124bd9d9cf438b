/* check_neo4j_stopped.c - methods cold and dump: a server that is stopped for it comes back whatever happens. The server is a process that
 * holds the lock on store_lock; the commands are shell. */
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include "tests/fakes/docker.h"
#include "tests/unit/neo4j_fixture.h"

static char root[64];
static pid_t holder;

static char *in_root(const char *name) { return pab_sprintf("%s/%s", root, name); }

static void put(const char *name, const void *data, size_t size)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = in_root(name), *dir = pab_strndup(path, (size_t)(strrchr(path, '/') - path));
    ck_assert_int_eq(pab_mkdirs(AT_FDCWD, dir, 0755, &err), PAB_OK);
    ck_assert_int_eq(pab_write_file_atomic(AT_FDCWD, path, data, size, 0755, &err), PAB_OK);
}
static void put_text(const char *name, const char *text) { put(name, text, strlen(text)); }

/* "": there is none. */
static char *text_of(const char *name)
{
    char *text = NULL;
    CLEANUP_FREE char *path = in_root(name);
    return pab_read_file(AT_FDCWD, path, 1 << 20, &text, NULL, NULL) == PAB_OK ? text : pab_strdup("");
}

static int is_text(const char *name, const char *expected)
{
    CLEANUP_FREE char *text = text_of(name);
    return !strcmp(text, expected);
}

/* A process that keeps the store locked until it is killed. */
static void run_server(void)
{
    CLEANUP_FREE char *path = in_root("data/databases/store_lock");
    int ready[2];
    char c;
    ck_assert_int_eq(pipe(ready), 0);
    if (!(holder = fork())) {
        struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
        signal(SIGTERM, SIG_DFL); /* not the test runner's */
        int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0 || fcntl(fd, F_SETLK, &l) || write(ready[1], "x", 1) != 1) _exit(1);
        for (;;) pause();
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
}

static void set_service(const char *stop, const char *start)
{
    struct pab_config *r = fake_add_record(it.config, "service");
    const char *const keys[] = { "stop", "start" }, *const scripts[] = { stop, start };
    for (size_t i = 0; i < 2; i++) {
        fake_add(r, keys[i], "sh");
        fake_add(r, keys[i], "-c");
        fake_add(r, keys[i], scripts[i]);
    }
}

static void begin_stopped(const char *method, int running)
{
    begin();
    strcpy(root, "/tmp/pab-check-neo4j-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    put_text("data/databases/neo4j/store", "the graph");
    put_text("data/transactions/neo4j/log", "the log");
    put_text("data/dbms/auth.ini", "");
    CLEANUP_FREE char *data = in_root("data");
    fake_set(it.config, "data_dir", data);
    fake_set(it.config, "method", method);
    fake_set(it.config, "start_timeout", "5s");
    fake_set(it.config, "stop_timeout", "5s");
    holder = 0;
    if (!running) return;
    run_server();
    CLEANUP_FREE char *stop = pab_sprintf("kill %d; echo stop >>%s/did", (int)holder, root), *start = pab_sprintf("echo start >>%s/did", root);
    set_service(stop, start);
}

static void end_stopped(void)
{
    if (holder) kill(holder, SIGKILL);
    if (holder) waitpid(holder, NULL, 0);
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, root, NULL), PAB_OK);
    end();
}

static void works(int rc) { ck_assert_msg(rc == PAB_OK, "%s", it.host->failure.message); }

START_TEST(cold_reads_the_data_folder_between_stop_and_start)
{
    begin_stopped("cold", 1);
    works(backup());
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_data");
    ck_assert_str_eq(fake_entry_named(a, "databases/neo4j/store")->data.bytes, "the graph");
    ck_assert_str_eq(fake_entry_named(a, "transactions/neo4j/log")->data.bytes, "the log");
    ck_assert_ptr_nonnull(fake_entry_named(a, "dbms/auth.ini"));
    ck_assert_str_eq(fake_value(&a->facts, "consistency"), "a point in time");
    ck_assert_str_eq(fake_value(&a->facts, "server"), "5.26.0");
    ck_assert(is_text("did", "stop\nstart\n"));
    ck_assert_uint_eq(it.host->journal.count, 0);
    end_stopped();
}
END_TEST

START_TEST(a_server_that_did_not_run_is_not_started)
{
    begin_stopped("cold", 0);
    works(backup());
    ck_assert(is_text("did", ""));
    ck_assert_uint_eq(it.host->journal_calls.count, 0);
    end_stopped();
}
END_TEST

START_TEST(a_running_server_that_cannot_be_stopped_is_refused)
{
    begin_stopped("cold", 0);
    run_server();
    ck_assert_int_eq(backup(), PAB_E_BUSY);
    says("the server is running");
    end_stopped();
}
END_TEST

START_TEST(a_server_comes_back_when_reading_fails)
{
    begin_stopped("cold", 1);
    fake_fail_call(it.host, "tree_walk", 1, PAB_E_IO);
    ck_assert_int_eq(backup(), PAB_E_IO);
    ck_assert(is_text("did", "stop\nstart\n"));
    ck_assert_uint_eq(it.host->journal.count, 0);
    end_stopped();
}
END_TEST

START_TEST(what_does_not_stop_fails_and_is_left_running)
{
    begin_stopped("cold", 0);
    run_server();
    CLEANUP_FREE char *start = pab_sprintf("echo start >>%s/did", root);
    set_service("true", start);
    fake_set(it.config, "stop_timeout", "1s");
    ck_assert_int_eq(backup(), PAB_E_TIMEOUT);
    says("did not stop");
    ck_assert(is_text("did", ""));
    ck_assert_uint_eq(it.host->journal.count, 0);
    end_stopped();
}
END_TEST

START_TEST(a_server_that_does_not_come_back_fails_and_stays_in_the_journal)
{
    begin_stopped("cold", 0);
    run_server();
    CLEANUP_FREE char *stop = pab_sprintf("kill %d", (int)holder);
    set_service(stop, "echo no port >&2; exit 3");
    ck_assert_int_eq(backup(), PAB_E_TOOL);
    says("no port");
    ck_assert_uint_eq(it.host->journal.count, 1);
    end_stopped();
}
END_TEST

START_TEST(the_server_of_a_killed_run_is_started_by_the_next)
{
    begin_stopped("cold", 1);
    fake_fail_call(it.host, "journal_done", 1, PAB_E_IO); /* as if it had been killed before */
    ck_assert_int_eq(backup(), PAB_E_IO);
    ck_assert_uint_eq(it.host->journal.count, 1);
    CLEANUP_FREE char *record = pab_strdup(it.host->journal.items[0]);
    fake_new_verb(it.host);
    works(it.plugin->recover(fake_op(it.host), record));
    ck_assert(is_text("did", "stop\nstart\nstart\n"));
    end_stopped();
}
END_TEST

START_TEST(what_runs_already_is_not_started_by_the_next)
{
    begin_stopped("cold", 0);
    run_server();
    CLEANUP_FREE char *record = pab_sprintf("{\"undo\":\"service\",\"data\":\"%s/data\",\"start\":[\"sh\",\"-c\",\"echo start >%s/did\"],\"until\":0,\"wait\":0,\"url\":\"%s\",\"ready\":5000}", root, root, fake_http_url(it.server->http));
    works(it.plugin->recover(fake_op(it.host), record));
    ck_assert(is_text("did", ""));
    end_stopped();
}
END_TEST

START_TEST(a_folder_that_is_no_data_folder_is_refused)
{
    begin_stopped("cold", 0);
    CLEANUP_FREE char *path = in_root("data/transactions");
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, path, NULL), PAB_OK);
    ck_assert_int_eq(backup(), PAB_E_NOT_FOUND);
    says("not the data folder of a server");
    end_stopped();
}
END_TEST

START_TEST(a_restored_folder_replaces_the_one_that_stays_aside)
{
    begin_stopped("cold", 0);
    works(backup());
    put_text("data/databases/neo4j/store", "damaged");
    works(restore(0));
    ck_assert(is_text("data/databases/neo4j/store", "the graph"));
    ck_assert(is_text("data.pab-old/databases/neo4j/store", "damaged"));
    ck_assert_int_eq(restore(0), PAB_E_EXISTS);
    works(restore(PAB_RESTORE_CLEANUP));
    ck_assert(is_text("data.pab-old/databases/neo4j/store", ""));
    works(restore(PAB_RESTORE_DROP_OLD));
    ck_assert(is_text("data.pab-old/databases/neo4j/store", ""));
    end_stopped();
}
END_TEST

START_TEST(a_plan_stops_nothing)
{
    begin_stopped("cold", 1);
    kill(holder, SIGKILL);
    waitpid(holder, NULL, 0);
    works(backup());
    run_server();
    works(restore(PAB_RESTORE_PLAN));
    ck_assert_int_eq(it.host->plans[0].plan.action, PAB_PLAN_STOP);
    ck_assert_int_eq(it.host->plans[1].plan.action, PAB_PLAN_OVERWRITE);
    ck_assert(is_text("did", ""));
    end_stopped();
}
END_TEST

/* ---- containers */

static struct fake_docker *engine;

static struct fake_container *begin_container(void)
{
    begin_stopped("cold", 0);
    engine = fake_docker_new();
    fake_set(it.config, "container", "graph");
    fake_set(it.config, "docker_host", fake_http_url(engine->http));
    return fake_docker_container(engine, "graph", "data");
}

static void end_container(void)
{
    fake_docker_free(engine);
    end_stopped();
}

START_TEST(a_container_is_stopped_and_started_again)
{
    begin_container();
    works(backup());
    ck_assert_str_eq(engine->did, "stop graph, start graph, ");
    ck_assert_uint_eq(it.host->journal.count, 0);
    end_container();
}
END_TEST

START_TEST(a_container_that_must_be_killed_is_no_backup_and_runs_again)
{
    begin_container()->ignores_stop = 1;
    ck_assert_int_eq(backup(), PAB_E_TIMEOUT);
    says("was killed");
    ck_assert_str_eq(engine->did, "stop graph, start graph, ");
    ck_assert_int_eq(state_of("neo4j_data"), -1);
    end_container();
}
END_TEST

START_TEST(a_container_that_would_be_gone_is_not_stopped)
{
    begin_container()->auto_remove = 1;
    ck_assert_int_eq(backup(), PAB_E_REFUSED);
    ck_assert_str_eq(engine->did, "");
    end_container();
}
END_TEST

START_TEST(the_container_of_a_killed_run_is_started_by_the_next)
{
    begin_container();
    fake_fail_call(it.host, "journal_done", 1, PAB_E_IO); /* as if it had been killed before */
    ck_assert_int_eq(backup(), PAB_E_IO);
    CLEANUP_FREE char *record = pab_strdup(it.host->journal.items[0]);
    engine->containers[0].running = 0;
    fake_new_verb(it.host);
    works(it.plugin->recover(fake_op(it.host), record));
    ck_assert_str_eq(engine->did, "stop graph, start graph, start graph, ");
    end_container();
}
END_TEST

/* ---- dumps */

/* "DZV1" and "hello" as zstd makes it. */
static const unsigned char zstd_hello[] = { 'D', 'Z', 'V', '1', 0x28, 0xb5, 0x2f, 0xfd, 0x24, 0x05, 0x29, 0x00, 0x00, 'h', 'e', 'l', 'l', 'o', 0xa3, 0x6d, 0x9f, 0x88 };

/* A tool that dumps what is in the file "dump", loads into the folders of a database, and says what it was asked. */
static void set_tool(const char *before_load)
{
    CLEANUP_FREE char *script = pab_sprintf("#!/bin/sh\ncd %s\necho \"$@\" >>asked\ncase $2 in dump) cat dump;;\n"
                                            "load) %s; mkdir -p data/databases/$3 data/transactions/$3 && cat >data/databases/$3/store;; esac\n", root, before_load);
    put_text("admin", script);
}

static void begin_dump(void)
{
    begin_stopped("dump", 0);
    CLEANUP_FREE char *tool = in_root("admin");
    put_text("data/databases/system/store", "the users");
    put_text("data/transactions/system/log", "their log");
    set_tool(":");
    put("dump", zstd_hello, sizeof zstd_hello);
    fake_add(it.config, "admin", tool);
}

START_TEST(dump_asks_the_admin_tool_for_graph_and_system)
{
    begin_dump();
    works(backup());
    ck_assert(is_text("asked", "database dump neo4j --to-stdout\ndatabase dump system --to-stdout\n"));
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_dump_neo4j");
    ck_assert_uint_eq(a->data.size, sizeof zstd_hello);
    ck_assert(a->desc.flags & PAB_ART_STORED);
    works(verify());
    end_stopped();
}
END_TEST

START_TEST(a_dump_that_fails_keeps_nothing)
{
    begin_dump();
    put_text("admin", "#!/bin/sh\necho half a dump\necho 'The database is in use.' >&2\nexit 1\n");
    ck_assert_int_eq(backup(), PAB_E_TOOL);
    says("The database is in use.");
    ck_assert_int_eq(state_of("neo4j_dump_neo4j"), FAKE_ABORTED);
    end_stopped();
}
END_TEST

START_TEST(dumps_are_loaded_with_force_where_something_is)
{
    begin_dump();
    works(backup());
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    says("may hold a graph");
    works(restore(PAB_RESTORE_FORCE));
    CLEANUP_FREE char *loaded = text_of("data/databases/neo4j/store");
    ck_assert_int_eq(memcmp(loaded, zstd_hello, 9), 0);
    CLEANUP_FREE char *asked = text_of("asked");
    ck_assert_ptr_nonnull(strstr(asked, "database load system --from-stdin --overwrite-destination=true\n"));
    end_stopped();
}
END_TEST

static int is_untouched(void)
{
    return is_text("data/databases/neo4j/store", "the graph") && is_text("data/transactions/neo4j/log", "the log") && is_text("data/databases/system/store", "the users")
           && is_text("data/transactions/system/log", "their log") && is_text("data/databases/neo4j.pab-old/store", "") && is_text("data/databases/system.pab-old/store", "");
}

static int is_kept(void)
{
    return is_text("data/databases/neo4j.pab-old/store", "the graph") && is_text("data/transactions/neo4j.pab-old/log", "the log")
           && is_text("data/databases/system.pab-old/store", "the users") && is_text("data/transactions/system.pab-old/log", "their log");
}

START_TEST(a_damaged_dump_stops_and_overwrites_nothing_also_by_force)
{
    begin_dump();
    works(backup());
    fake_artifact_named(it.host, "neo4j_dump_system")->data.size -= 6;
    run_server();
    CLEANUP_FREE char *stop = pab_sprintf("kill %d; echo stop >>%s/did", (int)holder, root);
    it.plugin->close(it.instance);
    it.instance = NULL;
    set_service(stop, "true");
    ck_assert_int_eq(open_now(), PAB_OK);
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_CORRUPT);
    ck_assert(is_text("did", ""));
    ck_assert(is_untouched());
    end_stopped();
}
END_TEST

START_TEST(what_dumps_replace_is_kept_until_it_is_cleaned_up)
{
    begin_dump();
    works(backup());
    works(restore(PAB_RESTORE_FORCE));
    ck_assert(is_kept());
    ck_assert_uint_eq(it.host->journal.count, 0);
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_EXISTS);
    says("of an earlier restore is still there");
    ck_assert(is_kept());
    works(restore(PAB_RESTORE_FORCE | PAB_RESTORE_PLAN));
    ck_assert_int_eq(it.host->plans[0].plan.action, PAB_PLAN_CONFLICT);
    works(restore(PAB_RESTORE_CLEANUP | PAB_RESTORE_PLAN));
    ck_assert_int_eq(it.host->plans[0].plan.action, PAB_PLAN_DROP);
    ck_assert(is_kept());
    works(restore(PAB_RESTORE_CLEANUP));
    ck_assert(!is_kept());
    works(restore(PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD));
    ck_assert(is_text("data/databases/neo4j.pab-old/store", ""));
    ck_assert(is_text("data/transactions/system.pab-old/log", ""));
    end_stopped();
}
END_TEST

START_TEST(a_load_that_fails_puts_all_databases_back)
{
    begin_dump();
    works(backup());
    set_tool("[ $3 != system ] || { cat >/dev/null; echo 'no space left' >&2; exit 1; }");
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_TOOL);
    says("no space left");
    ck_assert(is_untouched());
    ck_assert_uint_eq(it.host->journal.count, 0);
    end_stopped();
}
END_TEST

START_TEST(a_tool_that_loads_into_another_folder_fails_and_all_is_put_back)
{
    begin_dump();
    works(backup());
    set_tool("cat >/dev/null; exit 0");
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_TOOL);
    says("there is no '");
    ck_assert(is_untouched());
    end_stopped();
}
END_TEST

START_TEST(the_databases_of_a_killed_restore_are_put_back_by_the_next)
{
    begin_dump();
    works(backup());
    fake_fail_call(it.host, "journal_done", 1, PAB_E_IO); /* as if it had been killed before */
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_IO);
    ck_assert(is_kept());
    ck_assert_uint_eq(it.host->journal.count, 1);
    CLEANUP_FREE char *record = pab_strdup(it.host->journal.items[0]);
    for (int i = 0; i < 2; i++) { /* also of a recovery that was killed */
        fake_new_verb(it.host);
        works(it.plugin->recover(fake_op(it.host), record));
        ck_assert(is_untouched());
    }
    end_stopped();
}
END_TEST

START_TEST(a_database_that_was_not_there_is_gone_when_its_load_failed)
{
    begin_dump();
    works(backup());
    CLEANUP_FREE char *databases = in_root("data/databases/neo4j"), *transactions = in_root("data/transactions/neo4j");
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, databases, NULL) || pab_remove_tree(AT_FDCWD, transactions, NULL), 0);
    set_tool("[ $3 != system ] || { cat >/dev/null; exit 1; }");
    ck_assert_int_eq(restore(0), PAB_E_TOOL);
    ck_assert_int_ne(access(databases, F_OK), 0);
    ck_assert(is_text("data/databases/system/store", "the users"));
    end_stopped();
}
END_TEST

START_TEST(a_cold_backup_is_without_what_a_restore_kept)
{
    begin_stopped("cold", 0);
    put_text("data/databases/neo4j.pab-old/store", "old");
    put_text("data/transactions/neo4j.pab-old/log", "old");
    works(backup());
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_data");
    ck_assert_ptr_nonnull(fake_entry_named(a, "databases/neo4j/store"));
    ck_assert_ptr_null(fake_entry_named(a, "databases/neo4j.pab-old/store"));
    ck_assert_ptr_null(fake_entry_named(a, "transactions/neo4j.pab-old"));
    end_stopped();
}
END_TEST

START_TEST(a_damaged_dump_is_found_wherever_it_is_damaged)
{
    begin_dump();
    works(backup());
    struct fake_artifact *a = fake_artifact_named(it.host, "neo4j_dump_system");
    for (size_t i = 0; i < sizeof zstd_hello; i++) {
        a->data.bytes[i] = (char)(a->data.bytes[i] ^ 0x40);
        ck_assert_msg(verify() == PAB_E_CORRUPT, "byte %zu", i);
        a->data.bytes[i] = (char)(a->data.bytes[i] ^ 0x40);
    }
    works(verify());
    a->data.size -= 6;
    ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    end_stopped();
}
END_TEST

START_TEST(with_a_home_the_admin_tool_checks_a_dump)
{
    begin_dump();
    fake_set(it.config, "home", root);
    works(backup());
    works(verify());
    CLEANUP_FREE char *asked = text_of("asked");
    ck_assert_ptr_nonnull(strstr(asked, "database check neo4j --report-path="));
    ck_assert_ptr_nonnull(strstr(asked, "database check system --report-path="));
    put_text("admin", "#!/bin/sh\necho 'Inconsistencies found.' >&2\nexit 1\n");
    ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    says("Inconsistencies found.");
    end_stopped();
}
END_TEST

START_TEST(with_a_home_the_admin_tool_checks_a_data_folder)
{
    begin_stopped("cold", 0);
    CLEANUP_FREE char *tool = in_root("admin"), *script = pab_sprintf("#!/bin/sh\necho \"$@\" >>%s/asked\ncat \"${5#*=}/neo4j/store\" >>%s/asked\n", root, root);
    put_text("admin", script);
    fake_add(it.config, "admin", tool);
    fake_set(it.config, "home", root);
    works(backup());
    works(verify());
    CLEANUP_FREE char *asked = text_of("asked");
    ck_assert_ptr_nonnull(strstr(asked, "database check neo4j --report-path="));
    ck_assert_ptr_nonnull(strstr(asked, "the graph"));
    end_stopped();
}
END_TEST

/* ---- options */

static void chosen(const char *downtime, const char *admin, enum neo4j_method expected)
{
    begin_stopped("auto", 1);
    fake_set(it.config, "downtime", downtime);
    if (admin) fake_add(it.config, "admin", admin);
    ck_assert_int_eq(open_now(), PAB_OK);
    ck_assert_int_eq(((const struct neo4j *)it.instance)->method, expected);
    end_stopped();
}

START_TEST(auto_does_not_stop_what_it_may_not) { chosen("none", NULL, METHOD_LOGICAL); } END_TEST
START_TEST(auto_stops_what_it_may) { chosen("allowed", NULL, METHOD_COLD); } END_TEST
START_TEST(auto_dumps_where_the_tool_is_named) { chosen("allowed", "neo4j-admin", METHOD_DUMP); } END_TEST

START_TEST(cold_needs_to_know_where)
{
    begin();
    fake_set(it.config, "method", "cold");
    ck_assert_int_eq(open_now(), PAB_E_CONFIG);
    says("need option data_dir or container");
    end();
}
END_TEST

UNIT_MAIN("neo4j_stopped", cold_reads_the_data_folder_between_stop_and_start, a_server_that_did_not_run_is_not_started, a_running_server_that_cannot_be_stopped_is_refused,
          a_server_comes_back_when_reading_fails, what_does_not_stop_fails_and_is_left_running, a_server_that_does_not_come_back_fails_and_stays_in_the_journal,
          the_server_of_a_killed_run_is_started_by_the_next, what_runs_already_is_not_started_by_the_next, a_folder_that_is_no_data_folder_is_refused,
          a_restored_folder_replaces_the_one_that_stays_aside, a_plan_stops_nothing, a_container_is_stopped_and_started_again,
          a_container_that_must_be_killed_is_no_backup_and_runs_again, a_container_that_would_be_gone_is_not_stopped,
          the_container_of_a_killed_run_is_started_by_the_next, dump_asks_the_admin_tool_for_graph_and_system, a_dump_that_fails_keeps_nothing,
          dumps_are_loaded_with_force_where_something_is, a_damaged_dump_stops_and_overwrites_nothing_also_by_force,
          what_dumps_replace_is_kept_until_it_is_cleaned_up, a_load_that_fails_puts_all_databases_back, a_tool_that_loads_into_another_folder_fails_and_all_is_put_back,
          the_databases_of_a_killed_restore_are_put_back_by_the_next, a_database_that_was_not_there_is_gone_when_its_load_failed,
          a_cold_backup_is_without_what_a_restore_kept, a_damaged_dump_is_found_wherever_it_is_damaged,
          with_a_home_the_admin_tool_checks_a_dump, with_a_home_the_admin_tool_checks_a_data_folder, auto_does_not_stop_what_it_may_not, auto_stops_what_it_may,
          auto_dumps_where_the_tool_is_named, cold_needs_to_know_where)
