/* integrity.c - see integrity.h. */
#include <errno.h>
#include <string.h>
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/engine/integrity.h"
#include "core/engine/layers.h"
#include "core/stream/hash.h"
#include "core/tree/tree_reader.h"

static int hash_matches(const struct pab_backup *b, const char *path, uint64_t size, const char *sha256, struct pab_error *err)
{
    char got[65];
    uint64_t got_size = 0;
    CLEANUP_CLOSE int fd = pab_backup_open_file(b, path, err);
    if (fd < 0) return err->code;
    if (pab_hash_fd(fd, got, &got_size, err)) return pab_error_prefix(err, "'%s'", path);
    if (got_size != size)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' has %llu bytes, the manifest says %llu", path, (unsigned long long)got_size, (unsigned long long)size);
    if (strcmp(got, sha256) != 0)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not what was written: SHA-256 %.12s..., the manifest says %.12s...", path, got, sha256);
    return PAB_OK;
}

int pab_integrity_known(const struct pab_mf_artifact *a, struct pab_error *err)
{
    enum pab_codec codec;
    int encrypted = strcmp(a->encryption, "none") != 0;
    if (!encrypted && !pab_codec_from_name(a->encoding, &codec)) return PAB_OK;
    CLEANUP_FREE char *shown = pab_str_printable(encrypted ? a->encryption : a->encoding);
    pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is %s as '%s', which this version cannot read", a->path, encrypted ? "encrypted" : "encoded", shown);
    return pab_error_hint(err, err->code, "a newer pabengine may read it");
}

int pab_integrity_stored(const struct pab_backup *b, const struct pab_mf_artifact *a, struct pab_error *err)
{
    if (pab_integrity_known(a, err)) return err->code;
    if (hash_matches(b, a->path, a->size, a->sha256, err)) return err->code;
    return a->index_path ? hash_matches(b, a->index_path, a->index_size, a->index_sha256, err) : PAB_OK;
}

int pab_integrity_open(const struct pab_backup *b, const struct pab_mf_artifact *a, const char *path, unsigned threads, int *ret_fd,
                       struct pab_source **ret, struct pab_error *err)
{
    enum pab_codec codec = PAB_CODEC_NONE;
    if (pab_integrity_known(a, err)) return err->code;
    pab_codec_from_name(a->encoding, &codec);
    *ret_fd = pab_backup_open_file(b, path, err);
    if (*ret_fd < 0) return err->code;
    return pab_source_open(&(struct pab_source_opts){ .fd = *ret_fd, .codec = codec, .length = PAB_SIZE_UNKNOWN, .threads = threads, .what = path }, ret, err);
}

static int result_matches(struct pab_source *s, const char *path, uint64_t size, const char *sha256, const char *content_sha256, struct pab_error *err)
{
    struct pab_stream_result got = { 0 };
    pab_source_result(s, &got);
    if (got.size != size || strcmp(got.sha256, sha256) != 0)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not what was written: SHA-256 %.12s..., the manifest says %.12s...", path, got.sha256, sha256);
    if (content_sha256 && strcmp(got.content_sha256, content_sha256) != 0)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the content of '%s' is not what was written: SHA-256 %.12s..., the manifest says %.12s...", path, got.content_sha256, content_sha256);
    return PAB_OK;
}

static int read_to_end(struct pab_source *s, struct pab_error *err)
{
    const void *p;
    int64_t n;
    while ((n = pab_source_peek(s, &p, err)) > 0) {
        pab_source_consume(s, (uint64_t)n);
        if (pab_cancelled()) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
    }
    return n < 0 ? err->code : PAB_OK;
}

static int check_tree(const struct pab_backup *b, const struct pab_mf_artifact *a, struct pab_source *tar, char **ret_detail, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    struct pab_source *index = NULL;
    struct pab_tree_counts n = { 0 };
    char count[32];
    int rc = pab_integrity_open(b, a, a->index_path, 1, &fd, &index, err);
    if (!rc) rc = pab_tree_verify(tar, index, &n, err);
    if (!rc) rc = result_matches(index, a->index_path, a->index_size, a->index_sha256, NULL, err);
    pab_source_close(index);
    if (rc) return pab_error_prefix(err, "'%s'", a->path);
    const char *files = pab_kvs_get(&a->counts, "files");
    if (files && strtoull(files, NULL, 10) != n.files)
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' holds %llu files, the manifest says %s", a->path, (unsigned long long)n.files, files);
    *ret_detail = pab_sprintf("sha256, %s files against the index", pab_format_count(n.files, count, sizeof count));
    return PAB_OK;
}

/* A restore asks for it of all that a backup builds on; the content alone can be had without. */
static int check_indexes_below(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, struct pab_error *err)
{
    struct pab_lineage l = { 0 };
    int rc = pab_lineage_open(b, target, a, &l, err);
    for (size_t i = 1; i < l.count && !rc; i++) {
        const struct pab_mf_artifact *below = l.items[i].artifact;
        rc = hash_matches(l.items[i].backup, below->index_path, below->index_size, below->index_sha256, err);
        if (rc) pab_error_prefix(err, "it builds on backup '%s', which is damaged", pab_backup_name(l.items[i].backup));
    }
    pab_lineage_release(&l);
    return rc;
}

/* The tree as it would be restored, out of all that it builds on; and its own files. */
static int check_layers(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, char **ret_detail, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    struct pab_source *index = NULL;
    struct pab_layers *layers = NULL;
    struct pab_tree_counts n = { 0 };
    char count[32];
    int rc = pab_integrity_stored(b, a, err);
    if (!rc) rc = pab_layers_open(b, target, a, NULL, NULL, &layers, err);
    if (!rc) rc = pab_integrity_open(b, a, a->index_path, 1, &fd, &index, err);
    if (!rc) rc = pab_tree_verify_chain(pab_layers_chain(layers), index, &n, err);
    if (!rc) rc = pab_layers_check(layers, err);
    if (!rc) rc = check_indexes_below(b, target, a, err);
    pab_source_close(index);
    if (!rc) *ret_detail = pab_sprintf("sha256, %s files of %zu backups against the index", pab_format_count(n.files, count, sizeof count), pab_layers_count(layers));
    else pab_error_prefix(err, "'%s'", a->path);
    pab_layers_close(layers);
    return rc;
}

int pab_integrity_content(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a, char **ret_detail, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = -1;
    struct pab_source *s = NULL;
    char *detail = NULL;
    if (a->parent_path) return check_layers(b, target, a, ret_detail, err);
    int rc = pab_integrity_open(b, a, a->path, 0, &fd, &s, err);
    if (!rc && a->kind == PAB_KIND_TREE && a->index_path) rc = check_tree(b, a, s, &detail, err);
    else if (!rc) rc = read_to_end(s, err);
    if (!rc) rc = result_matches(s, a->path, a->size, a->sha256, a->content_sha256, err);
    pab_source_close(s);
    if (rc) free(detail);
    else *ret_detail = detail ? detail : pab_strdup("sha256, decompressed to the end");
    return rc;
}
