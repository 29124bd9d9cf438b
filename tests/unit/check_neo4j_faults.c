/* check_neo4j_faults.c - whatever a server, or what stands in front of it, does wrong in the middle of a backup: it fails, says why, and
 * nothing of the graph is kept. */
#include "tests/unit/neo4j_fixture.h"

#define NODES "properties(n)"
#define ROW(id, labels, map) "[{\"$type\":\"String\",\"_value\":\"4:old:" id "\"},{\"$type\":\"List\",\"_value\":" labels "},{\"$type\":\"Map\",\"_value\":" map "}]"

/* Every scan of the nodes is answered so. */
static void fails(struct fake_answer a, int code, const char *part)
{
    begin_small();
    if (!a.headers) a.headers = TYPED_HEADERS;
    if (!a.status) a.status = 202;
    fake_neo4j_say(it.server, NODES, 0, a);
    ck_assert_int_eq(backup(), code);
    says(part);
    ck_assert_int_eq(state_of("neo4j_graph"), FAKE_ABORTED);
    ck_assert_int_eq(state_of("neo4j_schema"), -1);
    end();
}

static void body_fails(const char *body, int code, const char *part) { fails((struct fake_answer){ .body = body }, code, part); }

START_TEST(errors_at_the_end_of_a_good_answer)
{
    body_fails("{\"data\":{\"fields\":[],\"values\":[" ROW("0", "[]", "{}") "]},\"errors\":[{\"code\":\"Neo.DatabaseError.General.UnknownError\",\"message\":\"disk on fire\"}]}",
               PAB_E_TOOL, "disk on fire");
}
END_TEST

START_TEST(a_body_that_ends_early) { body_fails("{\"data\":{\"fields\":[],\"values\":[" ROW("0", "[]", "{}") ",", PAB_E_CORRUPT, "ends too early"); } END_TEST
START_TEST(a_connection_lost_in_mid_answer)
{
    fails((struct fake_answer){ .body = "{\"data\":{\"fields\":[],\"values\":[" ROW("0", "[]", "{}") "]}}", .cut_at = 60, .chunked = 1 }, PAB_E_UNREACHABLE, "");
}
END_TEST
START_TEST(a_server_that_falls_silent)
{
    fails((struct fake_answer){ .body = "{\"data\":{\"fields\":[],\"values\":[" ROW("0", "[]", "{}") "]}}", .stall_at = 60, .chunked = 1 }, PAB_E_TIMEOUT, "");
}
END_TEST
START_TEST(an_answer_without_values) { body_fails("{\"data\":{}}", PAB_E_CORRUPT, "no values"); } END_TEST
START_TEST(an_empty_answer) { body_fails("{}", PAB_E_CORRUPT, "no values"); } END_TEST
START_TEST(something_after_the_answer) { body_fails("{\"data\":{\"values\":[]}} x", PAB_E_CORRUPT, ""); } END_TEST
START_TEST(a_page_of_html)
{
    fails((struct fake_answer){ .body = "<html>", .headers = "Content-Type: text/html\r\n" }, PAB_E_CORRUPT, "text/html");
}
END_TEST
START_TEST(credentials_that_expire) { fails((struct fake_answer){ .status = 401, .body = "{\"errors\":[{\"code\":\"x\",\"message\":\"Invalid credential.\"}]}" }, PAB_E_AUTH, "Invalid credential."); } END_TEST
START_TEST(credentials_that_may_not) { fails((struct fake_answer){ .status = 403, .body = "{\"errors\":[{\"code\":\"x\",\"message\":\"Read operations are not allowed.\"}]}" }, PAB_E_AUTH, "not allowed"); } END_TEST
START_TEST(a_server_that_stays_busy) { fails((struct fake_answer){ .status = 429, .headers = "Retry-After: 0\r\nContent-Type: application/json\r\n", .body = "{}" }, PAB_E_BUSY, "429"); } END_TEST
START_TEST(a_server_that_says_the_same_for_ever)
{
    fails((struct fake_answer){ .body = "{\"data\":{\"values\":[" ROW("0", "[]", "{}"), .again = "," ROW("0", "[]", "{}"), .chunked = 1 }, PAB_E_CORRUPT, "no end");
}
END_TEST
START_TEST(white_space_without_an_end) { fails((struct fake_answer){ .body = "{\"data\":", .again = "                                                                ", .chunked = 1 }, PAB_E_CORRUPT, "white space"); } END_TEST
START_TEST(a_server_that_is_broken) { fails((struct fake_answer){ .status = 500, .body = "oops" }, PAB_E_UNREACHABLE, "oops"); } END_TEST
START_TEST(a_redirection_to_elsewhere)
{
    fails((struct fake_answer){ .status = 307, .headers = "Location: http://192.0.2.1/\r\n" }, PAB_E_UNSUPPORTED, "another server");
}
END_TEST
START_TEST(text_that_is_not_utf8) { body_fails("{\"data\":{\"values\":[" ROW("0", "[{\"$type\":\"String\",\"_value\":\"\xff\xfe\"}]", "{}") "]}}", PAB_E_CORRUPT, ""); } END_TEST
START_TEST(a_row_that_is_no_list) { body_fails("{\"data\":{\"values\":[7]}}", PAB_E_CORRUPT, "not a list"); } END_TEST
START_TEST(a_row_that_is_too_short) { body_fails("{\"data\":{\"values\":[[]]}}", PAB_E_UNSUPPORTED, "element id"); } END_TEST
START_TEST(properties_that_are_no_map)
{
    body_fails("{\"data\":{\"values\":[[{\"$type\":\"String\",\"_value\":\"4:old:0\"},{\"$type\":\"List\",\"_value\":[]},{\"$type\":\"Null\",\"_value\":null}]]}}", PAB_E_CORRUPT, "not a map");
}
END_TEST
START_TEST(a_label_that_is_a_number) { body_fails("{\"data\":{\"values\":[" ROW("0", "[{\"$type\":\"Integer\",\"_value\":7}]", "{}") "]}}", PAB_E_CORRUPT, "label"); } END_TEST
START_TEST(an_id_that_is_too_large) { body_fails("{\"data\":{\"values\":[" ROW("9223372036854775807", "[]", "{}") "]}}", PAB_E_UNSUPPORTED, "too large"); } END_TEST
START_TEST(an_id_that_is_negative) { body_fails("{\"data\":{\"values\":[" ROW("-1", "[]", "{}") "]}}", PAB_E_UNSUPPORTED, "element id"); } END_TEST
START_TEST(a_number_over_every_limit) { body_fails("{\"data\":{\"values\":[[1e999999]]}}", PAB_E_CORRUPT, ""); } END_TEST

