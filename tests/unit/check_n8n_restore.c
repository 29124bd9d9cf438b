/* check_n8n_restore.c - a backup put back into an n8n that is empty, used, older, or without any way to keep an id. */
#include "tests/unit/n8n_fixture.h"

START_TEST(with_packages_every_workflow_keeps_its_id)
{
    static const char *const ids[] = { "aaa", "bbb", NULL };
    begin();
    two_that_call();
    CLEANUP_JSON json_t *before = json_deep_copy(it.workflows);
    ok(backup());
    wipe();
    it.has_packages = 1;
    it.packaged = ids;
    ok(restore(0));
    ck_assert_int_eq(json_array_size(it.workflows), 2);
    ck_assert(json_equal(it.workflows, before));
    end();
}
END_TEST

START_TEST(new_ids_are_followed_by_the_references)
{
    begin();
    two_that_call();
    ok(backup());
    wipe();
    ok(restore(0));
    const char *id = json_text(named("Called"), "id");
    ck_assert_str_ne(id, "bbb");
    json_t *node = json_array_get(json_object_get(named("Caller"), "nodes"), 0);
    ck_assert_str_eq(json_text(node, "parameters.workflowId.value"), id);
    CLEANUP_FREE char *address = pab_sprintf("/workflow/%s", id);
    ck_assert_str_eq(json_text(node, "parameters.workflowId.cachedResultUrl"), address);
    ck_assert_str_eq(json_text(named("Caller"), "settings.errorWorkflow"), id);
    ck_assert(json_flag(named("Called"), "active"));
    ck_assert(!json_flag(named("Caller"), "active"));
    end();
}
END_TEST

START_TEST(a_second_restore_changes_nothing)
{
    begin();
    two_that_call();
    ok(backup());
    wipe();
    ok(restore(0));
    CLEANUP_JSON json_t *before = json_deep_copy(it.workflows);
    size_t puts = fake_http_count(it.server, "PUT *"), posts = fake_http_count(it.server, "POST *workflows");
    ok(restore(0));
    ck_assert(json_equal(it.workflows, before));
    ck_assert_int_eq(fake_http_count(it.server, "PUT *"), puts);
    ck_assert_int_eq(fake_http_count(it.server, "POST *workflows"), posts);
    end();
}
END_TEST

START_TEST(a_restore_that_was_interrupted_is_taken_up_and_makes_nothing_twice)
{
    static const char *const mine[] = { "PUT ", NULL };
    begin();
    two_that_call();
    ok(backup());
    wipe();
    aside = mine;
    fake_http_on(it.server, "PUT *", (struct fake_answer){ .status = 404, .headers = "Content-Type: application/json\r\n", .body = "{}" });
    ck_assert_int_eq(restore(0), PAB_E_NOT_FOUND);
    ck_assert_int_eq(json_array_size(it.workflows), 2);
    aside = NULL;
    ok(restore(0));
    ck_assert_int_eq(json_array_size(it.workflows), 2);
    ck_assert_str_eq(json_text(named("Caller"), "settings.errorWorkflow"), json_text(named("Called"), "id"));
    end();
}
END_TEST

START_TEST(a_plan_changes_nothing_and_says_all)
{
    begin();
    two_that_call();
    ok(backup());
    wipe();
    add_workflow("bbb", "Called", "[{\"name\":\"Other\"}]", NULL);
    ok(restore(PAB_RESTORE_PLAN));
    ck_assert_int_eq(fake_http_count(it.server, "PUT *"), 0);
    ck_assert_int_eq(fake_http_count(it.server, "POST *"), 0);
    int made = 0, put = 0;
    for (size_t i = 0; i < it.host->plan_count; i++) {
        made += it.host->plans[i].plan.action == PAB_PLAN_CREATE;
        put += it.host->plans[i].plan.action == PAB_PLAN_OVERWRITE;
    }
    ck_assert_int_eq(made, 1);
    ck_assert_int_eq(put, 1);
    end();
}
END_TEST

START_TEST(settings_that_the_server_does_not_know_are_left_out_aloud)
{
    begin();
    add_workflow("aaa", "Later", NULL, "{\"timezone\":\"Europe/Berlin\",\"fromTheFuture\":{\"x\":1}}");
    ok(backup());
    wipe();
    ok(restore(0));
    ck_assert_str_eq(json_text(named("Later"), "settings.timezone"), "Europe/Berlin");
    ck_assert_ptr_null(json_at(named("Later"), "settings.fromTheFuture"));
    ck_assert(fake_has_text(&it.host->warnings, "fromTheFuture"));
    end();
}
END_TEST

