/* walk_order.c - see walk_order.h. The way down is a stack of frames; only the lowest PAB_WALK_HELD folders are held open,
 * those above are opened again by their path (and checked to be the same) when the way comes back to them. */
#include "core/tree/walk_order.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/glob.h"
#include "core/base/vec.h"
#include "core/tree/beneath.h"

enum verdict { LEAVE, LEAD, TAKE };

/* The descriptor of a folder that nobody needs any more, to be closed; or -1. */
static int let_go(struct pab_wdir *d)
{
    if (!d || --d->refs) return -1;
    int fd = d->fd;
    free(d->path);
    free(d);
    return fd;
}

static void unref(struct pab_wdir *d)
{
    CLEANUP_CLOSE int fd = let_go(d);
}

static uint32_t entry_type(unsigned char type)
{
    switch (type) {
    case DT_DIR: return PAB_TYPE_DIR;
    case DT_LNK: return PAB_TYPE_SYMLINK;
    case DT_FIFO: return PAB_TYPE_FIFO;
    case DT_CHR: return PAB_TYPE_CHAR;
    case DT_BLK: return PAB_TYPE_BLOCK;
    default: return PAB_TYPE_FILE;
    }
}

/* What the patterns and the filter say of w->path, whose last component begins at `name`, below the root.
 * `all`: a folder above was taken whole. */
static enum verdict judge(const struct pab_walker *w, size_t name, unsigned char type, int all)
{
    const struct pab_walk *k = w->walk;
    const char *path = w->path.data + w->skip;
    int is_dir = type == DT_DIR;
    enum verdict v = TAKE;
    name -= w->skip;
    for (uint32_t i = 0; i < k->exclude_count; i++)
        if (pab_glob_match_name(&w->exclude[i], path, name, is_dir)) return LEAVE;
    if (!all && k->only) {
        v = LEAVE;
        for (uint32_t i = 0; i < k->only_count && v != TAKE; i++) {
            if (pab_glob_match_name(&w->only[i], path, name, is_dir)) v = TAKE;
            else if (is_dir && pab_glob_may_contain(&w->only[i], path)) v = LEAD;
        }
    }
    if (v != LEAVE && k->filter && !k->filter(k->filter_ctx, path, entry_type(type))) return LEAVE;
    return v;
}

static int has_patterns(const struct pab_walk *k) { return k->exclude_count || k->only || k->filter; }

static struct pab_glob *take_apart(const char *const *patterns, uint32_t n)
{
    struct pab_glob *g = n ? pab_alloc_array(n, sizeof *g) : NULL;
    for (uint32_t i = 0; i < n; i++) pab_glob_compile(patterns[i], &g[i]);
    return g;
}

void pab_walk_order_begin(struct pab_walker *w)
{
    w->exclude = take_apart(w->walk->exclude, w->walk->exclude_count);
    w->only = take_apart(w->walk->only, w->walk->only ? w->walk->only_count : 0);
}

/* The way comes back to a folder that was let go. */
static int hold_again(struct pab_walker *w, struct pab_wframe *f)
{
    struct stat st;
    if (f->dir) return 0;
    CLEANUP_CLOSE int fd = pab_open_dir_beneath(w->root, strlen(f->path) > w->skip ? f->path + w->skip : "");
    if (fd < 0 || fstat(fd, &st) || st.st_ino != f->inode || st.st_dev != f->device) return -1;
    f->dir = pab_alloc(sizeof *f->dir);
    *f->dir = (struct pab_wdir){ .fd = TAKE_FD(fd), .refs = 1, .device = st.st_dev, .inode = st.st_ino, .path = pab_strdup(f->path) };
    return 0;
}

static void push(struct pab_walker *w, struct pab_wdir *dir, int all)
{
    struct pab_wframe f = { .dir = dir, .device = dir->device, .inode = dir->inode, .path = pab_strdup(dir->path), .all = all };
    dir->refs++;
    PAB_PUSH(&w->frames, f);
    if (w->frames.count <= PAB_WALK_HELD) return;
    struct pab_wframe *above = &w->frames.items[w->frames.count - 1 - PAB_WALK_HELD];
    if (above->list.more) return; /* its place in the list would be lost */
    unref(TAKE_PTR(above->dir));
}

static void pop(struct pab_walker *w)
{
    struct pab_wframe *f = &w->frames.items[--w->frames.count];
    pab_names_release(&f->list.others);
    pab_names_release(&f->list.dirs);
    unref(f->dir);
    free(f->path);
}

void pab_walk_order_release(struct pab_walker *w)
{
    while (w->frames.count) pop(w);
    free(w->frames.items);
    free(w->exclude);
    free(w->only);
}

void pab_walk_clear(struct pab_wslot *s)
{
    for (unsigned i = 0; i < s->count; i++) {
        int fd = let_go(TAKE_PTR(s->files[i].dir));
        if (fd >= 0) s->closing[s->closings++] = fd;
    }
    s->first = s->count = s->done = s->folders = 0;
    pab_buf_clear(&s->names);
}

/* Of what was found, what the parent has under w->path. */
static struct pab_base_entry *known(struct pab_walker *w) { return w->base ? pab_base_find(w->base, pab_buf_str(&w->path), &w->near) : NULL; }

