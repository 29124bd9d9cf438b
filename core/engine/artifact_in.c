/* artifact_in.c - artifacts of a backup on their way to a plugin: file, chain, tree; hashes compared at the end. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/engine/integrity.h"
#include "core/engine/layers.h"
#include "core/engine/opctx.h"
#include "core/tree/tree_reader.h"

struct in {
    struct pab_opctx *c;
    struct pab_mf_artifact *a;
    uint32_t index, mode;
    int fd;                     /* -1 in a reader of a block: the artifact's fd is used */
    struct pab_source *source;  /* opened at the first use: a plugin may want only the blocks */
    struct pab_tree_reader *tree;
    struct pab_layers *layers;  /* instead of the source, for an incremental tree */
    int is_block, ended;
};

/* Remembers which artifact cannot be read, for who asks what failed a plugin. Returns rc. */
static int64_t blame(struct pab_opctx *c, const struct pab_mf_artifact *a, int64_t rc)
{
    if (rc >= 0 || rc == PAB_E_CANCELLED || rc == PAB_E_USAGE) return rc;
    pthread_mutex_lock(&c->lock);
    if (!c->failed) c->failed = a;
    pthread_mutex_unlock(&c->lock);
    return rc;
}

static enum pab_codec codec_of(const struct pab_mf_artifact *a)
{
    enum pab_codec c = PAB_CODEC_NONE;
    pab_codec_from_name(a->encoding, &c);
    return c;
}

static int need_source(struct in *r, struct pab_error *err)
{
    if (r->source) return PAB_OK;
    const char *path = r->mode == PAB_OPEN_INDEX ? r->a->index_path : r->a->path;
    struct pab_source_opts o = { .fd = r->fd, .codec = codec_of(r->a), .length = PAB_SIZE_UNKNOWN, .what = path,
                                 .progress = pab_opctx_progress, .progress_ctx = r->c };
    return pab_source_open(&o, &r->source, err);
}

/* At the end of a whole read: what came must be what the manifest promised. */
static int check_end(struct in *r, struct pab_error *err)
{
    if (r->ended || r->is_block) return PAB_OK;
    if (r->layers) {
        if (pab_layers_check(r->layers, err)) return err->code;
        r->ended = 1;
        r->c->whole[r->index] = 1;
        return PAB_OK;
    }
    struct pab_stream_result got = { 0 };
    pab_source_result(r->source, &got);
    const char *want = r->mode == PAB_OPEN_INDEX ? r->a->index_sha256 : r->a->sha256;
    if (want[0] && strcmp(got.sha256, want) != 0)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not what was written: SHA-256 %.12s..., the manifest says %.12s...",
                             r->mode == PAB_OPEN_INDEX ? r->a->index_path : r->a->path, got.sha256, want);
    if (r->mode != PAB_OPEN_INDEX && (got.content_size != r->a->content_size || strcmp(got.content_sha256, r->a->content_sha256) != 0))
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the content of '%s' is not what was written: %llu bytes, the manifest says %llu", r->a->path,
                             (unsigned long long)got.content_size, (unsigned long long)r->a->content_size);
    r->ended = 1;
    if (r->mode != PAB_OPEN_INDEX) r->c->whole[r->index] = 1;
    return PAB_OK;
}

static int open_artifact(struct pab_opctx *c, uint32_t index, uint32_t mode, void **ret, struct pab_error *err)
{
    struct pab_mf_artifact *a = c->source[index];
    if (mode != PAB_OPEN_DATA && a->kind != PAB_KIND_TREE) return pab_error_set(err, PAB_E_USAGE, 0, "'%s' is not a tree", a->path);
    if (mode == PAB_OPEN_INDEX && !a->index_path) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' has no index", a->path);
    if (pab_integrity_known(a, err)) return err->code;
    if (mode == PAB_OPEN_TAR && a->parent_path)
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is incremental: it can be read entry by entry, but not as one tar", a->path);
    int fd = pab_backup_open_file(c->backup, mode == PAB_OPEN_INDEX ? a->index_path : a->path, err);
    if (fd < 0) return err->code;
    struct in *r = pab_alloc(sizeof *r);
    *r = (struct in){ .c = c, .a = a, .index = index, .mode = mode, .fd = fd };
    *ret = r;
    return PAB_OK;
}

static int i_open(void *ctx, uint32_t index, uint32_t mode, void **ret, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    if (index >= c->source_count) return pab_error_set(err, PAB_E_USAGE, 0, "artifact %u of %zu does not exist", index, c->source_count);
    return (int)blame(c, c->source[index], open_artifact(c, index, mode, ret, err));
}

/* For an incremental tree: what it builds on, too. */
static int need_layers(struct in *r, struct pab_error *err)
{
    if (r->layers || r->mode != PAB_OPEN_DATA || !r->a->parent_path) return PAB_OK;
    return pab_layers_open(r->c->backup, r->c->target, r->a, pab_opctx_progress, r->c, &r->layers, err);
}

