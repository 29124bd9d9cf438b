/* works.h - private to core/stream: the threads that pack chunks and the memory chunks are made of, one set a process.
 *
 * Every open writer uses the same threads and draws on the same budget, so that neither grows with the number of
 * writers.  One lock guards the works and the lists of all writers: it is taken a few times per chunk and never held
 * while bytes are touched.
 *
 * Memory comes as slots of a few sizes, kept for reuse while any writer is open.  A chunk is CHARGED for the most it
 * can come to (plain and packed) when it is handed out, so nobody waits for memory in the middle of its way.
 * Submitted chunks flow off by themselves when their segment is the first of its file, and only then.  So:
 *   - the segments that are not first leave PAB_WORKS_RESERVE of the budget to those that are;
 *   - a first segment that holds nothing gets a small chunk even beyond the budget.
 * Hence the first segment of every file can always go on, and nothing waits for anything else.
 */
#ifndef PAB_STREAM_WORKS_H
#define PAB_STREAM_WORKS_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/error.h"

#define PAB_SLOT_SMALL (64u << 10)     /* a piece of packed bytes; the first chunk of a segment */
#define PAB_SLOT_SIZES 4               /* how many sizes there may be */
#define PAB_WORKS_RESERVE (10u << 20)

struct pab_chunk;
struct pab_shelf { size_t size; void *first; };

struct pab_works {
    pthread_mutex_t lock;
    pthread_cond_t jobs;               /* the queue has chunks, or stop */
    pthread_cond_t room;               /* the budget has room again, a segment became first, or a writer failed */
    unsigned idle, starved;            /* threads that wait for either */
    unsigned users, threads;
    int stop;
    pthread_t *ids;
    struct pab_chunk *queue, **queue_end;
    uint64_t charged;                  /* bytes */
    uint64_t charged_later;            /* of it by segments that are not first */
    struct pab_shelf shelves[PAB_SLOT_SIZES];
    uint64_t slots, slots_peak;        /* bytes of all slots, in use or on the shelves */
};

/* Counted: the last put ends the threads and frees the slots. */
int pab_works_get(struct pab_works **ret, struct pab_error *err);
void pab_works_put(void);
/* 0 or an errno. All signals are blocked in it. */
int pab_thread_start(pthread_t *id, void *(*fn)(void *), void *arg);

/* With the lock held: */
void *pab_slot_take(struct pab_works *k, size_t size);            /* NULL: no memory */
void pab_slot_give(struct pab_works *k, void *slot, size_t size); /* NULL is fine */
void pab_slots_drop(struct pab_works *k, uint64_t limit);         /* frees what lies on the shelves until `slots` is that low */
void pab_works_queue(struct pab_works *k, struct pab_chunk *c);   /* to be packed */
void pab_works_room(struct pab_works *k);                         /* wakes who waits for room */

/* Tests: what is in use. */
struct pab_works_counters { uint64_t charged, slots, slots_peak; };
void pab_works_counters(struct pab_works_counters *ret);

#endif
