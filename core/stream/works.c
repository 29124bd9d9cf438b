/* works.c - the threads that pack chunks; see works.h. */
#include "core/stream/works.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/pool.h"
#include "core/stream/chunk.h"

/* Held while threads are started or ended: the first get and the last put. */
static pthread_mutex_t life = PTHREAD_MUTEX_INITIALIZER;
static struct pab_works works = {
    .lock = PTHREAD_MUTEX_INITIALIZER, .jobs = PTHREAD_COND_INITIALIZER, .room = PTHREAD_COND_INITIALIZER,
};

void pab_works_queue(struct pab_works *k, struct pab_chunk *c)
{
    c->next_job = NULL;
    *k->queue_end = c;
    k->queue_end = &c->next_job;
    if (k->idle) pthread_cond_signal(&k->jobs);
}

void pab_works_room(struct pab_works *k)
{
    if (k->starved) pthread_cond_broadcast(&k->room);
}

static void *work(void *arg)
{
    struct pab_works *k = arg;
    struct pab_bench bench = { 0 };
    pthread_mutex_lock(&k->lock);
    for (;;) {
        while (!k->queue && !k->stop) {
            k->idle++;
            pthread_cond_wait(&k->jobs, &k->lock);
            k->idle--;
        }
        struct pab_chunk *c = k->queue;
        if (!c) break;
        k->queue = c->next_job;
        if (!k->queue) k->queue_end = &k->queue;
        pab_chunk_pack(k, &bench, c);
    }
    pthread_mutex_unlock(&k->lock);
    pab_bench_release(&bench);
    return NULL;
}

int pab_thread_start(pthread_t *id, void *(*fn)(void *), void *arg)
{
    sigset_t all, before; /* signals are for the main thread */
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int failed = pthread_create(id, NULL, fn, arg);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failed;
}

static void end_threads(struct pab_works *k)
{
    pthread_mutex_lock(&k->lock);
    k->stop = 1;
    pthread_cond_broadcast(&k->jobs);
    pthread_mutex_unlock(&k->lock);
    for (unsigned i = 0; i < k->threads; i++) pthread_join(k->ids[i], NULL);
    free(k->ids);
    k->ids = NULL;
    k->threads = 0;
    pthread_mutex_lock(&k->lock);
    pab_slots_drop(k, 0);
    memset(k->shelves, 0, sizeof k->shelves);
    pthread_mutex_unlock(&k->lock);
}

static int start_threads(struct pab_works *k, struct pab_error *err)
{
    unsigned wanted = pab_cpu_count();
    pthread_mutex_lock(&k->lock);
    k->stop = 0;
    k->queue = NULL;
    k->queue_end = &k->queue;
    k->slots_peak = 0;
    pthread_mutex_unlock(&k->lock);
    k->ids = pab_alloc_array(wanted, sizeof *k->ids);
    int failed = 0;
    while (k->threads < wanted && !failed) {
        failed = pab_thread_start(&k->ids[k->threads], work, k);
        if (!failed) k->threads++;
    }
    if (k->threads) return PAB_OK; /* fewer than wanted will do */
    end_threads(k);
    return pab_error_set(err, PAB_E_NOMEM, failed, "cannot start a thread");
}

int pab_works_get(struct pab_works **ret, struct pab_error *err)
{
    pthread_mutex_lock(&life);
    int code = works.users ? PAB_OK : start_threads(&works, err);
    if (!code) {
        works.users++;
        *ret = &works;
    }
    pthread_mutex_unlock(&life);
    return code;
}

void pab_works_put(void)
{
    pthread_mutex_lock(&life);
    if (--works.users == 0) end_threads(&works);
    pthread_mutex_unlock(&life);
}

void pab_works_counters(struct pab_works_counters *ret)
{
    pthread_mutex_lock(&works.lock);
    *ret = (struct pab_works_counters){ .charged = works.charged, .slots = works.slots, .slots_peak = works.slots_peak };
    pthread_mutex_unlock(&works.lock);
}