START_TEST(pinned_and_static_data_and_tags_come_back)
{
    begin();
    json_t *w = add_workflow("aaa", "Full", NULL, NULL), *tag = json_pack("{s:s,s:s}", "id", "t1", "name", "prod");
    json_object_set_new(w, "pinData", json_loads("{\"Start\":[{\"json\":{\"n\":1}}]}", 0, NULL));
    json_object_set_new(w, "staticData", json_loads("{\"node:Start\":{\"last\":\"2024\"}}", 0, NULL));
    json_object_set_new(w, "tags", json_array());
    json_array_append(json_object_get(w, "tags"), tag);
    json_array_append_new(it.tags, tag);
    ok(backup());
    wipe();
    ok(restore(0));
    ck_assert_int_eq(json_number(json_array_get(json_at(named("Full"), "pinData.Start"), 0), "json.n", 0), 1);
    ck_assert_ptr_nonnull(json_at(named("Full"), "staticData"));
    ck_assert_str_eq(json_text(json_array_get(json_object_get(named("Full"), "tags"), 0), "name"), "prod");
    end();
}
END_TEST

START_TEST(an_archived_workflow_is_put_back_into_the_archive)
{
    begin();
    json_object_set_new(add_workflow("aaa", "Old", NULL, NULL), "isArchived", json_true());
    ok(backup());
    json_object_set_new(named("Old"), "nodes", json_loads("[{\"name\":\"Changed\"}]", 0, NULL));
    ok(restore(0));
    ck_assert(json_flag(named("Old"), "isArchived"));
    ck_assert_str_eq(json_text(json_array_get(json_object_get(named("Old"), "nodes"), 0), "name"), "Start");
    end();
}
END_TEST

START_TEST(nothing_is_activated_when_the_job_says_so)
{
    begin();
    fake_set(it.config, "activate", "false");
    two_that_call();
    ok(backup());
    wipe();
    ok(restore(PAB_RESTORE_PLAN));
    int told = 0;
    for (size_t i = 0; i < it.host->plan_count; i++) told += strstr(it.host->plans[i].plan.detail, "'Called', which was active, is left inactive (activate: false)") != NULL;
    ck_assert_int_eq(told, 1);
    ok(restore(0));
    ck_assert(!json_flag(named("Called"), "active"));
    ck_assert_int_eq(fake_http_count(it.server, "POST *activate"), 0);
    end();
}
END_TEST

START_TEST(what_was_inactive_is_inactive_again)
{
    begin();
    add_workflow("aaa", "Quiet", NULL, NULL);
    ok(backup());
    json_object_set_new(named("Quiet"), "active", json_true());
    ok(restore(0));
    ck_assert(!json_flag(named("Quiet"), "active"));
    end();
}
END_TEST

START_TEST(one_that_cannot_be_activated_is_named_and_the_others_are)
{
    begin();
    json_object_set_new(add_workflow("aaa", "Bad", "[]", NULL), "active", json_true());
    json_object_set_new(add_workflow("bbb", "Good", NULL, NULL), "active", json_true());
    ok(backup());
    wipe();
    ok(restore(0));
    ck_assert(json_flag(named("Good"), "active"));
    ck_assert(fake_has_text(&it.host->warnings, "'Bad' was active"));
    end();
}
END_TEST

/* ---- data tables */

static const char people[] = "{\"id\":\"t1\",\"name\":\"People\",\"columns\":[{\"id\":\"c\",\"name\":\"who\",\"type\":\"string\"}]}";
static const char reader[] = "[{\"name\":\"Rows\",\"parameters\":{\"dataTableId\":{\"__rl\":true,\"value\":\"t1\",\"mode\":\"list\"}}}]";

static void a_table(void)
{
    json_array_append_new(it.tables, json_loads(people, 0, NULL));
    json_object_set_new(it.rows, "t1", json_loads("[{\"id\":1,\"who\":\"Ada\"},{\"id\":2,\"who\":\"Alan\"}]", 0, NULL));
}

START_TEST(a_data_table_comes_back_with_its_rows_and_its_readers)
{
    begin();
    a_table();
    add_workflow("aaa", "Reader", reader, NULL);
    ok(backup());
    wipe();
    ok(restore(0));
    const char *id = json_text(json_array_get(it.tables, 0), "id");
    ck_assert_str_ne(id, "t1");
    ck_assert_int_eq(json_array_size(json_object_get(it.rows, id)), 2);
    ck_assert_str_eq(json_text(json_array_get(json_object_get(it.rows, id), 1), "who"), "Alan");
    ck_assert_str_eq(json_text(json_array_get(json_object_get(named("Reader"), "nodes"), 0), "parameters.dataTableId.value"), id);
    ok(restore(0));
    ck_assert_int_eq(json_array_size(it.tables), 1);
    ck_assert_int_eq(json_array_size(json_object_get(it.rows, id)), 2);
    end();
}
END_TEST

