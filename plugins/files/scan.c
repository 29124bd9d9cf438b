/* scan.c - what a set matches on the disk now, and sets of paths. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <string.h>
#include "plugins/files/files.h"

static int any_matches(const struct pab_strs *patterns, const char *path, int is_dir)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (pab_glob_match(patterns->items[i], path, is_dir)) return 1;
    return 0;
}

static int any_may_descend(const struct pab_strs *patterns, const char *dir)
{
    for (size_t i = 0; i < patterns->count; i++)
        if (pab_glob_may_descend(patterns->items[i], dir)) return 1;
    return 0;
}

/* A scan is a stack of folders still to be read: neither descriptors nor stack frames grow with the depth. */
struct scan {
    const struct files *f;
    const struct files_set *set;
    struct pab_op *op;
    int root_fd;
    struct pab_strs todo;
    files_found_fn found;
    void *ctx;
};

static int open_below(int root_fd, const char *path)
{
    const char *base = path;
    if (!*path) return openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    CLEANUP_CLOSE int parent = pab_open_parent_beneath(root_fd, path, &base);
    return parent < 0 ? -1 : openat(parent, base, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

static int scan_entry(struct scan *s, int dir_fd, const char *dir, const char *name)
{
    struct stat st;
    CLEANUP_FREE char *path = *dir ? pab_sprintf("%s/%s", dir, name) : pab_strdup(name);
    if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW)) return 0; /* vanished since */
    int is_dir = S_ISDIR(st.st_mode);
    if (any_matches(&s->f->exclude, path, is_dir)) return 0;
    int matches = any_matches(&s->set->patterns, path, is_dir);
    if (is_dir && (matches || any_may_descend(&s->set->patterns, path))) pab_strs_add(&s->todo, path);
    return matches ? s->found(s->ctx, path, &st) : 0;
}

static int scan_folder(struct scan *s, const char *dir)
{
    int fd = open_below(s->root_fd, dir);
    DIR *stream = fd < 0 ? NULL : fdopendir(fd);
    if (!stream) {
        if (fd >= 0) close(fd);
        if (errno != ENOENT) pab_warn(s->op, s->set->name, "cannot read the folder '%s': %s", *dir ? dir : ".", strerror(errno));
        return 0;
    }
    int rc = 0;
    for (struct dirent *e; !rc && (e = readdir(stream));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) rc = scan_entry(s, dirfd(stream), dir, e->d_name);
    closedir(stream);
    return rc;
}

int files_scan(const struct files *f, const struct files_set *set, struct pab_op *op, int root_fd, files_found_fn found, void *ctx)
{
    struct scan s = { .f = f, .set = set, .op = op, .root_fd = root_fd, .found = found, .ctx = ctx };
    int rc = 0;
    pab_strs_add(&s.todo, "");
    while (!rc && s.todo.count) {
        CLEANUP_FREE char *dir = s.todo.items[--s.todo.count];
        s.todo.items[s.todo.count] = NULL;
        if (op->host->cancelled(op)) rc = pab_fail(op, PAB_E_CANCELLED, 0, NULL, "cancelled");
        else rc = scan_folder(&s, dir);
    }
    pab_strs_release(&s.todo);
    return rc < 0 ? rc : PAB_OK;
}

static int count_one(void *ctx, const char *path, const struct stat *st)
{
    struct files_totals *t = ctx;
    (void)path;
    t->files++;
    if (S_ISREG(st->st_mode)) t->bytes += (uint64_t)st->st_size;
    return 0;
}

int files_count(const struct files *f, const struct files_set *set, struct pab_op *op, int root_fd, struct files_totals *ret)
{
    *ret = (struct files_totals){ 0 };
    return files_scan(f, set, op, root_fd, count_one, ret);
}

/* Part of a SHA-256, so that nobody can choose names that meet. */
static uint64_t path_hash(const char *path)
{
    unsigned char digest[SHA256_DIGEST_LENGTH];
    uint64_t hash;
    SHA256((const unsigned char *)path, strlen(path), digest);
    memcpy(&hash, digest, sizeof hash);
    return hash;
}

static int by_value(const void *a, const void *b)
{
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

void files_paths_add(struct files_paths *p, const char *path) { PAB_PUSH(p, path_hash(path)); }

void files_paths_sort(struct files_paths *p)
{
    if (p->count) qsort(p->items, p->count, sizeof *p->items, by_value);
}

int files_paths_has(const struct files_paths *p, const char *path)
{
    uint64_t hash = path_hash(path);
    return p->count && bsearch(&hash, p->items, p->count, sizeof hash, by_value) != NULL;
}

void files_paths_release(struct files_paths *p)
{
    free(p->items);
    *p = (struct files_paths){ 0 };
}
