/* docker.c - see docker.h. */
#include "tests/fakes/docker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* An answer that lives as long as the server. Takes the reference. */
static struct fake_answer json_answer(struct fake_docker *d, int status, json_t *o)
{
    char *text = json_dumps(o, JSON_COMPACT | JSON_ENCODE_ANY);
    json_decref(o);
    if (d->text_count == sizeof d->texts / sizeof *d->texts) abort();
    d->texts[d->text_count++] = text;
    return (struct fake_answer){ .status = status, .body = text };
}

static struct fake_answer message(struct fake_docker *d, int status, const char *text)
{
    return json_answer(d, status, json_pack("{s:s}", "message", text));
}

static const char *status_of(const struct fake_container *c) { return c->paused ? "paused" : c->running ? "running" : "exited"; }

static json_t *labels_of(const struct fake_container *c)
{
    json_t *o = json_object();
    if (c->project) json_object_set_new(o, "com.docker.compose.project", json_string(c->project));
    if (c->service) json_object_set_new(o, "com.docker.compose.service", json_string(c->service));
    if (c->depends_on) json_object_set_new(o, "com.docker.compose.depends_on", json_string(c->depends_on));
    return o;
}

static json_t *list_containers(struct fake_docker *d)
{
    json_t *list = json_array();
    for (size_t i = 0; i < d->container_count; i++) {
        struct fake_container *c = &d->containers[i];
        char slashed[40], status[40];
        if (c->running) snprintf(status, sizeof status, "Up 5 minutes%s", c->unhealthy ? " (unhealthy)" : "");
        else snprintf(status, sizeof status, "Exited (%d) 5 minutes ago", c->exit_code);
        snprintf(slashed, sizeof slashed, "/%s", c->name);
        if (!c->gone)
            json_array_append_new(list, json_pack("{s:s, s:[s], s:s, s:s, s:o, s:[{s:s, s:s, s:s}]}", "Id", c->id, "Names", slashed, "State", status_of(c), "Status", status, "Labels",
                                                  labels_of(c), "Mounts", "Type", "volume", "Name", c->volume, "Destination", "/d"));
    }
    return list;
}

static json_t *inspect(const struct fake_container *c)
{
    json_t *o = json_pack("{s:s, s:s, s:{s:s, s:b, s:b, s:i}, s:{s:o}, s:{s:b}}", "Id", c->id, "Name", c->name, "State", "Status", status_of(c), "Running", c->running,
                          "Paused", c->paused, "ExitCode", c->exit_code, "Config", "Labels", labels_of(c), "HostConfig", "AutoRemove", c->auto_remove);
    if (c->grace_s) json_object_set_new(json_object_get(o, "Config"), "StopTimeout", json_integer(c->grace_s));
    return o;
}

static void did(struct fake_docker *d, const char *what, const struct fake_container *c)
{
    size_t n = strlen(d->did);
    snprintf(d->did + n, sizeof d->did - n, "%s %s, ", what, c->name);
}

static void stop(struct fake_docker *d, struct fake_container *c)
{
    did(d, "stop", c);
    if (c->survives_stop) return;
    c->running = c->paused = 0;
    c->exit_code = c->ignores_stop ? 137 : 0;
    c->gone = c->gone_when_stopped;
}

static void pause_now(struct fake_docker *d, struct fake_container *c)
{
    did(d, "pause", c);
    c->paused = 1;
}

static struct fake_answer order(struct fake_docker *d, struct fake_container *c, const char *what)
{
    struct fake_answer done = { .status = 204 };
    int late = c->late && (!strncmp(what, "stop", 4) || !strcmp(what, "pause"));
    if (late) {
        c->pending = what[0];
        return (struct fake_answer){ .drop = 1 };
    }
    if (!strncmp(what, "stop", 4)) {
        if (!c->running) return (struct fake_answer){ .status = 304 };
        stop(d, c);
    } else if (!strcmp(what, "start")) {
        if (c->fails_start) return message(d, 500, "no such image");
        did(d, "start", c);
        c->running = !c->stays_down;
    } else if (!strcmp(what, "pause")) {
        if (!c->running || c->paused) return message(d, 409, "not running");
        pause_now(d, c);
    } else if (!strcmp(what, "unpause")) {
        if (!c->paused) return message(d, 500, "not paused");
        did(d, "unpause", c);
        c->paused = 0;
    }
    return done;
}

