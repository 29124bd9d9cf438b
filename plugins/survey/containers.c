/* containers.c - what the Docker Engine has. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/survey/survey.h"

static const char *label(const json_t *inspected, const char *key)
{
    const char *s = json_string_value(json_object_get(json_at(inspected, "Config.Labels"), key));
    return s ? s : "";
}

static const char *kind_of(const char *path, int local)
{
    struct stat st;
    if (!local || stat(path, &st)) return "other";
    return S_ISREG(st.st_mode) ? "file" : S_ISDIR(st.st_mode) ? "folder" : "other";
}

static json_t *mounts_of(const json_t *inspected, int local)
{
    const json_t *mounts = json_at(inspected, "Mounts");
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(mounts); i++) {
        const json_t *m = json_array_get(mounts, i);
        const char *type = json_text(m, "Type"), *source = json_text(m, "Source");
        if (strcmp(type, "volume") != 0 && strcmp(type, "bind") != 0) continue;
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:s, s:s}", "type", type, "name", json_text(m, "Name"), "source", source, "destination", json_text(m, "Destination"),
                                              "kind", kind_of(source, local && !strcmp(type, "bind"))));
    }
    return list;
}

/* {"5432/tcp": [{"HostIp": "0.0.0.0", "HostPort": "15432"}]}; of a container that does not run, what it will have. */
static json_t *ports_of(const json_t *inspected)
{
    json_t *list = json_array(), *bindings, *ports = json_at(inspected, "NetworkSettings.Ports");
    const char *key;
    if (!json_object_size(ports)) ports = json_at(inspected, "HostConfig.PortBindings");
    json_object_foreach(ports, key, bindings) {
        CLEANUP_FREE char *number = pab_strndup(key, strcspn(key, "/"));
        int64_t port, there;
        if (pab_parse_int(number, &port) || !pab_str_has_suffix(key, "/tcp")) continue;
        for (size_t i = 0; i < json_array_size(bindings); i++) {
            const json_t *b = json_array_get(bindings, i);
            if (pab_parse_int(json_text(b, "HostPort"), &there)) continue;
            json_array_append_new(list, json_pack("{s:I, s:s, s:I}", "port", (json_int_t)port, "host_ip", json_text(b, "HostIp"), "host_port", (json_int_t)there));
        }
    }
    return list;
}

/* Where it can be reached from this machine without a published port. */
static json_t *addresses_of(const json_t *inspected)
{
    json_t *list = json_array(), *network;
    const char *key;
    json_object_foreach(json_at(inspected, "NetworkSettings.Networks"), key, network) {
        if (*json_text(network, "IPAddress")) json_array_append_new(list, json_string(json_text(network, "IPAddress")));
    }
    return list;
}

/* ---- environments: only names leave this program */

static int is_secret_name(const char *name)
{
    static const char *const ends[] = { "PASSWORD", "AUTH", "KEY", "TOKEN", "SECRET", "PASS" };
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (pab_str_has_suffix(name, ends[i])) return 1;
    return 0;
}

/* The entry of .env with this value; the one of the same name when that has it, too. */
static const char *entry_with(const struct survey_env *env, const char *name, const char *value)
{
    const char *ret = NULL;
    for (size_t i = 0; i < env->names.count; i++) {
        if (strcmp(env->values.items[i], value) != 0) continue;
        if (strcmp(env->names.items[i], name) == 0) return env->names.items[i];
        if (!ret) ret = env->names.items[i];
    }
    return ret;
}

static void add_env(json_t *c, const json_t *inspected, const struct survey_env *env)
{
    const json_t *variables = json_at(inspected, "Config.Env");
    json_t *names = json_array(), *from = json_object();
    for (size_t i = 0; i < json_array_size(variables); i++) {
        const char *variable = json_string_value(json_array_get(variables, i)), *value = variable ? strchr(variable, '=') : NULL;
        if (!value++) continue;
        CLEANUP_FREE char *name = pab_strndup(variable, (size_t)(value - variable) - 1);
        json_array_append_new(names, json_string(name));
        if (!strcmp(name, "POSTGRES_USER") || !strcmp(name, "POSTGRESQL_USERNAME")) json_object_set_new(c, "user", json_string(value));
        int64_t port;
        if (!strcmp(name, "PGPORT") && !pab_parse_int(value, &port) && port > 0 && port < 65536) json_object_set_new(c, "port", json_integer((json_int_t)port));
        if (!strcmp(name, "NEO4J_AUTH") && strchr(value, '/')) value = strchr(value, '/') + 1; /* neo4j/password */
        const char *entry = *value && is_secret_name(name) ? entry_with(env, name, value) : NULL;
        if (entry) json_object_set_new(from, name, json_string(entry));
    }
    json_object_set_new(c, "env", names);
    json_object_set_new(c, "from_env", from);
}

