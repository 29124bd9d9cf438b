/* fsutil.h - files below held directory fds; durable writes. All fds are O_CLOEXEC. */
#ifndef PAB_BASE_FSUTIL_H
#define PAB_BASE_FSUTIL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include "core/base/error.h"

/* Writes all of it, through EINTR and short writes. 0 or -1 with errno. Honours pab_fs_fail_write_at. */
int pab_write_all(int fd, const void *p, size_t n);
/* Reads until n bytes or the end of the file: bytes read, or -1 with errno. */
ssize_t pab_read_full(int fd, void *p, size_t n);

/* A whole file as a NUL-terminated string; over `max` bytes is an error, a missing one PAB_E_NOT_FOUND. Caller frees. ret_size may be NULL. */
int pab_read_file(int dirfd, const char *path, size_t max, char **ret, size_t *ret_size, struct pab_error *err);
/* Temporary name beside it, write, fsync, rename, fsync of the folder. */
int pab_write_file_atomic(int dirfd, const char *path, const void *p, size_t n, mode_t mode, struct pab_error *err);

int pab_fsync(int fd);                             /* 0 or -1 */
int pab_fsync_dir(int dirfd);                      /* 0 or -1 */
/* Renames unless `to` is there: EEXIST then, also on filesystems whose rename cannot tell (where the caller holds a lock). 0 or -1. */
int pab_rename_new(int from_dir, const char *from, int to_dir, const char *to);
int pab_rename_over(int from_dir, const char *from, int to_dir, const char *to); /* replaces `to`. 0 or -1 */
/* mkdir -p below dirfd with `mode` for what is new. */
int pab_mkdirs(int dirfd, const char *path, mode_t mode, struct pab_error *err);
/* rm -r below dirfd, never following symlinks (but those of folders that lead to `path`), never into what is mounted below
 * (PAB_E_BUSY then); missing is fine. */
int pab_remove_tree(int dirfd, const char *path, struct pab_error *err);
/* Plain relative path: no empty, "." or ".." component, not absolute, no NUL, at most 4096. */
int pab_path_is_safe(const char *path);
/* base/path, or path itself when absolute. Caller frees. */
char *pab_path_join(const char *base, const char *path);
/* Absolute path with "." and ".." resolved by text only (no symlinks are read). Caller frees. */
char *pab_path_absolute(const char *base, const char *path);
/* Opens the folder that holds `rel` step by step below root, following no symlink and staying below root
 * (openat2 RESOLVE_BENEATH|RESOLVE_NO_SYMLINKS where the kernel has it). *ret_base points into rel. fd or -1 with errno. */
int pab_open_parent_beneath(int root, const char *rel, const char **ret_base);
void pab_fs_without_openat2(int on);                /* tests: as on a kernel that does not have it */
int pab_free_space(int fd, uint64_t *ret_bytes);    /* available to this user; 0 or -1 */
/* Adds to PAB_E_NOSPACE how much is free on the disk of fd; other errors stay as they are. Returns err->code. */
int pab_error_free_space(struct pab_error *err, int fd);

/* Tests: the n-th pab_write_all from now fails with this errno; 0 off. Also by the environment:
 * PABENGINE_TEST_FAIL_WRITE=N:ERRNO */
void pab_fs_fail_write_at(unsigned n, int os_errno);
void pab_fs_fail_sync_at(unsigned n, int os_errno);   /* the same of pab_fsync and pab_fsync_dir */
void pab_fs_fail_rename_at(unsigned n, int os_errno); /* the same of pab_rename_new and pab_rename_over */
/* Tests: named points of a run. When PABENGINE_TEST_KILL=POINT:N is set, the process kills itself with SIGKILL at the
 * N-th time it passes POINT ("*" counts every point). Costs one pointer test otherwise. */
void pab_test_point(const char *point);
/* The same as the variable, for a child after fork; the text is kept, not copied. NULL: off. */
void pab_test_kill_at(const char *where);

#endif
