/* entry.c - see entry.h. */
#include "core/tree/entry.h"

#include <string.h>
#include <sys/sysmacros.h>
#include "core/base/str.h"
#include "core/base/cleanup.h"
#include "core/tree/text.h"

int pab_tree_path_ok(const char *path)
{
    if (path[0] == '.' && !path[1]) return 1;
    const char *p = path;
    for (;;) {
        const char *end = strchrnul(p, '/');
        size_t n = (size_t)(end - p);
        if (n == 0 || (p[0] == '.' && (n == 1 || (n == 2 && p[1] == '.')))) return 0;
        if (!*end) return (size_t)(end - path) <= PAB_TREE_PATH_MAX;
        p = end + 1;
    }
}

int pab_tree_path_clean(char *path, size_t size)
{
    if (path[0] == '/' || size != strlen(path)) return -1;
    char *out = path;
    for (const char *p = path; *p;) {
        const char *end = strchrnul(p, '/');
        size_t n = (size_t)(end - p);
        if (n == 2 && p[0] == '.' && p[1] == '.') return -1;
        if (n != 0 && !(n == 1 && p[0] == '.')) {
            if (out != path) *out++ = '/';
            memmove(out, p, n);
            out += n;
        }
        p = *end ? end + 1 : end;
    }
    if (out == path) {
        if (size == 0) return -1;
        *out++ = '.';
    }
    *out = '\0';
    return (size_t)(out - path) <= PAB_TREE_PATH_MAX ? 0 : -1;
}

int pab_tree_order(const char *a, int a_dir, const char *b, int b_dir)
{
    size_t name = 0, i = 0;
    if (a[0] == '.' && !a[1]) a++;
    if (b[0] == '.' && !b[1]) b++;
    for (; a[i] && a[i] == b[i]; i++)
        if (a[i] == '/') name = i + 1;
    if (a[i] == b[i]) return a_dir - b_dir;
    if (!a[i] && (b[i] == '/' || i == 0)) return -1; /* a is above b */
    if (!b[i] && (a[i] == '/' || i == 0)) return 1;
    a_dir |= strchr(a + name, '/') != NULL;
    b_dir |= strchr(b + name, '/') != NULL;
    if (a_dir != b_dir) return a_dir - b_dir;
    /* "a" before "a-b": the slash that follows a folder is the end of its name */
    unsigned char x = a[i] == '/' ? 0 : (unsigned char)a[i], y = b[i] == '/' ? 0 : (unsigned char)b[i];
    return x < y ? -1 : 1;
}

uint64_t pab_entry_stored(const struct pab_entry *e)
{
    if (e->type != PAB_TYPE_FILE) return 0;
    if (!e->extents) return e->size;
    uint64_t sum = 0;
    for (uint64_t i = 0; i < e->extent_count; i++) sum += e->extents[i].length;
    return sum;
}

static int check_extents(const struct pab_entry *e)
{
    uint64_t end = 0;
    for (uint64_t i = 0; i < e->extent_count; i++) {
        const struct pab_extent *x = &e->extents[i];
        if (x->offset < end || x->offset > e->size || x->length > e->size - x->offset) return -1;
        end = x->offset + x->length;
    }
    return 0;
}

int pab_entry_check(const struct pab_entry *e, struct pab_error *err)
{
    const char *why = NULL;
    int needs_link = e->type == PAB_TYPE_SYMLINK || e->type == PAB_TYPE_HARDLINK;
    if (!e->path || !pab_tree_path_ok(e->path)) why = "its path is not a plain relative one";
    else if (e->type < PAB_TYPE_FILE || e->type > PAB_TYPE_BLOCK) why = "its type is unknown";
    else if (e->path[0] == '.' && !e->path[1] && e->type != PAB_TYPE_DIR) why = "the root can only be a folder";
    else if (needs_link && (!e->link || !e->link[0])) why = "it has no link target";
    else if (e->type == PAB_TYPE_SYMLINK && strlen(e->link) > PAB_TREE_LINK_MAX) why = "its link target is too long";
    else if (e->type == PAB_TYPE_HARDLINK && !pab_tree_path_ok(e->link)) why = "its link target is not a plain relative path";
    else if (e->type == PAB_TYPE_FILE && e->size > INT64_MAX) why = "its size is beyond all bounds";
    else if (e->type == PAB_TYPE_FILE && e->extents && check_extents(e)) why = "its data regions overlap or lie outside it";
    if (!why) return PAB_OK;
    CLEANUP_FREE char *name = pab_str_printable(e->path ? e->path : "");
    return pab_error_set(err, PAB_E_USAGE, 0, "cannot archive '%s': %s", name, why);
}

static int64_t time_ns(const struct timespec *t) { return (int64_t)t->tv_sec * PAB_NS + t->tv_nsec; }

int pab_entry_from_stat(struct pab_entry *e, const struct stat *st)
{
    uint32_t type;
    switch (st->st_mode & S_IFMT) {
    case S_IFREG: type = PAB_TYPE_FILE; break;
    case S_IFDIR: type = PAB_TYPE_DIR; break;
    case S_IFLNK: type = PAB_TYPE_SYMLINK; break;
    case S_IFIFO: type = PAB_TYPE_FIFO; break;
    case S_IFCHR: type = PAB_TYPE_CHAR; break;
    case S_IFBLK: type = PAB_TYPE_BLOCK; break;
    default: return -1;
    }
    *e = (struct pab_entry){
        .struct_size = sizeof *e, .type = type, .mode = st->st_mode & 07777, .uid = st->st_uid, .gid = st->st_gid,
        .size = type == PAB_TYPE_FILE ? (uint64_t)st->st_size : 0, .inode = st->st_ino,
        .mtime_ns = time_ns(&st->st_mtim), .ctime_ns = time_ns(&st->st_ctim),
    };
    if (type == PAB_TYPE_CHAR || type == PAB_TYPE_BLOCK) {
        e->dev_major = major(st->st_rdev);
        e->dev_minor = minor(st->st_rdev);
    }
    return 0;
}
