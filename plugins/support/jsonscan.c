/* jsonscan.c - see jsonscan.h. The grammar: jsonscan_text.c. */
#include <string.h>
#include "plugins/support/jsonscan_private.h"

struct json_scan *json_scan_new(const struct json_scan_opts *o)
{
    struct json_scan *s = pab_alloc(sizeof *s);
    s->o = *o;
    s->what = pab_strdup(o->what);
    if (!s->o.max_value) s->o.max_value = (size_t)32 << 20;
    s->kept = NOT_KEPT;
    return s;
}

void json_scan_free(struct json_scan *s)
{
    if (!s) return;
    pab_buf_release(&s->in);
    pab_buf_release(&s->key);
    free(s->what);
    free(s);
}

/* What every call ends with: errors stay. */
static int done(const struct json_scan *s, int rc, struct pab_error *err)
{
    if (rc == PAB_END && !s->err.code) return PAB_END;
    if (s->err.code && err) *err = s->err;
    return s->err.code;
}

static int enter(struct json_scan *s, char kind, struct pab_error *err)
{
    if (!s->err.code) {
        if (scan_peek(s) != kind) scan_unexpected(s);
        else scan_push(s, kind);
    }
    return done(s, PAB_OK, err);
}

int json_scan_object(struct json_scan *s, struct pab_error *err) { return enter(s, '{', err); }
int json_scan_array(struct json_scan *s, struct pab_error *err) { return enter(s, '[', err); }

/* The next element of the container: PAB_OK when there is one, its comma consumed. */
static int step(struct json_scan *s, char close)
{
    int c = scan_peek(s);
    if (c == close) {
        scan_pop(s);
        return PAB_END;
    }
    if (!s->fresh) {
        if (c != ',') return scan_unexpected(s);
        s->pos++;
    }
    s->fresh = 0;
    return PAB_OK;
}

int json_scan_more(struct json_scan *s, struct pab_error *err)
{
    return done(s, s->err.code ? s->err.code : step(s, ']'), err);
}

/* Keys nearly always stand as they are; the others are decoded by jansson. */
static int decode_key(struct json_scan *s)
{
    const char *text = s->in.data + s->raw;
    pab_buf_clear(&s->key);
    if (!memchr(text, '\\', s->raw_size) && pab_utf8_valid(text, s->raw_size)) {
        pab_buf_add(&s->key, text + 1, s->raw_size - 2);
        return PAB_OK;
    }
    CLEANUP_JSON json_t *key = json_loadb(text, s->raw_size, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    if (!key) return scan_fail(s, PAB_E_CORRUPT, "a name is not UTF-8, before");
    pab_buf_adds(&s->key, json_string_value(key));
    return PAB_OK;
}

int json_scan_key(struct json_scan *s, const char **key, struct pab_error *err)
{
    int rc = s->err.code ? s->err.code : step(s, '}');
    if (!rc) {
        if (scan_peek(s) != '"') rc = scan_unexpected(s);
        s->kept = s->pos;
        if (!rc) rc = scan_string(s);
        s->raw = s->kept;
        s->raw_size = s->pos - s->kept;
        if (!rc) rc = decode_key(s);
        s->kept = NOT_KEPT;
        if (!rc && scan_peek(s) != ':') rc = scan_unexpected(s);
        if (!rc) {
            s->pos++;
            *key = pab_buf_str(&s->key);
        }
    }
    return done(s, rc, err);
}

int json_scan_skip(struct json_scan *s, struct pab_error *err)
{
    if (!s->err.code && scan_peek(s) >= 0) {
        s->kept = s->pos;
        scan_value(s);
        s->raw = s->kept;
        s->raw_size = s->pos - s->kept;
        s->kept = NOT_KEPT;
        if (!s->err.code && s->raw_size > s->o.max_value) scan_fail(s, PAB_E_NOMEM, "a value is longer than allowed");
        if (!s->err.code && !pab_utf8_valid(s->in.data + s->raw, s->raw_size)) scan_fail(s, PAB_E_CORRUPT, "invalid UTF-8 in the value that ends");
    } else if (!s->err.code) {
        scan_unexpected(s);
    }
    return done(s, PAB_OK, err);
}

int json_scan_pass(struct json_scan *s, json_scan_put put, void *ctx, struct pab_error *err)
{
    if (!s->err.code && scan_peek(s) >= 0) {
        s->kept = s->pos;
        s->put = put;
        s->put_ctx = ctx;
        s->passing = 1;
        if (!scan_value(s)) scan_hand_out(s, 1);
        s->passing = 0;
        s->kept = NOT_KEPT;
        s->raw_size = 0;
    } else if (!s->err.code) {
        scan_unexpected(s);
    }
    return done(s, PAB_OK, err);
}

int json_scan_value(struct json_scan *s, json_t **ret, struct pab_error *err)
{
    json_error_t e;
    int rc = json_scan_skip(s, err);
    if (rc) return rc;
    const char *text = s->in.data + s->raw;
    json_t *o = json_load_text(text, s->raw_size, &e);
    if (!o) {
        CLEANUP_FREE char *problem = pab_sprintf("%s in the value that ends", e.text);
        scan_fail(s, PAB_E_CORRUPT, problem);
        return done(s, PAB_OK, err);
    }
    *ret = o;
    return PAB_OK;
}

const char *json_scan_raw(const struct json_scan *s, size_t *size)
{
    *size = s->raw_size;
    return s->in.data + s->raw;
}

int json_scan_end(struct json_scan *s, struct pab_error *err)
{
    if (!s->err.code && scan_peek(s) != -1) scan_unexpected(s);
    return done(s, PAB_OK, err);
}
