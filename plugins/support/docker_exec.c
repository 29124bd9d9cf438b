/* docker_exec.c - a command inside a running container; see docker.h. The daemon mixes stdout and stderr into frames: one byte of
 * stream, three zero bytes, a length of four, then as many bytes. */
#include <string.h>
#include "plugins/support/docker_private.h"

#define TAIL 4096u
#define SILENCE_MS 3600000u /* a dump may think for long before its first byte */

struct docker_exec {
    struct docker *d;
    char *id, *what;
    struct http_stream *out;
    uint32_t left;           /* of the frame at hand */
    int is_stderr;
    struct pab_buf stderr_tail;
};

static json_t *texts(const char *const *list)
{
    json_t *a = json_array();
    for (; list && *list; list++) json_array_append_new(a, json_string(*list));
    return a;
}

int docker_exec_start(struct docker *d, const char *id, const char *const *argv, const char *const *env, const char *user,
                      struct docker_exec **ret, struct pab_error *err)
{
    CLEANUP_FREE char *container = pab_str_file_name(id);
    CLEANUP_JSON json_t *made = NULL;
    CLEANUP_JSON json_t *body = json_pack("{s:b, s:b, s:b, s:b, s:o, s:o}", "AttachStdin", 0, "AttachStdout", 1, "AttachStderr", 1, "Tty", 0,
                                          "Cmd", texts(argv), "Env", texts(env));
    if (user) json_object_set_new(body, "User", json_string(user));
    int rc = docker_call(d, "POST", body, 0, &made, NULL, err, "/containers/%s/exec", container);
    if (rc) return rc;
    struct docker_exec *e = pab_alloc(sizeof *e);
    e->d = d;
    e->id = pab_strdup(json_text(made, "Id"));
    e->what = pab_sprintf("%s in container '%s'", argv[0], id);
    static const char how[] = "{\"Detach\":false,\"Tty\":false}";
    CLEANUP_FREE char *path = pab_sprintf("/v1.%d/exec/%s/start", d->api, e->id);
    rc = http_open(d->http, &(struct http_req){ .method = "POST", .path = path, .body = how, .body_size = sizeof how - 1,
                                                .content_type = "application/json", .idle_ms = SILENCE_MS }, &e->out, err);
    if (!rc && http_stream_resp(e->out)->status != 200) {
        struct http_resp answer = { .status = http_stream_resp(e->out)->status };
        rc = http_read_all(e->out, 65536, &answer.body, err);
        if (!rc) rc = docker_refused(&answer, "POST", path, err);
        if (!rc) rc = pab_error_set(err, PAB_E_TOOL, 0, "cannot start %s: status %ld", e->what, answer.status);
        http_resp_release(&answer);
    }
    if (rc) docker_exec_abandon(e);
    else *ret = e;
    return rc;
}

/* 1: `n` bytes are there; 0: the end came before the first; negative: failed. */
static int read_full(struct docker_exec *e, unsigned char *p, size_t n, struct pab_error *err)
{
    for (size_t have = 0; have < n;) {
        int64_t got = http_read(e->out, p + have, n - have, err);
        if (got < 0) return (int)got;
        if (got == 0) return have ? pab_error_set(err, PAB_E_UNREACHABLE, 0, "the output of %s was cut short", e->what) : 0;
        have += (size_t)got;
    }
    return 1;
}

static int next_frame(struct docker_exec *e, struct pab_error *err)
{
    unsigned char head[8];
    int rc = read_full(e, head, sizeof head, err);
    if (rc <= 0) return rc;
    if (head[0] > 2 || head[1] || head[2] || head[3]) return pab_error_set(err, PAB_E_CORRUPT, 0, "the output of %s is not in frames", e->what);
    e->is_stderr = head[0] == 2;
    e->left = (uint32_t)head[4] << 24 | (uint32_t)head[5] << 16 | (uint32_t)head[6] << 8 | head[7];
    return 1;
}

static int keep_stderr(struct docker_exec *e, struct pab_error *err)
{
    unsigned char chunk[TAIL];
    uint32_t n = e->left < sizeof chunk ? e->left : (uint32_t)sizeof chunk;
    int rc = read_full(e, chunk, n, err);
    if (rc <= 0) return rc ? rc : pab_error_set(err, PAB_E_UNREACHABLE, 0, "the output of %s was cut short", e->what);
    e->left -= n;
    if (pab_buf_add(&e->stderr_tail, chunk, n)) return PAB_OK;
    if (e->stderr_tail.size > TAIL) {
        memmove(e->stderr_tail.data, e->stderr_tail.data + e->stderr_tail.size - TAIL, TAIL + 1);
        e->stderr_tail.size = TAIL;
    }
    return PAB_OK;
}

int64_t docker_exec_read(struct docker_exec *e, void *buf, uint64_t capacity, struct pab_error *err)
{
    while (e->left == 0 || e->is_stderr) {
        if (e->left) {
            int rc = keep_stderr(e, err);
            if (rc) return rc;
        } else {
            int rc = next_frame(e, err);
            if (rc <= 0) return rc;
        }
    }
    int64_t n = http_read(e->out, buf, capacity < e->left ? capacity : e->left, err);
    if (n == 0) return pab_error_set(err, PAB_E_UNREACHABLE, 0, "the output of %s was cut short", e->what);
    if (n > 0) e->left -= (uint32_t)n;
    return n;
}

int docker_exec_finish(struct docker_exec *e, struct pab_error *err)
{
    CLEANUP_JSON json_t *state = NULL;
    http_close(e->out);
    e->out = NULL;
    int rc = docker_call(e->d, "GET", NULL, 0, &state, NULL, err, "/exec/%s/json", e->id);
    int64_t status = rc ? 0 : json_number(state, "ExitCode", -1);
    if (!rc && json_flag(state, "Running")) rc = pab_error_set(err, PAB_E_TOOL, 0, "%s still runs although its output ended", e->what);
    else if (!rc && status) rc = pab_error_set(err, PAB_E_TOOL, 0, "%s failed with status %lld: %s", e->what, (long long)status, pab_buf_str(&e->stderr_tail));
    docker_exec_abandon(e);
    return rc;
}

void docker_exec_abandon(struct docker_exec *e)
{
    if (!e) return;
    http_close(e->out);
    pab_buf_release(&e->stderr_tail);
    free(e->id);
    free(e->what);
    free(e);
}
