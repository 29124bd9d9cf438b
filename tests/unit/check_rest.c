/* check_rest.c - JSON services: what is tried again, what is followed, what an answer must be; against a scripted server. */
#include <string.h>
#include <unistd.h>
#include "plugins/support/rest.h"
#include "tests/fakes/host.h"
#include "tests/fakes/http.h"
#include "tests/unit/unit.h"

static struct { struct fake_http *server; struct fake_host *host; struct rest *rest; struct pab_error err; json_t *json; } it;

static void begin_at(struct fake_http *server)
{
    memset(&it, 0, sizeof it);
    it.server = server;
    it.host = fake_host_new();
    ck_assert_int_eq(http_load(&it.err), PAB_OK);
    struct rest_opts o = { .service = "letta", .url = fake_http_url(it.server), .secret_header = "X-Key", .secret = "s3cret-value", .timeout_ms = 500 };
    ck_assert_int_eq(rest_open(fake_op(it.host), &o, &it.rest, &it.err), PAB_OK);
}

static void begin(void) { begin_at(fake_http_new()); }

static void end(void)
{
    json_decref(it.json);
    rest_close(it.rest);
    fake_host_free(it.host);
    fake_http_free(it.server);
}

static void on(const char *pattern, struct fake_answer a) { fake_http_on(it.server, pattern, a); }

static int ask(const char *method, const char *path, const json_t *body)
{
    json_decref(it.json);
    it.json = NULL;
    return rest_json(it.rest, &(struct rest_req){ .method = method, .path = path, .body = body }, &it.json, &it.err);
}
static int get(const char *path) { return ask("GET", path, NULL); }

START_TEST(an_answer_is_parsed_and_the_secret_stands_in_a_header)
{
    begin();
    on("GET /a", (struct fake_answer){ .body = "{\"x\":7}" });
    ck_assert_int_eq(get("/a"), PAB_OK);
    ck_assert_int_eq(json_number(it.json, "x", 0), 7);
    ck_assert(fake_http_had_header(it.server, 0, "X-Key: s3cret-value"));
    ck_assert(fake_http_had_header(it.server, 0, "Accept: application/json"));
    ck_assert(fake_has_text(&it.host->secrets, "s3cret-value"));
    end();
}
END_TEST

START_TEST(an_empty_answer_is_no_json_and_no_error)
{
    begin();
    on("DELETE /a", (struct fake_answer){ .status = 204 });
    ck_assert_int_eq(ask("DELETE", "/a", NULL), PAB_OK);
    ck_assert_ptr_null(it.json);
    ck_assert_int_eq(rest_status(it.rest), 204);
    end();
}
END_TEST

START_TEST(a_service_in_trouble_is_asked_again)
{
    static const int statuses[] = { 429, 500, 502, 503, 504 };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        begin();
        on("GET /a", (struct fake_answer){ .status = statuses[i], .times = 2 });
        on("GET /a", (struct fake_answer){ .body = "1" });
        ck_assert_int_eq(get("/a"), PAB_OK);
        ck_assert_uint_eq(fake_http_count(it.server, "GET /a"), 3);
        ck_assert_uint_eq(it.host->slept_ms, 600);
        end();
    }
}
END_TEST

START_TEST(after_five_attempts_the_error_says_what_the_service_said)
{
    begin();
    on("GET /a*", (struct fake_answer){ .status = 500, .body = "{\"detail\":\"the disk\\nis full\"}" });
    ck_assert_int_eq(get("/a?key=1"), PAB_E_UNREACHABLE);
    ck_assert_uint_eq(fake_http_count(it.server, "GET /a*"), 5);
    ck_assert_str_eq(it.err.message, "letta: GET /a: status 500: the disk\\x0ais full");
    end();
}
END_TEST

