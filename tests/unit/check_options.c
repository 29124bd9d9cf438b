/* Tests of core/config/options.h: every option type, good and bad, and what the messages say. */
#include "tests/unit/config_fixture.h"

static const char *const modes[] = { "none", "pause", "stop", NULL };
static const struct pab_option volume_fields[] = {
    { .key = "name", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "h" },
    { .key = "quiesce", .type = PAB_OPT_CHOICE, .default_text = "none", .choices = modes, .help = "h" },
    { .key = "exclude", .type = PAB_OPT_LIST, .help = "h" },
};
static const struct pab_option tuning_fields[] = {
    { .key = "level", .type = PAB_OPT_INT, .default_text = "3", .min = 1, .max = 9, .help = "h" },
};
static const struct pab_option table[] = {
    { .key = "host", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "h" },
    { .key = "port", .type = PAB_OPT_INT, .default_text = "5432", .min = 1, .max = 65535, .help = "h" },
    { .key = "offset", .type = PAB_OPT_INT, .help = "h" },
    { .key = "globals", .type = PAB_OPT_BOOL, .default_text = "true", .help = "h" },
    { .key = "block", .type = PAB_OPT_SIZE, .default_text = "32MiB", .min = 65536, .max = 1 << 30, .help = "h" },
    { .key = "buffer", .type = PAB_OPT_SIZE, .min = 4096, .max = INT64_MAX, .help = "h" },
    { .key = "wait", .type = PAB_OPT_DURATION, .default_text = "90s", .min = 0, .max = 7200000, .help = "h" },
    { .key = "root", .type = PAB_OPT_PATH, .help = "h" },
    { .key = "quiesce", .type = PAB_OPT_CHOICE, .choices = modes, .help = "h" },
    { .key = "databases", .type = PAB_OPT_LIST, .help = "h" },
    { .key = "schemas", .type = PAB_OPT_LIST, .default_text = "[public, app]", .help = "h" },
    { .key = "tuning", .type = PAB_OPT_RECORD, .flags = PAB_OPT_SHORTHAND, .help = "h", .fields = tuning_fields, .field_count = COUNT(tuning_fields) },
    { .key = "plain", .type = PAB_OPT_RECORD, .help = "h", .fields = tuning_fields, .field_count = COUNT(tuning_fields) },
    { .key = "volumes", .type = PAB_OPT_RECORDS, .flags = PAB_OPT_SHORTHAND, .help = "h", .fields = volume_fields, .field_count = COUNT(volume_fields) },
    { .key = "mounts", .type = PAB_OPT_RECORDS, .help = "h", .fields = volume_fields, .field_count = COUNT(volume_fields) },
    { .key = "sets", .type = PAB_OPT_SETS, .help = "h" },
    { .key = "old_name", .type = PAB_OPT_STRING, .flags = PAB_OPT_DEPRECATED, .help = "h" },
    { .key = "someday", .type = PAB_OPT_RECORD, .flags = PAB_OPT_LATER, .help = "h", .fields = tuning_fields, .field_count = COUNT(tuning_fields) },
};

static struct pab_config *checked(const char *text)
{
    NODE node = node_of(text);
    struct pab_config_env env = test_env();
    struct pab_config *c = NULL;
    struct pab_error err = { 0 };
    int code = pab_config_check(node, table, COUNT(table), sizeof *table, &env, "targets[1].options", &c, &err);
    ck_assert_msg(code == PAB_OK, "%s", err.message);
    return c;
}

/* The message about the options "host: x" plus this line, without the file and the path of the options. */
static const char *complaint(const char *line)
{
    CLEANUP_FREE char *text = pab_sprintf("host: x\n%s\n", line);
    NODE node = node_of(text);
    struct pab_config_env env = test_env();
    struct pab_config *c = NULL;
    pab_error_clear(&last_error);
    int code = pab_config_check(node, table, COUNT(table), sizeof *table, &env, "o", &c, &last_error);
    ck_assert_msg(code == PAB_E_CONFIG, "accepted: %s", line);
    ck_assert_ptr_null(c);
    ck_assert_msg(strncmp(last_error.message, "t.yaml:", 7) == 0, "%s", last_error.message);
    return last_error.message + 7;
}

