/* watch.c - see watch.h. A small thread waits for the cancel fd or the limit, so that plugins need to poll one fd only. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
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

struct pab_watch *pab_watch_new(int64_t timeout_ms)
{
    struct pab_watch *w = pab_alloc(sizeof *w);
    w->deadline_ms = timeout_ms > 0 ? pab_monotonic_ms() + timeout_ms : 0;
    w->stopped_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    w->has_thread = pthread_create(&w->thread, NULL, watch_main, w) == 0;
    return w;
}

int pab_watch_stopped(struct pab_watch *w)
{
    return atomic_load(&w->stopped) || pab_cancelled();
}

int pab_watch_timed_out(struct pab_watch *w)
{
    return atomic_load(&w->timed_out);
}

int pab_watch_fd(struct pab_watch *w)
{
    return w->stopped_fd;
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
    raise_fd(w->end_fd);
    if (w->has_thread) pthread_join(w->thread, NULL);
    close(w->stopped_fd);
    close(w->end_fd);
    free(w);
}
