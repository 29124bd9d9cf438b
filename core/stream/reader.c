/* reader.c - a file read back: sizes and hashes in the order of the file, errors that stay; see reader.h, source.h. */
#include "core/stream/reader.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "core/base/alloc.h"
#include "core/stream/source.h"

void pab_source_note_packed(struct pab_source *s, const void *p, size_t n)
{
    if (s->packed_hash) pab_hash_add(s->packed_hash, p, n);
    s->packed_count += n;
    if (s->opts.progress && n) s->opts.progress(s->opts.progress_ctx, 0, n);
}

static int range_of(struct pab_source *s, struct pab_error *err)
{
    struct stat st;
    if (fstat(s->opts.fd, &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot look at '%s'", s->what);
    uint64_t size = (uint64_t)st.st_size;
    s->at = s->opts.offset;
    s->to_end_of_file = s->opts.length == PAB_SIZE_UNKNOWN;
    if (s->to_end_of_file && s->at <= size) {
        s->end = size;
        return PAB_OK;
    }
    if (s->at > size || s->opts.length > size - s->at) {
        pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is too short: it has %llu bytes, but something should stand at byte %llu", s->what,
                      (unsigned long long)size, (unsigned long long)s->at);
        return PAB_E_CORRUPT;
    }
    s->end = s->at + s->opts.length;
    return PAB_OK;
}

int pab_source_open(const struct pab_source_opts *opts, struct pab_source **ret, struct pab_error *err)
{
    struct pab_source *s = pab_alloc(sizeof *s);
    s->opts = *opts;
    s->what = pab_strdup(opts->what ? opts->what : "a file");
    s->unpacker = pab_unpacker_for(opts->codec);
    s->threads = opts->threads ? opts->threads : pab_cpu_count();
    pthread_mutex_init(&s->lock, NULL);
    pthread_cond_init(&s->done, NULL);
    int code = range_of(s, err);
    if (code) {
        pab_source_close(s);
        return code;
    }
    if (!opts->no_hash) {
        s->packed_hash = pab_hash_new();
        if (s->unpacker && !opts->no_content_hash) s->plain_hash = pab_hash_new();
    }
    *ret = s;
    return PAB_OK;
}

/* At the end of a file of our own its end mark must stand: whole members may be missing without it. */
static int check_end(struct pab_source *s, struct pab_error *err)
{
    if (s->unpacker && s->to_end_of_file && s->end == s->opts.offset) return pab_source_damaged(s, s->end, err, "the file is empty");
    if (s->to_end_of_file && s->wants_end_mark && !s->has_end_mark)
        return pab_source_damaged(s, s->end, err, "the file ends too early");
    s->at_end = 1;
    return 0;
}

/* The next plain bytes into view: 1, 0 at the end, or an error. */
static int next_view(struct pab_source *s, struct pab_error *err)
{
    int rc = 0;
    s->view_size = 0;
    while (!s->view_size) {
        if (!s->unpacker) rc = pab_plain_next(s, err);
        else if (!s->streaming && (rc = pab_members_next(s, err)) == 0) {
            if (s->at >= s->end) break;
            s->streaming = 0;
            rc = pab_streamed_next(s, err);
            if (rc == 0) continue; /* an empty member */
        } else if (s->streaming) {
            rc = pab_streamed_next(s, err);
            if (rc == 0) continue;
        }
        if (rc <= 0) break;
    }
    return rc < 0 ? rc : s->view_size ? 1 : check_end(s, err);
}

int64_t pab_source_peek(struct pab_source *s, const void **ret, struct pab_error *err)
{
    if (s->failed.code) {
        if (err) *err = s->failed;
        return s->failed.code;
    }
    if (!s->view_size && !s->at_end) {
        int rc = next_view(s, &s->failed);
        if (rc < 0) {
            s->failed.code = rc;
            s->view_size = 0;
            if (err) *err = s->failed;
            return rc;
        }
        if (s->plain_hash) pab_hash_add(s->plain_hash, s->view, s->view_size);
        s->plain_count += s->view_size;
        if (s->opts.progress && s->view_size) s->opts.progress(s->opts.progress_ctx, s->view_size, 0);
    }
    *ret = s->view;
    return (int64_t)s->view_size;
}

void pab_source_consume(struct pab_source *s, uint64_t n)
{
    s->view += n;
    s->view_size -= n;
}

int64_t pab_source_read(struct pab_source *s, void *buf, uint64_t capacity, struct pab_error *err)
{
    uint64_t have = 0;
    while (have < capacity) {
        const void *p;
        int64_t n = pab_source_peek(s, &p, err);
        if (n < 0) return have ? (int64_t)have : n; /* what came before the error is good; it comes next time */
        if (n == 0) break;
        uint64_t take = (uint64_t)n < capacity - have ? (uint64_t)n : capacity - have;
        memcpy((uint8_t *)buf + have, p, take);
        pab_source_consume(s, take);
        have += take;
    }
    return (int64_t)have;
}

void pab_source_result(struct pab_source *s, struct pab_stream_result *ret)
{
    *ret = (struct pab_stream_result){ .size = s->packed_count, .content_size = s->plain_count };
    if (!s->packed_hash) return;
    pab_hash_hex(s->packed_hash, ret->sha256);
    if (s->plain_hash) pab_hash_hex(s->plain_hash, ret->content_sha256);
    else if (!s->opts.no_content_hash) memcpy(ret->content_sha256, ret->sha256, sizeof ret->sha256);
    pab_hash_free(s->packed_hash);
    pab_hash_free(s->plain_hash);
    s->packed_hash = s->plain_hash = NULL;
}

void pab_source_close(struct pab_source *s)
{
    if (!s) return;
    pab_members_close(s);
    pab_streamed_close(s);
    pab_hash_free(s->packed_hash);
    pab_hash_free(s->plain_hash);
    pthread_cond_destroy(&s->done);
    pthread_mutex_destroy(&s->lock);
    free(s->what);
    free(s);
}
