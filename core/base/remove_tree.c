/* remove_tree.c - rm -r that cannot be led astray; see pab_remove_tree in fsutil.h. */
#include "core/base/fsutil.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"

/* An open folder costs an fd and a buffer: deeper ones are moved up to the top first and emptied there. */
#define DEEPEST 64

struct removal {
    dev_t dev;       /* of the folder that is removed: nothing on another is touched */
    int top;         /* that folder */
    unsigned moved;  /* makes the names of folders moved up */
    struct pab_error *err;
};

static int failed(struct removal *r, const char *verb, const char *name)
{
    int saved = errno;
    CLEANUP_FREE char *shown = pab_strndup(name, 200);
    return pab_error_set(r->err, pab_error_code_of_errno(saved), saved, "cannot %s '%s'", verb, shown);
}

static int empty_folder(struct removal *r, int fd, unsigned depth);

/* Once more after making the folder writable for its owner: restored trees hold folders of mode 0555. */
static int unlink_stubbornly(int dir, const char *name, int flags)
{
    if (unlinkat(dir, name, flags) == 0 || errno == ENOENT) return 0;
    if (errno != EACCES || fchmod(dir, 0700)) return -1;
    return unlinkat(dir, name, flags);
}

static int open_folder(int dir, const char *name)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    int fd = openat(dir, name, flags);
    if (fd >= 0 || errno != EACCES) return fd;
    /* chmod by the handle, so that a symlink put in its place meanwhile is not followed */
    CLEANUP_CLOSE int handle = openat(dir, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (handle < 0) return -1;
    CLEANUP_FREE char *by_handle = pab_sprintf("/proc/self/fd/%d", handle);
    if (chmod(by_handle, 0700)) return -1;
    return openat(dir, name, flags);
}

static int move_up(struct removal *r, int dir, const char *name)
{
    for (;;) {
        CLEANUP_FREE char *moved = pab_sprintf(".pab-removed-%u", r->moved++);
        if (renameat(dir, name, r->top, moved) == 0) return PAB_OK;
        if (errno != EEXIST && errno != ENOTEMPTY && errno != ENOTDIR) return failed(r, "move", name);
    }
}

static int remove_folder(struct removal *r, int dir, const char *name, unsigned depth)
{
    if (depth > DEEPEST) return move_up(r, dir, name);
    CLEANUP_CLOSE int fd = open_folder(dir, name);
    struct stat st;
    if (fd < 0 && errno == ENOENT) return PAB_OK;
    if (fd < 0 || fstat(fd, &st)) return failed(r, "open folder", name);
    if (depth == 0) {
        r->dev = st.st_dev;
        r->top = fd;
    }
    if (st.st_dev != r->dev) {
        pab_error_set(r->err, PAB_E_BUSY, 0, "cannot remove '%s': something is mounted there", name);
        return pab_error_hint(r->err, PAB_E_BUSY, "unmount it first");
    }
    int rc = empty_folder(r, fd, depth);
    if (rc) return rc;
    return unlink_stubbornly(dir, name, AT_REMOVEDIR) ? failed(r, "remove", name) : PAB_OK;
}

static int remove_entry(struct removal *r, int dir, const char *name, unsigned type, unsigned depth)
{
    if (type == DT_UNKNOWN || type == DT_DIR) {
        struct stat st;
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW)) return errno == ENOENT ? PAB_OK : failed(r, "remove", name);
        if (S_ISDIR(st.st_mode)) return remove_folder(r, dir, name, depth);
    }
    return unlink_stubbornly(dir, name, 0) ? failed(r, "remove", name) : PAB_OK;
}

static void close_listing(DIR **d)
{
    if (*d) closedir(*d);
}

/* One pass over the entries; *ret_seen: how many there were. */
static int remove_entries(struct removal *r, DIR *list, int fd, unsigned depth, unsigned *ret_seen)
{
    *ret_seen = 0;
    for (;;) {
        errno = 0;
        struct dirent *e = readdir(list);
        if (!e) return errno ? failed(r, "list", "folder") : PAB_OK;
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0) continue;
        ++*ret_seen;
        pab_test_point("remove-entry");
        int rc = remove_entry(r, fd, e->d_name, e->d_type, depth + 1);
        if (rc) return rc;
    }
}

static int empty_folder(struct removal *r, int fd, unsigned depth)
{
    int own = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP(close_listing) DIR *list = own < 0 ? NULL : fdopendir(own);
    if (!list) {
        int rc = failed(r, "list", "folder");
        if (own >= 0) close(own);
        return rc;
    }
    /* A listing need not show what was moved up here after it began: look again until nothing is left. */
    for (unsigned seen = 1; seen;) {
        int rc = remove_entries(r, list, fd, depth, &seen);
        if (rc) return rc;
        rewinddir(list);
    }
    return PAB_OK;
}

int pab_remove_tree(int dirfd, const char *path, struct pab_error *err)
{
    struct removal r = { .err = err };
    int rc = remove_entry(&r, dirfd, path, DT_UNKNOWN, 0);
    return rc && err ? pab_error_prefix(err, "cannot remove '%s'", path) : rc;
}
