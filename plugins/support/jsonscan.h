/* jsonscan.h - a JSON text read as it comes, value by value, so that an answer of any length needs the memory of one value.
 *
 *     struct json_scan *s = json_scan_new(&(struct json_scan_opts){ .read = from_http, .ctx = stream, .what = "GET /agents" });
 *     int rc = json_scan_array(s, err);                         // expects '['
 *     while (!rc && !(rc = json_scan_more(s, err))) {           // PAB_OK: another element; PAB_END: after ']'
 *         json_t *v;
 *         rc = json_scan_value(s, &v, err);                     // and json_scan_raw(s, &size): its text, byte for byte
 *         ...
 *     }
 *     if (rc == PAB_END) rc = json_scan_end(s, err);            // nothing but white space until the source ends
 *     json_scan_free(s);
 *
 * Objects likewise: json_scan_object, then json_scan_key until PAB_END; after each key exactly one of value, skip, pass,
 * object, array. The grammar is RFC 8259's and checked; a text that ends early, invalid UTF-8, nesting over 200 levels, a megabyte of
 * white space and a value over
 * `max_value` are errors (PAB_E_CORRUPT, the last PAB_E_NOMEM) that name `what` and the byte. Errors are sticky. What read()
 * returned negative is passed on. Numbers outside of int64 become reals; a real outside of double is an error, yet its text
 * can be had with json_scan_skip and json_scan_raw. A value of any length can be had with json_scan_pass.
 */
#ifndef PAB_SUPPORT_JSONSCAN_H
#define PAB_SUPPORT_JSONSCAN_H

#include "plugins/support/json.h"

struct json_scan;
struct json_scan_opts {
    /* Bytes, 0 at the end, or a negative code with *err filled. */
    int64_t (*read)(void *ctx, void *buf, uint64_t capacity, struct pab_error *err);
    void *ctx;
    const char *what;       /* for messages; copied */
    size_t max_value;       /* longest text of one value; 0: 32 MiB */
};
struct json_scan *json_scan_new(const struct json_scan_opts *o);
void json_scan_free(struct json_scan *s);           /* NULL is fine; does not touch the source */
static inline void json_scan_cleanup(struct json_scan **s) { json_scan_free(*s); }
#define CLEANUP_JSON_SCAN CLEANUP(json_scan_cleanup)

int json_scan_object(struct json_scan *s, struct pab_error *err);
/* PAB_OK: *key is the next one's name, valid until the next call; PAB_END: the object is over. */
int json_scan_key(struct json_scan *s, const char **key, struct pab_error *err);
int json_scan_array(struct json_scan *s, struct pab_error *err);
int json_scan_more(struct json_scan *s, struct pab_error *err);
/* The next value whole; the caller's reference. */
int json_scan_value(struct json_scan *s, json_t **ret, struct pab_error *err);
/* Passes over the next value without making anything of it; its text is kept for json_scan_raw. */
int json_scan_skip(struct json_scan *s, struct pab_error *err);
/* Passes over the next value, however long, and keeps none of it: its text goes to `put` (may be NULL) in pieces of whole characters.
 * A code of put's other than 0 ends it. Afterwards there is no raw text. */
typedef int (*json_scan_put)(void *ctx, const void *text, size_t size);
int json_scan_pass(struct json_scan *s, json_scan_put put, void *ctx, struct pab_error *err);
/* The text of the value last read or skipped, without the white space around it; valid until the next call. */
const char *json_scan_raw(const struct json_scan *s, size_t *size);
int json_scan_end(struct json_scan *s, struct pab_error *err);

#endif