START_TEST(reads_every_type)
{
    CONFIG c = checked("host: db\nport: '65535'\noffset: -7\nglobals: off\nblock: 64k\nbuffer: 1G\nwait: 1h30m\nroot: ../data\n"
                       "quiesce: stop\ndatabases: [a, 1, true]\ntuning: {level: 9}\n"
                       "volumes:\n  - v1\n  - {name: v2, quiesce: pause, exclude: '*.tmp'}\nsets: {env: [.env], docs: docs/}\n");
    ck_assert_str_eq(pab_config_str(c, "host"), "db");
    ck_assert_int_eq(pab_config_int(c, "port"), 65535);
    ck_assert_int_eq(pab_config_int(c, "offset"), -7);
    ck_assert_int_eq(pab_config_int(c, "globals"), 0);
    ck_assert_int_eq(pab_config_int(c, "block"), 65536);
    ck_assert_int_eq(pab_config_int(c, "buffer"), 1 << 30);
    ck_assert_int_eq(pab_config_int(c, "wait"), 5400000);
    ck_assert_str_eq(pab_config_str(c, "root"), "/data");
    ck_assert_str_eq(pab_config_str(c, "quiesce"), "stop");
    ck_assert_uint_eq(pab_config_count(c, "databases"), 3);
    ck_assert_str_eq(pab_config_item(c, "databases", 2), "true");
    ck_assert_ptr_null(pab_config_item(c, "databases", 3));
    ck_assert_int_eq(pab_config_int(pab_config_record(c, "tuning", 0), "level"), 9);
    ck_assert_uint_eq(pab_config_count(c, "volumes"), 2);
    const struct pab_config *v1 = pab_config_record(c, "volumes", 0), *v2 = pab_config_record(c, "volumes", 1);
    ck_assert_str_eq(pab_config_str(v1, "name"), "v1");
    ck_assert_str_eq(pab_config_str(v1, "quiesce"), "none");
    ck_assert_str_eq(pab_config_str(v2, "quiesce"), "pause");
    ck_assert_str_eq(pab_config_item(v2, "exclude", 0), "*.tmp");
    ck_assert_uint_eq(pab_config_count(c, "sets"), 2);
    const struct pab_config *docs = pab_config_record(c, "sets", 1);
    ck_assert_str_eq(pab_config_str(docs, "name"), "docs");
    ck_assert_uint_eq(pab_config_count(docs, "items"), 1);
    ck_assert_str_eq(pab_config_item(docs, "items", 0), "docs/");
    ck_assert_ptr_null(pab_config_misuse(c));
}
END_TEST

START_TEST(assumes_the_defaults_of_the_table)
{
    CONFIG c = checked("host: x");
    ck_assert_int_eq(pab_config_int(c, "port"), 5432);
    ck_assert_int_eq(pab_config_int(c, "globals"), 1);
    ck_assert_int_eq(pab_config_int(c, "block"), 32 << 20);
    ck_assert_int_eq(pab_config_int(c, "wait"), 90000);
    ck_assert_uint_eq(pab_config_count(c, "schemas"), 2);
    ck_assert_str_eq(pab_config_item(c, "schemas", 1), "app");
    ck_assert(pab_config_has(c, "port") && !pab_config_given(c, "port"));
    ck_assert(pab_config_given(c, "host"));
    ck_assert(!pab_config_has(c, "offset") && !pab_config_has(c, "root") && !pab_config_has(c, "tuning"));
    ck_assert_ptr_null(pab_config_str(c, "root"));
    ck_assert_int_eq(pab_config_int(c, "offset"), 0);
    ck_assert_uint_eq(pab_config_count(c, "volumes"), 0);
    ck_assert_ptr_null(pab_config_record(c, "tuning", 0));
}
END_TEST

