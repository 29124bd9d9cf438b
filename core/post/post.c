/* post.c - pabengine-post: one HTTP POST, told on stdin, for core/engine/deliver.c.
 *
 *     url https://example.org/topic        (or unix:///run/x.sock:/topic)
 *     timeout-ms 10000
 *     header Title: backup failed
 *                                          (an empty line)
 *     the body, as it is
 *
 * Prints one line of what came of it, without any secret.  Exit status: 0 delivered (an answer of 200 to 299), 1 refused for
 * good, 75 (EX_TEMPFAIL) worth another try.  Redirections are followed on the same host only, since the path and the headers may
 * be secrets, and never from https to http.
 */
#include <curl/curl.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include "config.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"

#define MAX_MESSAGE (4u << 20)
#define MAX_ANSWER (64u << 10) /* it is not read by anybody */
#define MAX_REDIRECTIONS 3

enum { DELIVERED = 0, REFUSED = 1, LATER = 75 };

struct post {
    char *url, *socket;
    long timeout_ms;
    struct curl_slist *headers;
    const char *body;
    size_t body_size, answered;
};

static int say(int code, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static int say(int code, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vprintf(fmt, ap);
    va_end(ap);
    putchar('\n');
    return code;
}

static int read_input(struct pab_buf *ret)
{
    char block[8192];
    for (;;) {
        size_t n = fread(block, 1, sizeof block, stdin);
        if (!n) return ferror(stdin) ? -1 : 0;
        if (pab_buf_add(ret, block, n)) return -1;
    }
}

/* unix:///run/x.sock:/topic is the topic of a server on that socket. */
static void take_url(struct post *p, const char *url)
{
    const char *rest = pab_str_has_prefix(url, "unix://") ? strstr(url + strlen("unix://"), ":/") : NULL;
    free(p->url);
    p->url = rest ? pab_sprintf("http://localhost%s", rest + 1) : pab_strdup(url);
    if (rest) p->socket = pab_strndup(url + strlen("unix://"), (size_t)(rest - url) - strlen("unix://"));
}

/* The head line by line; 0, or -1 for one that is not understood. */
static int read_head(struct post *p, char *text, const char *end)
{
    while (text < end) {
        char *line = text, *newline = memchr(text, '\n', (size_t)(end - text));
        if (!newline) return -1;
        *newline = '\0';
        text = newline + 1;
        int64_t ms;
        if (!*line) {
            p->body = text;
            p->body_size = (size_t)(end - text);
            return p->url && p->timeout_ms > 0 ? 0 : -1;
        }
        if (pab_str_has_prefix(line, "url ")) take_url(p, line + 4);
        else if (pab_str_has_prefix(line, "header ")) p->headers = curl_slist_append(p->headers, line + 7);
        else if (pab_str_has_prefix(line, "timeout-ms ") && pab_parse_int(line + 11, &ms) == 0 && ms > 0 && ms < 86400000) p->timeout_ms = (long)ms;
        else return -1;
    }
    return -1;
}

static size_t throw_away(char *data, size_t size, size_t n, void *ctx)
{
    struct post *p = ctx;
    (void)data;
    p->answered += size * n;
    return p->answered > MAX_ANSWER ? 0 : size * n;
}

static void set_up(struct post *p, CURL *c)
{
    curl_easy_setopt(c, CURLOPT_URL, p->url);
    if (p->socket) curl_easy_setopt(c, CURLOPT_UNIX_SOCKET_PATH, p->socket);
#if LIBCURL_VERSION_NUM >= 0x075500
    curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "http,https");
#else
    curl_easy_setopt(c, CURLOPT_PROTOCOLS, (long)(CURLPROTO_HTTP | CURLPROTO_HTTPS));
#endif
    curl_easy_setopt(c, CURLOPT_POSTFIELDS, p->body);
    curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)p->body_size);
    curl_easy_setopt(c, CURLOPT_HTTPHEADER, p->headers);
    curl_easy_setopt(c, CURLOPT_USERAGENT, "pabengine/" PACKAGE_VERSION);
    curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, p->timeout_ms);
    curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, p->timeout_ms);
    curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, throw_away);
    curl_easy_setopt(c, CURLOPT_WRITEDATA, p);
}

