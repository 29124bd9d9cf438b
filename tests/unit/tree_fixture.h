/* tree_fixture.h - a folder of its own for each test of core/tree, and short words for what the tests do there. */
#ifndef PAB_TESTS_TREE_FIXTURE_H
#define PAB_TESTS_TREE_FIXTURE_H

#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/fsutil.h"
#include "core/stream/reader.h"
#include "core/stream/writer.h"
#include "core/tree/tree_reader.h"
#include "core/tree/tree_writer.h"
#include "tests/unit/unit.h"

struct artifact { int tar, index; struct pab_tree_counts counts; };

static char dir[64];
static char warned[8192];   /* "PATH: MESSAGE\n" of each warning */

/* A shell command in the test's folder; its exit status. */
static int __attribute__((format(printf, 1, 2))) sh(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *cmd = pab_vsprintf(fmt, ap);
    va_end(ap);
    char *whole = pab_sprintf("cd '%s' && export LC_ALL=C.UTF-8 && set -e\n%s\n", dir, cmd), *argv0 = pab_sprintf("%s/.script", dir);
    FILE *f = fopen(argv0, "w");
    ck_assert_ptr_nonnull(f);
    fputs(whole, f);
    fclose(f);
    free(cmd);
    cmd = pab_sprintf("bash '%s'", argv0);
    int rc = system(cmd);
    free(cmd);
    free(whole);
    free(argv0);
    return rc;
}

static void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/pab-tree-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    warned[0] = '\0';
    ck_assert_int_eq(sh("mkdir in out"), 0);
}

static void teardown(void)
{
    ck_assert_int_eq(sh("chmod -R u+rwx . 2>/dev/null || true; rm -rf in out other outside; cd /; rm -rf '%s'", dir), 0);
}

static const char *path_of(const char *name)
{
    static char paths[4][128];
    static unsigned next;
    char *p = paths[next++ % 4];
    snprintf(p, sizeof paths[0], "%s/%s", dir, name);
    return p;
}

static void on_warning(void *ctx, const char *path, const char *message)
{
    (void)ctx;
    size_t n = strlen(warned);
    snprintf(warned + n, sizeof warned - n, "%s: %s\n", path, message);
}
static const struct pab_tree_warnings warnings = { .warn = on_warning };

static struct pab_writer *plain_writer(int *ret_fd)
{
    struct pab_error err = { 0 };
    struct pab_writer *w;
    *ret_fd = memfd_create("artifact", MFD_CLOEXEC);
    ck_assert_int_ge(*ret_fd, 0);
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = *ret_fd, .what = "artifact", .no_sync = 1 }, &w, &err), PAB_OK);
    return w;
}

static struct pab_source *source_of(int fd)
{
    struct pab_error err = { 0 };
    struct pab_source *s;
    ck_assert_int_eq(pab_source_open(&(struct pab_source_opts){ .fd = fd, .length = PAB_SIZE_UNKNOWN, .threads = 1, .what = "artifact" }, &s, &err), PAB_OK);
    return s;
}

/* Walks or reads a tar (from != NULL) into an artifact; the code. */
static int make_artifact(struct artifact *a, struct pab_walk *walk, pab_read_fn from, void *from_ctx, struct pab_error *err)
{
    struct pab_writer *tar = plain_writer(&a->tar), *index = plain_writer(&a->index);
    struct pab_tree_writer *t = NULL;
    struct pab_stream_result r = { 0 };
    ck_assert_int_eq(pab_tree_writer_open(tar, index, &warnings, &t, err), PAB_OK);
    int rc = from ? pab_tree_from_tar(t, from, from_ctx, 0, err) : pab_tree_walk(t, walk, NULL, NULL, err);
    if (rc) {
        pab_tree_writer_free(t);
        pab_writer_abort(tar);
        pab_writer_abort(index);
        return rc;
    }
    ck_assert_int_eq(pab_tree_writer_finish(t, &a->counts, err), PAB_OK);
    ck_assert_int_eq(pab_writer_finish(tar, &r, err), PAB_OK);
    ck_assert_int_eq(pab_writer_finish(index, &r, err), PAB_OK);
    return PAB_OK;
}

static inline struct artifact walked(const char *root)
{
    struct artifact a;
    struct pab_error err = { 0 };
    struct pab_walk w = { .struct_size = sizeof w, .root = path_of(root) };
    int rc = make_artifact(&a, &w, NULL, NULL, &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
    return a;
}

static inline void close_artifact(struct artifact *a)
{
    close(a->tar);
    close(a->index);
}

static int extract_fd(int fd, const char *to, struct pab_extract *x, struct pab_error *err)
{
    struct pab_source *s = source_of(fd);
    x->struct_size = sizeof *x;
    x->dest = path_of(to);
    int rc = pab_tree_extract(s, x, &warnings, NULL, NULL, err);
    pab_source_close(s);
    return rc;
}

static inline void extracted(const struct artifact *a, const char *to)
{
    struct pab_error err = { 0 };
    struct pab_extract x = { 0 };
    int rc = extract_fd(a->tar, to, &x, &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
}

static inline int verify_artifact(const struct artifact *a, struct pab_error *err)
{
    struct pab_source *tar = source_of(a->tar), *index = source_of(a->index);
    struct pab_tree_counts counts;
    int rc = pab_tree_verify(tar, index, &counts, err);
    pab_source_close(tar);
    pab_source_close(index);
    return rc;
}

/* Names, types, modes, owners, times, links, contents, xattrs and ACLs of two folders. */
#define SNAPSHOT "snap() { ( cd \"$1\"; find . \\( -type d -printf '%%P\\t%%y %%m %%U:%%G %%T@\\0' \\) -o -printf '%%P\\t%%y %%m %%U:%%G %%T@ %%s %%n %%l\\0' | sort -z | tr '\\0' '\\n';" \
    " find . -type f -print0 | sort -z | xargs -0r sha256sum;" \
    " find . -print0 | sort -z | xargs -0r getfattr -h -d -e hex -m '^(user\\.|trusted\\.|system\\.posix_acl|security\\.capability)' 2>/dev/null || true ) }\n"
static inline void same_trees(const char *a, const char *b)
{
    ck_assert_int_eq(sh(SNAPSHOT "snap %s >a.txt; snap %s >b.txt; diff a.txt b.txt >&2", a, b), 0);
}

#endif
