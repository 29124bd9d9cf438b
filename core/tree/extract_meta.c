/* extract_meta.c - see extract.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/kept.h"
#include "core/base/str.h"
#include "core/tree/extract.h"
#include "core/tree/text.h"

char *pab_x_path(const struct pab_xdir *dir, const char *name)
{
    CLEANUP_FREE char *path = !*name ? pab_strdup(dir->path[0] ? dir->path : ".") : dir->path[0] ? pab_sprintf("%s/%s", dir->path, name) : pab_strdup(name);
    return pab_str_printable(path);
}

int pab_x_fail(const struct pab_xdir *dir, const char *name, const char *verb, int os_errno, struct pab_error *err)
{
    CLEANUP_FREE char *path = pab_x_path(dir, name);
    int rc = pab_error_set(err, pab_error_code_of_errno(os_errno), os_errno, "cannot %s '%s'", verb, path);
    return rc == PAB_E_NOSPACE ? pab_error_hint(err, rc, "free some space where it is restored to, or restore to another place") : rc;
}

void pab_x_warn(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const char *message, int os_errno)
{
    if (!x->warnings || !x->warnings->warn) return;
    CLEANUP_FREE char *path = pab_x_path(dir, name);
    CLEANUP_FREE char *text = os_errno ? pab_sprintf("%s: %s", message, strerror(os_errno)) : pab_strdup(message);
    pthread_mutex_lock(&x->lock);
    x->warnings->warn(x->warnings->ctx, path, text);
    pthread_mutex_unlock(&x->lock);
}

void pab_xmeta_from_entry(struct pab_xmeta *m, const struct pab_entry *e, const struct pab_xtract *x)
{
    *m = (struct pab_xmeta){ .mode = e->mode & 07777, .uid = e->uid, .gid = e->gid, .mtime_ns = e->mtime_ns, .atime_ns = e->atime_ns };
    /* Without its owner a program would run with the rights of whoever restores it. */
    if (!x->set_owner && e->type != PAB_TYPE_DIR) {
        if (e->uid != x->uid) m->mode &= ~(uint32_t)S_ISUID;
        if (e->gid != x->gid) m->mode &= ~(uint32_t)S_ISGID;
    }
}

static struct timespec timespec_of(int64_t ns)
{
    return (struct timespec){ .tv_sec = pab_ns_seconds(ns), .tv_nsec = pab_ns_rest(ns) };
}

int pab_xmeta_set_times(int fd, const struct pab_xmeta *m)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, timespec_of(m->mtime_ns) };
    if (m->atime_ns) times[0] = timespec_of(m->atime_ns);
    return futimens(fd, times);
}

static void set_xattrs(struct pab_xtract *x, int fd, const struct pab_xdir *dir, const char *name, const struct pab_xattr *xattrs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (fsetxattr(fd, xattrs[i].name, xattrs[i].value, xattrs[i].size, 0) == 0) continue;
        CLEANUP_FREE char *text = pab_sprintf("cannot restore its extended attribute '%s'", xattrs[i].name);
        pab_x_warn(x, dir, name, text, errno);
    }
}

int pab_xmeta_set(struct pab_xtract *x, int fd, const struct pab_xdir *dir, const char *name, const struct pab_xmeta *m,
                  const struct pab_xattr *xattrs, size_t xattr_count, int64_t created, struct pab_error *err)
{
    int chowned = x->set_owner && (created < 0 || dir->inherits || m->uid != x->uid || m->gid != x->gid);
    if (chowned && fchown(fd, m->uid, m->gid)) {
        if (errno != EPERM && errno != EINVAL) return pab_x_fail(dir, name, "set the owner of", errno, err);
        pab_x_warn(x, dir, name, "cannot restore its owner", errno);
        chowned = 0;
    }
    uint32_t mode = x->set_owner && !chowned && (m->uid != x->uid || m->gid != x->gid) ? m->mode & 01777 : m->mode;
    if ((created != (int64_t)mode || dir->inherits) && fchmod(fd, mode)) return pab_x_fail(dir, name, "set the mode of", errno, err);
    if (xattr_count) set_xattrs(x, fd, dir, name, xattrs, xattr_count); /* after the mode: an ACL is part of it */
    if (pab_xmeta_set_times(fd, m)) return pab_x_fail(dir, name, "set the time of", errno, err);
    return PAB_OK;
}

/* NAME.pab-old, or NAME.pab-old.2 and so on when that is taken: what an earlier restore kept is not lost either. */
static int move_away(const struct pab_xdir *dir, const char *name, struct pab_error *err)
{
    char old[NAME_MAX + 1];
    for (unsigned n = 1; n <= PAB_KEPT_MAX; n++) {
        pab_kept_name(name, n, old);
        if (renameat2(dir->fd, name, dir->fd, old, RENAME_NOREPLACE) == 0 || errno == ENOENT) return PAB_OK;
        if (errno != EEXIST) return pab_x_fail(dir, name, "move away the old", errno, err);
    }
    return pab_x_fail(dir, name, "find a free name for the old", EEXIST, err);
}

int pab_x_make_room(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, struct pab_error *err)
{
    if (x->keep_old) return move_away(dir, name, err);
    if (unlinkat(dir->fd, name, 0) == 0 || errno == ENOENT) return PAB_OK;
    if (errno == EISDIR && unlinkat(dir->fd, name, AT_REMOVEDIR) == 0) return PAB_OK;
    if (errno != ENOTEMPTY && errno != EEXIST) return pab_x_fail(dir, name, "replace", errno, err);
    CLEANUP_FREE char *path = pab_x_path(dir, name);
    int rc = pab_error_set(err, PAB_E_EXISTS, 0, "cannot replace '%s': it is a folder with content, and the backup has something else there", path);
    return pab_error_hint(err, rc, "move it away, or let what is replaced be kept");
}