START_TEST(other_rows_are_replaced_only_by_force)
{
    begin();
    a_table();
    ok(backup());
    json_object_set_new(json_array_get(json_object_get(it.rows, "t1"), 0), "who", json_string("Grace"));
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    ck_assert_int_eq(json_array_size(json_object_get(it.rows, "t1")), 2);
    ok(restore(PAB_RESTORE_FORCE));
    ck_assert_str_eq(json_text(json_array_get(json_object_get(it.rows, "t1"), 0), "who"), "Ada");
    end();
}
END_TEST

START_TEST(variables_come_back_by_their_keys)
{
    begin();
    it.has_licence = 1;
    json_array_append_new(it.variables, json_pack("{s:s,s:s,s:s}", "id", "v1", "key", "HOST", "value", "a.example"));
    json_array_append_new(it.variables, json_pack("{s:s,s:s,s:s}", "id", "v2", "key", "PORT", "value", "80"));
    ok(backup());
    json_array_remove(it.variables, 0);
    json_object_set_new(json_array_get(it.variables, 0), "value", json_string("81"));
    ok(restore(0));
    ck_assert_int_eq(json_array_size(it.variables), 2);
    ck_assert_str_eq(json_text(json_array_get(it.variables, 0), "value"), "80");
    ck_assert_str_eq(json_text(json_array_get(it.variables, 1), "value"), "a.example");
    size_t puts = fake_http_count(it.server, "PUT *");
    ok(restore(0));
    ck_assert_int_eq(fake_http_count(it.server, "PUT *"), puts);
    ck_assert_int_eq(json_array_size(it.variables), 2);
    end();
}
END_TEST

/* ---- credentials, through a command that is a script */

static const char command[] =
    "#!/bin/sh\n"
    "here=${0%/*}\n"
    "case $1 in\n"
    "--version) echo warning: something; echo 2.41.1;;\n"
    "export:credentials) if grep -qx '\\[]' \"$here/store.json\"; then echo Error exporting.; echo No credentials found with specified filters; exit 1; fi\n"
    "    for a; do case $a in --output=*) cp \"$here/store.json\" \"${a#--output=}\";; esac; done;;\n"
    "import:credentials) echo \"$*\" >>\"$here/imports\"; for a; do case $a in --input=*) cp \"${a#--input=}\" \"$here/store.json\";; esac; done; echo \"Successfully imported ${COUNT:-1} credentials.\";;\n"
    "import:workflow) exit 1;;\n"
    "esac\n";
static const char secret[] = "[{\"id\":\"c1\",\"name\":\"Key\",\"type\":\"httpHeaderAuth\",\"data\":\"U2FsdGVkX1abc\"}]";

static void with_command(const char *key)
{
    CLEANUP_FREE char *program = pab_sprintf("%s/n8n", it.dir), *config = pab_sprintf("{\"encryptionKey\":\"%s\"}", key);
    unsetenv("N8N_ENCRYPTION_KEY");
    put_file("n8n", command, 0700);
    put_file("store.json", secret, 0600);
    put_file(".n8n/config", config, 0600);
    fake_add(it.config, "cli", program);
    fake_set(it.config, "user_folder", it.dir);
    json_array_append_new(it.credentials, json_loads("{\"id\":\"c1\",\"name\":\"Key\",\"type\":\"httpHeaderAuth\"}", 0, NULL));
}

static int imported(void)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/imports", it.dir);
    return access(path, F_OK) == 0;
}

START_TEST(credentials_come_encrypted_from_the_command)
{
    begin();
    with_command("the-instance-key");
    ok(backup());
    ck_assert_str_eq(stored("n8n/credentials_encrypted"), secret);
    ck_assert_str_eq(fact("version"), "2.41.1");
    ck_assert(key_matches("the-instance-key", fact("key_fingerprint")));
    ck_assert(!key_matches("another-key", fact("key_fingerprint")));
    ck_assert_ptr_null(strstr(fact("key_fingerprint"), "the-instance-key"));
    ck_assert(fake_has_text(&it.host->secrets, "the-instance-key"));
    ok(verify());
    end();
}
END_TEST

START_TEST(a_command_of_another_instance_is_noticed)
{
    begin();
    with_command("the-instance-key");
    json_array_append_new(it.credentials, json_loads("{\"id\":\"c2\",\"name\":\"Unknown to it\",\"type\":\"t\"}", 0, NULL));
    ok(backup());
    ck_assert(fake_has_text(&it.host->warnings, "does not know 1 of the 2 credentials"));
    end();
}
END_TEST

