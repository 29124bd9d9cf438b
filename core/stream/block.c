/* block.c - blocks: segments that several threads fill side by side; see writer.h. */
#include <stdlib.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/chunk.h"

/* Blocks are filled side by side: with the chunks of a codec that likes large ones (zstd: 8 MiB with what they may pack to),
 * three of them would hold the whole budget, and threads that fill and threads that pack would wait for one another. */
#define BLOCK_CHUNK (1u << 20)

int pab_writer_block_begin(struct pab_writer *w, const char *name, struct pab_writer_block **ret, struct pab_error *err)
{
    struct pab_writer_block *b = pab_alloc(sizeof *b);
    b->s.name = pab_strdup(name ? name : "");
    pthread_mutex_lock(&w->works->lock);
    int failed = w->failed;
    if (!failed) {
        if (w->open) pab_segment_end(TAKE_PTR(w->open));
        if (w->chunk > BLOCK_CHUNK) w->chunk = BLOCK_CHUNK;
        if (!w->first) b->s.offset = w->result.size;
        pab_segment_append(w, &b->s);
        w->open_blocks++;
        w->refs++;
    }
    pthread_mutex_unlock(&w->works->lock);
    if (failed) {
        free(b->s.name);
        free(b);
        return pab_writer_error(w, err);
    }
    *ret = b;
    return PAB_OK;
}

int pab_writer_block_write(struct pab_writer_block *b, const void *p, uint64_t n, struct pab_error *err)
{
    return pab_segment_write(&b->s, p, n, err);
}

/* The block belongs to the writer from here on. */
static void let_go(struct pab_writer_block *b)
{
    struct pab_writer *w = b->s.writer;
    pab_segment_end(&b->s);
    w->open_blocks--;
    pthread_mutex_unlock(&w->works->lock);
    pab_writer_unref(w);
}

int pab_writer_block_end(struct pab_writer_block *b, uint64_t rows, struct pab_error *err)
{
    struct pab_writer *w = b->s.writer;
    int code = pab_writer_error(w, err);
    pthread_mutex_lock(&w->works->lock);
    b->s.rows = rows;
    let_go(b);
    return code;
}

void pab_writer_block_abort(struct pab_writer_block *b)
{
    if (!b) return;
    struct pab_writer *w = b->s.writer;
    pthread_mutex_lock(&w->works->lock);
    pab_writer_fail(w, PAB_E_CANCELLED, 0, "block '%s' of '%s' was given up", b->s.name, w->what);
    let_go(b);
}
