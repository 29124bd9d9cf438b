/* json.c - see json.h. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include "plugins/support/json.h"

static int is_too_long(const char *digits, size_t n)
{
    char copy[32];
    if (n >= sizeof copy) return 1;
    memcpy(copy, digits, n);
    copy[n] = '\0';
    errno = 0;
    (void)strtoll(copy, NULL, 10);
    return errno == ERANGE;
}

/* The text with ".0" behind each integer that 64 bits do not hold: as a real it says nearly the same, and the others stay what they are. */
static int widen(const char *text, size_t size, struct pab_buf *ret)
{
    int rc = 0, quoted = 0;
    for (size_t i = 0, n; !rc && i < size; i += n) {
        const char *p = text + i;
        for (n = 0; i + n < size && strchr("-+.eE0123456789", p[n]) && p[n] && !quoted; n++) continue;
        if (n) {
            rc = pab_buf_add(ret, p, n);
            if (!rc && !memchr(p, '.', n) && !memchr(p, 'e', n) && !memchr(p, 'E', n) && is_too_long(p, n)) rc = pab_buf_adds(ret, ".0");
            continue;
        }
        n = quoted && *p == '\\' && i + 1 < size ? 2 : 1;
        if (*p == '"') quoted = !quoted;
        rc = pab_buf_add(ret, p, n);
    }
    return rc;
}

json_t *json_load_text(const char *text, size_t size, json_error_t *e)
{
    const size_t flags = JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_t *o = json_loadb(text ? text : "", text ? size : 0, flags, e);
    if (o || json_error_code(e) != json_error_numeric_overflow) return o;
    /* no number that is too long has less than nineteen digits, and each gets two bytes more */
    struct pab_buf wide = PAB_BUF_INIT(size + size / 8 + 64);
    if (!widen(text, size, &wide)) o = json_loadb(wide.data, wide.size, flags, e);
    pab_buf_release(&wide);
    return o;
}

int json_parse(const char *text, size_t size, const char *what, json_t **ret, struct pab_error *err)
{
    json_error_t e;
    json_t *o = json_load_text(text, size, &e);
    if (!o) return pab_error_set(err, PAB_E_CORRUPT, 0, "%s is not JSON: line %d: %s", what, e.line, e.text);
    *ret = o;
    return PAB_OK;
}

json_t *json_at(const json_t *o, const char *path)
{
    char key[64];
    for (size_t n; o && *path; path += n + (path[n] == '.')) {
        n = strcspn(path, ".");
        if (n >= sizeof key) return NULL;
        memcpy(key, path, n);
        key[n] = '\0';
        o = json_object_get(o, key);
    }
    return (json_t *)(uintptr_t)o;
}

const char *json_text(const json_t *o, const char *path)
{
    const char *s = json_string_value(json_at(o, path));
    return s ? s : "";
}

int64_t json_number(const json_t *o, const char *path, int64_t fallback)
{
    const json_t *v = json_at(o, path);
    return json_is_integer(v) ? (int64_t)json_integer_value(v) : fallback;
}

int json_flag(const json_t *o, const char *path) { return json_is_true(json_at(o, path)); }

char *json_line(const json_t *o)
{
    return json_dumps(o, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
}