START_TEST(nesting_without_an_end)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "{\"data\":{\"values\":[");
    for (int i = 0; i < 100000; i++) pab_buf_addc(&b, '[');
    body_fails(b.data, PAB_E_CORRUPT, "nested too deeply");
    pab_buf_release(&b);
}
END_TEST

START_TEST(a_row_without_an_end)
{
    size_t size = LINE_MAX_BYTES + (1u << 20);
    char *text = pab_alloc(size + 1);
    memset(text, 'x', size);
    memcpy(text, "{\"data\":{\"values\":[[\"", 21);
    body_fails(text, PAB_E_NOMEM, "longer than allowed");
    free(text);
}
END_TEST

START_TEST(a_server_that_stumbles_once_is_asked_again)
{
    begin_small();
    fake_neo4j_say(it.server, NODES, 1, (struct fake_answer){ .status = 500 });
    fake_neo4j_say(it.server, "type(r)", 1, (struct fake_answer){ .drop = 1 });
    backup_well();
    ck_assert_int_eq(verify(), PAB_OK);
    end();
}
END_TEST

START_TEST(a_server_that_is_busy_for_a_moment_is_asked_again)
{
    begin_small();
    fake_neo4j_say(it.server, NODES, 1, (struct fake_answer){ .status = 429, .headers = "Retry-After: 0\r\n", .body = "{}" });
    backup_well();
    end();
}
END_TEST

START_TEST(a_restart_between_nodes_and_relationships_fails)
{
    begin_small();
    fake_neo4j_say(it.server, "type(r)", 0, (struct fake_answer){ .drop = 1 });
    ck_assert_int_eq(backup(), PAB_E_UNREACHABLE);
    ck_assert_int_eq(state_of("neo4j_graph"), FAKE_ABORTED);
    end();
}
END_TEST

START_TEST(what_is_not_neo4j_is_told_so)
{
    begin();
    fake_http_handle(it.server->http, NULL, NULL);
    fake_http_on(it.server->http, "GET /", (struct fake_answer){ .body = "{\"version\":\"8.1\"}" });
    ck_assert_int_eq(backup(), PAB_E_UNSUPPORTED);
    says("not Neo4j");
    end();
}
END_TEST

START_TEST(a_server_without_a_query_api_is_told_so)
{
    begin_small();
    it.server->version = "5.22.0";
    ck_assert_int_eq(backup(), PAB_E_UNSUPPORTED);
    says("has no Query API");
    end();
}
END_TEST

START_TEST(wrong_credentials_are_told_before_anything_is_read)
{
    begin_small();
    fake_neo4j_say(it.server, "RETURN 1", 0, (struct fake_answer){ .status = 401, .body = "{}" });
    ck_assert_int_eq(backup(), PAB_E_AUTH);
    ck_assert_uint_eq(it.host->artifact_count, 0);
    end();
}
END_TEST

START_TEST(the_password_is_in_no_message)
{
    begin_small();
    fake_set(it.config, "password", "hunter2-secret");
    fake_neo4j_say(it.server, "RETURN 1", 0, (struct fake_answer){ .status = 401, .body = "{}" });
    ck_assert_int_eq(backup(), PAB_E_AUTH);
    ck_assert(fake_has_text(&it.host->secrets, "hunter2-secret"));
    ck_assert_ptr_null(strstr(it.host->failure.message, "hunter2"));
    ck_assert(!fake_has_text(&it.host->logs, "hunter2"));
    end();
}
END_TEST

UNIT_MAIN("neo4j_faults", errors_at_the_end_of_a_good_answer, a_body_that_ends_early, a_connection_lost_in_mid_answer, a_server_that_falls_silent,
          an_answer_without_values, an_empty_answer, something_after_the_answer, a_page_of_html, credentials_that_expire, credentials_that_may_not, a_server_that_stays_busy, a_server_that_says_the_same_for_ever,
          white_space_without_an_end, a_server_that_is_broken,
          a_redirection_to_elsewhere, text_that_is_not_utf8, a_row_that_is_no_list, a_row_that_is_too_short, properties_that_are_no_map, a_label_that_is_a_number,
          an_id_that_is_too_large, an_id_that_is_negative, a_number_over_every_limit, nesting_without_an_end, a_row_without_an_end,
          a_server_that_stumbles_once_is_asked_again, a_server_that_is_busy_for_a_moment_is_asked_again, a_restart_between_nodes_and_relationships_fails, what_is_not_neo4j_is_told_so,
          a_server_without_a_query_api_is_told_so, wrong_credentials_are_told_before_anything_is_read, the_password_is_in_no_message)
