/* manifest_head.c - see manifest_limits.h. Most of a manifest is artifacts and their blocks: what only asks when, of what and how large, need
 * not parse them. */
#include <string.h>
#include "core/store/manifest_limits.h"

#define KEY "\"artifacts\""
#define TARGET_DEPTH 3 /* { "targets": [ { */

/* Past the string that begins at i, or n. */
static size_t past_string(const char *json, size_t n, size_t i)
{
    for (i++; i < n && json[i] != '"'; i++)
        if (json[i] == '\\') i++;
    return i < n ? i + 1 : n;
}

static size_t past_blanks(const char *json, size_t n, size_t i)
{
    while (i < n && strchr(" \t\r\n", json[i]) && json[i]) i++;
    return i;
}

/* Where the list begins that the key at i has for its value: its bracket; 0 when it has none. */
static size_t list_of(const char *json, size_t n, size_t i)
{
    if (n - i < sizeof KEY || memcmp(json + i, KEY, sizeof KEY - 1) != 0) return 0;
    i = past_blanks(json, n, i + sizeof KEY - 1);
    if (i >= n || json[i] != ':') return 0;
    i = past_blanks(json, n, i + 1);
    return i < n && json[i] == '[' ? i : 0;
}

/* The bracket that ends the list that begins at i, or n; the newlines in it go to *out, so that those after it keep their numbers. */
static size_t end_of_list(const char *json, size_t n, size_t i, char **out)
{
    unsigned depth = 0;
    while (i < n) {
        char c = json[i];
        if (c == '"') {
            i = past_string(json, n, i);
            continue;
        }
        if (c == '\n') *(*out)++ = c;
        depth += c == '[' || c == '{';
        depth -= c == ']' || c == '}';
        if (!depth) return i;
        i++;
    }
    return n;
}

size_t pab_manifest_cut_artifacts(char *json, size_t n)
{
    char *out = json;
    unsigned depth = 0;
    for (size_t i = 0; i < n;) {
        size_t next = i + 1, list = 0;
        if (json[i] == '"') {
            next = past_string(json, n, i);
            if (depth == TARGET_DEPTH) list = list_of(json, n, i);
            if (list) next = list + 1;
        }
        depth += json[i] == '[' || json[i] == '{';
        depth -= (json[i] == ']' || json[i] == '}') && depth;
        memmove(out, json + i, next - i);
        out += next - i;
        i = list ? end_of_list(json, n, list, &out) : next;
    }
    return (size_t)(out - json);
}
