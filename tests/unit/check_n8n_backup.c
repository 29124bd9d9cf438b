/* check_n8n_backup.c - what of an n8n is in a backup, and what the service may do wrong meanwhile. */
#include "tests/unit/n8n_fixture.h"

START_TEST(all_workflows_are_in_one_file_and_each_in_its_own)
{
    begin();
    add_workflow("aaa", "First", NULL, NULL);
    add_workflow("bbb", "Second", NULL, NULL);
    json_object_set_new(json_array_get(it.workflows, 1), "active", json_true());
    ok(backup());
    CLEANUP_JSON json_t *all = json_loads(stored("n8n_workflows"), 0, NULL), *one = json_loads(stored("n8n/workflows/bbb"), 0, NULL);
    ck_assert_int_eq(json_array_size(all), 2);
    ck_assert(json_equal(json_array_get(all, 1), one));
    ck_assert(json_equal(json_array_get(it.workflows, 1), one));
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "n8n_workflows")->counts, "workflows"), "2");
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "n8n_workflows")->counts, "active"), "1");
    ok(verify());
    end();
}
END_TEST

START_TEST(what_the_licence_withholds_is_a_fact_and_no_warning)
{
    begin();
    ok(backup());
    ck_assert_str_eq(fact("without_variables"), "not in this licence");
    ck_assert_int_eq(it.host->warnings.count, 0);
    end();
}
END_TEST

START_TEST(folders_of_the_projects_that_workflows_lie_in_are_listed_to_the_last)
{
    begin();
    it.has_licence = 1;
    it.page = 2;
    json_object_set_new(add_workflow("aaa", "First", NULL, NULL), "shared", json_loads("[{\"projectId\":\"p1\"}]", 0, NULL));
    for (char id[] = "f1"; id[1] <= '5'; id[1]++) json_array_append_new(it.folders, json_pack("{s:s, s:s, s:n}", "id", id, "name", id, "parentFolderId"));
    ok(backup());
    CLEANUP_JSON json_t *folders = json_loads(stored("n8n/folders"), 0, NULL);
    ck_assert_int_eq(json_array_size(folders), 5);
    ck_assert_str_eq(json_text(json_array_get(folders, 4), "projectId"), "p1");
    ck_assert_ptr_nonnull(stored("n8n/projects"));
    ok(verify());
    end();
}
END_TEST

START_TEST(a_missing_scope_is_named_in_a_warning)
{
    static const char *const mine[] = { "GET /api/v1/tags", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "GET /api/v1/tags*", (struct fake_answer){ .status = 403, .headers = "Content-Type: application/json\r\n", .body = "{\"message\":\"Forbidden\"}" });
    add_workflow("aaa", "First", NULL, NULL);
    ok(backup());
    ck_assert(fake_has_text(&it.host->warnings, "tag:list"));
    ck_assert_ptr_null(stored("n8n/tags"));
    ck_assert_ptr_nonnull(stored("n8n/workflows/aaa"));
    end();
}
END_TEST

START_TEST(a_key_that_is_not_taken_fails_the_backup_and_is_not_shown)
{
    static const char *const mine[] = { "GET ", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "*", (struct fake_answer){ .status = 401, .headers = "Content-Type: application/json\r\n", .body = "{\"message\":\"Unauthorized\"}" });
    ck_assert_int_eq(backup(), PAB_E_AUTH);
    ck_assert_ptr_null(strstr(it.host->failure.message, "the-key-of-the-api"));
    ck_assert(fake_has_text(&it.host->secrets, "the-key-of-the-api"));
    end();
}
END_TEST

static int check_now(void)
{
    struct pab_check_req req = { .struct_size = sizeof req };
    open_now();
    fake_new_verb(it.host);
    return ended(it.plugin->check(it.instance, fake_op(it.host), &req));
}

START_TEST(a_key_that_is_not_taken_does_not_look_like_a_service_that_is_down)
{
    static const char *const mine[] = { "GET ", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "GET /healthz", (struct fake_answer){ .body = "{\"status\":\"ok\"}" });
    fake_http_on(it.server, "*", (struct fake_answer){ .status = 401, .body = "{\"message\":\"unauthorized\"}" });
    ck_assert_int_eq(check_now(), PAB_E_AUTH);
    ck_assert_msg(strstr(it.host->failure.message, "n8n is up, but") != NULL, "%s", it.host->failure.message);
    end();
}
END_TEST

