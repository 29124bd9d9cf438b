/* list.c - which backups a store holds, and what `latest` is; see store.h. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/pool.h"
#include "core/base/str.h"
#include "core/store/directory.h"
#include "core/store/manifest_limits.h"
#include "core/store/names.h"

static int load_manifest(int dirfd, const char *what, int head, struct pab_manifest *ret, struct pab_error *err)
{
    CLEANUP_FREE char *json = NULL;
    size_t n = 0;
    int rc = pab_read_plain(dirfd, PAB_MANIFEST_FILE, PAB_MANIFEST_MAX, &json, &n, err);
    if (rc == PAB_E_NOT_FOUND)
        return pab_error_hint(err, pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is not a whole backup: it has no " PAB_MANIFEST_FILE, what),
                              "name another backup; 'pabengine list JOB' shows what there is");
    if (rc) return pab_error_prefix(err, "%s", what);
    CLEANUP_FREE char *name = pab_sprintf("%s/" PAB_MANIFEST_FILE, what);
    if (head && pab_manifest_check_limits(json, n, name, err)) return PAB_E_CORRUPT;
    return pab_manifest_parse(json, head ? pab_manifest_cut_artifacts(json, n) : n, name, ret, err);
}

/* A folder with a manifest is a backup; one that looks like ours without one is a damaged one; others are not ours. */
static int read_backup(struct pab_store *s, int head, struct pab_backup_info *info)
{
    struct pab_error err = { 0 };
    struct stat st;
    int ours = pab_str_has_prefix(info->name, "backup-");
    CLEANUP_CLOSE int fd = openat(s->dirfd, info->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd >= 0) ours |= fstatat(fd, PAB_MANIFEST_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0;
    else ours &= errno != ENOTDIR && errno != ELOOP && errno != ENOENT;
    if (!ours) return 0;
    if (fd < 0) pab_error_set(&err, PAB_E_IO, errno, "cannot open '%s'", info->name);
    else load_manifest(fd, info->name, head, &info->manifest, &err);
    info->readable = !err.code;
    if (err.code) info->problem = pab_strdup(err.message);
    return 1;
}

/* Manifests are parsed by all cores, in turns that are worth it. */
#define A_TURN 64
struct turn {
    struct pab_store *s;
    int head;
    struct pab_backup_info *infos;
    size_t count;
};

static void read_turn(void *arg)
{
    struct turn *t = arg;
    for (size_t i = 0; i < t->count; i++) {
        if (read_backup(t->s, t->head, &t->infos[i])) continue;
        free(t->infos[i].name);
        t->infos[i].name = NULL;
    }
}

static void read_backups(struct pab_store *s, int head, struct pab_backup_list *list)
{
    size_t turns = (list->count + A_TURN - 1) / A_TURN, kept = 0;
    struct turn *all = pab_alloc_array(turns + 1, sizeof *all);
    struct pab_pool *pool = turns > 1 ? pab_pool_new(0, (unsigned)turns) : NULL;
    for (size_t i = 0; i < turns; i++) {
        size_t left = list->count - i * A_TURN;
        all[i] = (struct turn){ s, head, list->items + i * A_TURN, left < A_TURN ? left : A_TURN };
        if (pool) pab_pool_submit(pool, read_turn, &all[i]);
        else read_turn(&all[i]);
    }
    pab_pool_free(pool);
    free(all);
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].name) list->items[kept++] = list->items[i];
    list->count = kept;
}

static int newest_first(const void *a, const void *b)
{
    const struct pab_backup_info *x = a, *y = b;
    if (x->readable != y->readable) return x->readable ? -1 : 1;
    if (x->manifest.started_ns != y->manifest.started_ns) return x->manifest.started_ns < y->manifest.started_ns ? 1 : -1;
    return strverscmp(y->name, x->name); /* in one second: _10 after _9 */
}

static int list_backups(struct pab_store *s, int head, struct pab_backup_list *ret, struct pab_error *err)
{
    int fd = openat(s->dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s'", s->path);
    for (struct dirent *e; (e = readdir(dir));)
        if (pab_backup_name_ok(e->d_name)) PAB_PUSH(ret, ((struct pab_backup_info){ .name = pab_strdup(e->d_name) }));
    closedir(dir);
    read_backups(s, head, ret);
    int rc = pab_store_read_pins(s, ret, err);
    if (rc) {
        pab_backup_list_release(ret);
        return rc;
    }
    if (ret->count) qsort(ret->items, ret->count, sizeof *ret->items, newest_first);
    return PAB_OK;
}

int pab_store_list(struct pab_store *s, struct pab_backup_list *ret, struct pab_error *err) { return list_backups(s, 0, ret, err); }
int pab_store_list_heads(struct pab_store *s, struct pab_backup_list *ret, struct pab_error *err) { return list_backups(s, 1, ret, err); }

int64_t pab_backup_list_start(const struct pab_backup_list *l, int64_t now_ns)
{
    if (!l->count || !l->items[0].readable) return now_ns;
    int64_t newest = l->items[0].manifest.started_ns;
    return newest > now_ns && newest - now_ns < PAB_CLOCK_MAY_GO_BACK_NS ? newest : now_ns;
}

void pab_backup_list_release(struct pab_backup_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].name);
        free(l->items[i].problem);
        free(l->items[i].pin);
        pab_manifest_release(&l->items[i].manifest);
    }
    free(l->items);
    *l = (struct pab_backup_list){ 0 };
}

