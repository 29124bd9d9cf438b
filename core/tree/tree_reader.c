/* tree_reader.c - entries out of a tar or an index; see tree_reader.h. */
#include "core/tree/tree_reader.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/tree/chain.h"
#include "core/tree/index.h"
#include "core/tree/tar.h"

struct pab_tree_reader {
    struct pab_tar *tar;      /* one of the two */
    struct pab_index *index;
    uint64_t size, position;  /* of the entry's content */
};

int pab_tree_reader_tar(struct pab_source *s, struct pab_tree_reader **ret, struct pab_error *err)
{
    (void)err;
    struct pab_tree_reader *r = pab_alloc(sizeof *r);
    struct pab_tar_input in = pab_tar_input_source(s);
    pab_tar_new(&in, &r->tar);
    *ret = r;
    return PAB_OK;
}

int pab_tree_reader_index(struct pab_source *s, struct pab_tree_reader **ret, struct pab_error *err)
{
    (void)err;
    struct pab_tree_reader *r = pab_alloc(sizeof *r);
    pab_index_new(s, &r->index);
    *ret = r;
    return PAB_OK;
}

void pab_tree_reader_chain(struct pab_chain *c, struct pab_tree_reader **ret)
{
    struct pab_tree_reader *r = pab_alloc(sizeof *r);
    pab_chain_tar(c, &r->tar);
    *ret = r;
}

void pab_tree_reader_free(struct pab_tree_reader *r)
{
    if (!r) return;
    pab_tar_free(r->tar);
    pab_index_free(r->index);
    free(r);
}

int pab_tree_reader_next(struct pab_tree_reader *r, struct pab_entry *e, struct pab_error *err)
{
    int rc = r->tar ? pab_tar_next(r->tar, e, err) : pab_index_next(r->index, e, err);
    r->position = 0;
    r->size = rc == PAB_OK && r->tar && e->type == PAB_TYPE_FILE ? e->size : 0;
    return rc;
}

int64_t pab_tree_reader_read(struct pab_tree_reader *r, void *buf, uint64_t n, struct pab_error *err)
{
    if (r->index) return pab_error_set(err, PAB_E_USAGE, 0, "an index has no data");
    if (r->position == r->size || n == 0) return 0;
    const void *p;
    uint64_t offset;
    int64_t got = pab_tar_peek(r->tar, &p, &offset, err);
    if (got < 0) return got;
    if (got == 0) offset = r->size; /* a hole up to the end */
    if (r->position < offset) {
        uint64_t hole = offset - r->position < n ? offset - r->position : n;
        memset(buf, 0, hole);
        r->position += hole;
        return (int64_t)hole;
    }
    uint64_t piece = (uint64_t)got < n ? (uint64_t)got : n;
    memcpy(buf, p, piece);
    pab_tar_consume(r->tar, piece);
    r->position += piece;
    return (int64_t)piece;
}
