/* uncovered.c - see uncovered.h: the machine against what the targets take. */
#include "core/engine/uncovered.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/machine.h"

struct look {
    const json_t *machine, *targets;
    json_t *found;
};

static void add(struct look *l, const char *kind, const char *name, const char *project, const char *reason)
{
    for (size_t i = 0; i < json_array_size(l->found); i++) { /* a folder that several containers mount */
        const json_t *o = json_array_get(l->found, i);
        if (strcmp(pab_machine_text(o, "kind"), kind) == 0 && strcmp(pab_machine_text(o, "name"), name) == 0) return;
    }
    json_array_append_new(l->found, json_pack("{s:s, s:s, s:s, s:s}", "kind", kind, "name", name, "project", project, "reason", reason));
}

/* ---- which service a target asks */

/* "http://10.0.0.2:8283/x", "[::1]:5432", "/var/run/postgresql:5432"; *ret_host is the caller's to free. 0: it has no port. */
static int split_address(const char *s, char **ret_host)
{
    const char *scheme = strstr(s, "://"), *end, *at;
    int64_t port = scheme && pab_str_has_prefix(s, "https") ? 443 : scheme ? 80 : 0;
    if (scheme) s = scheme + 3;
    end = s + strcspn(s, scheme ? "/?#" : "");
    if (scheme && (at = memchr(s, '@', (size_t)(end - s)))) s = at + 1;
    const char *bracket = *s == '[' ? memchr(s, ']', (size_t)(end - s)) : NULL, *colon = NULL;
    for (const char *p = bracket ? bracket : s; p < end; p++)
        if (*p == ':') colon = p;
    if (colon) {
        CLEANUP_FREE char *number = pab_strndup(colon + 1, (size_t)(end - colon) - 1);
        if (pab_parse_int(number, &port) || port < 0 || port > 65535) port = 0;
    }
    const char *from = bracket ? s + 1 : s, *to = bracket ? bracket : colon ? colon : end;
    *ret_host = pab_strndup(from, (size_t)(to - from));
    return (int)port;
}

static int is_here(const json_t *machine, const char *host)
{
    return strcmp(host, "localhost") == 0 || strcmp(host, "::1") == 0 || pab_str_has_prefix(host, "127.") || strcmp(host, pab_machine_text(machine, "host")) == 0;
}

static int address_leads_to(const struct look *l, const char *address, const json_t *container, int port)
{
    CLEANUP_FREE char *host = NULL;
    const char *ip;
    if (!*address) return 0;
    int asked = split_address(address, &host), there = pab_machine_port(container, port, &ip);
    if (there && asked == there && (is_here(l->machine, host) || strcmp(host, ip) == 0)) return 1;
    return asked == port && pab_machine_has(json_object_get(container, "addresses"), host);
}

static int is_asked(const struct look *l, const json_t *container, int port)
{
    for (size_t t = 0; t < json_array_size(l->targets); t++) {
        const json_t *facts = json_object_get(json_array_get(l->targets, t), "facts");
        if (strcmp(pab_machine_text(facts, "container"), pab_machine_text(container, "name")) == 0) return 1;
        if (port && (address_leads_to(l, pab_machine_text(facts, "url"), container, port) || address_leads_to(l, pab_machine_text(facts, "endpoint"), container, port))) return 1;
    }
    return 0;
}

static const struct service { enum pab_known known; const char *plugin; int port, is_store; } services[] = {
    { PAB_KNOWN_POSTGRES, "postgres", 5432, 1 }, { PAB_KNOWN_NEO4J, "neo4j", 7474, 1 }, { PAB_KNOWN_LETTA, "letta", 8283, 0 },
    { PAB_KNOWN_N8N, "n8n", 5678, 0 }, { PAB_KNOWN_OTHER_STORE, "", 0, 1 },
};

/* PGPORT of the container, where it has one. */
static int port_of(const struct service *s, const json_t *container)
{
    int port = (int)json_integer_value(json_object_get(container, "port"));
    return s->known == PAB_KNOWN_POSTGRES && port ? port : s->port;
}

static const struct service *service_of(const json_t *container)
{
    enum pab_known known = pab_known_of(pab_machine_text(container, "image"));
    for (size_t i = 0; i < sizeof services / sizeof *services; i++)
        if (services[i].known == known) return &services[i];
    return NULL;
}

/* ---- what lies in files */

/* The object that has this volume, or NULL. */
static const json_t *object_of_volume(const struct look *l, const char *volume)
{
    for (size_t t = 0; t < json_array_size(l->targets); t++) {
        const json_t *objects = json_object_get(json_array_get(l->targets, t), "objects");
        for (size_t o = 0; o < json_array_size(objects); o++) {
            const json_t *attributes = json_object_get(json_array_get(objects, o), "attributes");
            if (strcmp(pab_machine_text(attributes, "volume"), volume) == 0) return attributes;
        }
    }
    return NULL;
}

