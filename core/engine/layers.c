/* layers.c - see layers.h. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/engine/integrity.h"
#include "core/engine/layers.h"

struct pab_layers {
    struct pab_lineage lineage;
    int index_fd, *fds;
    struct pab_source *index, **tars;
    struct pab_chain *chain;
};

static int open_one(const struct pab_layer *l, const char *path, struct pab_source_opts *o, int *ret_fd, struct pab_source **ret, struct pab_error *err)
{
    if (pab_integrity_known(l->artifact, err)) return err->code;
    pab_codec_from_name(l->artifact->encoding, &o->codec);
    *ret_fd = pab_backup_open_file(l->backup, path, err);
    if (*ret_fd < 0) return err->code;
    o->fd = *ret_fd;
    o->length = PAB_SIZE_UNKNOWN;
    o->what = path;
    return pab_source_open(o, ret, err);
}

static int open_all(struct pab_layers *l, const struct pab_source_opts *like, struct pab_error *err)
{
    size_t n = l->lineage.count;
    const struct pab_layer *newest = &l->lineage.items[0];
    struct pab_source_opts alone = { .threads = 1 };
    l->fds = pab_alloc_array(n, sizeof *l->fds);
    l->tars = pab_alloc_array(n, sizeof *l->tars);
    for (size_t i = 0; i < n; i++) l->fds[i] = -1;
    int rc = open_one(newest, newest->artifact->index_path, &alone, &l->index_fd, &l->index, err);
    for (size_t i = 0; i < n && !rc; i++) {
        struct pab_source_opts o = *like;
        o.threads = i == n - 1 ? 0 : 1; /* the oldest is the large one */
        rc = open_one(&l->lineage.items[i], l->lineage.items[i].artifact->path, &o, &l->fds[i], &l->tars[i], err);
        if (rc && i) pab_error_prefix(err, "backup '%s'", pab_backup_name(l->lineage.items[i].backup));
    }
    if (!rc) pab_chain_new(l->index, l->tars, n, &l->chain);
    return rc;
}

int pab_layers_open(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a,
                    void (*progress)(void *ctx, uint64_t content_bytes, uint64_t bytes), void *progress_ctx, struct pab_layers **ret, struct pab_error *err)
{
    struct pab_layers *l = pab_alloc(sizeof *l);
    l->index_fd = -1;
    int rc = pab_lineage_open(b, target, a, &l->lineage, err);
    if (!rc) rc = open_all(l, &(struct pab_source_opts){ .progress = progress, .progress_ctx = progress_ctx }, err);
    if (rc) pab_layers_close(l);
    else *ret = l;
    return rc;
}

struct pab_chain *pab_layers_chain(struct pab_layers *l) { return l->chain; }
size_t pab_layers_count(const struct pab_layers *l) { return l->lineage.count; }

static int is_as_written(const struct pab_layer *l, const char *path, struct pab_source *s, const char *sha256, struct pab_error *err)
{
    struct pab_stream_result got = { 0 };
    pab_source_result(s, &got);
    if (strcmp(got.sha256, sha256) == 0) return PAB_OK;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' of backup '%s' is not what was written: SHA-256 %.12s..., the manifest says %.12s...", path,
                         pab_backup_name(l->backup), got.sha256, sha256);
}

int pab_layers_check(const struct pab_layers *l, struct pab_error *err)
{
    const struct pab_layer *newest = &l->lineage.items[0];
    int rc = is_as_written(newest, newest->artifact->index_path, l->index, newest->artifact->index_sha256, err);
    for (size_t i = 0; i < l->lineage.count && !rc; i++)
        rc = is_as_written(&l->lineage.items[i], l->lineage.items[i].artifact->path, l->tars[i], l->lineage.items[i].artifact->sha256, err);
    return rc;
}

void pab_layers_close(struct pab_layers *l)
{
    if (!l) return;
    pab_chain_free(l->chain);
    pab_source_close(l->index);
    if (l->index_fd >= 0) close(l->index_fd);
    for (size_t i = 0; i < l->lineage.count && l->tars; i++) {
        pab_source_close(l->tars[i]);
        if (l->fds[i] >= 0) close(l->fds[i]);
    }
    free(l->tars);
    free(l->fds);
    pab_lineage_release(&l->lineage);
    free(l);
}
