/* http_stream.c - one request and its answer: libcurl's multi interface turned into reads. */
#include <poll.h>
#include <string.h>
#include "core/base/clock.h"
#include "plugins/support/http_private.h"

#define IN_MAX ((size_t)256 << 10) /* what may wait to be read before the transfer is paused */

static size_t on_body(char *p, size_t size, size_t n, void *ctx)
{
    struct http_stream *s = ctx;
    n *= size;
    if (s->in.size - s->in_start >= IN_MAX) {
        s->paused = 1;
        return CURL_WRITEFUNC_PAUSE;
    }
    if (s->in_start == s->in.size) {
        pab_buf_clear(&s->in);
        s->in_start = 0;
    }
    s->headers_done = 1;
    s->moved_ms = pab_monotonic_ms();
    return pab_buf_add(&s->in, p, n) ? 0 : n;
}

static size_t on_header(char *p, size_t size, size_t n, void *ctx)
{
    struct http_stream *s = ctx;
    size_t length = n *= size;
    s->moved_ms = pab_monotonic_ms();
    while (length && (p[length - 1] == '\n' || p[length - 1] == '\r')) length--;
    if (length >= 5 && !memcmp(p, "HTTP/", 5)) {
        pab_strs_release(&s->resp.headers); /* after a "100 Continue" another head follows */
    } else if (length) {
        CLEANUP_FREE char *line = pab_strndup(p, length);
        pab_strs_add(&s->resp.headers, line);
    } else {
        long status = 0;
        curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &status);
        if (status >= 200) s->headers_done = 1;
    }
    return n;
}

static size_t on_upload(char *p, size_t size, size_t n, void *ctx)
{
    struct http_stream *s = ctx;
    n *= size;
    s->moved_ms = pab_monotonic_ms();
    if (!s->upload) {
        size_t left = s->body_size - s->body_sent;
        if (n > left) n = left;
        if (n) memcpy(p, s->body + s->body_sent, n);
        s->body_sent += n;
        return n;
    }
    int64_t got = s->upload(s->upload_ctx, p, n);
    s->moved_ms = pab_monotonic_ms();
    if (got >= 0) return (size_t)got;
    s->upload_rc = (int)got;
    return CURL_READFUNC_ABORT;
}