static json_t *container_of(const json_t *inspected, int local)
{
    const char *project = label(inspected, "com.docker.compose.project"), *folder = label(inspected, "com.docker.compose.project.working_dir");
    const char *given = label(inspected, "com.docker.compose.project.environment_file");
    CLEANUP_FREE char *env_path = pab_path_join(folder, *given ? given : ".env");
    struct survey_env env = { 0 };
    json_t *c = json_pack("{s:s, s:s, s:b, s:s, s:s, s:b, s:o, s:o, s:o}", "name", docker_container_name(inspected), "image", json_text(inspected, "Config.Image"),
                          "running", json_flag(inspected, "State.Running"), "project", project, "service", label(inspected, "com.docker.compose.service"),
                          "host_network", !strcmp(json_text(inspected, "HostConfig.NetworkMode"), "host"), "ports", ports_of(inspected),
                          "mounts", mounts_of(inspected, local), "addresses", addresses_of(inspected));
    if (local && *folder == '/') survey_env_load(env_path, &env);
    add_env(c, inspected, &env);
    survey_env_release(&env);
    return c;
}

static int by_name(const void *a, const void *b)
{
    const json_t *const *x = a, *const *y = b;
    return strcmp(json_text(*x, "name"), json_text(*y, "name"));
}

static json_t *sorted(json_t *list)
{
    size_t n = json_array_size(list);
    json_t **items = pab_alloc_array(n + 1, sizeof *items), *ret = json_array();
    for (size_t i = 0; i < n; i++) items[i] = json_array_get(list, i);
    qsort(items, n, sizeof *items, by_name);
    for (size_t i = 0; i < n; i++) json_array_append(ret, items[i]);
    free(items);
    return ret;
}

static int is_anonymous(const char *name)
{
    return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64;
}

static void add_volumes(const json_t *volumes, json_t *document)
{
    json_t *list = json_array();
    for (size_t i = 0; i < json_array_size(volumes); i++) {
        const json_t *v = json_array_get(volumes, i);
        const char *project = json_string_value(json_object_get(json_at(v, "Labels"), "com.docker.compose.project"));
        json_array_append_new(list, json_pack("{s:s, s:s, s:s, s:b}", "name", json_text(v, "Name"), "driver", json_text(v, "Driver"), "project", project ? project : "",
                                              "anonymous", is_anonymous(json_text(v, "Name"))));
    }
    json_object_set_new(document, "volumes", list);
}

int survey_containers(struct docker *d, int local, json_t *document, struct pab_error *err)
{
    CLEANUP_JSON json_t *list = NULL;
    CLEANUP_JSON json_t *volumes = NULL;
    CLEANUP_JSON json_t *containers = json_array();
    CLEANUP_JSON json_t *labels = json_array();
    if (docker_volumes(d, NULL, &volumes, err) || docker_call(d, "GET", NULL, 0, &list, NULL, err, "/containers/json?all=1")) return err->code;
    for (size_t i = 0; i < json_array_size(list); i++) {
        CLEANUP_JSON json_t *inspected = NULL;
        int rc = docker_container(d, json_text(json_array_get(list, i), "Id"), &inspected, err);
        if (rc == PAB_E_NOT_FOUND) continue; /* removed since */
        if (rc) return rc;
        json_array_append_new(containers, container_of(inspected, local));
        if (local) json_array_append_new(labels, json_pack("{s:s, s:s, s:s, s:s}", "project", label(inspected, "com.docker.compose.project"),
                                                "folder", label(inspected, "com.docker.compose.project.working_dir"),
                                                "files", label(inspected, "com.docker.compose.project.config_files"), "env_file", label(inspected, "com.docker.compose.project.environment_file")));
    }
    pab_error_clear(err);
    json_object_set_new(document, "containers", sorted(containers));
    json_object_set(document, "labels", labels);
    add_volumes(volumes, document);
    return PAB_OK;
}
