/* artifact_out.c - artifacts on their way into a staged backup: file, chain, tree, manifest entry. */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/engine/integrity.h"
#include "core/engine/lineage.h"
#include "core/engine/opctx.h"
#include "core/tree/base.h"

struct out {
    struct pab_opctx *c;
    struct pab_mf_artifact mf;          /* moved into the target's list by commit */
    int fd, index_fd;
    struct pab_writer *writer, *index_writer;
    struct pab_tree_writer *tree;
    struct pab_base *base;              /* the parent's index, when this tree is incremental */
};

static void warn_about(struct out *o, const char *text)
{
    pab_opctx_warn(o->c, PAB_WARNING_OTHER, o->mf.object, text);
}

static void tree_warning(void *ctx, const char *path, const char *message)
{
    struct out *o = ctx;
    CLEANUP_FREE char *text = pab_sprintf("'%s': %s", path, message);
    pab_opctx_warn(o->c, PAB_WARNING_FILE, o->mf.object, text);
}

static int open_file(struct out *o, const struct pab_artifact_desc *d, const char *extension, struct pab_compression how, int is_index,
                     char **ret_path, int *ret_fd, struct pab_writer **ret_writer, struct pab_error *err)
{
    struct pab_file_spec spec = { .category = d->category, .target = o->c->target, .stem = d->stem, .extension = extension,
                                  .suffix = pab_codec_suffix(how.codec), .plain_name = (d->flags & PAB_ART_PLAIN_NAME) != 0 };
    if (pab_stage_create(o->c->stage, &spec, ret_path, ret_fd, err)) return err->code;
    return pab_writer_open(&(struct pab_writer_opts){ .fd = *ret_fd, .compression = how, .what = *ret_path, .no_content_hash = is_index,
                                                      .progress = pab_opctx_progress, .progress_ctx = o->c }, ret_writer, err);
}

/* What it has committed beside this one is of no use alone. */
static void is_broken(struct pab_opctx *c, const char *object)
{
    pthread_mutex_lock(&c->lock);
    pab_strs_add(&c->broken, object);
    pthread_mutex_unlock(&c->lock);
}

/* Frees everything; `remove` also takes the files out of the stage. */
static void free_out(struct out *o, int remove)
{
    struct pab_error ignored = { 0 };
    if (remove) is_broken(o->c, o->mf.object);
    pab_tree_writer_free(o->tree);
    pab_base_free(o->base);
    pab_writer_abort(o->writer);
    pab_writer_abort(o->index_writer);
    if (o->fd >= 0) close(o->fd);
    if (o->index_fd >= 0) close(o->index_fd);
    if (remove && o->mf.path) pab_stage_remove(o->c->stage, o->mf.path, &ignored);
    if (remove && o->mf.index_path) pab_stage_remove(o->c->stage, o->mf.index_path, &ignored);
    if (remove) pab_mf_artifact_release(&o->mf);
    free(o);
}

static void no_base(struct out *o, const char *why)
{
    pab_logf(PAB_LL_INFO, o->c->target, "'%s' is stored in full: %s", o->mf.path, why);
}

static int load_base(struct out *o, const struct pab_mf_artifact *a, struct pab_error *err)
{
    struct pab_stream_result got = { 0 };
    struct pab_source *s = NULL;
    enum pab_codec codec = PAB_CODEC_NONE;
    if (pab_integrity_known(a, err)) return err->code;
    pab_codec_from_name(a->encoding, &codec);
    CLEANUP_CLOSE int fd = pab_backup_open_file(o->c->parent, a->index_path, err);
    if (fd < 0) return err->code;
    int rc = pab_source_open(&(struct pab_source_opts){ .fd = fd, .codec = codec, .length = PAB_SIZE_UNKNOWN,
                                                        .no_content_hash = 1, .what = a->index_path }, &s, err);
    if (!rc) rc = pab_base_load(s, a->started_ns, &o->base, err);
    if (!rc) pab_source_result(s, &got);
    pab_source_close(s);
    if (!rc && strcmp(got.sha256, a->index_sha256) != 0) rc = pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not what was written", a->index_path);
    return rc;
}