/* What was asked and lost comes about at last. */
static void catch_up(struct fake_docker *d, struct fake_container *c)
{
    if (!c->pending || --c->late > 0) return;
    if (c->pending == 's') stop(d, c);
    else pause_now(d, c);
    c->pending = 0;
}

static int about_container(struct fake_docker *d, const char *request, struct fake_answer *ret)
{
    char id[80], rest[80] = "";
    const char *at = strstr(request, "/containers/");
    if (!at || sscanf(at, "/containers/%79[^/?]/%79s", id, rest) < 2) return 0;
    for (size_t i = 0; i < d->container_count; i++) {
        struct fake_container *c = &d->containers[i];
        if (strcmp(c->id, id) && strcmp(c->name, id)) continue;
        if (c->gone) *ret = message(d, 404, "No such container");
        else if (!strcmp(rest, "json")) catch_up(d, c), *ret = json_answer(d, 200, inspect(c));
        else if (!strncmp(request, "POST", 4)) *ret = order(d, c, rest);
        else return 0;
        return 1;
    }
    return 0;
}

static json_t *volume_json(struct fake_docker *d, size_t i)
{
    char created[32];
    snprintf(created, sizeof created, "made %u", d->volumes[i].made);
    return json_pack("{s:s, s:s, s:s, s:O?, s:O?, s:s}", "Name", d->volumes[i].name, "Driver", d->volumes[i].driver, "Mountpoint", d->volumes[i].mountpoint,
                     "Labels", d->volumes[i].labels, "Options", d->volumes[i].options, "CreatedAt", created);
}

static size_t find_volume(const struct fake_docker *d, const char *name)
{
    size_t i = 0;
    while (i < d->volume_count && strcmp(d->volumes[i].name, name)) i++;
    return i;
}

static struct fake_answer make_volume(struct fake_docker *d, const char *body)
{
    json_t *o = json_loads(body, 0, NULL);
    if (find_volume(d, "") == d->volume_count) d->volume_count++;
    size_t i = find_volume(d, "");
    memset(&d->volumes[i], 0, sizeof d->volumes[i]);
    snprintf(d->volumes[i].name, sizeof d->volumes[i].name, "%s", json_string_value(json_object_get(o, "Name")));
    d->volumes[i].driver = "local";
    json_decref(o);
    return json_answer(d, 201, volume_json(d, i));
}

static struct fake_answer make_helper(struct fake_docker *d, const char *request, const char *body)
{
    json_t *o = json_loads(body, 0, NULL), *mount = json_array_get(json_object_get(json_object_get(o, "HostConfig"), "Mounts"), 0);
    size_t i = d->helper_count++;
    snprintf(d->helpers[i].name, sizeof d->helpers[i].name, "%s", strstr(request, "name=") + 5);
    snprintf(d->helpers[i].volume, sizeof d->helpers[i].volume, "%s", json_string_value(json_object_get(mount, "Source")));
    json_decref(o);
    return json_answer(d, 201, json_pack("{s:s}", "Id", d->helpers[i].name));
}

/* One entry of the content's name, and something behind it when there is any. */
static struct fake_answer give_archive(struct fake_docker *d, size_t volume)
{
    char *tar = calloc(1, 4096);
    strcpy(tar, d->volumes[volume].content);
    tar[512] = tar[0];
    d->texts[d->text_count++] = tar;
    return (struct fake_answer){ .body = tar, .size = 4096, .chunked = 1 };
}

static struct fake_answer take_archive(struct fake_docker *d, size_t volume, const char *body)
{
    int fails = d->failing_puts >> d->puts++ & 1;
    snprintf(d->volumes[volume].content, sizeof d->volumes[volume].content, "%s", fails ? "half" : body);
    return fails ? message(d, 500, "no space left on device") : (struct fake_answer){ .body = "{}" };
}

