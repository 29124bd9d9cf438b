/* mounted.c - a volume read from its folder. Databases are left out of the walk and follow it, each as SQLite copied it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include "plugins/volume/volume.h"

#define XATTRS_MAX 65536

struct walk {
    int root_fd, dir_fd;         /* dir_fd: of the folder that was last asked about */
    char *dir;                   /* its path; NULL: none yet */
    struct pab_strs found;
};

/* A walk asks about one folder after the other: it is opened once. */
static int dir_of(struct walk *w, const char *path, const char **ret_name)
{
    const char *slash = strrchr(path, '/');
    size_t n = slash ? (size_t)(slash - path) : 0;
    *ret_name = slash ? slash + 1 : path;
    if (w->dir && strlen(w->dir) == n && !memcmp(w->dir, path, n)) return w->dir_fd;
    if (w->dir_fd >= 0) close(w->dir_fd);
    free(w->dir);
    w->dir = pab_strndup(path, n);
    w->dir_fd = pab_open_parent_beneath(w->root_fd, path, ret_name);
    return w->dir_fd;
}

static uint32_t leave_databases_out(void *ctx, const char *path, uint32_t type)
{
    struct walk *w = ctx;
    const char *name;
    if (type != PAB_TYPE_FILE) return 1;
    int dir_fd = dir_of(w, path, &name);
    if (dir_fd < 0) return 1;
    if (sqlite_is_companion(dir_fd, name)) return 0;
    if (!sqlite_is_database(dir_fd, name)) return 1;
    pab_strs_add(&w->found, path);
    return 0;
}

struct xattrs { struct pab_xattr *items; size_t count, capacity; struct pab_strs names; };

static void xattrs_release(struct xattrs *x)
{
    for (size_t i = 0; i < x->count; i++) free((void *)(uintptr_t)x->items[i].value);
    free(x->items);
    pab_strs_release(&x->names);
}

static void read_xattrs(int fd, struct xattrs *ret)
{
    CLEANUP_FREE char *names = pab_alloc(XATTRS_MAX);
    ssize_t size = flistxattr(fd, names, XATTRS_MAX);
    for (char *name = names; size > 0 && name < names + size; name += strlen(name) + 1) {
        CLEANUP_FREE char *value = pab_alloc(XATTRS_MAX);
        ssize_t n = fgetxattr(fd, name, value, XATTRS_MAX);
        if (n < 0) continue;
        pab_strs_add(&ret->names, name);
        struct pab_xattr x = { ret->names.items[ret->names.count - 1], pab_memdup(value, (size_t)n + 1), (uint64_t)n };
        PAB_PUSH(ret, x);
    }
}

static int64_t ns(struct timespec t) { return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec; }

/* The file at `fd` as an entry, with the looks of the live one. */
static int put_file(struct pab_op *op, struct pab_artifact *a, const char *path, int live_fd, int fd)
{
    const struct pab_host *h = op->host;
    CLEANUP(xattrs_release) struct xattrs x = { 0 };
    CLEANUP_FREE char *chunk = pab_alloc(64 * 1024);
    struct stat live, st;
    if (fstat(live_fd, &live) || fstat(fd, &st)) return pab_fail(op, PAB_E_IO, errno, NULL, "cannot look at '%s'", path);
    read_xattrs(live_fd, &x);
    struct pab_entry e = { .struct_size = sizeof e, .type = PAB_TYPE_FILE, .mode = live.st_mode & 07777, .uid = live.st_uid, .gid = live.st_gid, .path = path,
                           .size = (uint64_t)st.st_size, .mtime_ns = ns(live.st_mtim), .ctime_ns = ns(live.st_ctim), .inode = live.st_ino,
                           .xattrs = x.items, .xattr_count = x.count };
    int rc = h->tree_entry(a, &e);
    for (uint64_t left = e.size; !rc && left > 0;) {
        ssize_t n = read(fd, chunk, left < 64 * 1024 ? left : 64 * 1024);
        if (n < 0) return pab_fail(op, PAB_E_IO, errno, NULL, "cannot read '%s'", path);
        if (n == 0) { /* it shrank: the rest is zeros, as the walk has it */
            pab_warn(op, NULL, "'%s' shrank while it was read", path);
            memset(chunk, 0, 64 * 1024);
            n = left < 64 * 1024 ? (ssize_t)left : 64 * 1024;
        }
        rc = h->artifact_write(a, chunk, (uint64_t)n);
        left -= (uint64_t)n;
    }
    return rc;
}

