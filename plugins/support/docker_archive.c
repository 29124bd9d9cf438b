/* docker_archive.c - the files of a volume through a container that is never started; see docker.h. */
#include <string.h>
#include "plugins/support/docker_private.h"

#define IMAGE "pabengine-helper:1"
#define SLOW_MS 300000u /* the daemon packs or unpacks a large file while nothing comes */

/* An image without any file: two zero blocks are an empty tar. */
static int make_image(struct docker *d, struct pab_error *err)
{
    static const char empty_tar[1024];
    CLEANUP_JSON json_t *there = NULL;
    if (docker_call(d, "GET", NULL, 0, &there, NULL, NULL, "/images/" IMAGE "/json") == PAB_OK) return PAB_OK;
    CLEANUP_FREE char *path = pab_sprintf("/v1.%d/images/create?fromSrc=-&repo=pabengine-helper&tag=1", d->api);
    struct http_resp resp = { 0 };
    int rc = http_do(d->http, &(struct http_req){ .method = "POST", .path = path, .body = empty_tar, .body_size = sizeof empty_tar,
                                                  .content_type = "application/x-tar", .idle_ms = SLOW_MS }, &resp, err);
    if (!rc) rc = docker_refused(&resp, "POST", path, err);
    if (!rc && strstr(pab_buf_str(&resp.body), "\"error\"")) rc = pab_error_set(err, PAB_E_TOOL, 0, "cannot make the image '" IMAGE "': %.300s", pab_buf_str(&resp.body));
    http_resp_release(&resp);
    return rc;
}

/* A container that names a volume makes it when it is missing; one that was removed since it was looked up must not come back. */
static int same_volume(struct docker *d, const char *volume, const json_t *before, struct pab_error *err)
{
    CLEANUP_JSON json_t *now = NULL;
    int rc = docker_volume(d, volume, &now, err);
    if (rc || !strcmp(json_text(now, "CreatedAt"), json_text(before, "CreatedAt"))) return rc;
    return pab_error_set(err, PAB_E_NOT_FOUND, 0, "volume '%s' was removed meanwhile", volume);
}

int docker_helper_create(struct docker *d, const char *name, const char *volume, int read_only, char **ret, struct pab_error *err)
{
    CLEANUP_JSON json_t *before = NULL;
    CLEANUP_JSON json_t *made = NULL;
    int rc = docker_volume(d, volume, &before, err);
    if (!rc) rc = make_image(d, err);
    if (rc) return rc;
    CLEANUP_JSON json_t *body = json_pack("{s:s, s:[s], s:{s:s}, s:{s:s, s:[{s:s, s:s, s:s, s:b, s:{s:b}}]}}",
        "Image", IMAGE, "Cmd", "/none", "Labels", "pabengine.helper", volume,
        "HostConfig", "NetworkMode", "none",
        "Mounts", "Type", "volume", "Source", volume, "Target", "/v", "ReadOnly", read_only, "VolumeOptions", "NoCopy", 1);
    if (!body) return pab_error_set(err, PAB_E_CONFIG, 0, "the name of volume '%s' is not UTF-8", volume);
    rc = docker_call(d, "POST", body, SLOW_MS, &made, NULL, err, "/containers/create?name=%s", name);
    if (rc) return rc;
    const char *id = json_text(made, "Id");
    if ((rc = same_volume(d, volume, before, err))) {
        docker_container_remove(d, id, NULL);
        docker_volume_remove(d, volume, NULL);
        return rc;
    }
    *ret = pab_strdup(id);
    return PAB_OK;
}

int docker_archive_get(struct docker *d, const char *id, const char *path, struct http_stream **ret, struct pab_error *err)
{
    CLEANUP_FREE char *container = pab_str_file_name(id);
    CLEANUP_FREE char *encoded = pab_str_file_name(path);
    CLEANUP_FREE char *whole = pab_sprintf("/v1.%d/containers/%s/archive?path=%s", d->api, container, encoded);
    struct http_stream *s = NULL;
    int rc = http_open(d->http, &(struct http_req){ .path = whole, .idle_ms = SLOW_MS }, &s, err);
    if (rc) return rc;
    struct http_resp answer = { .status = http_stream_resp(s)->status };
    if (answer.status != 200) {
        rc = http_read_all(s, 65536, &answer.body, err);
        if (!rc) rc = docker_refused(&answer, "GET", whole, err);
        if (!rc) rc = pab_error_set(err, PAB_E_TOOL, 0, "the Docker Engine gave status %ld for the archive of '%s'", answer.status, path);
        http_resp_release(&answer);
        http_close(s);
        return rc;
    }
    *ret = s;
    return PAB_OK;
}

int docker_archive_put(struct docker *d, const char *id, const char *path, pab_read_fn read, void *ctx, struct pab_error *err)
{
    CLEANUP_FREE char *container = pab_str_file_name(id);
    CLEANUP_FREE char *encoded = pab_str_file_name(path);
    CLEANUP_FREE char *whole = pab_sprintf("/v1.%d/containers/%s/archive?path=%s&noOverwriteDirNonDir=1", d->api, container, encoded);
    struct http_resp resp = { 0 };
    int rc = http_do(d->http, &(struct http_req){ .method = "PUT", .path = whole, .upload = read, .upload_ctx = ctx,
                                                  .content_type = "application/x-tar", .idle_ms = SLOW_MS }, &resp, err);
    if (!rc) rc = docker_refused(&resp, "PUT", whole, err);
    http_resp_release(&resp);
    return rc;
}