static int need_tree(struct in *r, struct pab_error *err)
{
    if (r->tree) return PAB_OK;
    if (r->a->kind != PAB_KIND_TREE || r->mode == PAB_OPEN_TAR) return pab_error_set(err, PAB_E_USAGE, 0, "'%s' is not open as a tree", r->a->path);
    if (need_layers(r, err)) return err->code;
    if (r->layers) {
        pab_tree_reader_chain(pab_layers_chain(r->layers), &r->tree);
        return PAB_OK;
    }
    if (need_source(r, err)) return err->code;
    return r->mode == PAB_OPEN_INDEX ? pab_tree_reader_index(r->source, &r->tree, err) : pab_tree_reader_tar(r->source, &r->tree, err);
}

static int64_t read_some(struct in *r, void *buf, uint64_t n, struct pab_error *err)
{
    if (r->a->kind == PAB_KIND_TREE && r->mode != PAB_OPEN_TAR) {
        if (need_tree(r, err)) return err->code;
        return pab_tree_reader_read(r->tree, buf, n, err);
    }
    if (need_source(r, err)) return err->code;
    int64_t got = pab_source_read(r->source, buf, n, err);
    return got == 0 && n && check_end(r, err) ? err->code : got;
}

static int64_t i_read(void *reader, void *buf, uint64_t n, struct pab_error *err)
{
    struct in *r = reader;
    return blame(r->c, r->a, read_some(r, buf, n, err));
}

static uint64_t i_block_count(void *reader)
{
    return ((struct in *)reader)->a->block_count;
}

static const struct pab_stream_block *block_at(struct in *r, uint64_t i, struct pab_error *err)
{
    if (i < r->a->block_count) return &r->a->blocks[i];
    pab_error_set(err, PAB_E_USAGE, 0, "'%s' has no block %llu", r->a->path, (unsigned long long)i);
    return NULL;
}

static int i_block_info(void *reader, uint64_t i, struct pab_block_info *info, struct pab_error *err)
{
    const struct pab_stream_block *b = block_at(reader, i, err);
    if (!b) return err->code;
    *info = (struct pab_block_info){ .struct_size = sizeof *info, .name = b->name, .offset = b->offset, .size = b->size,
                                     .content_size = b->content_size, .rows = b->rows };
    return PAB_OK;
}

static int i_block_open(void *reader, uint64_t i, void **ret, struct pab_error *err)
{
    struct in *whole = reader;
    const struct pab_stream_block *b = block_at(whole, i, err);
    if (!b) return err->code;
    struct pab_source_opts o = { .fd = whole->fd, .codec = codec_of(whole->a), .offset = b->offset, .length = b->size, .threads = 1, .no_hash = 1,
                                 .what = whole->a->path, .progress = pab_opctx_progress, .progress_ctx = whole->c };
    struct in *r = pab_alloc(sizeof *r);
    *r = (struct in){ .c = whole->c, .a = whole->a, .index = whole->index, .fd = -1, .is_block = 1 };
    if (pab_source_open(&o, &r->source, err)) {
        free(r);
        return (int)blame(whole->c, whole->a, err->code);
    }
    *ret = r;
    return PAB_OK;
}

static int next_entry(struct in *r, struct pab_entry *e, struct pab_error *err)
{
    if (need_tree(r, err)) return err->code;
    int rc = pab_tree_reader_next(r->tree, e, err);
    if (rc == PAB_END && check_end(r, err)) return err->code;
    return rc;
}

static int i_next(void *reader, struct pab_entry *e, struct pab_error *err)
{
    struct in *r = reader;
    return (int)blame(r->c, r->a, next_entry(r, e, err));
}

static void extract_warning(void *ctx, const char *path, const char *message)
{
    struct in *r = ctx;
    CLEANUP_FREE char *text = pab_sprintf("'%s': %s", path, message);
    pab_opctx_warn(r->c, PAB_WARNING_FILE, r->a->object, text);
}

static int i_extract(void *reader, struct pab_extract *x, struct pab_error *err)
{
    struct in *r = reader;
    if (r->a->kind != PAB_KIND_TREE || r->mode != PAB_OPEN_DATA || r->tree) return pab_error_set(err, PAB_E_USAGE, 0, "'%s' is not open for extraction", r->a->path);
    struct pab_tree_warnings w = { .warn = extract_warning, .ctx = r };
    if (need_layers(r, err) || (!r->layers && need_source(r, err))) return err->code;
    if (r->layers) return pab_tree_extract_chain(pab_layers_chain(r->layers), x, &w, pab_operation_cancelled, r->c->op, err) ? err->code : check_end(r, err);
    if (pab_tree_extract(r->source, x, &w, pab_operation_cancelled, r->c->op, err)) return err->code;
    return check_end(r, err);
}

static void i_close(void *reader)
{
    struct in *r = reader;
    pab_tree_reader_free(r->tree);
    pab_layers_close(r->layers);
    pab_source_close(r->source);
    if (r->fd >= 0) close(r->fd);
    free(r);
}

void pab_backend_fill_in(struct pab_op_backend *b)
{
    b->open = i_open;
    b->read = i_read;
    b->block_count = i_block_count;
    b->block_info = i_block_info;
    b->block_open = i_block_open;
    b->next = i_next;
    b->extract = i_extract;
    b->close = i_close;
}
