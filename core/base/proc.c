/* proc.c - the life of a child process as its owner sees it; see proc.h.
 *
 * Every child has a watcher thread (proc_watch.c), which starts it, keeps the tail of its stderr, ends it when asked to
 * or when cancelled, and reaps it.  PDEATHSIG is bound to the thread that forked: so that thread must live as
 * long as the child, whatever the caller's threads do. */
#include "core/base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/proc_private.h"
#include "core/base/str.h"
#include "core/base/vec.h"

char *pab_proc_which(const char *name)
{
    const char *dirs = getenv("PATH");
    if (!dirs || !*dirs) dirs = "/usr/local/bin:/usr/bin:/bin";
    if (!*name || strchr(name, '/')) return NULL;
    for (;;) {
        size_t n = strcspn(dirs, ":");
        struct stat st;
        CLEANUP_FREE char *path = pab_sprintf("%.*s/%s", (int)n, dirs, name);
        /* An empty entry would mean the current folder: nobody's intention. */
        if (n && access(path, X_OK) == 0 && stat(path, &st) == 0 && S_ISREG(st.st_mode)) return TAKE_PTR(path);
        if (!dirs[n]) return NULL;
        dirs += n + 1;
    }
}

static int names(const char *entry, const char *const *list)
{
    size_t n = strcspn(entry, "=");
    for (; list && *list; list++) {
        if (strcspn(*list, "=") == n && strncmp(entry, *list, n) == 0) return 1;
    }
    return 0;
}

/* The list alone is ours: the strings belong to environ and the caller. */
static char **make_environment(const struct pab_proc_opts *o)
{
    struct { char **items; size_t count, capacity; } env = { 0 };
    for (char **e = environ; e && *e; e++) {
        if (!names(*e, o->env_drop) && !names(*e, o->env_add)) PAB_PUSH(&env, *e);
    }
    for (const char *const *e = o->env_add; e && *e; e++) PAB_PUSH(&env, (char *)(uintptr_t)*e);
    PAB_PUSH(&env, NULL);
    return env.items;
}

/* A pipe whose ends are beyond 0..2, where the child will put its own. */
static int make_pipe(int *ret_read, int *ret_write)
{
    int ends[2];
    if (pipe2(ends, O_CLOEXEC)) return -1;
    for (int i = 0; i < 2; i++) {
        if (ends[i] > 2) continue;
        int moved = fcntl(ends[i], F_DUPFD_CLOEXEC, 3), saved = errno;
        close(ends[i]);
        ends[i] = moved;
        errno = saved;
    }
    *ret_read = ends[0];
    *ret_write = ends[1];
    return ends[0] < 0 || ends[1] < 0 ? -1 : 0;
}

/* What the child gets as its stdin or stdout, and our end of it if that is a pipe. */
static int make_stream(int how, int fd, int writing, int *ret_child, int *ret_ours)
{
    if (how == PAB_PROC_PIPE) return writing ? make_pipe(ret_ours, ret_child) : make_pipe(ret_child, ret_ours);
    *ret_child = how == PAB_PROC_FD ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : open("/dev/null", (writing ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
    if (*ret_child >= 0 && *ret_child <= 2) {
        int low = *ret_child;
        *ret_child = fcntl(low, F_DUPFD_CLOEXEC, 3);
        close(low);
    }
    return *ret_child < 0 ? -1 : 0;
}

static void close_fd(int *fd)
{
    if (*fd >= 0) close(*fd);
    *fd = -1;
}

static void free_proc(struct pab_proc *p)
{
    int *const fds[] = { &p->in, &p->out, &p->err_read, &p->wake, &p->child.in, &p->child.out, &p->child.err, &p->child.cwd };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) close_fd(fds[i]);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->changed);
    free(p->child.path);
    free(p->child.env);
    free(p->what);
    free(p);
}