START_TEST(no_options_at_all_are_all_defaults)
{
    CONFIG c = NULL;
    struct pab_config_env env = test_env();
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_config_check(NULL, table + 1, COUNT(table) - 1, sizeof *table, &env, "o", &c, &err), PAB_OK);
    ck_assert_int_eq(pab_config_int(c, "port"), 5432);
    ck_assert_str_eq(pab_config_where(c, "port"), "t.yaml");
    struct pab_config *none = NULL;
    ck_assert_int_eq(pab_config_check(NULL, table, COUNT(table), sizeof *table, &env, "o", &none, &err), PAB_E_CONFIG);
    ck_assert_str_eq(err.message, "t.yaml: o.host: required key is missing");
}
END_TEST

START_TEST(says_where_a_key_stood)
{
    CONFIG c = checked("host: db\nvolumes:\n  - name: v1\n    exclude: [a]\n");
    ck_assert_str_eq(pab_config_where(c, "host"), "t.yaml:1:7");
    ck_assert_str_eq(pab_config_where(pab_config_record(c, "volumes", 0), "exclude"), "t.yaml:4:14");
    ck_assert_str_eq(pab_config_where(c, "port"), "t.yaml:1:1"); /* not written: the map it would stand in */
    ck_assert_str_eq(pab_config_where(c, "root"), "t.yaml:1:1");
}
END_TEST

START_TEST(paths_start_at_the_folder_of_the_job)
{
    CONFIG c = checked("host: x\nroot: sub/./dir/../file");
    ck_assert_str_eq(pab_config_str(c, "root"), "/jobs/sub/file");
    CONFIG absolute = checked("host: x\nroot: /srv/data");
    ck_assert_str_eq(pab_config_str(absolute, "root"), "/srv/data");
}
END_TEST

START_TEST(a_lone_word_is_a_list_of_one_or_a_record_of_its_first_key)
{
    CONFIG c = checked("host: x\ndatabases: letta\nvolumes: data\ntuning: 7");
    ck_assert_uint_eq(pab_config_count(c, "databases"), 1);
    ck_assert_str_eq(pab_config_item(c, "databases", 0), "letta");
    ck_assert_uint_eq(pab_config_count(c, "volumes"), 1);
    ck_assert_str_eq(pab_config_str(pab_config_record(c, "volumes", 0), "name"), "data");
    ck_assert_int_eq(pab_config_int(pab_config_record(c, "tuning", 0), "level"), 7);
}
END_TEST

