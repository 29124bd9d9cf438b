/* http.c - the scripted server; see http.h. */
#include "tests/fakes/http.h"

#include <fnmatch.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define HEAD_MAX 65536
#define BODY_MAX (64u << 20)
#define MAX 4096
#define AGAIN_SIZE 16384 /* of a part that is sent for ever */

struct rule { char *pattern; struct fake_answer answer; unsigned used; };
struct asked { char *request, *body; };

struct fake_http {
    char dir[64], url[128];
    int fd, stop[2];             /* stop: readable once the server ends */
    pthread_t acceptor, threads[MAX];
    size_t thread_count;
    pthread_mutex_t lock;        /* of the rest */
    struct rule rules[MAX];
    struct asked asked[MAX];
    size_t rule_count, asked_count;
    fake_http_handler handler;
    void *handler_ctx;
};

struct connection { struct fake_http *s; int fd; char head[HEAD_MAX]; size_t have; };

static void wrong(const char *what)
{
    fprintf(stderr, "fake http: %s\n", what);
    abort();
}

/* 1: something to read; 0: the server ends. */
static int wait_for(struct fake_http *s, int fd)
{
    struct pollfd p[2] = { { .fd = fd, .events = POLLIN }, { .fd = s->stop[0], .events = POLLIN } };
    while (poll(p, 2, -1) < 0) continue;
    return !p[1].revents;
}

/* More bytes into the connection's buffer; 0 at the end. */
static int more(struct connection *c)
{
    if (c->have == sizeof c->head - 1 || !wait_for(c->s, c->fd)) return 0;
    ssize_t n = read(c->fd, c->head + c->have, sizeof c->head - 1 - c->have);
    if (n <= 0) return 0;
    c->have += (size_t)n;
    c->head[c->have] = '\0';
    return 1;
}

static void consume(struct connection *c, size_t n)
{
    memmove(c->head, c->head + n, c->have - n + 1);
    c->have -= n;
}

/* n bytes to *p, growing. 0: the end came before. */
static int take(struct connection *c, char **p, size_t *size, size_t n)
{
    if (*size + n > BODY_MAX) wrong("a request is too large");
    *p = realloc(*p, *size + n + 1);
    while (n) {
        if (!c->have && !more(c)) return 0;
        size_t part = n < c->have ? n : c->have;
        memcpy(*p + *size, c->head, part);
        consume(c, part);
        *size += part;
        n -= part;
    }
    (*p)[*size] = '\0';
    return 1;
}

static int take_chunks(struct connection *c, char **p, size_t *size)
{
    for (;;) {
        char *end, *line = NULL;
        while (!(end = strstr(c->head, "\r\n")))
            if (!more(c)) return 0;
        size_t n = strtoul(c->head, NULL, 16), skip = 0;
        consume(c, (size_t)(end - c->head) + 2);
        if (n && !take(c, p, size, n)) return 0;
        int rc = take(c, &line, &skip, 2);
        free(line);
        if (!rc || !n) return rc;
    }
}

static const char *header(const char *head, const char *name)
{
    for (const char *line = strstr(head, "\r\n"); line; line = strstr(line + 2, "\r\n"))
        if (!strncasecmp(line + 2, name, strlen(name))) return line + 2 + strlen(name);
    return NULL;
}

/* 1: a whole request. */
static int read_request(struct connection *c, char **ret_request, char **ret_body)
{
    char *end, *body = calloc(1, 1);
    size_t size = 0;
    while (!(end = strstr(c->head, "\r\n\r\n")))
        if (!more(c)) return free(body), 0;
    char *head = strndup(c->head, (size_t)(end - c->head));
    consume(c, (size_t)(end - c->head) + 4);
    const char *length = header(head, "Content-Length:"), *coding = header(head, "Transfer-Encoding:");
    int rc = coding ? take_chunks(c, &body, &size) : length ? take(c, &body, &size, strtoul(length, NULL, 10)) : 1;
    char *version = strstr(head, " HTTP/1.1");
    if (version) *version = '\0';
    *ret_request = head;
    *ret_body = body;
    if (rc) return 1;
    free(head);
    free(body);
    return 0;
}