START_TEST(a_service_that_is_not_well_is_down_and_one_without_that_address_is_asked_on)
{
    static const char *const mine[] = { "GET /healthz", NULL };
    begin();
    aside = mine;
    ok(check_now());
    end();
    begin();
    aside = mine;
    fake_http_on(it.server, "GET /healthz", (struct fake_answer){ .status = 503, .body = "{\"status\":\"error\"}" });
    ck_assert_int_eq(check_now(), PAB_E_BUSY);
    end();
}
END_TEST

START_TEST(an_address_without_workflows_is_no_n8n)
{
    static const char *const mine[] = { "GET ", NULL };
    begin();
    aside = mine;
    ck_assert_int_eq(backup(), PAB_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(it.host->failure.hint, "N8N_PUBLIC_API_DISABLED"));
    end();
}
END_TEST

START_TEST(a_workflow_deleted_while_the_list_is_read_hides_no_other)
{
    begin();
    it.page = 2;
    for (char id[] = "a"; *id <= 'g'; ++*id) add_workflow(id, id, NULL, NULL);
    it.delete_while = "a";
    ok(backup());
    for (char id[] = "b"; *id <= 'g'; ++*id) {
        CLEANUP_FREE char *stem = pab_sprintf("n8n/workflows/%s", id);
        ck_assert_msg(stored(stem) != NULL, "%s", id);
    }
    ok(verify());
    end();
}
END_TEST

START_TEST(a_cursor_that_leads_to_itself_is_an_error)
{
    static const char *const mine[] = { "GET /api/v1/workflows?", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "GET /api/v1/workflows[?]*", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = "{\"data\":[{\"id\":\"a\"}],\"nextCursor\":\"same\"}" });
    ck_assert_int_eq(backup(), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(it.host->failure.message, "circle"));
    ck_assert_int_le(fake_http_count(it.server, "GET /api/v1/workflows[?]*"), 3);
    end();
}
END_TEST

START_TEST(pages_that_are_empty_for_ever_are_an_error)
{
    static const char *const mine[] = { "GET /api/v1/tags", NULL };
    begin();
    aside = mine;
    for (unsigned i = 0; i < 150; i++) {
        CLEANUP_FREE char *body = pab_sprintf("{\"data\":[],\"nextCursor\":\"c%u\"}", i);
        fake_http_on(it.server, "GET /api/v1/tags*", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = body, .times = 1 });
    }
    ck_assert_int_eq(backup(), PAB_E_CORRUPT);
    end();
}
END_TEST

START_TEST(the_limit_of_a_page_is_never_zero)
{
    begin();
    add_workflow("aaa", "First", NULL, NULL);
    ok(backup());
    ck_assert_int_eq(fake_http_count(it.server, "*limit=0*"), 0);
    ck_assert_int_gt(fake_http_count(it.server, "*limit=100*"), 3);
    end();
}
END_TEST

#define WORKFLOW_IS(text)                                                                                                                     \
    static const char *const mine[] = { "GET /api/v1/workflows/aaa", NULL };                                                               \
    begin();                                                                                                                                  \
    aside = mine;                                                                                                                             \
    add_workflow("aaa", "First", NULL, NULL);                                                                                                 \
    fake_http_on(it.server, "GET /api/v1/workflows/aaa*", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = (text) })

START_TEST(numbers_and_escapes_are_kept_as_they_stand)
{
    WORKFLOW_IS("{\"id\":\"aaa\", \"name\":\"\\u00e9\\/\",\"nodes\":[{\"x\": 12345678901234567890123, \"y\":1e400,\"z\":0.10000000000000000001}]}");
    ok(backup());
    ck_assert_ptr_nonnull(strstr(stored("n8n/workflows/aaa"), "[{\"x\": 12345678901234567890123, \"y\":1e400,\"z\":0.10000000000000000001}]"));
    ck_assert_ptr_nonnull(strstr(stored("n8n_workflows"), "\"\\u00e9\\/\""));
    ok(verify());
    end();
}
END_TEST

START_TEST(a_workflow_that_is_no_utf8_fails_and_leaves_nothing)
{
    WORKFLOW_IS("{\"id\":\"aaa\",\"name\":\"\xff\xfe\",\"nodes\":[]}");
    ck_assert_int_eq(backup(), PAB_E_CORRUPT);
    ck_assert_ptr_null(stored("n8n/workflows/aaa"));
    ck_assert_ptr_null(stored("n8n_workflows"));
    end();
}
END_TEST

START_TEST(nesting_without_end_fails)
{
    CLEANUP_FREE char *deep = pab_alloc(100000);
    memset(deep, '[', 50000);
    memcpy(deep, "{\"id\":", 6);
    WORKFLOW_IS(deep);
    ck_assert_int_eq(backup(), PAB_E_CORRUPT);
    end();
}
END_TEST

