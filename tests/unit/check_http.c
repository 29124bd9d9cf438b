/* check_http.c - HTTP against a server that does as a test says, also what no service should. */
#include <pthread.h>
#include <string.h>
#include "plugins/support/http.h"
#include "tests/fakes/http.h"
#include "tests/unit/unit.h"

static struct { struct fake_http *server; struct http *http; struct pab_error err; } it;

static void begin(int cancel_fd)
{
    memset(&it, 0, sizeof it);
    it.server = fake_http_new();
    ck_assert_int_eq(http_load(&it.err), PAB_OK);
    ck_assert_int_eq(http_new(&(struct http_opts){ .base = fake_http_url(it.server), .cancel_fd = cancel_fd, .idle_ms = 1000 }, &it.http, &it.err), PAB_OK);
}

static void end(void)
{
    http_free(it.http);
    fake_http_free(it.server);
}

static int get(const char *path, struct http_resp *resp) { return http_do(it.http, &(struct http_req){ .path = path }, resp, &it.err); }

START_TEST(an_answer_has_a_status_headers_and_a_body)
{
    struct http_resp r = { 0 };
    begin(-1);
    fake_http_on(it.server, "GET /a", (struct fake_answer){ .status = 201, .headers = "Api-Version: 1.41\r\n", .body = "hello" });
    ck_assert_int_eq(get("/a", &r), PAB_OK);
    ck_assert_int_eq(r.status, 201);
    ck_assert_str_eq(pab_buf_str(&r.body), "hello");
    ck_assert_str_eq(http_header(&r, "api-version"), "1.41");
    ck_assert_ptr_null(http_header(&r, "Api"));
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(a_status_that_is_no_success_is_an_answer)
{
    struct http_resp r = { 0 };
    begin(-1);
    ck_assert_int_eq(get("/nothing", &r), PAB_OK);
    ck_assert_int_eq(r.status, 404);
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(a_body_is_sent_with_its_type)
{
    struct http_resp r = { 0 };
    begin(-1);
    fake_http_on(it.server, "POST /b", (struct fake_answer){ .status = 200 });
    struct http_req req = { .method = "POST", .path = "/b", .body = "{\"x\":1}", .body_size = 7, .content_type = "application/json" };
    ck_assert_int_eq(http_do(it.http, &req, &r, &it.err), PAB_OK);
    ck_assert_str_eq(fake_http_asked(it.server, 0), "POST /b");
    ck_assert_str_eq(fake_http_sent(it.server, 0), "{\"x\":1}");
    http_resp_release(&r);
    end();
}
END_TEST

/* 0, 1, 2, ... in bytes, up to `left` */
struct counter { uint64_t at, left; int fail_at_end; };
static int64_t count_up(void *ctx, void *buf, uint64_t capacity)
{
    struct counter *c = ctx;
    uint64_t n = c->left < capacity ? c->left : capacity;
    if (n == 0 && c->fail_at_end) return PAB_E_CORRUPT;
    for (uint64_t i = 0; i < n; i++) ((unsigned char *)buf)[i] = (unsigned char)(c->at++ % 251);
    c->left -= n;
    return (int64_t)n;
}

START_TEST(an_upload_of_unknown_length_arrives_whole)
{
    struct http_resp r = { 0 };
    struct counter c = { .left = 3000000 };
    begin(-1);
    fake_http_on(it.server, "PUT /u", (struct fake_answer){ .status = 200 });
    ck_assert_int_eq(http_do(it.http, &(struct http_req){ .method = "PUT", .path = "/u", .upload = count_up, .upload_ctx = &c }, &r, &it.err), PAB_OK);
    const char *sent = fake_http_sent(it.server, 0);
    size_t same = 0;
    while (same < 3000000 && (unsigned char)sent[same] == same % 251) same++;
    ck_assert_uint_eq(same, 3000000);
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(an_upload_that_fails_ends_the_request_with_its_code)
{
    struct http_resp r = { 0 };
    struct counter c = { .left = 100000, .fail_at_end = 1 };
    begin(-1);
    fake_http_on(it.server, "PUT /u", (struct fake_answer){ .status = 200 });
    ck_assert_int_eq(http_do(it.http, &(struct http_req){ .method = "PUT", .path = "/u", .upload = count_up, .upload_ctx = &c }, &r, &it.err), PAB_E_CORRUPT);
    ck_assert_uint_eq(fake_http_count(it.server, "PUT *"), 0);
    http_resp_release(&r);
    end();
}
END_TEST

/* 4 MB, read slowly in odd pieces: the transfer must pause and go on. */
static void read_large(int chunked)
{
    size_t size = 4u << 20, got = 0;
    char *body = pab_alloc(size), piece[1000];
    for (size_t i = 0; i < size; i++) body[i] = (char)(i % 253 + 1);
    struct http_stream *s = NULL;
    int64_t n;
    fake_http_on(it.server, "GET /large", (struct fake_answer){ .body = body, .size = size, .chunked = chunked });
    ck_assert_int_eq(http_open(it.http, &(struct http_req){ .path = "/large" }, &s, &it.err), PAB_OK);
    while ((n = http_read(s, piece, sizeof piece, &it.err)) > 0) {
        ck_assert_mem_eq(piece, body + got, (size_t)n);
        got += (size_t)n;
    }
    ck_assert_int_eq(n, 0);
    ck_assert_uint_eq(got, size);
    http_close(s);
    free(body);
}

START_TEST(a_large_answer_is_read_piece_by_piece)
{
    begin(-1);
    read_large(0);
    end();
}
END_TEST

START_TEST(a_large_answer_in_chunks_is_read_piece_by_piece)
{
    begin(-1);
    read_large(1);
    end();
}
END_TEST

static void read_cut(struct fake_answer a)
{
    struct http_resp r = { 0 };
    begin(-1);
    a.body = "0123456789";
    a.cut_at = 4;
    fake_http_on(it.server, "GET /cut", a);
    ck_assert_int_eq(get("/cut", &r), PAB_E_UNREACHABLE);
    ck_assert_msg(it.err.retryable, "worth a retry");
    http_resp_release(&r);
    end();
}

START_TEST(an_answer_cut_short_is_an_error) { read_cut((struct fake_answer){ .chunked = 0 }); } END_TEST
START_TEST(an_answer_in_chunks_cut_short_is_an_error) { read_cut((struct fake_answer){ .chunked = 1 }); } END_TEST

START_TEST(no_answer_is_an_error)
{
    struct http_resp r = { 0 };
    begin(-1);
    fake_http_on(it.server, "GET /drop", (struct fake_answer){ .drop = 1 });
    ck_assert_int_eq(get("/drop", &r), PAB_E_UNREACHABLE);
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(silence_ends_with_a_timeout)
{
    struct http_resp r = { 0 };
    begin(-1);
    fake_http_on(it.server, "GET /hang", (struct fake_answer){ .hang = 1 });
    fake_http_on(it.server, "GET /stall", (struct fake_answer){ .body = "0123456789", .stall_at = 3 });
    ck_assert_int_eq(get("/hang", &r), PAB_E_TIMEOUT);
    ck_assert_int_eq(get("/stall", &r), PAB_E_TIMEOUT);
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(cancellation_ends_a_request_that_hangs)
{
    struct http_resp r = { 0 };
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    begin(fds[0]);
    fake_http_on(it.server, "GET /hang", (struct fake_answer){ .hang = 1 });
    ck_assert_int_eq(write(fds[1], "", 1), 1);
    ck_assert_int_eq(get("/hang", &r), PAB_E_CANCELLED);
    end();
    close(fds[0]);
    close(fds[1]);
}
END_TEST

START_TEST(a_deaf_handle_is_not_cancelled)
{
    struct http_resp r = { 0 };
    int fds[2];
    ck_assert_int_eq(pipe(fds), 0);
    begin(fds[0]);
    fake_http_on(it.server, "GET /a", (struct fake_answer){ .body = "x" });
    ck_assert_int_eq(write(fds[1], "", 1), 1);
    ck_assert_int_eq(http_set_cancel_fd(it.http, -1), fds[0]);
    ck_assert_int_eq(get("/a", &r), PAB_OK);
    http_resp_release(&r);
    end();
    close(fds[0]);
    close(fds[1]);
}
END_TEST

START_TEST(an_answer_over_its_ceiling_is_an_error)
{
    struct http_resp r = { 0 };
    begin(-1);
    fake_http_on(it.server, "GET /a", (struct fake_answer){ .body = "0123456789" });
    ck_assert_int_eq(http_do(it.http, &(struct http_req){ .path = "/a", .max_body = 9 }, &r, &it.err), PAB_E_NOMEM);
    http_resp_release(&r);
    ck_assert_int_eq(http_do(it.http, &(struct http_req){ .path = "/a", .max_body = 10 }, &r, &it.err), PAB_OK);
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(a_connection_serves_request_after_request)
{
    begin(-1);
    fake_http_on(it.server, "GET /*", (struct fake_answer){ .body = "x" });
    for (int i = 0; i < 50; i++) {
        struct http_resp r = { 0 };
        ck_assert_int_eq(get("/again", &r), PAB_OK);
        ck_assert_str_eq(pab_buf_str(&r.body), "x");
        http_resp_release(&r);
    }
    end();
}
END_TEST

START_TEST(an_answer_left_in_the_middle_does_not_disturb_the_next)
{
    struct http_stream *s = NULL;
    char byte;
    struct http_resp r = { 0 };
    begin(-1);
    fake_http_on(it.server, "GET /a", (struct fake_answer){ .body = "0123456789" });
    ck_assert_int_eq(http_open(it.http, &(struct http_req){ .path = "/a" }, &s, &it.err), PAB_OK);
    ck_assert_int_eq(http_read(s, &byte, 1, &it.err), 1);
    http_close(s);
    ck_assert_int_eq(get("/a", &r), PAB_OK);
    ck_assert_str_eq(pab_buf_str(&r.body), "0123456789");
    http_resp_release(&r);
    end();
}
END_TEST

START_TEST(nobody_listening_is_unreachable)
{
    struct http *h = NULL;
    struct http_resp r = { 0 };
    struct pab_error err = { 0 };
    ck_assert_int_eq(http_new(&(struct http_opts){ .base = "unix:///tmp/pab-nobody-listens-here", .cancel_fd = -1 }, &h, &err), PAB_OK);
    ck_assert_int_eq(http_do(h, &(struct http_req){ .path = "/" }, &r, &err), PAB_E_UNREACHABLE);
    ck_assert_ptr_nonnull(strstr(err.message, "pab-nobody-listens-here"));
    http_free(h);
}
END_TEST

START_TEST(an_address_of_another_kind_is_refused)
{
    struct http *h = NULL;
    struct pab_error err = { 0 };
    ck_assert_int_eq(http_new(&(struct http_opts){ .base = "file:///etc/passwd", .cancel_fd = -1 }, &h, &err), PAB_E_CONFIG);
    ck_assert_ptr_null(h);
}
END_TEST

UNIT_MAIN("http", an_answer_has_a_status_headers_and_a_body, a_status_that_is_no_success_is_an_answer, a_body_is_sent_with_its_type,
          an_upload_of_unknown_length_arrives_whole, an_upload_that_fails_ends_the_request_with_its_code, a_large_answer_is_read_piece_by_piece,
          a_large_answer_in_chunks_is_read_piece_by_piece, an_answer_cut_short_is_an_error, an_answer_in_chunks_cut_short_is_an_error, no_answer_is_an_error,
          silence_ends_with_a_timeout, cancellation_ends_a_request_that_hangs, a_deaf_handle_is_not_cancelled, an_answer_over_its_ceiling_is_an_error,
          a_connection_serves_request_after_request, an_answer_left_in_the_middle_does_not_disturb_the_next, nobody_listening_is_unreachable,
          an_address_of_another_kind_is_refused)