static int about_archives(struct fake_docker *d, const char *request, const char *body, struct fake_answer *ret)
{
    char name[80];
    const char *at = strstr(request, "/containers/");
    if (!d->has_archives) return 0;
    if (strstr(request, "/images/")) return *ret = (struct fake_answer){ .body = "{}" }, 1;
    if (strstr(request, "POST /v1.41/volumes/create")) return *ret = make_volume(d, body), 1;
    if (strstr(request, "POST /v1.41/containers/create")) return *ret = make_helper(d, request, body), 1;
    if (!at || sscanf(at, "/containers/%79[^/?]", name) < 1) return 0;
    for (size_t i = 0; i < d->helper_count; i++) {
        size_t volume = find_volume(d, d->helpers[i].volume);
        if (strcmp(d->helpers[i].name, name)) continue;
        if (!strncmp(request, "DELETE", 6)) d->helpers[i].name[0] = '\0', *ret = (struct fake_answer){ .status = 204 };
        else *ret = !strncmp(request, "PUT", 3) ? take_archive(d, volume, body) : give_archive(d, volume);
        return 1;
    }
    return 0;
}

static int is_in_use(const struct fake_docker *d, const char *name)
{
    for (size_t i = 0; i < d->helper_count; i++)
        if (*d->helpers[i].name && !strcmp(d->helpers[i].volume, name)) return 1;
    return 0;
}

static int about_volume(struct fake_docker *d, const char *request, struct fake_answer *ret)
{
    char name[80];
    const char *at = strstr(request, "/volumes/");
    if (!at || sscanf(at, "/volumes/%79[^/?]", name) < 1 || !strcmp(name, "create")) return 0;
    for (size_t i = 0; i < d->volume_count; i++) {
        if (strcmp(d->volumes[i].name, name)) continue;
        if (!strncmp(request, "DELETE", 6) && is_in_use(d, name)) return *ret = message(d, 409, "volume is in use"), 1;
        *ret = json_answer(d, 200, volume_json(d, i));
        if (d->volumes[i].gone_when_used) d->volumes[i].made++;
        if (!strncmp(request, "DELETE", 6)) d->volumes[i].name[0] = '\0';
        return 1;
    }
    *ret = message(d, 404, "no such volume");
    return 1;
}

static int handle(void *ctx, const char *request, const char *body, struct fake_answer *ret)
{
    struct fake_docker *d = ctx;
    char name[256] = "";
    if (!strcmp(request, "GET /version")) {
        *ret = json_answer(d, 200, json_pack("{s:s, s:s, s:s}", "Version", "99.9", "ApiVersion", d->api, "MinAPIVersion", d->oldest));
        return 1;
    }
    if (strstr(request, "/info")) {
        gethostname(name, sizeof name - 1);
        *ret = json_answer(d, 200, json_pack("{s:s}", "Name", name));
        return 1;
    }
    if (strstr(request, "/containers/json")) {
        *ret = json_answer(d, 200, list_containers(d));
        return 1;
    }
    return about_archives(d, request, body, ret) || about_container(d, request, ret) || about_volume(d, request, ret);
}

struct fake_docker *fake_docker_new(void)
{
    struct fake_docker *d = calloc(1, sizeof *d);
    d->api = "1.41";
    d->oldest = "1.12";
    d->http = fake_http_new();
    fake_http_handle(d->http, handle, d);
    return d;
}

void fake_docker_free(struct fake_docker *d)
{
    fake_http_free(d->http);
    for (size_t i = 0; i < d->text_count; i++) free(d->texts[i]);
    for (size_t i = 0; i < d->volume_count; i++) {
        json_decref(d->volumes[i].labels);
        json_decref(d->volumes[i].options);
    }
    free(d);
}

struct fake_container *fake_docker_container(struct fake_docker *d, const char *name, const char *volume)
{
    struct fake_container *c = &d->containers[d->container_count++];
    snprintf(c->name, sizeof c->name, "%s", name);
    snprintf(c->volume, sizeof c->volume, "%s", volume);
    snprintf(c->id, sizeof c->id, "%064zx", d->container_count);
    c->running = 1;
    return c;
}

void fake_docker_volume(struct fake_docker *d, const char *name, const char *mountpoint)
{
    size_t i = d->volume_count++;
    snprintf(d->volumes[i].name, sizeof d->volumes[i].name, "%s", name);
    snprintf(d->volumes[i].mountpoint, sizeof d->volumes[i].mountpoint, "%s", mountpoint);
    d->volumes[i].driver = "local";
}

int fake_docker_has_volume(const struct fake_docker *d, const char *name)
{
    for (size_t i = 0; i < d->volume_count; i++)
        if (!strcmp(d->volumes[i].name, name)) return 1;
    return 0;
}

const char *fake_docker_content(const struct fake_docker *d, const char *name)
{
    size_t i = find_volume(d, name);
    return i < d->volume_count ? d->volumes[i].content : NULL;
}
