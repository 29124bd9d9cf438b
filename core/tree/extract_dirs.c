/* extract_dirs.c - see extract.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/base/vec.h"
#include "core/tree/beneath.h"
#include "core/tree/extract.h"
#include "core/tree/text.h"

void pab_x_set_failed(struct pab_xtract *x, const struct pab_error *e)
{
    pthread_mutex_lock(&x->lock);
    if (x->error.code == PAB_OK) x->error = *e;
    pthread_mutex_unlock(&x->lock);
    atomic_store(&x->failed, 1);
}

static struct pab_xdir *new_dir(const char *path, size_t n, int fd)
{
    struct pab_xdir *d = pab_alloc(sizeof *d);
    atomic_init(&d->refs, 1);
    d->fd = fd;
    d->path = pab_strndup(path, n);
    return d;
}

static void release(struct pab_xdir *d)
{
    if (d->fd >= 0) close(d->fd);
    pab_xattr_list_release(&d->xattrs);
    free(d->path);
    free(d);
}

static int set_metadata(struct pab_xtract *x, struct pab_xdir *d, struct pab_error *err)
{
    if (d->end == PAB_X_LEAVE || (d->fd < 0 && d->lead)) return PAB_OK;
    if (d->fd < 0) d->fd = pab_open_dir_beneath(x->root, d->path);
    if (d->fd < 0) return pab_x_fail(d, "", "set the time of", errno, err);
    if (d->end == PAB_X_TIMES) return pab_xmeta_set_times(d->fd, &d->meta) ? pab_x_fail(d, "", "set the time of", errno, err) : PAB_OK;
    return pab_xmeta_set(x, d->fd, d, "", &d->meta, pab_xattr_list_view(&d->xattrs, 0, d->xattrs.count), d->xattrs.count, -1, err);
}

void pab_xdir_unref(struct pab_xtract *x, struct pab_xdir *d)
{
    struct pab_error err = { 0 };
    if (atomic_fetch_sub(&d->refs, 1) > 1) return;
    if (!atomic_load(&x->failed) && set_metadata(x, d, &err)) pab_x_set_failed(x, &err);
    release(d);
}

static struct pab_xdir *deepest(const struct pab_xtract *x) { return x->way.items[x->way.count - 1]; }

static void pop(struct pab_xtract *x)
{
    struct pab_xdir *d = x->way.items[--x->way.count];
    if (d->end == PAB_X_ALL && !d->lead) pab_hashes_add(&x->finished, pab_hash_text(d->path));
    pab_xdir_unref(x, d);
}

/* Deep ways would need an fd a step: those far up that nobody else uses are let go. */
static void push(struct pab_xtract *x, struct pab_xdir *d)
{
    PAB_PUSH(&x->way, d);
    if (x->way.count <= PAB_X_HELD) return;
    struct pab_xdir *above = x->way.items[x->way.count - 1 - PAB_X_HELD];
    if (above->fd < 0 || atomic_load(&above->refs) > 1) return;
    close(above->fd);
    above->fd = -1;
}

static void look_at(struct pab_xdir *d)
{
    struct stat st;
    d->inherits = fstat(d->fd, &st) || st.st_mode & S_ISGID || fgetxattr(d->fd, PAB_ACL_DEFAULT, NULL, 0) > 0;
}

int pab_xdirs_start(struct pab_xtract *x, struct pab_error *err)
{
    int fd = fcntl(x->root, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open the folder '%s'", x->what->dest);
    struct pab_xdir *d = new_dir("", 0, fd);
    look_at(d);
    push(x, d);
    return PAB_OK;
}

static int through(const struct pab_xdir *dir, const char *name, struct pab_error *err)
{
    struct stat st;
    CLEANUP_FREE char *path = pab_x_path(dir, name);
    if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode))
        return pab_error_set(err, PAB_E_CORRUPT, 0, "refusing to write through '%s': it is a symbolic link", path);
    return pab_error_set(err, PAB_E_CORRUPT, 0, "cannot write below '%s': it is not a folder", path);
}