/* Only what differs from the parent is then stored. Whatever is wrong with the parent, the tree is rather stored in full. */
static void build_on_parent(struct out *o)
{
    struct pab_opctx *c = o->c;
    struct pab_error why = { 0 };
    struct pab_lineage line = { 0 };
    const struct pab_mf_artifact *a = pab_parent_artifact(pab_backup_manifest(c->parent), c->mf, &o->mf);
    CLEANUP_FREE char *nothing = pab_sprintf("backup '%s' holds nothing to build on", pab_backup_name(c->parent));
    if (!a || !a->index_path) {
        no_base(o, nothing);
        return;
    }
    int rc = pab_lineage_open(c->parent, c->target, a, &line, &why);
    if (!rc && line.count == PAB_LINEAGE_MAX) rc = pab_error_set(&why, PAB_E_UNSUPPORTED, 0, "it would be the %uth in a row", PAB_LINEAGE_MAX + 1);
    if (!rc) rc = load_base(o, a, &why);
    if (rc) {
        pab_base_free(TAKE_PTR(o->base));
        no_base(o, why.message);
    } else {
        pab_tree_writer_set_base(o->tree, o->base);
        o->mf.parent_path = pab_strdup(a->path);
        memcpy(o->mf.parent_sha256, a->sha256, sizeof a->sha256);
        for (size_t i = line.count; i-- > 0;) {
            const struct pab_mf_artifact *below = line.items[i].artifact;
            CLEANUP_FREE char *path = pab_sprintf("%s/%s", pab_backup_name(line.items[i].backup), below->path);
            CLEANUP_FREE char *index = pab_sprintf("%s/%s", pab_backup_name(line.items[i].backup), below->index_path);
            pab_strs_add(&o->mf.layers, path);
            pab_strs_add(&o->mf.layer_indexes, index);
        }
    }
    pab_lineage_release(&line);
}

static int o_begin(void *ctx, const struct pab_artifact_desc *d, void **ret, struct pab_error *err)
{
    struct pab_opctx *c = ctx;
    if (!(d->category & c->categories)) return pab_error_set(err, PAB_E_USAGE, 0, "artifact '%s' is of a category that this run does not take", d->stem);
    pab_test_point("artifact-begin");
    struct pab_compression wanted = d->kind == PAB_KIND_TREE ? pab_compression_of_files(c->compression) : c->compression;
    struct pab_compression how = d->flags & PAB_ART_STORED ? (struct pab_compression){ .codec = PAB_CODEC_NONE } : wanted;
    struct out *o = pab_alloc(sizeof *o);
    *o = (struct out){ .c = c, .fd = -1, .index_fd = -1 };
    o->mf.object = pab_strdup(d->object);
    o->mf.category = d->category;
    o->mf.kind = d->kind;
    o->mf.media_type = d->media_type ? pab_strdup(d->media_type) : NULL;
    o->mf.encoding = pab_strdup(pab_codec_name(how.codec));
    o->mf.encryption = pab_strdup("none");
    o->mf.started_ns = pab_now_ns();
    int tree = d->kind == PAB_KIND_TREE;
    int rc = open_file(o, d, tree ? "tar" : d->extension, how, 0, &o->mf.path, &o->fd, &o->writer, err);
    if (!rc && tree) rc = open_file(o, d, "mtree", how, 1, &o->mf.index_path, &o->index_fd, &o->index_writer, err);
    if (!rc && tree) rc = pab_tree_writer_open(o->writer, o->index_writer, &(struct pab_tree_warnings){ .warn = tree_warning, .ctx = o }, &o->tree, err);
    if (!rc && tree && c->parent) build_on_parent(o);
    if (rc) free_out(o, 1);
    else *ret = o;
    return rc;
}

static int o_write(void *artifact, const void *p, uint64_t n, struct pab_error *err)
{
    struct out *o = artifact;
    return o->tree ? pab_tree_writer_data(o->tree, p, n, err) : pab_writer_write(o->writer, p, n, err);
}

static int o_fact(void *artifact, const char *key, const char *value, struct pab_error *err)
{
    struct out *o = artifact;
    (void)err;
    pab_kvs_set(&o->mf.facts, key, value);
    return PAB_OK;
}

static int o_count(void *artifact, const char *key, uint64_t value, struct pab_error *err)
{
    struct out *o = artifact;
    (void)err;
    char number[24];
    snprintf(number, sizeof number, "%llu", (unsigned long long)value);
    pab_kvs_set(&o->mf.counts, key, number);
    return PAB_OK;
}

static int finish_tree(struct out *o, struct pab_error *err)
{
    struct pab_tree_counts n = { 0 };
    struct pab_stream_result index = { 0 };
    struct pab_tree_writer *tree = TAKE_PTR(o->tree);
    if (pab_tree_writer_finish(tree, &n, err)) return err->code;
    if (pab_writer_finish(TAKE_PTR(o->index_writer), &index, err)) return err->code;
    o->mf.index_size = index.size;
    memcpy(o->mf.index_sha256, index.sha256, sizeof o->mf.index_sha256);
    pab_stream_result_release(&index);
    o_count(o, "files", n.files, err);
    o_count(o, "folders", n.dirs, err);
    if (n.links) o_count(o, "links", n.links, err);
    if (n.others) o_count(o, "others", n.others, err);
    o_count(o, "bytes", n.bytes, err);
    if (!o->base) return PAB_OK;
    o->mf.deleted = n.deleted;
    o_count(o, "unchanged", n.kept, err);
    o_count(o, "metadata_only", n.metadata, err);
    return PAB_OK;
}

