/* service.c - the server stopped and started again, as a container or by commands. What is about to be stopped is in the journal first, so
 * that the server of a killed run comes back at the next start of pabengine. Whether it runs is told by its store_lock: the server
 * holds a lock on that file for as long as it may write. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

#define ASK_MS 250
#define MARGIN_MS 5000

int data_is_locked(const char *data_dir)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/databases/store_lock", data_dir);
    CLEANUP_CLOSE int fd = open(path, O_RDWR | O_CLOEXEC);
    struct flock l = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    if (fd < 0) return errno != ENOENT && errno != ENOTDIR ? -1 : 0;
    return fcntl(fd, F_GETLK, &l) ? -1 : l.l_type != F_UNLCK;
}

/* Where the container keeps /data on this machine. */
static char *mounted_data(struct docker *d, const json_t *inspected)
{
    size_t i;
    json_t *m;
    json_array_foreach(json_at(inspected, "Mounts"), i, m) {
        const char *to = json_text(m, "Destination"), *from = json_text(m, "Source");
        if (!strcmp(to, "/data") && docker_is_local(d) && !access(from, R_OK | X_OK)) return pab_strdup(from);
    }
    return NULL;
}

static int find_container(struct stopped *s, struct pab_error *err)
{
    CLEANUP_JSON json_t *c = NULL;
    const struct neo4j *n = s->n;
    int rc = docker_connect(&(struct docker_opts){ .host = n->docker_host, .context = n->context, .cancel_fd = s->op->host->cancel_fd(s->op) }, &s->docker, err);
    if (!rc) rc = docker_container(s->docker, n->container, &c, err);
    if (!rc) rc = container_may_stop(c, n->container, err);
    if (rc) return rc;
    s->id = pab_strdup(json_text(c, "Id"));
    s->was_running = json_flag(c, "State.Running");
    s->was = (struct container_was){ .id = s->id, .name = n->container, .paused = json_flag(c, "State.Paused"), .stopped = 1 };
    if (!s->data_dir) s->data_dir = mounted_data(s->docker, c);
    return PAB_OK;
}

int service_find(const struct neo4j *n, struct pab_op *op, struct stopped *s)
{
    struct pab_error err = { 0 };
    *s = (struct stopped){ .n = n, .op = op, .data_dir = pab_strdup(n->data_dir) };
    int rc = n->container ? find_container(s, &err) : PAB_OK;
    if (rc) return sup_fail(op, &err);
    if (!s->data_dir)
        return pab_fail(op, PAB_E_CONFIG, 0, "give it as option data_dir", "the data folder of container '%s' cannot be read on this machine", n->container ? n->container : "");
    if (n->container) return PAB_OK;
    int locked = data_is_locked(s->data_dir);
    if (locked < 0) return pab_fail(op, PAB_E_AUTH, errno, "run as root or as the user of the server", "cannot tell whether '%s' is in use", s->data_dir);
    s->was_running = locked;
    if (locked && !n->stop.count)
        return pab_fail(op, PAB_E_BUSY, 0, "stop it, or say how with option service or container", "the server is running: '%s' is in use", s->data_dir);
    return PAB_OK;
}

void service_release(struct stopped *s)
{
    docker_free(s->docker);
    free(s->id);
    free(s->data_dir);
    memset(s, 0, sizeof *s);
}

static json_t *texts(const struct pab_strs *list)
{
    json_t *ret = json_array();
    for (size_t i = 0; i < list->count; i++) json_array_append_new(ret, json_string(list->items[i]));
    return ret;
}

/* All that another process needs to bring the server back and to see that it is. */
static json_t *make_record(struct stopped *s)
{
    struct rest_opts at = { 0 };
    rest_options(s->op, s->n->config, &at);
    json_t *o = s->docker ? container_record(s->docker, &s->was)
                          : json_pack("{s:s, s:s, s:o, s:I, s:I}", "undo", "service", "data", s->data_dir, "start", texts(&s->n->start), "until",
                                      (json_int_t)s->was.until_ns, "wait", (json_int_t)s->was.wait_ms);
    json_t *more = json_pack("{s:s, s:s, s:b, s:I}", "url", at.url, "ca_file", at.ca_file ? at.ca_file : "", "insecure", at.insecure, "ready", (json_int_t)s->n->start_ms);
    if (o && (!more || json_object_update(o, more))) {
        json_decref(o);
        o = NULL;
    }
    json_decref(more);
    return o;
}