START_TEST(complaints_name_the_place_the_key_and_what_was_expected)
{
    static const struct { const char *line, *message, *hint; } cases[] = {
        { "prot: 1", "2:1: o.prot: unknown key", "did you mean 'port'?" },
        { "blocks: 1", "2:1: o.blocks: unknown key", "did you mean 'block'?" },
        { "zzz: 1", "2:1: o.zzz: unknown key", "known keys: host, port, offset" },
        { "\"a\\nb\": 1", "2:1: o.a\\x0ab: unknown key", "known keys" },
        { "port: abc", "2:7: o.port: expected a whole number, found 'abc'", "" },
        { "port: 5432x", "2:7: o.port: expected a whole number, found '5432x'", "" },
        { "port: 1.5", "2:7: o.port: expected a whole number, found '1.5'", "" },
        { "port: 99999999999999999999", "2:7: o.port: expected a whole number, found '99999999999999999999'", "" },
        { "port: 0", "2:7: o.port: '0' is out of range: expected 1 to 65535", "" },
        { "port: 65536", "2:7: o.port: '65536' is out of range: expected 1 to 65535", "" },
        { "port: [1]", "2:7: o.port: expected a whole number, found a list", "" },
        { "port: {a: 1}", "2:7: o.port: expected a whole number, found a map", "" },
        { "port:", "2:1: o.port: expected a whole number, found nothing", "remove the key" },
        { "port: ~", "2:1: o.port: expected a whole number, found nothing", "remove the key" },
        { "globals: maybe", "2:10: o.globals: expected true or false, found 'maybe'", "" },
        { "globals: 1", "2:10: o.globals: expected true or false, found '1'", "" },
        { "block: 32 bananas", "2:8: o.block: expected a size such as 512, 64k or 32MiB, found '32 bananas'", "" },
        { "block: 63k", "2:8: o.block: '63k' is out of range: expected 64k to 1G", "" },
        { "buffer: 4095", "2:9: o.buffer: '4095' is too small: expected at least 4k", "" },
        { "wait: soon", "2:7: o.wait: expected a duration such as 90s, 10m or 2h, found 'soon'", "" },
        { "wait: 1d", "2:7: o.wait: '1d' is out of range: expected 0 to 2h", "" },
        { "root: ''", "2:7: o.root: expected a path, found empty text", "" },
        { "root: ~/data", "2:7: o.root: '~' is not expanded", "whole path" },
        { "root: [a]", "2:7: o.root: expected a path, found a list", "" },
        { "quiesce: pausee", "2:10: o.quiesce: expected one of none, pause, stop, found 'pausee'", "did you mean 'pause'?" },
        { "quiesce: []", "2:10: o.quiesce: expected a word, found a list", "" },
        { "databases: {a: b}", "2:12: o.databases: expected a list, found a map", "" },
        { "databases:", "2:1: o.databases: expected a list, found nothing", "remove the key" },
        { "databases: [a, [b]]", "2:16: o.databases[1]: expected text, found a list", "" },
        { "databases: [a, ~]", "2:16: o.databases[1]: expected text, found nothing", "" },
        { "databases:\n  - a\n  - b: c", "4:5: o.databases[1]: expected text, found a map", "" },
        { "tuning: [1]", "2:9: o.tuning: expected text or a map, found a list", "known keys: level" },
        { "tuning: high", "2:9: o.tuning: expected a whole number, found 'high'", "" },
        { "tuning: {level: 10}", "2:17: o.tuning.level: '10' is out of range: expected 1 to 9", "" },
        { "tuning: {lvl: 1}", "2:10: o.tuning.lvl: unknown key", "" },
        { "plain: 4", "2:8: o.plain: expected a map, found text", "known keys: level" },
        { "volumes: {name: a}", "2:10: o.volumes: expected a list, found a map", "" },
        { "volumes: [a, [b]]", "2:14: o.volumes[1]: expected text or a map, found a list", "name" },
        { "volumes:\n  - a\n  - {quiesce: stop}", "4:5: o.volumes[1].name: required key is missing", "" },
        { "volumes:\n  - name: a\n    quiesce: halt", "4:14: o.volumes[0].quiesce: expected one of none, pause, stop, found 'halt'", "" },
        { "mounts: [a]", "2:10: o.mounts[0]: expected a map, found text", "known keys: name, quiesce, exclude" },
        { "mounts: a", "2:9: o.mounts: expected a list of maps, found text", "" },
        { "sets: [a]", "2:7: o.sets: expected a map from names to lists, found a list", "" },
        { "sets: {env: {a: b}}", "2:13: o.sets.env: expected a list, found a map", "" },
        { "sets: {env: [[a]]}", "2:14: o.sets.env[0]: expected text, found a list", "" },
        { "someday: {level: 1}", "2:1: o.someday: not in this version", "remove" },
        { "someday: {levl: 1}", "2:11: o.someday.levl: unknown key", "did you mean 'level'?" },
        { "someday: 3", "2:10: o.someday: expected a map, found text", "" },
        { "host2: &x {a: 1}", "2:1: o.host2: unknown key", "did you mean 'host'?" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        ck_assert_str_eq(complaint(cases[i].line), cases[i].message);
        ck_assert_msg(strstr(last_error.hint, cases[i].hint) != NULL, "%s: hint '%s'", cases[i].line, last_error.hint);
    }
}
END_TEST

START_TEST(a_missing_key_is_missed_where_its_map_begins)
{
    NODE node = node_of("other: x\noptions:\n  port: 1\n");
    struct pab_config_env env = test_env();
    struct pab_config *c = NULL;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_config_check(pab_node_get(node, "options"), table, COUNT(table), sizeof *table, &env, "targets[0].options", &c, &err),
                     PAB_E_CONFIG);
    ck_assert_str_eq(err.message, "t.yaml:3:3: targets[0].options.host: required key is missing");
}
END_TEST

START_TEST(options_that_are_no_map_are_refused_without_showing_them)
{
    NODE node = node_of("hunter2secret");
    struct pab_config_env env = test_env();
    struct pab_config *c = NULL;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_config_check(node, table, COUNT(table), sizeof *table, &env, "o", &c, &err), PAB_E_CONFIG);
    ck_assert_str_eq(err.message, "t.yaml:1:1: o: expected a map, found text");
    ck_assert_ptr_nonnull(strstr(err.hint, "known keys: host, port"));
}
END_TEST

