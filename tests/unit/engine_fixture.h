/* engine_fixture.h - a job with scripted targets (tests/plugins/scripted.c), a real store, and the verbs on both. */
#ifndef PAB_TESTS_ENGINE_FIXTURE_H
#define PAB_TESTS_ENGINE_FIXTURE_H

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cancel.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/engine/engine.h"
#include "core/store/store.h"
#include "tests/unit/unit.h"

#define HELPER __attribute__((unused)) static

static char dir[64], job_path[128], store_path[128];
static struct pab_error err;
static unsigned warning_events __attribute__((unused)), sound_artifacts __attribute__((unused)); /* the latter: that verify found so */
static char finding[256], findings[4096], warnings[2048], plan_object[64], target_error[256]; /* the last finding; all of them, one a line */

static void event(void *ctx, const struct pab_event *e)
{
    (void)ctx;
    if (e->type == PAB_EV_FINDING) {
        snprintf(finding, sizeof finding, "%s: %s", e->path ? e->path : "", e->text);
        snprintf(findings + strlen(findings), sizeof findings - strlen(findings), "%s\n", finding);
    }
    warning_events += e->type == PAB_EV_WARNING;
    if (e->type == PAB_EV_WARNING) snprintf(warnings + strlen(warnings), sizeof warnings - strlen(warnings), "%s\n", e->text);
    sound_artifacts += e->type == PAB_EV_ARTIFACT && e->detail;
    if (e->type == PAB_EV_PLAN) snprintf(plan_object, sizeof plan_object, "%s", e->object ? e->object : e->target);
    if (e->type == PAB_EV_ERROR) snprintf(target_error, sizeof target_error, "%.*s", (int)sizeof target_error - 1, e->error->message);
}

HELPER void setup(void)
{
    snprintf(dir, sizeof dir, "/tmp/pab-engine-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(job_path, sizeof job_path, "%s/job.yaml", dir);
    snprintf(store_path, sizeof store_path, "%s/store", dir);
    memset(&err, 0, sizeof err);
    finding[0] = findings[0] = warnings[0] = plan_object[0] = target_error[0] = 0;
    warning_events = sound_artifacts = 0;
    pab_cancel_reset();
}

HELPER void teardown(void)
{
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, dir, &err), PAB_OK);
}

static const char *compression = "gzip"; /* of the jobs that are written next */

/* One target a line: "NAME ACT [more keys]". */
HELPER void write_job(const char *const *targets)
{
    FILE *f = fopen(job_path, "w");
    ck_assert_ptr_nonnull(f);
    fprintf(f, "version: 1\nstore: {path: store, compression: %s}\ntargets:\n", compression);
    for (; *targets; targets++) {
        char name[32], act[64], more[128] = "";
        sscanf(*targets, "%31s %63s %127[^\n]", name, act, more);
        fprintf(f, "  - name: %s\n    plugin: %s\n%s%s%s    options: {act: %s, dir: \"%s\"}\n", name, strcmp(act, "half") ? "scripted" : "standalone",
                *more ? "    " : "", more, *more ? "\n" : "", act, dir);
    }
    fclose(f);
}
#define JOB(...) write_job((const char *const[]){ __VA_ARGS__, NULL })

HELPER struct pab_session *session(uint32_t categories)
{
    struct pab_session *s = NULL;
    char state[96];
    snprintf(state, sizeof state, "%s/state", dir);
    struct pab_session_opts o = { .job_path = job_path, .plugin_folders = TEST_BUILDDIR "/tests/plugins/.libs", .state_dir = state, .categories = categories,
                                  .resolve_secrets = 1, .events = { .event = event } };
    int code = pab_session_open(&o, &s, &err);
    ck_assert_msg(code == 0, "session: %s", err.message);
    return s;
}

HELPER int backup_named(const char *name)
{
    struct pab_session *s = session(PAB_CAT_ALL);
    int code = pab_engine_backup(s, &(struct pab_run_opts){ .name = name }, &err);
    pab_session_close(s);
    return code;
}

HELPER int verify(int integrity)
{
    struct pab_session *s = session(PAB_CAT_ALL);
    int code = pab_engine_verify(s, &(struct pab_verify_opts){ .integrity = integrity }, &err);
    pab_session_close(s);
    return code;
}

HELPER int restore(const struct pab_restore_opts *o)
{
    struct pab_session *s = session(PAB_CAT_ALL);
    int code = pab_engine_restore(s, o, &err);
    pab_session_close(s);
    return code;
}

HELPER struct pab_backup_list backups(void)
{
    struct pab_store *store = NULL;
    struct pab_backup_list list = { 0 };
    if (pab_store_open(store_path, 0, &store, &err)) return list;
    ck_assert_int_eq(pab_store_list(store, &list, &err), PAB_OK);
    pab_store_close(store);
    return list;
}

HELPER size_t backup_count(void)
{
    struct pab_backup_list list = backups();
    size_t n = list.count;
    pab_backup_list_release(&list);
    return n;
}

/* Where `latest` points, or "" */
HELPER const char *latest(void)
{
    static char name[256];
    char path[160];
    snprintf(path, sizeof path, "%s/latest", store_path);
    ssize_t n = readlink(path, name, sizeof name - 1);
    name[n < 0 ? 0 : n] = 0;
    return name;
}

HELPER int exists(const char *name)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", dir, name);
    return access(path, F_OK) == 0;
}

/* As a child process that is killed when it passes POINT:N; 1 when it was, 0 when it came to its end before. */
HELPER int killed_at(const char *point)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        pab_test_kill_at(point);
        backup_named("killed");
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

#endif