static int on_seek(void *ctx, curl_off_t offset, int origin)
{
    struct http_stream *s = ctx;
    if (s->upload || origin != SEEK_SET || offset < 0 || (size_t)offset > s->body_size) return CURL_SEEKFUNC_CANTSEEK;
    s->body_sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static void add_headers(struct http_stream *s, const char *const *list)
{
    for (; list && *list; list++) s->headers = curl_slist_append(s->headers, *list);
}

static void set_method(struct http_stream *s, const struct http_req *req)
{
    const char *method = req->method ? req->method : "GET";
    if (s->upload || s->body_size) {
        curl_easy_setopt(s->easy, CURLOPT_UPLOAD, 1L);
        curl_easy_setopt(s->easy, CURLOPT_READFUNCTION, on_upload);
        curl_easy_setopt(s->easy, CURLOPT_READDATA, s);
        curl_easy_setopt(s->easy, CURLOPT_SEEKFUNCTION, on_seek);
        curl_easy_setopt(s->easy, CURLOPT_SEEKDATA, s);
        if (!s->upload) curl_easy_setopt(s->easy, CURLOPT_INFILESIZE_LARGE, (curl_off_t)s->body_size);
        s->headers = curl_slist_append(s->headers, "Expect:");
    } else if (!strcmp(method, "HEAD")) {
        curl_easy_setopt(s->easy, CURLOPT_NOBODY, 1L);
    } else if (!strcmp(method, "POST") || !strcmp(method, "PUT")) {
        curl_easy_setopt(s->easy, CURLOPT_POSTFIELDS, "");
        curl_easy_setopt(s->easy, CURLOPT_POSTFIELDSIZE, 0L);
    }
    curl_easy_setopt(s->easy, CURLOPT_CUSTOMREQUEST, strcmp(method, "HEAD") ? method : NULL);
}

static void set_connection(struct http_stream *s, const struct http_req *req)
{
    const struct http *h = s->h;
    CLEANUP_FREE char *url = pab_sprintf("%s%s", h->socket ? "http://localhost" : h->base, req->path);
    curl_easy_setopt(s->easy, CURLOPT_URL, url);
    curl_easy_setopt(s->easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(s->easy, CURLOPT_USERAGENT, "pabengine");
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(s->easy, CURLOPT_PROTOCOLS_STR, "http,https");
#endif
    curl_easy_setopt(s->easy, CURLOPT_CONNECTTIMEOUT_MS, (long)h->connect_ms);
    if (h->socket) {
        curl_easy_setopt(s->easy, CURLOPT_UNIX_SOCKET_PATH, h->socket);
        curl_easy_setopt(s->easy, CURLOPT_PROXY, "");
    }
    if (h->user) {
        curl_easy_setopt(s->easy, CURLOPT_USERNAME, h->user);
        curl_easy_setopt(s->easy, CURLOPT_PASSWORD, h->password ? h->password : "");
    }
    if (h->ca_file) curl_easy_setopt(s->easy, CURLOPT_CAINFO, h->ca_file);
    if (h->insecure) {
        curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(s->easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    if (h->cert_file) curl_easy_setopt(s->easy, CURLOPT_SSLCERT, h->cert_file);
    if (h->key_file) curl_easy_setopt(s->easy, CURLOPT_SSLKEY, h->key_file);
    curl_easy_setopt(s->easy, CURLOPT_WRITEFUNCTION, on_body);
    curl_easy_setopt(s->easy, CURLOPT_WRITEDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_HEADERFUNCTION, on_header);
    curl_easy_setopt(s->easy, CURLOPT_HEADERDATA, s);
    curl_easy_setopt(s->easy, CURLOPT_ERRORBUFFER, s->message);
}

static int code_of(CURLcode rc)
{
    switch (rc) {
    case CURLE_OPERATION_TIMEDOUT: return PAB_E_TIMEOUT;
    case CURLE_OUT_OF_MEMORY: return PAB_E_NOMEM;
    case CURLE_URL_MALFORMAT: case CURLE_UNSUPPORTED_PROTOCOL: return PAB_E_CONFIG;
    case CURLE_SSL_CERTPROBLEM: case CURLE_PEER_FAILED_VERIFICATION: case CURLE_SSL_CACERT_BADFILE: return PAB_E_AUTH;
    default: return PAB_E_UNREACHABLE;
    }
}

/* The judgement over a finished transfer. */
static int judge(const struct http_stream *s, struct pab_error *err)
{
    if (s->result == CURLE_OK) return PAB_OK;
    if (s->upload_rc) return pab_error_set(err, s->upload_rc, 0, "%s: the data to send could not be read", s->what);
    if (s->result == CURLE_PARTIAL_FILE) return pab_error_set(err, PAB_E_UNREACHABLE, 0, "%s: the answer was cut short", s->what);
    return pab_error_set(err, code_of(s->result), 0, "%s: %s", s->what, s->message[0] ? s->message : curl_easy_strerror(s->result));
}

static void collect_end(struct http_stream *s)
{
    int left;
    CURLMsg *m;
    while ((m = curl_multi_info_read(s->h->multi, &left))) {
        if (m->msg != CURLMSG_DONE || m->easy_handle != s->easy) continue;
        s->done = s->headers_done = 1;
        s->result = m->data.result;
    }
}

/* Moves bytes, and waits for some when none moved: cancellation and silence end it. */
static int advance(struct http_stream *s, struct pab_error *err)
{
    struct http *h = s->h;
    int running = 0;
    size_t before = s->in.size - s->in_start;
    CURLMcode rc = curl_multi_perform(h->multi, &running);
    if (rc) return pab_error_set(err, PAB_E_INTERNAL, 0, "%s: %s", s->what, curl_multi_strerror(rc));
    collect_end(s);
    if (s->done || s->in.size - s->in_start > before) return PAB_OK;
    struct curl_waitfd cancel = { .fd = h->cancel_fd, .events = CURL_WAIT_POLLIN };
    rc = curl_multi_poll(h->multi, &cancel, h->cancel_fd >= 0, 200, NULL);
    if (rc) return pab_error_set(err, PAB_E_INTERNAL, 0, "%s: %s", s->what, curl_multi_strerror(rc));
    struct pollfd asked = { .fd = h->cancel_fd, .events = POLLIN };
    if (h->cancel_fd >= 0 && poll(&asked, 1, 0) > 0) return pab_error_set(err, PAB_E_CANCELLED, 0, "%s: cancelled", s->what);
    if (pab_monotonic_ms() - s->moved_ms > s->idle_ms)
        return pab_error_set(err, PAB_E_TIMEOUT, 0, "%s: no answer within %u s", s->what, s->idle_ms / 1000);
    return PAB_OK;
}

int http_open(struct http *h, const struct http_req *req, struct http_stream **ret, struct pab_error *err)
{
    struct http_stream *s = pab_alloc(sizeof *s);
    int rc = PAB_OK;
    s->h = h;
    s->easy = curl_easy_init();
    s->what = pab_sprintf("%s %.*s at '%s'", req->method ? req->method : "GET", (int)strcspn(req->path, "?"), req->path, h->base);
    s->body_size = req->body_size;
    s->body = req->body_size ? pab_memdup(req->body, req->body_size) : NULL;
    s->upload = req->upload;
    s->upload_ctx = req->upload_ctx;
    s->idle_ms = req->idle_ms ? req->idle_ms : h->idle_ms;
    s->moved_ms = pab_monotonic_ms();
    if (!s->easy) rc = pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for libcurl");
    if (!rc) {
        CLEANUP_FREE char *type = req->content_type ? pab_sprintf("Content-Type: %s", req->content_type) : NULL;
        add_headers(s, (const char *const *)h->headers.items);
        add_headers(s, req->headers);
        add_headers(s, (const char *const[]){ type, NULL });
        set_connection(s, req);
        set_method(s, req);
        if (req->fresh) curl_easy_setopt(s->easy, CURLOPT_FRESH_CONNECT, 1L);
        curl_easy_setopt(s->easy, CURLOPT_HTTPHEADER, s->headers);
        curl_multi_add_handle(h->multi, s->easy);
    }
    while (!rc && !s->headers_done) rc = advance(s, err);
    if (!rc && s->done) rc = s->in.size ? PAB_OK : judge(s, err);
    if (rc) {
        http_close(s);
        return rc;
    }
    curl_easy_getinfo(s->easy, CURLINFO_RESPONSE_CODE, &s->resp.status);
    *ret = s;
    return PAB_OK;
}

const struct http_resp *http_stream_resp(const struct http_stream *s) { return &s->resp; }

int64_t http_read(struct http_stream *s, void *buf, uint64_t capacity, struct pab_error *err)
{
    s->moved_ms = pab_monotonic_ms(); /* the time that the reader took does not count as silence */
    while (s->in.size == s->in_start && !s->done) {
        if (s->paused) {
            s->paused = 0;
            curl_easy_pause(s->easy, CURLPAUSE_CONT);
            continue;
        }
        int rc = advance(s, err);
        if (rc) return rc;
    }
    uint64_t n = s->in.size - s->in_start;
    if (n == 0) return judge(s, err);
    if (n > capacity) n = capacity;
    memcpy(buf, s->in.data + s->in_start, n);
    s->in_start += n;
    return (int64_t)n;
}

int http_read_all(struct http_stream *s, size_t max, struct pab_buf *ret, struct pab_error *err)
{
    char chunk[16 * 1024];
    int64_t n;
    while ((n = http_read(s, chunk, sizeof chunk, err)) > 0) {
        if (ret->size + (size_t)n > max || pab_buf_add(ret, chunk, (size_t)n))
            return pab_error_set(err, PAB_E_NOMEM, 0, "%s: the answer is larger than %zu bytes", s->what, max);
    }
    return (int)n;
}

void http_close(struct http_stream *s)
{
    if (!s) return;
    if (s->easy) {
        curl_multi_remove_handle(s->h->multi, s->easy);
        curl_easy_cleanup(s->easy);
    }
    curl_slist_free_all(s->headers);
    http_resp_release(&s->resp);
    pab_buf_release(&s->in);
    free(s->what);
    free(s->body);
    free(s);
}