START_TEST(a_deprecated_key_warns_and_works)
{
    CONFIG c = checked("host: x\nold_name: y");
    ck_assert_str_eq(pab_config_str(c, "old_name"), "y");
    ck_assert_str_eq(pab_buf_str(&warnings), "t.yaml:2:1: targets[1].options.old_name: deprecated: a later version will not know this key\n");
    CONFIG quiet = checked("host: x");
    ck_assert_str_eq(pab_buf_str(&warnings), "");
}
END_TEST

START_TEST(a_wrong_use_of_a_getter_is_kept_as_a_message)
{
    CONFIG c = checked("host: x\nvolumes: [a]");
    ck_assert_ptr_null(pab_config_misuse(c));
    ck_assert_int_eq(pab_config_int(pab_config_record(c, "volumes", 0), "name"), 0);
    ck_assert_str_eq(pab_config_misuse(c), "option 'targets[1].options.volumes[0].name' was asked for as another type than its table says");
    ck_assert_ptr_null(pab_config_str(c, "nobody"));
    ck_assert_ptr_nonnull(strstr(pab_config_misuse(c), "volumes[0].name")); /* the first counts */

    static const char *const keys[] = { "port", "host", "tuning", "nobody" };
    for (size_t i = 0; i < COUNT(keys); i++) {
        CONFIG other = checked("host: x");
        if (i == 0)
            ck_assert_ptr_null(pab_config_item(other, keys[i], 0));
        else if (i == 1)
            ck_assert_ptr_null(pab_config_record(other, keys[i], 0));
        else if (i == 2)
            ck_assert_uint_eq(pab_config_count(other, keys[i]), 0);
        else
            ck_assert(!pab_config_has(other, keys[i]));
        ck_assert_msg(pab_config_misuse(other) != NULL && strstr(pab_config_misuse(other), keys[i]), "%s", keys[i]);
    }
}
END_TEST

START_TEST(longer_table_entries_of_a_newer_plugin_are_stepped_over)
{
    struct longer { struct pab_option option; uint64_t added; } newer[] = {
        { { .key = "a", .type = PAB_OPT_STRING, .help = "h" }, 1 },
        { { .key = "b", .type = PAB_OPT_INT, .default_text = "7", .help = "h" }, 2 },
    };
    NODE node = node_of("a: x");
    struct pab_config_env env = test_env();
    CONFIG c = NULL;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_options_check_table(&newer[0].option, 2, sizeof newer[0], "newer", &err), PAB_OK);
    ck_assert_int_eq(pab_config_check(node, &newer[0].option, 2, sizeof newer[0], &env, "o", &c, &err), PAB_OK);
    ck_assert_str_eq(pab_config_str(c, "a"), "x");
    ck_assert_int_eq(pab_config_int(c, "b"), 7);
}
END_TEST

START_TEST(a_sound_table_passes_the_table_check)
{
    struct pab_error err = { 0 };
    ck_assert_msg(pab_options_check_table(table, COUNT(table), sizeof *table, "p", &err) == PAB_OK, "%s", err.message);
    ck_assert_int_eq(pab_options_check_table(NULL, 0, 0, "p", &err), PAB_OK);
}
END_TEST

