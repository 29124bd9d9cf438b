/* check_glob.c - glob.h: the pattern language, by examples and against a slow matcher that is plainly right. */
#include <stdio.h>
#include <string.h>
#include "core/base/glob.h"
#include "tests/unit/unit.h"

struct example { const char *pattern, *path; int is_dir, match; };

static void holds(const struct example *e, size_t n)
{
    for (size_t i = 0; i < n; i++)
        ck_assert_msg(pab_glob_match(e[i].pattern, e[i].path, e[i].is_dir) == e[i].match, "'%s' against '%s'%s should %smatch", e[i].pattern, e[i].path,
                      e[i].is_dir ? " (a folder)" : "", e[i].match ? "" : "not ");
}
#define HOLDS(...) holds((const struct example[]){ __VA_ARGS__ }, sizeof((const struct example[]){ __VA_ARGS__ }) / sizeof(struct example))

START_TEST(without_a_slash_it_matches_at_any_depth)
{
    HOLDS({ "*.tmp", "a.tmp", 0, 1 }, { "*.tmp", "x/y/a.tmp", 0, 1 }, { "*.tmp", "a.tmpx", 0, 0 }, { "core", "x/core", 1, 1 }, { "core", "x/encore", 0, 0 });
}
END_TEST

START_TEST(with_a_slash_it_is_anchored_at_the_root)
{
    HOLDS({ "/x", "x", 0, 1 }, { "/x", "a/x", 0, 0 }, { "a/b", "a/b", 0, 1 }, { "a/b", "x/a/b", 0, 0 }, { "./a", "a", 0, 1 }, { "./a", "b/a", 0, 0 },
          { "/", "anything/at/all", 0, 1 }, { ".", "anything", 0, 1 }, { "", "anything", 0, 0 });
}
END_TEST

START_TEST(a_trailing_slash_means_folders)
{
    HOLDS({ "cache/", "cache", 1, 1 }, { "cache/", "cache", 0, 0 }, { "cache/", "x/cache", 1, 1 }, { "cache/", "x/cache/file", 0, 1 });
}
END_TEST

START_TEST(what_matches_a_folder_matches_all_below)
{
    HOLDS({ "a/b", "a/b/c/d", 0, 1 }, { "node_modules", "x/node_modules/y/z", 0, 1 }, { "/a", "a/b", 0, 1 }, { "a/b", "a/bc/d", 0, 0 });
}
END_TEST

START_TEST(a_star_stays_in_its_folder_and_two_do_not)
{
    HOLDS({ "/a*c", "abc", 0, 1 }, { "/a*c", "a/c", 0, 0 }, { "/a/*", "a/b", 0, 1 }, { "/*/c", "a/b/c", 0, 0 }, { "/a/**/c", "a/c", 0, 1 }, { "/a/**/c", "a/x/y/c", 0, 1 },
          { "/a/**/c", "a/xc", 0, 0 }, { "**/c", "c", 0, 1 }, { "**/c", "x/y/c", 0, 1 }, { "/a/**", "a/b/c", 0, 1 }, { "/a/**", "a", 1, 0 }, { "a**c", "a/b/c", 0, 1 });
}
END_TEST

START_TEST(question_marks_classes_and_escapes)
{
    HOLDS({ "a?c", "abc", 0, 1 }, { "a?c", "a/c", 0, 0 }, { "[abc]x", "bx", 0, 1 }, { "[!abc]x", "bx", 0, 0 }, { "[^abc]x", "dx", 0, 1 }, { "[a-c]x", "bx", 0, 1 },
          { "[a-c]x", "dx", 0, 0 }, { "[]]x", "]x", 0, 1 }, { "[a-]x", "-x", 0, 1 }, { "/a[!b]c", "a/c", 0, 0 }, { "\\*", "*", 0, 1 }, { "\\*", "a", 0, 0 },
          { "[\\]]", "]", 0, 1 }, { "[abc", "[abc", 0, 1 }, { "[", "[", 0, 1 }, { "a\\", "a\\", 0, 1 }, { "\xff*", "\xff\xfe", 0, 1 });
}
END_TEST

START_TEST(many_stars_do_not_take_for_ever)
{
    char path[2001];
    memset(path, 'a', 2000);
    path[2000] = '\0';
    ck_assert(!pab_glob_match("/a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", path, 0));
    ck_assert(!pab_glob_match("/**a**a**a**a**a**a**a**a**a**a**a**b", path, 0));
}
END_TEST

/* ---- the slow matcher: anchored patterns of letters, "?", "*" and "**" */

static int slow_match(const char *p, const char *s, int at_start)
{
    if (!*p) return !*s;
    if (p[0] == '*') {
        size_t stars = strspn(p, "*");
        if (stars == 1) {
            for (size_t i = 0;; i++) {
                if (slow_match(p + 1, s + i, 0)) return 1;
                if (!s[i] || s[i] == '/') return 0;
            }
        }
        if (p[stars] == '/' && at_start) { /* no folder, or some */
            if (slow_match(p + stars + 1, s, 1)) return 1;
            for (size_t i = 0; s[i]; i++)
                if (s[i] == '/' && slow_match(p + stars + 1, s + i + 1, 1)) return 1;
            return 0;
        }
        for (size_t i = 0;; i++) {
            if (slow_match(p + stars, s + i, 0)) return 1;
            if (!s[i]) return 0;
        }
    }
    if (!*s || (*p == '?' ? *s == '/' : *p != *s)) return 0;
    return slow_match(p + 1, s + 1, *p == '/');
}

