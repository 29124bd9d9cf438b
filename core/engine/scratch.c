/* scratch.c - see scratch.h. */
#include "core/engine/scratch.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/log.h"
#include "core/base/str.h"

#define PREFIX "pabengine-scratch-"
#define USUAL "/tmp"

static const char *where(void)
{
    const char *tmp = getenv("TMPDIR");
    return tmp && *tmp == '/' ? tmp : USUAL;
}

/* A sweep may have locked it first, between its making and our lock: then it is gone. */
static int hold(const char *path)
{
    struct stat st;
    CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &st)) return -1;
    if (st.st_nlink == 0) return errno = ENOENT, -1;
    return TAKE_FD(fd);
}

int pab_scratch_make(struct pab_scratch *ret, struct pab_error *err)
{
    CLEANUP_FREE char *path = NULL;
    for (unsigned tries = 0; tries < 10; tries++) {
        free(path);
        path = pab_sprintf("%s/" PREFIX "XXXXXX", where());
        if (!mkdtemp(path)) break;
        int fd = hold(path);
        if (fd >= 0) {
            *ret = (struct pab_scratch){ .path = path, .fd = fd };
            path = NULL;
            return PAB_OK;
        }
        int saved = errno;
        rmdir(path);
        errno = saved;
        if (saved != ENOENT) break;
    }
    return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot make a private folder '%s'", path);
}

void pab_scratch_remove(struct pab_scratch *s, const char *target)
{
    struct pab_error err = { 0 };
    if (!s->path) return;
    if (pab_remove_tree(AT_FDCWD, s->path, &err)) pab_logf(PAB_LL_VERBOSE, target, "%s", err.message);
    close(s->fd);
    free(s->path);
    s->path = NULL;
}

/* 1: a folder of this user alone, whose process is dead. */
static int is_abandoned(int dirfd, const char *name, int *ret_fd)
{
    struct stat st;
    CLEANUP_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0 || fstat(fd, &st) || st.st_uid != geteuid() || st.st_mode & 077) return 0;
    if (flock(fd, LOCK_EX | LOCK_NB)) return 0;
    *ret_fd = TAKE_FD(fd);
    return 1;
}

static int sweep(const char *path)
{
    int removed = 0;
    DIR *dir = opendir(path);
    if (!dir) return 0;
    for (struct dirent *e; (e = readdir(dir));) {
        struct pab_error err = { 0 };
        CLEANUP_CLOSE int fd = -1;
        if (!pab_str_has_prefix(e->d_name, PREFIX) || !is_abandoned(dirfd(dir), e->d_name, &fd)) continue;
        if (pab_remove_tree(dirfd(dir), e->d_name, &err)) pab_logf(PAB_LL_VERBOSE, NULL, "'%s/%s' stays: %s", path, e->d_name, err.message);
        else removed++;
    }
    closedir(dir);
    return removed;
}

int pab_scratch_sweep(void)
{
    int removed = sweep(where());
    if (strcmp(where(), USUAL)) removed += sweep(USUAL);
    if (removed) pab_logf(PAB_LL_INFO, NULL, "removed %d temporary folder%s that a killed run had left", removed, removed == 1 ? "" : "s");
    return removed;
}
