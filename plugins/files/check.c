/* check.c - the root is there, and every set matches something that can be read. */
#include <errno.h>
#include <fcntl.h>
#include "plugins/files/files.h"

struct readable {
    struct pab_op *op;
    const struct files_set *set;
    int root_fd;
    uint64_t files;
};

static int try_one(void *ctx, const char *path, const struct stat *st)
{
    struct readable *r = ctx;
    const char *base = path;
    r->files++;
    if (!S_ISREG(st->st_mode)) return 0;
    CLEANUP_CLOSE int parent = pab_open_parent_beneath(r->root_fd, path, &base);
    if (parent < 0 || faccessat(parent, base, R_OK, AT_EACCESS | AT_SYMLINK_NOFOLLOW) == 0 || errno == ENOENT) return 0;
    CLEANUP_FREE char *name = pab_str_printable(path);
    pab_warn(r->op, r->set->name, "this user cannot read '%s'", name);
    return 0;
}

int files_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    const struct files *f = instance;
    CLEANUP_CLOSE int root = -1;
    (void)req;
    int rc = files_open_root(f, op, f->root, &root);
    for (size_t i = 0; !rc && i < f->sets.count; i++) {
        const struct files_set *set = &f->sets.items[i];
        struct readable r = { .op = op, .set = set, .root_fd = root };
        if ((rc = files_scan(f, set, op, root, try_one, &r))) return rc;
        if (r.files) continue;
        if (set->required) return pab_fail(op, PAB_E_NOT_FOUND, 0, "see options root and sets", "set '%s' is required and matches nothing in '%s'", set->name, f->root);
        pab_warn(op, set->name, "set '%s' matches nothing in '%s'", set->name, f->root);
    }
    return rc;
}
