/* base.h - what an incremental tree is compared with: the index of its parent, in memory, found by path.
 *
 *     pab_base_load(index_source, parent_started_ns, &b, err);
 *     r = pab_base_find(b, "a/b", &near);
 *     if (r && pab_base_unchanged(b, r, &st)) ...     // nothing of it need be read
 *     pab_base_free(b);
 *
 * Takes about 150 bytes an entry and its path.  The index of a walk is in pab_tree_order() already, so that a walk which asks
 * for one path after the other finds it where it looked last; only for an index in another order a table is made.
 */
#ifndef PAB_TREE_BASE_H
#define PAB_TREE_BASE_H

#include <sys/stat.h>
#include "core/base/buf.h"
#include "core/base/error.h"
#include "core/stream/reader.h"

/* A file whose ctime is no older than this before the parent's run may have been changed again, within one tick of the
 * clock, after the parent had read it: it is read again. */
#define PAB_BASE_SETTLED_NS INT64_C(2000000000)

enum pab_base_state {
    PAB_BASE_GONE,        /* until it is met in the new tree */
    PAB_BASE_WRITTEN,     /* is there, and its content is stored again */
    PAB_BASE_REPLACED,    /* likewise, but it is of another type: who unpacks by hand must remove the old one */
    PAB_BASE_KEPT,        /* is there with the content it had: names of the same file stay as they are */
};

struct pab_base_entry {
    uint32_t type, mode, uid, gid;
    uint64_t path, link;         /* places in the base's text; link 0: none */
    uint64_t size, inode;
    int64_t mtime_ns, ctime_ns;
    uint32_t header, content;    /* how many backups before the parent they are stored */
    char sha256[65];             /* "": not known */
    unsigned char state, twice;  /* twice: the path was there before, so nothing is known of it */
};

struct pab_base;
int pab_base_load(struct pab_source *index, int64_t parent_started_ns, struct pab_base **ret, struct pab_error *err);
void pab_base_free(struct pab_base *b);
/* NULL: not there. The members but `state` never change.  *near (may be NULL; 0 at first) is the caller's: the place where the
 * path is looked for first, and afterwards the one behind it. */
struct pab_base_entry *pab_base_find(const struct pab_base *b, const char *path, size_t *near);
const char *pab_base_link(const struct pab_base *b, const struct pab_base_entry *r); /* NULL: none */
/* Type, size, mtime, ctime, inode, owner and mode are what they were, long enough before the parent was made. */
int pab_base_unchanged(const struct pab_base *b, const struct pab_base_entry *r, const struct stat *st);
/* 0: an entry that stood behind it in the parent was already taken.  Then this one is stored again, because the tars that a
 * tree is made of are read side by side, each in one pass. */
int pab_base_take_in_order(struct pab_base *b, const struct pab_base_entry *r);
/* The entries that are PAB_BASE_GONE or PAB_BASE_REPLACED, in the index's order. */
int pab_base_each_gone(const struct pab_base *b, int (*gone)(void *ctx, const char *path, enum pab_base_state state), void *ctx);

#endif