/* The parent's blocks lie where its compressor put them. */
static void take_blocks(struct pab_mf_artifact *mf, const struct pab_mf_artifact *from)
{
    struct pab_stream_result old = { .blocks = mf->blocks, .block_count = mf->block_count };
    pab_stream_result_release(&old);
    mf->block_count = from->block_count;
    mf->blocks = from->block_count ? pab_memdup(from->blocks, from->block_count * sizeof *from->blocks) : NULL;
    for (uint64_t i = 0; i < from->block_count; i++) mf->blocks[i].name = pab_strdup(from->blocks[i].name);
}

/* What is in the parent already takes no room again: a hard link to its file, once that has been read and found whole. */
static void link_to_parent(struct out *o)
{
    struct pab_opctx *c = o->c;
    const struct pab_mf_artifact *a = c->parent && o->mf.kind == PAB_KIND_STREAM ? pab_parent_artifact(pab_backup_manifest(c->parent), c->mf, &o->mf) : NULL;
    struct pab_error why = { 0 };
    if (!a || a->content_size != o->mf.content_size || strcmp(a->content_sha256, o->mf.content_sha256) != 0) return;
    if (strcmp(a->encoding, o->mf.encoding) != 0 || strcmp(a->encryption, o->mf.encryption) != 0) return;
    if (pab_integrity_stored(c->parent, a, &why)) {
        CLEANUP_FREE char *text = pab_sprintf("backup '%s' is damaged, so this one keeps a copy of its own: %s", pab_backup_name(c->parent), why.message);
        warn_about(o, text);
        return;
    }
    if (pab_stage_link(c->stage, o->mf.path, c->parent, a->path, &why)) {
        if (__atomic_exchange_n(c->no_links, 1, __ATOMIC_RELAXED)) return;
        CLEANUP_FREE char *text = pab_sprintf("unchanged since '%s', but stored once more: %s", pab_backup_name(c->parent), why.message);
        warn_about(o, text);
        return;
    }
    o->mf.size = a->size;
    memcpy(o->mf.sha256, a->sha256, sizeof o->mf.sha256);
    take_blocks(&o->mf, a);
}

static int o_commit(void *artifact, struct pab_error *err)
{
    struct out *o = artifact;
    struct pab_stream_result r = { 0 };
    int rc = o->tree ? finish_tree(o, err) : PAB_OK;
    if (!rc) rc = pab_writer_finish(TAKE_PTR(o->writer), &r, err);
    pab_test_point("artifact-commit");
    if (rc) {
        free_out(o, 1);
        return rc;
    }
    o->mf.size = r.size;
    o->mf.content_size = r.content_size;
    memcpy(o->mf.sha256, r.sha256, sizeof r.sha256);
    memcpy(o->mf.content_sha256, r.content_sha256, sizeof r.content_sha256);
    o->mf.blocks = r.blocks;
    o->mf.block_count = r.block_count;
    link_to_parent(o);
    o->mf.finished_ns = pab_now_ns();
    pab_emit(&o->c->session->events, &(struct pab_event){ .type = PAB_EV_ARTIFACT, .target = o->c->target, .artifact = &o->mf });
    pthread_mutex_lock(&o->c->lock);
    PAB_PUSH(&o->c->mf->artifacts, o->mf);
    pthread_mutex_unlock(&o->c->lock);
    free_out(o, 0);
    return PAB_OK;
}

static void o_abort(void *artifact)
{
    free_out(artifact, 1);
}

static int o_block_begin(void *artifact, const char *name, void **ret, struct pab_error *err)
{
    struct pab_writer_block *b;
    int rc = pab_writer_block_begin(((struct out *)artifact)->writer, name, &b, err);
    if (!rc) *ret = b;
    return rc;
}

static int o_block_write(void *block, const void *p, uint64_t n, struct pab_error *err) { return pab_writer_block_write(block, p, n, err); }
static int o_block_end(void *block, uint64_t rows, struct pab_error *err) { return pab_writer_block_end(block, rows, err); }
static void o_block_abort(void *block) { pab_writer_block_abort(block); }

static int o_entry(void *artifact, const struct pab_entry *e, struct pab_error *err)
{
    return pab_tree_writer_entry(((struct out *)artifact)->tree, e, err);
}

static int o_walk(void *artifact, struct pab_walk *w, struct pab_error *err)
{
    struct out *o = artifact;
    return pab_tree_walk(o->tree, w, pab_operation_cancelled, o->c->op, err);
}

static int o_tar(void *artifact, pab_read_fn read_fn, void *read_ctx, uint32_t strip, struct pab_error *err)
{
    return pab_tree_from_tar(((struct out *)artifact)->tree, read_fn, read_ctx, strip, err);
}

void pab_backend_fill_out(struct pab_op_backend *b)
{
    b->begin = o_begin;
    b->write = o_write;
    b->artifact_fact = o_fact;
    b->artifact_count = o_count;
    b->commit = o_commit;
    b->abort = o_abort;
    b->block_begin = o_block_begin;
    b->block_write = o_block_write;
    b->block_end = o_block_end;
    b->block_abort = o_block_abort;
    b->entry = o_entry;
    b->walk = o_walk;
    b->tar = o_tar;
}
