/* walk_emit.c - batches into the tree writer, in their order; see walk.h. */
#include <errno.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/tree/pax.h"
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
        if (*name) pab_buf_addc(&w->path, '/');
    } else if (!*name) {
        pab_buf_addc(&w->path, '.');
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

static int add_lead(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err)
{
    int rc = put_leads(w, f->dir->path, 0, err);
    if (rc) return rc;
    struct pab_wlead l = { .path = pab_strdup(f->dir->path), .st = f->st };
    const struct pab_xattr *x = pab_xattr_list_view(&s->xattrs, f->xattr, f->xattr_count);
    for (size_t i = 0; i < f->xattr_count && !rc; i++) rc = pab_xattr_list_add(&l.xattrs, x[i].name, x[i].value, x[i].size);
    PAB_PUSH(&w->leads, l);
    return rc ? pab_error_set(err, rc, 0, "not enough memory for the extended attributes of '%s'", f->dir->path) : PAB_OK;
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

static int announce(struct pab_walker *w, const struct pab_entry *e, struct pab_error *err)
{
    if (strcmp(e->path, ".")) w->walk->matched++;
    return w->leads.count ? put_leads(w, e->path, 1, err) : PAB_OK;
}

int pab_walk_put(struct pab_walker *w, struct pab_entry *e, const struct stat *st, const void *data, const char *sha256, int *ret_link, struct pab_error *err)
{
    int is_link = as_link(w, e, st);
    if (ret_link) *ret_link = is_link;
    int rc = announce(w, e, err);
    if (rc) return rc;
    if (ret_link && !is_link) return pab_tree_writer_entry(w->writer, e, err);
    return pab_tree_put(w->writer, e, data, sha256, err);
}

int pab_walk_put_metadata(struct pab_walker *w, struct pab_entry *e, const struct stat *st, struct pab_base_entry *r, struct pab_error *err)
{
    int is_link = as_link(w, e, st), rc = announce(w, e, err);
    if (rc) return rc;
    return is_link ? pab_tree_put(w->writer, e, NULL, NULL, err) : pab_tree_put_metadata(w->writer, e, r, err);
}

/* Another name of a file that came before: the same link as in the parent, to the content that it had? */
static int link_is_kept(struct pab_walker *w, const struct pab_entry *e, const struct pab_base_entry *r)
{
    const char *link = pab_base_link(w->base, r);
    if (r->type != PAB_TYPE_HARDLINK || strcmp(link, e->link)) return 0;
    const struct pab_base_entry *first = pab_base_find(w->base, link, NULL);
    return first && first->state == PAB_BASE_KEPT && pab_tree_may_take(w->writer, r);
}

/* Neither read nor written, unless it stands in another place now. */
static int emit_same(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err)
{
    struct pab_base_entry *r = f->known;
    struct pab_entry e;
    pab_entry_from_stat(&e, &f->st);
    e.path = pab_walk_path(w, f->dir, f->name);
    if (e.type == PAB_TYPE_SYMLINK) e.link = pab_base_link(w->base, r);
    int later_name = f->st.st_nlink > 1 && pab_links_find(w->links, f->st.st_dev, f->st.st_ino);
    if (!later_name && (r->type != e.type || !pab_tree_may_take(w->writer, r))) {
        f->known = NULL;
        pab_walk_read_xattrs(s, f);
        if (f->type == DT_REG) return pab_walk_large(w, s, f, err);
        e.xattr_count = f->xattr_count;
        e.xattrs = pab_xattr_list_view(&s->xattrs, f->xattr, f->xattr_count);
        return pab_walk_put(w, &e, &f->st, NULL, NULL, NULL, err);
    }
    int keep = !as_link(w, &e, &f->st) || link_is_kept(w, &e, r), rc = announce(w, &e, err);
    if (rc) return rc;
    return keep ? pab_tree_keep(w->writer, &e, r, err) : pab_tree_put(w->writer, &e, NULL, NULL, err);
}

/* Read all the same, and the content is what it was? A single block is rather stored again. */
static int only_metadata(struct pab_walker *w, const struct pab_wfile *f)
{
    const struct pab_base_entry *r = f->known;
    if (!r || f->type != DT_REG || r->type != PAB_TYPE_FILE || f->st.st_size <= PAB_TAR_BLOCK || f->grew || f->shrank) return 0;
    return r->size == (uint64_t)f->st.st_size && !strcmp(r->sha256, f->sha256) && pab_tree_may_take(w->writer, r);
}

static void warn_about(struct pab_walker *w, const char *path, const struct pab_wfile *f)
{
    if (f->no_xattrs) pab_walk_warn(w, path, 0, "its extended attributes could not be read and are left out");
    if (f->grew) pab_walk_warn(w, path, 0, "file grew while it was read: cut at the size it had");
    if (f->shrank) pab_walk_warn(w, path, 0, "file shrank while it was read: filled with zeros");
}

static int emit_dir(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err)
{
    struct pab_entry e;
    if (f->lead) return add_lead(w, s, f, err);
    pab_entry_from_stat(&e, &f->st);
    e.path = pab_walk_path(w, f->dir, "");
    if (f->os_errno) pab_walk_warn(w, e.path, f->os_errno, "cannot read the folder, its content is left out");
    if (f->state == PAB_W_SAME && pab_tree_may_take(w->writer, f->known)) {
        int rc = announce(w, &e, err);
        return rc ? rc : pab_tree_keep(w->writer, &e, f->known, err);
    }
    if (f->state == PAB_W_SAME) pab_walk_read_xattrs(s, f);
    e.xattr_count = f->xattr_count;
    e.xattrs = pab_xattr_list_view(&s->xattrs, f->xattr, f->xattr_count);
    warn_about(w, e.path, f);
    return pab_walk_put(w, &e, &f->st, NULL, NULL, NULL, err);
}

static int emit_one(struct pab_walker *w, struct pab_wslot *s, struct pab_wfile *f, struct pab_error *err)
{
    struct pab_entry e;
    if (f->type == DT_DIR) return emit_dir(w, s, f, err);
    if (f->state == PAB_W_LARGE) return pab_walk_large(w, s, f, err);
    if (f->state == PAB_W_SAME) return emit_same(w, s, f, err);
    const char *path = pab_walk_path(w, f->dir, f->name);
    if (f->state == PAB_W_GONE) return pab_walk_warn(w, path, 0, "vanished while the folder was read: left out"), PAB_OK;
    if (f->state == PAB_W_FAILED) return pab_walk_warn(w, path, f->os_errno, "cannot be read, left out"), PAB_OK;
    if (pab_entry_from_stat(&e, &f->st)) return PAB_OK;
    warn_about(w, path, f);
    e.path = path;
    e.xattr_count = f->xattr_count;
    e.xattrs = pab_xattr_list_view(&s->xattrs, f->xattr, f->xattr_count);
    if (e.type == PAB_TYPE_SYMLINK) e.link = s->buffer + f->data;
    if (only_metadata(w, f)) return pab_walk_put_metadata(w, &e, &f->st, f->known, err);
    return pab_walk_put(w, &e, &f->st, s->buffer + f->data, f->sha256, NULL, err);
}

/* What was read of the batch so far. */
int pab_walk_emit(struct pab_walker *w, struct pab_wslot *s, struct pab_error *err)
{
    int rc = PAB_OK;
    for (unsigned i = s->first; i < s->done && !rc; i++) {
        if (w->cancelled && w->cancelled(w->cancel_ctx)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        rc = emit_one(w, s, &s->files[i], err);
        if (s->files[i].state == PAB_W_READ && s->files[i].type == DT_REG) w->average = (w->average * 15 + (uint64_t)s->files[i].st.st_size) / 16;
    }
    return rc;
}
