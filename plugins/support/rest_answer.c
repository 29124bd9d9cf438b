/* rest_answer.c - what an answer means: statuses, refusals, types, redirections, waiting times; see rest.h. */
#include <string.h>
#include <curl/curl.h>
#include "plugins/support/rest_private.h"

static void url_cleanup(CURLU **u) { curl_url_cleanup(*u); }
static void curl_text_cleanup(char **s) { curl_free(*s); }
#define CLEANUP_URL CLEANUP(url_cleanup)
#define CLEANUP_CURL_TEXT CLEANUP(curl_text_cleanup)

/* "scheme://host:port", lower case, the port spelt out. */
static char *origin_of(CURLU *u)
{
    CLEANUP_CURL_TEXT char *scheme = NULL;
    CLEANUP_CURL_TEXT char *host = NULL;
    CLEANUP_CURL_TEXT char *port = NULL;
    if (curl_url_get(u, CURLUPART_SCHEME, &scheme, 0) || curl_url_get(u, CURLUPART_HOST, &host, 0) || curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT)) return NULL;
    char *ret = pab_sprintf("%s://%s:%s", scheme, host, port);
    for (char *p = ret; *p; p++)
        if (*p >= 'A' && *p <= 'Z') *p = (char)(*p - 'A' + 'a');
    return ret;
}

int rest_split_url(struct rest *r, const char *url, struct pab_error *err)
{
    size_t n = strlen(url);
    while (n && url[n - 1] == '/') n--;
    CLEANUP_FREE char *text = pab_strndup(url, n);
    if (pab_str_has_prefix(text, "unix://")) {
        r->origin = TAKE_PTR(text);
        r->prefix = pab_strdup("");
        return PAB_OK;
    }
    CLEANUP_URL CURLU *u = curl_url();
    CLEANUP_CURL_TEXT char *path = NULL;
    CLEANUP_CURL_TEXT char *user = NULL;
    CLEANUP_CURL_TEXT char *query = NULL;
    int is_http = pab_str_has_prefix(text, "http://") || pab_str_has_prefix(text, "https://");
    if (!is_http || !u || curl_url_set(u, CURLUPART_URL, text, 0))
        return pab_error_hint(err, pab_error_set(err, PAB_E_CONFIG, 0, "%s: the url is no address", r->service), "write http://HOST:PORT, https://HOST or unix:///PATH");
    if (!curl_url_get(u, CURLUPART_USER, &user, 0))
        return pab_error_hint(err, pab_error_set(err, PAB_E_CONFIG, 0, "%s: a user name or password stands in the url", r->service), "secrets have options of their own");
    if (!curl_url_get(u, CURLUPART_QUERY, &query, 0)) return pab_error_set(err, PAB_E_CONFIG, 0, "%s: the url has a query", r->service);
    r->origin = origin_of(u);
    curl_url_get(u, CURLUPART_PATH, &path, 0);
    r->prefix = pab_strdup(path && strcmp(path, "/") ? path : "");
    return r->origin ? PAB_OK : pab_error_set(err, PAB_E_CONFIG, 0, "%s: the url has no host", r->service);
}

int rest_follow(const struct rest *r, const char *path, const char *location, char **ret, struct pab_error *err)
{
    CLEANUP_URL CURLU *u = curl_url();
    CLEANUP_FREE char *here = pab_sprintf("%s%s", pab_str_has_prefix(r->origin, "unix://") ? "http://localhost" : r->origin, path);
    CLEANUP_CURL_TEXT char *to_path = NULL;
    CLEANUP_CURL_TEXT char *query = NULL;
    if (!u || curl_url_set(u, CURLUPART_URL, here, 0)) return pab_error_set(err, PAB_E_INTERNAL, 0, "%s: cannot take apart '%s'", r->service, here);
    CLEANUP_FREE char *mine = origin_of(u);
    CLEANUP_FREE char *shown = pab_str_printable(location);
    int failed = curl_url_set(u, CURLUPART_URL, location, 0) != CURLUE_OK;
    CLEANUP_FREE char *theirs = failed ? NULL : origin_of(u);
    if (!theirs || strcmp(mine, theirs))
        return pab_error_hint(err, pab_error_set(err, PAB_E_UNSUPPORTED, 0, "%s: '%.*s' is redirected to another server, '%s'", r->service, (int)strcspn(path, "?"), path, shown),
                              "give that address as url if it is the service; the secret was not sent there");
    curl_url_get(u, CURLUPART_PATH, &to_path, 0);
    curl_url_get(u, CURLUPART_QUERY, &query, 0);
    *ret = pab_sprintf("%s%s%s", to_path ? to_path : "/", query ? "?" : "", query ? query : "");
    return PAB_OK;
}