static struct fake_answer choose(struct fake_http *s, char *request, char *body)
{
    struct fake_answer a = { .status = 404, .body = "{\"message\":\"not scripted\"}" };
    pthread_mutex_lock(&s->lock);
    if (s->asked_count == MAX) wrong("too many requests");
    s->asked[s->asked_count++] = (struct asked){ request, body };
    int made = s->handler && s->handler(s->handler_ctx, request, body, &a);
    for (size_t i = 0; !made && i < s->rule_count; i++) {
        struct rule *r = &s->rules[i];
        if ((r->answer.times && r->used == r->answer.times) || fnmatch(r->pattern, request, 0)) continue;
        r->used++;
        a = r->answer;
        made = 1;
    }
    pthread_mutex_unlock(&s->lock);
    return a;
}

static int send_all(int fd, const void *p, size_t n)
{
    for (size_t at = 0; at < n;) {
        ssize_t done = send(fd, (const char *)p + at, n - at, MSG_NOSIGNAL);
        if (done <= 0) return 0;
        at += (size_t)done;
    }
    return 1;
}

static int send_part(int fd, const char *body, size_t n, int chunked)
{
    char size[32];
    if (!chunked || !n) return send_all(fd, body, n);
    snprintf(size, sizeof size, "%zx\r\n", n);
    return send_all(fd, size, strlen(size)) && send_all(fd, body, n) && send_all(fd, "\r\n", 2);
}

/* 1: the connection stays. */
static int answer(struct connection *c, const struct fake_answer *a, int is_head)
{
    char head[4096];
    const char *body = a->body ? a->body : "";
    size_t size = a->size ? a->size : strlen(body), first = size;
    if (a->drop) return 0;
    if (a->hang) return wait_for(c->s, -1), 0;
    int no_body = a->status == 204 || a->status == 304;
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d Scripted\r\n%s%s", a->status ? a->status : 200, a->headers ? a->headers : "",
                     a->headers && strcasestr(a->headers, "content-type:") ? "" : "Content-Type: application/json\r\n");
    if (a->chunked) n += snprintf(head + n, sizeof head - (size_t)n, "Transfer-Encoding: chunked\r\n\r\n");
    else if (no_body) n += snprintf(head + n, sizeof head - (size_t)n, "\r\n");
    else n += snprintf(head + n, sizeof head - (size_t)n, "Content-Length: %zu\r\n\r\n", size);
    if (!send_all(c->fd, head, (size_t)n)) return 0;
    if (is_head || no_body) return 1;
    if (a->cut_at && a->cut_at < size) first = a->cut_at;
    if (a->stall_at && a->stall_at < size) first = a->stall_at;
    if (!send_part(c->fd, body, first, a->chunked)) return 0;
    if (a->cut_at) return 0;
    if (a->stall_at) return wait_for(c->s, -1), 0;
    while (a->again && send_part(c->fd, a->again, strlen(a->again), 1)) continue;
    if (a->again) return 0;
    return !a->chunked || send_all(c->fd, "0\r\n\r\n", 5);
}

static void *serve(void *arg)
{
    struct connection *c = arg;
    char *request, *body;
    while (read_request(c, &request, &body)) {
        struct fake_answer a = choose(c->s, request, body);
        if (!answer(c, &a, !strncmp(request, "HEAD ", 5))) break;
    }
    close(c->fd);
    free(c);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct fake_http *s = arg;
    while (wait_for(s, s->fd)) {
        struct connection *c = calloc(1, sizeof *c);
        if (!c || s->thread_count == MAX) wrong("too many connections");
        c->s = s;
        c->fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC);
        if (c->fd < 0 || pthread_create(&s->threads[s->thread_count++], NULL, serve, c)) wrong("cannot serve");
    }
    return NULL;
}

static struct fake_http *start(int family, const struct sockaddr *a, socklen_t size, struct fake_http *s)
{
    s->fd = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    pthread_mutex_init(&s->lock, NULL);
    if (pipe(s->stop) || s->fd < 0 || bind(s->fd, a, size) || listen(s->fd, 16) || pthread_create(&s->acceptor, NULL, accept_all, s)) wrong("cannot listen");
    return s;
}

struct fake_http *fake_http_new(void)
{
    struct fake_http *s = calloc(1, sizeof *s);
    struct sockaddr_un a = { .sun_family = AF_UNIX };
    if (!s) wrong("out of memory");
    strcpy(s->dir, "/tmp/pab-fake-http-XXXXXX");
    if (!mkdtemp(s->dir)) wrong("cannot make a folder");
    snprintf(a.sun_path, sizeof a.sun_path, "%s/http.sock", s->dir);
    snprintf(s->url, sizeof s->url, "unix://%s", a.sun_path);
    return start(AF_UNIX, (struct sockaddr *)&a, sizeof a, s);
}

