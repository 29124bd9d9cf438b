/* rest_private.h - the insides of rest.h: requests and attempts (rest.c), what an answer means (rest_answer.c), bodies (rest_body.c). */
#ifndef PAB_SUPPORT_REST_PRIVATE_H
#define PAB_SUPPORT_REST_PRIVATE_H

#include "plugins/support/rest.h"

struct rest {
    struct pab_op *op;
    struct http *http;
    char *service, *origin, *prefix;    /* "n8n", "http://host:port", "/path" of url */
    uint32_t timeout_ms, attempts;
    int deaf;
    struct http_resp last;              /* status and headers of the last answer */
    struct http_stream *stream;         /* the answer that is being read */
    struct json_scan *scan;
};

/* Splits url; refuses one with a password in it. */
int rest_split_url(struct rest *r, const char *url, struct pab_error *err);
/* What goes on after a redirection: the path below origin, the caller's to free. */
int rest_follow(const struct rest *r, const char *path, const char *location, char **ret, struct pab_error *err);
/* The error of an answer with status 300 and more; reads a little of its body. */
int rest_refused(struct rest *r, const char *method, const char *path, struct pab_error *err);
/* Whether an answer that should be JSON says that it is. */
int rest_check_type(const struct rest *r, const struct rest_req *q, struct pab_error *err);
/* How long the service wants to be left alone, in ms; -1: it does not say. */
int64_t rest_retry_after(const struct rest *r);

/* What is sent: bytes, then those of a file, then more bytes. */
struct rest_body {
    char *type;                         /* NULL: nothing is sent */
    struct pab_buf head, tail;
    const int *file;
    uint64_t file_size, at;             /* at: how many bytes have been sent */
};
int rest_body_make(const struct rest_req *q, struct rest_body *ret, struct pab_error *err);
int64_t rest_body_read(void *body, void *buf, uint64_t capacity); /* pab_read_fn; from the start when at is 0 */
void rest_body_release(struct rest_body *b);

#endif