START_TEST(what_may_have_been_done_is_not_done_again)
{
    begin();
    CLEANUP_JSON json_t *body = json_pack("{s:i}", "x", 1);
    on("POST /a", (struct fake_answer){ .status = 500 });
    on("POST /b", (struct fake_answer){ .drop = 1 });
    ck_assert_int_eq(ask("POST", "/a", body), PAB_E_UNREACHABLE);
    ck_assert_int_eq(ask("POST", "/b", body), PAB_E_UNREACHABLE);
    ck_assert_uint_eq(fake_http_count(it.server, "POST *"), 2);
    end();
}
END_TEST

START_TEST(what_the_service_did_not_do_is_asked_again)
{
    static const int statuses[] = { 409, 429, 503 };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++) {
        begin();
        CLEANUP_JSON json_t *body = json_pack("{s:i}", "x", 1);
        on("POST /a", (struct fake_answer){ .status = statuses[i], .headers = "Retry-After: 2\r\n", .times = 1 });
        on("POST /a", (struct fake_answer){ .status = 201, .body = "{}" });
        ck_assert_int_eq(ask("POST", "/a", body), PAB_OK);
        ck_assert_uint_eq(it.host->slept_ms, 2000);
        ck_assert_str_eq(fake_http_sent(it.server, 1), "{\"x\":1}");
        end();
    }
}
END_TEST

START_TEST(a_conflict_without_a_time_to_wait_is_final)
{
    begin();
    on("POST /a", (struct fake_answer){ .status = 409, .body = "{\"detail\":\"exists\"}" });
    ck_assert_int_eq(ask("POST", "/a", NULL), PAB_E_EXISTS);
    ck_assert_uint_eq(fake_http_count(it.server, "POST /a"), 1);
    end();
}
END_TEST

START_TEST(a_wait_never_reaches_over_the_time_limit)
{
    begin();
    it.host->remaining_ms = 1500;
    on("GET /a", (struct fake_answer){ .status = 503, .headers = "Retry-After: 20\r\n" });
    ck_assert_int_eq(get("/a"), PAB_E_BUSY);
    ck_assert_uint_eq(it.host->slept_ms, 0);
    end();
}
END_TEST

START_TEST(a_wait_is_half_a_minute_at_most)
{
    begin();
    on("GET /a", (struct fake_answer){ .status = 503, .headers = "Retry-After: 86400\r\n", .times = 1 });
    on("GET /a", (struct fake_answer){ .body = "1" });
    ck_assert_int_eq(get("/a"), PAB_OK);
    ck_assert_uint_eq(it.host->slept_ms, 30000);
    end();
}
END_TEST

START_TEST(refusals_have_their_codes)
{
    static const struct { int status, code; } all[] = { { 400, PAB_E_UNSUPPORTED }, { 401, PAB_E_AUTH }, { 403, PAB_E_AUTH }, { 404, PAB_E_NOT_FOUND },
                                                        { 405, PAB_E_UNSUPPORTED }, { 413, PAB_E_UNSUPPORTED }, { 302, PAB_E_UNSUPPORTED } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        begin();
        on("GET /a", (struct fake_answer){ .status = all[i].status, .body = "{\"message\":\"no\"}" });
        ck_assert_int_eq(get("/a"), all[i].code);
        ck_assert_int_eq(rest_status(it.rest), all[i].status);
        ck_assert_uint_eq(fake_http_count(it.server, "GET /a"), 1);
        end();
    }
}
END_TEST

START_TEST(a_redirection_within_the_service_is_followed_with_method_and_body)
{
    begin();
    CLEANUP_JSON json_t *body = json_pack("{s:i}", "x", 1);
    on("POST /a", (struct fake_answer){ .status = 307, .headers = "Location: http://localhost/a/?q=1\r\n" });
    on("POST /a/?q=1", (struct fake_answer){ .body = "[]" });
    ck_assert_int_eq(ask("POST", "/a", body), PAB_OK);
    ck_assert_str_eq(fake_http_sent(it.server, 1), "{\"x\":1}");
    end();
}
END_TEST