START_TEST(what_the_command_exports_unencrypted_is_not_kept)
{
    begin();
    with_command("the-instance-key");
    put_file("store.json", "[{\"id\":\"c1\",\"name\":\"Key\",\"type\":\"t\",\"data\":{\"password\":\"open\"}}]", 0600);
    ck_assert_int_eq(backup(), PAB_E_REFUSED);
    ck_assert_ptr_null(stored("n8n/credentials_encrypted"));
    end();
}
END_TEST

START_TEST(credentials_are_refused_under_another_key_before_anything_changes)
{
    begin();
    with_command("the-instance-key");
    add_workflow("aaa", "First", NULL, NULL);
    ok(backup());
    wipe();
    put_file(".n8n/config", "{\"encryptionKey\":\"another\"}", 0600);
    put_file("store.json", "[]", 0600);
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_REFUSED);
    ck_assert(!imported());
    ck_assert_int_eq(json_array_size(it.workflows), 0);
    end();
}
END_TEST

START_TEST(credentials_come_back_once)
{
    begin();
    with_command("the-instance-key");
    ok(backup());
    put_file("store.json", "[]", 0600);
    ok(restore(0));
    ck_assert(imported());
    CLEANUP_FREE char *path = pab_sprintf("%s/imports", it.dir);
    ck_assert_int_eq(unlink(path), 0);
    ok(restore(0));
    ck_assert(!imported());
    end();
}
END_TEST

START_TEST(a_command_that_imports_fewer_fails)
{
    begin();
    with_command("the-instance-key");
    ok(backup());
    put_file("store.json", "[]", 0600);
    setenv("COUNT", "0", 1);
    ck_assert_int_eq(restore(0), PAB_E_TOOL);
    unsetenv("COUNT");
    end();
}
END_TEST

START_TEST(without_secrets_those_of_the_target_are_found_by_name_and_type)
{
    static const char nodes[] = "[{\"name\":\"Http\",\"credentials\":{\"httpHeaderAuth\":{\"id\":\"c1\",\"name\":\"Key\"}}}]";
    begin();
    fake_set(it.config, "credentials", "metadata");
    json_array_append_new(it.credentials, json_loads("{\"id\":\"c1\",\"name\":\"Key\",\"type\":\"httpHeaderAuth\"}", 0, NULL));
    add_workflow("aaa", "User", nodes, NULL);
    ok(backup());
    wipe();
    json_object_set_new(json_array_get(it.credentials, 0), "id", json_string("c9"));
    ok(restore(0));
    ck_assert_str_eq(json_text(json_array_get(json_object_get(named("User"), "nodes"), 0), "credentials.httpHeaderAuth.id"), "c9");
    end();
}
END_TEST

START_TEST(numbers_are_written_as_they_were_read)
{
    static const char *const mine[] = { "GET /api/v1/workflows/aaa", "PUT ", NULL };
    static const char nodes[] = "[{\"x\": 12345678901234567890123,\"y\":0.10000000000000000001}]";
    begin();
    aside = mine;
    add_workflow("aaa", "Exact", NULL, NULL);
    CLEANUP_FREE char *text = pab_sprintf("{\"id\":\"aaa\",\"name\":\"Exact\",\"nodes\":%s,\"connections\":{},\"settings\":{}}", nodes);
    fake_http_on(it.server, "GET /api/v1/workflows/aaa*", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = text });
    fake_http_on(it.server, "PUT *", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = "{}" });
    ok(backup());
    wipe();
    ok(restore(0));
    int found = 0;
    for (size_t i = 0; fake_http_asked(it.server, i); i++)
        found |= !strncmp(fake_http_asked(it.server, i), "PUT ", 4) && strstr(fake_http_sent(it.server, i), nodes) != NULL;
    ck_assert(found);
    end();
}
END_TEST

UNIT_MAIN("n8n restore", with_packages_every_workflow_keeps_its_id, new_ids_are_followed_by_the_references, a_second_restore_changes_nothing,
          a_restore_that_was_interrupted_is_taken_up_and_makes_nothing_twice,
          a_plan_changes_nothing_and_says_all, settings_that_the_server_does_not_know_are_left_out_aloud, pinned_and_static_data_and_tags_come_back,
          an_archived_workflow_is_put_back_into_the_archive, nothing_is_activated_when_the_job_says_so, what_was_inactive_is_inactive_again,
          one_that_cannot_be_activated_is_named_and_the_others_are, a_data_table_comes_back_with_its_rows_and_its_readers, other_rows_are_replaced_only_by_force, variables_come_back_by_their_keys,
          credentials_come_encrypted_from_the_command, a_command_of_another_instance_is_noticed, what_the_command_exports_unencrypted_is_not_kept, credentials_are_refused_under_another_key_before_anything_changes,
          credentials_come_back_once, a_command_that_imports_fewer_fails, without_secrets_those_of_the_target_are_found_by_name_and_type, numbers_are_written_as_they_were_read)
