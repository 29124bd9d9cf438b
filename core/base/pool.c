/* pool.c - see pool.h; pab_cpu_count is in cpus.c. */
#include "core/base/pool.h"

#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include "core/base/alloc.h"

struct job {
    pab_job_fn fn;
    void *arg;
};

struct pab_pool {
    pthread_mutex_t lock;
    pthread_cond_t work, room, idle; /* a job came; one was taken; the last one ended */
    struct job *ring;
    unsigned queue, first, queued, running, threads;
    int stop;
    pthread_t *ids;
};

static void *worker(void *arg)
{
    struct pab_pool *p = arg;
    pthread_mutex_lock(&p->lock);
    for (;;) {
        while (!p->queued && !p->stop) pthread_cond_wait(&p->work, &p->lock);
        if (!p->queued) break;
        struct job job = p->ring[p->first];
        p->first = (p->first + 1) % p->queue;
        p->queued--;
        p->running++;
        pthread_cond_signal(&p->room);
        pthread_mutex_unlock(&p->lock);
        job.fn(job.arg);
        pthread_mutex_lock(&p->lock);
        p->running--;
        if (!p->queued && !p->running) pthread_cond_broadcast(&p->idle);
    }
    pthread_mutex_unlock(&p->lock);
    return NULL;
}

struct pab_pool *pab_pool_new(unsigned threads, unsigned queue)
{
    struct pab_pool *p = pab_alloc(sizeof *p);
    if (!threads) threads = pab_cpu_count();
    p->queue = queue ? queue : 1;
    p->ring = pab_alloc_array(p->queue, sizeof *p->ring);
    p->ids = pab_alloc_array(threads, sizeof *p->ids);
    pthread_mutex_init(&p->lock, NULL);
    pthread_cond_init(&p->work, NULL);
    pthread_cond_init(&p->room, NULL);
    pthread_cond_init(&p->idle, NULL);
    /* Signals are for the main thread. */
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (; p->threads < threads; p->threads++) {
        if (pthread_create(&p->ids[p->threads], NULL, worker, p)) break;
    }
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return p;
}

void pab_pool_submit(struct pab_pool *p, pab_job_fn fn, void *arg)
{
    if (!p->threads) { /* the system gives us none: slower, but the work gets done */
        fn(arg);
        return;
    }
    pthread_mutex_lock(&p->lock);
    while (p->queued == p->queue) pthread_cond_wait(&p->room, &p->lock);
    p->ring[(p->first + p->queued++) % p->queue] = (struct job){ fn, arg };
    pthread_cond_signal(&p->work);
    pthread_mutex_unlock(&p->lock);
}

void pab_pool_drain(struct pab_pool *p)
{
    pthread_mutex_lock(&p->lock);
    while (p->queued || p->running) pthread_cond_wait(&p->idle, &p->lock);
    pthread_mutex_unlock(&p->lock);
}

void pab_pool_free(struct pab_pool *p)
{
    if (!p) return;
    pthread_mutex_lock(&p->lock);
    p->stop = 1; /* workers end once the queue is empty */
    pthread_cond_broadcast(&p->work);
    pthread_mutex_unlock(&p->lock);
    for (unsigned i = 0; i < p->threads; i++) pthread_join(p->ids[i], NULL);
    pthread_mutex_destroy(&p->lock);
    pthread_cond_destroy(&p->work);
    pthread_cond_destroy(&p->room);
    pthread_cond_destroy(&p->idle);
    free(p->ring);
    free(p->ids);
    free(p);
}
