/* pool.h - a fixed set of worker threads with a bounded queue.
 *
 *     struct pab_pool *pool = pab_pool_new(2, 16);
 *     pab_pool_submit(pool, compress_chunk, chunk);   // waits while 16 are queued
 *     pab_pool_drain(pool);                           // until all submitted jobs are done
 *     pab_pool_free(pool);
 *
 * Jobs must not submit to their own pool.
 */
#ifndef PAB_BASE_POOL_H
#define PAB_BASE_POOL_H

#include "core/base/cpus.h"

typedef void (*pab_job_fn)(void *arg);
struct pab_pool;
struct pab_pool *pab_pool_new(unsigned threads, unsigned queue);  /* threads 0: number of cores */
void pab_pool_submit(struct pab_pool *p, pab_job_fn fn, void *arg);
void pab_pool_drain(struct pab_pool *p);
void pab_pool_free(struct pab_pool *p);   /* drains first; NULL is fine */

#endif