char *pab_store_latest(struct pab_store *s)
{
    char name[256];
    ssize_t n = readlinkat(s->dirfd, PAB_LATEST, name, sizeof name - 1);
    if (n <= 0) return NULL;
    name[n] = 0;
    return pab_backup_name_ok(name) ? pab_strdup(name) : NULL;
}

struct pab_backup {
    char *path, *name;
    int dirfd;
    struct pab_manifest manifest;
};

static int not_found(struct pab_store *s, const char *which, struct pab_error *err)
{
    CLEANUP_FREE char *shown = pab_str_printable(which);
    pab_error_set(err, PAB_E_NOT_FOUND, 0, "no backup '%s'%s%s%s", shown, s ? " in '" : "", s ? s->path : "", s ? "'" : "");
    return pab_error_hint(err, err->code, "'pabengine list JOB' shows what there is");
}

int pab_backup_open(struct pab_store *s, const char *which, struct pab_backup **ret, struct pab_error *err)
{
    CLEANUP_FREE char *name = NULL;
    CLEANUP_FREE char *absolute = NULL;
    CLEANUP_CLOSE int fd = -1;
    if (strchr(which, '/')) {
        absolute = realpath(which, NULL);
        if (!absolute) return not_found(NULL, which, err);
        name = pab_strdup(strrchr(absolute, '/') + 1);
        fd = open(absolute, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    } else {
        if (!s) return not_found(NULL, which, err);
        name = strcmp(which, "latest") == 0 ? pab_store_latest(s) : pab_strdup(which);
        if (!name) return pab_error_hint(err, pab_error_set(err, PAB_E_NOT_FOUND, 0, "'%s' has no complete backup yet ('latest' is missing)", s->path),
                                         "name a backup; 'pabengine list JOB' shows what there is");
        if (!pab_backup_name_ok(name)) return not_found(s, which, err);
        fd = openat(s->dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
        absolute = pab_sprintf("%s/%s", s->path, name);
    }
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR || errno == ELOOP)) return not_found(s, which, err);
    if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open backup '%s'", absolute);
    (void)flock(fd, LOCK_SH | LOCK_NB); /* as long as it is open, a cleanup may set it aside but removes no file: see is_in_use. Where folders cannot be locked, it must be done without */
    struct pab_manifest m = { 0 };
    int rc = load_manifest(fd, absolute, 0, &m, err);
    if (rc) return rc;
    struct pab_backup *b = pab_alloc(sizeof *b);
    *b = (struct pab_backup){ .path = TAKE_PTR(absolute), .name = TAKE_PTR(name), .dirfd = TAKE_FD(fd), .manifest = m };
    *ret = b;
    return PAB_OK;
}

void pab_backup_close(struct pab_backup *b)
{
    if (!b) return;
    pab_manifest_release(&b->manifest);
    close(b->dirfd);
    free(b->path);
    free(b->name);
    free(b);
}

const struct pab_manifest *pab_backup_manifest(const struct pab_backup *b) { return &b->manifest; }
const char *pab_backup_path(const struct pab_backup *b) { return b->path; }
const char *pab_backup_name(const struct pab_backup *b) { return b->name; }
int pab_backup_dirfd(const struct pab_backup *b) { return b->dirfd; }

int pab_backup_open_file(const struct pab_backup *b, const char *path, struct pab_error *err)
{
    const char *base;
    struct stat st;
    CLEANUP_CLOSE int dir = pab_open_parent_beneath(b->dirfd, path, &base);
    int fd = dir < 0 ? -1 : openat(dir, base, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    if (fd < 0) {
        int e = errno, damage = e == ENOENT || e == ELOOP || e == EXDEV || e == ENOTDIR || e == EISDIR;
        return pab_error_set(err, damage ? PAB_E_CORRUPT : PAB_E_IO, e, "cannot open '%s/%s'", b->path, path);
    }
    if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
        close(fd);
        return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s/%s' is not a plain file", b->path, path);
    }
    return fd;
}
