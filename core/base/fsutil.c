/* fsutil.c - reading, writing, folders; see fsutil.h.  Paths below a folder are in fspath.c, rm -r in remove_tree.c, the
 * faults for tests in faults.c. */
#include "core/base/fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/faults.h"
#include "core/base/str.h"

int pab_write_all(int fd, const void *p, size_t n)
{
    if (pab_fault_write()) return -1;
    for (const char *at = p; n;) {
        ssize_t done = write(fd, at, n);
        if (done < 0 && errno == EINTR) continue;
        if (done < 0) return -1;
        at += done;
        n -= (size_t)done;
    }
    return 0;
}

ssize_t pab_read_full(int fd, void *p, size_t n)
{
    size_t got = 0;
    while (got < n) {
        ssize_t more = read(fd, (char *)p + got, n - got);
        if (more < 0 && errno == EINTR) continue;
        if (more < 0) return -1;
        if (more == 0) break;
        got += (size_t)more;
    }
    return (ssize_t)got;
}

int pab_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return pab_error_set(err, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "cannot open '%s'", path);
    CLEANUP_FREE char *data = NULL;
    size_t size = 0, capacity = 0;
    for (;;) { /* the size that stat tells is no promise: /proc says 0, a pipe nothing */
        if (size > max) return pab_error_set(err, PAB_E_IO, EFBIG, "cannot read '%s': more than %zu bytes", path, max);
        if (capacity - size < 2) {
            capacity = capacity ? capacity * 2 : 4096;
            char *grown = pab_try_realloc(data, capacity);
            if (!grown) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to read '%s'", path);
            data = grown;
        }
        ssize_t n = pab_read_full(fd, data + size, capacity - size - 1);
        if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s'", path);
        if (n == 0) break;
        size += (size_t)n;
    }
    data[size] = '\0';
    if (ret_size) *ret_size = size;
    *ret = TAKE_PTR(data);
    return PAB_OK;
}

int pab_fsync(int fd)
{
    return pab_fault_sync() ? -1 : fsync(fd);
}

int pab_fsync_dir(int dirfd)
{
    /* A handle of its own: dirfd may be AT_FDCWD or O_PATH, which fsync does not take. */
    CLEANUP_CLOSE int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return fd < 0 ? -1 : pab_fsync(fd);
}

int pab_rename_over(int from_dir, const char *from, int to_dir, const char *to)
{
    return pab_fault_rename() ? -1 : renameat(from_dir, from, to_dir, to);
}

int pab_rename_new(int from_dir, const char *from, int to_dir, const char *to)
{
    struct stat st;
    if (pab_fault_rename()) return -1;
    if (renameat2(from_dir, from, to_dir, to, RENAME_NOREPLACE) == 0) return 0;
    if (errno != EINVAL && errno != ENOSYS) return -1; /* those: NFS and some others do not know the flag */
    if (fstatat(to_dir, to, &st, AT_SYMLINK_NOFOLLOW) == 0) {
        errno = EEXIST;
        return -1;
    }
    return errno == ENOENT ? renameat(from_dir, from, to_dir, to) : -1;
}

static int write_temp(int dir, const char *temp, const void *p, size_t n, mode_t mode)
{
    CLEANUP_CLOSE int fd = openat(dir, temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return -1;
    if (pab_write_all(fd, p, n) || fchmod(fd, mode) || pab_fsync(fd)) return -1;
    return close(TAKE_FD(fd)); /* some filesystems tell of a full disk only here */
}

static int write_atomic(int dirfd, const char *path, const void *p, size_t n, mode_t mode)
{
    const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;
    CLEANUP_FREE char *parent = slash ? pab_strndup(path, slash == path ? 1 : (size_t)(slash - path)) : pab_strdup(".");
    CLEANUP_CLOSE int dir = openat(dirfd, parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return -1;
    uint64_t salt = 0;
    if (getrandom(&salt, sizeof salt, 0) < 0) return -1;
    /* 255 bytes are all that a name may have */
    CLEANUP_FREE char *temp = pab_sprintf(".%.220s.tmp-%016llx", base, (unsigned long long)salt);
    if (write_temp(dir, temp, p, n, mode) || pab_rename_over(dir, temp, dir, base)) {
        int saved = errno;
        unlinkat(dir, temp, 0);
        errno = saved;
        return -1;
    }
    return pab_fsync(dir);
}

int pab_write_file_atomic(int dirfd, const char *path, const void *p, size_t n, mode_t mode, struct pab_error *err)
{
    if (write_atomic(dirfd, path, p, n, mode)) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write '%s'", path);
    return PAB_OK;
}

static int make_dir(int dirfd, const char *path, mode_t mode)
{
    if (mkdirat(dirfd, path, mode) == 0) return fchmodat(dirfd, path, mode, 0); /* whatever the umask is */
    if (errno != EEXIST) return -1;
    struct stat st;
    if (fstatat(dirfd, path, &st, 0)) return -1;
    if (S_ISDIR(st.st_mode)) return 0;
    errno = ENOTDIR;
    return -1;
}

int pab_mkdirs(int dirfd, const char *path, mode_t mode, struct pab_error *err)
{
    CLEANUP_FREE char *part = pab_strdup(path);
    for (char *p = part;; p++) {
        if (*p && *p != '/') continue;
        char c = *p;
        *p = '\0';
        if (p > part && p[-1] != '/' && make_dir(dirfd, part, mode)) {
            return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make folder '%s'", part);
        }
        *p = c;
        if (!c) return PAB_OK;
    }
}

int pab_free_space(int fd, uint64_t *ret_bytes)
{
    struct statvfs st;
    if (fstatvfs(fd, &st)) return -1;
    *ret_bytes = (uint64_t)st.f_bavail * st.f_frsize;
    return 0;
}

int pab_error_free_space(struct pab_error *err, int fd)
{
    uint64_t bytes;
    char size[32];
    if (!err) return PAB_E_INTERNAL;
    if (err->code != PAB_E_NOSPACE || pab_free_space(fd, &bytes)) return err->code;
    return pab_error_hint(err, err->code, "%s are free on that disk: make room there, or use a larger one", pab_format_size(bytes, size, sizeof size));
}
