/* trial.c - see trial.h and pab_engine_trial. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/base/vec.h"
#include "core/engine/trial.h"

#define FOLDER_PREFIX ".trial-"

/* ---- which object */

static struct pab_pick *find(const struct pab_picks *p, const char *target)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i].target, target) == 0) return &p->items[i];
    return NULL;
}

const struct pab_pick *pab_pick_of(const struct pab_picks *p, const char *target)
{
    static char why[] = "it holds nothing that could be tried";
    static const struct pab_pick none = { .why = why };
    const struct pab_pick *pick = find(p, target);
    return pick ? pick : &none;
}

/* Less is better; what is empty proves little and comes last. */
static uint64_t rank_of(const struct pab_event *o)
{
    uint64_t n = 1;
    if (o->size != PAB_SIZE_UNKNOWN) n = o->size;
    else
        for (uint64_t i = 0; i < o->attr_count; i++)
            if (strcmp(o->attrs[i].key, "count") == 0) n = strtoull(o->attrs[i].value, NULL, 10);
    return n ? n : UINT64_MAX;
}

void pab_picks_offer(struct pab_picks *io, const struct pab_event *o)
{
    struct pab_pick *pick = find(io, o->target);
    uint64_t rank = rank_of(o);
    if (!pick) {
        PAB_PUSH(io, ((struct pab_pick){ .target = pab_strdup(o->target), .object = pab_strdup(o->object), .rank = rank }));
    } else if (pick->object && rank < pick->rank) {
        free(pick->object);
        pick->object = pab_strdup(o->object);
        pick->rank = rank;
    }
}

void pab_picks_release(struct pab_picks *p)
{
    for (size_t i = 0; i < p->count; i++) {
        free(p->items[i].target);
        free(p->items[i].object);
        free(p->items[i].why);
    }
    free(p->items);
    *p = (struct pab_picks){ 0 };
}

/* A plugin of before 1.1 would back up all it has. */
static void leave_out_old_ones(struct pab_session *s, struct pab_picks *io)
{
    for (size_t t = 0; t < s->job->target_count; t++) {
        const struct pab_loaded *plugin;
        struct pab_error ignored = { 0 };
        if (pab_plugs_get(s->plugs, s->job->targets[t].plugin, &plugin, &ignored) || plugin->p.abi_minor >= 1) continue;
        PAB_PUSH(io, ((struct pab_pick){ .target = pab_strdup(s->job->targets[t].name),
                                         .why = pab_sprintf("only checked: plugin '%s' was built for plugin ABI 1.%u, which cannot back up one object alone", plugin->p.name, plugin->p.abi_minor) }));
    }
}

struct listening { struct pab_picks *picks; struct pab_events outer; };

static void listen(void *ctx, const struct pab_event *e)
{
    struct listening *l = ctx;
    if (e->type == PAB_EV_OBJECT) pab_picks_offer(l->picks, e);
    else if (e->type == PAB_EV_ERROR && l->outer.event) l->outer.event(l->outer.ctx, e);
}

int pab_picks_make(struct pab_session *s, struct pab_picks *ret, struct pab_error *err)
{
    struct listening l = { .picks = ret, .outer = s->events };
    leave_out_old_ones(s, ret);
    s->events = (struct pab_events){ .event = listen, .ctx = &l };
    int code = pab_engine_discover(s, err);
    s->events = l.outer;
    return code;
}

/* ---- into a folder of its own */

/* The backup and the look at it, as lines of the trial: the end of each target, and what went wrong. */
struct passing { struct pab_events outer; size_t failed; };

static void pass_on(void *ctx, const struct pab_event *e)
{
    struct passing *p = ctx;
    const struct pab_events *outer = &p->outer;
    p->failed += e->type == PAB_EV_TARGET_END && e->status == PAB_MF_FAILED;
    int told = e->type == PAB_EV_TARGET_END || e->type == PAB_EV_WARNING || e->type == PAB_EV_ERROR || e->type == PAB_EV_FINDING || e->type == PAB_EV_PROGRESS;
    if (told && outer->event) outer->event(outer->ctx, e);
}

