/* text.c - see text.h. */
#include <ctype.h>
#include <string.h>
#include "plugins/n8n/text.h"

static const char *skip_space(const char *p, const char *end)
{
    while (p < end && (*p == ' ' || *p == '\t' || *p == '\n' || *p == '\r')) p++;
    return p;
}

static const char *skip_string(const char *p, const char *end)
{
    for (p++; p < end && *p != '"'; p++)
        if (*p == '\\' && p + 1 < end) p++;
    return p < end ? p + 1 : end;
}

static const char *skip_value(const char *p, const char *end)
{
    int depth = 0;
    while (p < end) {
        if (*p == '"') {
            p = skip_string(p, end);
        } else if (*p == '{' || *p == '[') {
            depth++;
            p++;
            continue;
        } else if (*p == '}' || *p == ']') {
            depth--;
            p++;
        } else if (depth) {
            p++;
            continue;
        } else {
            while (p < end && !strchr(",]} \t\r\n", *p)) p++;
            return p;
        }
        if (depth <= 0) return p;
    }
    return p;
}

struct members members_of(struct span text)
{
    const char *p = text.p ? skip_space(text.p, text.p + text.n) : NULL;
    if (!p || p == text.p + text.n || (*p != '{' && *p != '[')) return (struct members){ 0 };
    return (struct members){ .at = p, .end = text.p + text.n };
}

int members_next(struct members *m)
{
    if (!m->at || m->at >= m->end) return 0;
    /* at: the opening bracket, or what follows the last value */
    const char *p = skip_space(m->at, m->end);
    if (p == m->end || *p == '}' || *p == ']') return 0;
    int opening = *p == '{' || *p == '[' || *p == ',';
    if (!opening) return 0;
    if (*p == '{') m->key.p = p;
    else if (*p == '[') m->key.p = NULL;
    int keyed = m->key.p != NULL;
    p = skip_space(p + 1, m->end);
    if (p == m->end || *p == '}' || *p == ']') return 0;
    if (keyed) {
        const char *after = skip_string(p, m->end);
        m->key = (struct span){ p + 1, after - p >= 2 ? (size_t)(after - p - 2) : 0 };
        p = skip_space(after, m->end);
        if (p < m->end && *p == ':') p++;
        p = skip_space(p, m->end);
    }
    m->value.p = p;
    m->at = skip_value(p, m->end);
    m->value.n = (size_t)(m->at - p);
    return 1;
}

int span_is(struct span s, const char *text) { return s.p && s.n == strlen(text) && !memcmp(s.p, text, s.n); }

struct span span_member(struct span object, const char *key)
{
    for (struct members m = members_of(object); members_next(&m);)
        if (m.key.p && span_is(m.key, key)) return m.value;
    return (struct span){ 0 };
}

int span_true(struct span object, const char *key) { return span_is(span_member(object, key), "true"); }

int span_is_null(struct span value) { return !value.p || span_is(value, "null"); }

char *span_string(struct span value)
{
    if (!value.p || value.n < 2 || *value.p != '"') return NULL;
    if (!memchr(value.p, '\\', value.n)) return pab_strndup(value.p + 1, value.n - 2);
    CLEANUP_JSON json_t *v = json_loadb(value.p, value.n, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    return json_is_string(v) ? pab_strdup(json_string_value(v)) : NULL;
}

char *span_text(struct span object, const char *key)
{
    char *text = span_string(span_member(object, key));
    return text ? text : pab_strdup("");
}

size_t span_elements(struct span array)
{
    size_t n = 0;
    for (struct members m = members_of(array); members_next(&m);) n++;
    return n;
}
