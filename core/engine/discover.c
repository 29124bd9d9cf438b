/* discover.c - what is there (discover, run --dry-run) and whether a run would work (check). Changes nothing. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/buf.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/engine/notifier.h"
#include "core/engine/opctx.h"
#include "core/engine/space.h"
#include "core/engine/status.h"

static int call_discover(struct pab_opctx *c, struct pab_op *op, void *arg)
{
    (void)arg;
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = c->categories };
    return c->instance->plugin->p.discover(c->instance->data, op, &req);
}

static int call_check(struct pab_opctx *c, struct pab_op *op, void *arg)
{
    (void)arg;
    struct pab_check_req req = { .struct_size = sizeof req };
    return c->instance->plugin->p.check ? c->instance->plugin->p.check(c->instance->data, op, &req) : PAB_OK;
}

static int judge_down(const struct pab_opctx *c, struct pab_error *err)
{
    CLEANUP(pab_buf_release) struct pab_buf text = PAB_BUF_INIT(4096);
    for (size_t i = 0; i < c->down.count; i++) pab_buf_addf(&text, "%s%s", i ? ", " : "", c->down.items[i]);
    return c->down.count ? pab_error_set(err, PAB_E_UNREACHABLE, 0, "%s", pab_buf_str(&text)) : PAB_OK;
}

/* One verb over all targets; counts failures. for_health: what a check names as down is one. */
static int over_targets(struct pab_session *s, enum pab_verb verb, int for_health, size_t *failed, size_t *warned, struct pab_error *err)
{
    struct pab_instance *list;
    size_t n;
    struct pab_traffic traffic = { 0 };
    if (pab_session_prepare(s, &list, &n, err)) return err->code;
    for (size_t i = 0; i < n && !pab_cancelled(); i++) {
        struct pab_error why = { 0 };
        struct pab_opctx c;
        uint32_t writes = list[i].plugin->p.categories;
        if (writes && !(writes & s->categories)) continue;
        int64_t start = pab_monotonic_ms();
        pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_TARGET_START, .target = list[i].target->name, .plugin = list[i].plugin->p.name });
        pab_opctx_init(&c, s, &list[i], &traffic);
        int rc = pab_instance_open(s, &list[i], &why);
        if (!rc) rc = pab_opctx_call(&c, verb, list[i].target->timeout_ms, verb == PAB_VERB_CHECK ? call_check : call_discover, NULL, &why);
        if (!rc && for_health) rc = judge_down(&c, &why);
        if (rc) {
            (*failed)++;
            pab_emit_error(s, list[i].target->name, &why);
        }
        if (c.warnings) (*warned)++;
        CLEANUP_FREE char *text = verb == PAB_VERB_CHECK ? pab_strdup("answers")
            : pab_sprintf("%llu %s%s", (unsigned long long)c.objects, c.object_kind ? c.object_kind : "object", c.objects == 1 ? "" : "s");
        pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = list[i].target->name, .plugin = list[i].plugin->p.name,
                                                  .status = rc ? PAB_MF_FAILED : c.warnings ? PAB_MF_WARNING : PAB_MF_OK, .text = text,
                                                  .size = verb == PAB_VERB_CHECK ? PAB_SIZE_UNKNOWN : c.size, .error = rc ? &why : NULL, .ms = pab_monotonic_ms() - start });
        pab_opctx_release(&c);
    }
    pab_instances_free(list, n);
    return pab_cancelled() ? pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled") : PAB_OK;
}

static int exit_code(size_t failed, size_t warned)
{
    return failed ? PAB_EXIT_FAILED : warned ? PAB_EXIT_INCOMPLETE : PAB_EXIT_OK;
}

int pab_engine_discover(struct pab_session *s, struct pab_error *err)
{
    size_t failed = 0, warned = 0;
    if (over_targets(s, PAB_VERB_DISCOVER, 0, &failed, &warned, err)) return pab_exit_of_error(err);
    return exit_code(failed, 0);
}

