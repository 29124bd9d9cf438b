/* writer.c - opening, finishing and aborting a writer, and the bytes outside of blocks; see writer.h and chunk.h. */
#include "core/stream/writer.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/stream/chunk.h"

void pab_stream_result_release(struct pab_stream_result *r)
{
    for (uint64_t i = 0; i < r->block_count; i++) free(r->blocks[i].name);
    free(r->blocks);
    memset(r, 0, sizeof *r);
}

void pab_writer_fail(struct pab_writer *w, int code, int os_errno, const char *fmt, ...)
{
    if (w->failed) return;
    va_list ap;
    va_start(ap, fmt);
    pab_error_vset(&w->error, code, os_errno, fmt, ap);
    va_end(ap);
    pab_error_free_space(&w->error, w->opts.fd);
    w->failed = 1;
    pab_works_room(w->works);
    pab_writer_wake(w);
}

int pab_writer_error(struct pab_writer *w, struct pab_error *err)
{
    if (!w->failed) return PAB_OK;
    if (err) *err = w->error;
    return w->error.code;
}

void pab_writer_wake(struct pab_writer *w)
{
    if (w->drain_waits) pthread_cond_signal(&w->ready);
}

void pab_writer_unref(struct pab_writer *w)
{
    struct pab_works *k = w->works;
    pthread_mutex_lock(&k->lock);
    unsigned refs = --w->refs;
    while (!refs && w->first) {
        struct pab_segment *s = w->first->next;
        pab_segment_free(w->first);
        w->first = s;
        if (s) k->charged_later -= s->charged;
    }
    pthread_mutex_unlock(&k->lock);
    if (refs) return;
    pab_works_put();
    pthread_cond_destroy(&w->ready);
    pab_hash_free(w->plain_hash);
    pab_hash_free(w->packed_hash);
    pab_stream_result_release(&w->result);
    free(w->what);
    free(w);
}

int pab_writer_open(const struct pab_writer_opts *opts, struct pab_writer **ret, struct pab_error *err)
{
    struct pab_works *works;
    int code = pab_works_get(&works, err);
    if (code) return code;
    struct pab_writer *w = pab_alloc(sizeof *w);
    w->opts = *opts;
    w->what = pab_strdup(opts->what ? opts->what : "a file");
    w->packer = pab_packer_for(opts->compression);
    w->works = works;
    w->chunk = w->packer->chunk;
    w->refs = 1;
    w->end = &w->first;
    if (w->packer->pack && !opts->no_content_hash) w->plain_hash = pab_hash_new(); /* else there is nothing of its own to hash */
    w->packed_hash = pab_hash_new();
    pthread_cond_init(&w->ready, NULL);
    int failed = pab_thread_start(&w->drain, pab_writer_drain, w);
    if (failed) {
        code = pab_error_set(err, PAB_E_NOMEM, failed, "cannot start a thread to write '%s'", w->what);
        pab_writer_unref(w);
        return code;
    }
    *ret = w;
    return PAB_OK;
}

/* The segment for bytes outside of blocks; NULL when blocks are open. */
static struct pab_segment *main_segment(struct pab_writer *w, struct pab_error *err)
{
    if (w->open) return w->open;
    struct pab_segment *s = pab_alloc(sizeof *s);
    pthread_mutex_lock(&w->works->lock);
    if (w->open_blocks) pab_writer_fail(w, PAB_E_USAGE, 0, "'%s' is written to while a block is open", w->what);
    if (w->failed) free(s);
    else w->open = pab_segment_append(w, s);
    pthread_mutex_unlock(&w->works->lock);
    if (!w->open) pab_writer_error(w, err);
    return w->open;
}

int pab_writer_write(struct pab_writer *w, const void *p, uint64_t n, struct pab_error *err)
{
    struct pab_segment *s = main_segment(w, err);
    return s ? pab_segment_write(s, p, n, err) : pab_writer_error(w, err);
}

void *pab_writer_reserve(struct pab_writer *w, uint64_t *ret_room, struct pab_error *err)
{
    struct pab_segment *s = main_segment(w, err);
    return s ? pab_segment_room(s, ret_room, err) : NULL;
}

int pab_writer_advance(struct pab_writer *w, uint64_t n, struct pab_error *err)
{
    pab_segment_advance(w->open, n);
    return pab_writer_error(w, err);
}

/* Ends the drain. */
static void close_drain(struct pab_writer *w)
{
    pthread_mutex_lock(&w->works->lock);
    w->closing = 1;
    pthread_cond_signal(&w->ready);
    pthread_mutex_unlock(&w->works->lock);
    pthread_join(w->drain, NULL);
}

static int no_write(const struct pab_writer *w, const char *how, struct pab_error *err)
{
    int code = pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write '%s'%s", w->what, how);
    pab_error_free_space(err, w->opts.fd);
    return code;
}

static int write_end(struct pab_writer *w, struct pab_error *err)
{
    uint8_t end[PAB_END_MAX];
    size_t n = w->packer->end ? w->packer->end(end, w->result.size) : 0;
    if (n) {
        pab_hash_add(w->packed_hash, end, n);
        if (pab_write_all(w->opts.fd, end, n)) return no_write(w, "", err);
        w->result.size += n;
        if (w->opts.progress) w->opts.progress(w->opts.progress_ctx, 0, n);
    }
    if (w->opts.no_sync || !pab_fsync(w->opts.fd) || errno == EINVAL || errno == EROFS) return PAB_OK; /* EINVAL: a pipe has nothing to sync */
    return no_write(w, " through to the disk", err);
}

int pab_writer_finish(struct pab_writer *w, struct pab_stream_result *ret, struct pab_error *err)
{
    pthread_mutex_lock(&w->works->lock);
    if (w->open) pab_segment_end(TAKE_PTR(w->open));
    if (w->open_blocks) pab_writer_fail(w, PAB_E_USAGE, 0, "'%s' is finished while a block is open", w->what);
    pthread_mutex_unlock(&w->works->lock);
    close_drain(w);
    int code = pab_writer_error(w, err);
    if (!code) code = write_end(w, err);
    if (!code) {
        pab_hash_hex(w->packed_hash, w->result.sha256);
        if (w->plain_hash) pab_hash_hex(w->plain_hash, w->result.content_sha256);
        else if (!w->opts.no_content_hash) memcpy(w->result.content_sha256, w->result.sha256, sizeof w->result.sha256);
        *ret = w->result;
        memset(&w->result, 0, sizeof w->result);
    }
    pab_writer_unref(w);
    return code;
}

void pab_writer_abort(struct pab_writer *w)
{
    if (!w) return;
    pthread_mutex_lock(&w->works->lock);
    pab_writer_fail(w, PAB_E_CANCELLED, 0, "writing of '%s' was given up", w->what);
    if (w->open) pab_segment_end(TAKE_PTR(w->open));
    pthread_mutex_unlock(&w->works->lock);
    close_drain(w);
    pab_writer_unref(w);
}
