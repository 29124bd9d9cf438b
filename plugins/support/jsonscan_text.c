/* jsonscan_text.c - the window over a JSON text, and RFC 8259's grammar over it; see jsonscan_private.h. */
#include <stdio.h>
#include <string.h>
#include "plugins/support/jsonscan_private.h"

#define CHUNK ((size_t)64 << 10)
#define BLANK_MAX (1u << 20) /* between two tokens: a slow service may keep a connection alive so, but not for ever */

int scan_fail(struct json_scan *s, int code, const char *problem)
{
    if (!s->err.code)
        pab_error_set(&s->err, code, 0, "%s: %s at byte %llu", s->what, problem, (unsigned long long)(s->before + s->pos));
    return s->err.code;
}

/* How many bytes at the end are the beginning of a character. */
static size_t broken_tail(const char *text, size_t size)
{
    for (size_t n = 1; n <= 3 && n <= size; n++) {
        unsigned char c = (unsigned char)text[size - n];
        if (c < 0x80) return 0;
        if (c >= 0xc0) return n < (c >= 0xf0 ? 4u : c >= 0xe0 ? 3u : 2u) ? n : 0;
    }
    return 0;
}

int scan_hand_out(struct json_scan *s, int last)
{
    const char *text = s->in.data + s->kept;
    size_t size = s->pos - s->kept;
    if (!last) size -= broken_tail(text, size);
    if (!pab_utf8_valid(text, size)) return scan_fail(s, PAB_E_CORRUPT, "invalid UTF-8 in the value that ends");
    int rc = s->put && size ? s->put(s->put_ctx, text, size) : PAB_OK;
    if (rc) return scan_fail(s, rc, "what was read cannot be handed on");
    s->kept += size;
    return PAB_OK;
}

/* More bytes into the window. Returns 1, 0 at the end of the text, -2 after an error. */
static int fill(struct json_scan *s)
{
    if (s->err.code || (s->passing && scan_hand_out(s, 0))) return -2;
    size_t drop = s->kept == NOT_KEPT ? s->pos : s->kept;
    if (s->ended) return 0;
    if (drop) {
        memmove(s->in.data, s->in.data + drop, s->in.size - drop);
        s->in.size -= drop;
        s->pos -= drop;
        s->before += drop;
        if (s->kept != NOT_KEPT) s->kept = 0;
    }
    if (s->in.size >= s->o.max_value) return scan_fail(s, PAB_E_NOMEM, "a value is longer than allowed"), -2;
    if (pab_buf_reserve(&s->in, CHUNK)) return scan_fail(s, PAB_E_NOMEM, "not enough memory for a value"), -2;
    int64_t got = s->o.read(s->o.ctx, s->in.data + s->in.size, CHUNK, &s->err);
    if (got < 0) {
        if (!s->err.code) pab_error_set(&s->err, (int)got, 0, "%s: reading failed", s->what);
        return -2;
    }
    s->in.size += (size_t)got;
    s->ended = got == 0;
    return got > 0;
}

/* The byte at pos, or what fill says. */
static int at(struct json_scan *s)
{
    if (s->pos == s->in.size) {
        int rc = fill(s);
        if (rc <= 0) return rc ? -2 : -1;
    }
    return (unsigned char)s->in.data[s->pos];
}

int scan_peek(struct json_scan *s)
{
    int c;
    for (unsigned n = 0; (c = at(s)) == ' ' || c == '\n' || c == '\r' || c == '\t'; s->pos++)
        if (n++ == BLANK_MAX) return scan_fail(s, PAB_E_CORRUPT, "nothing but white space for too long"), -2;
    return c;
}

int scan_unexpected(struct json_scan *s)
{
    char text[64];
    int c = at(s);
    if (c == -2) return s->err.code;
    if (c == -1) return scan_fail(s, PAB_E_CORRUPT, "the JSON text ends too early");
    if (c > ' ' && c < 0x7f) snprintf(text, sizeof text, "not JSON: unexpected '%c'", c);
    else snprintf(text, sizeof text, "not JSON: unexpected byte 0x%02x", (unsigned)c);
    return scan_fail(s, PAB_E_CORRUPT, text);
}

