/* conformance.c - see conformance.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/engine/conformance.h"
#include "core/engine/session.h"

#define MAX_INJECTIONS 12  /* the first dozen host calls: begin, first writes, facts, commit of a small plugin */

struct kit {
    const struct pab_conformance_opts *o;
    char *dir, *job, *folder;        /* private folder, its job file, folder of the plugin */
    const struct pab_loaded *plugin;
    struct pab_plugs *plugs;
    struct pab_strs objects;         /* ids that discover reported */
    uint64_t artifacts;
    size_t failed;
    struct pab_error last_error;     /* of the target, from the events */
    int target_failed;               /* though objects of it may have been kept */
};

static void report(struct kit *k, int passed, const char *name, const char *detail)
{
    k->failed += !passed;
    k->o->report(k->o->report_ctx, passed, name, detail ? detail : "");
}

static void watch(void *ctx, const struct pab_event *e)
{
    struct kit *k = ctx;
    if (e->type == PAB_EV_OBJECT) pab_strs_add(&k->objects, e->object);
    if (e->type == PAB_EV_ARTIFACT) k->artifacts++;
    if (e->type == PAB_EV_ERROR) k->last_error = *e->error;
    if (e->type == PAB_EV_TARGET_END) k->target_failed |= e->status == PAB_MF_FAILED;
}

static int open_session(struct kit *k, struct pab_session **ret, struct pab_error *err)
{
    struct pab_session_opts o = { .job_path = k->job, .plugin_folders = k->folder, .state_dir = k->dir, .resolve_secrets = 1,
                                  .events = { .event = watch, .ctx = k } };
    pab_error_clear(&k->last_error);
    k->target_failed = 0;
    return pab_session_open(&o, ret, err);
}

/* The reason of the last failure, wherever it was told. */
static const char *reason(const struct kit *k, const struct pab_error *err)
{
    return k->last_error.code ? k->last_error.message : err->message;
}

static int write_job(struct kit *k, struct pab_error *err)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_addf(&b, "version: 1\nname: check\nstore: {path: \"%s/store\"}\ntargets:\n  - name: check\n    plugin: %s\n    options:\n", k->dir, k->plugin->p.name);
    if (!k->o->options || !k->o->options[0]) pab_buf_adds(&b, "      {}\n");
    for (size_t i = 0; k->o->options && k->o->options[i]; i++) {
        const char *eq = strchr(k->o->options[i], '=');
        if (!eq) {
            pab_buf_release(&b);
            return pab_error_set(err, PAB_E_USAGE, 0, "--option '%s' is not KEY=VALUE", k->o->options[i]);
        }
        pab_buf_addf(&b, "      %.*s: %s\n", (int)(eq - k->o->options[i]), k->o->options[i], eq + 1);
    }
    int rc = pab_write_file_atomic(AT_FDCWD, k->job, pab_buf_str(&b), b.size, 0600, err);
    pab_buf_release(&b);
    return rc;
}

static int one_backup(struct kit *k, unsigned inject_at, struct pab_error *err)
{
    struct pab_session *s = NULL;
    int code = open_session(k, &s, err);
    if (code) return code;
    s->inject_at = inject_at;
    k->artifacts = 0;
    code = pab_engine_backup(s, &(struct pab_run_opts){ 0 }, err);
    pab_session_close(s);
    return code;
}

static void try_instances(struct kit *k)
{
    struct pab_session *s = NULL;
    struct pab_error err = { 0 };
    struct pab_instance *a = NULL, *b = NULL;
    size_t n;
    int rc = open_session(k, &s, &err);
    if (!rc) rc = pab_session_prepare(s, &a, &n, &err) || pab_session_prepare(s, &b, &n, &err);
    report(k, !rc, "takes the options", reason(k, &err));
    if (!rc) {
        rc = pab_instance_open(s, &a[0], &err) || pab_instance_open(s, &b[0], &err);
        report(k, !rc, "opens two instances side by side", reason(k, &err));
    }
    if (b) pab_instances_free(b, 1);
    if (a) pab_instances_free(a, 1);
    pab_session_close(s);
    k->plugin->p.close(NULL);
    report(k, 1, "close takes NULL", "");
}

static int discover(struct kit *k, struct pab_error *err)
{
    struct pab_session *s = NULL;
    pab_strs_release(&k->objects);
    int code = open_session(k, &s, err);
    if (!code) code = pab_engine_discover(s, err);
    pab_session_close(s);
    return code;
}

static void try_discover(struct kit *k)
{
    struct pab_error err = { 0 };
    int rc = discover(k, &err), unique = 1;
    report(k, !rc, "discovers", reason(k, &err));
    if (rc) return;
    for (size_t i = 0; i < k->objects.count; i++)
        for (size_t j = 0; j < i; j++) unique &= strcmp(k->objects.items[i], k->objects.items[j]) != 0;
    report(k, unique, "object ids are unique", "");
    size_t first = k->objects.count;
    rc = discover(k, &err);
    report(k, !rc && k->objects.count == first, "discovers the same again", reason(k, &err));
}