/* Adds the folder itself (whose reference becomes the slot's), and unless it cannot be read or is another filesystem its frame. */
static void enter(struct pab_walker *w, struct pab_wslot *s, struct pab_wdir *dir, const struct stat *st, enum verdict v)
{
    pab_walk_path(w, dir, "");
    s->files[s->count++] = (struct pab_wfile){ .dir = dir, .type = DT_DIR, .st = *st, .lead = v == LEAD, .known = v == LEAD ? NULL : known(w) };
    s->folders++;
    if (dir->fd < 0) return;
    int foreign = w->frames.count && st->st_dev != w->frames.items[0].device && w->walk->flags & PAB_WALK_ONE_FILESYSTEM;
    if (!foreign) push(w, dir, v == TAKE);
}

static struct pab_wdir *new_dir(int fd, const struct stat *st, const char *path)
{
    struct pab_wdir *d = pab_alloc(sizeof *d);
    *d = (struct pab_wdir){ .fd = fd, .refs = 1, .device = st->st_dev, .inode = st->st_ino, .path = pab_strdup(path) };
    return d;
}

/* Only now that the names stay where they are. */
static void name_files(struct pab_wslot *s)
{
    const char *name = s->names.data;
    for (unsigned i = 0; i < s->count; i++) {
        struct pab_wfile *f = &s->files[i];
        f->name = f->type == DT_DIR ? "" : name;
        if (f->type != DT_DIR) name += strlen(name) + 1;
    }
}

int pab_walk_start(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    struct stat st;
    if (fstat(w->root, &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot read the folder '%s'", w->walk->root);
    int fd = fcntl(w->root, F_DUPFD_CLOEXEC, 3);
    if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot read the folder '%s'", w->walk->root);
    const char *prefix = w->walk->prefix ? w->walk->prefix : "";
    w->skip = *prefix ? strlen(prefix) + 1 : 0;
    enter(w, s, new_dir(fd, &st, prefix), &st, w->walk->only ? LEAD : TAKE);
    name_files(s);
    return PAB_OK;
}

/* A folder of the frame's list into the slot, if it is wanted. */
static void enter_name(struct pab_walker *w, struct pab_wslot *s, struct pab_wframe *f, const char *name)
{
    struct stat st;
    const char *path = pab_walk_path(w, f->dir, name);
    if (w->path.size > PAB_TREE_PATH_MAX) {
        pab_walk_warn(w, path, 0, "its path is too long, left out");
        return;
    }
    enum verdict v = has_patterns(w->walk) ? judge(w, w->path.size - strlen(name), DT_DIR, f->all) : TAKE;
    if (v == LEAVE) return;
    int os_errno = 0, fd = pab_walk_open(f->dir->fd, name, O_DIRECTORY);
    if (fd < 0) os_errno = errno;
    if (fd >= 0 ? fstat(fd, &st) : fstatat(f->dir->fd, name, &st, AT_SYMLINK_NOFOLLOW) || !S_ISDIR(st.st_mode)) {
        if (fd >= 0) close(fd);
        pab_walk_warn(w, path, 0, "vanished while the folder was read: left out");
        return;
    }
    enter(w, s, new_dir(fd, &st, path), &st, v);
    s->files[s->count - 1].os_errno = os_errno;
}

/* Copied: the list may be gone before the batch is. */
static void add_name(struct pab_walker *w, struct pab_wslot *s, struct pab_wdir *dir, const char *name, unsigned char type)
{
    if (pab_buf_add(&s->names, name, strlen(name) + 1)) return;
    s->files[s->count++] = (struct pab_wfile){ .dir = dir, .type = type, .known = known(w) };
    dir->refs++;
}

/* Names into the slot from the frame's list, as far as they are wanted and there is room. */
static void add_names(struct pab_walker *w, struct pab_wslot *s, unsigned most, struct pab_wframe *f)
{
    while (s->count < most && f->next_other < f->list.others.count) {
        const char *name = pab_names_get(&f->list.others, f->next_other);
        unsigned char type = pab_names_type(&f->list.others, f->next_other++);
        const char *path = pab_walk_path(w, f->dir, name);
        if (has_patterns(w->walk) && judge(w, w->path.size - strlen(name), type, f->all) != TAKE) continue;
        if (type == DT_SOCK) pab_walk_warn(w, path, 0, "is a socket, left out");
        else if (w->path.size > PAB_TREE_PATH_MAX) pab_walk_warn(w, path, 0, "its path is too long, left out");
        else add_name(w, s, f->dir, name, type);
    }
}

static void list(struct pab_walker *w, struct pab_wframe *f)
{
    f->next_other = f->next_dir = 0;
    if (pab_listing_read(&f->list, f->dir->fd, PAB_LISTING_BUDGET))
        pab_walk_warn(w, f->path[0] ? f->path : ".", errno, "cannot read the folder to its end");
    f->listed = 1;
}

int pab_walk_next(struct pab_walker *w, struct pab_wslot *s)
{
    uint64_t fitting = PAB_WALK_BUFFER * 3 / 4 / (w->average + 1);
    unsigned most = fitting < 2 ? 2 : fitting > PAB_WALK_NAMES ? PAB_WALK_NAMES : (unsigned)fitting;
    while (w->frames.count && s->count < most && s->folders < PAB_WALK_FOLDERS) {
        struct pab_wframe *f = &w->frames.items[w->frames.count - 1];
        if (hold_again(w, f)) {
            pab_walk_warn(w, f->path, 0, "the folder was moved while it was read: the rest of it is left out");
            pop(w);
            continue;
        }
        if (!f->listed) list(w, f);
        if (f->next_other < f->list.others.count) add_names(w, s, most, f);
        else if (f->next_dir < f->list.dirs.count) enter_name(w, s, f, pab_names_get(&f->list.dirs, f->next_dir++));
        else if (f->list.more) list(w, f);
        else pop(w);
    }
    name_files(s);
    return s->count ? PAB_OK : PAB_END;
}
