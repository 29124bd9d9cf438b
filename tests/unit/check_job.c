/* Tests of core/config/job.h: the job schema, its messages, inheritance and conf/pabengine.yaml. */
#include "tests/unit/config_fixture.h"

#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/config/job.h"
#include "core/config/job_tables.h"

DEFINE_CLEANUP(job, struct pab_job, pab_job_free)
#define JOB CLEANUP(pab_cleanup_job) struct pab_job *

#define HEAD "version: 1\nstore: {path: ../backups}\n"
#define TARGET "targets:\n  - {name: db, plugin: postgres}\n"

static struct pab_job *parsed(const char *text)
{
    struct pab_job *j = NULL;
    pab_buf_clear(&warnings);
    int code = pab_job_parse(text, strlen(text), "/jobs/nightly.yaml", 1, collect_warning, NULL, &j, &last_error);
    ck_assert_msg(code == PAB_OK, "%s", last_error.message);
    return j;
}

/* The message without the file's name. */
static const char *refused(const char *text)
{
    static const char name[] = "/jobs/nightly.yaml:";
    struct pab_job *j = NULL;
    pab_error_clear(&last_error);
    ck_assert_msg(pab_job_parse(text, strlen(text), "/jobs/nightly.yaml", 1, collect_warning, NULL, &j, &last_error) == PAB_E_CONFIG,
                  "%s", text);
    ck_assert_ptr_null(j);
    ck_assert_msg(strncmp(last_error.message, name, sizeof name - 1) == 0, "%s", last_error.message);
    return last_error.message + sizeof name - 1;
}

START_TEST(reads_a_whole_job)
{
    JOB j = parsed("version: 1\nname: Nightly run\n"
                   "store:\n  type: directory\n  path: ../backups\n  compression: zstd\n  encryption: none\n"
                   "defaults: {timeout: 2h, retries: 2}\n"
                   "targets:\n"
                   "  - name: supabase-db\n    plugin: postgres\n    options: {host: 127.0.0.1, port: 5432}\n"
                   "  - name: data\n    plugin: volume\n    enabled: no\n    required: false\n    timeout: 10m\n    retries: 0\n");
    ck_assert_str_eq(j->name, "Nightly run");
    ck_assert_str_eq(j->file, "/jobs/nightly.yaml");
    ck_assert_str_eq(j->dir, "/jobs");
    ck_assert_str_eq(j->store_path, "/backups");
    ck_assert_int_eq(j->compression.codec, PAB_CODEC_ZSTD);
    ck_assert_uint_eq(j->target_count, 2);
    const struct pab_job_target *db = &j->targets[0], *data = &j->targets[1];
    ck_assert_str_eq(db->name, "supabase-db");
    ck_assert_str_eq(db->plugin, "postgres");
    ck_assert(db->enabled && db->required);
    ck_assert_int_eq(db->timeout_ms, 7200000);
    ck_assert_int_eq(db->retries, 2);
    ck_assert_str_eq(db->path, "targets[0].options");
    ck_assert_int_eq(db->line, 10);
    ck_assert_int_eq(db->column, 5);
    ck_assert_str_eq(pab_node_get(db->options, "port")->text, "5432");
    ck_assert(!data->enabled && !data->required);
    ck_assert_int_eq(data->timeout_ms, 600000);
    ck_assert_int_eq(data->retries, 0);
}
END_TEST

START_TEST(assumes_what_the_manual_says)
{
    JOB j = parsed(HEAD TARGET);
    ck_assert_str_eq(j->name, "nightly");
    ck_assert_int_eq(j->compression.codec, PAB_CODEC_GZIP);
    ck_assert_int_eq(j->compression.level, PAB_GZIP_FAST);
    ck_assert(j->targets[0].enabled && j->targets[0].required);
    ck_assert_int_eq(j->targets[0].timeout_ms, 0);
    ck_assert_int_eq(j->targets[0].retries, 0);
    ck_assert_str_eq(pab_buf_str(&warnings), "");
}
END_TEST

