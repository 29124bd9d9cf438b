/* index.c - see index.h. */
#include "core/tree/index.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/tree/entry.h"
#include "core/tree/mtree.h"

#define LINE_MAX_SIZE (1024u + 4 * (2 * PAB_TREE_PATH_MAX + 1024)) /* every byte of two paths and two names escaped */

struct pab_index {
    struct pab_source *source;
    struct pab_buf line;
    uint64_t number;
    int64_t ctime_ns;          /* of the entry that comes next; 0: not known */
    uint32_t header, content;  /* likewise; in `last`, of the one before */
    struct { uint32_t header, content; } last;
};

void pab_index_new(struct pab_source *s, struct pab_index **ret)
{
    struct pab_index *x = pab_alloc(sizeof *x);
    x->source = s;
    x->line.max = LINE_MAX_SIZE;
    *ret = x;
}

void pab_index_free(struct pab_index *x)
{
    if (!x) return;
    pab_buf_release(&x->line);
    free(x);
}

/* The next line without its end into x->line. PAB_END when there is none. */
static int read_line(struct pab_index *x, struct pab_error *err)
{
    pab_buf_clear(&x->line);
    x->number++;
    for (;;) {
        const void *p;
        int64_t n = pab_source_peek(x->source, &p, err);
        if (n < 0) return (int)n;
        if (n == 0 && x->line.size == 0) return x->number == 1 ? pab_error_set(err, PAB_E_CORRUPT, 0, "the index is empty") : PAB_END;
        if (n == 0) return pab_error_set(err, PAB_E_CORRUPT, 0, "the index ends in the middle of line %llu", (unsigned long long)x->number);
        const char *end = memchr(p, '\n', (size_t)n);
        uint64_t piece = end ? (uint64_t)(end - (const char *)p) : (uint64_t)n;
        if (pab_buf_add(&x->line, p, piece)) return pab_error_set(err, PAB_E_CORRUPT, 0, "line %llu of the index is too long", (unsigned long long)x->number);
        pab_source_consume(x->source, piece + (end != NULL));
        if (end) return PAB_OK;
    }
}

void pab_index_layers(const struct pab_index *x, uint32_t *ret_header, uint32_t *ret_content)
{
    *ret_header = x->last.header;
    *ret_content = x->last.content;
}

static int bad_line(const struct pab_index *x, const char *what, struct pab_error *err)
{
    return pab_error_set(err, PAB_E_CORRUPT, 0, "line %llu of the index: %s", (unsigned long long)x->number, what);
}

/* What our comments say of the entry that comes next. */
static int take_comment(struct pab_index *x, struct pab_error *err)
{
    char *line = x->line.data;
    size_t ctime_mark = sizeof PAB_MTREE_CTIME - 1, from_mark = sizeof PAB_MTREE_FROM - 1;
    if (!strncmp(line, PAB_MTREE_CTIME, ctime_mark)) return pab_mtree_time(line + ctime_mark, &x->ctime_ns) ? bad_line(x, "no such time", err) : PAB_OK;
    if (!strncmp(line, PAB_MTREE_FROM, from_mark)) return pab_mtree_layers(line + from_mark, &x->header, &x->content) ? bad_line(x, "no such layers", err) : PAB_OK;
    return PAB_OK;
}

int pab_index_next(struct pab_index *x, struct pab_entry *e, struct pab_error *err)
{
    for (;;) {
        int rc = read_line(x, err);
        if (rc) return rc;
        if (x->number == 1) {
            if (strcmp(pab_buf_str(&x->line), "#mtree")) return pab_error_set(err, PAB_E_CORRUPT, 0, "the index does not begin with '#mtree'");
            continue;
        }
        if (x->line.size == 0) continue;
        if (x->line.data[0] == '#') {
            rc = take_comment(x, err);
            if (rc) return rc;
            continue;
        }
        rc = pab_mtree_parse(x->line.data, x->line.size, x->number, e, err);
        if (rc < 0) return rc;
        if (rc) {
            e->ctime_ns = x->ctime_ns;
            x->last.header = x->header;
            x->last.content = x->content;
            x->ctime_ns = 0;
            x->header = x->content = 0;
            return PAB_OK;
        }
    }
}
