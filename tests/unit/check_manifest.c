/* Tests of core/store/manifest.h: what is written comes back, and what is not sound is refused by its place. */
#include <jansson.h>
#include "core/base/secret.h"
#include "core/base/str.h"
#include "core/store/names.h"
#include "tests/unit/store_fixture.h"

#define HASH "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
#define ARTIFACT                                                                                                              \
    "{\"path\": \"databases/letta.sql\", \"object\": \"letta\", \"category\": \"databases\", \"kind\": \"stream\", "          \
    "\"media_type\": \"application/sql\", \"encoding\": \"none\", \"encryption\": \"none\", \"size\": 10, "                   \
    "\"content_size\": 10, \"sha256\": \"" HASH "\", \"content_sha256\": \"" HASH "\", \"counts\": {\"rows\": 1}, "           \
    "\"facts\": {\"owner\": \"me\"}, \"blocks\": [{\"name\": \"a\", \"offset\": 0, \"size\": 4, \"content_size\": 4, \"rows\": 1}]}"
#define SOUND                                                                                                                 \
    "{\"format\": \"pabengine-backup\", \"version\": 1, \"id\": \"01234567-89ab-4cde-8f01-23456789abcd\", "                   \
    "\"name\": \"backup-1\", \"job\": \"nightly\", \"kind\": \"full\", \"parent\": null, \"status\": \"complete\", "          \
    "\"started\": \"2024-01-21T12:00:00+00:00\", \"finished\": \"2024-01-21T12:00:09+00:00\", \"host\": \"box\", "            \
    "\"engine\": {\"version\": \"1.0.0\", \"abi\": \"1.0\"}, \"store\": {\"compression\": \"none\", \"encryption\": \"none\"}, " \
    "\"targets\": [{\"name\": \"db\", \"plugin\": \"postgres\", \"plugin_version\": \"1.0.0\", \"status\": \"ok\", "          \
    "\"started\": \"2024-01-21T12:00:00+00:00\", \"finished\": \"2024-01-21T12:00:09+00:00\", \"facts\": {}, "                \
    "\"warnings\": [], \"error\": null, \"artifacts\": [" ARTIFACT "]}], "                                                    \
    "\"totals\": {\"artifacts\": 1, \"size\": 10, \"content_size\": 10, \"seconds\": 9.0}}"

static int parse(const char *json, struct pab_manifest *ret)
{
    pab_error_clear(&err);
    return pab_manifest_parse(json, strlen(json), "b/manifest.json", ret, &err);
}

/* SOUND with the first `from` made `to` is refused, and the message holds `message`. */
static void refused(const char *from, const char *to, const char *message)
{
    struct pab_manifest m = { 0 };
    const char *at = strstr(SOUND, from);
    ck_assert_msg(at != NULL, "no %s in the manifest", from);
    CLEANUP_FREE char *json = pab_sprintf("%.*s%s%s", (int)(at - SOUND), SOUND, to, at + strlen(from));
    int rc = parse(json, &m);
    ck_assert_msg(rc == PAB_E_CORRUPT || rc == PAB_E_UNSUPPORTED, "accepted: %s", to);
    ck_assert_msg(strncmp(err.message, "b/manifest.json:", 16) == 0 && strstr(err.message, message), "%s: %s", to, err.message);
    ck_assert_ptr_null(m.name);
}