START_TEST(a_target_without_options_has_an_empty_map_at_its_place)
{
    JOB j = parsed(HEAD TARGET);
    const struct pab_node *options = j->targets[0].options;
    ck_assert_int_eq(options->kind, PAB_NODE_MAP);
    ck_assert_uint_eq(options->count, 0);
    ck_assert_int_eq(options->line, 4);

    static const struct pab_option table[] = { { .key = "host", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "h" } };
    struct pab_config_env env;
    struct pab_config *c = NULL;
    pab_job_config_env(j, 1, &env);
    ck_assert_int_eq(pab_config_check(options, table, 1, sizeof *table, &env, j->targets[0].path, &c, &last_error), PAB_E_CONFIG);
    ck_assert_str_eq(last_error.message, "/jobs/nightly.yaml:4:5: targets[0].options.host: required key is missing");
}
END_TEST

START_TEST(compression_is_a_word_or_a_map)
{
    JOB none = parsed("version: 1\nstore: {path: /b, compression: none}\n" TARGET);
    ck_assert_int_eq(none->compression.codec, PAB_CODEC_NONE);
    JOB level = parsed("version: 1\nstore: {path: /b, compression: {codec: zstd, level: 12}}\n" TARGET);
    ck_assert_int_eq(level->compression.codec, PAB_CODEC_ZSTD);
    ck_assert_int_eq(level->compression.level, 12);
    JOB small = parsed("version: 1\nstore: {path: /b, compression: {level: small}}\n" TARGET);
    ck_assert_int_eq(small->compression.codec, PAB_CODEC_GZIP);
    ck_assert_int_eq(small->compression.level, PAB_GZIP_SMALL);
    ck_assert_ptr_eq(strstr(refused("version: 1\nstore: {path: /b, compression: {codec: zstd, level: 77}}\n" TARGET),
                            "2:53: store.compression.level: "), last_error.message + strlen("/jobs/nightly.yaml:"));
}
END_TEST