START_TEST(a_redirection_to_another_server_is_refused)
{
    static const char *const elsewhere[] = { "http://evil.example/a", "https://localhost/a", "http://localhost:81/a", "//evil.example/", "ftp://localhost/a" };
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        begin();
        CLEANUP_FREE char *header = pab_sprintf("Location: %s\r\n", elsewhere[i]);
        on("GET /a", (struct fake_answer){ .status = 307, .headers = header });
        ck_assert_int_eq(get("/a"), PAB_E_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(it.err.message, "redirected to another server"));
        end();
    }
}
END_TEST

START_TEST(a_redirection_carries_the_secret_to_nobody)
{
    static const int statuses[] = { 301, 302, 303, 307, 308 };
    for (size_t i = 0; i < 2 * sizeof statuses / sizeof *statuses; i++) {
        struct fake_http *other = fake_http_new_tcp();
        begin_at(fake_http_new_tcp());
        CLEANUP_FREE char *header = pab_sprintf("Location: %s/a\r\n", fake_http_url(other));
        CLEANUP_JSON json_t *body = i % 2 ? json_pack("{s:s}", "password", "s3cret-value") : NULL;
        on("* /a", (struct fake_answer){ .status = statuses[i / 2], .headers = header });
        fake_http_on(other, "*", (struct fake_answer){ .body = "{}" });
        ck_assert_int_eq(ask(i % 2 ? "POST" : "GET", "/a", body), PAB_E_UNSUPPORTED);
        ck_assert(fake_http_had_header(it.server, 0, "X-Key: s3cret-value"));
        ck_assert_uint_eq(fake_http_count(other, "*"), 0);
        ck_assert_ptr_null(strstr(it.err.message, "s3cret"));
        end();
        fake_http_free(other);
    }
}
END_TEST

START_TEST(a_circle_of_redirections_ends)
{
    begin();
    on("GET /a", (struct fake_answer){ .status = 307, .headers = "Location: /a\r\n" });
    ck_assert_int_eq(get("/a"), PAB_E_UNSUPPORTED);
    ck_assert_uint_eq(fake_http_count(it.server, "GET /a"), 6);
    end();
}
END_TEST

START_TEST(an_answer_of_another_type_is_not_taken_for_json)
{
    begin();
    on("GET /a", (struct fake_answer){ .headers = "Content-Type: text/html\r\n", .body = "<html>{}</html>" });
    ck_assert_int_eq(get("/a"), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(it.err.message, "text/html"));
    end();
}
END_TEST

START_TEST(an_answer_that_is_not_json_is_an_error)
{
    static const char *const bad[] = { "{", "{}}", "\"\xff\"", "nonsense" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        begin();
        on("GET /a", (struct fake_answer){ .body = bad[i] });
        ck_assert_int_eq(get("/a"), PAB_E_CORRUPT);
        end();
    }
}
END_TEST

START_TEST(an_answer_cut_short_is_asked_for_again)
{
    begin();
    on("GET /a", (struct fake_answer){ .body = "[1,2,3]", .cut_at = 3, .times = 1 });
    on("GET /a", (struct fake_answer){ .body = "[1,2,3]" });
    ck_assert_int_eq(get("/a"), PAB_OK);
    ck_assert_uint_eq(json_array_size(it.json), 3);
    end();
}
END_TEST

START_TEST(a_service_that_is_silent_is_a_timeout)
{
    begin();
    on("POST /a", (struct fake_answer){ .hang = 1 });
    ck_assert_int_eq(ask("POST", "/a", NULL), PAB_E_TIMEOUT);
    end();
}
END_TEST

START_TEST(cancellation_ends_the_attempts)
{
    begin();
    on("GET /a", (struct fake_answer){ .status = 503 });
    fake_cancel(it.host);
    ck_assert_int_ne(get("/a"), PAB_OK);
    ck_assert_uint_le(fake_http_count(it.server, "GET /a"), 1);
    end();
}
END_TEST

