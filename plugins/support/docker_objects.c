/* docker_objects.c - volumes and containers; see docker.h. */
#include <poll.h>
#include <string.h>
#include "plugins/support/docker_private.h"

#define SLOW_MS 120000u /* a start or pause may wait for the disk, a driver, a lock of the daemon */

/* A name as one component of a path, or as the value of a parameter. */
#define ENCODED(name) CLEANUP_FREE char *encoded = pab_str_file_name(name)

int docker_volume(struct docker *d, const char *name, json_t **ret, struct pab_error *err)
{
    ENCODED(name);
    return docker_call(d, "GET", NULL, 0, ret, NULL, err, "/volumes/%s", encoded);
}

/* {"label":["x"]}, encoded */
static char *filter(const char *key, const char *value)
{
    CLEANUP_JSON json_t *o = json_pack("{s:[s]}", key, value);
    CLEANUP_FREE char *text = o ? json_line(o) : NULL;
    return pab_str_file_name(text ? text : "{}");
}

static int by_name(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    return strcmp(json_text(*x, "Name"), json_text(*y, "Name"));
}

int docker_volumes(struct docker *d, const char *label, json_t **ret, struct pab_error *err)
{
    CLEANUP_FREE char *only = label ? filter("label", label) : NULL;
    CLEANUP_JSON json_t *answer = NULL;
    int rc = docker_call(d, "GET", NULL, 0, &answer, NULL, err, "/volumes%s%s", only ? "?filters=" : "", only ? only : "");
    if (rc) return rc;
    json_t *list = json_at(answer, "Volumes"), *sorted = json_array();
    size_t n = json_array_size(list);
    json_t **items = pab_alloc_array(n + 1, sizeof *items);
    for (size_t i = 0; i < n; i++) items[i] = json_array_get(list, i);
    qsort(items, n, sizeof *items, by_name);
    for (size_t i = 0; i < n; i++) json_array_append(sorted, items[i]);
    free(items);
    *ret = sorted;
    return PAB_OK;
}

int docker_volume_create(struct docker *d, const char *name, const char *driver, const json_t *labels, const json_t *options,
                         json_t **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *there = NULL;
    CLEANUP_JSON json_t *body = json_pack("{s:s, s:s}", "Name", name, "Driver", driver && *driver ? driver : "local");
    struct pab_error why = { 0 };
    int rc = docker_volume(d, name, &there, &why);
    if (rc == PAB_OK) return pab_error_set(err, PAB_E_EXISTS, 0, "there is a volume '%s' already", name);
    if (rc != PAB_E_NOT_FOUND) return pab_error_set(err, rc, 0, "%s", why.message);
    if (labels) json_object_set(body, "Labels", (json_t *)(uintptr_t)labels);
    if (options) json_object_set(body, "DriverOpts", (json_t *)(uintptr_t)options);
    return docker_call(d, "POST", body, SLOW_MS, ret, NULL, err, "/volumes/create");
}

int docker_volume_remove(struct docker *d, const char *name, struct pab_error *err)
{
    ENCODED(name);
    struct pab_error why = { 0 };
    int rc = docker_call(d, "DELETE", NULL, SLOW_MS, NULL, NULL, &why, "/volumes/%s", encoded);
    return rc && rc != PAB_E_NOT_FOUND ? pab_error_set(err, rc, 0, "%s", why.message) : PAB_OK;
}

int docker_containers_of(struct docker *d, const char *volume, json_t **ret, struct pab_error *err)
{
    CLEANUP_FREE char *only = filter("volume", volume);
    CLEANUP_JSON json_t *list = NULL;
    int rc = docker_call(d, "GET", NULL, 0, &list, NULL, err, "/containers/json?all=1&filters=%s", only);
    if (rc) return rc;
    /* the filter takes a mount's destination, too */
    json_t *users = json_array();
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_t *c = json_array_get(list, i), *mounts = json_at(c, "Mounts");
        for (size_t m = 0; m < json_array_size(mounts); m++) {
            json_t *mount = json_array_get(mounts, m);
            if (strcmp(json_text(mount, "Type"), "volume") || strcmp(json_text(mount, "Name"), volume)) continue;
            json_array_append(users, c);
            break;
        }
    }
    *ret = users;
    return PAB_OK;
}

int docker_container(struct docker *d, const char *id, json_t **ret, struct pab_error *err)
{
    ENCODED(id);
    return docker_call(d, "GET", NULL, 0, ret, NULL, err, "/containers/%s/json", encoded);
}

const char *docker_container_name(const json_t *inspected)
{
    const char *name = json_text(inspected, "Name");
    return name + (name[0] == '/');
}

static int order(struct docker *d, const char *id, const char *what, uint32_t idle_ms, struct pab_error *err)
{
    ENCODED(id);
    return docker_call(d, "POST", NULL, idle_ms, NULL, NULL, err, "/containers/%s/%s", encoded, what);
}

int docker_container_start(struct docker *d, const char *id, struct pab_error *err) { return order(d, id, "start", SLOW_MS, err); }
int docker_container_unpause(struct docker *d, const char *id, struct pab_error *err) { return order(d, id, "unpause", SLOW_MS, err); }

/* "unable to freeze": what starts processes all the time may slip through the kernel's fingers, and be caught the next time. */
int docker_container_pause(struct docker *d, const char *id, struct pab_error *err)
{
    struct pab_error why = { 0 };
    int rc = order(d, id, "pause", SLOW_MS, &why);
    for (int tries = 1; rc == PAB_E_TOOL && tries < 5; tries++) {
        poll(NULL, 0, 200 * tries);
        pab_error_clear(&why);
        rc = order(d, id, "pause", SLOW_MS, &why);
    }
    if (rc && err) *err = why;
    return rc;
}

int docker_container_stop(struct docker *d, const char *id, int64_t grace_s, struct pab_error *err)
{
    CLEANUP_FREE char *what = pab_sprintf("stop?t=%lld", (long long)grace_s);
    return order(d, id, what, (uint32_t)(grace_s * 1000) + SLOW_MS, err);
}

int docker_container_remove(struct docker *d, const char *id, struct pab_error *err)
{
    ENCODED(id);
    struct pab_error why = { 0 };
    int rc = docker_call(d, "DELETE", NULL, SLOW_MS, NULL, NULL, &why, "/containers/%s?force=1", encoded);
    return rc && rc != PAB_E_NOT_FOUND ? pab_error_set(err, rc, 0, "%s", why.message) : PAB_OK;
}

int docker_container_address(struct docker *d, const char *name, char **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *c = NULL;
    int rc = docker_container(d, name, &c, err);
    if (rc == PAB_E_NOT_FOUND) return pab_error_hint(err, pab_error_set(err, rc, 0, "there is no container '%s' at '%s'", name, d->host), "docker ps -a");
    if (rc) return rc;
    if (!json_flag(c, "State.Running")) return pab_error_set(err, PAB_E_UNREACHABLE, 0, "container '%s' is not running", name);
    const char *key, *address = json_text(c, "NetworkSettings.IPAddress");
    json_t *network;
    if (!strcmp(json_text(c, "HostConfig.NetworkMode"), "host")) address = "127.0.0.1";
    json_object_foreach(json_at(c, "NetworkSettings.Networks"), key, network) {
        if (!*address) address = json_text(network, "IPAddress");
    }
    if (!*address) return pab_error_set(err, PAB_E_UNREACHABLE, 0, "container '%s' has no address: it is in no network", name);
    *ret = pab_strdup(address);
    return PAB_OK;
}
