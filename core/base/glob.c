/* glob.c - see glob.h. */
#include "core/base/glob.h"

#include <string.h>

struct span {
    const char *at, *end;
};

static char last_byte(const struct pab_glob *g)
{
    size_t n = (size_t)(g->end - g->at);
    if (!n || strchr("*?]", g->end[-1]) || (n > 1 && g->end[-2] == '\\')) return 0;
    return g->end[-1];
}

void pab_glob_compile(const char *pattern, struct pab_glob *ret)
{
    struct pab_glob g = { .at = pattern, .end = pattern + strlen(pattern) };
    while (g.at < g.end && (*g.at == '/' || (*g.at == '.' && (g.at[1] == '/' || g.at + 1 == g.end)))) {
        g.at++;
        g.anchored = 1;
    }
    while (g.at < g.end && g.end[-1] == '/') {
        g.end--;
        g.folders_only = 1;
    }
    size_t n = (size_t)(g.end - g.at);
    if (memchr(g.at, '/', n)) g.anchored = 1;
    g.one_component = !g.anchored && !memmem(g.at, n, "**", 2);
    g.last = last_byte(&g);
    *ret = g;
}

/* The class at p ("[" seen): returns the byte after its "]", or NULL when it is not closed. */
static const char *match_class(const char *p, const char *end, unsigned char c, int *ret_hit)
{
    int hit = 0, negated = 0;
    p++;
    if (p < end && (*p == '!' || *p == '^')) negated = 1, p++;
    for (const char *first = p; p < end; p++) {
        if (*p == ']' && p > first) {
            *ret_hit = c != '/' && hit != negated;
            return p + 1;
        }
        if (*p == '\\' && p + 1 < end) p++;
        unsigned char low = (unsigned char)*p, high = low;
        if (p + 2 < end && p[1] == '-' && p[2] != ']') {
            p += 2;
            if (*p == '\\' && p + 1 < end) p++;
            high = (unsigned char)*p;
        }
        if (c >= low && c <= high) hit = 1;
    }
    return NULL;
}

/* One pattern item that is not a star against byte c: the item's end, or NULL when it does not match. */
static const char *match_one(const char *p, const char *end, unsigned char c)
{
    if (*p == '?') return c != '/' ? p + 1 : NULL;
    if (*p == '[') {
        int hit = 0;
        const char *after = match_class(p, end, c, &hit);
        if (after) return hit ? after : NULL;
    }
    if (*p == '\\' && p + 1 < end) p++;
    return (unsigned char)*p == c ? p + 1 : NULL;
}

/* A place to go on from when what came after a star did not match. */
struct retry {
    const char *p;  /* behind the star; NULL: no star yet */
    const char *s;  /* where the star ends for now */
    int by_folder;  /* the star was "**" and a slash: it ends at folder borders only */
};

static int step_far(struct retry *r, const char *end)
{
    if (r->by_folder) {
        const char *slash = memchr(r->s, '/', (size_t)(end - r->s));
        if (!slash) return 0;
        r->s = slash + 1;
        return 1;
    }
    if (r->s == end) return 0;
    r->s++;
    return 1;
}

/* Takes the star(s) at p; "**" is remembered in *far, "*" in *near. Returns what follows. */
static const char *take_star(struct span pat, const char *p, const char *s, struct retry *near, struct retry *far)
{
    const char *start = p;
    while (p < pat.end && *p == '*') p++;
    if (p - start == 1) {
        *near = (struct retry){ p, s, 0 };
        return p;
    }
    int by_folder = p < pat.end && *p == '/' && (start == pat.at || start[-1] == '/');
    if (by_folder) p++;
    *far = (struct retry){ p, s, by_folder };
    near->p = NULL;
    return p;
}

/* Only the last "*" since the last "**", and the last "**", need be retried: a "*" cannot cross a slash, so an
 * earlier one could not move the slash that was matched behind it.  This keeps the work below |p| * |s|^2. */
