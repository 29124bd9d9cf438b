/* talk.c - see talk.h. The output is read by a thread of its own, so that the child's end, and not the end of its output, decides. */
#include "core/base/talk.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <unistd.h>
#include "core/base/buf.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/deadline.h"
#include "core/base/fsutil.h"

struct listener {
    struct pab_talk *t;
    int out, ended;             /* its output, not blocking; readable once it has ended */
    unsigned lines, max_lines;
    size_t size;
    char text[PAB_TALK_LINE + 1];
};

static void hand_on(struct listener *l)
{
    l->text[l->size] = '\0';
    if (l->size && l->t->line) l->t->line(l->t->ctx, l->text);
    l->lines += l->size != 0;
    l->size = 0;
}

static void take(struct listener *l, const char *p, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (l->lines >= l->max_lines) {
            l->t->left_out += n - i;
            return;
        }
        if (p[i] == '\n' || p[i] == '\r') hand_on(l);
        else if (l->size < PAB_TALK_LINE) l->text[l->size++] = p[i] ? p[i] : ' ';
        else l->t->left_out++;
    }
}

static void *listen_to(void *arg)
{
    struct listener *l = arg;
    struct pollfd fds[2] = { { l->out, POLLIN, 0 }, { l->ended, POLLIN, 0 } };
    char block[8192];
    for (size_t after_end = 0; after_end < 1 << 20;) { /* a pipe's worth: what goes on printing after the end is not followed */
        if (poll(fds, 2, -1) < 0) continue;
        ssize_t n = read(l->out, block, sizeof block);
        if (n > 0) take(l, block, (size_t)n);
        if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) break;
        if (n < 0 && fds[1].revents) break;
        if (n > 0 && fds[1].revents) after_end += (size_t)n;
    }
    hand_on(l);
    return NULL;
}

/* Its stdin: a file in memory, so that it may read it or not, at its own speed. */
static int make_input(const struct pab_talk *t)
{
    CLEANUP_CLOSE int fd = memfd_create("input", MFD_CLOEXEC);
    if (fd < 0 || pab_write_all(fd, t->input, t->input_size) || lseek(fd, 0, SEEK_SET)) return -1;
    return TAKE_FD(fd);
}

static int wait_for(struct pab_proc *p, struct listener *l, int *ret_status, struct pab_error *err)
{
    pthread_t thread;
    uint64_t one = 1;
    int rc = pthread_create(&thread, NULL, listen_to, l);
    if (rc) {
        pab_proc_kill(p);
        return pab_error_set(err, PAB_E_IO, rc, "no thread that listens to a program");
    }
    rc = pab_proc_wait(p, ret_status, err);
    (void)!write(l->ended, &one, sizeof one);
    pthread_join(thread, NULL);
    return rc;
}

int pab_talk(const struct pab_proc_opts *opts, struct pab_talk *t, int *ret_status, struct pab_error *err)
{
    const char *what = opts->what ? opts->what : opts->argv[0];
    CLEANUP_CLOSE int timer = -1, out = -1, child_out = -1;
    CLEANUP_CLOSE int deadline = pab_deadline_fd(t->limit_ms, t->cancellable, &timer);
    CLEANUP_CLOSE int in = make_input(t);
    CLEANUP_CLOSE int ended = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    int ends[2];
    if (deadline < 0 || in < 0 || ended < 0 || pipe2(ends, O_CLOEXEC)) return pab_error_set(err, PAB_E_IO, errno, "cannot run %s", what);
    out = ends[0];
    child_out = ends[1];
    if (fcntl(out, F_SETFL, O_NONBLOCK)) return pab_error_set(err, PAB_E_IO, errno, "cannot run %s", what);

    struct listener l = { .t = t, .out = out, .ended = ended, .max_lines = t->max_lines ? t->max_lines : 100 };
    struct pab_proc_opts o = *opts;
    struct pab_proc *p = NULL;
    struct pab_error why = { 0 };
    o.in = o.out = PAB_PROC_FD;
    o.in_fd = in;
    o.out_fd = child_out;
    o.merge_err = o.end_group = 1;
    o.cancel_fd = deadline;
    t->left_out = 0;
    int rc = pab_proc_start(&o, &p, &why);
    close(TAKE_FD(child_out));
    if (!rc) rc = wait_for(p, &l, ret_status, &why);
    if (rc == PAB_E_CANCELLED && !(t->cancellable && pab_cancelled()))
        return pab_error_set(err, PAB_E_TIMEOUT, 0, "%s did not end within %g s", what, (double)t->limit_ms / 1000);
    if (rc && err) *err = why;
    return rc;
}
