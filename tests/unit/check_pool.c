/* check_pool.c - pool.h, cpus.h, cancel.h: threads that do all the work, and the flag that stops it. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/base/pool.h"
#include "core/include/pab_plugin.h"
#include "tests/unit/unit.h"

static atomic_uint done, running, most;

static void count(void *arg)
{
    unsigned now = atomic_fetch_add(&running, 1) + 1, seen = atomic_load(&most);
    while (now > seen && !atomic_compare_exchange_weak(&most, &seen, now)) {
    }
    sched_yield();
    atomic_fetch_add(&done, *(unsigned *)arg);
    atomic_fetch_sub(&running, 1);
}

static void reset(void)
{
    atomic_store(&done, 0);
    atomic_store(&running, 0);
    atomic_store(&most, 0);
}

START_TEST(every_job_is_done_once_by_few_threads)
{
    static const struct { unsigned threads, queue; } sizes[] = { { 1, 1 }, { 1, 8 }, { 3, 1 }, { 4, 100 }, { 0, 0 } };
    unsigned one = 1;
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        reset();
        struct pab_pool *p = pab_pool_new(sizes[i].threads, sizes[i].queue);
        for (int k = 0; k < 2000; k++) pab_pool_submit(p, count, &one);
        pab_pool_drain(p);
        ck_assert_uint_eq(atomic_load(&done), 2000);
        ck_assert_uint_le(atomic_load(&most), sizes[i].threads ? sizes[i].threads : pab_cpu_count());
        for (int k = 0; k < 10; k++) pab_pool_submit(p, count, &one);
        pab_pool_free(p); /* drains */
        ck_assert_uint_eq(atomic_load(&done), 2010);
    }
    pab_pool_free(NULL);
}
END_TEST

START_TEST(draining_an_idle_pool_returns)
{
    struct pab_pool *p = pab_pool_new(2, 2);
    pab_pool_drain(p);
    pab_pool_drain(p);
    pab_pool_free(p);
}
END_TEST

struct gate { pthread_mutex_t lock; pthread_cond_t changed; int open; };

static void wait_at(void *arg)
{
    struct gate *g = arg;
    pthread_mutex_lock(&g->lock);
    while (!g->open) pthread_cond_wait(&g->changed, &g->lock);
    pthread_mutex_unlock(&g->lock);
    atomic_fetch_add(&done, 1);
}

struct producer { struct pab_pool *pool; struct gate *gate; atomic_uint submitted; };

static void *produce(void *arg)
{
    struct producer *p = arg;
    for (int i = 0; i < 10; i++) {
        pab_pool_submit(p->pool, wait_at, p->gate);
        atomic_fetch_add(&p->submitted, 1);
    }
    return NULL;
}

START_TEST(submitting_waits_while_the_queue_is_full)
{
    struct gate g = { PTHREAD_MUTEX_INITIALIZER, PTHREAD_COND_INITIALIZER, 0 };
    struct producer p = { .pool = pab_pool_new(1, 2), .gate = &g };
    pthread_t thread;
    reset();
    ck_assert_int_eq(pthread_create(&thread, NULL, produce, &p), 0);
    for (int i = 0; i < 1000 && atomic_load(&p.submitted) < 3; i++) usleep(1000);
    usleep(20000);
    ck_assert_uint_eq(atomic_load(&p.submitted), 3); /* one runs, two are queued */
    pthread_mutex_lock(&g.lock);
    g.open = 1;
    pthread_cond_broadcast(&g.changed);
    pthread_mutex_unlock(&g.lock);
    pthread_join(thread, NULL);
    pab_pool_free(p.pool);
    ck_assert_uint_eq(atomic_load(&done), 10);
}
END_TEST

static void look_at_signals(void *arg)
{
    sigset_t blocked;
    pthread_sigmask(SIG_SETMASK, NULL, &blocked);
    *(int *)arg = sigismember(&blocked, SIGINT) && sigismember(&blocked, SIGTERM);
}