static int escape(struct json_scan *s)
{
    int c = at(s);
    if (c < 0 || !strchr("\"\\/bfnrtu", c)) return scan_unexpected(s);
    s->pos++;
    for (int i = 0; c == 'u' && i < 4; i++, s->pos++) {
        int digit = at(s);
        if (digit <= 0 || !strchr("0123456789abcdefABCDEF", digit)) return scan_unexpected(s);
    }
    return PAB_OK;
}

int scan_string(struct json_scan *s)
{
    if (at(s) != '"') return scan_unexpected(s);
    for (s->pos++;;) {
        while (s->pos < s->in.size) {
            unsigned char c = (unsigned char)s->in.data[s->pos];
            if (c == '"' || c == '\\' || c < 0x20) break;
            s->pos++;
        }
        int c = at(s), rc;
        if (c < 0 || (c < 0x20)) return scan_unexpected(s);
        if (c != '"' && c != '\\') continue;
        s->pos++;
        if (c == '"') return PAB_OK;
        if ((rc = escape(s))) return rc;
    }
}

static int digits(struct json_scan *s)
{
    int c = at(s);
    if (c < '0' || c > '9') return scan_unexpected(s);
    while ((c = at(s)) >= '0' && c <= '9') s->pos++;
    return PAB_OK;
}

static int number(struct json_scan *s)
{
    int rc = PAB_OK, c;
    if (at(s) == '-') s->pos++;
    if (at(s) == '0') s->pos++;
    else rc = digits(s);
    if (!rc && at(s) == '.') {
        s->pos++;
        rc = digits(s);
    }
    if (!rc && ((c = at(s)) == 'e' || c == 'E')) {
        s->pos++;
        if ((c = at(s)) == '+' || c == '-') s->pos++;
        rc = digits(s);
    }
    return rc;
}

static int word(struct json_scan *s, const char *text)
{
    for (; *text; text++, s->pos++)
        if (at(s) != *text) return scan_unexpected(s);
    return PAB_OK;
}

static int scalar(struct json_scan *s, int c)
{
    switch (c) {
    case '"': return scan_string(s);
    case 't': return word(s, "true");
    case 'f': return word(s, "false");
    case 'n': return word(s, "null");
    default: return c == '-' || (c >= '0' && c <= '9') ? number(s) : scan_unexpected(s);
    }
}

int scan_push(struct json_scan *s, char kind)
{
    if (s->depth == JSON_SCAN_DEPTH) return scan_fail(s, PAB_E_CORRUPT, "the JSON text is nested too deeply");
    s->open[s->depth++] = kind;
    s->fresh = 1;
    s->pos++;
    return PAB_OK;
}

void scan_pop(struct json_scan *s)
{
    s->depth--;
    s->fresh = 0;
    s->pos++;
}

static int member_name(struct json_scan *s)
{
    int rc = scan_peek(s) == '"' ? scan_string(s) : scan_unexpected(s);
    if (!rc && scan_peek(s) != ':') return scan_unexpected(s);
    s->pos += !rc;
    return rc;
}

/* Between two elements of what is open: PAB_OK, another value follows; PAB_END, the container is closed. */
static int between(struct json_scan *s)
{
    char kind = s->open[s->depth - 1];
    int c = scan_peek(s);
    if (c == (kind == '{' ? '}' : ']')) {
        scan_pop(s);
        return PAB_END;
    }
    if (!s->fresh) {
        if (c != ',') return scan_unexpected(s);
        s->pos++;
    }
    s->fresh = 0;
    return kind == '{' ? member_name(s) : PAB_OK;
}

int scan_value(struct json_scan *s)
{
    const unsigned base = s->depth;
    int rc = PAB_OK;
    do {
        int c = scan_peek(s);
        rc = c == '{' || c == '[' ? scan_push(s, (char)c) : scalar(s, c);
        while (!rc && s->depth > base && (rc = between(s)) == PAB_END) rc = PAB_OK;
        if (rc) return rc;
    } while (s->depth > base);
    s->fresh = 0;
    return PAB_OK;
}
