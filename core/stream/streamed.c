/* streamed.c - what is read piece by piece: members of any size by any tool, and files that are not compressed. */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/stream/source.h"

static int need_buffers(struct pab_source *s, struct pab_error *err)
{
    if (!s->in) s->in = pab_try_pages(PAB_READER_PIECE);
    if (!s->out && s->unpacker) s->out = pab_try_pages(PAB_READER_PIECE);
    if (s->in && (s->out || !s->unpacker)) return PAB_OK;
    return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to read '%s'", s->what);
}

/* The next piece of the file into s->in; s->in_size 0 at the end. */
static int fill(struct pab_source *s, struct pab_error *err)
{
    uint64_t left = s->end - s->at;
    size_t n = left < PAB_READER_PIECE ? (size_t)left : PAB_READER_PIECE;
    s->in_pos = s->in_size = 0;
    int code = n ? pab_source_pread(s, s->at, s->in, n, err) : PAB_OK;
    if (!code) s->in_size = n;
    return code;
}

int pab_plain_next(struct pab_source *s, struct pab_error *err)
{
    if (need_buffers(s, err) || fill(s, err)) return err->code;
    s->at += s->in_size;
    pab_source_note_packed(s, s->in, s->in_size);
    s->view = s->in;
    s->view_size = s->in_size;
    return s->in_size != 0;
}

static int begin(struct pab_source *s, struct pab_error *err)
{
    if (need_buffers(s, err)) return err->code;
    if (s->stream_tool) s->unpacker->stream_reset(s->stream_tool);
    else s->stream_tool = s->unpacker->stream_open();
    if (!s->stream_tool) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to decompress '%s'", s->what);
    s->stream_start = s->at;
    s->streaming = 1;
    s->out_full = 0;
    s->in_size = s->in_pos = 0;
    return PAB_OK;
}

static int piece_failed(struct pab_source *s, enum pab_piece_end how, struct pab_error *err)
{
    if (how == PAB_PIECE_UNSUPPORTED)
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' was compressed with a window or dictionary that is not supported here", s->what);
    return pab_source_damaged(s, s->stream_start, err, "the compressed data that begins there is not what was written");
}

int pab_streamed_next(struct pab_source *s, struct pab_error *err)
{
    if (!s->streaming && begin(s, err)) return err->code;
    for (;;) {
        if (s->in_pos == s->in_size && fill(s, err)) return err->code;
        int no_more = s->in_size == 0;
        if (no_more && !s->out_full) return pab_source_damaged(s, s->at, err, "the file ends in the middle of its compressed data");
        struct pab_piece_io io = { .in = s->in + s->in_pos, .in_size = s->in_size - s->in_pos, .out = s->out, .out_room = PAB_READER_PIECE };
        enum pab_piece_end how = s->unpacker->stream(s->stream_tool, &io);
        size_t used = s->in_size - s->in_pos - io.in_size;
        pab_source_note_packed(s, s->in + s->in_pos, used);
        s->in_pos += used;
        s->at += used;
        s->view = s->out;
        s->view_size = PAB_READER_PIECE - io.out_room;
        s->out_full = !io.out_room;
        if (how == PAB_PIECE_DAMAGED || how == PAB_PIECE_UNSUPPORTED) return piece_failed(s, how, err);
        if (how == PAB_PIECE_MEMBER_END) {
            s->streaming = 0;
            s->wants_end_mark = s->has_end_mark = 0; /* by another tool */
            return s->view_size != 0;
        }
        if (s->view_size) return 1;
        if (!no_more && !used) return piece_failed(s, PAB_PIECE_DAMAGED, err); /* it would go on for ever */
    }
}

void pab_streamed_close(struct pab_source *s)
{
    if (s->stream_tool) s->unpacker->stream_close(s->stream_tool);
    pab_pages_free(s->in, PAB_READER_PIECE);
    pab_pages_free(s->out, PAB_READER_PIECE);
}