static int back_up_and_verify(struct pab_session *s, struct pab_error *err)
{
    int code = pab_engine_backup(s, &(struct pab_run_opts){ .trial = 1 }, err);
    if (code && code != PAB_EXIT_INCOMPLETE) return code;
    struct pab_error none = { 0 };
    int verified = pab_engine_verify(s, &(struct pab_verify_opts){ .integrity = 1 }, &none);
    if (verified == PAB_EXIT_NO_STORE || none.code == PAB_E_NOT_FOUND) return code; /* not one target could be tried */
    if (verified) *err = none;
    return verified ? verified : code;
}

/* What a killed trial left: a living one holds a lock on its folder. */
static void remove_stale(const struct pab_store *store)
{
    struct pab_error why = { 0 };
    DIR *dir = opendir(pab_store_path(store));
    if (!dir) return;
    for (struct dirent *e; (e = readdir(dir));) {
        if (!pab_str_has_prefix(e->d_name, FOLDER_PREFIX)) continue;
        CLEANUP_CLOSE int fd = openat(dirfd(dir), e->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || flock(fd, LOCK_EX | LOCK_NB)) continue;
        if (pab_remove_tree(dirfd(dir), e->d_name, &why)) pab_logf(PAB_LL_VERBOSE, NULL, "'%s/%s' stays: %s", pab_store_path(store), e->d_name, why.message);
        pab_error_clear(&why);
    }
    closedir(dir);
}

static int in_a_folder(struct pab_session *s, const struct pab_store *store, struct pab_error *err)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/" FOLDER_PREFIX "XXXXXX", pab_store_path(store));
    struct passing passing = { .outer = s->events };
    char *real = s->store_path;
    if (!mkdtemp(path)) {
        pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make '%s'", path);
        return pab_exit_of_error(err);
    }
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd >= 0) flock(fd, LOCK_EX | LOCK_NB); /* see remove_stale */
    s->events = (struct pab_events){ .event = pass_on, .ctx = &passing };
    s->store_path = path;
    int code = back_up_and_verify(s, err);
    s->store_path = real;
    s->events = passing.outer;
    if (passing.failed && code == PAB_EXIT_INCOMPLETE) code = PAB_EXIT_FAILED;
    struct pab_error why = { 0 };
    if (pab_remove_tree(AT_FDCWD, path, &why)) {
        if (!code) *err = why;
        else pab_emit_error(s, "trial", &why);
        return code ? code : PAB_EXIT_FAILED;
    }
    return code;
}

int pab_engine_trial(struct pab_session *s, struct pab_error *err)
{
    struct pab_picks picks = { 0 };
    struct pab_store *store = NULL;
    struct stat st;
    int checked = pab_engine_check(s, err), made = stat(s->store_path, &st) && errno == ENOENT;
    if (checked && checked != PAB_EXIT_INCOMPLETE) return checked;
    int code = pab_picks_make(s, &picks, err);
    if (!code && pab_store_open(s->store_path, PAB_STORE_CREATE, &store, err)) code = err->code == PAB_E_NOT_FOUND ? PAB_EXIT_NO_STORE : pab_exit_of_error(err);
    if (!code) {
        s->picks = &picks;
        remove_stale(store);
        code = in_a_folder(s, store, err);
        s->picks = NULL;
    }
    pab_store_close(store);
    pab_picks_release(&picks);
    if (made) rmdir(s->store_path); /* it is for the first run to make */
    int sound = !code || code == PAB_EXIT_INCOMPLETE;
    pab_emit(&s->events, &(struct pab_event){ .type = PAB_EV_TARGET_END, .target = "trial", .plugin = "", .status = sound ? PAB_MF_OK : PAB_MF_FAILED, .size = PAB_SIZE_UNKNOWN,
                                              .text = sound ? "an object of each target was backed up, verified and removed" : "see above", .error = err->code ? err : NULL });
    return code ? code : checked;
}
