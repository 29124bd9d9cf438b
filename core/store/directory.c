/* directory.c - a directory store: open, lock, sweep, room, logs. See store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
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

/* A folder that was made is there for good only when the ones above it say so on the disk, too. */
static void sync_above(const char *path)
{
    CLEANUP_FREE char *above = pab_path_absolute("/", path);
    if (path[0] != '/') return;
    for (char *slash; (slash = strrchr(above, '/'));) {
        *slash = 0;
        CLEANUP_CLOSE int fd = open(*above ? above : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0) pab_fsync(fd);
    }
}

int pab_store_open(const char *path, int flags, struct pab_store **ret, struct pab_error *err)
{
    if (flags & PAB_STORE_CREATE) {
        struct stat st;
        if (stat(path, &st) && errno == ENOENT) {
            if (pab_mkdirs(AT_FDCWD, path, 0700, err)) return pab_error_prefix(err, "cannot make the store");
            sync_above(path);
        }
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
    if (s->lock) return PAB_OK;
    if (pab_lock_take(s->dirfd, ".lock", what, wait_ms, &s->lock, err)) return pab_error_prefix(err, "store '%s'", s->path);
    return PAB_OK;
}

int pab_store_check_lock(const char *path, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || pab_lock_check(fd, ".lock", NULL, err) == PAB_OK) return PAB_OK;
    return pab_error_prefix(err, "store '%s'", path);
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

static int is_left_over(const char *name)
{
    return pab_str_has_prefix(name, PAB_PARTIAL_PREFIX) || pab_str_has_prefix(name, PAB_DELETING_PREFIX) || strcmp(name, PAB_LATEST_NEW) == 0;
}

/* Whoever writes it holds a lock on the folder, and so does whoever reads one that was set aside meanwhile (pab_backup_open). */
static int is_in_use(struct pab_store *s, const char *name)
{
    CLEANUP_CLOSE int fd = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    return fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) && errno == EWOULDBLOCK;
}

/* What it continues was set aside after it, and is needed with it. One that was lost by hand is none of our business. */
static char *parent_of(struct pab_store *s, const char *name)
{
    struct pab_backup *b = NULL;
    struct pab_error ignored = { 0 };
    if (pab_backup_open(s, name, &b, &ignored)) return NULL;
    char *parent = pab_strdup(pab_backup_manifest(b)->parent);
    pab_backup_close(b);
    return parent;
}

/* A cleanup that was killed between its rename and its look at the pins: see pins.c. One that has a new backup of its name is not meant. */
static int bring_back_pinned(struct pab_store *s, const char *aside, struct pab_error *err)
{
    int pinned = 0;
    CLEANUP_FREE char *name = pab_strdup(aside + strlen(PAB_DELETING_PREFIX));
    if (pab_store_is_pinned(s, name, &pinned, err)) return err->code;
    while (pinned && name) {
        CLEANUP_FREE char *from = pab_sprintf(PAB_DELETING_PREFIX "%s", name);
        if (pab_rename_new(s->dirfd, from, s->dirfd, name)) {
            if (errno == EEXIST || errno == ENOENT) break;
            return pab_error_set(err, PAB_E_IO, errno, "cannot put '%s/%s' back, which is pinned", s->path, name);
        }
        char *parent = parent_of(s, name);
        free(name);
        name = parent;
    }
    return PAB_OK;
}

/* Before anything is removed. What of this cannot be done is no reason to remove it. */
static int bring_back(struct pab_store *s, const struct pab_strs *names, struct pab_error *err)
{
    int rc = PAB_OK;
    for (size_t i = 0; i < names->count && !rc; i++)
        if (pab_str_has_prefix(names->items[i], PAB_DELETING_PREFIX)) rc = bring_back_pinned(s, names->items[i], err);
    return rc;
}