static int try_backup(struct kit *k)
{
    struct pab_error err = { 0 };
    struct pab_session *s = NULL;
    int code = one_backup(k, 0, &err);
    report(k, (code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE) && k->artifacts, "backs up", reason(k, &err));
    if (code && code != PAB_EXIT_INCOMPLETE) return -1;
    code = open_session(k, &s, &err);
    if (!code) code = pab_engine_verify(s, &(struct pab_verify_opts){ .integrity = 1 }, &err);
    report(k, !code, "its backup verifies", reason(k, &err));
    pab_session_close(s);
    s = NULL;
    code = open_session(k, &s, &err);
    if (!code) code = pab_engine_restore(s, &(struct pab_restore_opts){ .which = "latest", .dry_run = 1 }, &err);
    report(k, !code || code == PAB_EXIT_INCOMPLETE, "plans its restore", reason(k, &err));
    pab_session_close(s);
    return 0;
}

/* The n-th host call of a backup fails: the backup must fail, say so, and publish nothing but objects that stand alone. */
static void try_failures(struct kit *k)
{
    for (unsigned n = 1; n <= MAX_INJECTIONS; n++) {
        struct pab_error err = { 0 };
        int code = one_backup(k, n, &err);
        if ((code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE) && !k->target_failed) {
            int injected = k->last_error.code != PAB_OK;
            if (injected || n == 1) report(k, 0, "passes on a failure of the host", "the backup succeeded although a call of the host had failed");
            break; /* it makes fewer calls than n */
        }
        CLEANUP_FREE char *name = pab_sprintf("passes on a failure of the host's call %u", n);
        report(k, k->last_error.code == PAB_E_IO, name, k->last_error.code == PAB_E_IO ? "" : reason(k, &err));
    }
    struct pab_error err = { 0 };
    int code = one_backup(k, 0, &err);
    report(k, code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE, "backs up again after failures", reason(k, &err));
}

static void try_cancel(struct kit *k)
{
    struct pab_session *s = NULL;
    struct pab_error err = { 0 };
    int code = open_session(k, &s, &err);
    if (!code) {
        s->cancel_at = 1;
        code = pab_engine_backup(s, &(struct pab_run_opts){ 0 }, &err);
    }
    int reported = k->last_error.code == PAB_OK || k->last_error.code == PAB_E_CANCELLED;
    report(k, code == PAB_EXIT_CANCELLED && reported, "stops when cancelled", reason(k, &err));
    pab_session_close(s);
    pab_cancel_reset();
}

static void try_all(struct kit *k)
{
    size_t before = k->failed;
    try_instances(k);
    if (k->failed != before) {
        k->o->report(k->o->report_ctx, -1, "discover, backup, verify, restore, failures, cancellation", "give the options it needs with --option KEY=VALUE");
        return;
    }
    try_discover(k);
    if (try_backup(k)) {
        k->o->report(k->o->report_ctx, -1, "verify, restore, failures, cancellation", "it does not back up");
        return;
    }
    try_failures(k);
    try_cancel(k);
}

int pab_engine_conformance(const struct pab_conformance_opts *o, struct pab_error *err)
{
    struct kit k = { .o = o, .dir = pab_sprintf("/tmp/pabengine-check-XXXXXX") };
    int rc = mkdtemp(k.dir) ? PAB_OK : pab_error_set(err, PAB_E_IO, errno, "cannot make a private folder");
    const char *slash = strrchr(o->file, '/');
    k.folder = slash ? pab_strndup(o->file, slash == o->file ? 1 : (size_t)(slash - o->file)) : pab_strdup(".");
    k.job = pab_sprintf("%s/check.yaml", k.dir);
    k.plugs = pab_plugs_new(k.folder, pab_host_table());
    if (!rc) {
        int bad = pab_plugs_get_path(k.plugs, o->file, &k.plugin, err);
        CLEANUP_FREE char *why = *err->hint ? pab_sprintf("%s; %s", err->message, err->hint) : pab_strdup(err->message);
        report(&k, !bad, "loads, with the right ABI and a sound option table", why);
        pab_error_clear(err);
        if (!bad) rc = write_job(&k, err);
        if (!bad && !rc) try_all(&k);
    }
    struct pab_error ignored = { 0 };
    pab_remove_tree(AT_FDCWD, k.dir, &ignored);
    pab_plugs_free(k.plugs);
    pab_strs_release(&k.objects);
    free(k.job);
    free(k.folder);
    free(k.dir);
    return rc ? pab_exit_of_error(err) : k.failed ? PAB_EXIT_FAILED : PAB_EXIT_OK;
}
