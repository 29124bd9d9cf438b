/* cancel.c - see cancel.h. */
#include "core/base/cancel.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>
#include "core/base/clock.h"
#include "core/include/pab_plugin.h"

static atomic_int cancelled, event_fd = -1;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void make_event(void)
{
    atomic_store(&event_fd, eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
}

int pab_cancel_fd(void)
{
    pthread_once(&once, make_event);
    return atomic_load(&event_fd);
}

int pab_cancelled(void)
{
    return atomic_load(&cancelled);
}

/* Nothing here but what a signal handler may call. */
static void raise_flag(void)
{
    uint64_t one = 1;
    int fd = atomic_load(&event_fd);
    atomic_store(&cancelled, 1);
    if (fd >= 0) (void)!write(fd, &one, sizeof one);
}

static void on_signal(int sig)
{
    (void)sig;
    int saved = errno;
    if (atomic_load(&cancelled)) _exit(130);
    raise_flag();
    errno = saved;
}

int pab_cancel_install(void)
{
    struct sigaction act = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
    struct sigaction ignore = { .sa_handler = SIG_IGN };
    sigemptyset(&act.sa_mask);
    sigemptyset(&ignore.sa_mask);
    if (pab_cancel_fd() < 0) return PAB_E_IO;
    if (sigaction(SIGINT, &act, NULL) || sigaction(SIGTERM, &act, NULL) || sigaction(SIGPIPE, &ignore, NULL)) return PAB_E_INTERNAL;
    return PAB_OK;
}

void pab_cancel_trigger(void)
{
    pab_cancel_fd();
    raise_flag();
}

void pab_cancel_reset(void)
{
    uint64_t n;
    (void)!read(pab_cancel_fd(), &n, sizeof n);
    atomic_store(&cancelled, 0);
}

int pab_cancel_sleep_ms(unsigned ms)
{
    int64_t end = pab_monotonic_ms() + ms;
    struct pollfd p = { .fd = pab_cancel_fd(), .events = POLLIN };
    for (;;) {
        int64_t left = end - pab_monotonic_ms();
        if (pab_cancelled()) return PAB_E_CANCELLED;
        if (left <= 0) return PAB_OK;
        poll(&p, 1, left > 1000000 ? 1000000 : (int)left);
    }
}
