/* stage.c - a backup coming to be: staged folder, files, one publishing rename. See store.h. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/directory.h"
#include "core/store/names.h"
#include "core/stream/hash.h"

struct pab_stage {
    struct pab_store *s;
    char *name, *partial, stamp[20];
    int dirfd;
    pthread_mutex_t lock;        /* of owners */
    struct { struct owner { char *stem, *target; } *items; size_t count, capacity; } owners; /* who took which folder/stem */
};

static int io_error(struct pab_error *err, const char *doing, const struct pab_stage *st, const char *path)
{
    int e = errno, code = pab_error_code_of_errno(e);
    pab_error_set(err, code, e, "cannot %s '%s/%s%s%s'", doing, st->s->path, st->partial, path ? "/" : "", path ? path : "");
    return code == PAB_E_NOSPACE ? pab_error_hint(err, code, "free some space on the disk of the store; the backups that are there were not touched") : code;
}

static int name_taken(struct pab_store *s, const char *name)
{
    struct stat st;
    return fstatat(s->dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
}

/* backup-STAMP, or backup-STAMP_2 ... when that second already has one. */
static char *free_name(struct pab_store *s, const char *stamp)
{
    char *name = pab_sprintf("backup-%s", stamp);
    for (int n = 2; name_taken(s, name); n++) {
        free(name);
        name = pab_sprintf("backup-%s_%d", stamp, n);
    }
    return name;
}

int pab_stage_begin(struct pab_store *s, const char *name, int64_t started_ns, struct pab_stage **ret, struct pab_error *err)
{
    if (name && !pab_backup_name_ok(name))
        return pab_error_hint(err, pab_error_set(err, PAB_E_USAGE, 0, "'%s' cannot name a backup", name), "one component without '/', not hidden, not 'latest' or 'logs', at most 200 bytes");
    if (name && name_taken(s, name)) return pab_error_hint(err, pab_error_set(err, PAB_E_EXISTS, 0, "'%s' is already there in '%s'", name, s->path), "choose another --name");
    struct pab_stage *st = pab_alloc(sizeof *st);
    st->s = s;
    st->dirfd = -1;
    pthread_mutex_init(&st->lock, NULL);
    pab_format_stamp(started_ns, st->stamp, sizeof st->stamp);
    st->name = name ? pab_strdup(name) : free_name(s, st->stamp);
    st->partial = pab_sprintf(PAB_PARTIAL_PREFIX "%s", st->name);
    pab_test_point("stage-begin");
    if (mkdirat(s->dirfd, st->partial, 0700) || (st->dirfd = openat(s->dirfd, st->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW)) < 0 || fchmod(st->dirfd, 0700)) {
        int rc = io_error(err, "make", st, NULL);
        pab_stage_discard(st);
        return rc;
    }
    *ret = st;
    return PAB_OK;
}

const char *pab_stage_name(const struct pab_stage *st) { return st->name; }
const char *pab_stage_stamp(const struct pab_stage *st) { return st->stamp; }

/* The first target to use a stem gets it; a later one is prefixed with its name. */
static char *stem_for(struct pab_stage *st, const char *folder, const struct pab_file_spec *f)
{
    CLEANUP_FREE char *stem = pab_sprintf("%s/%s.%s", folder, f->stem, f->extension);
    const char *owner = NULL;
    pthread_mutex_lock(&st->lock);
    for (size_t i = 0; i < st->owners.count && !owner; i++)
        if (strcmp(st->owners.items[i].stem, stem) == 0) owner = st->owners.items[i].target;
    if (!owner) {
        struct owner o = { pab_strdup(stem), pab_strdup(f->target) };
        PAB_PUSH(&st->owners, o);
    }
    int taken = owner && strcmp(owner, f->target) != 0;
    pthread_mutex_unlock(&st->lock);
    return taken ? pab_sprintf("%s-%s", f->target, f->stem) : pab_strdup(f->stem);
}

/* Percent-encodes each component; services may have folders below. */
static char *encode_components(const char *stem, int may_have_folders)
{
    const char *slash = may_have_folders ? strrchr(stem, '/') : NULL;
    if (!slash) return pab_str_file_name(stem);
    CLEANUP_FREE char *above = pab_strndup(stem, (size_t)(slash - stem));
    CLEANUP_FREE char *left = encode_components(above, 1);
    CLEANUP_FREE char *right = pab_str_file_name(slash + 1);
    return pab_sprintf("%s/%s", left, right);
}

int pab_stage_create(struct pab_stage *st, const struct pab_file_spec *f, char **ret_path, int *ret_fd, struct pab_error *err)
{
    const char *folder = pab_category_name(f->category), *base;
    CLEANUP_FREE char *stem = stem_for(st, folder, f);
    CLEANUP_FREE char *encoded = encode_components(stem, f->category == PAB_CAT_SERVICES);
    CLEANUP_FREE char *path = f->plain_name ? pab_sprintf("%s/%s.%s%s", folder, encoded, f->extension, f->suffix)
                                            : pab_sprintf("%s/%s_%s.%s%s", folder, encoded, st->stamp, f->extension, f->suffix);
    if (!pab_path_is_safe(path) || strlen(strrchr(path, '/') + 1) > 255) return pab_error_set(err, PAB_E_INTERNAL, 0, "'%s' is no usable file name", path);
    pab_test_point("stage-create");
    CLEANUP_FREE char *parent = pab_strndup(path, (size_t)(strrchr(path, '/') - path));
    if (pab_mkdirs(st->dirfd, parent, 0700, err)) return pab_error_prefix(err, "'%s/%s'", st->s->path, st->partial);
    CLEANUP_CLOSE int dir = pab_open_parent_beneath(st->dirfd, path, &base);
    int fd = dir < 0 ? -1 : openat(dir, base, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) {
        if (errno == EEXIST) return pab_error_set(err, PAB_E_EXISTS, 0, "two artifacts of target '%s' want the file name '%s'", f->target, path);
        return io_error(err, "create", st, path);
    }
    if (fchmod(fd, 0600)) {
        close(fd);
        return io_error(err, "protect", st, path);
    }
    *ret_path = TAKE_PTR(path);
    *ret_fd = fd;
    return PAB_OK;
}

int pab_stage_remove(struct pab_stage *st, const char *path, struct pab_error *err)
{
    return unlinkat(st->dirfd, path, 0) && errno != ENOENT ? io_error(err, "remove", st, path) : PAB_OK;
}

static void free_stage(struct pab_stage *st)
{
    if (st->dirfd >= 0) close(st->dirfd);
    for (size_t i = 0; i < st->owners.count; i++) {
        free(st->owners.items[i].stem);
        free(st->owners.items[i].target);
    }
    free(st->owners.items);
    pthread_mutex_destroy(&st->lock);
    free(st->name);
    free(st->partial);
    free(st);
}

void pab_stage_discard(struct pab_stage *st)
{
    struct pab_error ignored = { 0 };
    if (!st) return;
    if (st->dirfd >= 0) pab_remove_tree(st->s->dirfd, st->partial, &ignored);
    free_stage(st);
}

static int write_text(struct pab_stage *st, const char *path, const char *text, char sha256[65], struct pab_error *err)
{
    size_t n = strlen(text);
    pab_hash_bytes(text, n, sha256);
    return pab_write_file_atomic(st->dirfd, path, text, n, 0600, err) ? pab_error_prefix(err, "'%s/%s'", st->s->path, st->partial) : PAB_OK;
}

static int write_papers(struct pab_stage *st, struct pab_manifest *m, struct pab_error *err)
{
    char manifest_sum[65], restore_sum[65], sums_sum[65];
    struct { struct pab_sum *items; size_t count, capacity; } sums = { 0 };
    CLEANUP_FREE char *json = pab_manifest_to_json(m);
    CLEANUP_FREE char *restore = pab_restore_md(m);
    pab_test_point("publish-manifest");
    int rc = write_text(st, PAB_MANIFEST_FILE, json, manifest_sum, err);
    if (!rc) rc = write_text(st, PAB_RESTORE_FILE, restore, restore_sum, err);
    if (rc) return rc;
    PAB_PUSH(&sums, ((struct pab_sum){ PAB_MANIFEST_FILE, manifest_sum }));
    PAB_PUSH(&sums, ((struct pab_sum){ PAB_RESTORE_FILE, restore_sum }));
    for (size_t t = 0; t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            const struct pab_mf_artifact *a = &m->targets.items[t].artifacts.items[i];
            PAB_PUSH(&sums, ((struct pab_sum){ a->path, a->sha256 }));
            if (a->index_path) PAB_PUSH(&sums, ((struct pab_sum){ a->index_path, a->index_sha256 }));
        }
    }
    CLEANUP_FREE char *text = pab_sums_text(sums.items, sums.count);
    free(sums.items);
    pab_test_point("publish-sums");
    return write_text(st, PAB_SUMS_FILE, text, sums_sum, err);
}

