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

/* The body to send and its type (static or in *type_owned); *ret NULL: none. Both the caller's to free. */
int rest_make_body(const struct rest_req *q, char **ret, size_t *size, char **type, struct pab_error *err);

#endif
