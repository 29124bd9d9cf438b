/* extract.c - a tar below a folder: what is selected, and everything that is neither file nor folder; see extract.h. */
#include "core/tree/extract.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/glob.h"
#include "core/base/str.h"
#include "core/tree/chain.h"
#include "core/tree/extract_special.h"

enum verdict { SKIP, LEAD, TAKE };

/* The path below the destination: without x->strip; NULL for what lies beside it. */
static const char *place_of(const struct pab_extract *what, const char *path)
{
    size_t n = what->strip ? strlen(what->strip) : 0;
    if (n == 0 || !strcmp(what->strip, ".")) return path;
    if (strncmp(path, what->strip, n)) return NULL;
    return path[n] == '/' ? path + n + 1 : path[n] ? NULL : ".";
}

static enum verdict by_pattern(const struct pab_extract *what, const char *path, int is_dir)
{
    enum verdict v = what->include ? SKIP : TAKE;
    for (uint32_t i = 0; what->include && i < what->include_count && v != TAKE; i++) {
        if (pab_glob_match(what->include[i], path, is_dir)) v = TAKE;
        else if (is_dir && (!strcmp(path, ".") || pab_glob_may_descend(what->include[i], path))) v = LEAD;
    }
    return v;
}

static enum verdict judge(const struct pab_extract *what, const struct pab_entry *e)
{
    int is_dir = e->type == PAB_TYPE_DIR;
    enum verdict v = by_pattern(what, e->path, is_dir);
    if (v == TAKE && what->filter && !what->filter(what->filter_ctx, e->path, e->type)) v = is_dir ? LEAD : SKIP;
    return v;
}

static int take_entry(struct pab_xtract *x, const struct pab_entry *e, struct pab_error *err)
{
    struct pab_extract *what = x->what;
    const char *place = place_of(what, e->path), *name;
    enum verdict v = place ? judge(what, e) : SKIP;
    struct pab_xdir *dir;
    if (v == SKIP) return PAB_OK;
    pab_test_point("restore-entry");
    if (e->type == PAB_TYPE_DIR) return pab_xdirs_make(x, place, e, v == LEAD, err);
    if (!strcmp(place, ".")) return pab_error_set(err, PAB_E_CORRUPT, 0, "'%s' is no folder, but the tree below it is to be restored", what->strip);
    int rc = pab_xdirs_parent(x, place, &dir, &name, err);
    if (rc) return rc;
    if (e->type == PAB_TYPE_FILE) rc = pab_xfile_add(x, dir, name, e, err);
    else if (e->type == PAB_TYPE_HARDLINK) /* what lies under a name that is not restored is not the file that was backed up */
        rc = pab_x_hardlink(x, dir, name, e, by_pattern(what, e->link, 0) == TAKE ? place_of(what, e->link) : NULL, err);
    else rc = pab_x_special(x, dir, name, e, err);
    if (rc) return rc;
    what->files++;
    what->bytes += pab_entry_stored(e);
    return PAB_OK;
}

static int run(struct pab_xtract *x, int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err)
{
    struct pab_entry e;
    int rc;
    while ((rc = pab_tar_next(x->tar, &e, err)) == PAB_OK) {
        if (cancelled && cancelled(cancel_ctx)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled");
        rc = take_entry(x, &e, err);
        if (rc || atomic_load(&x->failed)) break;
    }
    return rc == PAB_END ? PAB_OK : rc;
}

static mode_t current_umask(void)
{
    CLEANUP_FREE char *text = NULL;
    unsigned mask = 0777; /* when it cannot be known, every mode is set */
    if (pab_read_file(AT_FDCWD, "/proc/self/status", 64 << 10, &text, NULL, NULL)) return mask;
    const char *line = strstr(text, "\nUmask:");
    if (line && sscanf(line, "\nUmask: %o", &mask) != 1) mask = 0777;
    return mask & 0777;
}

static int extract(struct pab_xtract *x, int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err)
{
    int rc = pab_xdirs_start(x, err);
    if (!rc) rc = pab_xfiles_start(x, err);
    if (!rc) rc = run(x, cancelled, cancel_ctx, err);
    if (rc == PAB_E_CANCELLED) atomic_store(&x->failed, 1); /* what the workers have not begun they leave; before damage they end it */
    pab_xfiles_drain(x);
    int end = pab_xdirs_finish(x, rc == PAB_OK && !atomic_load(&x->failed), err);
    if (!rc) rc = end;
    if (!rc && x->error.code) {
        if (err) *err = x->error;
        rc = x->error.code;
    }
    pab_xfiles_release(x);
    return rc;
}

static int extract_tar(struct pab_tar *tar, struct pab_extract *what, const struct pab_tree_warnings *w,
                       int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err)
{
    struct pab_xtract x = {
        .what = what, .warnings = w, .uid = geteuid(), .gid = getegid(), .mask = current_umask(),
        .set_owner = geteuid() == 0 && !(what->flags & PAB_EXTRACT_NO_OWNER), .keep_old = what->flags & PAB_EXTRACT_KEEP_OLD,
    };
    CLEANUP_CLOSE int root = open(what->dest, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (root < 0) return pab_error_set(err, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "cannot open the folder '%s'", what->dest);
    x.tar = tar;
    x.root = root;
    what->files = what->bytes = 0;
    pthread_mutex_init(&x.lock, NULL);
    pthread_cond_init(&x.freed, NULL);
    int rc = extract(&x, cancelled, cancel_ctx, err);
    pthread_cond_destroy(&x.freed);
    pthread_mutex_destroy(&x.lock);
    return rc;
}

DEFINE_CLEANUP(tar, struct pab_tar, pab_tar_free)

int pab_tree_extract(struct pab_source *s, struct pab_extract *what, const struct pab_tree_warnings *w,
                     int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err)
{
    CLEANUP(pab_cleanup_tar) struct pab_tar *tar = NULL;
    struct pab_tar_input in = pab_tar_input_source(s);
    pab_tar_new(&in, &tar);
    return extract_tar(tar, what, w, cancelled, cancel_ctx, err);
}

int pab_tree_extract_chain(struct pab_chain *c, struct pab_extract *what, const struct pab_tree_warnings *w,
                           int (*cancelled)(void *ctx), void *cancel_ctx, struct pab_error *err)
{
    CLEANUP(pab_cleanup_tar) struct pab_tar *tar = NULL;
    pab_chain_tar(c, &tar);
    return extract_tar(tar, what, w, cancelled, cancel_ctx, err);
}