static int match_span(struct span pat, struct span str)
{
    struct retry near = { NULL, NULL, 0 }, far = { NULL, NULL, 0 };
    const char *p = pat.at, *s = str.at;
    for (;;) {
        if (p < pat.end && *p == '*') {
            p = take_star(pat, p, s, &near, &far);
            continue;
        }
        if (p == pat.end && s == str.end) return 1;
        const char *after = p < pat.end && s < str.end ? match_one(p, pat.end, (unsigned char)*s) : NULL;
        if (after) {
            p = after;
            s++;
        } else if (near.p && near.s < str.end && *near.s != '/') {
            p = near.p;
            s = ++near.s;
        } else if (far.p && step_far(&far, str.end)) {
            near.p = NULL;
            p = far.p;
            s = far.s;
        } else {
            return 0;
        }
    }
}

static struct span body(const struct pab_glob *g) { return (struct span){ g->at, g->end }; }

static int match_exactly(const struct pab_glob *g, struct span path)
{
    if (g->anchored) return match_span(body(g), path);
    for (;;) { /* at any depth: the last component, and for "a**b" what leads to it, too */
        if (match_span(body(g), path)) return 1;
        const char *slash = memchr(path.at, '/', (size_t)(path.end - path.at));
        if (!slash) return 0;
        path.at = slash + 1;
    }
}

static int match_component(const struct pab_glob *g, struct span name, int folder)
{
    if (g->last && (name.end == name.at || name.end[-1] != g->last)) return 0; /* most names */
    return (folder || !g->folders_only) && match_span(body(g), name);
}

static int match_a_component(const struct pab_glob *g, const char *path, int is_dir)
{
    for (const char *at = path, *end;; at = end + 1) {
        end = strchrnul(at, '/');
        if (match_component(g, (struct span){ at, end }, *end == '/' || is_dir)) return 1;
        if (!*end) return 0;
    }
}

int pab_glob_match(const char *pattern, const char *path, int is_dir)
{
    struct pab_glob g;
    pab_glob_compile(pattern, &g);
    if (g.at == g.end) return g.anchored;
    if (g.one_component) return match_a_component(&g, path, is_dir);
    for (const char *end = path;; end++) {
        if (*end && *end != '/') continue;
        int folder = *end == '/' || is_dir;
        if ((folder || !g.folders_only) && match_exactly(&g, (struct span){ path, end })) return 1;
        if (!*end) return 0;
    }
}

int pab_glob_match_name(const struct pab_glob *g, const char *path, size_t name, int is_dir)
{
    const char *end = path + name + strlen(path + name);
    if (g->at == g->end) return g->anchored;
    if (g->one_component) return match_component(g, (struct span){ path + name, end }, is_dir);
    return (is_dir || !g->folders_only) && match_exactly(g, (struct span){ path, end });
}

int pab_glob_may_contain(const struct pab_glob *g, const char *dir)
{
    if (g->at == g->end) return g->anchored;
    if (!g->anchored || !*dir || strcmp(dir, ".") == 0) return 1;
    struct span want = body(g), have = { dir, dir + strlen(dir) };
    for (;;) {
        const char *want_end = memchr(want.at, '/', (size_t)(want.end - want.at));
        const char *have_end = memchr(have.at, '/', (size_t)(have.end - have.at));
        struct span a = { want.at, want_end ? want_end : want.end }, b = { have.at, have_end ? have_end : have.end };
        if (memmem(a.at, (size_t)(a.end - a.at), "**", 2)) return 1;
        if (!match_span(a, b)) return 0;
        if (!want_end || !have_end) return 1; /* all of dir matched, or the pattern names a folder above it */
        want.at = want_end + 1;
        have.at = have_end + 1;
    }
}

int pab_glob_may_descend(const char *pattern, const char *dir)
{
    struct pab_glob g;
    pab_glob_compile(pattern, &g);
    return pab_glob_may_contain(&g, dir);
}
