/* fspath.c - paths as text, and opening below a folder; see fsutil.h. */
#include "core/base/fsutil.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdatomic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "config.h"
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#ifdef HAVE_LINUX_OPENAT2_H
#include <linux/openat2.h>
#endif

#define PATH_LIMIT 4096

static atomic_int no_openat2;

int pab_path_is_safe(const char *path)
{
    if (!*path || *path == '/' || strlen(path) > PATH_LIMIT) return 0;
    for (const char *p = path;;) {
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.')) return 0;
        if (!p[n]) return 1;
        p += n + 1;
    }
}

char *pab_path_join(const char *base, const char *path)
{
    if (*path == '/' || !*base) return pab_strdup(path);
    size_t n = strlen(base);
    return pab_sprintf("%s%s%s", base, base[n - 1] == '/' ? "" : "/", path);
}

/* Adds the components of `path` to the absolute text of n bytes in out; returns the new length. */
static size_t add_components(char *out, size_t n, const char *path)
{
    while (*path) {
        size_t len = strcspn(path, "/");
        if (len == 2 && path[0] == '.' && path[1] == '.') {
            while (n && out[--n] != '/') {
            }
        } else if (len && !(len == 1 && *path == '.')) {
            out[n++] = '/';
            memcpy(out + n, path, len);
            n += len;
        }
        path += len + (path[len] == '/');
    }
    return n;
}

char *pab_path_absolute(const char *base, const char *path)
{
    char cwd[PATH_MAX];
    const char *parts[3] = { "", *path == '/' ? "" : base, path };
    if (*path != '/' && *base != '/' && getcwd(cwd, sizeof cwd)) parts[0] = cwd;
    char *out = pab_alloc(strlen(parts[0]) + strlen(parts[1]) + strlen(parts[2]) + 4);
    size_t n = 0;
    for (int i = 0; i < 3; i++) n = add_components(out, n, parts[i]);
    if (!n) out[n++] = '/';
    out[n] = '\0';
    return out;
}

void pab_fs_without_openat2(int on)
{
    atomic_store(&no_openat2, on);
}

/* -1 with ENOSYS where the kernel (or a sandbox around us) does not know it. */
static int open_beneath_at_once(int root, const char *rel)
{
#if defined HAVE_LINUX_OPENAT2_H && defined SYS_openat2
    struct open_how how = {
        .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
    };
    if (!atomic_load_explicit(&no_openat2, memory_order_relaxed)) {
        long fd = syscall(SYS_openat2, root, rel, &how, sizeof how);
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM && errno != EAGAIN)) return (int)fd;
        if (errno != EAGAIN) atomic_store(&no_openat2, 1); /* EAGAIN: something was renamed meanwhile; go step by step this once */
    }
#else
    (void)root, (void)rel;
#endif
    errno = ENOSYS;
    return -1;
}

/* openat2 says ELOOP of a symlink; so do we, though openat with O_DIRECTORY calls it no folder. */
static int open_folder_here(int dir, const char *name)
{
    int fd = openat(dir, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct stat st;
    if (fd >= 0 || errno != ENOTDIR) return fd;
    errno = fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && S_ISLNK(st.st_mode) ? ELOOP : ENOTDIR;
    return -1;
}

static int open_beneath_stepwise(int root, const char *rel)
{
    int dir = openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    while (dir >= 0 && *rel) {
        char name[NAME_MAX + 1];
        size_t n = strcspn(rel, "/");
        int next = -1;
        if (n <= NAME_MAX) {
            memcpy(name, rel, n);
            name[n] = '\0';
            next = open_folder_here(dir, name);
        } else {
            errno = ENAMETOOLONG;
        }
        int saved = errno;
        close(dir);
        errno = saved;
        dir = next;
        rel += n + (rel[n] == '/');
    }
    return dir;
}

int pab_open_parent_beneath(int root, const char *rel, const char **ret_base)
{
    if (!pab_path_is_safe(rel)) {
        errno = EINVAL;
        return -1;
    }
    const char *slash = strrchr(rel, '/');
    CLEANUP_FREE char *parent = pab_strndup(rel, slash ? (size_t)(slash - rel) : 0);
    int fd = *parent ? open_beneath_at_once(root, parent) : -1;
    if (fd < 0 && (!*parent || errno == ENOSYS)) fd = open_beneath_stepwise(root, parent);
    if (fd >= 0) *ret_base = slash ? slash + 1 : rel;
    return fd;
}
