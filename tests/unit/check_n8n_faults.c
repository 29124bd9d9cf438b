/* check_n8n_faults.c - what a server, or what stands in front of it, does wrong in the middle of a backup or a restore. */
#include "tests/unit/n8n_fixture.h"

static const char *const both[] = { "aaa", "bbb", NULL }, *const one_of_them[] = { "aaa", NULL }, *const none[] = { NULL };

/* ---- every list of the backup is answered so, or the workflow itself */

#define JSON_HEADERS "Content-Type: application/json\r\n"

static void fails_at(const char *path, struct fake_answer a, int code, const char *part)
{
    CLEANUP_FREE char *mine = pab_sprintf("GET /api/v1/%s", path), *pattern = pab_sprintf("%s*", mine);
    const char *const list[] = { mine, NULL };
    begin();
    fake_set(it.config, "timeout", "500ms");
    two_that_call();
    aside = list;
    if (!a.headers) a.headers = JSON_HEADERS;
    fake_http_on(it.server, pattern, a);
    ck_assert_msg(backup() == code, "%s: %s", path, it.host->failure.message);
    ck_assert_msg(strstr(it.host->failure.message, part) != NULL, "%s: %s", path, it.host->failure.message);
    ck_assert_ptr_null(stored("n8n_workflows"));
    aside = NULL;
    end();
}

static void fails(struct fake_answer a, int code, const char *part)
{
    fails_at("workflows", a, code, part);
    fails_at("tags", a, code, part);
}

START_TEST(a_service_that_is_silent) { fails((struct fake_answer){ .hang = 1 }, PAB_E_TIMEOUT, ""); } END_TEST
START_TEST(a_service_that_falls_silent) { fails((struct fake_answer){ .body = "{\"data\":[]}", .stall_at = 6 }, PAB_E_TIMEOUT, ""); } END_TEST
START_TEST(a_service_that_is_broken) { fails((struct fake_answer){ .status = 500, .body = "{\"message\":\"disk on fire\"}" }, PAB_E_UNREACHABLE, "disk on fire"); } END_TEST
START_TEST(a_service_that_stays_busy) { fails((struct fake_answer){ .status = 429, .headers = "Retry-After: 0\r\n" JSON_HEADERS, .body = "{}" }, PAB_E_BUSY, "429"); } END_TEST
START_TEST(a_list_without_an_end) { fails_at("tags", (struct fake_answer){ .body = "{\"data\":[{\"id\":\"x\"}", .again = ",{\"id\":\"x\"}", .chunked = 1 }, PAB_E_CORRUPT, "no end"); } END_TEST
START_TEST(white_space_without_an_end)
{
    fails((struct fake_answer){ .body = "{\"data\":", .again = "                                                                ", .chunked = 1 }, PAB_E_CORRUPT, "white space");
}
END_TEST
START_TEST(an_item_without_an_end)
{
    fails_at("workflows", (struct fake_answer){ .body = "{\"data\":[{\"id\":\"", .again = "................................................................", .chunked = 1 },
          PAB_E_NOMEM, "longer than allowed");
}
END_TEST

/* ---- large ones */

#define LARGE ((size_t)(unit_is_slow() ? 1 : 16) << 20)

static void begin_large(void)
{
    begin();
    json_t *w = add_workflow("aaa", "Large", NULL, NULL);
    CLEANUP_FREE char *large = pab_alloc(LARGE + 1);
    memset(large, 'x', LARGE);
    json_object_set_new(w, "pinData", json_pack("{s:s}", "Start", large));
    add_workflow("bbb", "Small", NULL, NULL);
    ok(backup());
    wipe();
    it.has_packages = 1;
    it.packaged = both;
}

START_TEST(a_workflow_of_sixteen_megabytes_is_put_whole)
{
    begin_large();
    ok(restore(0));
    ck_assert_uint_eq(json_string_length(json_at(named("Large"), "pinData.Start")), LARGE);
    ok(restore(0));
    ck_assert_uint_eq(fake_http_count(it.server, "PUT *"), 2);
    end();
}
END_TEST

