/* machine.c - see machine.h. */
#include "core/engine/machine.h"

#include <string.h>
#include "core/base/str.h"

static const struct { const char *name; enum pab_known known; } images[] = {
    { "postgres", PAB_KNOWN_POSTGRES }, { "postgresql", PAB_KNOWN_POSTGRES }, { "pgvector", PAB_KNOWN_POSTGRES }, { "postgis", PAB_KNOWN_POSTGRES },
    { "timescaledb", PAB_KNOWN_POSTGRES }, { "timescaledb-ha", PAB_KNOWN_POSTGRES }, { "postgresml", PAB_KNOWN_POSTGRES },
    { "neo4j", PAB_KNOWN_NEO4J }, { "letta", PAB_KNOWN_LETTA }, { "n8n", PAB_KNOWN_N8N }, { "open-webui", PAB_KNOWN_OPEN_WEBUI },
    { "mysql", PAB_KNOWN_OTHER_STORE }, { "mariadb", PAB_KNOWN_OTHER_STORE }, { "mongo", PAB_KNOWN_OTHER_STORE }, { "mongodb", PAB_KNOWN_OTHER_STORE },
    { "redis", PAB_KNOWN_OTHER_STORE }, { "valkey", PAB_KNOWN_OTHER_STORE }, { "clickhouse-server", PAB_KNOWN_OTHER_STORE },
    { "clickhouse", PAB_KNOWN_OTHER_STORE }, { "elasticsearch", PAB_KNOWN_OTHER_STORE }, { "opensearch", PAB_KNOWN_OTHER_STORE },
    { "qdrant", PAB_KNOWN_OTHER_STORE }, { "weaviate", PAB_KNOWN_OTHER_STORE }, { "milvus", PAB_KNOWN_OTHER_STORE }, { "etcd", PAB_KNOWN_OTHER_STORE },
    { "influxdb", PAB_KNOWN_OTHER_STORE }, { "couchdb", PAB_KNOWN_OTHER_STORE }, { "cassandra", PAB_KNOWN_OTHER_STORE },
};

enum pab_known pab_known_of(const char *image)
{
    size_t n = strcspn(image, "@");
    const char *base = image;
    for (size_t i = 0; i < n; i++)
        if (image[i] == '/') base = image + i + 1;
    size_t length = strcspn(base, ":@");
    for (size_t i = 0; i < sizeof images / sizeof *images; i++)
        if (strlen(images[i].name) == length && memcmp(images[i].name, base, length) == 0) return images[i].known;
    return PAB_KNOWN_NONE;
}

const char *pab_known_title(enum pab_known k)
{
    switch (k) {
    case PAB_KNOWN_POSTGRES: return "PostgreSQL";
    case PAB_KNOWN_NEO4J: return "Neo4j";
    case PAB_KNOWN_LETTA: return "Letta";
    case PAB_KNOWN_N8N: return "n8n";
    case PAB_KNOWN_OPEN_WEBUI: return "Open WebUI";
    case PAB_KNOWN_OTHER_STORE: return "a database";
    case PAB_KNOWN_NONE: break;
    }
    return "";
}

const char *pab_machine_below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    while (n && folder[n - 1] == '/') n--;
    if (strncmp(path, folder, n) != 0 || (path[n] && path[n] != '/')) return NULL;
    return path + n + strspn(path + n, "/");
}

const char *pab_machine_not_data(const char *path, const char *kind)
{
    static const char *const system[] = { "/proc", "/sys", "/dev", "/run", "/var/run", "/var/lib/docker", "/etc/localtime", "/etc/timezone", "/usr", "/lib", "/boot" };
    if (strcmp(path, "/") == 0) return "the whole machine";
    for (size_t i = 0; i < sizeof system / sizeof *system; i++)
        if (pab_machine_below(path, system[i])) return "a part of the system";
    return strcmp(kind, "other") == 0 ? "it is neither a file nor a folder here" : NULL;
}

int pab_known_holds_store(enum pab_known k, const char *destination)
{
    switch (k) {
    case PAB_KNOWN_POSTGRES:
        return pab_machine_below(destination, "/var/lib/postgresql") != NULL || pab_machine_below(destination, "/bitnami/postgresql") != NULL ||
               pab_machine_below(destination, "/home/postgres/pgdata") != NULL;
    case PAB_KNOWN_NEO4J: return pab_machine_below(destination, "/data") != NULL || pab_machine_below(destination, "/var/lib/neo4j/data") != NULL;
    case PAB_KNOWN_LETTA: return pab_machine_below(destination, "/var/lib/postgresql") != NULL; /* its image runs a PostgreSQL of its own */
    case PAB_KNOWN_OTHER_STORE: return pab_machine_below(destination, "/etc") == NULL;
    case PAB_KNOWN_N8N:
    case PAB_KNOWN_OPEN_WEBUI: /* SQLite, which the volume plugin copies through SQLite */
    case PAB_KNOWN_NONE: break;
    }
    return 0;
}

const char *pab_machine_text(const json_t *o, const char *key)
{
    const char *s = json_string_value(json_object_get(o, key));
    return s ? s : "";
}

int pab_machine_has(const json_t *names, const char *name)
{
    for (size_t i = 0; i < json_array_size(names); i++) {
        const char *s = json_string_value(json_array_get(names, i));
        if (s && strcmp(s, name) == 0) return 1;
    }
    return 0;
}

int pab_machine_port(const json_t *container, int port, const char **ret_ip)
{
    const json_t *ports = json_object_get(container, "ports");
    *ret_ip = "127.0.0.1";
    if (json_is_true(json_object_get(container, "host_network"))) return port;
    for (size_t i = 0; i < json_array_size(ports); i++) {
        const json_t *p = json_array_get(ports, i);
        json_int_t there = json_integer_value(json_object_get(p, "host_port"));
        const char *ip = pab_machine_text(p, "host_ip");
        if (json_integer_value(json_object_get(p, "port")) != port || there < 1 || there > 65535) continue;
        if (*ip && strcmp(ip, "0.0.0.0") != 0 && strcmp(ip, "::") != 0) *ret_ip = ip;
        return (int)there;
    }
    return 0;
}

const json_t *pab_machine_user_of(const json_t *machine, const char *volume, const json_t *after, const json_t **ret_mount)
{
    const json_t *containers = json_object_get(machine, "containers");
    int on = after == NULL;
    for (size_t i = 0; i < json_array_size(containers); i++) {
        const json_t *c = json_array_get(containers, i), *mounts = json_object_get(c, "mounts");
        for (size_t m = 0; on && m < json_array_size(mounts); m++) {
            const json_t *mount = json_array_get(mounts, m);
            if (strcmp(pab_machine_text(mount, "type"), "volume") != 0 || strcmp(pab_machine_text(mount, "name"), volume) != 0) continue;
            *ret_mount = mount;
            return c;
        }
        on |= c == after;
    }
    return NULL;
}