static int is_bind(const json_t *mount) { return strcmp(pab_machine_text(mount, "type"), "bind") == 0; }
static int is_data(const json_t *mount) { return !is_bind(mount) || !pab_machine_not_data(pab_machine_text(mount, "source"), pab_machine_text(mount, "kind")); }

/* *ret_still: those that use it are stopped or paused while it is read. */
static int mount_is_covered(const struct look *l, const json_t *mount, int *ret_still)
{
    *ret_still = 0;
    if (is_bind(mount)) return pab_path_covered(l->targets, pab_machine_text(mount, "source"), strcmp(pab_machine_text(mount, "kind"), "file") != 0) == PAB_PATH_WHOLE;
    const json_t *object = object_of_volume(l, pab_machine_text(mount, "name"));
    const char *quiesce = pab_machine_text(object, "quiesce");
    *ret_still = *quiesce && strcmp(quiesce, "none") != 0;
    return object != NULL;
}

/* The files of a database that a target asks for the same data: nothing is missing without them. */
static int is_dumped(const struct look *l, const json_t *container, const json_t *mount)
{
    const struct service *s = service_of(container);
    return s && s->is_store && pab_known_holds_store(s->known, pab_machine_text(mount, "destination")) && is_asked(l, container, port_of(s, container));
}

/* ---- containers */

static const char *disabled_target(const struct look *l, const char *plugin)
{
    for (size_t t = 0; t < json_array_size(l->targets); t++) {
        const json_t *target = json_array_get(l->targets, t);
        if (json_is_false(json_object_get(target, "enabled")) && strcmp(pab_machine_text(target, "plugin"), plugin) == 0) return pab_machine_text(target, "name");
    }
    return NULL;
}

static void look_at_container(struct look *l, const json_t *c)
{
    const struct service *s = service_of(c);
    const json_t *mounts = json_object_get(c, "mounts");
    size_t parts = 0, taken = 0, still = 0;
    if (!s || is_asked(l, c, port_of(s, c))) return;
    for (size_t m = 0; m < json_array_size(mounts); m++) {
        const json_t *mount = json_array_get(mounts, m);
        int at_rest;
        if (!is_data(mount) || (s->is_store && !pab_known_holds_store(s->known, pab_machine_text(mount, "destination")))) continue;
        parts++;
        taken += mount_is_covered(l, mount, &at_rest) != 0;
        still += at_rest != 0;
    }
    if (parts && taken == parts && (!s->is_store || still == parts)) return;
    struct pab_buf b = PAB_BUF_INIT(0);
    const char *disabled = *s->plugin ? disabled_target(l, s->plugin) : NULL;
    pab_buf_addf(&b, "%s: %s", pab_known_title(s->known), *s->plugin ? "no target asks it" : "no plugin asks it");
    if (!parts) pab_buf_adds(&b, ", and it has no volume for its data");
    else pab_buf_adds(&b, taken == parts ? ", and its files are copied while it runs" : ", and none takes its files");
    if (disabled) pab_buf_addf(&b, " (target '%s' is not enabled)", disabled);
    add(l, "container", pab_machine_text(c, "name"), pab_machine_text(c, "project"), b.data);
    pab_buf_release(&b);
}

static void look_at_binds(struct look *l, const json_t *c)
{
    const json_t *mounts = json_object_get(c, "mounts");
    for (size_t m = 0; m < json_array_size(mounts); m++) {
        const json_t *mount = json_array_get(mounts, m);
        const char *source = pab_machine_text(mount, "source"), *kind = pab_machine_text(mount, "kind");
        int is_folder = strcmp(kind, "file") != 0;
        if (!is_bind(mount) || !is_data(mount) || is_dumped(l, c, mount)) continue;
        enum pab_path_cover cover = pab_path_covered(l->targets, source, is_folder);
        CLEANUP_FREE char *reason = pab_sprintf("%s; mounted by %s", cover == PAB_PATH_PART ? "targets take a part of it alone" : "no target takes it", pab_machine_text(c, "name"));
        if (cover != PAB_PATH_WHOLE) add(l, is_folder ? "folder" : "file", source, pab_machine_text(c, "project"), reason);
    }
}