START_TEST(one_over_what_the_server_takes_is_named_and_the_others_are_there)
{
    begin_large();
    it.refuse_put = 413;
    it.refuse_name = "Large";
    ck_assert_int_eq(restore(0), PAB_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(it.host->failure.message, "1 of 2 workflows are not restored: 'Large'"));
    ck_assert(fake_has_text(&it.host->warnings, "request entity too large"));
    ck_assert_int_eq(json_array_size(json_object_get(named("Small"), "nodes")), 1);
    end();
}
END_TEST

/* ---- a package whose import does not go well */

static void begin_package(const char *const *made, struct fake_answer a)
{
    begin();
    fake_set(it.config, "timeout", "1s");
    two_that_call();
    ok(backup());
    wipe();
    it.has_packages = 1;
    it.packaged = made;
    it.package_answer = a;
}

static void both_once(void)
{
    ck_assert_int_eq(json_array_size(it.workflows), 2);
    ck_assert_str_eq(json_text(named("Caller"), "id"), "aaa");
    ck_assert_str_eq(json_text(named("Called"), "id"), "bbb");
    ck_assert(json_flag(named("Called"), "active"));
}

/* Done by the server, whose answer does not come: nothing is made twice. */
static void unanswered(struct fake_answer a)
{
    begin_package(both, a);
    ok(restore(0));
    both_once();
    ck_assert_uint_eq(it.host->warnings.count, 0);
    end();
}
START_TEST(a_package_that_is_taken_without_an_answer_makes_nothing_twice) { unanswered((struct fake_answer){ .hang = 1 }); } END_TEST
START_TEST(a_package_whose_connection_is_lost_makes_nothing_twice) { unanswered((struct fake_answer){ .drop = 1 }); } END_TEST
START_TEST(a_package_answered_by_a_proxy_makes_nothing_twice) { unanswered((struct fake_answer){ .status = 504, .body = "{}" }); } END_TEST

/* Nobody knows what the server may yet do with it: no new ids. */
static void unclear(const char *const *made, struct fake_answer a, int code)
{
    size_t count = 0;
    for (; made[count]; count++) continue;
    begin_package(made, a);
    ck_assert_int_eq(restore(0), code);
    ck_assert_msg(strstr(it.host->failure.message, "not known what became of a package") != NULL, "%s", it.host->failure.message);
    ck_assert_int_eq(json_array_size(it.workflows), (int)count);
    it.packaged = both;
    it.package_answer = (struct fake_answer){ 0 };
    ok(restore(0));
    both_once();
    end();
}
START_TEST(a_package_that_got_lost_fails_and_the_next_restore_keeps_the_ids) { unclear(none, (struct fake_answer){ .drop = 1 }, PAB_E_UNREACHABLE); } END_TEST
START_TEST(a_package_that_is_still_at_work_fails) { unclear(one_of_them, (struct fake_answer){ .hang = 1 }, PAB_E_TIMEOUT); } END_TEST
START_TEST(a_package_that_breaks_the_server_fails) { unclear(none, (struct fake_answer){ .status = 500, .body = "{\"message\":\"oops\"}" }, PAB_E_UNREACHABLE); } END_TEST
START_TEST(a_server_that_always_breaks_gives_new_ids_by_force)
{
    begin_package(none, (struct fake_answer){ .status = 500, .body = "{\"message\":\"oops\"}" });
    ok(restore(PAB_RESTORE_FORCE));
    ck_assert_int_eq(json_array_size(it.workflows), 2);
    ck_assert(fake_has_text(&it.host->warnings, "oops"));
    it.package_answer = (struct fake_answer){ .drop = 1 };
    wipe();
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_UNREACHABLE);
    ck_assert_int_eq(json_array_size(it.workflows), 0);
    end();
}
END_TEST
START_TEST(a_cancelled_package_ends_the_restore)
{
    begin_package(none, (struct fake_answer){ .hang = 1 });
    it.cancel_package = 1;
    ck_assert_int_eq(restore(0), PAB_E_CANCELLED);
    ck_assert_int_eq(json_array_size(it.workflows), 0);
    end();
}
END_TEST

