/* scripted.c - a plugin for the engine's tests that does what its options say: gives artifacts, fails, warns, waits, and
 * keeps a note of what was undone. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/include/pab_plugin.h"

static const char *const acts[] = { "ok", "fail", "flaky", "warn", "slow", "journal", "stop", "flood", "strict", "busy", "needed", "half", NULL };
static const struct pab_option options[] = {
    { .key = "act", .type = PAB_OPT_CHOICE, .default_text = "ok", .choices = acts, .help = "what to do in a backup" },
    { .key = "dir", .type = PAB_OPT_PATH, .flags = PAB_OPT_REQUIRED, .help = "folder for notes and restored objects" },
    { .key = "bytes", .type = PAB_OPT_SIZE, .default_text = "100k", .help = "size of each object" },
    { .key = "objects", .type = PAB_OPT_INT, .default_text = "2", .min = 0, .max = 100, .help = "how many objects there are" },
};

struct scripted { const char *act, *dir; uint64_t bytes; int objects; };

static int32_t s_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    struct scripted *s = calloc(1, sizeof *s);
    if (!s) return pab_fail(op, PAB_E_NOMEM, 0, NULL, "no memory");
    *s = (struct scripted){ op->host->config_str(c, "act"), op->host->config_str(c, "dir"), (uint64_t)op->host->config_int(c, "bytes"),
                            (int)op->host->config_int(c, "objects") };
    *ret = s;
    return PAB_OK;
}

static void s_close(void *instance)
{
    free(instance);
}

/* Counts calls in DIR/NAME: the n-th call returns n. */
static int note(const struct scripted *s, const char *name)
{
    char path[4200];
    struct stat st;
    snprintf(path, sizeof path, "%s/%s", s->dir, name);
    int fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    int n = write(fd, "x", 1) == 1 && fstat(fd, &st) == 0 ? (int)st.st_size : -1;
    close(fd);
    return n;
}

static int32_t s_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    struct scripted *s = instance;
    (void)req;
    for (int i = 0; i < s->objects; i++) {
        char id[32];
        snprintf(id, sizeof id, "object%d", i);
        struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = id, .kind = "object", .size = s->bytes };
        if (op->host->object_add(op, &o, NULL, 0)) return PAB_E_IO;
    }
    return PAB_OK;
}

static int32_t give(struct scripted *s, struct pab_op *op, int i)
{
    char id[32], buf[1000];
    struct pab_artifact *a;
    snprintf(id, sizeof id, "object%d", i);
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .stem = id, .extension = "json",
                                   .object = id, .media_type = "application/json", .size_hint = s->bytes };
    int32_t rc = op->host->artifact_begin(op, &d, &a);
    if (rc) return rc;
    for (uint64_t done = 0; done < s->bytes && !rc; done += sizeof buf) {
        memset(buf, 'a' + (int)(done / sizeof buf % 26), sizeof buf);
        rc = op->host->artifact_write(a, buf, s->bytes - done < sizeof buf ? s->bytes - done : sizeof buf);
    }
    if (!rc) rc = op->host->artifact_count(a, "rows", (uint64_t)i + 1);
    if (!rc && i == 0 && strcmp(s->act, "needed") == 0) rc = op->host->artifact_fact(a, "needed_by", "object0\nobject11\nobject1");
    if (rc) {
        op->host->artifact_abort(a);
        return rc;
    }
    return op->host->artifact_commit(a);
}

/* The first object whole, of the second one artifact while another is given up; the first time it says that trying again may help. */
static int32_t half(struct scripted *s, struct pab_op *op)
{
    struct pab_artifact *a;
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_SERVICES, .stem = "other", .extension = "json",
                                   .object = "object1", .media_type = "application/json", .size_hint = PAB_SIZE_UNKNOWN };
    int32_t rc = s_discover(s, op, NULL);
    if (!rc) rc = give(s, op, 0);
    if (!rc) rc = op->host->artifact_begin(op, &d, &a);
    if (rc) return rc;
    rc = give(s, op, 1);
    op->host->artifact_abort(a);
    return rc ? rc : pab_fail(op, note(s, "attempts") < 2 ? PAB_E_UNREACHABLE : PAB_E_IO, 0, NULL, "the second one is broken");
}

/* The service is stopped while the file DIR/stopped is there. */
static int32_t stop(const struct scripted *s, struct pab_op *op, uint64_t *id)
{
    char record[4200];
    snprintf(record, sizeof record, "start %s", s->dir);
    int32_t rc = op->host->journal_add(op, record, id);
    return rc ? rc : note(s, "stopped") < 0 ? pab_fail(op, PAB_E_IO, 0, NULL, "cannot stop") : PAB_OK;
}

static void start(const char *dir)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/stopped", dir);
    unlink(path);
}

