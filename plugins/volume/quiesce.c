/* quiesce.c - what uses a volume is stopped or paused while the volume is read, and put back: see volume.h. Each step is in the
 * journal before it is taken, so that a killed run's containers come back at the next start. */
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugins/volume/volume.h"

#define DOCKER_GRACE_MS 10000
#define MARGIN_MS 5000          /* what an order may take beside the grace */
#define HEALTHY_MS 60000

/* pabengine may itself run in a container, with the socket mounted. */
static int is_own(const struct user *u)
{
    char name[256] = "";
    return !gethostname(name, sizeof name - 1) && strlen(name) == 12 && pab_str_has_prefix(u->id, name);
}

/* The strongest wish of the volumes that this container has. */
static enum volume_quiesce wanted(const struct quiesce *q, size_t user, const struct volume_list *l, int force_stop)
{
    enum volume_quiesce strongest = QUIESCE_NONE;
    for (size_t i = 0; i < l->count; i++) {
        enum volume_quiesce mine = force_stop ? QUIESCE_STOP : l->items[i].spec->quiesce;
        if (mine > strongest && user_has_volume(&q->users, user, l->items[i].name)) strongest = mine;
    }
    return strongest;
}

static int64_t grace_of(const struct quiesce *q, const struct user *u, const json_t *inspected)
{
    for (size_t i = 0; i < q->v->graces.count; i++)
        if (!strcmp(q->v->graces.items[i].container, u->name)) return q->v->graces.items[i].ms;
    if (q->v->stop_ms) return q->v->stop_ms;
    int64_t own = json_number(inspected, "Config.StopTimeout", -1);
    return own >= 0 ? own * 1000 : DOCKER_GRACE_MS;
}

/* What would not come back, or would come back by itself, is not stopped. */
static int may_stop(struct quiesce *q, const struct user *u, const json_t *inspected)
{
    struct pab_error err = { 0 };
    int rc = container_may_stop(inspected, u->name, &err);
    return rc ? pab_fail(q->op, rc, 0, "use quiesce: pause, or none", "%s", err.message) : PAB_OK;
}

static struct container_was was_of(const struct quiesced *s)
{
    return (struct container_was){ .id = s->user->id, .name = s->user->name, .paused = s->user->paused, .stopped = s->stop, .until_ns = s->until_ns, .wait_ms = s->wait_ms };
}

static int note(struct quiesce *q, struct quiesced *s)
{
    s->wait_ms = (s->stop ? s->grace_ms : 0) + MARGIN_MS;
    s->until_ns = pab_now_ns() + s->wait_ms * 1000000;
    struct container_was was = was_of(s);
    return undo_note(q->op, container_record(q->d, &was), &s->journal_id);
}

static int act(struct quiesce *q, struct quiesced *s)
{
    struct pab_error err = { 0 };
    int rc = PAB_OK;
    pab_log(q->op, PAB_LOG_VERBOSE, "%s container '%s'", s->stop ? "stopping" : "pausing", s->user->name);
    s->unsure = 1;
    if (s->stop && s->user->paused) rc = docker_container_unpause(q->d, s->user->id, &err);
    if (!rc) rc = s->stop ? docker_container_stop(q->d, s->user->id, (s->grace_ms + 999) / 1000, &err) : docker_container_pause(q->d, s->user->id, &err);
    s->unsure = rc == PAB_E_TIMEOUT || rc == PAB_E_UNREACHABLE || rc == PAB_E_CANCELLED;
    pab_test_point(s->stop ? "volume-stopped" : "volume-paused");
    if (!rc && s->stop && (rc = container_judge_stop(q->d, s->user->id, s->user->name, s->grace_ms, &err)) == PAB_E_TIMEOUT)
        pab_error_hint(&err, rc, "give it more time with stop_timeout; if it never listens to its stop signal, use quiesce: pause");
    return rc ? sup_fail(q->op, &err) : PAB_OK;
}

static int quiesce_one(struct quiesce *q, struct user *u, int stop)
{
    struct quiesced s = { .user = u, .stop = stop };
    CLEANUP_JSON json_t *c = NULL;
    struct pab_error err = { 0 };
    if (is_own(u) || (u->paused && !stop)) return PAB_OK;
    int rc = docker_container(q->d, u->id, &c, &err);
    if (rc == PAB_E_NOT_FOUND) return PAB_OK;
    if (rc) return sup_fail(q->op, &err);
    s.grace_ms = grace_of(q, u, c);
    if (stop && (rc = may_stop(q, u, c))) return rc;
    if ((rc = note(q, &s))) return rc;
    pab_test_point("volume-journalled");
    PAB_PUSH(&q->done, s);
    return act(q, &q->done.items[q->done.count - 1]);
}