START_TEST(an_answer_cut_short_fails)
{
    static const char *const mine[] = { "GET /api/v1/workflows/aaa", NULL };
    begin();
    aside = mine;
    add_workflow("aaa", "First", NULL, NULL);
    fake_http_on(it.server, "GET /api/v1/workflows/aaa*", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = "{\"id\":\"aaa\",\"name\":\"x\",\"nodes\":[]}", .cut_at = 20 });
    ck_assert_int_lt(backup(), 0);
    ck_assert_ptr_null(stored("n8n_workflows"));
    end();
}
END_TEST

START_TEST(a_page_of_html_is_no_answer)
{
    static const char *const mine[] = { "GET ", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "*", (struct fake_answer){ .headers = "Content-Type: text/html\r\n", .body = "<html>sign in</html>" });
    ck_assert_int_eq(backup(), PAB_E_CORRUPT);
    end();
}
END_TEST

START_TEST(a_redirection_elsewhere_is_not_followed)
{
    static const char *const mine[] = { "GET ", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "*", (struct fake_answer){ .status = 302, .headers = "Location: http://elsewhere.example/\r\n" });
    ck_assert_int_lt(backup(), 0);
    end();
}
END_TEST

START_TEST(a_service_that_is_busy_is_asked_again)
{
    static const char *const mine[] = { "GET /api/v1/tags", NULL };
    begin();
    aside = mine;
    fake_http_on(it.server, "GET /api/v1/tags*", (struct fake_answer){ .status = 429, .headers = "Retry-After: 1\r\n", .times = 1 });
    fake_http_on(it.server, "GET /api/v1/tags*", (struct fake_answer){ .status = 500, .times = 1 });
    fake_http_on(it.server, "GET /api/v1/tags*", (struct fake_answer){ .headers = "Content-Type: application/json\r\n", .body = "{\"data\":[{\"id\":\"1\",\"name\":\"t\"}],\"nextCursor\":null}" });
    ok(backup());
    ck_assert_ptr_nonnull(strstr(stored("n8n/tags"), "\"t\""));
    end();
}
END_TEST

START_TEST(a_workflow_of_sixteen_megabytes_is_kept_whole)
{
    const size_t size = (unit_is_slow() ? 1u : 16u) << 20;
    begin();
    json_t *w = add_workflow("aaa", "Large", NULL, NULL);
    CLEANUP_FREE char *large = malloc(size + 1);
    ck_assert_ptr_nonnull(large);
    memset(large, 'x', size);
    large[size] = '\0';
    json_object_set_new(w, "pinData", json_pack("{s:s}", "Start", large));
    ok(backup());
    ck_assert_int_gt(fake_artifact_named(it.host, "n8n/workflows/aaa")->data.size, size);
    ok(verify());
    end();
}
END_TEST

START_TEST(rows_of_data_tables_are_lines)
{
    begin();
    it.page = 2;
    json_array_append_new(it.tables, json_loads("{\"id\":\"t1\",\"name\":\"People\",\"columns\":[{\"id\":\"c\",\"name\":\"who\",\"type\":\"string\"}]}", 0, NULL));
    json_object_set_new(it.rows, "t1", json_loads("[{\"id\":1,\"who\":\"Ada\"},{\"id\":2,\"who\":\"Alan\"},{\"id\":3,\"who\":null}]", 0, NULL));
    ok(backup());
    struct fake_artifact *a = fake_artifact_named(it.host, "n8n/data_tables/t1");
    ck_assert_str_eq(fake_value(&a->counts, "rows"), "3");
    ck_assert_str_eq(a->data.bytes, "{\"id\":1,\"who\":\"Ada\"}\n{\"id\":2,\"who\":\"Alan\"}\n{\"id\":3,\"who\":null}\n");
    ck_assert_str_eq(fake_value(&a->facts, "name"), "People");
    ok(verify());
    end();
}
END_TEST

START_TEST(without_a_command_the_secrets_are_missed_aloud)
{
    begin();
    json_array_append_new(it.credentials, json_loads("{\"id\":\"c1\",\"name\":\"Key\",\"type\":\"httpHeaderAuth\"}", 0, NULL));
    ok(backup());
    ck_assert(fake_has_text(&it.host->warnings, "secrets of 1 credentials"));
    end();
}
END_TEST

START_TEST(metadata_alone_may_be_what_is_wanted)
{
    begin();
    fake_set(it.config, "credentials", "metadata");
    json_array_append_new(it.credentials, json_loads("{\"id\":\"c1\",\"name\":\"Key\",\"type\":\"httpHeaderAuth\"}", 0, NULL));
    ok(backup());
    ck_assert_int_eq(it.host->warnings.count, 0);
    ck_assert_ptr_nonnull(strstr(stored("n8n/credentials"), "c1"));
    end();
}
END_TEST

