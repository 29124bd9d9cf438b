/* deadline.c - see deadline.h. */
#include "core/base/deadline.h"

#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <unistd.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"

int pab_deadline_fd(int64_t ms, int cancellable, int *ret_timer)
{
    CLEANUP_CLOSE int both = epoll_create1(EPOLL_CLOEXEC);
    CLEANUP_CLOSE int timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (ms < 1) ms = 1; /* zero would disarm the timer */
    struct itimerspec when = { .it_value = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 } };
    struct epoll_event ev = { .events = EPOLLIN };
    int cancel = cancellable ? pab_cancel_fd() : -1;
    if (both < 0 || timer < 0 || timerfd_settime(timer, 0, &when, NULL) || epoll_ctl(both, EPOLL_CTL_ADD, timer, &ev) ||
        (cancel >= 0 && epoll_ctl(both, EPOLL_CTL_ADD, cancel, &ev)))
        return -1;
    *ret_timer = TAKE_FD(timer);
    return TAKE_FD(both);
}
