/* tree_writer.h - a tree artifact being written: a pax tar stream and its mtree index.
 *
 * Entries come from a walk (walk.h), a tar stream (from_tar.h) or one by one:
 *
 *     pab_tree_writer_open(tar_writer, index_writer, &warnings, &t, err);
 *     pab_tree_writer_entry(t, &entry, err);  pab_tree_writer_data(t, p, n, err);   // exactly the entry's data bytes
 *     pab_tree_writer_finish(t, &counts, err);                                      // or pab_tree_writer_free(t)
 *
 * tar: pax interchange format (POSIX.1-2001) as libarchive writes it: nanosecond times, long names, user and group
 * names, SCHILY.xattr.* for extended attributes and ACLs, GNU.sparse 1.0 for holes.  GNU tar and bsdtar restore it.
 * index: mtree(5) as bsdtar --format=mtree writes it, one line an entry in the order of the tar:
 * type mode uid gid size time link sha256digest, and our own keywords inode and ctime for incremental runs.
 *
 * The two pab_writer stay the caller's, to finish or abort.
 */
#ifndef PAB_TREE_WRITER_H
#define PAB_TREE_WRITER_H

#include "core/stream/writer.h"

struct pab_tree_counts {
    uint64_t files, dirs, links, others, bytes;    /* of the whole tree; links: symbolic and hard */
    uint64_t kept, metadata, deleted;              /* of an incremental one: entries not stored again, without their content, no more there */
};

/* What was not as it should be but did not stop the work ("file shrank while it was read"). */
struct pab_tree_warnings {
    void (*warn)(void *ctx, const char *path, const char *message);
    void *ctx;
};

struct pab_tree_writer;
int pab_tree_writer_open(struct pab_writer *tar, struct pab_writer *index, const struct pab_tree_warnings *w, struct pab_tree_writer **ret, struct pab_error *err);
/* Makes it incremental: what is as in the parent's index (base.h) is only listed. To be called before the first entry; the
 * base stays the caller's. */
struct pab_base;
void pab_tree_writer_set_base(struct pab_tree_writer *t, struct pab_base *base);
int pab_tree_writer_entry(struct pab_tree_writer *t, const struct pab_entry *e, struct pab_error *err);
int pab_tree_writer_data(struct pab_tree_writer *t, const void *p, uint64_t n, struct pab_error *err);
int pab_tree_writer_finish(struct pab_tree_writer *t, struct pab_tree_counts *ret, struct pab_error *err); /* frees t */
void pab_tree_writer_free(struct pab_tree_writer *t);

/* A walk below walk->root with parallel read-ahead; see struct pab_walk in pab_plugin.h.  Files are opened with *at calls
 * from held directory fds and never through symlinks.  A file that grows is cut at the size it had, one that shrinks is
 * filled with zeros, one that vanishes is left out: each with a warning; the artifact stays well-formed.
 * `cancelled` (may be NULL) is asked between files. */
int pab_tree_walk(struct pab_tree_writer *t, struct pab_walk *walk, int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err);

/* A whole tar stream (Docker's archive API) into the tree: sizes of members and the closing zero blocks are checked. */
int pab_tree_from_tar(struct pab_tree_writer *t, pab_read_fn read, void *ctx, uint32_t strip, struct pab_error *err);

#endif
