/* entry.h - what every part of the tree layer knows of an entry: which paths are allowed, how many bytes it has,
 * copies of its lists. */
#ifndef PAB_TREE_ENTRY_H
#define PAB_TREE_ENTRY_H

#include <sys/stat.h>
#include <stddef.h>
#include "core/base/buf.h"
#include "core/base/error.h"

#define PAB_TREE_PATH_MAX 32768u      /* longest path inside an artifact */
#define PAB_TREE_LINK_MAX 4096u       /* longest target of a symbolic link */
#define PAB_TREE_XATTRS_MAX (512u << 10) /* names and values of one entry, together */
#define PAB_TREE_RECORDS_MAX (1u << 20)  /* one pax extended header: what libarchive reads at most */
#define PAB_TREE_EXTENTS_MAX 16384u   /* data regions of one sparse file; what comes after them is stored as data */

/* "." or plain components separated by one "/": not absolute, no ".", "..", nothing empty, not too long. */
int pab_tree_path_ok(const char *path);
/* The same for a name out of a tar: leading "./", doubled and trailing slashes and "." inside are taken out of it in
 * place (all of it gone: "."). -1 when it is absolute, has "..", or is too long. `size` is strlen(path). */
int pab_tree_path_clean(char *path, size_t size);
/* The order in which a walk takes paths, as strcmp: a folder comes before what is in it, its plain names before its folders,
 * each sorted by bytes. *_dir: the path itself is a folder. A name is never both. */
int pab_tree_order(const char *a, int a_dir, const char *b, int b_dir);
/* Bytes of data that follow the entry: of its extents when it is sparse. */
uint64_t pab_entry_stored(const struct pab_entry *e);
/* PAB_E_USAGE for an entry that no tar could hold or that would lead outside. */
int pab_entry_check(const struct pab_entry *e, struct pab_error *err);
/* type, mode, owner, size, times, device and inode out of a stat; -1 for a socket or what is unknown here. */
int pab_entry_from_stat(struct pab_entry *e, const struct stat *st);

/* A list of extended attributes that owns its bytes. Zeroed is empty. */
struct pab_xattr_list {
    struct pab_buf bytes;
    struct { size_t name, value, size; } *items; /* offsets into bytes */
    size_t count, capacity;
    struct pab_xattr *view;
    size_t view_capacity;
};
int pab_xattr_list_add(struct pab_xattr_list *l, const char *name, const void *value, size_t size); /* PAB_OK or PAB_E_NOMEM */
void pab_xattr_list_clear(struct pab_xattr_list *l);
void pab_xattr_list_release(struct pab_xattr_list *l);
/* Items first..first+n as the ABI's structs; valid until the list changes. */
const struct pab_xattr *pab_xattr_list_view(struct pab_xattr_list *l, size_t first, size_t n);

/* Reads those of an open file (path NULL) or of a path, following no symlink, to the end of the list: ACLs, and the
 * namespaces user, trusted and security. PAB_OK also when the filesystem has none; -1 with errno otherwise. */
int pab_xattrs_read(int fd, const char *path, struct pab_xattr_list *l);

#define PAB_ACL_ACCESS "system.posix_acl_access"
#define PAB_ACL_DEFAULT "system.posix_acl_default"

#endif
