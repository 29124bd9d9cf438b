/* walk_read.c - what the worker threads of a walk do; see walk.h. No decisions, no messages: only reading. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/tree/walk.h"

int pab_walk_open(int dirfd, const char *name, int flags)
{
    flags |= O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
    int fd = openat(dirfd, name, flags | O_NOATIME);
    return fd < 0 && errno == EPERM ? openat(dirfd, name, flags) : fd; /* only the owner may leave the access time alone */
}

/* ELOOP, ENXIO: what was a file when the folder was listed is something else now */
int pab_walk_is_gone(int os_errno)
{
    return os_errno == ENOENT || os_errno == ELOOP || os_errno == ENXIO || os_errno == ENOTDIR;
}

static int set_failed(struct pab_wfile *f, int os_errno)
{
    f->os_errno = os_errno;
    f->state = pab_walk_is_gone(os_errno) ? PAB_W_GONE : PAB_W_FAILED;
    return 1;
}

static void read_xattrs(struct pab_wslot *s, struct pab_wfile *f, int fd, const char *path)
{
    f->xattr = s->xattrs.count;
    size_t before = s->xattrs.bytes.size;
    if (pab_xattrs_read(fd, path, &s->xattrs) || s->xattrs.bytes.size - before > PAB_TREE_XATTRS_MAX) {
        f->no_xattrs = 1;
        s->xattrs.count = f->xattr;
    }
    f->xattr_count = s->xattrs.count - f->xattr;
}

static ssize_t read_retry(int fd, void *p, size_t n)
{
    ssize_t got;
    do got = read(fd, p, n);
    while (got < 0 && errno == EINTR);
    return got;
}

/* One byte more than the size is asked for: a file that grew shows itself without another call. */
static int read_content(struct pab_wslot *s, struct pab_wfile *f, int fd)
{
    size_t size = (size_t)f->st.st_size, got = 0;
    char *p = s->buffer + s->used;
    while (got <= size) {
        ssize_t n = read_retry(fd, p + got, size + 1 - got);
        if (n < 0) return -1;
        got += (size_t)n;
        if (n == 0 || got == size) break;
    }
    f->grew = got > size;
    f->shrank = got < size;
    if (f->shrank) memset(p + got, 0, size - got);
    f->data = s->used;
    s->used += size;
    pab_hash_reset(s->hash);
    pab_hash_add(s->hash, p, size);
    pab_hash_hex(s->hash, f->sha256);
    return 0;
}

/* 0 when there is no room left for it. */
static int read_file(struct pab_wslot *s, struct pab_wfile *f)
{
    CLEANUP_CLOSE int fd = pab_walk_open(f->dir->fd, f->name, 0);
    if (fd < 0 || fstat(fd, &f->st)) return set_failed(f, errno);
    if (!S_ISREG(f->st.st_mode)) return set_failed(f, ENOENT);
    int sparse = (uint64_t)f->st.st_blocks * 512 < (uint64_t)f->st.st_size && f->st.st_size > 4096;
    int large = f->st.st_size > (off_t)PAB_WALK_SMALL;
    if (!sparse && !large && s->used + (size_t)f->st.st_size + 1 > PAB_WALK_BUFFER) return 0;
    read_xattrs(s, f, fd, NULL);
    f->state = sparse || large ? PAB_W_LARGE : PAB_W_READ;
    if (f->state == PAB_W_READ && read_content(s, f, fd)) return set_failed(f, errno);
    return 1;
}

static int read_link(struct pab_wslot *s, struct pab_wfile *f)
{
    if (s->used + PAB_TREE_LINK_MAX + 1 > PAB_WALK_BUFFER) return 0;
    ssize_t n = readlinkat(f->dir->fd, f->name, s->buffer + s->used, PAB_TREE_LINK_MAX + 1);
    if (n < 0) return set_failed(f, errno == EINVAL ? ENOENT : errno);
    if (n == 0 || n > (ssize_t)PAB_TREE_LINK_MAX) return set_failed(f, ENAMETOOLONG);
    f->data = s->used;
    s->buffer[s->used + (size_t)n] = '\0';
    s->used += (size_t)n + 1;
    return 1;
}

void pab_walk_read_xattrs(struct pab_wslot *s, struct pab_wfile *f)
{
    char path[64 + NAME_MAX]; /* there is no call for the attributes of a name below an fd */
    if (f->type == DT_DIR) {
        read_xattrs(s, f, f->dir->fd, NULL);
        return;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d/%s", f->dir->fd, f->name);
    read_xattrs(s, f, -1, path);
}

/* 1 when it is still what the parent has, so that there is nothing to read. */
static int is_same(struct pab_wslot *s, struct pab_wfile *f)
{
    if (!f->known || (f->type != DT_DIR && fstatat(f->dir->fd, f->name, &f->st, AT_SYMLINK_NOFOLLOW))) return 0;
    if (IFTODT(f->st.st_mode) != f->type || !pab_base_unchanged(s->walker->base, f->known, &f->st)) return 0;
    f->state = PAB_W_SAME;
    return 1;
}

static int read_one(struct pab_wslot *s, struct pab_wfile *f)
{
    f->state = PAB_W_READ;
    f->grew = f->shrank = f->no_xattrs = 0;
    f->xattr_count = 0;
    if (is_same(s, f)) return 1;
    if (f->type == DT_DIR) {
        if (f->dir->fd >= 0) pab_walk_read_xattrs(s, f);
        return 1;
    }
    if (f->type == DT_REG) return read_file(s, f);
    if (fstatat(f->dir->fd, f->name, &f->st, AT_SYMLINK_NOFOLLOW)) return set_failed(f, errno);
    if (IFTODT(f->st.st_mode) != f->type) return set_failed(f, ENOENT);
    if (f->type == DT_LNK) return read_link(s, f);
    pab_walk_read_xattrs(s, f);
    return 1;
}

void pab_walk_close(struct pab_wslot *s)
{
    while (s->closings) close(s->closing[--s->closings]);
}

void pab_walk_read_batch(void *slot)
{
    struct pab_wslot *s = slot;
    unsigned i = s->first;
    s->used = 0;
    pab_walk_close(s);
    pab_xattr_list_clear(&s->xattrs);
    while (i < s->count && s->xattrs.bytes.size <= PAB_TREE_XATTRS_MAX && read_one(s, &s->files[i])) i++;
    pthread_mutex_lock(&s->walker->lock);
    s->done = i;
    s->busy = 0;
    pthread_cond_signal(&s->walker->ready);
    pthread_mutex_unlock(&s->walker->lock);
}