START_TEST(undoing_goes_on_after_cancellation)
{
    begin();
    on("DELETE /a", (struct fake_answer){ .status = 204 });
    fake_cancel(it.host);
    rest_deafen(it.rest);
    ck_assert_int_eq(ask("DELETE", "/a", NULL), PAB_OK);
    end();
}
END_TEST

START_TEST(an_endless_answer_ends_at_its_ceiling)
{
    begin();
    size_t n = 3u << 20;
    CLEANUP_FREE char *body = pab_alloc(n);
    memset(body, ' ', n);
    on("GET /a", (struct fake_answer){ .body = body, .size = n, .chunked = 1 });
    ck_assert_int_eq(rest_json(it.rest, &(struct rest_req){ .path = "/a", .max_body = 1u << 20 }, &it.json, &it.err), PAB_E_NOMEM);
    ck_assert_uint_eq(fake_http_count(it.server, "GET /a"), 1);
    end();
}
END_TEST

START_TEST(a_long_answer_is_read_element_by_element)
{
    begin();
    struct json_scan *s = NULL;
    on("GET /a", (struct fake_answer){ .body = "[{\"x\":1},{\"x\":2}]", .chunked = 1 });
    ck_assert_int_eq(rest_scan(it.rest, &(struct rest_req){ .path = "/a" }, &s, &it.err), PAB_OK);
    ck_assert_int_eq(json_scan_array(s, &it.err), PAB_OK);
    int n = 0, rc;
    while (!(rc = json_scan_more(s, &it.err))) {
        json_t *o = NULL;
        ck_assert_int_eq(json_scan_value(s, &o, &it.err), PAB_OK);
        ck_assert_int_eq(json_number(o, "x", 0), ++n);
        json_decref(o);
    }
    ck_assert_int_eq(rc, PAB_END);
    ck_assert_int_eq(json_scan_end(s, &it.err), PAB_OK);
    rest_scan_free(it.rest, s);
    ck_assert_int_eq(n, 2);
    end();
}
END_TEST

START_TEST(a_long_answer_cut_short_never_ends_well)
{
    begin();
    struct json_scan *s = NULL;
    json_t *o = NULL;
    on("GET /a", (struct fake_answer){ .body = "[1,2]   ", .cut_at = 5, .chunked = 1 });
    ck_assert_int_eq(rest_scan(it.rest, &(struct rest_req){ .path = "/a" }, &s, &it.err), PAB_OK);
    ck_assert_int_eq(json_scan_value(s, &o, &it.err), PAB_OK);
    ck_assert_int_eq(json_scan_end(s, &it.err), PAB_E_UNREACHABLE);
    json_decref(o);
    rest_scan_free(it.rest, s);
    end();
}
END_TEST

START_TEST(a_form_has_its_parts)
{
    begin();
    const struct rest_part parts[] = { { .name = "name", .data = "x y", .size = 3 },
                                       { .name = "file", .file_name = "a\"b.af", .content_type = "application/json", .data = "{}", .size = 2 } };
    on("POST /a", (struct fake_answer){ .body = "{}" });
    ck_assert_int_eq(rest_json(it.rest, &(struct rest_req){ .path = "/a", .parts = parts, .part_count = 2 }, &it.json, &it.err), PAB_OK);
    const char *sent = fake_http_sent(it.server, 0);
    ck_assert_ptr_nonnull(strstr(sent, "Content-Disposition: form-data; name=\"name\"\r\n\r\nx y\r\n--"));
    ck_assert_ptr_nonnull(strstr(sent, "Content-Disposition: form-data; name=\"file\"; filename=\"a%22b.af\"\r\nContent-Type: application/json\r\n\r\n{}\r\n--"));
    ck_assert_str_eq(sent + strlen(sent) - 4, "--\r\n");
    end();
}
END_TEST

