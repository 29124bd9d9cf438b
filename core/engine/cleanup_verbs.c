/* cleanup_verbs.c - cleanup, pin and unpin as commands: the store opened, locked where that is needed. See cleanup.h. */
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/engine/cleanup.h"
#include "core/engine/session.h"

DEFINE_CLEANUP(store_close, struct pab_store, pab_store_close)

static int exit_of(const struct pab_error *err)
{
    return err->code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
}

static int rules_of(const struct pab_session *s, const struct pab_cleanup_opts *o, struct pab_retention_rules *ret, struct pab_error *err)
{
    *ret = s->job->retention;
    if (o->keep_days) ret->keep_days = o->keep_days;
    if (pab_retention_check(ret, err)) return err->code;
    if (pab_retention_any(ret)) return PAB_OK;
    pab_error_set(err, PAB_E_USAGE, 0, "the job '%s' does not say which backups to keep", s->job->name);
    return pab_error_hint(err, err->code, "name a number of days with --retention, or write retention: into the job");
}

/* With a log of its own, which is not worth failing for: a full disk may be why this is done. */
static int clean(struct pab_session *s, struct pab_store *store, const struct pab_cleanup_how *how, struct pab_cleanup_result *ret, struct pab_error *err)
{
    char stamp[20];
    struct pab_error ignored = { 0 };
    CLEANUP_CLOSE int log = pab_store_open_log(store, "cleanup", pab_format_stamp(pab_now_ns(), stamp, sizeof stamp), &ignored);
    if (log >= 0) pab_log_set_file(log);
    int rc = pab_cleanup_store(s, store, how, ret, err);
    pab_log_set_file(-1);
    return rc;
}

int pab_engine_cleanup(struct pab_session *s, const struct pab_cleanup_opts *o, struct pab_cleanup_result *ret, struct pab_error *err)
{
    struct pab_retention_rules rules;
    struct pab_cleanup_how how = { .rules = &rules, .dry_run = o->dry_run, .trust_clock = o->trust_clock };
    CLEANUP(pab_cleanup_store_close) struct pab_store *store = NULL;
    CLEANUP_FREE char *what = pab_sprintf("cleanup %s", s->job->name);
    int rc = rules_of(s, o, &rules, err);
    if (!rc) rc = pab_store_open(s->store_path, 0, &store, err);
    if (!rc && !o->dry_run && pab_store_lock(store, what, 0, err)) return pab_exit_of_lock(err);
    if (!rc) rc = o->dry_run ? pab_cleanup_store(s, store, &how, ret, err) : clean(s, store, &how, ret, err);
    if (rc) return exit_of(err);
    return ret->refused ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK;
}

static char *name_of(struct pab_store *store, const char *which)
{
    char *latest = strcmp(which, "latest") == 0 ? pab_store_latest(store) : NULL;
    return latest ? latest : pab_strdup(which);
}

int pab_engine_pin(struct pab_session *s, const char *which, const char *reason, char **ret_name, struct pab_error *err)
{
    CLEANUP(pab_cleanup_store_close) struct pab_store *store = NULL;
    if (pab_store_open(s->store_path, 0, &store, err)) return exit_of(err);
    CLEANUP_FREE char *name = name_of(store, which);
    if (pab_store_pin(store, name, reason, err)) return exit_of(err);
    *ret_name = TAKE_PTR(name);
    return PAB_EXIT_OK;
}

int pab_engine_unpin(struct pab_session *s, const char *which, char **ret_name, struct pab_error *err)
{
    CLEANUP(pab_cleanup_store_close) struct pab_store *store = NULL;
    if (pab_store_open(s->store_path, 0, &store, err)) return exit_of(err);
    CLEANUP_FREE char *name = name_of(store, which);
    if (pab_store_unpin(store, name, err)) return exit_of(err);
    *ret_name = TAKE_PTR(name);
    return PAB_EXIT_OK;
}
