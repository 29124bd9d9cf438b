/* rest.c - see rest.h: handles, attempts, the three ways to take an answer. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include "plugins/support/rest_private.h"

#define FIRST_WAIT_MS 200
#define LONGEST_WAIT_MS 30000
#define REDIRECTIONS 5

void rest_options(struct pab_op *op, const struct pab_config *c, struct rest_opts *ret)
{
    ret->url = op->host->config_str(c, "url");
    ret->ca_file = op->host->config_str(c, "ca_file");
    ret->insecure = op->host->config_int(c, "insecure") != 0;
    ret->timeout_ms = (uint32_t)op->host->config_int(c, "timeout");
}

int rest_open(struct pab_op *op, const struct rest_opts *o, struct rest **ret, struct pab_error *err)
{
    CLEANUP_REST struct rest *r = pab_alloc(sizeof *r);
    r->op = op;
    r->service = pab_strdup(o->service);
    r->timeout_ms = o->timeout_ms ? o->timeout_ms : 60000;
    r->attempts = o->attempts ? o->attempts : 5;
    if (o->password) op->host->secret(op, o->password);
    if (o->secret) op->host->secret(op, o->secret);
    int rc = rest_split_url(r, o->url, err);
    if (rc) return rc;
    CLEANUP_FREE char *secret = o->secret ? pab_sprintf("%s: %s", o->secret_header, o->secret) : NULL;
    CLEANUP_FREE char *more = o->header_name ? pab_sprintf("%s: %s", o->header_name, o->header_value) : NULL;
    const char *const headers[] = { secret ? secret : more, secret ? more : NULL, NULL };
    struct http_opts opts = { .base = r->origin, .user = o->user, .password = o->password, .headers = headers, .ca_file = o->ca_file,
                              .insecure = o->insecure, .cancel_fd = op->host->cancel_fd(op), .idle_ms = r->timeout_ms };
    rc = http_new(&opts, &r->http, err);
    if (secret) explicit_bzero(secret, strlen(secret));
    if (!rc) *ret = TAKE_PTR(r);
    return rc;
}

void rest_close(struct rest *r)
{
    if (!r) return;
    rest_scan_free(r, r->scan);
    http_close(r->stream);
    http_free(r->http);
    http_resp_release(&r->last);
    free(r->service);
    free(r->origin);
    free(r->prefix);
    free(r);
}

void rest_deafen(struct rest *r)
{
    r->deaf = 1;
    http_set_cancel_fd(r->http, -1);
}

long rest_status(const struct rest *r) { return r->last.status; }
const char *rest_header(const struct rest *r, const char *name) { return http_header(&r->last, name); }

static void end_stream(struct rest *r)
{
    http_close(r->stream);
    r->stream = NULL;
}

static void remember(struct rest *r)
{
    const struct http_resp *resp = http_stream_resp(r->stream);
    http_resp_release(&r->last);
    r->last.status = resp->status;
    for (size_t i = 0; i < resp->headers.count; i++) pab_strs_add(&r->last.headers, resp->headers.items[i]);
}

static const char *method_of(const struct rest_req *q)
{
    return q->method ? q->method : q->body || q->text || q->parts ? "POST" : "GET";
}

/* One request and what redirections make of it; r->stream is the answer, whatever its status. */
static int ask(struct rest *r, const struct rest_req *q, const struct http_req *req, struct pab_error *err)
{
    CLEANUP_FREE char *path = pab_sprintf("%s%s", r->prefix, q->path);
    struct http_req now = *req;
    int is_get = !strcmp(method_of(q), "GET");
    for (int i = 0;; i++) {
        now.path = path;
        if (now.upload) ((struct rest_body *)now.upload_ctx)->at = 0;
        int rc = http_open(r->http, &now, &r->stream, err);
        if (rc) return rc;
        remember(r);
        long status = r->last.status;
        const char *location = http_header(&r->last, "Location");
        if (!location || !(status == 307 || status == 308 || (is_get && status >= 301 && status <= 303))) return PAB_OK;
        char *next = NULL;
        end_stream(r);
        if (i == REDIRECTIONS) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "%s: '%s' is redirected again and again", r->service, q->path);
        if ((rc = rest_follow(r, path, location, &next, err))) return rc;
        free(path);
        path = next;
    }
}

/* One attempt. `body` NULL: the answer stays open as r->stream. */
static int attempt(struct rest *r, const struct rest_req *q, const struct http_req *req, int want_json, struct pab_buf *body, struct pab_error *err)
{
    http_resp_release(&r->last);
    int rc = ask(r, q, req, err);
    if (!rc && (r->last.status < 200 || r->last.status >= 300)) rc = rest_refused(r, method_of(q), q->path, err);
    if (!rc && want_json) rc = rest_check_type(r, q, err);
    if (!rc && body) {
        pab_buf_clear(body);
        rc = http_read_all(r->stream, q->max_body ? q->max_body : (size_t)32 << 20, body, err);
    }
    if (rc || body) end_stream(r);
    return rc;
}