static int code_of(long status)
{
    switch (status) {
    case 401: case 403: return PAB_E_AUTH;
    case 404: return PAB_E_NOT_FOUND;
    case 408: return PAB_E_TIMEOUT;
    case 409: return PAB_E_EXISTS;
    case 429: case 503: return PAB_E_BUSY;
    default: return status >= 500 ? PAB_E_UNREACHABLE : PAB_E_UNSUPPORTED;
    }
}

/* What the service says about it: {"message": ...} of n8n, {"detail": ...} of Letta, {"errors":[{"message": ...}]} of Neo4j. */
static char *explanation(struct rest *r)
{
    struct pab_buf body = { 0 };
    CLEANUP_FREE char *text = NULL;
    http_read_all(r->stream, (size_t)64 << 10, &body, NULL);
    CLEANUP_JSON json_t *o = body.size ? json_loadb(body.data, body.size, 0, NULL) : NULL;
    static const char *const names[] = { "message", "detail", "error" };
    for (size_t i = 0; o && !text && i < sizeof names / sizeof *names; i++) {
        const json_t *v = json_object_get(o, names[i]);
        if (v) text = json_is_string(v) ? pab_strdup(json_string_value(v)) : json_line(v);
    }
    const json_t *first = json_array_get(json_object_get(o, "errors"), 0);
    if (!text && first) text = pab_strdup(json_text(first, "message"));
    if (!text) text = pab_strndup(body.size ? body.data : "", body.size);
    pab_buf_release(&body);
    return pab_str_printable(text);
}

int rest_refused(struct rest *r, const char *method, const char *path, struct pab_error *err)
{
    CLEANUP_FREE char *said = explanation(r);
    long status = r->last.status;
    int rc = pab_error_set(err, code_of(status), 0, "%s: %s %.*s: status %ld%s%s", r->service, method, (int)strcspn(path, "?"), path, status, *said ? ": " : "", said);
    if (status == 401) return pab_error_hint(err, rc, "check the password or key of this target");
    if (status == 403) return pab_error_hint(err, rc, "the key lacks a right for this");
    return rc;
}

int rest_check_type(const struct rest *r, const struct rest_req *q, struct pab_error *err)
{
    const char *type = http_header(&r->last, "Content-Type");
    if (r->last.status == 204 || (type && strstr(type, "json"))) return PAB_OK;
    if (type && q->accept && pab_str_has_prefix(type, q->accept)) return PAB_OK;
    CLEANUP_FREE char *shown = pab_str_printable(type ? type : "something of no type");
    int rc = pab_error_set(err, PAB_E_CORRUPT, 0, "%s: '%.*s' answers with %s instead of JSON", r->service, (int)strcspn(q->path, "?"), q->path, shown);
    return pab_error_hint(err, rc, "is url the address of the service itself?");
}

int64_t rest_retry_after(const struct rest *r)
{
    const char *text = http_header(&r->last, "Retry-After");
    int64_t seconds;
    if (!text) return -1;
    if (!pab_parse_int(text, &seconds)) return seconds < 0 ? 0 : seconds > 86400 ? 86400000 : seconds * 1000;
    time_t when = curl_getdate(text, NULL);
    if (when < 0) return -1;
    int64_t wait = (int64_t)when - pab_now_ns() / 1000000000;
    return wait < 0 ? 0 : wait > 86400 ? 86400000 : wait * 1000;
}