static int open_child(const struct pab_xdir *dir, const char *name)
{
    return openat(dir->fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* A folder of the way that was let go to save fds: it is opened again, by its path. */
static int hold_again(struct pab_xtract *x, struct pab_xdir *d, struct pab_error *err)
{
    d->fd = pab_open_dir_beneath(x->root, d->path);
    if (d->fd >= 0) return PAB_OK;
    return errno == ELOOP || errno == ENOTDIR ? through(d, "", err) : pab_x_fail(d, "", "open", errno, err);
}

/* A lead is needed now: made as its entry says, or left alone when it is there. */
static int need_lead(struct pab_xdir *above, struct pab_xdir *d, struct pab_error *err)
{
    const char *slash = strrchr(d->path, '/'), *name = slash ? slash + 1 : d->path;
    d->fd = open_child(above, name);
    if (d->fd >= 0) {
        d->end = PAB_X_LEAVE;
    } else if (errno == ENOENT) {
        if (mkdirat(above->fd, name, 0700) == 0) d->fd = open_child(above, name);
        if (d->fd < 0) return pab_x_fail(above, name, "make the folder", errno, err);
    } else {
        return errno == ELOOP || errno == ENOTDIR ? through(above, name, err) : pab_x_fail(above, name, "open the folder", errno, err);
    }
    d->lead = 0;
    look_at(d);
    return PAB_OK;
}

/* The deepest folder gets its fd: with the leads above it, which nobody needed until now. */
static int need_deepest(struct pab_xtract *x, struct pab_error *err)
{
    size_t first = x->way.count - 1;
    if (deepest(x)->fd >= 0) return PAB_OK;
    if (!deepest(x)->lead) return hold_again(x, deepest(x), err);
    while (x->way.items[first - 1]->lead) first--; /* the destination itself is never one */
    struct pab_xdir *above = x->way.items[first - 1];
    int rc = above->fd < 0 ? hold_again(x, above, err) : PAB_OK;
    for (size_t i = first; i < x->way.count && !rc; i++) rc = need_lead(x->way.items[i - 1], x->way.items[i], err);
    return rc;
}

/* A folder that has no entry of its own, or whose entry came before and was finished. */
static int descend(struct pab_xtract *x, const char *path, size_t n, struct pab_error *err)
{
    struct pab_xdir *above = deepest(x);
    CLEANUP_FREE char *whole = pab_strndup(path, n);
    const char *slash = strrchr(whole, '/'), *name = slash ? slash + 1 : whole;
    int fd = open_child(above, name);
    if (fd < 0 && errno == ENOENT) {
        if (mkdirat(above->fd, name, 0755)) return pab_x_fail(above, name, "make the folder", errno, err);
        fd = open_child(above, name);
    }
    if (fd < 0) return errno == ELOOP || errno == ENOTDIR ? through(above, name, err) : pab_x_fail(above, name, "open the folder", errno, err);
    struct pab_xdir *d = new_dir(path, n, fd);
    struct stat st;
    int finished = pab_hashes_has(&x->finished, pab_hash_text(d->path));
    look_at(d);
    if (finished) pab_xfiles_drain(x); /* or its time would not be set yet */
    if (finished && fstat(fd, &st) == 0) {
        d->end = PAB_X_TIMES;
        d->meta.mtime_ns = (int64_t)st.st_mtim.tv_sec * PAB_NS + st.st_mtim.tv_nsec;
    }
    push(x, d);
    return PAB_OK;
}

static int is_at_or_above(const char *dir, const char *path, size_t n)
{
    size_t k = strlen(dir);
    return k == 0 || (k <= n && !memcmp(dir, path, k) && (k == n || path[k] == '/'));
}

/* The way becomes that to the folder path[0..n). */
static int go_to(struct pab_xtract *x, const char *path, size_t n, struct pab_error *err)
{
    while (!is_at_or_above(deepest(x)->path, path, n)) pop(x);
    int rc = need_deepest(x, err);
    for (size_t at = strlen(deepest(x)->path); !rc && at < n; at = strlen(deepest(x)->path)) {
        const char *rest = path + at + (at != 0);
        rc = descend(x, path, (size_t)(strchrnul(rest, '/') - path), err);
    }
    return rc;
}

int pab_xdirs_parent(struct pab_xtract *x, const char *path, struct pab_xdir **ret, const char **ret_name, struct pab_error *err)
{
    const char *slash = strrchr(path, '/');
    int rc = go_to(x, path, slash ? (size_t)(slash - path) : 0, err);
    if (rc) return rc;
    *ret = deepest(x);
    *ret_name = slash ? slash + 1 : path;
    return PAB_OK;
}

static int keep_meta(struct pab_xtract *x, struct pab_xdir *d, const struct pab_entry *e, struct pab_error *err)
{
    d->end = PAB_X_ALL;
    pab_xmeta_from_entry(&d->meta, e, x);
    pab_xattr_list_clear(&d->xattrs);
    for (uint64_t i = 0; i < e->xattr_count; i++)
        if (pab_xattr_list_add(&d->xattrs, e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].size))
            return pab_error_set(err, PAB_E_NOMEM, 0, "not enough memory for the attributes of a folder");
    return PAB_OK;
}

/* Makes dir/name a folder and opens it. */
static int make(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, int *ret, struct pab_error *err)
{
    struct stat st;
    for (unsigned tries = 0; tries < 3; tries++) {
        if (mkdirat(dir->fd, name, 0700) && errno != EEXIST) return pab_x_fail(dir, name, "make the folder", errno, err);
        *ret = open_child(dir, name);
        if (*ret >= 0) return PAB_OK;
        if (errno != ELOOP && errno != ENOTDIR) return pab_x_fail(dir, name, "open the folder", errno, err);
        if (fstatat(dir->fd, name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        int rc = pab_x_make_room(x, dir, name, err);
        if (rc) return rc;
    }
    return pab_x_fail(dir, name, "make the folder", EEXIST, err);
}

int pab_xdirs_make(struct pab_xtract *x, const char *path, const struct pab_entry *e, int lead, struct pab_error *err)
{
    if (!strcmp(path, ".")) {
        while (x->way.count > 1) pop(x);
        return lead ? PAB_OK : keep_meta(x, deepest(x), e, err);
    }
    size_t n = strlen(path);
    const char *slash = strrchr(path, '/');
    while (!is_at_or_above(deepest(x)->path, path, slash ? (size_t)(slash - path) : 0)) pop(x);
    if (lead) {
        struct pab_xdir *d = new_dir(path, n, -1);
        d->lead = 1;
        PAB_PUSH(&x->way, d);
        return keep_meta(x, d, e, err);
    }
    struct pab_xdir *parent;
    const char *name;
    int fd = -1, rc = pab_xdirs_parent(x, path, &parent, &name, err);
    if (!rc) rc = make(x, parent, name, &fd, err);
    if (rc) return rc;
    struct pab_xdir *d = new_dir(path, n, fd);
    look_at(d);
    push(x, d);
    return keep_meta(x, d, e, err);
}

int pab_xdirs_finish(struct pab_xtract *x, int finish, struct pab_error *err)
{
    if (!finish) atomic_store(&x->failed, 1);
    while (x->way.count) pop(x);
    free(x->way.items);
    pab_hashes_release(&x->finished);
    if (!finish || x->error.code == PAB_OK) return PAB_OK;
    if (err) *err = x->error;
    return x->error.code;
}
