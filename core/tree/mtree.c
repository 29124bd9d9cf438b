/* mtree.c - writing the lines of the index; see mtree.h. */
#include "core/tree/mtree.h"

#include <string.h>
#include "core/tree/text.h"

/* 1: needs an escape. What glob(7) or the syntax of the file knows, blanks, controls and everything beyond ASCII. */
static int special(unsigned char c)
{
    return c <= ' ' || c > '~' || c == '#' || c == '\\' || c == '=' || c == '*' || c == '?' || c == '[';
}

static char *put_escaped(char *p, const char *s)
{
    for (; *s; s++) {
        unsigned char c = (unsigned char)*s;
        if (special(c)) {
            *p++ = '\\';
            p = pab_put_octal(p, c, 3);
        } else {
            *p++ = (char)c;
        }
    }
    return p;
}

static char *put_path(char *p, const char *path)
{
    if (path[0] == '.' && !path[1]) return PAB_PUT_LITERAL(p, ".");
    return put_escaped(PAB_PUT_LITERAL(p, "./"), path);
}

static char *put_link(char *p, const struct pab_entry *e)
{
    p = PAB_PUT_LITERAL(p, " link=");
    return e->type == PAB_TYPE_HARDLINK ? put_path(p, e->link) : put_escaped(p, e->link);
}

int pab_mtree_line(struct pab_buf *b, const struct pab_entry *e, int open)
{
    static const char *const types[] = { "", "file", "dir", "link", "file", "fifo", "char", "block" }; /* by PAB_TYPE_ */
    int has_link = e->type == PAB_TYPE_SYMLINK || e->type == PAB_TYPE_HARDLINK;
    size_t user = e->user ? strlen(e->user) : 0, group = e->group ? strlen(e->group) : 0;
    if (pab_buf_reserve(b, 320 + 4 * (strlen(e->path) + (has_link ? strlen(e->link) : 0) + user + group))) return PAB_E_NOMEM;
    char *p = b->data + b->size;
    if (e->ctime_ns) {
        p = pab_put_time(PAB_PUT_LITERAL(p, PAB_MTREE_CTIME), e->ctime_ns);
        *p++ = '\n';
    }
    p = put_path(p, e->path);
    p = PAB_PUT_LITERAL(p, " type=");
    p = pab_put(p, types[e->type], strlen(types[e->type]));
    p = pab_put_octal(PAB_PUT_LITERAL(p, " mode="), e->mode & 07777, 4);
    p = pab_put_dec(PAB_PUT_LITERAL(p, " uid="), e->uid);
    p = pab_put_dec(PAB_PUT_LITERAL(p, " gid="), e->gid);
    if (user) p = put_escaped(PAB_PUT_LITERAL(p, " uname="), e->user);
    if (group) p = put_escaped(PAB_PUT_LITERAL(p, " gname="), e->group);
    if (e->type == PAB_TYPE_FILE) p = pab_put_dec(PAB_PUT_LITERAL(p, " size="), e->size);
    p = pab_put_time(PAB_PUT_LITERAL(p, " time="), e->mtime_ns);
    if (has_link) p = put_link(p, e);
    if (e->type == PAB_TYPE_CHAR || e->type == PAB_TYPE_BLOCK) {
        p = pab_put_dec(PAB_PUT_LITERAL(p, " device=native,"), e->dev_major);
        *p++ = ',';
        p = pab_put_dec(p, e->dev_minor);
    }
    if (e->inode) p = pab_put_dec(PAB_PUT_LITERAL(p, " inode="), e->inode);
    if (!open) *p++ = '\n';
    b->size = (size_t)(p - b->data);
    return PAB_OK;
}

int pab_mtree_from(struct pab_buf *b, uint32_t header, uint32_t content)
{
    if (pab_buf_reserve(b, sizeof PAB_MTREE_FROM + 24)) return PAB_E_NOMEM;
    char *p = pab_put_dec(PAB_PUT_LITERAL(b->data + b->size, PAB_MTREE_FROM), header);
    *p++ = ',';
    p = pab_put_dec(p, content);
    *p++ = '\n';
    b->size = (size_t)(p - b->data);
    return PAB_OK;
}

int pab_mtree_deleted(struct pab_buf *b, const char *path)
{
    if (pab_buf_reserve(b, sizeof PAB_MTREE_DELETED + 4 * strlen(path) + 3)) return PAB_E_NOMEM;
    char *p = put_path(PAB_PUT_LITERAL(b->data + b->size, PAB_MTREE_DELETED), path);
    *p++ = '\n';
    b->size = (size_t)(p - b->data);
    return PAB_OK;
}
