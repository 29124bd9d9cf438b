/* extract_file.c - see extract.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/pool.h"
#include "core/tree/extract.h"

#define WRITERS_MAX 8u

int pab_xfiles_start(struct pab_xtract *x, struct pab_error *err)
{
    for (unsigned i = 0; i < PAB_X_BATCHES; i++) {
        struct pab_xbatch *b = x->batches[i] = pab_alloc(sizeof *b);
        b->x = x;
        b->next = x->free_batches;
        x->free_batches = b;
        b->buffer = pab_try_alloc(PAB_X_BUFFER);
        if (!b->buffer) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory to restore files");
    }
    unsigned threads = pab_cpu_count() + 1; /* they wait for the disk now and then */
    x->pool = pab_pool_new(threads > WRITERS_MAX ? WRITERS_MAX : threads, PAB_X_BATCHES);
    return PAB_OK;
}

/* A new file at dir/name; what lies there makes room. The mode only has what a new file may have. */
static int create(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, uint32_t mode, int *ret, struct pab_error *err)
{
    for (unsigned tries = 0; tries < 3; tries++) {
        *ret = openat(dir->fd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & 0777);
        if (*ret >= 0) return PAB_OK;
        if (errno != EEXIST) break;
        int rc = pab_x_make_room(x, dir, name, err);
        if (rc) return rc;
        errno = EEXIST;
    }
    return pab_x_fail(dir, name, "create", errno, err);
}

static int write_small(struct pab_xbatch *b, const struct pab_xfile *f, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    int rc = create(b->x, f->dir, f->name, f->meta.mode, &fd, err);
    if (rc) return rc;
    if (pab_write_all(fd, b->buffer + f->data, f->size)) return pab_x_fail(f->dir, f->name, "write", errno, err);
    uint32_t created = f->meta.mode & 0777 & ~b->x->mask;
    const struct pab_xattr *xattrs = pab_xattr_list_view(&b->xattrs, f->xattr, f->xattr_count);
    return pab_xmeta_set(b->x, fd, f->dir, f->name, &f->meta, xattrs, f->xattr_count, created, err);
}

static void reset(struct pab_xbatch *b)
{
    b->count = 0;
    b->used = 0;
    pab_buf_clear(&b->names);
    pab_xattr_list_clear(&b->xattrs);
}

/* A pool's job. */
static void write_batch(void *arg)
{
    struct pab_xbatch *b = arg;
    struct pab_xtract *x = b->x;
    struct pab_error err = { 0 };
    for (unsigned i = 0; i < b->count; i++) {
        struct pab_xfile *f = &b->files[i];
        f->name = b->names.data + f->name_at;
        if (!atomic_load(&x->failed) && write_small(b, f, &err)) pab_x_set_failed(x, &err);
        pab_xdir_unref(x, f->dir);
    }
    reset(b);
    pthread_mutex_lock(&x->lock);
    b->next = x->free_batches;
    x->free_batches = b;
    x->working--;
    pthread_cond_signal(&x->freed);
    pthread_mutex_unlock(&x->lock);
}

static void submit(struct pab_xtract *x)
{
    struct pab_xbatch *b = x->current;
    if (!b) return;
    x->current = NULL;
    pthread_mutex_lock(&x->lock);
    x->working++;
    pthread_mutex_unlock(&x->lock);
    pab_pool_submit(x->pool, write_batch, b);
}

static struct pab_xbatch *take_batch(struct pab_xtract *x)
{
    pthread_mutex_lock(&x->lock);
    while (!x->free_batches) pthread_cond_wait(&x->freed, &x->lock);
    struct pab_xbatch *b = x->free_batches;
    x->free_batches = b->next;
    pthread_mutex_unlock(&x->lock);
    return b;
}

void pab_xfiles_drain(struct pab_xtract *x)
{
    if (!x->pool) return;
    submit(x);
    pthread_mutex_lock(&x->lock);
    while (x->working) pthread_cond_wait(&x->freed, &x->lock);
    pthread_mutex_unlock(&x->lock);
}