static struct pab_proc *new_proc(const struct pab_proc_opts *o)
{
    struct pab_proc *p = pab_alloc(sizeof *p);
    p->in = p->out = p->err_read = p->wake = -1;
    p->child = (struct pab_proc_child){ .argv = o->argv, .in = -1, .out = -1, .err = -1, .cwd = -1 };
    p->cancel_fd = o->cancel_fd > 0 ? o->cancel_fd : -1;
    p->end_group = o->end_group;
    p->what = pab_strdup(o->what ? o->what : o->argv[0]);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->changed, NULL);
    return p;
}

static int make_stderr(struct pab_proc *p, int merged)
{
    if (merged) return (p->child.err = fcntl(p->child.out, F_DUPFD_CLOEXEC, 3)) < 0 ? -1 : 0;
    return make_pipe(&p->err_read, &p->child.err) || fcntl(p->err_read, F_SETFL, O_NONBLOCK) ? -1 : 0;
}

static int prepare(struct pab_proc *p, const struct pab_proc_opts *o, struct pab_error *err)
{
    p->child.path = strchr(o->argv[0], '/') ? pab_strdup(o->argv[0]) : pab_proc_which(o->argv[0]);
    if (!p->child.path) {
        pab_error_set(err, PAB_E_TOOL, 0, "cannot run '%s': not found", o->argv[0]);
        return pab_error_hint(err, PAB_E_TOOL, "install it, or add its folder to PATH");
    }
    p->child.env = make_environment(o);
    if (o->cwd && (p->child.cwd = open(o->cwd, O_PATH | O_DIRECTORY | O_CLOEXEC)) < 0) {
        return pab_error_set(err, PAB_E_TOOL, errno, "cannot run '%s' in '%s'", o->argv[0], o->cwd);
    }
    p->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (p->wake < 0 || make_stream(o->in, o->in_fd, 0, &p->child.in, &p->in) || make_stream(o->out, o->out_fd, 1, &p->child.out, &p->out) ||
        make_stderr(p, o->merge_err)) {
        return pab_error_set(err, PAB_E_IO, errno, "cannot run '%s': no pipes", o->argv[0]);
    }
    return PAB_OK;
}

int pab_proc_start(const struct pab_proc_opts *opts, struct pab_proc **ret, struct pab_error *err)
{
    struct pab_proc *p = new_proc(opts);
    int rc = prepare(p, opts, err);
    if (!rc) rc = pab_proc_launch(p, err);
    if (rc) {
        free_proc(p);
        return rc;
    }
    *ret = p;
    return PAB_OK;
}

int pab_proc_in(struct pab_proc *p)
{
    return p->in;
}

int pab_proc_out(struct pab_proc *p)
{
    return p->out;
}

void pab_proc_close_in(struct pab_proc *p)
{
    close_fd(&p->in);
}

const char *pab_proc_stderr(struct pab_proc *p)
{
    pthread_mutex_lock(&p->lock);
    size_t n = p->tail_total < PAB_PROC_TAIL ? p->tail_total : PAB_PROC_TAIL, start = p->tail_total - n;
    for (size_t i = 0; i < n; i++) {
        char c = p->tail[(start + i) % PAB_PROC_TAIL];
        p->tail_text[i] = c ? c : ' ';
    }
    p->tail_text[n] = '\0';
    pthread_mutex_unlock(&p->lock);
    return p->tail_text;
}