/* The names of the files must be as durable as their bytes: every folder below, then the staged one. */
static int sync_folders(struct pab_stage *st, const struct pab_manifest *m, struct pab_error *err)
{
    for (size_t t = 0; t < m->targets.count; t++) {
        for (size_t i = 0; i < m->targets.items[t].artifacts.count; i++) {
            CLEANUP_FREE char *path = pab_strdup(m->targets.items[t].artifacts.items[i].path);
            for (char *slash; (slash = strrchr(path, '/'));) {
                *slash = 0;
                CLEANUP_CLOSE int fd = openat(st->dirfd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
                if (fd < 0 || pab_fsync_dir(fd)) return io_error(err, "sync", st, path);
            }
        }
    }
    return pab_fsync_dir(st->dirfd) ? io_error(err, "sync", st, NULL) : PAB_OK;
}

static int move_latest(struct pab_stage *st, struct pab_error *err)
{
    struct pab_store *s = st->s;
    pab_test_point("publish-latest");
    unlinkat(s->dirfd, ".latest.new", 0);
    if (symlinkat(st->name, s->dirfd, ".latest.new") || renameat(s->dirfd, ".latest.new", s->dirfd, "latest") || pab_fsync_dir(s->dirfd))
        return pab_error_set(err, pab_error_code_of_errno(errno), errno, "backup '%s' is published, but 'latest' could not be moved to it", st->name);
    return PAB_OK;
}

int pab_stage_publish(struct pab_stage *st, struct pab_manifest *m, char **ret_path, struct pab_error *err)
{
    struct pab_store *s = st->s;
    int rc = write_papers(st, m, err);
    pab_test_point("publish-sync");
    if (!rc) rc = sync_folders(st, m, err);
    pab_test_point("publish-rename");
    if (!rc && renameat2(s->dirfd, st->partial, s->dirfd, st->name, RENAME_NOREPLACE)) rc = io_error(err, "publish", st, NULL);
    if (rc) {
        pab_stage_discard(st);
        return rc;
    }
    if (pab_fsync_dir(s->dirfd)) rc = pab_error_set(err, PAB_E_IO, errno, "cannot sync '%s'", s->path);
    if (!rc && strcmp(m->status, "complete") == 0) rc = move_latest(st, err);
    pab_test_point("published");
    *ret_path = pab_sprintf("%s/%s", s->path, st->name);
    free_stage(st);
    return rc;
}
