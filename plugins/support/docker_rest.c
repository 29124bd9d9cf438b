/* docker_rest.c - see docker_rest.h. */
#include <poll.h>
#include <string.h>
#include "plugins/support/docker_rest.h"

#define ASK_MS 200

json_t *container_record(struct docker *d, const struct container_was *was)
{
    return json_pack("{s:s, s:s, s:s, s:s, s:b, s:b, s:I, s:I}", "undo", "container", "docker", docker_host(d), "id", was->id, "name", was->name,
                     "paused", was->paused, "stopped", was->stopped, "until", (json_int_t)was->until_ns, "wait", (json_int_t)was->wait_ms);
}

struct container_was container_from_record(const json_t *o)
{
    return (struct container_was){ .id = json_text(o, "id"), .name = json_text(o, "name"), .paused = json_flag(o, "paused"), .stopped = json_flag(o, "stopped"),
                                   .until_ns = json_number(o, "until", 0), .wait_ms = json_number(o, "wait", 0) };
}

struct state { int running, paused; };

/* PAB_E_NOT_FOUND: it is gone. */
static int look(struct docker *d, const char *id, struct state *ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *c = NULL;
    int rc = docker_container(d, id, &c, err);
    if (rc) return rc;
    ret->paused = json_flag(c, "State.Paused");
    ret->running = json_flag(c, "State.Running") || ret->paused;
    return PAB_OK;
}

/* Is it as if the order had never come? Then it may still come. */
static int untouched(const struct state *now, const struct container_was *was)
{
    return was->stopped ? now->running : now->running && !now->paused;
}

/* The daemon carries out an order although its client is gone: waits until it is done, or the time is over in which it could be. */
static int settle(struct docker *d, const struct container_was *was, struct state *now, struct pab_error *err)
{
    int64_t left = (was->until_ns - pab_now_ns()) / 1000000;
    int rc = PAB_OK;
    for (int64_t end = pab_monotonic_ms() + (left < was->wait_ms ? left : was->wait_ms); !rc && untouched(now, was) && pab_monotonic_ms() < end;) {
        poll(NULL, 0, ASK_MS); /* not to be cancelled: the container must come back */
        rc = look(d, was->id, now, err);
    }
    return rc;
}

int container_put_back(struct docker *d, const struct container_was *was, int unsure, struct pab_error *err)
{
    struct state now = { 0 };
    int rc = look(d, was->id, &now, err);
    if (!rc && unsure) rc = settle(d, was, &now, err);
    if (!rc && !now.running && was->stopped && !(rc = docker_container_start(d, was->id, err))) rc = look(d, was->id, &now, err);
    if (!rc && now.running && now.paused && !was->paused && !(rc = docker_container_unpause(d, was->id, err))) rc = look(d, was->id, &now, err);
    if (!rc && now.running && !now.paused && was->paused && !(rc = docker_container_pause(d, was->id, err))) rc = look(d, was->id, &now, err);
    if (rc == PAB_E_NOT_FOUND) return rc;
    if (rc) return pab_error_prefix(err, "cannot bring container '%s' back", was->name), rc;
    if (was->stopped && !now.running) return pab_error_set(err, PAB_E_TOOL, 0, "container '%s' was started again but does not run", was->name);
    return PAB_OK;
}

int container_undo(struct pab_op *op, const json_t *o, struct pab_error *err)
{
    struct container_was was = container_from_record(o);
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    int rc = docker_connect(&(struct docker_opts){ .host = json_text(o, "docker"), .cancel_fd = op->host->cancel_fd(op) }, &d, err);
    if (!rc) rc = container_put_back(d, &was, 1, err);
    if (rc == PAB_E_NOT_FOUND) pab_log(op, PAB_LOG_INFO, "container '%s', which a killed run had stopped or paused, is gone", was.name);
    else if (!rc) pab_log(op, PAB_LOG_INFO, "container '%s' is back as it was before a killed run", was.name);
    return rc == PAB_E_NOT_FOUND ? PAB_OK : rc;
}

int container_may_stop(const json_t *inspected, const char *name, struct pab_error *err)
{
    if (json_flag(inspected, "HostConfig.AutoRemove"))
        return pab_error_set(err, PAB_E_REFUSED, 0, "container '%s' would be removed by stopping it (it was made with --rm)", name);
    if (json_object_get(json_at(inspected, "Config.Labels"), "com.docker.swarm.task.id"))
        return pab_error_set(err, PAB_E_REFUSED, 0, "container '%s' belongs to a swarm, which would replace it when stopped", name);
    return PAB_OK;
}

int container_judge_stop(struct docker *d, const char *id, const char *name, int64_t grace_ms, struct pab_error *err)
{
    CLEANUP_JSON json_t *c = NULL;
    int rc = docker_container(d, id, &c, err);
    if (rc) return rc == PAB_E_NOT_FOUND ? PAB_OK : rc; /* it rests for good */
    if (json_flag(c, "State.Running")) return pab_error_set(err, PAB_E_TIMEOUT, 0, "container '%s' does not stop", name);
    if (json_number(c, "State.ExitCode", 0) != 137) return PAB_OK;
    return pab_error_set(err, PAB_E_TIMEOUT, 0, "container '%s' did not stop within %lld s and was killed", name, (long long)(grace_ms / 1000));
}
