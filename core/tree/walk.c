/* walk.c - the ring of batches between those who name, those who read and the one who writes; see walk.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/pool.h"
#include "core/tree/walk.h"
#include "core/tree/walk_order.h"

#define READERS_MAX 8u

static int open_root(struct pab_walker *w, struct pab_error *err)
{
    w->root = open(w->walk->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (w->root >= 0) return PAB_OK;
    int code = errno == ENOENT || errno == ENOTDIR ? PAB_E_NOT_FOUND : errno == EACCES ? PAB_E_AUTH : PAB_E_IO;
    return pab_error_set(err, code, errno, "cannot open the folder '%s'", w->walk->root);
}

static int make_slots(struct pab_walker *w, struct pab_error *err)
{
    for (unsigned i = 0; i < PAB_WALK_SLOTS; i++) {
        struct pab_wslot *s = w->slots[i] = pab_alloc(sizeof *s);
        s->walker = w;
        s->hash = pab_hash_new();
        s->buffer = pab_try_alloc(PAB_WALK_BUFFER);
        if (!s->buffer) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory to read the folder '%s'", w->walk->root);
    }
    return PAB_OK;
}

static void free_slot(struct pab_wslot *s)
{
    if (!s) return;
    pab_walk_clear(s);
    pab_walk_close(s);
    pab_buf_release(&s->names);
    pab_xattr_list_release(&s->xattrs);
    pab_hash_free(s->hash);
    free(s->buffer);
    free(s);
}

static void submit(struct pab_walker *w, struct pab_wslot *s)
{
    s->busy = 1;
    pab_pool_submit(w->pool, pab_walk_read_batch, s);
}

static void wait_for(struct pab_walker *w, struct pab_wslot *s)
{
    pthread_mutex_lock(&w->lock);
    while (s->busy) pthread_cond_wait(&w->ready, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

static struct pab_wslot *slot_at(struct pab_walker *w, unsigned i) { return w->slots[(w->head + i) % PAB_WALK_SLOTS]; }

/* Names for as many batches as the ring has room for. PAB_END when there are no more. */
static int fill_ring(struct pab_walker *w)
{
    while (w->filled < PAB_WALK_SLOTS) {
        struct pab_wslot *s = slot_at(w, w->filled);
        if (pab_walk_next(w, s)) return PAB_END;
        w->filled++;
        submit(w, s);
    }
    return PAB_OK;
}

/* The oldest batch into the writer; what had no room in its buffer is read in a second go. */
static int drain_oldest(struct pab_walker *w, struct pab_error *err)
{
    struct pab_wslot *s = slot_at(w, 0);
    for (;;) {
        wait_for(w, s);
        int rc = pab_walk_emit(w, s, err);
        if (rc) return rc;
        if (s->done == s->count) break;
        s->first = s->done;
        submit(w, s);
    }
    pab_walk_clear(s);
    w->head = (w->head + 1) % PAB_WALK_SLOTS;
    w->filled--;
    return PAB_OK;
}

static int run(struct pab_walker *w, struct pab_error *err)
{
    struct pab_wslot *first = slot_at(w, 0);
    int rc = pab_walk_start(w, first, err), more = 1;
    if (rc) return rc;
    w->filled = 1;
    submit(w, first);
    while (w->filled) {
        if (w->cancelled && w->cancelled(w->cancel_ctx)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        if (more && fill_ring(w) == PAB_END) more = 0;
        rc = drain_oldest(w, err);
        if (rc) return rc;
    }
    return PAB_OK;
}

static void release(struct pab_walker *w)
{
    pab_pool_free(w->pool); /* waits for the workers */
    pab_walk_order_release(w);
    for (unsigned i = 0; i < PAB_WALK_SLOTS; i++) free_slot(w->slots[i]);
    for (size_t i = 0; i < w->leads.count; i++) {
        free(w->leads.items[i].path);
        pab_xattr_list_release(&w->leads.items[i].xattrs);
    }
    free(w->leads.items);
    pab_links_free(w->links);
    pab_buf_release(&w->path);
    pthread_cond_destroy(&w->ready);
    pthread_mutex_destroy(&w->lock);
    if (w->root >= 0) close(w->root);
}

int pab_tree_walk(struct pab_tree_writer *t, struct pab_walk *walk, int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err)
{
    struct pab_walker w = { .writer = t, .base = pab_tree_base(t), .walk = walk, .cancelled = cancelled, .cancel_ctx = cancel_ctx, .root = -1 };
    if (walk->prefix && (!pab_tree_path_ok(walk->prefix) || !strcmp(walk->prefix, ".")))
        return pab_error_set(err, PAB_E_USAGE, 0, "the prefix '%s' is not a plain relative path", walk->prefix);
    walk->matched = 0;
    int rc = open_root(&w, err);
    if (rc) return rc;
    pab_walk_order_begin(&w);
    pthread_mutex_init(&w.lock, NULL);
    pthread_cond_init(&w.ready, NULL);
    w.links = pab_links_new();
    rc = make_slots(&w, err);
    if (!rc) {
        unsigned cores = pab_cpu_count();
        w.pool = pab_pool_new(cores > READERS_MAX ? READERS_MAX : cores, PAB_WALK_SLOTS);
        rc = run(&w, err);
    }
    release(&w);
    return rc;
}