START_TEST(a_secret_in_the_url_is_refused_without_repeating_it)
{
    struct rest *r = NULL;
    begin();
    ck_assert_int_eq(rest_open(fake_op(it.host), &(struct rest_opts){ .service = "x", .url = "http://me:hunter2@localhost/" }, &r, &it.err), PAB_E_CONFIG);
    ck_assert_ptr_null(strstr(it.err.message, "hunter2"));
    ck_assert_int_eq(rest_open(fake_op(it.host), &(struct rest_opts){ .service = "x", .url = "localhost:5678" }, &r, &it.err), PAB_E_CONFIG);
    ck_assert_int_eq(rest_open(fake_op(it.host), &(struct rest_opts){ .service = "x", .url = "http://localhost/?a=b" }, &r, &it.err), PAB_E_CONFIG);
    end();
}
END_TEST

START_TEST(names_are_escaped_for_paths)
{
    CLEANUP_FREE char *s = rest_escape("a/b ?\xc3\xa9~");
    ck_assert_str_eq(s, "a%2Fb%20%3F%C3%A9~");
}
END_TEST

START_TEST(a_file_is_sent_as_a_part_and_from_its_start_again_when_the_service_was_busy)
{
    begin();
    on("POST /import", (struct fake_answer){ .status = 429, .times = 1 });
    on("POST /import", (struct fake_answer){ .body = "{}" });
    int fd = -1;
    ck_assert_int_eq(sup_scratch_file(fake_op(it.host), "part", &fd, &it.err), PAB_OK);
    ck_assert_int_eq(write(fd, "content of the file", 19), 19);
    const struct rest_part parts[] = {
        { .name = "first", .data = "1", .size = 1 },
        { .name = "file", .file_name = "a.af", .content_type = "application/json", .file = &fd, .size = 19 },
        { .name = "last", .data = "2", .size = 1 },
    };
    ck_assert_int_eq(rest_json(it.rest, &(struct rest_req){ .path = "/import", .parts = parts, .part_count = 3 }, &it.json, &it.err), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.server, "POST /import"), 2);
    for (size_t i = 0; i < 2; i++) {
        const char *sent = fake_http_sent(it.server, i);
        ck_assert_ptr_nonnull(strstr(sent, "name=\"first\"\r\n\r\n1\r\n--"));
        ck_assert_ptr_nonnull(strstr(sent, "filename=\"a.af\"\r\nContent-Type: application/json\r\n\r\ncontent of the file\r\n--"));
        ck_assert_ptr_nonnull(strstr(sent, "name=\"last\"\r\n\r\n2\r\n--"));
    }
    close(fd);
    end();
}
END_TEST

UNIT_MAIN("rest", a_file_is_sent_as_a_part_and_from_its_start_again_when_the_service_was_busy, an_answer_is_parsed_and_the_secret_stands_in_a_header, an_empty_answer_is_no_json_and_no_error, a_service_in_trouble_is_asked_again,
          after_five_attempts_the_error_says_what_the_service_said, what_may_have_been_done_is_not_done_again, what_the_service_did_not_do_is_asked_again,
          a_conflict_without_a_time_to_wait_is_final, a_wait_never_reaches_over_the_time_limit, a_wait_is_half_a_minute_at_most, refusals_have_their_codes,
          a_redirection_within_the_service_is_followed_with_method_and_body, a_redirection_to_another_server_is_refused, a_redirection_carries_the_secret_to_nobody, a_circle_of_redirections_ends,
          an_answer_of_another_type_is_not_taken_for_json, an_answer_that_is_not_json_is_an_error, an_answer_cut_short_is_asked_for_again,
          a_service_that_is_silent_is_a_timeout, cancellation_ends_the_attempts, undoing_goes_on_after_cancellation, an_endless_answer_ends_at_its_ceiling,
          a_long_answer_is_read_element_by_element, a_long_answer_cut_short_never_ends_well, a_form_has_its_parts,
          a_secret_in_the_url_is_refused_without_repeating_it, names_are_escaped_for_paths)