START_TEST(a_sound_manifest_is_read)
{
    struct pab_manifest m = { 0 };
    ck_assert_msg(parse(SOUND, &m) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(m.job, "nightly");
    ck_assert_uint_eq(m.targets.items[0].artifacts.count, 1);
    const struct pab_mf_artifact *a = &m.targets.items[0].artifacts.items[0];
    ck_assert_str_eq(a->path, "databases/letta.sql");
    ck_assert_str_eq(pab_kvs_get(&a->counts, "rows"), "1");
    ck_assert_uint_eq(a->block_count, 1);
    pab_manifest_release(&m);
}
END_TEST

START_TEST(what_is_written_comes_back)
{
    struct pab_manifest m, back = { 0 };
    struct pab_mf_target t = { .name = pab_strdup("db"), .plugin = pab_strdup("postgres"), .plugin_version = pab_strdup("2"), .status = PAB_MF_FAILED,
                               .started_ns = NOON, .finished_ns = NOON + SECOND };
    fill_manifest(&m, "one", NOON, "partial");
    pab_error_hint(&t.error, pab_error_set(&t.error, PAB_E_NOSPACE, 0, "disk is \"full\"\n"), "free some");
    pab_strs_add(&t.warnings, "tab\there");
    pab_kvs_set(&t.facts, "server", "15.4");
    struct pab_mf_artifact a = { .path = pab_strdup("volumes/data.tar"), .object = pab_strdup("d\xc3\xa4ta \"1\""), .index_path = pab_strdup("volumes/data.mtree"),
                                 .category = PAB_CAT_VOLUMES, .kind = PAB_KIND_TREE, .encoding = pab_strdup("none"), .encryption = pab_strdup("none"),
                                 .size = INT64_MAX, .content_size = 7, .index_size = 3, .sha256 = HASH, .content_sha256 = HASH, .index_sha256 = HASH };
    a.parent_path = pab_strdup("volumes/data_1.tar");
    memcpy(a.parent_sha256, HASH, sizeof a.parent_sha256);
    a.deleted = 3;
    m.parent = pab_strdup("backup-0");
    memcpy(m.parent_id, "01234567-89ab-4cde-8f01-23456789abcd", 37);
    pab_kvs_set(&a.counts, "files", "12");
    PAB_PUSH(&t.artifacts, a);
    PAB_PUSH(&m.targets, t);
    CLEANUP_FREE char *json = pab_manifest_to_json(&m);
    ck_assert_msg(parse(json, &back) == PAB_OK, "%s", err.message);
    const struct pab_mf_target *u = &back.targets.items[0];
    const struct pab_mf_artifact *b = &u->artifacts.items[0];
    ck_assert_str_eq(back.id, m.id);
    ck_assert_str_eq(back.status, "partial");
    ck_assert_int_eq(back.started_ns, NOON);
    ck_assert_int_eq(u->status, PAB_MF_FAILED);
    ck_assert_int_eq(u->error.code, PAB_E_NOSPACE);
    ck_assert_str_eq(u->error.message, "disk is \"full\"\n");
    ck_assert_str_eq(u->error.hint, "free some");
    ck_assert_str_eq(u->warnings.items[0], "tab\there");
    ck_assert_str_eq(pab_kvs_get(&u->facts, "server"), "15.4");
    ck_assert_str_eq(b->object, "d\xc3\xa4ta \"1\"");
    ck_assert_str_eq(b->index_path, "volumes/data.mtree");
    ck_assert_str_eq(b->parent_path, "volumes/data_1.tar");
    ck_assert_str_eq(b->parent_sha256, HASH);
    ck_assert_uint_eq(b->deleted, 3);
    ck_assert_str_eq(back.parent, "backup-0");
    ck_assert_str_eq(back.parent_id, m.parent_id);
    ck_assert_uint_eq(b->size, INT64_MAX);
    ck_assert_str_eq(pab_kvs_get(&b->counts, "files"), "12");
    CLEANUP_FREE char *again = pab_manifest_to_json(&back);
    ck_assert_str_eq(json, again);
    pab_manifest_release(&m);
    pab_manifest_release(&back);
}
END_TEST

/* As jansson lays out the whole. */
static void assert_laid_out(struct pab_manifest *m)
{
    CLEANUP_FREE char *json = pab_manifest_to_json(m);
    json_t *o = json_loads(json, 0, NULL);
    ck_assert_ptr_nonnull(o);
    CLEANUP_FREE char *whole = json_dumps(o, JSON_INDENT(2) | JSON_REAL_PRECISION(6));
    json_decref(o);
    ck_assert_str_eq(json, whole);
}

START_TEST(its_text_is_indented_by_two_whatever_there_is)
{
    struct pab_manifest m;
    fill_manifest(&m, "one", NOON, "complete");
    assert_laid_out(&m);
    for (int targets = 0; targets < 2; targets++) {
        struct pab_mf_target t = { .name = pab_strdup(targets ? "b" : "a"), .plugin = pab_strdup("files"), .plugin_version = pab_strdup("1") };
        PAB_PUSH(&m.targets, t);
        assert_laid_out(&m);
        for (int i = 0; i < 2; i++) {
            struct pab_mf_artifact a = { .path = pab_sprintf("config/%d.tar", i), .object = pab_strdup("line\nbreak {[,\"]}"), .category = PAB_CAT_CONFIG,
                                         .kind = PAB_KIND_STREAM, .encoding = pab_strdup("none"), .encryption = pab_strdup("none"), .sha256 = HASH, .content_sha256 = HASH };
            if (i) pab_kvs_set(&a.counts, "files", "12");
            PAB_PUSH(&m.targets.items[targets].artifacts, a);
            assert_laid_out(&m);
        }
    }
    pab_manifest_release(&m);
}
END_TEST

START_TEST(bytes_that_are_no_text_are_written_as_escapes)
{
    struct pab_manifest m, back = { 0 };
    struct pab_mf_target t = { .name = pab_strdup("db\xff"), .plugin = pab_strdup("p"), .plugin_version = pab_strdup("1") };
    fill_manifest(&m, "one", NOON, "complete");
    pab_kvs_set(&t.facts, "key\xfe", "value\xfd");
    PAB_PUSH(&m.targets, t);
    CLEANUP_FREE char *json = pab_manifest_to_json(&m);
    ck_assert_int_eq(parse(json, &back), PAB_OK);
    ck_assert_str_eq(back.targets.items[0].name, "db\\xff");
    ck_assert_str_eq(pab_kvs_get(&back.targets.items[0].facts, "key\\xfe"), "value\\xfd");
    pab_manifest_release(&m);
    pab_manifest_release(&back);
}
END_TEST

START_TEST(secrets_are_masked_where_people_write_and_nowhere_else)
{
    struct pab_manifest m, back = { 0 };
    struct pab_mf_target t = { .name = pab_strdup("postgres"), .plugin = pab_strdup("postgres"), .plugin_version = pab_strdup("1") };
    pab_secret_register("postgres"); /* as a password, too */
    pab_secret_register("hunter2\"quoted");
    fill_manifest(&m, "one", NOON, "complete");
    pab_strs_add(&t.warnings, "login with hunter2\"quoted refused");
    pab_error_set(&t.error, PAB_E_IO, 0, "postgres://u:hunter2\"quoted@host");
    pab_kvs_set(&t.facts, "url", "http://hunter2\"quoted@h");
    struct pab_mf_artifact a = { .path = pab_strdup("databases/postgres.sql"), .object = pab_strdup("postgres"), .category = PAB_CAT_DATABASES,
                                 .kind = PAB_KIND_STREAM, .encoding = pab_strdup("none"), .encryption = pab_strdup("none"), .sha256 = HASH, .content_sha256 = HASH };
    PAB_PUSH(&t.artifacts, a);
    PAB_PUSH(&m.targets, t);
    CLEANUP_FREE char *json = pab_manifest_to_json(&m);
    pab_secret_clear_all();
    ck_assert_ptr_null(strstr(json, "hunter2"));
    ck_assert_msg(parse(json, &back) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(back.targets.items[0].plugin, "postgres");
    ck_assert_str_eq(back.targets.items[0].artifacts.items[0].path, "databases/postgres.sql");
    pab_manifest_release(&m);
    pab_manifest_release(&back);
}
END_TEST

START_TEST(keys_of_a_later_version_are_ignored)
{
    struct pab_manifest m = { 0 };
    CLEANUP_FREE char *json = pab_sprintf("{\"later\": {\"a\": [1, {}]}, %s", SOUND + 1);
    ck_assert_msg(parse(json, &m) == PAB_OK, "%s", err.message);
    pab_manifest_release(&m);
}
END_TEST

START_TEST(another_format_or_version_is_told_apart_from_damage)
{
    struct pab_manifest m = { 0 };
    refused("pabengine-backup", "borg", "this is no backup of pabengine");
    refused("\"version\": 1", "\"version\": 2", "manifest version 2, this pabengine reads version 1");
    ck_assert_int_eq(err.code, PAB_E_UNSUPPORTED);
    refused("\"version\": 1", "\"version\": \"1\"", "version: a number expected");
    ck_assert_int_eq(parse("[]", &m), PAB_E_CORRUPT);
    ck_assert_int_eq(parse("", &m), PAB_E_CORRUPT);
}
END_TEST

START_TEST(paths_outside_the_backup_are_refused)
{
    static const char *const bad[] = { "/etc/passwd", "../letta.sql", "databases/../../x", "databases", "databases/", "databases//x", "databases/./x", "letta.sql",
                                       "logs/x", "databases/.hidden", "databases/a b", "databases/a'b", "databases/a\\nb", "databases/\\u001b[2J",
                                       "databases/\\u00e4", "databases/a;rm", "volumes/letta.sql" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) refused("databases/letta.sql", bad[i], "targets[0].artifacts[0].path");
    char name[301];
    memset(name, 'a', 300);
    name[300] = 0;
    CLEANUP_FREE char *longer = pab_sprintf("databases/%s", name);
    refused("databases/letta.sql", longer, "targets[0].artifacts[0].path");
}
END_TEST

START_TEST(two_artifacts_in_one_file_are_refused)
{
    refused(ARTIFACT "]", ARTIFACT ", " ARTIFACT "]", "b/manifest.json: databases/letta.sql: named twice");
}
END_TEST

START_TEST(numbers_that_no_file_has_are_refused_with_the_artifact)
{
    refused("\"size\": 10", "\"size\": -1", "targets[0].artifacts[0].size of 'databases/letta.sql': a number from 0 expected");
    refused("\"size\": 10", "\"size\": 1.5", "size of 'databases/letta.sql'");
    refused("\"size\": 10", "\"size\": \"10\"", "size of 'databases/letta.sql'");
    refused("\"size\": 10", "\"size\": 9223372036854775808", "too big integer");
    refused("\"size\": 10", "\"size\": 1e999", "real number overflow");
    refused("\"rows\": 1}, \"facts\"", "\"rows\": -1}, \"facts\"", "counts.rows of 'databases/letta.sql'");
    refused("\"rows\": 1}, \"facts\"", "\"a\\u001bb\": null}, \"facts\"", "counts.a\\x1bb");
}
END_TEST

START_TEST(blocks_must_lie_inside_the_artifact_in_order)
{
    refused("\"offset\": 0, \"size\": 4", "\"offset\": 7, \"size\": 4", "blocks of 'databases/letta.sql'");
    refused("\"offset\": 0, \"size\": 4", "\"offset\": 9223372036854775807, \"size\": 9223372036854775807", "blocks inside the artifact");
    refused("\"rows\": 1}]", "\"rows\": 1}, {\"name\": \"b\", \"offset\": 2, \"size\": 1, \"content_size\": 1, \"rows\": 0}]", "blocks inside the artifact");
    refused("[{\"name\": \"a\"", "[7, {\"name\": \"a\"", "name of 'databases/letta.sql': text expected");
    refused("\"blocks\": [", "\"blocks\": {\"a\": [", ""); /* not even JSON any more */
    refused("\"rows\": 1}]}", "\"rows\": 1}], \"index\": \"databases/x.mtree\"}", "only trees have one");
}
END_TEST

START_TEST(what_a_backup_builds_on_must_be_a_file_of_a_backup)
{
    refused("\"rows\": 1}]}", "\"rows\": 1}], \"parent_path\": \"databases/x.tar\"}", "only trees with an index have one");
    refused("\"kind\": \"stream\"", "\"kind\": \"tree\", \"index\": \"databases/x\", \"index_size\": 1, \"index_sha256\": \"" HASH "\", \"parent_path\": \"../x.tar\"", "a relative path below a category folder expected");
    refused("\"kind\": \"stream\"", "\"kind\": \"tree\", \"index\": \"databases/x\", \"index_size\": 1, \"index_sha256\": \"" HASH "\", \"parent_path\": \"databases/x.tar\"", "parent_sha256");
    refused("\"parent\": null", "\"parent\": \"backup-0\", \"parent_id\": \"0\"", "parent_id: a UUID expected");
}
END_TEST

START_TEST(wrong_types_are_named_by_their_place)
{
    refused("\"name\": \"backup-1\"", "\"name\": 1", "name: text expected");
    refused("\"name\": \"backup-1\"", "\"name\": \"../x\"", "name: the name of a backup expected");
    refused("\"parent\": null", "\"parent\": \"a/b\"", "parent: the name of a backup expected");
    refused("\"kind\": \"full\"", "\"kind\": \"differential\"", "kind: full or incremental expected");
    refused("\"status\": \"complete\"", "\"status\": \"failed\"", "status: complete or partial expected");
    refused("\"status\": \"ok\"", "\"status\": \"fine\"", "targets[0].status: ok, warning, failed or skipped expected");
    refused("2024-01-21T12:00:00+00:00", "yesterday", "started: a time as in RFC 3339 expected");
    refused("01234567-89ab", "01234567_89ab", "id: a UUID expected");
    refused("\"targets\": [{", "\"targets\": [7, {", "targets[0]: an object expected");
    refused("\"artifacts\": [{", "\"artifacts\": [null, {", "targets[0].artifacts[0]: an object expected");
    refused("\"engine\": {\"version\": \"1.0.0\", \"abi\": \"1.0\"}", "\"engine\": []", "version: text expected");
    refused("\"warnings\": []", "\"warnings\": [{}]", "targets[0].warnings: texts expected");
    refused("\"error\": null", "\"error\": \"x\"", "targets[0].code: text expected");
    refused(HASH, "E3B0", "sha256 of 'databases/letta.sql': 64 hexadecimal digits expected");
    refused("\"kind\": \"stream\"", "\"kind\": \"pipe\"", "kind of 'databases/letta.sql': stream or tree expected");
}
END_TEST

START_TEST(missing_keys_are_named)
{
    refused("\"job\": \"nightly\", ", "", "job: text expected");
    refused("\"content_size\": 10, \"sha256\"", "\"sha256\"", "content_size of 'databases/letta.sql'");
    refused(", \"totals\"", ", \"sums\"", "artifacts: a number from 0 expected");
    refused("\"targets\"", "\"goals\"", "targets: a list expected");
}
END_TEST

START_TEST(a_key_given_twice_is_refused)
{
    refused("\"job\": \"nightly\"", "\"job\": \"nightly\", \"job\": \"weekly\"", "duplicate object key");
}
END_TEST

START_TEST(deep_nesting_is_refused_before_it_costs_anything)
{
    char deep[2001];
    struct pab_manifest m = { 0 };
    memset(deep, '[', 2000);
    deep[2000] = 0;
    refused("\"parent\": null", deep, "nested deeper than 64");
    ck_assert_int_eq(parse(deep, &m), PAB_E_CORRUPT);
    ck_assert_str_eq(err.message, "b/manifest.json:1:65: nested deeper than 64");
}
END_TEST

START_TEST(brackets_in_text_are_no_nesting)
{
    struct pab_manifest m = { 0 };
    char text[201];
    memset(text, '[', 200);
    text[200] = 0;
    CLEANUP_FREE char *json = pab_sprintf("{\"later\": \"%s\\\"%s\", %s", text, text, SOUND + 1);
    ck_assert_msg(parse(json, &m) == PAB_OK, "%s", err.message);
    pab_manifest_release(&m);
}
END_TEST

START_TEST(too_many_values_and_too_many_bytes_are_refused)
{
    struct pab_manifest m = { 0 };
    size_t n = 100u << 20;
    char *big = pab_try_alloc(n + 1);
    ck_assert_ptr_nonnull(big);
    memset(big, ' ', n);
    ck_assert_int_eq(pab_manifest_parse(big, n, "x", &m, &err), PAB_E_CORRUPT);
    ck_assert_str_eq(err.message, "x: longer than 64 MiB");
    for (size_t i = 0; i < 9u << 20; i++) big[i] = i % 2 ? ',' : '0';
    big[0] = '[';
    ck_assert_int_eq(pab_manifest_parse(big, 9u << 20, "x", &m, &err), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "more values than 4000000"));
    free(big);
}
END_TEST

START_TEST(a_message_shows_no_control_bytes_of_the_file)
{
    struct pab_manifest m = { 0 };
    ck_assert_int_eq(parse("{\"a\": \x1b[2J}", &m), PAB_E_CORRUPT);
    for (const char *p = err.message; *p; p++) ck_assert_int_ge((unsigned char)*p, 0x20);
}
END_TEST

START_TEST(every_cut_of_a_manifest_is_refused)
{
    for (size_t n = 0; n < strlen(SOUND); n++) {
        struct pab_manifest m = { 0 };
        CLEANUP_FREE char *cut = pab_strndup(SOUND, n);
        ck_assert_int_eq(parse(cut, &m), PAB_E_CORRUPT);
    }
}
END_TEST

UNIT_MAIN("manifest", a_sound_manifest_is_read, what_is_written_comes_back, its_text_is_indented_by_two_whatever_there_is, bytes_that_are_no_text_are_written_as_escapes,
          secrets_are_masked_where_people_write_and_nowhere_else, keys_of_a_later_version_are_ignored, another_format_or_version_is_told_apart_from_damage,
          paths_outside_the_backup_are_refused, two_artifacts_in_one_file_are_refused, numbers_that_no_file_has_are_refused_with_the_artifact,
          blocks_must_lie_inside_the_artifact_in_order, what_a_backup_builds_on_must_be_a_file_of_a_backup, wrong_types_are_named_by_their_place, missing_keys_are_named, a_key_given_twice_is_refused,
          deep_nesting_is_refused_before_it_costs_anything, brackets_in_text_are_no_nesting, too_many_values_and_too_many_bytes_are_refused,
          a_message_shows_no_control_bytes_of_the_file, every_cut_of_a_manifest_is_refused)
