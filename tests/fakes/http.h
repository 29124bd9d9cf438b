/* http.h - a scripted HTTP/1.1 server on a Unix socket, for the faults that no real service makes on demand.
 *
 *     struct fake_http *s = fake_http_new();
 *     fake_http_on(s, "GET /version", (struct fake_answer){ .status = 200, .body = "{}" });
 *     ... http_new(&(struct http_opts){ .base = fake_http_url(s), ... }) ...
 *     ... fake_http_asked(s, 0) is "GET /version" ...
 *     fake_http_free(s);
 *
 * A pattern is METHOD, a space, and the path with its query, matched with fnmatch(3) ("GET /v1.*" + "/volumes/x*"). Of the answers
 * that match, the first that is not used up is given; those with times 0 never are. What no answer matches gets status 404 with
 * {"message":"not scripted"}. Each connection has a thread of its own and is kept for further requests.
 */
#ifndef FAKE_HTTP_H
#define FAKE_HTTP_H

#include <stddef.h>

struct fake_answer {
    int status;                 /* 0: 200 */
    const char *headers;        /* "Name: value\r\n"..., or NULL; without a Content-Type it is application/json */
    const char *body;           /* NULL: none */
    size_t size;                /* of the body; 0: strlen */
    unsigned times;             /* how often this answer is given; 0: for ever */
    int chunked;                /* else with Content-Length */
    size_t cut_at;              /* the connection is closed after that many bytes of the body; 0: not */
    int drop;                   /* the connection is closed without an answer */
    int hang;                   /* nothing comes until fake_http_free */
    size_t stall_at;            /* ... after that many bytes of the body; 0: not */
    const char *again;          /* after the body this, again and again until the client has enough (with chunked); NULL: not */
};

struct fake_http;
struct fake_http *fake_http_new(void);
struct fake_http *fake_http_new_tcp(void);          /* on a port of the loopback instead: "http://127.0.0.1:34567" */
void fake_http_free(struct fake_http *s);           /* NULL is fine; ends all connections */
const char *fake_http_url(const struct fake_http *s); /* "unix:///tmp/.../http.sock" */
void fake_http_on(struct fake_http *s, const char *pattern, struct fake_answer a); /* the answer's texts are copied */
/* Asked before the script; returns 1 when it made an answer, whose texts must live as long as the server. One call at a time. */
typedef int (*fake_http_handler)(void *ctx, const char *request, const char *body, struct fake_answer *ret);
void fake_http_handle(struct fake_http *s, fake_http_handler fn, void *ctx);

/* What was asked, in order: "GET /version"; NULL after the last. Lives as long as the server. */
const char *fake_http_asked(struct fake_http *s, size_t i);
const char *fake_http_sent(struct fake_http *s, size_t i);  /* the body of that request */
int fake_http_had_header(struct fake_http *s, size_t i, const char *line); /* 1: that request had the header "Name: value" */
size_t fake_http_count(struct fake_http *s, const char *pattern);

#endif
