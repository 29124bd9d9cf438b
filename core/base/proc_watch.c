/* proc_watch.c - the thread that starts a child and looks after it; see proc.c. */
#include "core/base/proc_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include "config.h"
#include "core/base/clock.h"

#define GRACE_MS 5000
#define POLL_MS 20 /* how often to look where the kernel has no pidfd */

enum stage { STAGE_PARENT, STAGE_STREAMS, STAGE_FOLDER, STAGE_EXEC };
static const char *const stage_text[] = { "this process ended meanwhile", "cannot pass its pipes", "cannot enter its folder", "cannot execute it" };

struct report {
    int stage, os_errno;
};

/* ---- in the child: async-signal-safe calls only ---- */

_Noreturn static void give_up(int report_fd, enum stage stage)
{
    struct report r = { (int)stage, errno };
    (void)!write(report_fd, &r, sizeof r);
    _exit(127);
}

static void close_on_exec_from(int first)
{
#ifdef SYS_close_range
    /* 4: CLOSE_RANGE_CLOEXEC; the report must go through until exec closes it */
    if (syscall(SYS_close_range, (unsigned)first, UINT_MAX, 4u) == 0) return;
#endif
    long limit = sysconf(_SC_OPEN_MAX);
    for (int fd = first; fd < (limit > 0 && limit < 65536 ? limit : 65536); fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0) fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
    }
}

static void reset_signals(void)
{
    struct sigaction standard = { .sa_handler = SIG_DFL };
    sigset_t none;
    for (int sig = 1; sig < NSIG; sig++) {
        if (sig != SIGKILL && sig != SIGSTOP) sigaction(sig, &standard, NULL);
    }
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

_Noreturn static void be_child(const struct pab_proc_child *c, pid_t parent, int report_fd)
{
    setpgid(0, 0);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    errno = ECANCELED;
    if (getppid() != parent) give_up(report_fd, STAGE_PARENT); /* it died before prctl */
    if (dup2(c->in, 0) < 0 || dup2(c->out, 1) < 0 || dup2(c->err, 2) < 0) give_up(report_fd, STAGE_STREAMS);
    if (c->cwd >= 0 && fchdir(c->cwd)) give_up(report_fd, STAGE_FOLDER);
    close_on_exec_from(3);
    reset_signals();
    execve(c->path, (char *const *)(uintptr_t)c->argv, c->env);
    give_up(report_fd, STAGE_EXEC);
}

/* ---- in the watcher ---- */

static void close_child_ends(struct pab_proc_child *c)
{
    int *const fds[] = { &c->in, &c->out, &c->err, &c->cwd };
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0) close(*fds[i]);
        *fds[i] = -1;
    }
}

/* pid, or -1 with *ret_report telling what failed. */
static pid_t start_child(struct pab_proc *p, struct report *ret_report)
{
    int report_pipe[2];
    pid_t parent = getpid();
    *ret_report = (struct report){ STAGE_EXEC, 0 };
    if (pipe2(report_pipe, O_CLOEXEC)) {
        ret_report->os_errno = errno;
        return -1;
    }
    if (report_pipe[1] <= 2) { /* our own 0..2 are closed: the child is about to put its streams there */
        int moved = fcntl(report_pipe[1], F_DUPFD_CLOEXEC, 3);
        close(report_pipe[1]);
        report_pipe[1] = moved;
    }
    pid_t pid = fork();
    if (pid == 0) be_child(&p->child, parent, report_pipe[1]);
    ret_report->os_errno = errno;
    close(report_pipe[1]);
    close_child_ends(&p->child);
    if (pid > 0) {
        ssize_t n;
        setpgid(pid, pid); /* the child does the same: whoever is first */
        while ((n = read(report_pipe[0], ret_report, sizeof *ret_report)) < 0 && errno == EINTR) {
        }
        if (n == (ssize_t)sizeof *ret_report) {
            while (waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
            }
            pid = -1;
        }
    }
    close(report_pipe[0]);
    return pid;
}

static void announce(struct pab_proc *p, pid_t pid, const struct report *report)
{
    pthread_mutex_lock(&p->lock);
    p->started = pid > 0 ? 1 : -1;
    p->stage = stage_text[report->stage];
    p->stage_errno = report->os_errno;
    pthread_cond_signal(&p->changed);
    pthread_mutex_unlock(&p->lock);
}