START_TEST(signals_are_not_for_workers)
{
    int blocked = 0;
    sigset_t mine;
    struct pab_pool *p = pab_pool_new(1, 1);
    pab_pool_submit(p, look_at_signals, &blocked);
    pab_pool_free(p);
    ck_assert_int_eq(blocked, 1);
    pthread_sigmask(SIG_SETMASK, NULL, &mine);
    ck_assert(!sigismember(&mine, SIGTERM));
}
END_TEST

START_TEST(cores_are_those_that_this_process_may_use)
{
    cpu_set_t before, one;
    ck_assert_int_eq(sched_getaffinity(0, sizeof before, &before), 0);
    ck_assert_uint_ge(pab_cpu_count(), 1);
    ck_assert_uint_le(pab_cpu_count(), (unsigned)CPU_COUNT(&before));
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && !CPU_COUNT(&one); i++)
        if (CPU_ISSET(i, &before)) CPU_SET(i, &one);
    ck_assert_int_eq(sched_setaffinity(0, sizeof one, &one), 0);
    ck_assert_uint_eq(pab_cpu_count(), 1);
    ck_assert_int_eq(sched_setaffinity(0, sizeof before, &before), 0);
}
END_TEST

static int is_readable(int fd)
{
    struct pollfd p = { .fd = fd, .events = POLLIN };
    return poll(&p, 1, 0) == 1;
}

START_TEST(cancelling_raises_the_flag_and_the_fd_until_reset)
{
    ck_assert(!pab_cancelled() && !is_readable(pab_cancel_fd()));
    ck_assert_int_eq(pab_cancel_sleep_ms(1), PAB_OK);
    pab_cancel_trigger();
    pab_cancel_trigger();
    ck_assert(pab_cancelled() && is_readable(pab_cancel_fd()));
    ck_assert_int_eq(pab_cancel_sleep_ms(600000), PAB_E_CANCELLED);
    pab_cancel_reset();
    ck_assert(!pab_cancelled() && !is_readable(pab_cancel_fd()));
}
END_TEST

/* A child with the handlers installed that is sent these signals, one by one as it is ready for each: how it ended. */
static int end_of_child(int first, int second)
{
    int ready[2], status;
    char c;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        if (pab_cancel_install() || write(ready[1], "r", 1) != 1) _exit(1);
        if (pab_cancel_sleep_ms(60000) != PAB_E_CANCELLED || !pab_cancelled()) _exit(2);
        if (write(ready[1], "c", 1) != 1) _exit(1);
        if (second) pause();
        _exit(7);
    }
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    kill(pid, first);
    ck_assert_int_eq(read(ready[0], &c, 1), 1);
    if (second) kill(pid, second);
    close(ready[0]);
    close(ready[1]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

START_TEST(the_first_signal_asks_and_the_second_ends)
{
    ck_assert_int_eq(end_of_child(SIGTERM, 0), 7);
    ck_assert_int_eq(end_of_child(SIGINT, 0), 7);
    ck_assert_int_eq(end_of_child(SIGINT, SIGINT), 130);
    ck_assert_int_eq(end_of_child(SIGTERM, SIGINT), 130);
}
END_TEST

START_TEST(a_broken_pipe_is_an_error_and_no_signal)
{
    int ends[2], status;
    pid_t pid = fork();
    if (pid == 0) {
        if (pab_cancel_install() || pipe(ends)) _exit(1);
        close(ends[0]);
        _exit(write(ends[1], "x", 1) < 0 && errno == EPIPE ? 0 : 2);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

UNIT_MAIN("pool", every_job_is_done_once_by_few_threads, draining_an_idle_pool_returns, submitting_waits_while_the_queue_is_full, signals_are_not_for_workers,
          cores_are_those_that_this_process_may_use, cancelling_raises_the_flag_and_the_fd_until_reset, the_first_signal_asks_and_the_second_ends,
          a_broken_pipe_is_an_error_and_no_signal)