static int is_repeatable(const struct rest_req *q)
{
    static const char *const safe[] = { "GET", "HEAD", "PUT", "DELETE" };
    if (q->flags & REST_REPEATABLE) return 1;
    for (size_t i = 0; i < sizeof safe / sizeof *safe; i++)
        if (!strcmp(method_of(q), safe[i])) return 1;
    return 0;
}

static int worth_another(const struct rest *r, const struct rest_req *q, int rc)
{
    if (r->last.status == 429 || r->last.status == 503) return 1;
    if (r->last.status == 409) return rest_retry_after(r) >= 0;
    return (rc == PAB_E_UNREACHABLE || rc == PAB_E_TIMEOUT) && r->last.status != 501 && is_repeatable(q);
}

/* PAB_OK after the wait; else there is no time for it, or it was cancelled. */
static int pause_before(struct rest *r, uint32_t n)
{
    const struct pab_host *h = r->op->host;
    int64_t wait = rest_retry_after(r), left = h->remaining_ms(r->op);
    if (wait < 0) wait = (int64_t)FIRST_WAIT_MS << (n - 1);
    if (wait > LONGEST_WAIT_MS) wait = LONGEST_WAIT_MS;
    if (left >= 0 && wait >= left) return PAB_E_TIMEOUT;
    if (!r->deaf) return h->sleep_ms(r->op, (uint32_t)wait);
    poll(NULL, 0, (int)wait);
    return PAB_OK;
}

static int repeat(struct rest *r, const struct rest_req *q, const struct http_req *req, int want_json, struct pab_buf *body, struct pab_error *err)
{
    for (uint32_t n = 1;; n++) {
        struct pab_error why = { 0 };
        int rc = attempt(r, q, req, want_json, body, &why);
        if (!rc) return PAB_OK;
        if (n >= r->attempts || rc == PAB_E_CANCELLED || !worth_another(r, q, rc) || pause_before(r, n)) {
            if (err) *err = why;
            return rc;
        }
        r->op->host->log(r->op, PAB_LOG_VERBOSE, "%s; trying again (%u of %u)", why.message, n + 1, r->attempts);
    }
}

static int exchange(struct rest *r, const struct rest_req *q, int want_json, struct pab_buf *body, struct pab_error *err)
{
    struct rest_body sent;
    CLEANUP_FREE char *accept = pab_sprintf("Accept: %s", q->accept ? q->accept : want_json ? "application/json" : "*/*");
    const char *const headers[] = { accept, NULL };
    int rc = rest_body_make(q, &sent, err);
    if (!rc) {
        struct http_req req = { .method = method_of(q), .headers = headers, .content_type = sent.type, .fresh = !is_repeatable(q), .idle_ms = q->timeout_ms };
        if (sent.file) {
            req.upload = rest_body_read;
            req.upload_ctx = &sent;
        } else {
            req.body = sent.head.data;
            req.body_size = sent.head.size;
        }
        rc = repeat(r, q, &req, want_json, body, err);
    }
    rest_body_release(&sent);
    return rc;
}

int rest_bytes(struct rest *r, const struct rest_req *q, struct pab_buf *ret, struct pab_error *err)
{
    return exchange(r, q, 0, ret, err);
}

int rest_json(struct rest *r, const struct rest_req *q, json_t **ret, struct pab_error *err)
{
    struct pab_buf body = { 0 };
    int want = ret && !(q->flags & REST_NO_BODY);
    json_t *o = NULL;
    int rc = exchange(r, q, want, &body, err);
    if (!rc && want && body.size) {
        CLEANUP_FREE char *what = pab_sprintf("%s: the answer to %s %.*s", r->service, method_of(q), (int)strcspn(q->path, "?"), q->path);
        rc = json_parse(body.data, body.size, what, &o, err);
    }
    pab_buf_release(&body);
    if (!rc && ret) *ret = o;
    return rc;
}

static int64_t read_stream(void *ctx, void *buf, uint64_t capacity, struct pab_error *err)
{
    return http_read(((struct rest *)ctx)->stream, buf, capacity, err);
}

int rest_scan(struct rest *r, const struct rest_req *q, struct json_scan **ret, struct pab_error *err)
{
    int rc = exchange(r, q, 1, NULL, err);
    if (rc) return rc;
    CLEANUP_FREE char *what = pab_sprintf("%s: the answer to %s %.*s", r->service, method_of(q), (int)strcspn(q->path, "?"), q->path);
    r->scan = json_scan_new(&(struct json_scan_opts){ .read = read_stream, .ctx = r, .what = what, .max_value = q->max_body });
    *ret = r->scan;
    return PAB_OK;
}

void rest_scan_free(struct rest *r, struct json_scan *s)
{
    json_scan_free(s);
    r->scan = NULL;
    end_stream(r);
}