/* Better than nothing: the database and its log as they lie. */
static int put_raw(struct pab_op *op, struct pab_artifact *a, int root_fd, const char *path)
{
    static const char *const files[] = { "", "-wal", "-journal" };
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < sizeof files / sizeof *files; i++) {
        const char *base = NULL;
        CLEANUP_FREE char *name = pab_sprintf("%s%s", path, files[i]);
        CLEANUP_CLOSE int parent = pab_open_parent_beneath(root_fd, name, &base);
        CLEANUP_CLOSE int fd = parent < 0 ? -1 : openat(parent, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
        if (fd >= 0) rc = put_file(op, a, name, fd, fd);
    }
    return rc;
}

static int put_database(const struct volume *vol, struct pab_op *op, struct pab_artifact *a, int root_fd, const char *path, const char *scratch)
{
    CLEANUP_FREE char *copy = pab_sprintf("%s/database", scratch);
    CLEANUP_FREE char *name = pab_str_printable(path);
    struct pab_error err = { 0 };
    const char *base = NULL;
    CLEANUP_CLOSE int parent = pab_open_parent_beneath(root_fd, path, &base);
    CLEANUP_CLOSE int live = parent < 0 ? -1 : openat(parent, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (live < 0) {
        pab_warn(op, vol->stem, "'%s' vanished while it was read", name);
        return PAB_OK;
    }
    int rc = sqlite_copy(op, vol->dir, path, copy, &err);
    pab_test_point("volume-database-copied");
    if (rc == PAB_E_CANCELLED || rc == PAB_E_NOSPACE || rc == PAB_E_NOMEM) {
        unlink(copy);
        return sup_fail(op, &err);
    }
    if (rc) {
        pab_warn(op, vol->stem, "%s: stored as it lies", err.message);
        unlink(copy);
        return put_raw(op, a, root_fd, path);
    }
    CLEANUP_CLOSE int fd = open(copy, O_RDONLY | O_CLOEXEC);
    unlink(copy);
    if (fd < 0) return pab_fail(op, PAB_E_IO, errno, NULL, "cannot read the copy of '%s'", name);
    pab_log(op, PAB_LOG_VERBOSE, "%s: '%s' copied through SQLite", vol->stem, name);
    return put_file(op, a, path, live, fd);
}

static int put_databases(const struct volume *vol, struct pab_op *op, struct pab_artifact *a, const struct walk *w)
{
    const char *scratch = w->found.count ? op->host->scratch_dir(op) : "";
    CLEANUP_FREE char *count = pab_sprintf("%zu", w->found.count);
    if (!scratch) return PAB_E_IO;
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < w->found.count; i++) rc = put_database(vol, op, a, w->root_fd, w->found.items[i], scratch);
    return rc || !w->found.count ? rc : op->host->artifact_fact(a, "sqlite_databases", count);
}

int mounted_backup(const struct volumes *v, const struct volume *vol, struct pab_op *op, struct pab_artifact *a)
{
    CLEANUP_CLOSE int root_fd = open(vol->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct walk w = { .root_fd = root_fd, .dir_fd = -1 };
    struct pab_walk walk = { .struct_size = sizeof walk, .flags = PAB_WALK_ONE_FILESYSTEM, .root = vol->dir,
                             .exclude = (const char *const *)vol->spec->exclude.items, .exclude_count = (uint32_t)vol->spec->exclude.count };
    if (root_fd < 0) return pab_fail(op, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, NULL, "cannot open '%s'", vol->dir);
    if (v->sqlite && vol->spec->quiesce != QUIESCE_STOP) {
        walk.filter = leave_databases_out;
        walk.filter_ctx = &w;
    }
    int rc = op->host->tree_walk(a, &walk);
    if (!rc) rc = put_databases(vol, op, a, &w);
    if (w.dir_fd >= 0) close(w.dir_fd);
    free(w.dir);
    pab_strs_release(&w.found);
    return rc;
}