START_TEST(faulty_tables_are_refused_with_the_key_named)
{
    static const char *const no_choice[] = { NULL };
    static const struct pab_option looped[] = { { .key = "l", .type = PAB_OPT_RECORD, .help = "h", .fields = looped, .field_count = 1 } };
    static const struct { struct pab_option option; const char *message; } cases[] = {
        { { .key = NULL, .type = PAB_OPT_STRING, .help = "h" }, "'(null)' is not a key: use a-z, 0-9 and '_', a letter first" },
        { { .key = "Port", .type = PAB_OPT_STRING, .help = "h" }, "'Port' is not a key: use a-z, 0-9 and '_', a letter first" },
        { { .key = "a.b", .type = PAB_OPT_STRING, .help = "h" }, "'a.b' is not a key: use a-z, 0-9 and '_', a letter first" },
        { { .key = "a", .type = 0, .help = "h" }, "'a' has a type that this version does not know" },
        { { .key = "a", .type = 13, .help = "h" }, "'a' has a type that this version does not know" },
        { { .key = "a", .type = PAB_OPT_NODE, .help = "h" }, "'a' has a type that this version does not know" },
        { { .key = "a", .type = PAB_OPT_STRING, .flags = 0x10, .help = "h" }, "'a' has a flag that this version does not know" },
        { { .key = "a", .type = PAB_OPT_STRING }, "'a' has no help text" },
        { { .key = "a", .type = PAB_OPT_CHOICE, .help = "h" }, "'a' is a choice without choices" },
        { { .key = "a", .type = PAB_OPT_CHOICE, .choices = no_choice, .help = "h" }, "'a' is a choice without choices" },
        { { .key = "a", .type = PAB_OPT_RECORD, .help = "h" }, "'a' is a record without fields" },
        { { .key = "a", .type = PAB_OPT_STRING, .help = "h", .fields = volume_fields, .field_count = 1 }, "'a' has fields but is no record" },
        { { .key = "a", .type = PAB_OPT_LIST, .flags = PAB_OPT_SHORTHAND, .help = "h" }, "'a' has a shorthand but is no record" },
        { { .key = "a", .type = PAB_OPT_INT, .flags = PAB_OPT_REQUIRED, .default_text = "1", .help = "h" }, "'a' is required and has a default" },
        { { .key = "a", .type = PAB_OPT_SECRET, .default_text = "env:X", .help = "h" }, "'a' is a secret with a default" },
        { { .key = "a", .type = PAB_OPT_INT, .default_text = "one", .help = "h" }, "default: a: expected a whole number, found 'one'" },
        { { .key = "a", .type = PAB_OPT_INT, .default_text = "0", .min = 1, .max = 5, .help = "h" }, "default: a: '0' is out of range: expected 1 to 5" },
        { { .key = "a", .type = PAB_OPT_LIST, .default_text = "[a", .help = "h" }, "'a': default:2:1: expected ',' or ']' (the '[' is in line 1)" },
        { { .key = "a", .type = PAB_OPT_RECORD, .help = "h", .fields = looped, .field_count = 1 }, "'a.l.l.l' is nested too deep" },
    };
    for (size_t i = 0; i < COUNT(cases); i++) {
        struct pab_error err = { 0 };
        CLEANUP_FREE char *want = pab_sprintf("option table of plugin 'p': %s", cases[i].message);
        ck_assert_int_eq(pab_options_check_table(&cases[i].option, 1, sizeof(struct pab_option), "p", &err), PAB_E_INTERNAL);
        ck_assert_str_eq(err.message, want);
    }
    struct pab_option twice[] = { cases[13].option, cases[13].option };
    twice[0].flags = twice[1].flags = 0;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_options_check_table(twice, 2, sizeof *twice, "p", &err), PAB_E_INTERNAL);
    ck_assert_str_eq(err.message, "option table of plugin 'p': 'a' stands twice");
    ck_assert_int_eq(pab_options_check_table(twice, 1, sizeof *twice - 8, "p", &err), PAB_E_INTERNAL);
    ck_assert_int_eq(pab_options_check_table(NULL, 1, sizeof *twice, "p", &err), PAB_E_INTERNAL);
}
END_TEST

UNIT_MAIN("options", reads_every_type, assumes_the_defaults_of_the_table, no_options_at_all_are_all_defaults, says_where_a_key_stood,
          paths_start_at_the_folder_of_the_job, a_lone_word_is_a_list_of_one_or_a_record_of_its_first_key,
          complaints_name_the_place_the_key_and_what_was_expected, a_missing_key_is_missed_where_its_map_begins,
          options_that_are_no_map_are_refused_without_showing_them, a_deprecated_key_warns_and_works,
          a_wrong_use_of_a_getter_is_kept_as_a_message, longer_table_entries_of_a_newer_plugin_are_stepped_over,
          a_sound_table_passes_the_table_check, faulty_tables_are_refused_with_the_key_named)