/* The n-th text of `length` letters from `alphabet`. */
static void nth(const char *alphabet, size_t length, unsigned long n, char *out)
{
    size_t base = strlen(alphabet);
    for (size_t i = 0; i < length; i++, n /= base) out[i] = alphabet[n % base];
    out[length] = '\0';
}

static unsigned long power(unsigned long base, size_t n)
{
    unsigned long p = 1;
    while (n--) p *= base;
    return p;
}

#define LONGEST (unit_is_slow() ? 4u : 5u)

/* Every text up to this length that is a path as walks give them: no empty component. */
static int is_path(const char *s)
{
    return *s && *s != '/' && s[strlen(s) - 1] != '/' && !strstr(s, "//");
}

/* The slow matcher's answer for the path or a folder above it. */
static int slow_answer(const char *pattern, const char *path)
{
    for (size_t n = 1; n <= strlen(path); n++) {
        char head[16];
        if (path[n] && path[n] != '/') continue;
        memcpy(head, path, n);
        head[n] = '\0';
        if (slow_match(pattern, head, 1)) return 1;
    }
    return 0;
}

START_TEST(every_short_pattern_agrees_with_the_slow_matcher)
{
    char pattern[8], anchored[9], path[8];
    unsigned long compared = 0;
    for (size_t plen = 1; plen <= LONGEST; plen++) {
        for (unsigned long i = 0; i < power(4, plen); i++) {
            nth("ab*/", plen, i, pattern);
            if (!is_path(pattern)) continue;
            snprintf(anchored, sizeof anchored, "/%s", pattern);
            for (size_t slen = 1; slen <= 5; slen++) {
                for (unsigned long k = 0; k < power(3, slen); k++) {
                    nth("ab/", slen, k, path);
                    if (!is_path(path)) continue;
                    compared++;
                    int want = slow_answer(pattern, path);
                    ck_assert_msg(pab_glob_match(anchored, path, 1) == want, "'%s' against '%s' should %smatch", anchored, path, want ? "" : "not ");
                }
            }
        }
    }
    ck_assert_uint_gt(compared, unit_is_slow() ? 10000 : 50000);
}
END_TEST

/* What a walk asks, which has asked it of every folder above before. */
START_TEST(a_name_is_judged_as_its_path_is)
{
    char pattern[8], path[8];
    unsigned long compared = 0;
    for (size_t plen = 1; plen <= LONGEST; plen++) {
        for (unsigned long i = 0; i < power(4, plen); i++) {
            struct pab_glob g;
            nth("ab*/", plen, i, pattern);
            pab_glob_compile(pattern, &g);
            for (unsigned long k = 0; k < power(3, 5); k++) {
                nth("ab/", 5, k, path);
                char *slash = strrchr(path, '/');
                if (!is_path(path)) continue;
                if (slash) *slash = '\0';
                int above = slash && pab_glob_match(pattern, path, 1);
                if (slash) *slash = '/';
                if (above) continue;
                compared++;
                for (int is_dir = 0; is_dir < 2; is_dir++)
                    ck_assert_msg(pab_glob_match_name(&g, path, slash ? (size_t)(slash + 1 - path) : 0, is_dir) == pab_glob_match(pattern, path, is_dir),
                                  "'%s' against '%s'", pattern, path);
            }
        }
    }
    ck_assert_uint_gt(compared, unit_is_slow() ? 10000 : 50000);
}
END_TEST

START_TEST(a_walk_is_never_kept_from_what_would_match)
{
    char pattern[8], anchored[9], path[8];
    for (size_t plen = 1; plen <= 4; plen++) {
        for (unsigned long i = 0; i < power(4, plen); i++) {
            nth("ab*/", plen, i, pattern);
            if (!is_path(pattern)) continue;
            snprintf(anchored, sizeof anchored, "/%s", pattern);
            for (unsigned long k = 0; k < power(3, 5); k++) {
                nth("ab/", 5, k, path);
                if (!is_path(path) || !pab_glob_match(anchored, path, 1)) continue;
                for (char *slash = strchr(path, '/'); slash; slash = strchr(slash + 1, '/')) {
                    *slash = '\0';
                    ck_assert_msg(pab_glob_may_descend(anchored, path), "'%s' must descend into '%s'", anchored, path);
                    *slash = '/';
                }
            }
        }
    }
}
END_TEST

START_TEST(a_walk_is_kept_from_what_cannot_match)
{
    static const struct { const char *pattern, *dir; int may; } cases[] = {
        { "/etc/nginx/*.conf", "etc", 1 }, { "/etc/nginx/*.conf", "etc/nginx", 1 }, { "/etc/nginx/*.conf", "var", 0 }, { "/etc/nginx/*.conf", "etc/apt", 0 },
        { "*.conf", "any/where", 1 }, { "/etc/**", "var", 0 }, { "/**/x", "any", 1 }, { "/a", "a/b", 1 }, { "/a/b", ".", 1 }, { "", "a", 0 }, { "/", "a", 1 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
        ck_assert_msg(pab_glob_may_descend(cases[i].pattern, cases[i].dir) == cases[i].may, "'%s' in '%s'", cases[i].pattern, cases[i].dir);
}
END_TEST

UNIT_MAIN("glob", without_a_slash_it_matches_at_any_depth, with_a_slash_it_is_anchored_at_the_root, a_trailing_slash_means_folders,
          what_matches_a_folder_matches_all_below, a_star_stays_in_its_folder_and_two_do_not, question_marks_classes_and_escapes,
          many_stars_do_not_take_for_ever, every_short_pattern_agrees_with_the_slow_matcher, a_name_is_judged_as_its_path_is, a_walk_is_never_kept_from_what_would_match,
          a_walk_is_kept_from_what_cannot_match)