/* 0 at the end of the stream. */
static int keep_tail(struct pab_proc *p)
{
    char block[4096];
    ssize_t n = read(p->err_read, block, sizeof block);
    if (n <= 0) return n < 0 && (errno == EAGAIN || errno == EINTR);
    pthread_mutex_lock(&p->lock);
    for (ssize_t i = 0; i < n; i++) p->tail[p->tail_total++ % PAB_PROC_TAIL] = block[i];
    pthread_mutex_unlock(&p->lock);
    return 1;
}

/* 1 once it has ended. `end_group`: with all that it started and left behind. */
static int reap(struct pab_proc *p, pid_t pid, int end_group)
{
    int status = 0;
    siginfo_t info = { 0 };
    if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 && info.si_pid == 0) return 0;
    if (end_group) kill(-pid, SIGKILL); /* before reaping: until then the number is nobody else's */
    pid_t got;
    while ((got = waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    /* ECHILD: somebody ignores SIGCHLD or waits for every child; a result that was lost is no success */
    p->signal = got > 0 && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
    p->status = got < 0 ? 127 : p->signal ? 128 + p->signal : WEXITSTATUS(status);
    return 1;
}

struct watch {
    struct pollfd fds[4]; /* its end, its stderr, kill, cancel */
    int64_t kill_at;      /* 0: not asked to end yet */
};

/* How long poll may wait: for the end of the grace, or for the next look at a child without pidfd. */
static int patience(const struct watch *w)
{
    int64_t ms = w->fds[0].fd < 0 ? POLL_MS : -1;
    if (w->kill_at) {
        int64_t left = w->kill_at - pab_monotonic_ms();
        if (left < 0) left = 0;
        if (ms < 0 || left < ms) ms = left;
    }
    return (int)ms;
}

static void ask_to_end(struct pab_proc *p, struct watch *w, pid_t pid)
{
    if (w->fds[3].revents) p->cancelled = 1;
    w->fds[2].fd = w->fds[3].fd = -1;
    w->kill_at = pab_monotonic_ms() + GRACE_MS;
    kill(-pid, SIGTERM);
    kill(-pid, SIGCONT); /* a stopped one would not notice */
}

static void look_after(struct pab_proc *p, pid_t pid)
{
    int pidfd = -1;
#ifdef SYS_pidfd_open
    pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
#endif
    struct watch w = { .fds = { { pidfd, POLLIN, 0 }, { p->err_read, POLLIN, 0 }, { p->wake, POLLIN, 0 }, { p->cancel_fd, POLLIN, 0 } } };
    while (!reap(p, pid, w.kill_at || p->end_group)) {
        if (poll(w.fds, 4, patience(&w)) < 0) continue;
        if (w.fds[1].revents && !keep_tail(p)) w.fds[1].fd = -1;
        if (w.fds[2].revents || w.fds[3].revents) ask_to_end(p, &w, pid);
        if (w.kill_at && pab_monotonic_ms() >= w.kill_at) {
            kill(-pid, SIGKILL);
            w.kill_at = INT64_MAX;
        }
    }
    /* What it wrote last; not until the end of the stream, which a process that it left behind may hold open. */
    for (size_t before = SIZE_MAX; w.fds[1].fd >= 0 && before != p->tail_total;) {
        before = p->tail_total;
        if (!keep_tail(p)) break;
    }
    if (pidfd >= 0) close(pidfd);
}

static void *watch(void *arg)
{
    struct pab_proc *p = arg;
    struct report report;
    pid_t pid = start_child(p, &report);
    announce(p, pid, &report);
    if (pid > 0) look_after(p, pid);
    return NULL;
}

int pab_proc_launch(struct pab_proc *p, struct pab_error *err)
{
    /* No signal may run a handler in the child before it has its own, nor in the watcher. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&p->watcher, NULL, watch, p);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (rc) return pab_error_set(err, PAB_E_IO, rc, "cannot run '%s': no thread", p->child.argv[0]);

    pthread_mutex_lock(&p->lock);
    while (!p->started) pthread_cond_wait(&p->changed, &p->lock);
    pthread_mutex_unlock(&p->lock);
    if (p->started > 0) return PAB_OK;
    pthread_join(p->watcher, NULL);
    if (p->stage_errno == ENOENT && strcmp(p->stage, stage_text[STAGE_EXEC]) == 0) {
        return pab_error_set(err, PAB_E_TOOL, 0, "cannot run '%s': not found", p->child.argv[0]);
    }
    return pab_error_set(err, PAB_E_TOOL, p->stage_errno, "cannot run '%s': %s", p->child.argv[0], p->stage);
}
