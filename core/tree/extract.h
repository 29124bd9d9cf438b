/* extract.h - what the parts of an extraction share.
 *
 *   extract.c        the calling thread: entries out of the tar, what is selected, links, devices
 *   extract_dirs.c   the folders on the way down, held open; their metadata is set when the last user lets go of them
 *   extract_file.c   files: small ones in batches by worker threads, large and sparse ones as they come
 *   extract_meta.c   owner, mode, attributes, times; making room where something lies
 *
 * Every name is made relative to the fd of its folder, and every folder was opened from its parent's fd without following
 * a symbolic link; so nothing outside the destination can be reached, whatever lies there or stands in the archive.
 */
#ifndef PAB_TREE_EXTRACT_H
#define PAB_TREE_EXTRACT_H

#include <pthread.h>
#include <stdatomic.h>
#include <sys/types.h>
#include "core/tree/entry.h"
#include "core/tree/hashes.h"
#include "core/tree/tar.h"
#include "core/tree/tree_reader.h"

#define PAB_X_BATCHES 6u
#define PAB_X_FILES 64u
#define PAB_X_BUFFER (512u << 10)
#define PAB_X_SMALL (256u << 10)   /* larger files are written by the calling thread as they come */
#define PAB_X_HELD 64u             /* folders of the way down that are held open */

struct pab_xmeta {
    uint32_t mode, uid, gid;
    int64_t mtime_ns, atime_ns;
};

/* What becomes of a folder when nobody needs it any more. */
enum pab_xend { PAB_X_LEAVE, PAB_X_TIMES, PAB_X_ALL };

struct pab_xdir {
    atomic_uint refs;
    int fd;                  /* -1: a lead that is not needed yet, or let go to save fds */
    int lead;                /* made only when something below it is; left alone when it is there */
    int inherits;            /* new files get a group or an ACL from it: their own must always be set */
    enum pab_xend end;
    struct pab_xmeta meta;
    struct pab_xattr_list xattrs;
    char *path;              /* below the destination; "" is the destination itself */
};

struct pab_xfile {
    struct pab_xdir *dir;
    const char *name;        /* in the batch's names once it is complete */
    struct pab_xmeta meta;
    size_t name_at, data, size, xattr, xattr_count;
};

struct pab_xtract;
struct pab_xbatch {
    struct pab_xtract *x;
    struct pab_xbatch *next;
    unsigned count;
    struct pab_xfile files[PAB_X_FILES];
    struct pab_buf names;
    char *buffer;
    size_t used;
    struct pab_xattr_list xattrs;
};

struct pab_xtract {
    struct pab_extract *what;
    const struct pab_tree_warnings *warnings;
    struct pab_tar *tar;
    int root;
    int set_owner, keep_old;
    mode_t mask;             /* the process's umask */
    uid_t uid;
    gid_t gid;
    struct { struct pab_xdir **items; size_t count, capacity; } way;
    struct pab_hashes finished;  /* folders whose times are already set: coming back must not change them */
    struct pab_pool *pool;
    struct pab_xbatch *batches[PAB_X_BATCHES];
    struct pab_xbatch *current;
    pthread_mutex_t lock;    /* the rest is under it */
    pthread_cond_t freed;
    struct pab_xbatch *free_batches;
    unsigned working;        /* batches with the workers */
    struct pab_error error;  /* the first failure of a worker */
    atomic_int failed;
};

/* extract_meta.c */
/* Sets all of it; `created`: the mode it was made with, so that nothing is set twice, or -1. */
int pab_xmeta_set(struct pab_xtract *x, int fd, const struct pab_xdir *dir, const char *name, const struct pab_xmeta *m,
                  const struct pab_xattr *xattrs, size_t xattr_count, int64_t created, struct pab_error *err);
int pab_xmeta_set_times(int fd, const struct pab_xmeta *m);
void pab_xmeta_from_entry(struct pab_xmeta *m, const struct pab_entry *e, const struct pab_xtract *x);
/* Something lies at dir/name: moved to NAME.pab-old, or removed. */
int pab_x_make_room(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, struct pab_error *err);
/* "cannot VERB 'DIR/NAME'": for the current errno or `os_errno`. */
int pab_x_fail(const struct pab_xdir *dir, const char *name, const char *verb, int os_errno, struct pab_error *err);
char *pab_x_path(const struct pab_xdir *dir, const char *name);
void pab_x_warn(struct pab_xtract *x, const struct pab_xdir *dir, const char *name, const char *message, int os_errno);

/* extract_dirs.c */
int pab_xdirs_start(struct pab_xtract *x, struct pab_error *err);
/* The folder that holds `path`, made when it is missing; *ret_name points into path. Stays the way's. */
int pab_xdirs_parent(struct pab_xtract *x, const char *path, struct pab_xdir **ret, const char **ret_name, struct pab_error *err);
int pab_xdirs_make(struct pab_xtract *x, const char *path, const struct pab_entry *e, int lead, struct pab_error *err);
/* Lets go of all of them, deepest first. After a failure with `finish` 0: without setting anything. */
int pab_xdirs_finish(struct pab_xtract *x, int finish, struct pab_error *err);
/* The last one sets the metadata; a failure is the extraction's. */
void pab_xdir_unref(struct pab_xtract *x, struct pab_xdir *d);
void pab_x_set_failed(struct pab_xtract *x, const struct pab_error *e);

/* extract_file.c */
int pab_xfiles_start(struct pab_xtract *x, struct pab_error *err);
int pab_xfile_add(struct pab_xtract *x, struct pab_xdir *dir, const char *name, const struct pab_entry *e, struct pab_error *err);
void pab_xfiles_drain(struct pab_xtract *x);   /* until every batch is written */
void pab_xfiles_release(struct pab_xtract *x);

#endif