START_TEST(no_failing_write_goes_unnoticed)
{
    int rc = -1;
    for (unsigned n = 1; rc; n++) {
        begin();
        add_workflow("aaa", "First", NULL, NULL);
        fake_fail_call(it.host, "artifact_write", n, PAB_E_NOSPACE);
        rc = backup();
        ck_assert(rc == PAB_OK || rc == PAB_E_NOSPACE);
        ck_assert(rc == PAB_OK || !stored("n8n_workflows"));
        ck_assert_int_lt(n, 200);
        end();
    }
}
END_TEST

START_TEST(verify_finds_a_file_that_differs_from_the_one_of_all)
{
    begin();
    add_workflow("aaa", "First", NULL, NULL);
    ok(backup());
    char *p = strstr(fake_artifact_named(it.host, "n8n/workflows/aaa")->data.bytes, "First");
    memcpy(p, "Fiasc", 5);
    ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    end();
}
END_TEST

START_TEST(verify_finds_a_text_that_was_cut)
{
    begin();
    add_workflow("aaa", "First", NULL, NULL);
    ok(backup());
    fake_artifact_named(it.host, "n8n_workflows")->data.size -= 2;
    ck_assert_int_eq(verify(), PAB_E_CORRUPT);
    end();
}
END_TEST

/* "": it was not told. */
static const char *discovered(const char *id)
{
    for (size_t i = 0; i < it.host->object_count; i++)
        if (!strcmp(it.host->objects[i].object.id, id)) return it.host->objects[i].object.detail;
    return "";
}

START_TEST(discover_counts_what_there_is)
{
    begin();
    it.has_licence = 1;
    json_object_set_new(add_workflow("aaa", "Running", NULL, NULL), "active", json_true());
    add_workflow("bbb", "Other", NULL, NULL);
    json_array_append_new(it.variables, json_pack("{s:s,s:s,s:s}", "id", "v1", "key", "HOST", "value", "a.example"));
    for (int i = 0; i < 3; i++) json_array_append_new(it.folders, json_pack("{s:s,s:s}", "id", "f", "name", "F"));
    ok(discover());
    ck_assert_str_eq(discovered("workflows"), "2, 1 active, 0 archived");
    ck_assert_str_eq(discovered("variables"), "1");
    ck_assert_str_eq(discovered("projects"), "1");
    ck_assert_str_eq(discovered("folders"), "3");
    end();
}
END_TEST

START_TEST(discover_passes_over_what_the_licence_withholds)
{
    begin();
    ok(discover());
    ck_assert_str_eq(discovered("workflows"), "0, 0 active, 0 archived");
    ck_assert_str_eq(discovered("variables"), "");
    ck_assert_str_eq(discovered("folders"), "");
    ck_assert_uint_eq(it.host->warnings.count, 0);
    end();
}
END_TEST

UNIT_MAIN("n8n backup", discover_counts_what_there_is, discover_passes_over_what_the_licence_withholds, all_workflows_are_in_one_file_and_each_in_its_own, what_the_licence_withholds_is_a_fact_and_no_warning,
          folders_of_the_projects_that_workflows_lie_in_are_listed_to_the_last, a_missing_scope_is_named_in_a_warning,
          a_key_that_is_not_taken_fails_the_backup_and_is_not_shown, a_key_that_is_not_taken_does_not_look_like_a_service_that_is_down,
          a_service_that_is_not_well_is_down_and_one_without_that_address_is_asked_on, an_address_without_workflows_is_no_n8n, a_workflow_deleted_while_the_list_is_read_hides_no_other,
          a_cursor_that_leads_to_itself_is_an_error, pages_that_are_empty_for_ever_are_an_error, the_limit_of_a_page_is_never_zero,
          numbers_and_escapes_are_kept_as_they_stand, a_workflow_that_is_no_utf8_fails_and_leaves_nothing, nesting_without_end_fails, an_answer_cut_short_fails,
          a_page_of_html_is_no_answer, a_redirection_elsewhere_is_not_followed, a_service_that_is_busy_is_asked_again,
          a_workflow_of_sixteen_megabytes_is_kept_whole, rows_of_data_tables_are_lines, without_a_command_the_secrets_are_missed_aloud,
          metadata_alone_may_be_what_is_wanted, no_failing_write_goes_unnoticed, verify_finds_a_file_that_differs_from_the_one_of_all,
          verify_finds_a_text_that_was_cut)
