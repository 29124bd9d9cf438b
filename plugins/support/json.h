/* json.h - what plugins need of jansson, without a NULL check at every step. */
#ifndef PAB_SUPPORT_JSON_H
#define PAB_SUPPORT_JSON_H

#include <jansson.h>
#include "plugins/support/support.h"

static inline void json_cleanup(json_t **o) { json_decref(*o); }
#define CLEANUP_JSON CLEANUP(json_cleanup)

/* jansson's parser for what services write: any value, strings with NUL. An integer beyond 64 bits
 * becomes a real, and it alone. */
json_t *json_load_text(const char *text, size_t size, json_error_t *e);
/* Parses a whole text; `what` names it in the error. The caller's reference. */
int json_parse(const char *text, size_t size, const char *what, json_t **ret, struct pab_error *err);
/* The value at a path of keys ("State.Status"), borrowed; NULL when some step is not there. Keys with a dot: json_object_get. */
json_t *json_at(const json_t *o, const char *path);
/* The text there; "" when there is none. Lives as long as o. */
const char *json_text(const json_t *o, const char *path);
int64_t json_number(const json_t *o, const char *path, int64_t fallback);
int json_flag(const json_t *o, const char *path);     /* 1 for true */
/* Compact text, keys sorted; the caller frees. */
char *json_line(const json_t *o);

#endif