static int deepest_first(const void *a, const void *b)
{
    const struct user *const *x = a, *const *y = b;
    return (*y)->depth - (*x)->depth;
}

int quiesce_begin(struct quiesce *q, const struct volumes *v, struct pab_op *op, struct docker *d, const struct volume_list *l, int force_stop)
{
    struct pab_error err = { 0 };
    *q = (struct quiesce){ .v = v, .op = op, .d = d };
    if (!d) return PAB_OK;
    int rc = users_load(d, &q->users, &err) ? sup_fail(op, &err) : PAB_OK;
    struct user **order = pab_alloc_array(q->users.count + 1, sizeof *order);
    size_t n = 0;
    for (size_t i = 0; i < q->users.count; i++)
        if (q->users.items[i].running && wanted(q, i, l, force_stop) != QUIESCE_NONE) order[n++] = &q->users.items[i];
    qsort(order, n, sizeof *order, deepest_first);
    for (size_t i = 0; !rc && i < n; i++)
        rc = quiesce_one(q, order[i], wanted(q, (size_t)(order[i] - q->users.items), l, force_stop) == QUIESCE_STOP);
    free(order);
    return rc ? quiesce_end(q, rc) : PAB_OK;
}

/* What depends on a healthy one is started only then, as compose does it; one that stays ill is not waited for for ever. */
static void wait_healthy(struct quiesce *q, const struct user *u)
{
    struct pab_error err = { 0 };
    for (int64_t end = pab_monotonic_ms() + HEALTHY_MS; pab_monotonic_ms() < end; poll(NULL, 0, 500)) {
        CLEANUP_JSON json_t *c = NULL;
        if (docker_container(q->d, u->id, &c, &err) || !json_at(c, "State.Health") || !strcmp(json_text(c, "State.Health.Status"), "healthy")) return;
    }
    pab_warn(q->op, NULL, "container '%s' runs again but is not healthy after %d s", u->name, HEALTHY_MS / 1000);
}

/* Does something that is still down wait for this one's health? */
static int is_awaited(const struct quiesce *q, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        CLEANUP_FREE char *condition = q->done.items[k].stop ? user_depends(q->done.items[k].user, q->done.items[i].user) : NULL;
        if (condition && !strcmp(condition, "service_healthy")) return 1;
    }
    return 0;
}

/* The first failure is the verb's; what comes after it is told as a warning. */
static int not_back(struct quiesce *q, const struct pab_error *err, int failed)
{
    static const char hint[] = "start it by hand; the next run of pabengine tries it, too";
    if (!failed) return pab_fail(q->op, err->code, 0, hint, "%s", err->message);
    pab_warn(q->op, NULL, "%s: %s", err->message, hint);
    return failed;
}

static int put_back(struct quiesce *q, size_t i, int failed)
{
    struct quiesced *s = &q->done.items[i];
    struct container_was was = was_of(s);
    struct pab_error err = { 0 };
    pab_log(q->op, PAB_LOG_VERBOSE, "%s container '%s' again", s->stop ? "starting" : "resuming", s->user->name);
    int rc = container_put_back(q->d, &was, s->unsure, &err);
    if (rc == PAB_E_NOT_FOUND) pab_warn(q->op, NULL, "container '%s' was removed while it was %s", s->user->name, s->stop ? "stopped" : "paused");
    else if (rc) return not_back(q, &err, failed);
    pab_test_point("volume-put-back");
    if (!rc && s->stop && is_awaited(q, i)) wait_healthy(q, s->user);
    rc = undo_forget(q->op, s->journal_id);
    return failed ? failed : rc;
}

int quiesce_end(struct quiesce *q, int rc)
{
    int fd = q->d ? docker_set_cancel_fd(q->d, -1) : -1;
    for (size_t i = q->done.count; i > 0; i--) rc = put_back(q, i - 1, rc);
    if (q->d) docker_set_cancel_fd(q->d, fd);
    free(q->done.items);
    users_release(&q->users);
    q->done.items = NULL;
    q->done.count = q->done.capacity = 0;
    return rc;
}