/* The last lines of stderr as one: "a; b". */
static char *last_words(struct pab_proc *p)
{
    const char *text = pab_proc_stderr(p), *line = text + strlen(text);
    const size_t most = 600; /* leaves room for what failed in a message of 1024 bytes */
    struct pab_buf b = PAB_BUF_INIT(0);
    while (line > text && (size_t)(text + strlen(text) - line) < most) line--;
    if (line > text) { /* begin with a whole line, or at least a whole character */
        const char *newline = strchr(line, '\n');
        if (newline && newline[1]) line = newline + 1;
        while (((unsigned char)*line & 0xc0) == 0x80) line++;
    }
    for (; *line; line++) {
        unsigned char c = (unsigned char)*line;
        if (c == '\n') {
            if (b.size && line[strspn(line, "\r\n \t")]) pab_buf_adds(&b, "; ");
            line += strspn(line, "\r\n \t") - 1;
        } else {
            pab_buf_addc(&b, c < 0x20 || c == 0x7f ? ' ' : (char)c);
        }
    }
    return pab_buf_take(&b);
}

static void close_pipes(struct pab_proc *p)
{
    close_fd(&p->in);
    close_fd(&p->out);
}

static int give_result(struct pab_proc *p, int *ret_status, struct pab_error *err)
{
    int status = p->status;
    if (p->cancelled) return pab_error_set(err, PAB_E_CANCELLED, 0, "%s was ended: cancelled", p->what);
    if (ret_status) {
        *ret_status = status;
        return PAB_OK;
    }
    if (status == 0) return PAB_OK;
    CLEANUP_FREE char *words = last_words(p);
    const char *sep = *words ? ": " : "";
    if (p->signal) {
        const char *name = sigabbrev_np(p->signal);
        return pab_error_set(err, PAB_E_TOOL, 0, "%s was ended by signal %s%s%s%s", p->what, name ? "SIG" : "", name ? name : "?", sep, words);
    }
    return pab_error_set(err, PAB_E_TOOL, 0, "%s failed with exit status %d%s%s", p->what, status, sep, words);
}

static int end(struct pab_proc *p, int *ret_status, char **ret_said, struct pab_error *err)
{
    close_pipes(p);
    pthread_join(p->watcher, NULL);
    int rc = give_result(p, ret_status, err);
    if (!rc && ret_said) *ret_said = pab_strdup(pab_proc_stderr(p));
    free_proc(p);
    return rc;
}

int pab_proc_wait(struct pab_proc *p, int *ret_status, struct pab_error *err)
{
    return end(p, ret_status, NULL, err);
}

int pab_proc_finish(struct pab_proc *p, struct pab_error *err)
{
    return end(p, NULL, NULL, err);
}

int pab_proc_finish_said(struct pab_proc *p, char **ret_said, struct pab_error *err)
{
    return end(p, NULL, ret_said, err);
}

void pab_proc_kill(struct pab_proc *p)
{
    if (!p) return;
    uint64_t one = 1;
    (void)!write(p->wake, &one, sizeof one);
    close_pipes(p);
    pthread_join(p->watcher, NULL);
    free_proc(p);
}

int pab_proc_capture(const struct pab_proc_opts *opts, size_t max, char **ret, struct pab_error *err)
{
    struct pab_proc_opts o = *opts;
    struct pab_proc *p = NULL;
    o.out = PAB_PROC_PIPE;
    int rc = pab_proc_start(&o, &p, err);
    if (rc) return rc;

    struct pab_buf b = PAB_BUF_INIT(max);
    char block[4096];
    ssize_t n;
    while ((n = read(p->out, block, sizeof block)) > 0 || (n < 0 && errno == EINTR)) {
        if (n <= 0 || pab_buf_add(&b, block, (size_t)n) == PAB_OK) continue;
        if (b.size + (size_t)n > max) rc = pab_error_set(err, PAB_E_TOOL, 0, "%s printed more than %zu bytes", p->what, max);
        else rc = pab_error_set(err, PAB_E_NOMEM, 0, "no memory for what %s printed", p->what);
        break;
    }
    if (!rc && n < 0) rc = pab_error_set(err, PAB_E_IO, errno, "cannot read what %s printed", p->what);
    if (rc) pab_proc_kill(p);
    else rc = pab_proc_finish(p, err);
    if (rc) pab_buf_release(&b);
    else *ret = pab_buf_take(&b);
    return rc;
}