static int note(struct stopped *s)
{
    s->was.wait_ms = s->n->stop_ms + MARGIN_MS;
    s->was.until_ns = pab_now_ns() + s->was.wait_ms * 1000000;
    CLEANUP_JSON json_t *o = make_record(s);
    CLEANUP_FREE char *text = o ? json_line(o) : NULL;
    if (!text) return pab_fail(s->op, PAB_E_INTERNAL, 0, NULL, "cannot write down what is about to be done: a name is not UTF-8");
    return s->op->host->journal_add(s->op, text, &s->journal_id);
}

static int run_command(const struct pab_strs *argv, const char *what, int cancel_fd, struct pab_error *err)
{
    struct pab_proc *p = NULL;
    int rc = pab_proc_start(&(struct pab_proc_opts){ .argv = (const char *const *)argv->items, .what = what, .cancel_fd = cancel_fd }, &p, err);
    return rc ? rc : pab_proc_finish(p, err);
}

static int wait_unlocked(const char *data_dir, int64_t ms, struct pab_error *err)
{
    for (int64_t end = pab_monotonic_ms() + ms; data_is_locked(data_dir); poll(NULL, 0, ASK_MS))
        if (pab_monotonic_ms() >= end) return pab_error_set(err, PAB_E_TIMEOUT, 0, "the server did not stop within %lld s: '%s' is still in use", (long long)(ms / 1000), data_dir);
    return PAB_OK;
}

static int stop_container(struct stopped *s, struct pab_error *err)
{
    int rc = PAB_OK;
    if (s->was.paused) rc = docker_container_unpause(s->docker, s->id, err);
    if (!rc) rc = docker_container_stop(s->docker, s->id, (s->n->stop_ms + 999) / 1000, err);
    s->unsure = rc == PAB_E_TIMEOUT || rc == PAB_E_UNREACHABLE || rc == PAB_E_CANCELLED;
    return rc ? rc : container_judge_stop(s->docker, s->id, s->n->container, s->n->stop_ms, err);
}

int service_stop(struct stopped *s)
{
    struct pab_error err = { 0 };
    if (!s->was_running) return PAB_OK;
    int rc = note(s);
    if (rc) return rc;
    s->noted = 1;
    pab_test_point("neo4j-journalled");
    pab_log(s->op, PAB_LOG_VERBOSE, "stopping the server");
    rc = s->docker ? stop_container(s, &err) : run_command(&s->n->stop, "the command that stops the server", s->op->host->cancel_fd(s->op), &err);
    if (!rc) rc = wait_unlocked(s->data_dir, s->n->stop_ms, &err);
    if (rc == PAB_E_TIMEOUT && !err.hint[0]) pab_error_hint(&err, rc, "give it more time with stop_timeout");
    pab_test_point("neo4j-stopped");
    return rc ? sup_fail(s->op, &err) : PAB_OK;
}

static int is_answering(struct rest *r)
{
    struct pab_error err = { 0 };
    return rest_json(r, &(struct rest_req){ .path = "/", .timeout_ms = 5000 }, NULL, &err) == PAB_OK;
}

/* Started is not yet ready: whoever comes next finds it as it was. */
static int wait_ready(struct pab_op *op, struct rest_opts *o, int64_t ms, struct pab_error *err)
{
    CLEANUP_REST struct rest *r = NULL;
    o->service = "neo4j";
    o->attempts = 1;
    int rc = rest_open(op, o, &r, err);
    if (rc) return rc;
    rest_deafen(r);
    for (int64_t end = pab_monotonic_ms() + ms; !is_answering(r); poll(NULL, 0, 2 * ASK_MS))
        if (pab_monotonic_ms() >= end) return pab_error_set(err, PAB_E_TIMEOUT, 0, "the server was started again but does not answer after %lld s", (long long)(ms / 1000));
    return PAB_OK;
}

