/* beneath.h - opening a folder below a held one, by a path of any length, never through a symbolic link. */
#ifndef PAB_TREE_BENEATH_H
#define PAB_TREE_BENEATH_H

/* `path` is plain and relative; "" is the folder itself. fd for reading, or -1 with errno (ELOOP or ENOTDIR for a
 * symbolic link on the way). */
int pab_open_dir_beneath(int root, const char *path);

#endif