static int32_t s_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    struct scripted *s = instance;
    uint64_t id = 0;
    (void)req;
    if (strcmp(s->act, "fail") == 0) {
        if (give(s, op, 0)) return PAB_E_IO;
        return pab_fail(op, PAB_E_IO, 0, "mend it", "told to fail");
    }
    if (strcmp(s->act, "half") == 0) return half(s, op);
    if (strcmp(s->act, "flaky") == 0 && note(s, "attempts") < 3) return pab_fail(op, PAB_E_UNREACHABLE, 0, NULL, "not yet");
    if (strcmp(s->act, "warn") == 0) pab_warn(op, "object0", "something is missing");
    if (strcmp(s->act, "flood") == 0) { /* as many warnings as an object has bytes */
        char text[3000];
        memset(text, 'x', sizeof text);
        for (uint64_t i = 0; i < s->bytes; i++) pab_warn(op, "object0", "warning %d of %.*s: its reason", (int)i, (int)sizeof text, text);
    }
    if (strcmp(s->act, "slow") == 0 && op->host->sleep_ms(op, 60000)) return PAB_E_CANCELLED;
    if (strcmp(s->act, "journal") == 0) {
        char record[4200];
        snprintf(record, sizeof record, "%s/undone", s->dir);
        if (op->host->journal_add(op, record, &id)) return PAB_E_IO;
    }
    if (strcmp(s->act, "stop") == 0 && stop(s, op, &id)) return PAB_E_IO;
    for (int i = 0; i < s->objects; i++) {
        int32_t rc = give(s, op, i);
        if (rc) return rc;
    }
    if (strcmp(s->act, "stop") == 0) start(s->dir);
    return id ? op->host->journal_done(op, id) : PAB_OK;
}

static const struct pab_artifact_info *info_at(const struct pab_artifact_info *list, uint32_t stride, uint32_t i)
{
    return (const struct pab_artifact_info *)(const void *)((const char *)list + (size_t)stride * i);
}

/* Restores an object as the file DIR/OBJECT. */
static int32_t s_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req)
{
    struct scripted *s = instance;
    if (strcmp(s->act, "busy") == 0) return pab_fail(op, PAB_E_BUSY, 0, NULL, "the server is running");
    for (uint32_t i = 0; i < req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_at(req->artifacts, req->artifact_stride, i);
        char path[4200], buf[4096];
        int64_t n;
        struct pab_reader *r;
        snprintf(path, sizeof path, "%s/%s", s->dir, req->as_name ? req->as_name : a->object);
        struct pab_plan p = { .struct_size = sizeof p, .object = a->object, .detail = path, .size = a->content_size,
                              .action = access(path, F_OK) == 0 ? PAB_PLAN_CONFLICT : PAB_PLAN_CREATE };
        if (req->flags & PAB_RESTORE_PLAN) {
            if (op->host->plan_add(op, &p)) return PAB_E_IO;
            continue;
        }
        int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
        int32_t rc = fd < 0 ? pab_fail(op, PAB_E_IO, 0, NULL, "cannot create '%s'", path) : op->host->artifact_open(op, i, PAB_OPEN_DATA, &r);
        while (!rc && (n = op->host->artifact_read(r, buf, sizeof buf)) != 0) {
            if (n < 0) rc = (int32_t)n;
            else if (write(fd, buf, (size_t)n) != n) rc = pab_fail(op, PAB_E_IO, 0, NULL, "cannot write '%s'", path);
        }
        if (fd >= 0) close(fd);
        if (rc) return rc;
        op->host->artifact_close(r);
    }
    return PAB_OK;
}

/* "strict" reads everything, up to the first artifact with something wrong; DIR/bad-OBJECT says that there is. */
static int32_t s_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req)
{
    struct scripted *s = instance;
    for (uint32_t i = 0; strcmp(s->act, "strict") == 0 && i < req->artifact_count; i++) {
        const struct pab_artifact_info *a = info_at(req->artifacts, req->artifact_stride, i);
        char path[4200], buf[4096];
        struct pab_reader *r;
        int64_t n;
        snprintf(path, sizeof path, "%s/bad-%s", s->dir, a->object);
        if (access(path, F_OK) == 0) return pab_fail(op, PAB_E_CORRUPT, 0, NULL, "'%s' is not as it was", a->path);
        int32_t rc = op->host->artifact_open(op, i, PAB_OPEN_DATA, &r);
        if (rc) return rc;
        while ((n = op->host->artifact_read(r, buf, sizeof buf)) > 0) continue;
        op->host->artifact_close(r);
        if (n < 0) return (int32_t)n;
    }
    return PAB_OK;
}

/* The record is the path of a file to make, or "start DIR". */
static int32_t s_recover(struct pab_op *op, const char *record)
{
    if (strncmp(record, "start ", 6) == 0) {
        start(record + 6);
        return PAB_OK;
    }
    int fd = open(record, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) return pab_fail(op, PAB_E_IO, 0, NULL, "cannot create '%s'", record);
    close(fd);
    return PAB_OK;
}

#ifndef TEST_PLUGIN_NAME
#define TEST_PLUGIN_NAME "scripted"
#define TEST_PLUGIN_CAPS PAB_CAP_RENAME
#endif
static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER, .thread_model = PAB_THREADS_PARALLEL, .name = TEST_PLUGIN_NAME, .version = "1.0", .summary = "does what its options say",
    .options = options, .option_count = sizeof options / sizeof *options, .option_stride = sizeof *options, .caps = TEST_PLUGIN_CAPS,
    .categories = PAB_CAT_SERVICES, .open = s_open, .close = s_close, .discover = s_discover, .backup = s_backup, .restore = s_restore,
    .verify = s_verify, .recover = s_recover,
};

const struct pab_plugin *pab_plugin_init(void)
{
    return &plugin;
}
