/* store_fixture.h - a store in a folder of its own under /tmp, and small backups made in it. */
#ifndef PAB_TESTS_STORE_FIXTURE_H
#define PAB_TESTS_STORE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/store/store.h"
#include "core/stream/hash.h"
#include "tests/unit/unit.h"

#define HELPER __attribute__((unused)) static
#define NOON 1705838400000000000LL /* 2024-01-21T12:00:00Z */
#define SECOND 1000000000LL
#define CONTENT "select 1;\n"

static char dir[64];
static struct pab_error err;

HELPER void setup(void)
{
    strcpy(dir, "/tmp/pab-check-store-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    setenv("TZ", "UTC", 1);
    memset(&err, 0, sizeof err);
}

HELPER void teardown(void)
{
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, dir, &err), PAB_OK);
}

/* DIR/store/NAME; one of four buffers in turn. */
HELPER const char *in_store(const char *name)
{
    static char paths[4][512];
    static unsigned next;
    char *path = paths[next++ % 4];
    snprintf(path, sizeof paths[0], "%s/store/%s", dir, name);
    return path;
}

HELPER int there(const char *name)
{
    struct stat st;
    return lstat(in_store(name), &st) == 0;
}

HELPER struct pab_store *open_store(void)
{
    struct pab_store *s = NULL;
    CLEANUP_FREE char *path = pab_sprintf("%s/store", dir);
    ck_assert_msg(pab_store_open(path, PAB_STORE_CREATE, &s, &err) == PAB_OK, "%s", err.message);
    return s;
}

HELPER void fill_manifest(struct pab_manifest *m, const char *name, int64_t started_ns, const char *status)
{
    pab_manifest_init(m);
    m->name = pab_strdup(name);
    m->job = pab_strdup("nightly");
    m->kind = pab_strdup("full");
    m->status = pab_strdup(status);
    m->host = pab_strdup("box");
    m->engine_version = pab_strdup("1.0.0");
    m->compression = pab_strdup("none");
    m->encryption = pab_strdup("none");
    m->started_ns = started_ns;
    m->finished_ns = started_ns + 2 * SECOND;
}

/* One stream artifact of CONTENT, as if a plugin had given it. 0 or a code. */
HELPER int add_artifact(struct pab_stage *st, struct pab_mf_target *t, const char *stem)
{
    struct pab_mf_artifact a = { .category = PAB_CAT_DATABASES, .kind = PAB_KIND_STREAM, .size = strlen(CONTENT), .content_size = strlen(CONTENT) };
    struct pab_file_spec spec = { .category = PAB_CAT_DATABASES, .target = t->name, .stem = stem, .extension = "sql", .suffix = "" };
    int fd = -1, rc = pab_stage_create(st, &spec, &a.path, &fd, &err);
    if (rc) return rc;
    ck_assert_int_eq(pab_write_all(fd, CONTENT, strlen(CONTENT)), 0);
    ck_assert_int_eq(fsync(fd), 0);
    close(fd);
    a.object = pab_strdup(stem);
    a.media_type = pab_strdup("application/sql");
    a.encoding = pab_strdup("none");
    a.encryption = pab_strdup("none");
    a.started_ns = a.finished_ns = NOON;
    pab_hash_bytes(CONTENT, strlen(CONTENT), a.sha256);
    memcpy(a.content_sha256, a.sha256, sizeof a.sha256);
    pab_kvs_set(&a.counts, "rows", "1");
    PAB_PUSH(&t->artifacts, a);
    return PAB_OK;
}

/* A backup of one target with the artifacts `postgres` and `letta`. The code of the first step that fails. */
HELPER int make_backup(struct pab_store *s, const char *name, int64_t started_ns, const char *status, char **ret_path)
{
    struct pab_stage *st = NULL;
    struct pab_manifest m = { 0 };
    struct pab_mf_target t = { .status = PAB_MF_OK, .started_ns = started_ns, .finished_ns = started_ns + SECOND };
    int rc = pab_stage_begin(s, name, started_ns, &st, &err);
    if (rc) return rc;
    fill_manifest(&m, pab_stage_name(st), started_ns, status);
    t.name = pab_strdup("db");
    t.plugin = pab_strdup("postgres");
    t.plugin_version = pab_strdup("1.0.0");
    rc = add_artifact(st, &t, "postgres");
    if (!rc) rc = add_artifact(st, &t, "letta");
    PAB_PUSH(&m.targets, t);
    if (rc) pab_stage_discard(st);
    else rc = pab_stage_publish(st, &m, ret_path, &err);
    pab_manifest_release(&m);
    return rc;
}

/* The same, and it has to work. */
HELPER void backup(struct pab_store *s, const char *name, int64_t started_ns)
{
    CLEANUP_FREE char *path = NULL;
    ck_assert_msg(make_backup(s, name, started_ns, "complete", &path) == PAB_OK, "%s", err.message);
}

HELPER void put_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "we");
    ck_assert_msg(f != NULL, "%s: %s", path, strerror(errno));
    ck_assert_int_ge(fputs(text, f), 0);
    ck_assert_int_eq(fclose(f), 0);
    ck_assert_int_eq(chmod(path, 0600), 0);
}

/* The end of a forked child. Not _exit: valgrind would look for leaks then, and count what only the parent's registers held. */
HELPER void end_child(int code)
{
    execl("/bin/sh", "sh", "-c", code ? "exit 1" : "exit 0", (char *)NULL);
    _exit(2);
}

HELPER mode_t mode_of(const char *path)
{
    struct stat st;
    ck_assert_int_eq(lstat(path, &st), 0);
    return st.st_mode & 07777;
}

#endif