int pab_store_sweep(struct pab_store *s, void (*found)(void *ctx, const char *name), void *ctx, struct pab_error *err)
{
    struct pab_strs names = { 0 };
    struct pab_error first = { 0 };
    int rc = names_where(s, ".", is_left_over, &names, &first);
    if (!rc) rc = bring_back(s, &names, &first);
    int safe = !rc;
    /* What was set aside may lose files only when it cannot come back under its name. */
    int durable = !names.count || !pab_fsync_dir(s->dirfd);
    if (!rc && !durable) rc = pab_error_set(&first, PAB_E_IO, errno, "cannot sync '%s'", s->path);
    for (size_t i = 0; i < names.count; i++) {
        if (is_in_use(s, names.items[i]) || (!(durable && safe) && pab_str_has_prefix(names.items[i], PAB_DELETING_PREFIX))) continue;
        struct pab_error why = { 0 };
        struct stat st;
        if (fstatat(s->dirfd, names.items[i], &st, AT_SYMLINK_NOFOLLOW) && errno == ENOENT) continue; /* it is back */
        pab_test_point("sweep");
        if (!pab_remove_tree(s->dirfd, names.items[i], &why)) {
            if (found) found(ctx, names.items[i]);
        } else if (!rc) { /* the others may still go */
            rc = why.code;
            first = why;
        }
    }
    if (rc && err) *err = first;
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

size_t pab_store_drop_logs(struct pab_store *s)
{
    size_t dropped = 0;
    CLEANUP_CLOSE int logs = openat(s->dirfd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (logs < 0) return 0;
    struct pab_strs names = { 0 };
    struct pab_error ignored = { 0 };
    struct stat st;
    names_where(s, "logs", is_log, &names, &ignored);
    for (size_t i = 0; i < names.count; i++)
        if (!fstatat(logs, names.items[i], &st, AT_SYMLINK_NOFOLLOW) && S_ISREG(st.st_mode) && (int64_t)st.st_mtim.tv_sec * 1000000000LL < pab_now_ns() - LOG_KEPT_NS)
            dropped += unlinkat(logs, names.items[i], 0) == 0;
    pab_strs_release(&names);
    return dropped;
}

int pab_store_open_log(struct pab_store *s, const char *kind, const char *name, struct pab_error *err)
{
    CLEANUP_FREE char *file = pab_sprintf("%s-%s.log", kind, name);
    if (mkdirat(s->dirfd, "logs", 0700) && errno != EEXIST) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make '%s/logs'", s->path);
    CLEANUP_CLOSE int logs = openat(s->dirfd, "logs", O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    int fd = logs < 0 ? -1 : openat(logs, file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot open the log '%s/logs/%s'", s->path, file);
    pab_store_drop_logs(s);
    return fd;
}

int pab_backup_name_ok(const char *name)
{
    size_t n = strlen(name);
    for (size_t i = 0; i < n; i++)
        if ((unsigned char)name[i] < 0x20 || name[i] == 0x7f) return 0; /* it is shown in terminals and written into papers */
    return n > 0 && n <= 200 && name[0] != '.' && !strchr(name, '/') && strcmp(name, PAB_LATEST) != 0 && strcmp(name, "logs") != 0 && pab_utf8_valid(name, n);
}

int pab_read_plain(int dirfd, const char *name, size_t max, char **ret, size_t *ret_size, struct pab_error *err)
{
    struct stat st;
    CLEANUP_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0 && errno == ENOENT) return pab_error_set(err, PAB_E_NOT_FOUND, 0, "'%s' is missing", name);
    if (fd < 0 && errno == ELOOP) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is a symlink, not a plain file", name);
    if (fd < 0 || fstat(fd, &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", name);
    if (!S_ISREG(st.st_mode)) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not a plain file", name);
    if ((uint64_t)st.st_size > max) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' has %lld bytes, %zu are allowed", name, (long long)st.st_size, max);
    CLEANUP_FREE char *data = pab_try_realloc(NULL, (size_t)st.st_size + 1);
    if (!data) return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to read '%s'", name);
    ssize_t n = pab_read_full(fd, data, (size_t)st.st_size);
    if (n < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s'", name);
    data[n] = '\0';
    if (ret_size) *ret_size = (size_t)n;
    *ret = TAKE_PTR(data);
    return PAB_OK;
}
