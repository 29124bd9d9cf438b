/* mtree.h - lines of the index, mtree(5) as NetBSD and libarchive know it:
 *
 *     #mtree
 *     #ctime=1700000001.5
 *     ./a/b\040c type=file mode=0644 uid=0 gid=0 size=3 time=1700000000.123456789 inode=17 sha256digest=...
 *     #from=2,5
 *     ./same type=file ...
 *     #deleted=./gone
 *
 * Every path begins with "./" (the root is "."), so that no line changes the current folder.  Bytes that are not plain
 * are \ooo.  A hard link is type=file with link= the earlier path; symbolic links have link= their target.  device= is
 * "native,MAJOR,MINOR".  The ctime of the source, for incremental runs, stands in a comment before the line:
 * bsdtar fails on keywords that it does not know.  The index of an incremental tree lists the whole tree; `from` says
 * how many backups before this one the tar with the header of the entry lies, and the one with its content (none: both are
 * in this one), and `deleted`, at the end, what the parent had and is no more, or is of another type.
 */
#ifndef PAB_TREE_MTREE_H
#define PAB_TREE_MTREE_H

#include "core/base/buf.h"
#include "core/base/error.h"

#define PAB_MTREE_HEADER "#mtree\n"
#define PAB_MTREE_CTIME "#ctime="
#define PAB_MTREE_FROM "#from="
#define PAB_MTREE_DELETED "#deleted="

/* Appends a line, without its end when digest is PAB_MTREE_OPEN: " sha256digest=HEX\n" is then added by the caller.
 * PAB_OK or PAB_E_NOMEM. */
#define PAB_MTREE_OPEN 1
int pab_mtree_line(struct pab_buf *b, const struct pab_entry *e, int open);

/* Parses a line in place (it is cut into words); the strings of *e point into it. 1: an entry, 0: a comment or empty,
 * or a negative code with the reason in the message. `number` is the line's, for the message. */
int pab_mtree_parse(char *line, size_t size, uint64_t number, struct pab_entry *e, struct pab_error *err);
/* SECONDS[.NANOSECONDS], in place. 0 or -1. */
int pab_mtree_time(char *s, int64_t *ret);
/* HEADER,CONTENT. 0 or -1. */
int pab_mtree_layers(const char *s, uint32_t *ret_header, uint32_t *ret_content);
/* Appends the line that says so of the next entry, or of a path that is no more. PAB_OK or PAB_E_NOMEM. */
int pab_mtree_from(struct pab_buf *b, uint32_t header, uint32_t content);
int pab_mtree_deleted(struct pab_buf *b, const char *path);

#endif
