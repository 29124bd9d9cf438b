/* docker.h - the Docker Engine API: volumes, containers, archives, commands inside containers.
 *
 *     docker_connect(&(struct docker_opts){ .cancel_fd = h->cancel_fd(op) }, &d, err);
 *     CLEANUP_JSON json_t *v = NULL;
 *     docker_volume(d, "letta_data", &v, err);            // PAB_E_NOT_FOUND when there is none
 *     ... json_text(v, "Mountpoint") ...
 *     docker_free(d);
 *
 * Which daemon: opts.host, else DOCKER_HOST, else the context (opts.context, DOCKER_CONTEXT, the current one of
 * ~/.docker/config.json), else the first socket that is there of /var/run/docker.sock, a rootless daemon's, Docker Desktop's,
 * Podman's.  One that was named is the only one that is tried.
 *
 * What the daemon refuses becomes an error with its own words: 404 PAB_E_NOT_FOUND, 409 PAB_E_BUSY, 401 and 403 PAB_E_AUTH,
 * other 4xx PAB_E_UNSUPPORTED, 5xx PAB_E_TOOL.  For threads: as struct http.
 */
#ifndef PAB_SUPPORT_DOCKER_H
#define PAB_SUPPORT_DOCKER_H

#include "plugins/support/http.h"
#include "plugins/support/json.h"

struct docker_endpoint { char *host, *ca, *cert, *key; };  /* host: unix://, tcp:// or https:// */
int docker_endpoint_find(const char *host, const char *context, struct docker_endpoint *ret, struct pab_error *err);
void docker_endpoint_release(struct docker_endpoint *e);

struct docker;
struct docker_opts {
    const char *host, *context;     /* or NULL */
    int cancel_fd;                  /* as in http_opts */
};
int docker_connect(const struct docker_opts *o, struct docker **ret, struct pab_error *err);
void docker_free(struct docker *d);                 /* NULL is fine */
int docker_set_cancel_fd(struct docker *d, int fd); /* as http_set_cancel_fd */
const char *docker_host(const struct docker *d);    /* "unix:///var/run/docker.sock": finds the same daemon again */
const char *docker_version(const struct docker *d); /* "20.10.24" */
int docker_api(const struct docker *d);             /* 41 for API 1.41 */
int docker_is_local(struct docker *d);              /* 1: a socket of this machine, so paths it tells mean the same here */

/* Any call below /vX.Y: `body` and `ret` may be NULL; ret_status (may be NULL) tells 304 from 204. */
int docker_call(struct docker *d, const char *method, const json_t *body, uint32_t idle_ms, json_t **ret, long *ret_status,
                struct pab_error *err, const char *path, ...) __attribute__((format(printf, 8, 9)));

int docker_volume(struct docker *d, const char *name, json_t **ret, struct pab_error *err);
int docker_volumes(struct docker *d, const char *label, json_t **ret, struct pab_error *err);  /* array, by name; label "k=v" or NULL */
/* Fails with PAB_E_EXISTS rather than to take an existing one for new. labels and options may be NULL. */
int docker_volume_create(struct docker *d, const char *name, const char *driver, const json_t *labels, const json_t *options,
                         json_t **ret, struct pab_error *err);
int docker_volume_remove(struct docker *d, const char *name, struct pab_error *err);  /* missing is fine */

int docker_containers_of(struct docker *d, const char *volume, json_t **ret, struct pab_error *err);  /* also those that do not run */
int docker_container(struct docker *d, const char *id, json_t **ret, struct pab_error *err);
const char *docker_container_name(const json_t *inspected);      /* without the slash */
int docker_container_start(struct docker *d, const char *id, struct pab_error *err);
int docker_container_stop(struct docker *d, const char *id, int64_t grace_s, struct pab_error *err);
int docker_container_pause(struct docker *d, const char *id, struct pab_error *err);
int docker_container_unpause(struct docker *d, const char *id, struct pab_error *err);
int docker_container_remove(struct docker *d, const char *id, struct pab_error *err); /* missing is fine; its volumes stay */
/* Where other processes of this machine reach a container: its address in its first network, 127.0.0.1 for the host's network. */
int docker_container_address(struct docker *d, const char *name, char **ret, struct pab_error *err);

/* A container that is never started, with a volume at /v: for the archive calls. The image is empty and made here. Other than
 * Docker itself it never makes the volume by mistake. `name` is [A-Za-z0-9_.-]. *ret: its id, the caller frees. */
int docker_helper_create(struct docker *d, const char *name, const char *volume, int read_only, char **ret, struct pab_error *err);
/* The tar of `path` in a container (running or not), to be read with http_read. */
int docker_archive_get(struct docker *d, const char *id, const char *path, struct http_stream **ret, struct pab_error *err);
/* Extracts a tar into `path`. */
int docker_archive_put(struct docker *d, const char *id, const char *path, pab_read_fn read, void *ctx, struct pab_error *err);

/* A command inside a running container, its stdout read as it comes; it has no stdin. */
struct docker_exec;
int docker_exec_start(struct docker *d, const char *id, const char *const *argv, const char *const *env, const char *user,
                      struct docker_exec **ret, struct pab_error *err);
int64_t docker_exec_read(struct docker_exec *e, void *buf, uint64_t capacity, struct pab_error *err);
/* After the end of its output: PAB_OK for exit status 0, else PAB_E_TOOL with the tail of its stderr. Frees e. */
int docker_exec_finish(struct docker_exec *e, struct pab_error *err);
void docker_exec_abandon(struct docker_exec *e);    /* NULL is fine; the command is not ended by it */

DEFINE_CLEANUP(docker, struct docker, docker_free)

#endif
