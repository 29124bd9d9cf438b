/* volume_fixture.h - an instance of the volume plugin between the fake host and the fake Docker Engine, with a folder of its own. */
#ifndef PAB_TESTS_VOLUME_FIXTURE_H
#define PAB_TESTS_VOLUME_FIXTURE_H

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/volume/volume.h"
#include "tests/fakes/docker.h"
#include "tests/fakes/host.h"
#include "tests/unit/unit.h"

static struct {
    char root[64];               /* a fresh folder; DIR/data is the mountpoint of volume "data" */
    struct fake_docker *docker;
    struct fake_host *host;
    struct pab_config *config;
    const struct pab_plugin *plugin;
    void *instance;
} it;

static void put(const char *path, const void *data, size_t size)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *whole = pab_sprintf("%s/%s", it.root, path);
    CLEANUP_FREE char *dir = pab_strndup(whole, (size_t)(strrchr(whole, '/') - whole));
    ck_assert_int_eq(pab_mkdirs(AT_FDCWD, dir, 0755, &err), PAB_OK);
    ck_assert_int_eq(pab_write_file_atomic(AT_FDCWD, whole, data, size, 0644, &err), PAB_OK);
}
static inline void put_text(const char *path, const char *text) { put(path, text, strlen(text)); }

static inline int is_there(const char *path)
{
    struct stat st;
    CLEANUP_FREE char *whole = pab_sprintf("%s/%s", it.root, path);
    return lstat(whole, &st) == 0;
}

static inline char *text_of(const char *path)
{
    struct pab_error err = { 0 };
    char *text = NULL;
    CLEANUP_FREE char *whole = pab_sprintf("%s/%s", it.root, path);
    ck_assert_msg(pab_read_file(AT_FDCWD, whole, 1 << 20, &text, NULL, &err) == PAB_OK, "%s", err.message);
    return text;
}

static void begin(void)
{
    memset(&it, 0, sizeof it);
    strcpy(it.root, "/tmp/pab-check-volume-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(it.root));
    it.docker = fake_docker_new();
    it.host = fake_host_new();
    it.plugin = pab_plugin_init();
    ck_assert_int_eq(it.plugin->load(fake_table(it.host)), PAB_OK);
    it.config = fake_options(it.host, it.plugin->options, it.plugin->option_count);
}

static inline struct pab_config *add_volume(const char *name, const char *quiesce)
{
    struct pab_config *r = fake_add_record(it.config, "volumes");
    fake_set(r, "name", name);
    if (quiesce) fake_set(r, "quiesce", quiesce);
    return r;
}

static int open_now(void) { return it.plugin->open(fake_op(it.host), it.config, &it.instance); }

/* Volume "data" with one file, and the plugin told of it. */
static inline void begin_docker(const char *quiesce)
{
    begin();
    put_text("data/file", "content");
    CLEANUP_FREE char *dir = pab_sprintf("%s/data", it.root);
    fake_docker_volume(it.docker, "data", dir);
    fake_set(it.config, "docker_host", fake_http_url(it.docker->http));
    add_volume("data", quiesce);
}

/* driver path with folder "data". */
static inline void begin_path(void)
{
    begin();
    fake_set(it.config, "driver", "path");
    fake_set(it.config, "root", it.root);
    add_volume("data", NULL);
}

static inline int backup(void)
{
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    if (!it.instance) ck_assert_msg(open_now() == PAB_OK, "%s", it.host->failure.message);
    int rc = it.plugin->backup(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

static inline int restore(uint32_t flags)
{
    struct pab_restore_req req = { .flags = flags };
    fake_new_verb(it.host);
    fake_restore_req(it.host, &req);
    req.flags = flags;
    int rc = it.plugin->restore(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

static void end(void)
{
    struct pab_error err = { 0 };
    it.plugin->close(it.instance);
    fake_host_free(it.host);
    fake_docker_free(it.docker);
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, it.root, &err), PAB_OK);
}

#endif