/* An answer that says no: new ids, and a warning that says why. */
static void renewed(struct fake_answer a, const char *why)
{
    begin_package(none, a);
    ok(restore(0));
    ck_assert_int_eq(json_array_size(it.workflows), 2);
    ck_assert_str_ne(json_text(named("Caller"), "id"), "aaa");
    ck_assert_str_eq(json_text(named("Caller"), "settings.errorWorkflow"), json_text(named("Called"), "id"));
    ck_assert_uint_eq(it.host->warnings.count, why ? 1 : 0);
    if (why) ck_assert(fake_has_text(&it.host->warnings, why));
    end();
}
START_TEST(a_missing_scope_for_packages_is_named) { renewed((struct fake_answer){ .status = 403, .body = "{\"message\":\"Forbidden\"}" }, "workflow:import"); } END_TEST
START_TEST(a_package_that_is_refused_is_told) { renewed((struct fake_answer){ .status = 400, .body = "{\"message\":\"unknown version\"}" }, "unknown version"); } END_TEST
START_TEST(a_package_that_makes_nothing_is_told) { renewed((struct fake_answer){ .status = 200, .body = "{}" }, "does not have them"); } END_TEST
START_TEST(without_packages_or_a_licence_for_them_there_is_nothing_to_tell)
{
    renewed((struct fake_answer){ .status = 405, .body = "{}" }, NULL);
    renewed((struct fake_answer){ .status = 403, .body = "{\"message\":\"Your license does not allow for feat:packages.\"}" }, NULL);
}
END_TEST

/* ---- workflows that the server does not take */

static void one_refused(unsigned status, int code)
{
    begin_package(both, (struct fake_answer){ 0 });
    it.refuse_put = status;
    it.refuse_name = "Caller";
    ck_assert_int_eq(restore(0), code);
    ck_assert_msg(strstr(it.host->failure.message, "1 of 2 workflows are not restored: 'Caller'") != NULL, "%s", it.host->failure.message);
    ck_assert(fake_has_text(&it.host->warnings, "'Caller' is not restored"));
    ck_assert_str_eq(json_text(named("Called"), "id"), "bbb");
    ck_assert_int_eq(json_array_size(json_object_get(named("Called"), "nodes")), 1);
    ck_assert(json_flag(named("Called"), "active"));
    it.refuse_put = 0;
    ok(restore(0));
    both_once();
    end();
}
START_TEST(one_that_is_too_large_does_not_hold_up_the_others) { one_refused(413, PAB_E_UNSUPPORTED); } END_TEST
START_TEST(one_that_is_refused_does_not_hold_up_the_others) { one_refused(400, PAB_E_UNSUPPORTED); } END_TEST

START_TEST(a_key_that_is_revoked_ends_the_restore)
{
    begin_package(both, (struct fake_answer){ 0 });
    it.refuse_put = 401;
    ck_assert_int_eq(restore(0), PAB_E_AUTH);
    ck_assert_uint_eq(fake_http_count(it.server, "PUT *"), 1);
    end();
}
END_TEST

UNIT_MAIN("n8n_faults", a_service_that_is_silent, a_service_that_falls_silent, a_service_that_is_broken, a_service_that_stays_busy, a_list_without_an_end,
          white_space_without_an_end, an_item_without_an_end, a_workflow_of_sixteen_megabytes_is_put_whole, one_over_what_the_server_takes_is_named_and_the_others_are_there,
          a_package_that_is_taken_without_an_answer_makes_nothing_twice, a_package_whose_connection_is_lost_makes_nothing_twice,
          a_package_answered_by_a_proxy_makes_nothing_twice, a_package_that_got_lost_fails_and_the_next_restore_keeps_the_ids,
          a_package_that_is_still_at_work_fails, a_package_that_breaks_the_server_fails, a_server_that_always_breaks_gives_new_ids_by_force, a_cancelled_package_ends_the_restore,
          a_missing_scope_for_packages_is_named, a_package_that_is_refused_is_told, a_package_that_makes_nothing_is_told,
          without_packages_or_a_licence_for_them_there_is_nothing_to_tell, one_that_is_too_large_does_not_hold_up_the_others,
          one_that_is_refused_does_not_hold_up_the_others, a_key_that_is_revoked_ends_the_restore)