void pab_xfiles_release(struct pab_xtract *x)
{
    pab_xfiles_drain(x);
    pab_pool_free(x->pool);
    for (unsigned i = 0; i < PAB_X_BATCHES && x->batches[i]; i++) {
        pab_buf_release(&x->batches[i]->names);
        pab_xattr_list_release(&x->batches[i]->xattrs);
        free(x->batches[i]->buffer);
        free(x->batches[i]);
    }
}

static int keep_xattrs(struct pab_xbatch *b, struct pab_xfile *f, const struct pab_entry *e)
{
    f->xattr = b->xattrs.count;
    f->xattr_count = e->xattr_count;
    for (uint64_t i = 0; i < e->xattr_count; i++)
        if (pab_xattr_list_add(&b->xattrs, e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].size)) return -1;
    return 0;
}

static int add_small(struct pab_xtract *x, struct pab_xdir *dir, const char *name, const struct pab_entry *e, struct pab_error *err)
{
    struct pab_xbatch *b = x->current;
    if (b && (b->count == PAB_X_FILES || b->used + e->size > PAB_X_BUFFER || b->xattrs.bytes.size > PAB_TREE_XATTRS_MAX)) submit(x), b = NULL;
    if (!b) b = x->current = take_batch(x);
    struct pab_xfile *f = &b->files[b->count];
    *f = (struct pab_xfile){ .dir = dir, .name_at = b->names.size, .data = b->used, .size = (size_t)e->size };
    pab_xmeta_from_entry(&f->meta, e, x);
    if (pab_buf_add(&b->names, name, strlen(name) + 1) || keep_xattrs(b, f, e)) return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory to restore files");
    const void *p;
    uint64_t offset;
    int64_t n;
    while ((n = pab_tar_peek(x->tar, &p, &offset, err)) > 0) {
        memcpy(b->buffer + b->used, p, (size_t)n);
        b->used += (size_t)n;
        pab_tar_consume(x->tar, (uint64_t)n);
    }
    if (n < 0) return (int)n;
    atomic_fetch_add(&dir->refs, 1);
    b->count++;
    return PAB_OK;
}

/* What lies between the regions is never written and stays a hole. */
static int write_content(struct pab_xtract *x, int fd, const struct pab_xdir *dir, const char *name, uint64_t size, struct pab_error *err)
{
    const void *p;
    uint64_t offset, at = 0;
    int64_t n;
    while ((n = pab_tar_peek(x->tar, &p, &offset, err)) > 0) {
        if (offset != at && lseek(fd, (off_t)offset, SEEK_SET) < 0) return pab_x_fail(dir, name, "write", errno, err);
        if (pab_write_all(fd, p, (size_t)n)) return pab_x_fail(dir, name, "write", errno, err);
        at = offset + (uint64_t)n;
        pab_tar_consume(x->tar, (uint64_t)n);
        if (atomic_load(&x->failed)) return PAB_OK; /* the caller sees it */
    }
    if (n < 0) return (int)n;
    return at < size && ftruncate(fd, (off_t)size) ? pab_x_fail(dir, name, "write", errno, err) : PAB_OK;
}

static int write_large(struct pab_xtract *x, struct pab_xdir *dir, const char *name, const struct pab_entry *e, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    struct pab_xmeta m;
    pab_xmeta_from_entry(&m, e, x);
    int rc = create(x, dir, name, m.mode, &fd, err);
    if (!rc) rc = write_content(x, fd, dir, name, e->size, err);
    return rc ? rc : pab_xmeta_set(x, fd, dir, name, &m, e->xattrs, e->xattr_count, m.mode & 0777 & ~x->mask, err);
}

int pab_xfile_add(struct pab_xtract *x, struct pab_xdir *dir, const char *name, const struct pab_entry *e, struct pab_error *err)
{
    if (e->extents || e->size > PAB_X_SMALL) return write_large(x, dir, name, e, err);
    return add_small(x, dir, name, e, err);
}
