/* stage.c - a backup coming to be: its staged folder and the files in it. See store.h; publish.c makes it visible. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/directory.h"
#include "core/store/names.h"

int pab_stage_error(struct pab_error *err, const char *doing, const struct pab_stage *st, const char *path)
{
    int e = errno, code = pab_error_code_of_errno(e);
    pab_error_set(err, code, e, "cannot %s '%s/%s%s%s'", doing, st->s->path, st->partial, path ? "/" : "", path ? path : "");
    pab_error_free_space(err, st->s->dirfd);
    return code;
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

static int check_name(struct pab_store *s, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *shown = pab_str_printable(name);
    if (!pab_backup_name_ok(name)) {
        pab_error_set(err, PAB_E_USAGE, 0, "'%s' cannot name a backup", shown);
        return pab_error_hint(err, err->code, "one component of printable text without '/', not hidden, not 'latest' or 'logs', at most 200 bytes");
    }
    if (!name_taken(s, name)) return PAB_OK;
    return pab_error_hint(err, pab_error_set(err, PAB_E_EXISTS, 0, "'%s' is already there in '%s'", shown, s->path), "choose another --name");
}

static int make_folder(struct pab_stage *st, struct pab_error *err)
{
    pab_test_point("stage-begin");
    if (mkdirat(st->s->dirfd, st->partial, 0700)) return pab_stage_error(err, "make", st, NULL);
    st->dirfd = openat(st->s->dirfd, st->partial, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (st->dirfd < 0 || fchmod(st->dirfd, 0700)) {
        int rc = pab_stage_error(err, "make", st, NULL);
        unlinkat(st->s->dirfd, st->partial, AT_REMOVEDIR);
        return rc;
    }
    /* So that nobody sweeps it away while we live, even when the store's lock file was deleted meanwhile. Where folders
     * cannot be locked (NFS), the store's lock alone does. */
    (void)flock(st->dirfd, LOCK_EX | LOCK_NB);
    pab_test_point("stage-begun");
    return PAB_OK;
}

int pab_stage_begin(struct pab_store *s, const char *name, int64_t started_ns, struct pab_stage **ret, struct pab_error *err)
{
    if (name && check_name(s, name, err)) return err->code;
    struct pab_stage *st = pab_alloc(sizeof *st);
    st->s = s;
    st->dirfd = -1;
    pthread_mutex_init(&st->lock, NULL);
    pab_format_stamp(started_ns, st->stamp, sizeof st->stamp);
    st->name = name ? pab_strdup(name) : free_name(s, st->stamp);
    st->partial = pab_sprintf(PAB_PARTIAL_PREFIX "%s", st->name);
    int rc = make_folder(st, err);
    if (rc) pab_stage_free(st);
    else *ret = st;
    return rc;
}

const char *pab_stage_name(const struct pab_stage *st) { return st->name; }
const char *pab_stage_stamp(const struct pab_stage *st) { return st->stamp; }

/* 1 when `folder/stem` is the target's, from now on at least. */
static int own_stem(struct pab_stage *st, const char *folder, const char *stem, const char *target)
{
    CLEANUP_FREE char *key = pab_sprintf("%s/%s", folder, stem);
    for (size_t i = 0; i < st->owners.count; i++)
        if (strcmp(st->owners.items[i].stem, key) == 0) return strcmp(st->owners.items[i].target, target) == 0;
    struct pab_stem_owner o = { TAKE_PTR(key), pab_strdup(target) };
    PAB_PUSH(&st->owners, o);
    return 1;
}