struct fake_http *fake_http_new_tcp(void)
{
    struct fake_http *s = calloc(1, sizeof *s);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t size = sizeof a;
    if (!s) wrong("out of memory");
    start(AF_INET, (struct sockaddr *)&a, sizeof a, s);
    if (getsockname(s->fd, (struct sockaddr *)&a, &size)) wrong("no port");
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", ntohs(a.sin_port));
    return s;
}

void fake_http_free(struct fake_http *s)
{
    if (!s) return;
    if (write(s->stop[1], "", 1) != 1) wrong("cannot stop");
    pthread_join(s->acceptor, NULL);
    for (size_t i = 0; i < s->thread_count; i++) pthread_join(s->threads[i], NULL);
    for (size_t i = 0; i < s->rule_count; i++) {
        free(s->rules[i].pattern);
        free((char *)(size_t)s->rules[i].answer.headers);
        free((char *)(size_t)s->rules[i].answer.body);
        free((char *)(size_t)s->rules[i].answer.again);
    }
    for (size_t i = 0; i < s->asked_count; i++) {
        free(s->asked[i].request);
        free(s->asked[i].body);
    }
    if (s->dir[0]) unlink(s->url + strlen("unix://"));
    if (s->dir[0]) rmdir(s->dir);
    close(s->fd);
    close(s->stop[0]);
    close(s->stop[1]);
    pthread_mutex_destroy(&s->lock);
    free(s);
}

const char *fake_http_url(const struct fake_http *s) { return s->url; }

/* Over and over in one piece: the client is to be tested, not its patience. */
static char *repeated(const char *text)
{
    size_t n = strlen(text), times = AGAIN_SIZE / n + 1;
    char *all = malloc(n * times + 1);
    for (size_t i = 0; i < times; i++) memcpy(all + i * n, text, n);
    all[n * times] = '\0';
    return all;
}

void fake_http_on(struct fake_http *s, const char *pattern, struct fake_answer a)
{
    pthread_mutex_lock(&s->lock);
    if (s->rule_count == MAX) wrong("too many answers");
    if (a.body && !a.size) a.size = strlen(a.body);
    if (a.body) {
        char *copy = malloc(a.size + 1);
        memcpy(copy, a.body, a.size);
        copy[a.size] = '\0';
        a.body = copy;
    }
    if (a.headers) a.headers = strdup(a.headers);
    if (a.again) a.again = repeated(a.again);
    s->rules[s->rule_count++] = (struct rule){ .pattern = strdup(pattern), .answer = a };
    pthread_mutex_unlock(&s->lock);
}

void fake_http_handle(struct fake_http *s, fake_http_handler fn, void *ctx)
{
    pthread_mutex_lock(&s->lock);
    s->handler = fn;
    s->handler_ctx = ctx;
    pthread_mutex_unlock(&s->lock);
}

static struct asked asked(struct fake_http *s, size_t i)
{
    pthread_mutex_lock(&s->lock);
    struct asked a = i < s->asked_count ? s->asked[i] : (struct asked){ NULL, NULL };
    pthread_mutex_unlock(&s->lock);
    return a;
}

const char *fake_http_asked(struct fake_http *s, size_t i) { return asked(s, i).request; }
const char *fake_http_sent(struct fake_http *s, size_t i) { return asked(s, i).body; }

/* The head stands behind the request line, whose end is cut off at its version. */
int fake_http_had_header(struct fake_http *s, size_t i, const char *line)
{
    const char *request = fake_http_asked(s, i);
    size_t n = strlen(line);
    for (const char *p = request ? strstr(request + strlen(request) + 1, "\r\n") : NULL; p; p = strstr(p + 2, "\r\n"))
        if (!strncasecmp(p + 2, line, n) && (p[2 + n] == '\r' || p[2 + n] == '\0')) return 1;
    return 0;
}

size_t fake_http_count(struct fake_http *s, const char *pattern)
{
    size_t n = 0;
    const char *request;
    for (size_t i = 0; (request = fake_http_asked(s, i)); i++) n += !fnmatch(pattern, request, 0);
    return n;
}
