/* docker.c - reaching the Docker Engine and calling it; see docker.h. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "plugins/support/docker_private.h"

#define API_NEWEST 47  /* what this client was written for; an older daemon is met where it is */
#define API_OLDEST 24

struct http *docker_http(struct docker *d) { return d->http; }

static int minor_of(const char *version, int *ret)
{
    int major, minor;
    if (sscanf(version, "%d.%d", &major, &minor) != 2 || major != 1) return -1;
    *ret = minor;
    return 0;
}

/* The newest version that both sides know. */
static int negotiate(struct docker *d, struct pab_error *err)
{
    struct http_resp resp = { 0 };
    CLEANUP_JSON json_t *o = NULL;
    int newest = 0, oldest = 0;
    int rc = http_do(d->http, &(struct http_req){ .path = "/version" }, &resp, err);
    if (!rc && resp.status != 200) rc = pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is no Docker Engine: GET /version gave status %ld", d->host, resp.status);
    if (!rc) rc = json_parse(resp.body.data, resp.body.size, "the answer to GET /version", &o, err);
    if (!rc && minor_of(json_text(o, "ApiVersion"), &newest)) rc = pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is no Docker Engine: it tells no API version", d->host);
    http_resp_release(&resp);
    if (rc) return rc;
    if (minor_of(json_text(o, "MinAPIVersion"), &oldest)) oldest = API_OLDEST;
    d->version = pab_strdup(json_text(o, "Version"));
    d->api = newest < API_NEWEST ? newest : API_NEWEST;
    if (d->api < oldest || d->api < API_OLDEST)
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "Docker Engine %s at '%s' speaks API 1.%d to 1.%d, this version of pabengine 1.%d to 1.%d", d->version, d->host,
                             oldest, newest, API_OLDEST, API_NEWEST);
    return PAB_OK;
}

int docker_connect(const struct docker_opts *o, struct docker **ret, struct pab_error *err)
{
    struct docker_endpoint e = { 0 };
    int rc = docker_endpoint_find(o->host, o->context, &e, err);
    if (rc) return rc;
    struct docker *d = pab_alloc(sizeof *d);
    d->host = pab_strdup(e.host);
    rc = http_new(&(struct http_opts){ .base = e.host, .ca_file = e.ca, .cert_file = e.cert, .key_file = e.key, .cancel_fd = o->cancel_fd }, &d->http, err);
    docker_endpoint_release(&e);
    if (!rc) rc = negotiate(d, err);
    if (rc) {
        docker_free(d);
        if (rc == PAB_E_UNREACHABLE) pab_error_hint(err, rc, "is the Docker Engine running, and may this user reach it? see options docker_host and context");
        return rc;
    }
    *ret = d;
    return PAB_OK;
}

void docker_free(struct docker *d)
{
    if (!d) return;
    http_free(d->http);
    free(d->host);
    free(d->version);
    free(d);
}

int docker_set_cancel_fd(struct docker *d, int fd) { return http_set_cancel_fd(d->http, fd); }
const char *docker_host(const struct docker *d) { return d->host; }
const char *docker_version(const struct docker *d) { return d->version; }
int docker_api(const struct docker *d) { return d->api; }

/* A socket may be forwarded from elsewhere, or lead out of a virtual machine: the daemon must call this machine by its name. */
int docker_is_local(struct docker *d)
{
    char name[256] = "";
    CLEANUP_JSON json_t *info = NULL;
    if (!d->local && pab_str_has_prefix(d->host, "unix://") && !gethostname(name, sizeof name - 1) &&
        docker_call(d, "GET", NULL, 0, &info, NULL, NULL, "/info") == PAB_OK && !strcmp(json_text(info, "Name"), name)) d->local = 1;
    if (!d->local) d->local = -1;
    return d->local > 0;
}

char *docker_path(const struct docker *d, const char *path, va_list ap)
{
    CLEANUP_FREE char *rest = pab_vsprintf(path, ap);
    return pab_sprintf("/v1.%d%s", d->api, rest);
}

/* The daemon's own words, as {"message": "..."}. */
int docker_refused(const struct http_resp *resp, const char *method, const char *path, struct pab_error *err)
{
    CLEANUP_JSON json_t *o = NULL;
    long s = resp->status;
    if (s < 400) return PAB_OK;
    int code = s == 404 ? PAB_E_NOT_FOUND : s == 409 ? PAB_E_BUSY : s == 401 || s == 403 ? PAB_E_AUTH : s < 500 ? PAB_E_UNSUPPORTED : PAB_E_TOOL;
    const char *words = json_parse(resp->body.data, resp->body.size, "answer", &o, NULL) ? pab_buf_str(&resp->body) : json_text(o, "message");
    return pab_error_set(err, code, 0, "the Docker Engine refuses %s %.*s: %s (status %ld)", method, (int)strcspn(path, "?"), path, *words ? words : "no reason given", s);
}

int docker_call(struct docker *d, const char *method, const json_t *body, uint32_t idle_ms, json_t **ret, long *ret_status,
                struct pab_error *err, const char *path, ...)
{
    va_list ap;
    va_start(ap, path);
    CLEANUP_FREE char *whole = docker_path(d, path, ap);
    va_end(ap);
    CLEANUP_FREE char *text = body ? json_line(body) : NULL;
    struct http_resp resp = { 0 };
    struct http_req req = { .method = method, .path = whole, .body = text, .body_size = text ? strlen(text) : 0,
                            .content_type = text ? "application/json" : NULL, .idle_ms = idle_ms };
    int rc = http_do(d->http, &req, &resp, err);
    if (!rc) rc = docker_refused(&resp, method, whole, err);
    if (!rc && ret) rc = json_parse(resp.body.data, resp.body.size, "the Docker Engine's answer", ret, err);
    if (!rc && ret_status) *ret_status = resp.status;
    http_resp_release(&resp);
    return rc;
}
