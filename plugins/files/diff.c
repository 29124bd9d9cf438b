/* diff.c - how the files below a folder differ from an artifact: by the index alone, no data of the backup is read. */
#include <errno.h>
#include <fcntl.h>
#include <openssl/evp.h>
#include <string.h>
#include "plugins/files/files.h"

#define NAMED 6 /* paths named in a summary */

enum verdict { SAME, TOUCHED, CHANGED, MISSING };

struct comparison {
    const struct files *f;
    struct pab_op *op;
    const struct pab_restore_req *req;
    int root_fd;
    struct files_diff *d;
    struct files_paths known;      /* every path of the artifact */
    struct pab_strs links;         /* hard links that look unchanged: path, target, path, target ... */
};

static void name_one(struct comparison *c, const char *what, const char *path)
{
    struct files_diff *d = c->d;
    CLEANUP_FREE char *name = pab_str_printable(path);
    pab_log(c->op, PAB_LOG_VERBOSE, "%s: %s", what, name);
    uint64_t n = d->changed + d->missing + d->extra;
    if (n <= NAMED && pab_buf_addf(&d->names, "%s%s %s", n > 1 ? ", " : "", name, what)) return;
    if (n == NAMED + 1) pab_buf_adds(&d->names, ", ...");
}

/* 1: the content of this open file has this digest; 0: another; negative: failed. */
static int has_digest(struct comparison *c, int fd, const char *wanted)
{
    unsigned char digest[EVP_MAX_MD_SIZE], data[64 * 1024];
    char hex[2 * EVP_MAX_MD_SIZE + 1];
    unsigned size = 0;
    ssize_t n;
    EVP_MD_CTX *md = EVP_MD_CTX_new();
    int rc = md && EVP_DigestInit_ex(md, EVP_sha256(), NULL) ? 0 : PAB_E_NOMEM;
    while (!rc && (n = read(fd, data, sizeof data)) != 0) {
        if (n < 0 && errno != EINTR) rc = PAB_E_IO;
        else if (n > 0 && !EVP_DigestUpdate(md, data, (size_t)n)) rc = PAB_E_INTERNAL;
        else if (c->op->host->cancelled(c->op)) rc = PAB_E_CANCELLED;
    }
    if (!rc && !EVP_DigestFinal_ex(md, digest, &size)) rc = PAB_E_INTERNAL;
    EVP_MD_CTX_free(md);
    if (rc) return rc;
    pab_hex(digest, size, hex);
    return strcmp(hex, wanted) == 0;
}