START_TEST(mistakes_are_told_with_line_column_and_key)
{
    static const struct { const char *text, *message, *hint; } cases[] = {
        { "", "1:1: expected a map, found nothing", "version, name, env_file, store" },
        { "- a\n", "1:1: expected a map, found a list", "known keys" },
        { "just text\n", "1:1: expected a map, found text", "known keys" },
        { "store: {path: /b}\n" TARGET, "1:1: version: required key is missing", "" },
        { "version: 1\n" TARGET, "1:1: store: required key is missing", "" },
        { HEAD, "1:1: targets: required key is missing", "" },
        { "version: 2\nstore: {path: /b}\n" TARGET, "1:10: version: version 2 is not known to this pabengine", "the only version is 1" },
        { "version: one\nstore: {path: /b}\n" TARGET, "1:10: version: expected a whole number, found 'one'", "" },
        { HEAD "target: []\n" TARGET, "3:1: target: unknown key", "did you mean 'targets'?" },
        { HEAD "name: a/b\n" TARGET, "3:7: name: expected a name of 1 to 100 bytes without '/' and control characters", "" },
        { HEAD "name: ''\n" TARGET, "3:7: name: expected a name of 1 to 100 bytes without '/' and control characters", "" },
        { HEAD "name: \"a\\nb\"\n" TARGET, "3:7: name: expected a name of 1 to 100 bytes without '/' and control characters", "" },
        { "version: 1\nstore: {type: directory}\n" TARGET, "2:8: store.path: required key is missing", "" },
        { "version: 1\nstore: /backups\n" TARGET, "2:8: store: expected a map, found text", "type, path, compression" },
        { "version: 1\nstore: {path: /b, pth: /c}\n" TARGET, "2:19: store.pth: unknown key", "did you mean 'path'?" },
        { "version: 1\nstore: {path: /b, type: s3}\n" TARGET, "2:25: store.type: expected one of directory, repository, found 's3'", "" },
        { "version: 1\nstore: {path: /b, type: repository}\n" TARGET, "2:25: store.type: 'repository': not in this version", "directory" },
        { "version: 1\nstore: {path: /b, compression: zsdt}\n" TARGET,
          "2:32: store.compression: expected one of gzip, zstd, none, found 'zsdt'", "did you mean 'zstd'?" },
        { "version: 1\nstore: {path: /b, compression: [gzip]}\n" TARGET, "2:32: store.compression: expected text or a map, found a list", "codec" },
        { "version: 1\nstore: {path: /b, encryption: aes}\n" TARGET, "2:31: store.encryption: expected one of none, found 'aes'", "" },
        { "version: 1\nstore: {path: /b, encryption: {openpgp: {passphrase: env:UNSET_X}}}\n" TARGET,
          "2:32: store.encryption.openpgp: not in this version", "remove" },
        { "version: 1\nstore: {path: /b, encryption: {openpgp: {recipients: {a: b}}}}\n" TARGET,
          "2:54: store.encryption.openpgp.recipients: expected a list, found a map", "" },
        { HEAD "retention: {keep_days: many}\n" TARGET, "3:24: retention.keep_days: expected a whole number, found 'many'", "" },
        { HEAD "retention: {keep_days: 0}\n" TARGET, "3:24: retention.keep_days: '0' is out of range: expected 1 to 100000", "" },
        { HEAD "retention: {keep_last: -3}\n" TARGET, "3:24: retention.keep_last: '-3' is out of range: expected 1 to 100000", "" },
        { HEAD "retention: {keep_year: 1}\n" TARGET, "3:13: retention.keep_year: unknown key", "did you mean 'keep_yearly'?" },
        { HEAD "retention: {}\n" TARGET, "3:12: retention: expected at least one rule", "keep_days: 30" },
        { HEAD "schedule: {frequency: dayly}\n" TARGET,
          "3:23: schedule.frequency: expected hourly, daily, weekly, monthly or an OnCalendar expression, found 'dayly'", "did you mean 'daily'?" },
        { HEAD "schedule: {frequency: often}\n" TARGET, "3:23: schedule.frequency: expected hourly, daily, weekly, monthly or an OnCalendar expression, found 'often'", "systemd.time(7)" },
        { HEAD "schedule: {at: '24:00'}\n" TARGET, "3:16: schedule.at: expected a time of day", "HH:MM" },
        { HEAD "schedule: {at: '3:00'}\n" TARGET, "3:16: schedule.at: expected a time of day", "HH:MM" },
        { HEAD "schedule: {full_every: 7d}\n" TARGET, "3:24: schedule.full_every: all backups are full", "kind: incremental" },
        { HEAD "schedule: {kind: diff}\n" TARGET, "3:18: schedule.kind: expected one of full, incremental, found 'diff'", "" },
        { HEAD "hooks: {befor: [a]}\n" TARGET, "3:9: hooks.befor: unknown key", "did you mean 'before'?" },
        { HEAD "hooks: {before: {a: b}}\n" TARGET, "3:18: hooks.before.a: unknown key", "command, timeout" },
        { HEAD "hooks: {before: {timeout: 1m}}\n" TARGET, "3:17: hooks.before.command: required key is missing", "" },
        { HEAD "hooks: {before: {command: [a], timeout: 0}}\n" TARGET, "3:41: hooks.before.timeout: '0' is out of range: expected 1ms to 1d", "" },
        { HEAD "hooks: {after: []}\n" TARGET, "3:16: hooks.after.command: names no program", "[PROGRAM, ARGUMENT, ...]" },
        { HEAD "hooks: {on_failure: ['', x]}\n" TARGET, "3:21: hooks.on_failure.command: names no program", "" },
        { HEAD "hooks: {on_partial: [{a: b}]}\n" TARGET, "3:22: hooks.on_partial[0]: expected text, found a map", "" },
        { HEAD "defaults: {timeout: soon}\n" TARGET, "3:21: defaults.timeout: expected a duration such as 90s, 10m or 2h, found 'soon'", "" },
        { HEAD "defaults: {retries: -1}\n" TARGET, "3:21: defaults.retries: '-1' is out of range: expected 0 to 100", "" },
        { HEAD "targets: []\n", "3:10: targets: expected at least one target", "" },
        { HEAD "targets: {name: a}\n", "3:10: targets: expected a list of maps, found a map", "" },
        { HEAD "targets: [a]\n", "3:11: targets[0]: expected a map, found text", "name, plugin" },
        { HEAD "targets:\n  - {plugin: files}\n", "4:5: targets[0].name: required key is missing", "" },
        { HEAD "targets:\n  - {name: a}\n", "4:5: targets[0].plugin: required key is missing", "" },
        { HEAD "targets:\n  - {name: a b, plugin: files}\n", "4:12: targets[0].name: 'a b' is not a name for a target", "A-Z" },
        { HEAD "targets:\n  - {name: ../x, plugin: files}\n", "4:12: targets[0].name: '../x' is not a name for a target", "" },
        { HEAD "targets:\n  - {name: a, plugin: ../evil}\n", "4:23: targets[0].plugin: '../evil' is not the name of a plugin", "" },
        { HEAD "targets:\n  - {name: a, plugin: ''}\n", "4:23: targets[0].plugin: '' is not the name of a plugin", "" },
        { HEAD "targets:\n  - {name: a, plugin: files}\n  - {name: b, plugin: files}\n  - {name: a, plugin: volume}\n",
          "6:12: targets[2].name: 'a' is already the name of the target in line 4", "" },
        { HEAD "targets:\n  - {name: a, plugin: files, port: 1}\n", "4:30: targets[0].port: unknown key", "known keys" },
        { HEAD "targets:\n  - {name: a, plugin: files, option: {}}\n", "4:30: targets[0].option: unknown key", "did you mean 'options'?" },
        { HEAD "targets:\n  - name: a\n    plugin: files\n    options:\n", "6:5: targets[0].options: expected a map, found nothing", "remove" },
        { HEAD "targets:\n  - {name: a, plugin: files, enabled: perhaps}\n", "4:39: targets[0].enabled: expected true or false, found 'perhaps'", "" },
        { HEAD "env_file: /nonexistent/.env\n" TARGET, "3:11: env_file: cannot open '/nonexistent/.env': No such file or directory", "" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_str_eq(refused(cases[i].text), cases[i].message);
        ck_assert_msg(strstr(last_error.hint, cases[i].hint) != NULL, "%s: hint '%s'", cases[i].text, last_error.hint);
    }
}
END_TEST

START_TEST(retention_is_read)
{
    JOB j = parsed(HEAD "retention: {keep_days: 30, keep_last: 3, keep_hourly: 24, keep_daily: 7, keep_weekly: 4, keep_monthly: 12, keep_yearly: 5}\n" TARGET);
    const struct pab_retention_rules *r = &j->retention;
    ck_assert(r->keep_days == 30 && r->keep_last == 3 && r->keep_hourly == 24 && r->keep_daily == 7);
    ck_assert(r->keep_weekly == 4 && r->keep_monthly == 12 && r->keep_yearly == 5);
}
END_TEST

START_TEST(the_tables_of_the_core_are_sound)
{
    /* all but the type and the flag that only the core's own table has */
    for (uint32_t i = 0; i < pab_job_table_count; i++) {
        struct pab_option opt = pab_job_table[i];
        struct pab_option fields[16] = { 0 };
        opt.flags &= ~PAB_OPT_UNRESOLVED;
        for (uint32_t k = 0; k < opt.field_count; k++) {
            fields[k] = opt.fields[k];
            if (fields[k].type == PAB_OPT_NODE)
                fields[k].type = PAB_OPT_STRING;
        }
        if (opt.fields)
            opt.fields = fields;
        ck_assert_msg(pab_options_check_table(&opt, 1, sizeof opt, "core", &last_error) == PAB_OK, "%s", last_error.message);
    }
    ck_assert_msg(pab_options_check_table(pab_global_table, pab_global_table_count, sizeof *pab_global_table, "core", &last_error) == PAB_OK,
                  "%s", last_error.message);
}
END_TEST

/* ---- files ---- */

static char dir[PATH_MAX];

static char *make_file(const char *name, const char *text)
{
    char *path = pab_sprintf("%s/%s", dir, name);
    FILE *f = fopen(path, "we");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

static void make_dir(void)
{
    strcpy(dir, "/tmp/pab-check-job-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    setenv("PABENGINE_CONFIG", "", 1);
}

static void remove_dir(void)
{
    static const char *const names[] = { "my job.yml", "job.yaml", "global.yaml", "secrets.env" };
    for (size_t i = 0; i < COUNT(names); i++) {
        CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, names[i]);
        unlink(path);
    }
    ck_assert_int_eq(rmdir(dir), 0);
}

static struct pab_job *loaded(const char *path)
{
    struct pab_job *j = NULL;
    ck_assert_msg(pab_job_load(path, 1, collect_warning, NULL, &j, &last_error) == PAB_OK, "%s", last_error.message);
    return j;
}

static const char *not_loaded(const char *path)
{
    struct pab_job *j = NULL;
    pab_error_clear(&last_error);
    ck_assert_int_eq(pab_job_load(path, 1, collect_warning, NULL, &j, &last_error), PAB_E_CONFIG);
    ck_assert_ptr_null(j);
    return last_error.message;
}

START_TEST(the_file_names_the_job_and_its_folder_is_where_paths_start)
{
    make_dir();
    CLEANUP_FREE char *path = make_file("my job.yml", HEAD TARGET);
    CLEANUP_FREE char *store = pab_sprintf("/tmp/backups");
    JOB j = loaded(path);
    ck_assert_str_eq(j->name, "my job");
    ck_assert_str_eq(j->file, path);
    ck_assert_str_eq(j->dir, dir);
    ck_assert_str_eq(j->store_path, store);
    remove_dir();
}
END_TEST

START_TEST(messages_show_the_path_as_it_was_given)
{
    JOB j = NULL;
    ck_assert_int_eq(pab_job_parse(HEAD TARGET, strlen(HEAD TARGET), "sub/x.yaml", 1, NULL, NULL, &j, &last_error), PAB_OK);
    CLEANUP_FREE char *cwd = getcwd(NULL, 0);
    CLEANUP_FREE char *want = pab_sprintf("%s/sub/x.yaml", strcmp(cwd, "/") == 0 ? "" : cwd);
    struct pab_config_env env;
    pab_job_config_env(j, 1, &env);
    ck_assert_str_eq(env.file, "sub/x.yaml");
    ck_assert_str_eq(j->file, want);
}
END_TEST

START_TEST(env_file_serves_the_secrets_of_targets)
{
    static const struct pab_option table[] = { { .key = "password", .type = PAB_OPT_SECRET, .help = "h" } };
    make_dir();
    unsetenv("PAB_T_PW");
    free(make_file("secrets.env", "export PAB_T_PW='hunter2-Kx9'\n"));
    CLEANUP_FREE char *path = make_file("job.yaml", HEAD "env_file: secrets.env\ntargets:\n"
                                                         "  - {name: db, plugin: postgres, options: {password: env:PAB_T_PW}}\n");
    JOB j = loaded(path);
    struct pab_config_env env;
    pab_job_config_env(j, 1, &env);
    CONFIG c = NULL;
    ck_assert_int_eq(pab_config_check(j->targets[0].options, table, 1, sizeof *table, &env, j->targets[0].path, &c, &last_error), PAB_OK);
    ck_assert_str_eq(pab_config_str(c, "password"), "hunter2-Kx9");
    ck_assert_ptr_null(getenv("PAB_T_PW")); /* never exported to children */

    free(make_file("secrets.env", "A=1\nhunter2-Kx9\n"));
    CLEANUP_FREE char *want = pab_sprintf("%s:3:11: env_file: %s/secrets.env:2: expected NAME=VALUE", path, dir);
    ck_assert_str_eq(not_loaded(path), want);
    struct pab_job *unresolved = NULL; /* a list of backups needs no secrets */
    ck_assert_int_eq(pab_job_load(path, 0, NULL, NULL, &unresolved, &last_error), PAB_OK);
    pab_job_free(unresolved);
    remove_dir();
}
END_TEST

START_TEST(what_a_job_does_not_say_comes_from_the_global_file)
{
    make_dir();
    CLEANUP_FREE char *global = make_file("global.yaml", "defaults: {timeout: 1h, retries: 5}\nstore: {compression: zstd}\n");
    setenv("PABENGINE_CONFIG", global, 1);
    CLEANUP_FREE char *path = make_file("job.yaml", HEAD TARGET);
    JOB silent = loaded(path);
    ck_assert_int_eq(silent->targets[0].timeout_ms, 3600000);
    ck_assert_int_eq(silent->targets[0].retries, 5);
    ck_assert_int_eq(silent->compression.codec, PAB_CODEC_ZSTD);

    free(make_file("job.yaml", "version: 1\nstore: {path: /b, compression: none}\ndefaults: {retries: 1}\n" TARGET));
    JOB telling = loaded(path);
    ck_assert_int_eq(telling->targets[0].timeout_ms, 3600000);
    ck_assert_int_eq(telling->targets[0].retries, 1);
    ck_assert_int_eq(telling->compression.codec, PAB_CODEC_NONE);
    remove_dir();
}
END_TEST

START_TEST(the_global_file_is_checked_as_strictly)
{
    static const struct { const char *text, *message; } cases[] = {
        { "defaults: {timeoutt: 1h}\n", ":1:12: defaults.timeoutt: unknown key" },
        { "targets: []\n", ":1:1: targets: unknown key" },
        { "store: {path: /b}\n", ":1:9: store.path: unknown key" },
        { "store: {compression: zip}\n", ":1:22: store.compression: expected one of gzip, zstd, none, found 'zip'" },
        { "version: 2\n", ":1:10: version: version 2 is not known to this pabengine" },
        { "- a\n", ":1:1: expected a map, found a list" },
    };
    make_dir();
    CLEANUP_FREE char *path = make_file("job.yaml", HEAD TARGET);
    for (size_t i = 0; i < COUNT(cases); i++) {
        CLEANUP_FREE char *global = make_file("global.yaml", cases[i].text);
        CLEANUP_FREE char *want = pab_sprintf("%s%s", global, cases[i].message);
        setenv("PABENGINE_CONFIG", global, 1);
        ck_assert_str_eq(not_loaded(path), want);
    }
    CLEANUP_FREE char *comments = make_file("global.yaml", "# nothing said\n");
    JOB j = loaded(path);
    ck_assert_int_eq(j->targets[0].retries, 0);
    setenv("PABENGINE_CONFIG", "/nonexistent/pabengine.yaml", 1);
    ck_assert_ptr_nonnull(strstr(not_loaded(path), "'/nonexistent/pabengine.yaml'"));
    remove_dir();
}
END_TEST

START_TEST(a_job_file_that_is_not_there_is_named)
{
    make_dir();
    ck_assert_str_eq(not_loaded("/nonexistent/job.yaml"), "cannot open '/nonexistent/job.yaml': No such file or directory");
    remove_dir();
}
END_TEST

UNIT_MAIN("job", reads_a_whole_job, retention_is_read, assumes_what_the_manual_says, a_target_without_options_has_an_empty_map_at_its_place,
          compression_is_a_word_or_a_map, mistakes_are_told_with_line_column_and_key, the_tables_of_the_core_are_sound,
          the_file_names_the_job_and_its_folder_is_where_paths_start, messages_show_the_path_as_it_was_given,
          env_file_serves_the_secrets_of_targets, what_a_job_does_not_say_comes_from_the_global_file, the_global_file_is_checked_as_strictly,
          a_job_file_that_is_not_there_is_named)
