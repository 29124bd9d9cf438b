/* publish.c - a staged backup becomes one that counts: papers, syncs, one rename, then `latest`. See store.h.
 *
 * The order is the promise: the bytes of the artifacts were synced when each was committed; here the papers, then every
 * folder that holds a name, then the staged folder, and only then the rename; `latest` moves when that is durable. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/store/directory.h"
#include "core/store/names.h"
#include "core/stream/hash.h"

struct sums { struct pab_sum *items; size_t count, capacity; };

static int write_text(struct pab_stage *st, const char *path, const char *text, char sha256[65], struct pab_error *err)
{
    size_t n = strlen(text);
    pab_hash_bytes(text, n, sha256);
    pab_test_point("publish-paper");
    if (!pab_write_file_atomic(st->dirfd, path, text, n, 0600, err)) return PAB_OK;
    pab_error_prefix(err, "'%s/%s'", st->s->path, st->partial);
    return pab_error_free_space(err, st->s->dirfd);
}

static void add_artifacts(struct sums *sums, const struct pab_manifest *m)
{
    for (size_t t = 0; t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            const struct pab_mf_artifact *a = &m->targets.items[t].artifacts.items[i];
            PAB_PUSH(sums, ((struct pab_sum){ a->path, a->sha256 }));
            if (a->index_path) PAB_PUSH(sums, ((struct pab_sum){ a->index_path, a->index_sha256 }));
        }
    }
}

static int write_papers(struct pab_stage *st, struct pab_manifest *m, struct pab_error *err)
{
    char manifest_sum[65], restore_sum[65], sums_sum[65];
    struct sums sums = { 0 };
    CLEANUP_FREE char *json = pab_manifest_to_json(m);
    CLEANUP_FREE char *restore = pab_restore_md(m);
    size_t n = strlen(json);
    if (n > PAB_MANIFEST_MAX) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "the manifest would have %zu bytes, more than the %u MiB that are read", n, PAB_MANIFEST_MAX >> 20);
    int rc = write_text(st, PAB_MANIFEST_FILE, json, manifest_sum, err);
    if (!rc) rc = write_text(st, PAB_RESTORE_FILE, restore, restore_sum, err);
    if (rc) return rc;
    PAB_PUSH(&sums, ((struct pab_sum){ PAB_MANIFEST_FILE, manifest_sum }));
    PAB_PUSH(&sums, ((struct pab_sum){ PAB_RESTORE_FILE, restore_sum }));
    add_artifacts(&sums, m);
    CLEANUP_FREE char *text = pab_sums_text(sums.items, sums.count);
    free(sums.items);
    return write_text(st, PAB_SUMS_FILE, text, sums_sum, err);
}

/* The folders above path, but for those that lie above `done`, too. */
static int sync_parents(struct pab_stage *st, const char *path, const char *done, struct pab_error *err)
{
    CLEANUP_FREE char *folder = pab_strdup(path);
    for (char *slash; (slash = strrchr(folder, '/'));) {
        *slash = 0;
        size_t n = strlen(folder);
        if (strncmp(done, folder, n) == 0 && done[n] == '/') return PAB_OK;
        CLEANUP_CLOSE int fd = openat(st->dirfd, folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        if (fd < 0 || pab_fsync(fd)) return pab_stage_error(err, "sync", st, folder);
    }
    return PAB_OK;
}

/* The names of the files must be as durable as their bytes: every folder below, then the staged one. */
static int sync_folders(struct pab_stage *st, const struct pab_manifest *m, struct pab_error *err)
{
    const char *done = "";
    pab_test_point("publish-sync");
    for (size_t t = 0; t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            const char *path = m->targets.items[t].artifacts.items[i].path;
            int rc = sync_parents(st, path, done, err);
            if (rc) return rc;
            done = path;
        }
    }
    return pab_fsync_dir(st->dirfd) ? pab_stage_error(err, "sync", st, NULL) : PAB_OK;
}

int pab_store_point_latest(struct pab_store *s, const char *name, struct pab_error *err)
{
    pab_test_point("publish-latest");
    unlinkat(s->dirfd, PAB_LATEST_NEW, 0);
    if (symlinkat(name, s->dirfd, PAB_LATEST_NEW) == 0) {
        pab_test_point("publish-latest-rename");
        if (pab_rename_over(s->dirfd, PAB_LATEST_NEW, s->dirfd, PAB_LATEST) == 0 && pab_fsync_dir(s->dirfd) == 0) return PAB_OK;
    }
    int e = errno;
    unlinkat(s->dirfd, PAB_LATEST_NEW, 0);
    pab_error_set(err, pab_error_code_of_errno(e), e, "'latest' could not be moved to '%s'", name);
    return pab_error_free_space(err, s->dirfd);
}

static int move_latest(struct pab_stage *st, struct pab_error *err)
{
    return pab_store_point_latest(st->s, st->name, err) ? pab_error_prefix(err, "backup '%s' is published, but not as the latest", st->name) : PAB_OK;
}

int pab_stage_publish(struct pab_stage *st, struct pab_manifest *m, char **ret_path, struct pab_error *err)
{
    struct pab_store *s = st->s;
    int rc = write_papers(st, m, err);
    if (!rc) rc = sync_folders(st, m, err);
    pab_test_point("publish-rename");
    if (!rc && pab_rename_new(s->dirfd, st->partial, s->dirfd, st->name)) rc = pab_stage_error(err, "publish", st, NULL);
    if (rc) {
        pab_stage_discard(st);
        return rc;
    }
    pab_test_point("published"); /* from here on the backup is there, whatever fails */
    *ret_path = pab_sprintf("%s/%s", s->path, st->name);
    if (pab_fsync_dir(s->dirfd)) rc = pab_error_set(err, PAB_E_IO, errno, "backup '%s' is published, but '%s' cannot be synced", st->name, s->path);
    if (!rc && strcmp(m->status, "complete") == 0) rc = move_latest(st, err);
    pab_stage_free(st);
    return rc;
}
