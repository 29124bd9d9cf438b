/* http.h - HTTP requests over libcurl: a TCP port or a Unix socket, bodies in memory or streamed both ways.
 *
 *     http_load(err);                                     // once a process, in the plugin's load()
 *     http_new(&(struct http_opts){ .base = "unix:///var/run/docker.sock", .cancel_fd = -1 }, &h, err);
 *     struct http_resp resp = { 0 };
 *     if (http_do(h, &(struct http_req){ .path = "/version" }, &resp, err)) ...   // no answer: see below
 *     ... resp.status, resp.body, http_header(&resp, "Content-Type") ...
 *     http_resp_release(&resp);
 *     http_free(h);
 *
 * Any status is an answer, not an error: what it means is the caller's to say.  Errors are: PAB_E_UNREACHABLE (nobody
 * listens, or the connection was lost, also in mid-answer), PAB_E_TIMEOUT, PAB_E_CANCELLED, PAB_E_NOMEM for an answer over
 * its ceiling, and whatever an upload callback returned.
 *
 * One request at a time per struct http, which is used by one thread at a time; connections are kept for the next one.
 * Redirections are not followed.
 */
#ifndef PAB_SUPPORT_HTTP_H
#define PAB_SUPPORT_HTTP_H

#include "plugins/support/support.h"

struct http;
struct http_opts {
    const char *base;               /* "http://host:port[/prefix]", "https://...", "unix:///path" */
    const char *user, *password;    /* basic authentication, or NULL */
    const char *const *headers;     /* "Name: value" of every request, NULL-terminated, or NULL */
    const char *ca_file, *cert_file, *key_file; /* https; NULL: the system's authorities, no client certificate */
    int insecure;                   /* https: take any certificate */
    int cancel_fd;                  /* once readable, requests end with PAB_E_CANCELLED; negative: none */
    uint32_t connect_ms;            /* 0: 10 s */
    uint32_t idle_ms;               /* longest silence while bytes are waited for; 0: 60 s */
};

int http_load(struct pab_error *err);
int http_new(const struct http_opts *o, struct http **ret, struct pab_error *err);
void http_free(struct http *h);                     /* NULL is fine; after its streams */
/* Cleaning up must not be stopped by what it cleans up after: -1 makes later requests deaf to cancellation. Returns the old one. */
int http_set_cancel_fd(struct http *h, int fd);
const char *http_base(const struct http *h);        /* for messages */

struct http_req {
    const char *method;             /* NULL: GET */
    const char *path;               /* "/volumes/x?force=1": below base, already encoded */
    const char *const *headers;     /* further ones, or NULL */
    const char *content_type;       /* of the body; NULL: none */
    const void *body;
    size_t body_size;
    pab_read_fn upload;             /* instead of body: asked for bytes until it returns 0; a negative code ends the request with it */
    void *upload_ctx;
    int fresh;                      /* over a connection of its own: on a kept one that turns out dead, libcurl sends a request again by itself */
    uint32_t idle_ms;               /* for this request: a call that is silent for long; 0: the handle's */
    size_t max_body;                /* http_do: ceiling of the answer; 0: 16 MiB */
};
struct http_resp {
    long status;
    struct pab_buf body;
    struct pab_strs headers;        /* "Name: value" */
};
int http_do(struct http *h, const struct http_req *req, struct http_resp *resp, struct pab_error *err);
const char *http_header(const struct http_resp *resp, const char *name); /* any case; NULL: not there */
void http_resp_release(struct http_resp *resp);

/* An answer that is read as it comes. http_open returns when its headers are there. */
struct http_stream;
int http_open(struct http *h, const struct http_req *req, struct http_stream **ret, struct pab_error *err);
const struct http_resp *http_stream_resp(const struct http_stream *s);  /* status and headers; the body stays empty */
/* Bytes, 0 at an end that the server announced, or a negative code: also for an answer that was cut short. */
int64_t http_read(struct http_stream *s, void *buf, uint64_t capacity, struct pab_error *err);
/* The rest as the body of *ret; PAB_E_NOMEM over max bytes. */
int http_read_all(struct http_stream *s, size_t max, struct pab_buf *ret, struct pab_error *err);
void http_close(struct http_stream *s);             /* NULL is fine; before the end: the connection is dropped */

#endif
