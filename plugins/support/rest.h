/* rest.h - a service that speaks JSON over HTTP, as plugins want it: addresses and TLS from options, retries, answers judged.
 *
 *     static const struct pab_option options[] = { REST_OPTIONS, { .key = "api_key", ... } };
 *     ...
 *     struct rest_opts o = { .service = "n8n", .secret_header = "X-N8N-API-KEY", .secret = key };
 *     rest_options(op, config, &o);                      // url, ca_file, insecure, timeout
 *     rc = rest_open(op, &o, &r, &err);
 *     rc = rest_json(r, &(struct rest_req){ .path = "/api/v1/tags?limit=250" }, &json, &err);
 *     rest_close(r);
 *
 * WHAT IS RETRIED, `attempts` times in all, waiting 0.2 s, 0.4 s, 0.8 s ... or as long as Retry-After says (at most 30 s), never beyond
 * the target's time limit: a lost connection, a silence over `timeout`, 500, 502, 504 when the request is safe to repeat (GET, HEAD,
 * PUT, DELETE, or REST_REPEATABLE); 429, 503 and 409 with Retry-After always, since then the service did nothing.
 *
 * REDIRECTIONS: 307 and 308 (and 301, 302, 303 of a GET) are followed when they stay with the scheme, host and port of `url`; one that leads
 * elsewhere is an error, so that the secret is never sent there.
 *
 * ERRORS: 401 and 403 are PAB_E_AUTH, 404 PAB_E_NOT_FOUND, 409 PAB_E_EXISTS, 408 PAB_E_TIMEOUT, 429 and 503 PAB_E_BUSY, other 5xx
 * PAB_E_UNREACHABLE, other 4xx PAB_E_UNSUPPORTED; the message quotes what the service said (its "message", "detail" or
 * "error", about 120 bytes, control characters escaped), rest_status() has the number. An answer that should be JSON and is
 * not (by Content-Type or text) is PAB_E_CORRUPT. Secrets are in headers alone, never in addresses or messages.
 */
#ifndef PAB_SUPPORT_REST_H
#define PAB_SUPPORT_REST_H

#include "plugins/support/http.h"
#include "plugins/support/json.h"
#include "plugins/support/jsonscan.h"

#define REST_OPTIONS \
    { .key = "url", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "address of the service: http://, https:// or unix://" }, \
    { .key = "ca_file", .type = PAB_OPT_PATH, .help = "authorities to check its certificate against; default: the system's" }, \
    { .key = "insecure", .type = PAB_OPT_BOOL, .default_text = "false", .help = "do not check its certificate" }, \
    { .key = "timeout", .type = PAB_OPT_DURATION, .default_text = "60s", .min = 100, .max = 86400000, .help = "longest silence of the service" }

struct rest;
struct rest_opts {
    const char *service;                /* "n8n": for messages */
    const char *url;                    /* a trailing slash is dropped */
    const char *ca_file;
    const char *user, *password;        /* basic authentication, or NULL */
    const char *secret_header, *secret; /* "Authorization" and "Bearer ...", or NULL */
    const char *header_name, *header_value; /* one more, no secret; or NULL */
    uint32_t timeout_ms;                /* 0: 60 s */
    uint32_t attempts;                  /* 0: 5 */
    int insecure;
};
/* Reads REST_OPTIONS. */
void rest_options(struct pab_op *op, const struct pab_config *c, struct rest_opts *ret);
int rest_open(struct pab_op *op, const struct rest_opts *o, struct rest **ret, struct pab_error *err);
void rest_close(struct rest *r);                    /* NULL is fine */
static inline void rest_cleanup(struct rest **r) { rest_close(*r); }
#define CLEANUP_REST CLEANUP(rest_cleanup)
/* Undoing must not be stopped by what it undoes: from now on cancellation is not listened to. */
void rest_deafen(struct rest *r);

#define REST_REPEATABLE 0x1u    /* a POST that does no harm twice */
#define REST_NO_BODY 0x2u       /* the answer's body does not matter: rest_json gives NULL */

struct rest_part {              /* of a multipart/form-data body */
    const char *name;
    const char *file_name, *content_type; /* NULL: a plain field */
    const void *data;
    size_t size;
    const int *file;            /* instead of data: the first `size` bytes of that descriptor, read as they are sent; of one part at most */
};
struct rest_req {
    const char *method;         /* NULL: GET, or POST with a body */
    const char *path;           /* below url, already encoded: rest_escape */
    uint32_t flags;             /* REST_ */
    const json_t *body;         /* JSON, or */
    const char *text; size_t text_size; /* these bytes, or */
    const struct rest_part *parts; size_t part_count;
    const char *content_type;   /* of text; NULL: application/json */
    const char *accept;         /* NULL: application/json */
    size_t max_body;            /* ceiling of the answer; 0: 32 MiB */
    uint32_t timeout_ms;        /* 0: the service's */
};
/* The whole answer parsed; the caller's reference; NULL for an empty one (204). ret may be NULL. */
int rest_json(struct rest *r, const struct rest_req *q, json_t **ret, struct pab_error *err);
/* The whole answer as bytes, whatever its type. */
int rest_bytes(struct rest *r, const struct rest_req *q, struct pab_buf *ret, struct pab_error *err);
/* The answer as it comes, for one that may be long; one at a time, and no other request until it is freed.
 * Retried only until it begins. rest_scan_free closes the answer too. */
int rest_scan(struct rest *r, const struct rest_req *q, struct json_scan **ret, struct pab_error *err);
void rest_scan_free(struct rest *r, struct json_scan *s);
/* Of the last answer; 0 when there was none. Its header by name, or NULL. */
long rest_status(const struct rest *r);
const char *rest_header(const struct rest *r, const char *name);
/* Percent-encoded for a path or query; the caller frees. */
char *rest_escape(const char *text);

#endif
