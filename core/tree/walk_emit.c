/* walk_emit.c - batches into the tree writer, in their order; see walk.h. */
#include <errno.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/tree/walk.h"

void pab_walk_warn(struct pab_walker *w, const char *path, int os_errno, const char *message)
{
    if (!os_errno) {
        pab_tree_warn(w->writer, path, message);
        return;
    }
    CLEANUP_FREE char *text = pab_sprintf("%s: %s", message, strerror(os_errno));
    pab_tree_warn(w->writer, path, text);
}

const char *pab_walk_path(struct pab_walker *w, const struct pab_wdir *dir, const char *name)
{
    pab_buf_clear(&w->path);
    if (dir->path[0]) {
        pab_buf_adds(&w->path, dir->path);
        pab_buf_addc(&w->path, '/');
    }
    pab_buf_adds(&w->path, name);
    return pab_buf_str(&w->path);
}

static int is_above(const char *dir, const char *path)
{
    size_t n = strlen(dir);
    return n == 0 || (!strncmp(dir, path, n) && path[n] == '/');
}

static void release_lead(struct pab_wlead *l)
{
    free(l->path);
    pab_xattr_list_release(&l->xattrs);
}

/* The folders that lead to `path` and were not written yet are now; those of other ways are forgotten. */
static int put_leads(struct pab_walker *w, const char *path, int write, struct pab_error *err)
{
    while (w->leads.count && !is_above(w->leads.items[w->leads.count - 1].path, path)) release_lead(&w->leads.items[--w->leads.count]);
    int rc = PAB_OK;
    for (size_t i = 0; write && i < w->leads.count; i++) {
        struct pab_wlead *l = &w->leads.items[i];
        struct pab_entry e;
        if (!rc && l->path[0] && !pab_entry_from_stat(&e, &l->st)) {
            e.path = l->path;
            e.xattr_count = l->xattrs.count;
            e.xattrs = pab_xattr_list_view(&l->xattrs, 0, l->xattrs.count);
            rc = pab_tree_put(w->writer, &e, NULL, NULL, err);
            w->walk->matched++;
        }
        release_lead(l);
    }
    if (write) w->leads.count = 0;
    return rc;
}

static int add_lead(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    int rc = put_leads(w, s->dir->path, 0, err);
    if (rc) return rc;
    struct pab_wlead l = { .path = pab_strdup(s->dir->path), .st = s->files[0].st, .xattrs = s->xattrs };
    s->xattrs = (struct pab_xattr_list){ 0 };
    PAB_PUSH(&w->leads, l);
    return PAB_OK;
}

/* The path under which this very file was written before, in *e; or its inode is remembered for later names. */
static int as_link(struct pab_walker *w, struct pab_entry *e, const struct stat *st)
{
    if (e->type == PAB_TYPE_DIR || st->st_nlink < 2) return 0;
    const char *earlier = pab_links_find(w->links, st->st_dev, st->st_ino);
    if (earlier) {
        e->type = PAB_TYPE_HARDLINK;
        e->link = earlier;
        e->size = 0;
        e->extents = NULL;
        e->xattr_count = 0;
        return 1;
    }
    if (pab_links_add(w->links, st->st_dev, st->st_ino, e->path) && !w->links_full) {
        w->links_full = 1;
        pab_tree_warn(w->writer, e->path, "too many hard links to remember: some are stored as files of their own");
    }
    return 0;
}

int pab_walk_put(struct pab_walker *w, struct pab_entry *e, const struct stat *st, const void *data, const char *sha256, int *ret_link, struct pab_error *err)
{
    int is_link = as_link(w, e, st);
    if (ret_link) *ret_link = is_link;
    int rc = w->leads.count ? put_leads(w, e->path, 1, err) : PAB_OK;
    if (rc) return rc;
    if (strcmp(e->path, ".")) w->walk->matched++;
    if (ret_link && !is_link) return pab_tree_writer_entry(w->writer, e, err);
    return pab_tree_put(w->writer, e, data, sha256, err);
}

static void warn_about(struct pab_walker *w, const char *path, const struct pab_wfile *f)
{
    if (f->no_xattrs) pab_walk_warn(w, path, 0, "its extended attributes could not be read and are left out");
    if (f->grew) pab_walk_warn(w, path, 0, "file grew while it was read: cut at the size it had");
    if (f->shrank) pab_walk_warn(w, path, 0, "file shrank while it was read: filled with zeros");
}

static int emit_one(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err)
{
    struct pab_entry e;
    if (f->state == PAB_W_LARGE) return pab_walk_large(w, s, f, err);
    const char *path = pab_walk_path(w, s->dir, f->name);
    if (f->state == PAB_W_GONE) return pab_walk_warn(w, path, 0, "vanished while the folder was read: left out"), PAB_OK;
    if (f->state == PAB_W_FAILED) return pab_walk_warn(w, path, f->os_errno, "cannot be read, left out"), PAB_OK;
    if (pab_entry_from_stat(&e, &f->st)) return PAB_OK;
    warn_about(w, path, f);
    e.path = path;
    e.xattr_count = f->xattr_count;
    e.xattrs = pab_xattr_list_view(&s->xattrs, f->xattr, f->xattr_count);
    if (e.type == PAB_TYPE_SYMLINK) e.link = s->buffer + f->data;
    return pab_walk_put(w, &e, &f->st, s->buffer + f->data, f->sha256, NULL, err);
}

static int emit_dir(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    struct pab_wfile *f = &s->files[0];
    struct pab_entry e;
    if (s->lead) return add_lead(w, s, err);
    pab_entry_from_stat(&e, &f->st);
    e.path = s->dir->path[0] ? s->dir->path : ".";
    e.xattr_count = f->xattr_count;
    e.xattrs = pab_xattr_list_view(&s->xattrs, 0, f->xattr_count);
    warn_about(w, e.path, f);
    if (f->os_errno) pab_walk_warn(w, e.path, f->os_errno, "cannot read the folder, its content is left out");
    return pab_walk_put(w, &e, &f->st, NULL, NULL, NULL, err);
}

/* What was read of the batch so far. */
int pab_walk_emit(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    if (s->is_dir) return emit_dir(w, s, err);
    int rc = PAB_OK;
    for (unsigned i = s->first; i < s->done && !rc; i++) {
        if (w->cancelled && w->cancelled(w->cancel_ctx)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        rc = emit_one(w, s, &s->files[i], err);
        if (s->files[i].state == PAB_W_READ && s->files[i].type == DT_REG) w->average = (w->average * 15 + (uint64_t)s->files[i].st.st_size) / 16;
    }
    return rc;
}
