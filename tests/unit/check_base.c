/* check_base.c - the order of a walk, and finding paths in the index of a parent. */
#include "core/tree/base.h"
#include "core/tree/entry.h"
#include "tests/unit/tree_fixture.h"

/* A walk's order; a name ends with a slash when it is a folder. */
static const char *const ordered[] = {
    "./", "B", "a", "a-b", "ab", "b!", "D/", "D/y", "D/z", "D/a/", "D/a/x", "D/a/b/", "D/a-/", "D/a-/x", "D/aa/", "D/aa/x", "d/", "d-/", "d-/d", "d-d/", "\xff/",
};
#define COUNT (sizeof ordered / sizeof *ordered)

static char *name_of(const char *s, int *ret_dir)
{
    size_t n = strlen(s);
    *ret_dir = s[n - 1] == '/';
    return pab_strndup(s, n - (size_t)*ret_dir);
}

START_TEST(paths_have_the_order_of_a_walk)
{
    for (size_t i = 0; i < COUNT; i++) {
        for (size_t k = 0; k < COUNT; k++) {
            int a_dir, b_dir;
            char *a = name_of(ordered[i], &a_dir), *b = name_of(ordered[k], &b_dir);
            int order = pab_tree_order(a, a_dir, b, b_dir);
            ck_assert_msg((order > 0) - (order < 0) == (i > k) - (i < k), "'%s' and '%s': %d", ordered[i], ordered[k], order);
            free(a);
            free(b);
        }
    }
}
END_TEST

START_TEST(a_walk_keeps_the_order)
{
    struct artifact a;
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("cd in; mkdir -p D/a/b D/a- D/aa d d- d-d; touch B a a-b ab b! D/a/x D/a-/x D/aa/x D/y D/z d-/d"), 0);
    struct pab_walk w = { .struct_size = sizeof w, .root = path_of("in") };
    ck_assert_int_eq(make_artifact(&a, &w, NULL, NULL, &err), PAB_OK);
    char text[8192], *save = NULL, last[128] = "";
    ssize_t n = pread(a.index, text, sizeof text - 1, 0);
    ck_assert_int_gt(n, 0);
    text[n] = '\0';
    int last_dir = 0, seen = 0;
    for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
        if (*line == '#') continue;
        int is_dir = strstr(line, " type=dir") != NULL;
        *strchr(line, ' ') = '\0';
        const char *path = line[1] ? line + 2 : line;
        if (seen++) ck_assert_msg(pab_tree_order(last, last_dir, path, is_dir) < 0, "'%s' comes after '%s'", path, last);
        snprintf(last, sizeof last, "%s", path);
        last_dir = is_dir;
    }
    ck_assert_int_eq(seen, 20);
    close_artifact(&a);
    teardown();
}
END_TEST

/* A base of these names, in this order. */
static struct pab_base *base_of(const char *const *names, size_t n)
{
    struct pab_error err = { 0 };
    struct pab_base *b = NULL;
    int fd = memfd_create("index", MFD_CLOEXEC);
    dprintf(fd, "#mtree\n");
    for (size_t i = 0; i < n; i++) {
        int is_dir;
        char *name = name_of(names[i], &is_dir);
        if (strcmp(name, ".") != 0) dprintf(fd, "./");
        for (const char *p = name; *p; p++) dprintf(fd, *p == '!' || (unsigned char)*p > '~' ? "\\%03o" : "%c", (unsigned char)*p);
        dprintf(fd, " type=%s mode=0644 uid=0 gid=0%s time=1.0 inode=%zu\n", is_dir ? "dir" : "file", is_dir ? "" : " size=1", i + 1);
        free(name);
    }
    struct pab_source *s = source_of(fd);
    ck_assert_msg(pab_base_load(s, 0, &b, &err) == PAB_OK, "%s", err.message);
    pab_source_close(s);
    close(fd);
    return b;
}

static void all_are_found(const char *const *names, size_t n)
{
    struct pab_base *b = base_of(names, n);
    size_t forward = 0, backward = 0;
    for (size_t i = 0; i < n; i++) {
        int is_dir;
        char *name = name_of(names[i], &is_dir), *last = name_of(names[n - 1 - i], &is_dir);
        struct pab_base_entry *r = pab_base_find(b, name, NULL);
        ck_assert_msg(r && r->inode == i + 1, "'%s'", names[i]);
        ck_assert_ptr_eq(pab_base_find(b, name, &forward), r);
        ck_assert_uint_eq(forward, i + 1);
        r = pab_base_find(b, last, &backward);
        ck_assert_msg(r && r->inode == n - i, "'%s'", names[n - 1 - i]);
        free(name);
        free(last);
    }
    static const char *const missing[] = { "A", "a/", "a/x", "D/", "D/b", "D/a/x/y", "zz" };
    for (size_t i = 0; i < sizeof missing / sizeof *missing; i++) ck_assert_msg(!pab_base_find(b, missing[i], &forward), "'%s'", missing[i]);
    pab_base_free(b);
}

START_TEST(every_path_of_an_index_in_order_is_found) { all_are_found(ordered, COUNT); } END_TEST

START_TEST(every_path_of_an_index_in_any_order_is_found)
{
    const char *mixed[COUNT];
    for (size_t i = 0; i < COUNT; i++) mixed[i] = ordered[i * 5 % COUNT];
    all_are_found(mixed, COUNT);
}
END_TEST

START_TEST(nothing_is_known_of_a_path_that_is_there_twice)
{
    static const char *const names[] = { "./", "a", "b", "a" };
    struct pab_base *b = base_of(names, 4);
    size_t near = 1;
    ck_assert_ptr_null(pab_base_find(b, "a", NULL));
    ck_assert_ptr_null(pab_base_find(b, "a", &near));
    ck_assert_ptr_nonnull(pab_base_find(b, "b", &near));
    pab_base_free(b);
}
END_TEST

START_TEST(nothing_is_found_in_an_empty_index)
{
    struct pab_base *b = base_of(NULL, 0);
    ck_assert_ptr_null(pab_base_find(b, ".", NULL));
    pab_base_free(b);
}
END_TEST

UNIT_MAIN("base", paths_have_the_order_of_a_walk, a_walk_keeps_the_order, every_path_of_an_index_in_order_is_found,
          every_path_of_an_index_in_any_order_is_found, nothing_is_known_of_a_path_that_is_there_twice, nothing_is_found_in_an_empty_index)