static int put_back(struct stopped *s, struct pab_error *err)
{
    if (s->docker) {
        docker_set_cancel_fd(s->docker, -1);
        return container_put_back(s->docker, &s->was, s->unsure, err);
    }
    if (data_is_locked(s->data_dir) > 0) return PAB_OK; /* it never stopped */
    return run_command(&s->n->start, "the command that starts the server", 0, err);
}

int service_start(struct stopped *s, int failed)
{
    static const char hint[] = "start it by hand; the next run of pabengine tries it, too";
    struct rest_opts at = { 0 };
    struct pab_error err = { 0 };
    if (!s->noted) return failed;
    rest_options(s->op, s->n->config, &at);
    pab_log(s->op, PAB_LOG_VERBOSE, "starting the server again");
    int rc = put_back(s, &err);
    if (!rc) rc = wait_ready(s->op, &at, s->n->start_ms, &err);
    if (!rc) rc = s->op->host->journal_done(s->op, s->journal_id);
    else if (!failed) rc = pab_fail(s->op, err.code, 0, hint, "%s", err.message);
    else pab_warn(s->op, NULL, "%s: %s", err.message, hint);
    s->noted = 0;
    return failed ? failed : rc;
}

static int undo_service(struct pab_op *op, const json_t *o, struct pab_error *err)
{
    struct pab_strs argv = { 0 };
    size_t i;
    json_t *v;
    const char *data = json_text(o, "data");
    int64_t left = (json_number(o, "until", 0) - pab_now_ns()) / 1000000, wait = json_number(o, "wait", 0);
    json_array_foreach(json_object_get(o, "start"), i, v) pab_strs_add(&argv, json_string_value(v) ? json_string_value(v) : "");
    int rc = argv.count && *data ? PAB_OK : pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the record of a stopped server is of another version of pabengine");
    /* The stopping of a killed run may still be under way. */
    if (!rc && (left <= 0 || wait_unlocked(data, left < wait ? left : wait, NULL) == PAB_OK) && data_is_locked(data) <= 0) {
        rc = run_command(&argv, "the command that starts the server", op->host->cancel_fd(op), err);
        if (!rc) pab_log(op, PAB_LOG_INFO, "the Neo4j server that a killed run had stopped is started again");
    }
    pab_strs_release(&argv);
    return rc;
}

/* A run that follows at once must not take a server that is only just starting for one that is down. */
static void wait_recovered(struct pab_op *op, const json_t *o)
{
    const char *ca_file = json_text(o, "ca_file");
    struct rest_opts at = { .url = json_text(o, "url"), .ca_file = *ca_file ? ca_file : NULL, .insecure = json_flag(o, "insecure") };
    struct pab_error err = { 0 };
    if (wait_ready(op, &at, json_number(o, "ready", 0), &err)) pab_log(op, PAB_LOG_INFO, "%s", err.message);
}

int neo4j_recover(struct pab_op *op, const char *record)
{
    CLEANUP_JSON json_t *o = NULL;
    struct pab_error err = { 0 };
    int rc = json_parse(record, strlen(record), "the record", &o, &err);
    const char *kind = json_text(o, "undo");
    int is_container = !strcmp(kind, "container"), is_service = !strcmp(kind, "service");
    if (!rc && is_container) rc = container_undo(op, o, &err);
    else if (!rc && is_service) rc = undo_service(op, o, &err);
    else if (!rc && !strcmp(kind, "databases")) rc = aside_undo(o, &err);
    else if (!rc && !strcmp(kind, "folder") && json_text(o, "path")[0] == '/') rc = pab_remove_tree(AT_FDCWD, json_text(o, "path"), &err);
    else if (!rc) rc = pab_error_set(&err, PAB_E_UNSUPPORTED, 0, "the record '%s' is of another version of pabengine", record);
    if (!rc && (is_container || is_service)) wait_recovered(op, o);
    return rc ? sup_fail(op, &err) : PAB_OK;
}
