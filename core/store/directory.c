/* directory.c - a directory store: open, lock, sweep, room, logs. See store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/store/directory.h"

#define LOG_KEPT_NS (30LL * 24 * 3600 * 1000000000LL)

static int cannot_open(const char *path, struct pab_error *err)
{
    int e = errno;
    if (e == ENOENT) return pab_error_hint(err, pab_error_set(err, PAB_E_NOT_FOUND, 0, "no store at '%s'", path), "the first 'pabengine run' makes it");
    if (e == ENOTDIR) return pab_error_set(err, PAB_E_IO, 0, "the store '%s' is not a folder", path);
    return pab_error_set(err, pab_error_code_of_errno(e), e, "cannot open the store '%s'", path);
}

int pab_store_open(const char *path, int flags, struct pab_store **ret, struct pab_error *err)
{
    if (flags & PAB_STORE_CREATE) {
        struct stat st;
        if (stat(path, &st) && errno == ENOENT && pab_mkdirs(AT_FDCWD, path, 0700, err)) return pab_error_prefix(err, "cannot make the store");
    }
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0) return cannot_open(path, err);
    struct pab_store *s = pab_alloc(sizeof *s);
    s->path = pab_strdup(path);
    s->dirfd = TAKE_FD(fd);
    *ret = s;
    return PAB_OK;
}

void pab_store_close(struct pab_store *s)
{
    if (!s) return;
    pab_lock_release(s->lock);
    close(s->dirfd);
    free(s->path);
    free(s);
}

const char *pab_store_path(const struct pab_store *s) { return s->path; }
int pab_store_dirfd(const struct pab_store *s) { return s->dirfd; }

int pab_store_lock(struct pab_store *s, const char *what, int64_t wait_ms, struct pab_error *err)
{
    if (pab_lock_take(s->dirfd, ".lock", what, wait_ms, &s->lock, err)) return pab_error_prefix(err, "store '%s'", s->path);
    return PAB_OK;
}

/* Names in the store's folder that `wanted` says yes to. */
static int names_where(struct pab_store *s, const char *below, int (*wanted)(const char *name), struct pab_strs *ret, struct pab_error *err)
{
    int fd = openat(s->dirfd, below, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s/%s'", s->path, below);
    for (struct dirent *e; (e = readdir(dir));)
        if (wanted(e->d_name)) pab_strs_add(ret, e->d_name);
    closedir(dir);
    return PAB_OK;
}

static int is_partial(const char *name)
{
    return pab_str_has_prefix(name, PAB_PARTIAL_PREFIX);
}

int pab_store_sweep(struct pab_store *s, void (*found)(void *ctx, const char *name), void *ctx, struct pab_error *err)
{
    struct pab_strs names = { 0 };
    int rc = names_where(s, ".", is_partial, &names, err);
    for (size_t i = 0; i < names.count && !rc; i++) {
        rc = pab_remove_tree(s->dirfd, names.items[i], err);
        if (!rc && found) found(ctx, names.items[i]);
    }
    pab_strs_release(&names);
    return rc;
}

int pab_store_free_space(const struct pab_store *s, uint64_t *ret, struct pab_error *err)
{
    return pab_free_space(s->dirfd, ret) ? pab_error_set(err, PAB_E_IO, errno, "cannot tell the free space of '%s'", s->path) : PAB_OK;
}

static int is_log(const char *name)
{
    return pab_str_has_suffix(name, ".log");
}

static void drop_old_logs(struct pab_store *s, int logs)
{
    struct pab_strs names = { 0 };
    struct pab_error ignored = { 0 };
    struct stat st;
    names_where(s, "logs", is_log, &names, &ignored);
    for (size_t i = 0; i < names.count; i++)
        if (!fstatat(logs, names.items[i], &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && (int64_t)st.st_mtim.tv_sec * 1000000000LL < pab_now_ns() - LOG_KEPT_NS)
            unlinkat(logs, names.items[i], 0);
    pab_strs_release(&names);
}

int pab_store_open_log(struct pab_store *s, const char *kind, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *file = pab_sprintf("%s-%s.log", kind, name);
    if (mkdirat(s->dirfd, "logs", 0700) && errno != EEXIST) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make '%s/logs'", s->path);
    CLEANUP_CLOSE int logs = openat(s->dirfd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int fd = logs < 0 ? -1 : openat(logs, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot open the log '%s/logs/%s'", s->path, file);
    drop_old_logs(s, logs);
    return fd;
}

int pab_backup_name_ok(const char *name)
{
    size_t n = strlen(name);
    return n > 0 && n <= 200 && name[0] != '.' && !strchr(name, '/') && strcmp(name, "latest") != 0 && strcmp(name, "logs") != 0 && pab_path_is_safe(name);
}