static char *part_of(CURLU *u, CURLUPart what)
{
    char *text = NULL;
    if (curl_url_get(u, what, &text, CURLU_DEFAULT_PORT)) return pab_strdup("");
    char *ret = pab_strdup(text);
    curl_free(text);
    return ret;
}

/* 0: `to` is a place of the same host and may be followed. */
static int judge_redirection(const char *from, const char *to)
{
    CURLU *a = curl_url(), *b = curl_url();
    int code = 0;
    if (!a || !b || curl_url_set(a, CURLUPART_URL, from, 0) || curl_url_set(b, CURLUPART_URL, to, 0)) {
        code = say(REFUSED, "it redirects to something that is no address");
    } else {
        CLEANUP_FREE char *host = part_of(a, CURLUPART_HOST), *new_host = part_of(b, CURLUPART_HOST);
        CLEANUP_FREE char *scheme = part_of(a, CURLUPART_SCHEME), *new_scheme = part_of(b, CURLUPART_SCHEME);
        CLEANUP_FREE char *port = part_of(a, CURLUPART_PORT), *new_port = part_of(b, CURLUPART_PORT);
        int safer = strcasecmp(scheme, "http") == 0 && strcasecmp(new_scheme, "https") == 0;
        CLEANUP_FREE char *shown = pab_str_printable(new_host);
        if (strcasecmp(host, new_host) != 0) code = say(REFUSED, "it redirects to another host, '%s', which is not followed: the address may be a secret", shown);
        else if (!safer && strcasecmp(scheme, new_scheme) != 0) code = say(REFUSED, "it redirects from https to http, which is not followed");
        else if (!safer && strcmp(port, new_port) != 0) code = say(REFUSED, "it redirects to another port, which is not followed");
    }
    curl_url_cleanup(a);
    curl_url_cleanup(b);
    return code;
}

static int judge_status(long status)
{
    if (status >= 200 && status < 300) return say(DELIVERED, "status %ld", status);
    int passing = status == 408 || status == 425 || status == 429 || status >= 500;
    return say(passing ? LATER : REFUSED, "it answered with status %ld", status);
}

static int deliver(struct post *p, CURL *c)
{
    set_up(p, c);
    for (int hops = 0;; hops++) {
        char *to = NULL;
        long status = 0;
        p->answered = 0;
        CURLcode rc = curl_easy_perform(c);
        curl_easy_getinfo(c, CURLINFO_RESPONSE_CODE, &status);
        if (rc == CURLE_URL_MALFORMAT || rc == CURLE_UNSUPPORTED_PROTOCOL) return say(REFUSED, "that is no address for HTTP");
        if (rc && !(rc == CURLE_WRITE_ERROR && p->answered > MAX_ANSWER)) return say(LATER, "%s", curl_easy_strerror(rc));
        if (status / 100 != 3 || status == 303 || curl_easy_getinfo(c, CURLINFO_REDIRECT_URL, &to) || !to) return judge_status(status);
        if (hops == MAX_REDIRECTIONS) return say(REFUSED, "it redirects again and again");
        if (judge_redirection(p->url, to)) return REFUSED;
        free(p->url);
        p->url = pab_strdup(to);
        curl_easy_setopt(c, CURLOPT_URL, p->url);
    }
}

int main(void)
{
    struct pab_buf input = PAB_BUF_INIT(MAX_MESSAGE);
    struct post p = { 0 };
    if (read_input(&input)) return say(REFUSED, "the message is too large");
    if (read_head(&p, input.data, input.data + input.size)) return say(REFUSED, "pabengine-post is run by pabengine alone");
    curl_global_init(CURL_GLOBAL_DEFAULT);
    CURL *c = curl_easy_init();
    int code = c ? deliver(&p, c) : say(LATER, "libcurl could not be set up");
    curl_easy_cleanup(c);
    curl_slist_free_all(p.headers);
    curl_global_cleanup();
    pab_buf_release(&input);
    free(p.url);
    free(p.socket);
    return fflush(stdout) ? REFUSED : code;
}
