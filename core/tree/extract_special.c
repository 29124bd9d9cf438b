/* extract_special.c - see extract_special.h. */
#include "core/tree/extract_special.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/beneath.h"
#include "core/tree/text.h"

static int make_node(const struct pab_xdir *dir, const char *name, const struct pab_entry *e, mode_t mode)
{
    dev_t device = makedev(e->dev_major, e->dev_minor);
    switch (e->type) {
    case PAB_TYPE_SYMLINK: return symlinkat(e->link, dir->fd, name);
    case PAB_TYPE_FIFO: return mknodat(dir->fd, name, S_IFIFO | mode, 0);
    case PAB_TYPE_CHAR: return mknodat(dir->fd, name, S_IFCHR | mode, device);
    default: return mknodat(dir->fd, name, S_IFBLK | mode, device);
    }
}

static mode_t type_of(uint32_t type)
{
    switch (type) {
    case PAB_TYPE_SYMLINK: return S_IFLNK;
    case PAB_TYPE_FIFO: return S_IFIFO;
    case PAB_TYPE_CHAR: return S_IFCHR;
    default: return S_IFBLK;
    }
}

/* What was just made, and not what somebody who may write to the folder put in its place: another name of a file that is not his would get
 * the owner and mode of the entry. */
static int open_node(const struct pab_xdir *dir, const char *name, const struct pab_entry *e)
{
    struct stat st;
    CLEANUP_CLOSE int fd = openat(dir->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &st)) return -1;
    if ((st.st_mode & S_IFMT) != type_of(e->type) || st.st_nlink != 1) return errno = ESTALE, -1;
    return TAKE_FD(fd);
}

/* Owner, mode and attributes by an fd that opens nothing (O_PATH): a device must not be touched, and no link followed. */
static int set_node_metadata(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const struct pab_entry *e, const struct pab_xmeta *m, struct pab_error *err)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = pab_ns_seconds(m->mtime_ns), .tv_nsec = pab_ns_rest(m->mtime_ns) } };
    CLEANUP_CLOSE int fd = open_node(dir, name, e);
    if (fd < 0) return pab_x_fail(dir, name, "look at", errno, err);
    if (x->set_owner && fchownat(fd, "", m->uid, m->gid, AT_EMPTY_PATH)) {
        if (errno != EPERM && errno != EINVAL) return pab_x_fail(dir, name, "set the owner of", errno, err);
        pab_x_warn(x, dir, name, "cannot restore its owner", errno);
    }
    if (e->type != PAB_TYPE_SYMLINK) {
        char path[64];
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        if (chmod(path, m->mode)) return pab_x_fail(dir, name, "set the mode of", errno, err);
        for (uint64_t i = 0; i < e->xattr_count; i++)
            if (setxattr(path, e->xattrs[i].name, e->xattrs[i].value, e->xattrs[i].size, 0)) pab_x_warn(x, dir, name, "cannot restore its extended attributes", errno);
    }
    return utimensat(dir->fd, name, times, AT_SYMLINK_NOFOLLOW) ? pab_x_fail(dir, name, "set the time of", errno, err) : PAB_OK;
}

int pab_x_special(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const struct pab_entry *e, struct pab_error *err)
{
    struct pab_xmeta m;
    pab_xmeta_from_entry(&m, e, x);
    for (unsigned tries = 0; tries < 3; tries++) {
        if (make_node(dir, name, e, m.mode & 0600) == 0) return set_node_metadata(x, dir, name, e, &m, err);
        if (errno == EPERM && (e->type == PAB_TYPE_CHAR || e->type == PAB_TYPE_BLOCK)) {
            pab_x_warn(x, dir, name, "cannot make a device without the right to do so, left out", 0);
            return PAB_OK;
        }
        if (errno != EEXIST) break;
        int rc = pab_x_make_room(x, dir, name, err);
        if (rc) return rc;
        errno = EEXIST;
    }
    return pab_x_fail(dir, name, "create", errno, err);
}

static int no_target(const struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const char *link, struct pab_error *err)
{
    CLEANUP_FREE char *path = pab_x_path(dir, name);
    CLEANUP_FREE char *target = pab_str_printable(link);
    int selected = x->what->include || x->what->strip || x->what->filter;
    int rc = pab_error_set(err, selected ? PAB_E_NOT_FOUND : PAB_E_CORRUPT, 0, "cannot restore '%s': it is another name of '%s', which is not there", path, target);
    return selected ? pab_error_hint(err, rc, "select '%s' too", target) : rc;
}

static int link_to(struct pab_xtract *x, int target_fd, const char *target_name, const struct pab_xdir *dir, const char *name, const char *link, struct pab_error *err)
{
    for (unsigned tries = 0; tries < 3; tries++) {
        if (linkat(target_fd, target_name, dir->fd, name, 0) == 0) return PAB_OK; /* 0: a symbolic link is not followed */
        if (errno == ENOENT) return no_target(x, dir, name, link, err);
        if (errno != EEXIST) break;
        int rc = pab_x_make_room(x, dir, name, err);
        if (rc) return rc;
        errno = EEXIST;
    }
    return pab_x_fail(dir, name, "make the hard link", errno, err);
}

int pab_x_hardlink(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const struct pab_entry *e, const char *target, struct pab_error *err)
{
    if (!target || !strcmp(target, ".")) return no_target(x, dir, name, e->link, err);
    CLEANUP_FREE char *own = dir->path[0] ? pab_sprintf("%s/%s", dir->path, name) : pab_strdup(name);
    if (!strcmp(own, target)) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is a hard link to itself", own);
    pab_xfiles_drain(x); /* the target may still be with the workers */
    const char *slash = strrchr(target, '/'), *target_name = slash ? slash + 1 : target;
    CLEANUP_FREE char *parent = pab_strndup(target, slash ? (size_t)(slash - target) : 0);
    CLEANUP_CLOSE int other = strcmp(parent, dir->path) ? pab_open_dir_beneath(x->root, parent) : -1;
    if (other < 0 && strcmp(parent, dir->path)) {
        if (errno == ENOENT) return no_target(x, dir, name, e->link, err);
        CLEANUP_FREE char *shown = pab_str_printable(e->link);
        return pab_error_set(err, PAB_E_CORRUPT, errno, "refusing to make the hard link '%s' to '%s'", own, shown);
    }
    return link_to(x, other >= 0 ? other : dir->fd, target_name, dir, name, e->link, err);
}
