/* http.c - making handles and requests; see http.h. Moving the bytes: http_stream.c. */
#include <string.h>
#include <strings.h>
#include "plugins/support/http_private.h"

int http_load(struct pab_error *err)
{
    CURLcode rc = curl_global_init(CURL_GLOBAL_DEFAULT);
    return rc ? pab_error_set(err, PAB_E_INTERNAL, 0, "cannot set up libcurl: %s", curl_easy_strerror(rc)) : PAB_OK;
}

static char *own(const char *s) { return s ? pab_strdup(s) : NULL; }

int http_new(const struct http_opts *o, struct http **ret, struct pab_error *err)
{
    int is_unix = pab_str_has_prefix(o->base, "unix://");
    if (!is_unix && !pab_str_has_prefix(o->base, "http://") && !pab_str_has_prefix(o->base, "https://"))
        return pab_error_set(err, PAB_E_CONFIG, 0, "'%s' is no address: it should begin with http://, https:// or unix://", o->base);
    struct http *h = pab_alloc(sizeof *h);
    h->multi = curl_multi_init();
    if (!h->multi) {
        free(h);
        return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for libcurl");
    }
    h->base = pab_strdup(o->base);
    h->socket = is_unix ? pab_strdup(o->base + strlen("unix://")) : NULL;
    h->user = own(o->user);
    h->password = own(o->password);
    h->ca_file = own(o->ca_file);
    h->cert_file = own(o->cert_file);
    h->key_file = own(o->key_file);
    for (const char *const *p = o->headers; p && *p; p++) pab_strs_add(&h->headers, *p);
    h->cancel_fd = o->cancel_fd;
    h->insecure = o->insecure;
    h->connect_ms = o->connect_ms ? o->connect_ms : 10000;
    h->idle_ms = o->idle_ms ? o->idle_ms : 60000;
    *ret = h;
    return PAB_OK;
}

void http_free(struct http *h)
{
    if (!h) return;
    curl_multi_cleanup(h->multi);
    if (h->password) explicit_bzero(h->password, strlen(h->password));
    char *const texts[] = { h->base, h->socket, h->user, h->password, h->ca_file, h->cert_file, h->key_file };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) free(texts[i]);
    pab_strs_release(&h->headers);
    free(h);
}

int http_set_cancel_fd(struct http *h, int fd)
{
    int old = h->cancel_fd;
    h->cancel_fd = fd;
    return old;
}

const char *http_base(const struct http *h) { return h->base; }

const char *http_header(const struct http_resp *resp, const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < resp->headers.count; i++) {
        const char *h = resp->headers.items[i];
        if (strncasecmp(h, name, n) || h[n] != ':') continue;
        for (h += n + 1; *h == ' '; h++) continue;
        return h;
    }
    return NULL;
}

void http_resp_release(struct http_resp *resp)
{
    pab_buf_release(&resp->body);
    pab_strs_release(&resp->headers);
    resp->status = 0;
}

int http_do(struct http *h, const struct http_req *req, struct http_resp *resp, struct pab_error *err)
{
    struct http_stream *s = NULL;
    int rc = http_open(h, req, &s, err);
    if (!rc) rc = http_read_all(s, req->max_body ? req->max_body : 16u << 20, &resp->body, err);
    if (!rc) {
        resp->status = s->resp.status;
        resp->headers = s->resp.headers;
        s->resp.headers = (struct pab_strs){ 0 };
    }
    http_close(s);
    return rc;
}
