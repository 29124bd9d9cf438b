/* machine.h - what pabengine-survey found on this machine, as one JSON document, and what the images in it are.
 *
 *     {"version": 1, "host": "pa", "folder": "/opt/pa",
 *      "docker": {"state": "ok" | "absent" | "failed", "host": "unix:///var/run/docker.sock", "error": "..."},
 *      "containers": [{"name": "db", "image": "postgres:15", "running": true, "project": "pa", "service": "db", "user": "postgres", "port": 5432,
 *                      "env": ["POSTGRES_PASSWORD"], "from_env": {"POSTGRES_PASSWORD": "DB_PASS"}, "host_network": false, "addresses": ["172.17.0.2"],
 *                      "ports": [{"port": 5432, "host_ip": "0.0.0.0", "host_port": 5432}],
 *                      "mounts": [{"type": "volume" | "bind", "name": "pa_db", "source": "/srv/x", "destination": "/data", "kind": "file" | "folder" | "other"}]}],
 *      "volumes": [{"name": "pa_db", "driver": "local", "project": "pa", "anonymous": false}],
 *      "clusters": [{"folder": "/var/run/postgresql", "port": 5432}],
 *      "projects": [{"name": "pa", "folder": "/opt/pa", "current": true, "files": ["/opt/pa/compose.yaml"], "env_file": "/opt/pa/.env", "env": ["DB_PASS"]}]}
 *
 * Of the environment of containers and of .env files there are the names alone, never a value; from_env says which name of the
 * project's .env has the value that a variable of the container has.  Whatever is missing counts as empty.
 */
#ifndef PAB_ENGINE_MACHINE_H
#define PAB_ENGINE_MACHINE_H

#include <jansson.h>

enum pab_known {
    PAB_KNOWN_NONE,
    PAB_KNOWN_POSTGRES,
    PAB_KNOWN_NEO4J,
    PAB_KNOWN_LETTA,
    PAB_KNOWN_N8N,
    PAB_KNOWN_OPEN_WEBUI,
    PAB_KNOWN_OTHER_STORE,          /* a database without a plugin of its own */
};
/* What a container of this image is: "registry:5000/supabase/postgres:15.1@sha256:..." is PAB_KNOWN_POSTGRES. */
enum pab_known pab_known_of(const char *image);
const char *pab_known_title(enum pab_known k);       /* "PostgreSQL" */
/* 1: what lies at this path of the container are the files of its database, which are not sound when copied while it runs. */
int pab_known_holds_store(enum pab_known k, const char *destination);

const char *pab_machine_text(const json_t *o, const char *key);      /* "" when it is not there; lives as long as o */
int pab_machine_has(const json_t *names, const char *name);          /* in an array of texts */
/* The port of this machine that leads to `port` of a container: 0 when none does. *ret_ip may be set to its address. */
int pab_machine_port(const json_t *container, int port, const char **ret_ip);
/* The first container that has this volume mounted, after `after` (NULL: from the first); *ret_mount is that mount. */
const json_t *pab_machine_user_of(const json_t *machine, const char *volume, const json_t *after, const json_t **ret_mount);
/* What is below `folder`: the path behind it, "" for the folder itself, NULL for what is elsewhere. */
const char *pab_machine_below(const char *path, const char *folder);
/* Why what is mounted from here is no data: parts of the system, sockets. NULL: it may well be. `kind`: of the mount. */
const char *pab_machine_not_data(const char *path, const char *kind);

#endif
