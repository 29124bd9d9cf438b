/* walk.h - what the parts of a walk share.
 *
 *   walk.c       the order: which folder and which names come next, what the patterns say
 *   walk_read.c  worker threads: a batch of names is opened, read and hashed
 *   walk_emit.c  the calling thread: batches, in their order, into the tree writer
 *   walk_large.c files that are too large for a batch, or sparse: streamed
 *
 * Batches lie in a ring of slots; the calling thread fills slots with names (of several folders when they are small), workers
 * fill them with content, the calling thread takes them out.  A folder comes before what is in it, its plain names before its
 * folders, each sorted by bytes: pab_tree_order().
 */
#ifndef PAB_TREE_WALK_H
#define PAB_TREE_WALK_H

#include <pthread.h>
#include <sys/stat.h>
#include "core/base/glob.h"
#include "core/stream/hash.h"
#include "core/tree/base.h"
#include "core/tree/entry.h"
#include "core/tree/links.h"
#include "core/tree/listing.h"
#include "core/tree/writer.h"

#define PAB_WALK_SLOTS 8u
#define PAB_WALK_NAMES 64u             /* names in a batch, at most */
#define PAB_WALK_FOLDERS 16u           /* of which so many may be folders: each is held open */
#define PAB_WALK_BUFFER (512u << 10)   /* content of a batch */
#define PAB_WALK_SMALL (256u << 10)    /* larger files are streamed */
#define PAB_WALK_HELD 64u              /* folders of the way down that are held open */

/* A folder, shared by the way down and the batches read from it. Only the calling thread counts the references. */
struct pab_wdir {
    int fd;
    unsigned refs;
    dev_t device;
    ino_t inode;
    char *path;              /* inside the artifact; "" for the root */
};

enum pab_wstate {
    PAB_W_READ,              /* content, or link target, is there */
    PAB_W_LARGE,             /* to be streamed */
    PAB_W_SAME,              /* as in the parent: not read */
    PAB_W_GONE,              /* vanished, or became something else */
    PAB_W_FAILED,            /* os_errno says why */
};
struct pab_wfile {
    struct pab_wdir *dir;    /* that it is in; a folder's own */
    const char *name;        /* into the slot's names; a folder's "" */
    unsigned char type;      /* DT_ */
    unsigned char state;
    unsigned char lead;      /* a folder that is only taken when something below it is */
    unsigned char grew, shrank, no_xattrs;
    int os_errno;
    struct stat st;
    size_t data;             /* offset of the content or the link target in the slot's buffer */
    size_t xattr, xattr_count;
    char sha256[65];
    struct pab_base_entry *known; /* what the parent has under this path, or NULL */
};

struct pab_walker;
struct pab_wslot {
    struct pab_walker *walker;
    unsigned first, count;   /* files[first..count) are asked for */
    unsigned done;           /* ... of which those before this one are there */
    unsigned folders;
    int busy;                /* with a worker; under the walker's lock */
    struct pab_wfile files[PAB_WALK_NAMES];
    int closing[PAB_WALK_NAMES]; /* folders that nobody needs any more: the worker closes them */
    unsigned closings;
    struct pab_buf names;
    char *buffer;            /* PAB_WALK_BUFFER bytes */
    size_t used;
    struct pab_xattr_list xattrs;
    struct pab_hash *hash;
};

struct pab_wframe {          /* one folder of the way down */
    struct pab_wdir *dir;    /* NULL: not held, to be opened again */
    struct pab_listing list;
    size_t next_other, next_dir;
    dev_t device;
    ino_t inode;
    char *path;              /* as the dir's */
    int listed, all;         /* all: what is in it need not be asked of `only` */
};

struct pab_wlead {           /* a folder that waits for something below it */
    char *path;
    struct stat st;
    struct pab_xattr_list xattrs;
};

struct pab_walker {
    struct pab_tree_writer *writer;
    struct pab_base *base;   /* the parent's index, or NULL */
    struct pab_walk *walk;
    int (*cancelled)(void *ctx);
    void *cancel_ctx;
    int root;
    struct pab_glob *exclude, *only;
    size_t near;             /* where the next name is looked for in the base */
    size_t skip;             /* length of the prefix and its slash: where the part that patterns see begins in a path */
    struct { struct pab_wframe *items; size_t count, capacity; } frames;
    struct { struct pab_wlead *items; size_t count, capacity; } leads;
    struct pab_wslot *slots[PAB_WALK_SLOTS];
    unsigned head, filled;   /* the ring: oldest slot, how many are in use */
    struct pab_pool *pool;
    pthread_mutex_t lock;
    pthread_cond_t ready;
    struct pab_links *links;
    int links_full;
    uint64_t average;        /* size of the files seen of late: how many names make a batch */
    struct pab_buf path;     /* scratch of walk_emit.c */
};

/* walk_read.c */
void pab_walk_read_batch(void *slot);             /* a pool's job */
void pab_walk_close(struct pab_wslot *s);         /* what is in s->closing */
/* The extended attributes alone, of what was not read. */
void pab_walk_read_xattrs(struct pab_wslot *s, struct pab_wfile *f);
/* Opens for reading without touching the access time where that is allowed; follows no link, waits for nothing. */
int pab_walk_open(int dirfd, const char *name, int flags);
int pab_walk_is_gone(int os_errno);  /* what an open says of a name that vanished or became something else */

/* walk_emit.c */
int pab_walk_emit(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err);
/* "DIR/NAME" in w->path, until the next call; DIR alone ("." for the root) when the name is "". */
const char *pab_walk_path(struct pab_walker *w, const struct pab_wdir *dir, const char *name);
void pab_walk_warn(struct pab_walker *w, const char *path, int os_errno, const char *message);
/* Puts an entry, or a hard link to an earlier name of the same file; counts it. data NULL: an entry whose data follows;
 * *ret_link says then whether it became a link. */
int pab_walk_put(struct pab_walker *w, struct pab_entry *e, const struct stat *st, const void *data, const char *sha256, int *ret_link, struct pab_error *err);

/* The same for a file whose content the parent has already. */
int pab_walk_put_metadata(struct pab_walker *w, struct pab_entry *e, const struct stat *st, struct pab_base_entry *r, struct pab_error *err);

/* walk_large.c */
int pab_walk_large(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err);

#endif