static void look_at_volume(struct look *l, const json_t *volume)
{
    const char *name = pab_machine_text(volume, "name");
    const json_t *mount, *first = NULL;
    struct pab_buf users = PAB_BUF_INIT(0);
    int dumped = 0, anonymous = json_is_true(json_object_get(volume, "anonymous"));
    for (const json_t *c = NULL; (c = pab_machine_user_of(l->machine, name, c, &mount));) {
        if (!first) first = c;
        dumped |= is_dumped(l, c, mount);
        pab_buf_addf(&users, "%s%s", users.size ? ", " : "used by ", pab_machine_text(c, "name"));
    }
    if (*name && !dumped && !object_of_volume(l, name) && (first || !anonymous)) {
        CLEANUP_FREE char *reason = pab_sprintf("%s; %s", anonymous ? "it has no name of its own, so no target can take it" : "no target takes it", users.size ? users.data : "used by no container");
        add(l, "volume", name, pab_machine_text(volume, "project"), reason);
    }
    pab_buf_release(&users);
}

/* ---- compose projects, servers, databases */

static void look_at_project(struct look *l, const json_t *project)
{
    const json_t *files = json_object_get(project, "files");
    const char *name = pab_machine_text(project, "name"), *env = pab_machine_text(project, "env_file");
    for (size_t f = 0; f < json_array_size(files); f++) {
        const char *path = json_string_value(json_array_get(files, f));
        if (path && pab_path_covered(l->targets, path, 0) != PAB_PATH_WHOLE) add(l, "file", path, name, "no target takes this compose file");
    }
    if (*env && pab_path_covered(l->targets, env, 0) != PAB_PATH_WHOLE) add(l, "file", env, name, "no target takes the settings and secrets of this project");
}

/* /var/run is /run */
static const char *short_run(const char *path) { return pab_str_has_prefix(path, "/var/run/") ? path + 4 : path; }

static void look_at_cluster(struct look *l, const json_t *cluster)
{
    const char *folder = pab_machine_text(cluster, "folder");
    int port = (int)json_integer_value(json_object_get(cluster, "port"));
    for (size_t t = 0; t < json_array_size(l->targets); t++) {
        const char *endpoint = pab_machine_text(json_object_get(json_array_get(l->targets, t), "facts"), "endpoint");
        CLEANUP_FREE char *host = NULL;
        if (*endpoint && split_address(endpoint, &host) == port && (is_here(l->machine, host) || strcmp(short_run(host), short_run(folder)) == 0)) return;
    }
    CLEANUP_FREE char *name = pab_sprintf("%s:%d", folder, port);
    add(l, "server", name, "", "PostgreSQL of this machine: no target asks it");
}

static int same_server(const json_t *a, const json_t *b)
{
    return strcmp(pab_machine_text(a, "container"), pab_machine_text(b, "container")) == 0 && strcmp(pab_machine_text(a, "endpoint"), pab_machine_text(b, "endpoint")) == 0;
}

static int is_taken_by_other(const struct look *l, const json_t *facts, const char *database)
{
    for (size_t t = 0; t < json_array_size(l->targets); t++) {
        const json_t *other = json_array_get(l->targets, t), *objects = json_object_get(other, "objects");
        for (size_t o = 0; same_server(json_object_get(other, "facts"), facts) && o < json_array_size(objects); o++)
            if (strcmp(pab_machine_text(json_array_get(objects, o), "id"), database) == 0) return 1;
    }
    return 0;
}

static void look_at_databases(struct look *l, const json_t *target)
{
    const json_t *facts = json_object_get(target, "facts");
    CLEANUP_FREE char *reason = pab_sprintf("target '%s' leaves it out", pab_machine_text(target, "name"));
    for (const char *s = pab_machine_text(facts, "left_out"); *s;) {
        size_t n = strcspn(s, "\n");
        CLEANUP_FREE char *name = pab_strndup(s, n);
        if (!is_taken_by_other(l, facts, name)) add(l, "database", name, "", reason);
        s += n + (s[n] == '\n');
    }
}

json_t *pab_uncovered(const json_t *machine, const json_t *targets)
{
    struct look l = { machine, targets, json_array() };
    const struct { const char *key; void (*at)(struct look *l, const json_t *o); } parts[] = {
        { "containers", look_at_container }, { "volumes", look_at_volume }, { "containers", look_at_binds }, { "projects", look_at_project }, { "clusters", look_at_cluster },
    };
    for (size_t p = 0; p < sizeof parts / sizeof *parts; p++) {
        const json_t *list = json_object_get(machine, parts[p].key);
        for (size_t i = 0; i < json_array_size(list); i++) parts[p].at(&l, json_array_get(list, i));
    }
    for (size_t t = 0; t < json_array_size(targets); t++) look_at_databases(&l, json_array_get(targets, t));
    return l.found;
}
