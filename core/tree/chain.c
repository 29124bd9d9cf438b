/* chain.c - see chain.h. */
#include "core/tree/chain.h"

#include <stdlib.h>
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/index.h"

struct layer { struct pab_tar *tar; struct pab_entry e; int is_metadata; };

struct pab_chain {
    struct pab_index *index;
    struct layer *layers;
    size_t count;
    struct layer *current;     /* whose content comes; NULL: the entry has none */
};

void pab_chain_new(struct pab_source *index, struct pab_source *const *tars, size_t n, struct pab_chain **ret)
{
    struct pab_chain *c = pab_alloc(sizeof *c);
    pab_index_new(index, &c->index);
    c->layers = pab_alloc_array(n, sizeof *c->layers);
    c->count = n;
    for (size_t i = 0; i < n; i++) {
        struct pab_tar_input in = pab_tar_input_source(tars[i]);
        pab_tar_new(&in, &c->layers[i].tar);
    }
    *ret = c;
}

void pab_chain_free(struct pab_chain *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->count; i++) pab_tar_free(c->layers[i].tar);
    free(c->layers);
    pab_index_free(c->index);
    free(c);
}

/* The next entry of a tar under its own name. */
static int step(struct layer *l, struct pab_error *err)
{
    static const size_t n = sizeof PAB_METADATA_FOLDER; /* with its slash */
    int rc = pab_tar_next(l->tar, &l->e, err);
    if (rc) return rc;
    l->is_metadata = pab_tar_is_metadata(l->tar);
    if (!l->is_metadata) return PAB_OK;
    if (strncmp(l->e.path, PAB_METADATA_FOLDER "/", n)) return pab_error_set(err, PAB_E_CORRUPT, 0, "the tar has metadata alone in a place that is not for it");
    l->e.path += n;
    return PAB_OK;
}

/* Forward to the header of `path`, or to its content. */
static int seek(struct pab_chain *c, uint32_t number, const char *path, int metadata, struct pab_error *err)
{
    struct layer *l = &c->layers[number];
    int rc;
    while ((rc = step(l, err)) == PAB_OK)
        if (l->is_metadata == metadata && !strcmp(l->e.path, path)) return PAB_OK;
    if (rc != PAB_END) return rc;
    CLEANUP_FREE char *name = pab_str_printable(path);
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is missing in the tar of %u backups before, where the index says that it is", name, number);
}

static int take(struct pab_chain *c, const struct pab_entry *want, uint32_t header, uint32_t content, struct pab_entry *e, struct pab_error *err)
{
    CLEANUP_FREE char *name = pab_str_printable(want->path);
    if (header >= c->count || content >= c->count || header > content)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the index says that '%s' is stored %u backups before, and there are %zu", name, content, c->count - 1);
    int rc = seek(c, header, want->path, header != content, err);
    if (!rc && content != header) rc = seek(c, content, want->path, 0, err);
    if (rc) return rc;
    struct layer *h = &c->layers[header], *k = &c->layers[content];
    *e = h->e;
    e->size = k->e.size;
    e->extents = k->e.extents;
    e->extent_count = k->e.extent_count;
    c->current = e->type == PAB_TYPE_FILE ? k : NULL;
    if (e->type != want->type || k->e.type != want->type || (e->type == PAB_TYPE_FILE && e->size != want->size))
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' in the tar is not what the index says", name);
    return PAB_OK;
}

/* What the tars still hold is of no use any more; but their ends must be there, and well-formed. */
static int drain(struct pab_chain *c, struct pab_error *err)
{
    for (size_t i = 0; i < c->count; i++) {
        int rc;
        while ((rc = step(&c->layers[i], err)) == PAB_OK) continue;
        if (rc != PAB_END) return rc;
    }
    return PAB_END;
}

static int chain_next(void *ctx, struct pab_entry *e, struct pab_error *err)
{
    struct pab_chain *c = ctx;
    struct pab_entry want;
    uint32_t header, content;
    c->current = NULL;
    int rc = pab_index_next(c->index, &want, err);
    if (rc == PAB_END) return drain(c, err);
    if (rc) return rc;
    pab_index_layers(c->index, &header, &content);
    return take(c, &want, header, content, e, err);
}

static int64_t chain_peek(void *ctx, const void **ret, uint64_t *ret_offset, struct pab_error *err)
{
    struct pab_chain *c = ctx;
    return c->current ? pab_tar_peek(c->current->tar, ret, ret_offset, err) : 0;
}

static void chain_consume(void *ctx, uint64_t n)
{
    pab_tar_consume(((struct pab_chain *)ctx)->current->tar, n);
}

void pab_chain_tar(struct pab_chain *c, struct pab_tar **ret)
{
    pab_tar_new_from(&(struct pab_tar_entries){ chain_next, chain_peek, chain_consume, c }, ret);
}
