/* manifest_limits.c - see manifest_limits.h. A parser would have spent memory in proportion by the time it could tell. */
#include "core/store/manifest_limits.h"

#include "core/store/names.h"

struct scan {
    const char *what;
    unsigned depth, values;
    size_t line, line_start;
    struct pab_error *err;
};

static int too(struct scan *s, size_t at, const char *problem, unsigned limit)
{
    return pab_error_set(s->err, PAB_E_CORRUPT, 0, "%s:%zu:%zu: %s %u", s->what, s->line, at - s->line_start + 1, problem, limit);
}

/* Past the string that begins at i. */
static size_t skip_string(const char *json, size_t n, size_t i)
{
    for (i++; i < n && json[i] != '"' && json[i] != '\n'; i++)
        if (json[i] == '\\') i++;
    return i;
}

int pab_manifest_check_limits(const char *json, size_t n, const char *what, struct pab_error *err)
{
    struct scan s = { .what = what, .line = 1, .err = err };
    if (n > PAB_MANIFEST_MAX) return pab_error_set(err, PAB_E_CORRUPT, 0, "%s: longer than %u MiB", what, PAB_MANIFEST_MAX >> 20);
    for (size_t i = 0; i < n; i++) {
        switch (json[i]) {
        case '"': i = skip_string(json, n, i); break;
        case '[':
        case '{':
            if (++s.depth > PAB_MANIFEST_DEPTH) return too(&s, i, "nested deeper than", PAB_MANIFEST_DEPTH);
            break;
        case ']':
        case '}': s.depth -= s.depth > 0; break;
        case ',':
            if (++s.values > PAB_MANIFEST_VALUES) return too(&s, i, "more values than", PAB_MANIFEST_VALUES);
            break;
        default: break;
        }
        if (i < n && json[i] == '\n') {
            s.line++;
            s.line_start = i + 1;
        }
    }
    return PAB_OK;
}