/* The first target to use a stem gets it, for files of every kind; a later one puts its name before it. */
static char *stem_for(struct pab_stage *st, const char *folder, const struct pab_file_spec *f)
{
    char *stem = pab_strdup(f->stem);
    pthread_mutex_lock(&st->lock);
    while (!own_stem(st, folder, stem, f->target)) {
        char *longer = pab_sprintf("%s-%s", f->target, stem);
        free(stem);
        stem = longer;
    }
    pthread_mutex_unlock(&st->lock);
    return stem;
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

/* Where the file is to lie in the backup; an error when that is no name that a manifest may hold. */
static int path_for(struct pab_stage *st, const struct pab_file_spec *f, char **ret, struct pab_error *err)
{
    const char *folder = pab_category_name(f->category);
    CLEANUP_FREE char *stem = stem_for(st, folder, f);
    CLEANUP_FREE char *encoded = encode_components(stem, f->category == PAB_CAT_SERVICES);
    CLEANUP_FREE char *extension = pab_str_file_name(f->extension);
    CLEANUP_FREE char *path = f->plain_name ? pab_sprintf("%s/%s.%s%s", folder, encoded, extension, f->suffix)
                                            : pab_sprintf("%s/%s_%s.%s%s", folder, encoded, st->stamp, extension, f->suffix);
    if (pab_artifact_path_ok(path)) {
        *ret = TAKE_PTR(path);
        return PAB_OK;
    }
    pab_error_set(err, PAB_E_USAGE, 0, "'%s' of target '%s' gives no usable file name: '%s'", f->stem, f->target, path);
    return pab_error_hint(err, err->code, "a name may have 255 bytes, where every byte outside A-Za-z0-9._- takes three");
}

int pab_stage_create(struct pab_stage *st, const struct pab_file_spec *f, char **ret_path, int *ret_fd, struct pab_error *err)
{
    const char *base;
    CLEANUP_FREE char *path = NULL;
    if (path_for(st, f, &path, err)) return err->code;
    pab_test_point("stage-create");
    CLEANUP_FREE char *parent = pab_strndup(path, (size_t)(strrchr(path, '/') - path));
    if (pab_mkdirs(st->dirfd, parent, 0700, err)) {
        pab_error_prefix(err, "'%s/%s'", st->s->path, st->partial);
        return pab_error_free_space(err, st->s->dirfd);
    }
    CLEANUP_CLOSE int dir = pab_open_parent_beneath(st->dirfd, path, &base);
    CLEANUP_CLOSE int fd = dir < 0 ? -1 : openat(dir, base, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0 && errno == EEXIST) return pab_error_set(err, PAB_E_EXISTS, 0, "two artifacts of target '%s' want the file name '%s'", f->target, path);
    if (fd < 0) return pab_stage_error(err, "create", st, path);
    if (fchmod(fd, 0600)) return pab_stage_error(err, "protect", st, path);
    *ret_path = TAKE_PTR(path);
    *ret_fd = TAKE_FD(fd);
    return PAB_OK;
}

#define LINK_NEW ".pab-link" /* no artifact begins with a dot */

int pab_stage_link(struct pab_stage *st, const char *path, const struct pab_backup *from, const char *from_path, struct pab_error *err)
{
    const char *base, *from_base;
    CLEANUP_CLOSE int dir = pab_open_parent_beneath(st->dirfd, path, &base);
    CLEANUP_CLOSE int from_dir = dir < 0 ? -1 : pab_open_parent_beneath(pab_backup_dirfd(from), from_path, &from_base);
    if (from_dir < 0) return pab_stage_error(err, "link", st, path);
    CLEANUP_FREE char *staged = pab_sprintf("%s.%s", LINK_NEW, base); /* several threads may be at it */
    if (linkat(from_dir, from_base, dir, staged, 0)) return pab_stage_error(err, "link", st, path);
    pab_test_point("stage-linked");
    if (renameat(dir, staged, dir, base) == 0) {
        unlinkat(dir, staged, 0); /* still there when both were one file already */
        return PAB_OK;
    }
    int e = errno;
    unlinkat(dir, staged, 0);
    errno = e;
    return pab_stage_error(err, "link", st, path);
}

int pab_stage_remove(struct pab_stage *st, const char *path, struct pab_error *err)
{
    return unlinkat(st->dirfd, path, 0) && errno != ENOENT ? pab_stage_error(err, "remove", st, path) : PAB_OK;
}

void pab_stage_free(struct pab_stage *st)
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
    pab_remove_tree(st->s->dirfd, st->partial, &ignored);
    pab_stage_free(st);
}
