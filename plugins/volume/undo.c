/* undo.c - side effects and their undoing. A record says it all: where the daemon is, what was made or changed, what it was before. */
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include "plugins/volume/volume.h"

#define ASK_MS 200

int undo_note(struct pab_op *op, json_t *record, uint64_t *ret_id)
{
    CLEANUP_FREE char *text = record ? json_line(record) : NULL;
    json_decref(record);
    if (!text) return pab_fail(op, PAB_E_INTERNAL, 0, NULL, "cannot write down what is about to be done: a name is not UTF-8");
    return op->host->journal_add(op, text, ret_id);
}

int undo_forget(struct pab_op *op, uint64_t id) { return op->host->journal_done(op, id); }

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

static int undo_container(struct pab_op *op, struct docker *d, const json_t *o, struct pab_error *err)
{
    struct container_was was = { .id = json_text(o, "id"), .name = json_text(o, "name"), .paused = json_flag(o, "paused"),
                                 .stopped = json_flag(o, "stopped"), .until_ns = json_number(o, "until", 0),
                                 .wait_ms = json_number(o, "wait", 0) };
    int rc = container_put_back(d, &was, 1, err);
    if (rc == PAB_E_NOT_FOUND) pab_log(op, PAB_LOG_INFO, "container '%s', which a killed run had stopped or paused, is gone", was.name);
    else if (!rc) pab_log(op, PAB_LOG_INFO, "container '%s' is back as it was before a killed run", was.name);
    return rc == PAB_E_NOT_FOUND ? PAB_OK : rc;
}

int volume_recover(struct pab_op *op, const char *record)
{
    CLEANUP_JSON json_t *o = NULL;
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    struct pab_error err = { 0 };
    int rc = json_parse(record, strlen(record), "the record", &o, &err);
    const char *kind = json_text(o, "undo"), *host = json_text(o, "docker");
    if (!rc && *host) rc = docker_connect(&(struct docker_opts){ .host = host, .cancel_fd = op->host->cancel_fd(op) }, &d, &err);
    if (rc) return sup_fail(op, &err);
    if (!strcmp(kind, "container") && d) rc = undo_container(op, d, o, &err);
    else if (!strcmp(kind, "helper") && d) rc = docker_container_remove(d, json_text(o, "name"), &err);
    else if (!strcmp(kind, "volume") && d) rc = docker_volume_remove(d, json_text(o, "name"), &err);
    else if (!strcmp(kind, "folder") && json_text(o, "path")[0] == '/') rc = pab_remove_tree(AT_FDCWD, json_text(o, "path"), &err);
    else rc = pab_error_set(&err, PAB_E_UNSUPPORTED, 0, "the record '%s' is of another version of pabengine", record);
    return rc ? sup_fail(op, &err) : PAB_OK;
}
