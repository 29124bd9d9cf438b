/* watch.c - see watch.h. A small thread waits for the cancel fd or the limit, so that plugins need to poll one fd only.
 * Where the system gives us no thread or fd, that fd is the process-wide one, and the limit is noticed at the next call. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/plug/watch.h"

struct pab_watch {
    int64_t deadline_ms;       /* monotonic; 0: none */
    int stopped_fd, end_fd;
    atomic_int stopped, timed_out;
    pthread_t thread;
    int has_thread;
};

static void raise_fd(int fd)
{
    uint64_t one = 1;
    while (write(fd, &one, sizeof one) < 0 && errno == EINTR) { }
}

static void *watch_main(void *arg)
{
    struct pab_watch *w = arg;
    struct pollfd fds[2] = { { .fd = pab_cancel_fd(), .events = POLLIN }, { .fd = w->end_fd, .events = POLLIN } };
    for (;;) {
        int64_t left = pab_watch_remaining_ms(w);
        int n = poll(fds, 2, left < 0 ? -1 : left > 3600000 ? 3600000 : (int)left);
        if (n < 0 && errno == EINTR) continue;
        if (fds[1].revents) return NULL;
        if (pab_cancelled()) break;
        if (w->deadline_ms && pab_watch_remaining_ms(w) == 0) {
            atomic_store(&w->timed_out, 1);
            break;
        }
    }
    atomic_store(&w->stopped, 1);
    raise_fd(w->stopped_fd);
    return NULL;
}

/* Signals are for the main thread. */
static int start_thread(struct pab_watch *w)
{
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int rc = pthread_create(&w->thread, NULL, watch_main, w);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rc == 0;
}

struct pab_watch *pab_watch_new(int64_t timeout_ms)
{
    struct pab_watch *w = pab_alloc(sizeof *w);
    int64_t now = pab_monotonic_ms();
    if (timeout_ms > 0) w->deadline_ms = timeout_ms < INT64_MAX - now ? now + timeout_ms : INT64_MAX;
    w->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->has_thread = w->stopped_fd >= 0 && w->end_fd >= 0 && start_thread(w);
    return w;
}

int pab_watch_stopped(struct pab_watch *w)
{
    /* without a thread, whoever asks finds out */
    if (!w->has_thread && w->deadline_ms && pab_watch_remaining_ms(w) == 0 && !pab_cancelled()) {
        atomic_store(&w->timed_out, 1);
        atomic_store(&w->stopped, 1);
    }
    return atomic_load(&w->stopped) || pab_cancelled();
}

int pab_watch_timed_out(struct pab_watch *w)
{
    return atomic_load(&w->timed_out);
}

int pab_watch_fd(struct pab_watch *w)
{
    return w->has_thread ? w->stopped_fd : pab_cancel_fd();
}

int64_t pab_watch_remaining_ms(struct pab_watch *w)
{
    if (!w->deadline_ms) return -1;
    int64_t left = w->deadline_ms - pab_monotonic_ms();
    return left > 0 ? left : 0;
}

void pab_watch_free(struct pab_watch *w)
{
    if (!w) return;
    if (w->has_thread) {
        raise_fd(w->end_fd);
        pthread_join(w->thread, NULL);
    }
    if (w->stopped_fd >= 0) close(w->stopped_fd);
    if (w->end_fd >= 0) close(w->end_fd);
    free(w);
}