static int same_file(struct comparison *c, const struct pab_entry *e, int parent, const char *base, const struct stat *st)
{
    if (!S_ISREG(st->st_mode) || (uint64_t)st->st_size != e->size) return 0;
    if (!e->sha256) return 0;
    CLEANUP_CLOSE int fd = openat(parent, base, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    int rc = fd < 0 ? 0 : has_digest(c, fd, e->sha256);
    return rc == PAB_E_IO ? 0 : rc; /* what cannot be read is no copy to rely on */
}

static int same_link(const struct pab_entry *e, int parent, const char *base, const struct stat *st)
{
    char target[4096];
    ssize_t n = S_ISLNK(st->st_mode) ? readlinkat(parent, base, target, sizeof target) : -1;
    return n >= 0 && (size_t)n == strlen(e->link) && memcmp(target, e->link, (size_t)n) == 0;
}

/* A hard link is as it was when both names still lead to one file. */
static int same_inode(struct comparison *c, const struct pab_entry *e, const struct stat *st)
{
    struct stat other;
    const char *base = e->link;
    CLEANUP_CLOSE int parent = pab_open_parent_beneath(c->root_fd, e->link, &base);
    if (parent < 0 || fstatat(parent, base, &other, AT_SYMLINK_NOFOLLOW)) return 0;
    if (other.st_ino != st->st_ino || other.st_dev != st->st_dev) return 0;
    pab_strs_add(&c->links, e->path);
    pab_strs_add(&c->links, e->link);
    return 1;
}

static int same_content(struct comparison *c, const struct pab_entry *e, int parent, const char *base, const struct stat *st)
{
    switch (e->type) {
    case PAB_TYPE_FILE: return same_file(c, e, parent, base, st);
    case PAB_TYPE_DIR: return S_ISDIR(st->st_mode);
    case PAB_TYPE_SYMLINK: return same_link(e, parent, base, st);
    case PAB_TYPE_HARDLINK: return same_inode(c, e, st);
    case PAB_TYPE_FIFO: return S_ISFIFO(st->st_mode);
    case PAB_TYPE_CHAR: return S_ISCHR(st->st_mode);
    case PAB_TYPE_BLOCK: return S_ISBLK(st->st_mode);
    default: return 0;
    }
}

static int same_attributes(const struct pab_entry *e, const struct stat *st)
{
    int64_t mtime = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    if (e->type == PAB_TYPE_HARDLINK) return 1;
    if (geteuid() == 0 && (st->st_uid != e->uid || st->st_gid != e->gid)) return 0;
    if (e->type == PAB_TYPE_SYMLINK) return 1;
    if ((st->st_mode & 07777) != e->mode) return 0;
    return e->type == PAB_TYPE_DIR || mtime == e->mtime_ns;
}

/* A verdict, or a negative code. */
static int judge(struct comparison *c, const struct pab_entry *e)
{
    struct stat st;
    const char *base = e->path;
    if (c->root_fd < 0) return MISSING;
    CLEANUP_CLOSE int parent = pab_open_parent_beneath(c->root_fd, e->path, &base);
    if (parent < 0 || fstatat(parent, base, &st, AT_SYMLINK_NOFOLLOW)) return MISSING;
    int rc = same_content(c, e, parent, base, &st);
    if (rc < 0) return rc;
    return !rc ? CHANGED : same_attributes(e, &st) ? SAME : TOUCHED;
}

static void record(struct comparison *c, const struct pab_entry *e, enum verdict v)
{
    struct files_diff *d = c->d;
    if (v == SAME) {
        d->same++;
    } else if (v == TOUCHED) {
        d->touched++;
        files_paths_add(&d->touch, e->path);
    } else {
        *(v == CHANGED ? &d->changed : &d->missing) += 1;
        files_paths_add(&d->write, e->path);
        if (e->type == PAB_TYPE_FILE) d->bytes += e->size;
        name_one(c, v == CHANGED ? "changed" : "missing", e->path);
    }
}

static int wanted(const struct pab_restore_req *req, const struct pab_entry *e)
{
    for (uint32_t i = 0; i < req->include_count; i++)
        if (pab_glob_match(req->include[i], e->path, e->type == PAB_TYPE_DIR)) return 1;
    return req->include_count == 0;
}

static int compare_entries(struct comparison *c, struct pab_reader *r)
{
    const struct pab_host *h = c->op->host;
    struct pab_entry e = { .struct_size = sizeof e };
    int rc;
    while ((rc = h->tree_next(r, &e)) == PAB_OK) {
        if (strcmp(e.path, ".") == 0) continue;
        files_paths_add(&c->known, e.path);
        if (!wanted(c->req, &e)) continue;
        int v = judge(c, &e);
        if (v < 0) return v == PAB_E_CANCELLED ? pab_fail(c->op, v, 0, NULL, "cancelled") : pab_fail(c->op, v, 0, NULL, "cannot compute a digest of '%s'", e.path);
        record(c, &e, (enum verdict)v);
        e.struct_size = sizeof e;
    }
    return rc == PAB_END ? PAB_OK : rc;
}

/* A name of a file that gets written anew must follow it to the new inode. */
static void links_follow(struct comparison *c)
{
    struct files_diff *d = c->d;
    struct files_paths write = { 0 }, touch = { 0 };
    for (size_t i = 0; i + 1 < c->links.count; i += 2) {
        const char *path = c->links.items[i], *target = c->links.items[i + 1];
        if (files_paths_has(&d->write, target)) files_paths_add(&write, path);
        else if (files_paths_has(&d->touch, target)) files_paths_add(&touch, path);
    }
    for (size_t i = 0; i < write.count; i++) PAB_PUSH(&d->write, write.items[i]);
    for (size_t i = 0; i < touch.count; i++) PAB_PUSH(&d->touch, touch.items[i]);
    files_paths_release(&write);
    files_paths_release(&touch);
    files_paths_sort(&d->write);
    files_paths_sort(&d->touch);
}

static int found_live(void *ctx, const char *path, const struct stat *st)
{
    struct comparison *c = ctx;
    if (S_ISDIR(st->st_mode) || files_paths_has(&c->known, path)) return 0;
    c->d->extra++;
    name_one(c, "extra", path);
    return 0;
}

int files_diff(const struct files *f, struct pab_op *op, const struct pab_restore_req *req, uint32_t index, int root_fd, struct files_diff *ret)
{
    const struct pab_host *h = op->host;
    const struct pab_artifact_info *a = info_of(req, index);
    const struct files_set *set = files_find_set(f, a->object);
    struct comparison c = { .f = f, .op = op, .req = req, .root_fd = root_fd, .d = ret };
    struct pab_reader *r = NULL;
    int rc = h->artifact_open(op, index, PAB_OPEN_INDEX, &r);
    if (rc) return rc;
    rc = compare_entries(&c, r);
    h->artifact_close(r);
    files_paths_sort(&c.known);
    files_paths_sort(&ret->write);
    files_paths_sort(&ret->touch);
    links_follow(&c);
    if (!rc && set && root_fd >= 0 && !req->include_count) rc = files_scan(f, set, op, root_fd, found_live, &c);
    files_paths_release(&c.known);
    pab_strs_release(&c.links);
    return rc;
}

void files_diff_release(struct files_diff *d)
{
    files_paths_release(&d->write);
    files_paths_release(&d->touch);
    pab_buf_release(&d->names);
}