/* The nearest folder above that exists: where the store would be made. Caller frees. */
static char *existing_parent(const char *path)
{
    char *p = pab_strdup(path);
    struct stat st;
    while (stat(p, &st) && strcmp(p, "/") != 0) {
        char *slash = strrchr(p, '/');
        if (!slash) break;
        if (slash == p) slash[1] = 0;
        else *slash = 0;
    }
    return p;
}

static int check_store(struct pab_session *s, struct pab_error *err)
{
    struct stat st;
    CLEANUP_FREE char *where = existing_parent(s->store_path);
    if (stat(where, &st) || !S_ISDIR(st.st_mode))
        return pab_error_set(err, PAB_E_IO, ENOTDIR, "the store '%s' cannot be: '%s'", s->store_path, where);
    if (access(where, W_OK | X_OK)) return pab_error_set(err, PAB_E_IO, errno, "the store '%s' cannot be written", s->store_path);
    if (strcmp(where, s->store_path) != 0) return pab_space_check_new(s, where, err); /* will be made by the first run */
    struct pab_store *store = NULL;
    int rc = pab_store_open(s->store_path, 0, &store, err);
    struct pab_backup_list list = { 0 };
    if (!rc) rc = pab_store_list_heads(store, &list, err);
    if (!rc) rc = pab_space_check(s, store, &list, 0, err);
    pab_backup_list_release(&list);
    pab_store_close(store);
    return rc;
}

int pab_engine_check(struct pab_session *s, struct pab_error *err)
{
    size_t failed = 0, warned = 0;
    if (over_targets(s, PAB_VERB_CHECK, 0, &failed, &warned, err)) return pab_exit_of_error(err);
    struct pab_error why = { 0 };
    int rc = check_store(s, &why);
    if (rc) {
        failed++;
        pab_emit_error(s, "store", &why);
    }
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = "store", .plugin = "directory", .status = rc ? PAB_MF_FAILED : PAB_MF_OK,
                                              .text = "can be written and has room", .size = PAB_SIZE_UNKNOWN, .error = rc ? &why : NULL });
    if (s->job->notify_count) {
        struct pab_error fault = { 0 };
        size_t faults = pab_notifier_check(s, &fault);
        failed += faults;
        pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = "notify", .plugin = "", .status = faults ? PAB_MF_FAILED : PAB_MF_OK,
                                                  .text = "complete; nobody was told anything", .size = PAB_SIZE_UNKNOWN, .error = faults ? &fault : NULL });
    }
    return exit_code(failed, warned);
}

/* The store as something that must be up, too: 1 when it holds a complete backup in time. *ret_text: what it is like. */
static int store_is_well(struct pab_session *s, char **ret_text, struct pab_error *err)
{
    struct pab_status st = { 0 };
    char age[32];
    int code = pab_engine_status(s, &st, err), ok = code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE;
    if (ok && !st.complete) ok = !pab_error_set(err, PAB_E_NOT_FOUND, 0, "the store holds no complete backup of this job");
    else if (ok && st.late) ok = !pab_error_set(err, PAB_E_TIMEOUT, 0, "the last good backup of a target is too old, or there is none; see status");
    if (st.complete) *ret_text = pab_sprintf("last complete backup %s ago", pab_format_ms((pab_now_ns() - st.complete_ns) / 1000000, age, sizeof age));
    pab_status_release(&st);
    return ok;
}

int pab_engine_health(struct pab_session *s, struct pab_error *err)
{
    size_t failed = 0, warned = 0;
    struct pab_error why = { 0 };
    CLEANUP_FREE char *text = NULL;
    if (over_targets(s, PAB_VERB_CHECK, 1, &failed, &warned, err)) return pab_exit_of_error(err);
    int ok = store_is_well(s, &text, &why);
    if (!ok) pab_emit_error(s, "store", &why);
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = "store", .plugin = "directory", .status = ok ? PAB_MF_OK : PAB_MF_FAILED,
                                              .text = text, .size = PAB_SIZE_UNKNOWN, .error = ok ? NULL : &why });
    return failed || !ok ? PAB_EXIT_FAILED : PAB_EXIT_OK;
}
