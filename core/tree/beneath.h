/* beneath.h - opening a folder below a held one, by a path of any length, never through a symbolic link. */
#ifndef PAB_TREE_BENEATH_H
#define PAB_TREE_BENEATH_H

/* `path` is relative, or "" or "." for the folder itself; `flags` beside O_DIRECTORY, O_NOFOLLOW and O_CLOEXEC.
 * fd, or -1 with errno: ELOOP for a symbolic link on the way (ENOTDIR where the kernel says so). */
int pab_open_dir_beneath(int root, const char *path, int flags);

#endif
