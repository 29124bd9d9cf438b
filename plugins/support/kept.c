/* kept.c - see kept.h. */
#include "plugins/support/kept.h"
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void sup_exclude_kept(struct pab_strs *ret)
{
    for (size_t i = 0; pab_kept_patterns[i]; i++) pab_strs_add(ret, pab_kept_patterns[i]);
}

static int remove_of(int root_fd, const char *path, int count_only, uint64_t *ret_count, struct pab_error *err)
{
    const char *base = NULL;
    char name[NAME_MAX + 1];
    struct stat st;
    CLEANUP_CLOSE int parent = pab_open_parent_beneath(root_fd, path, &base);
    int rc = PAB_OK;
    if (parent < 0) return PAB_OK;
    for (unsigned n = 1, last = PAB_KEPT_GAP; !rc && n <= last; n++) {
        pab_kept_name(base, n, name);
        if (!strcmp(name, base) || fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW)) continue;
        last = n + PAB_KEPT_GAP;
        ++*ret_count;
        if (!count_only) rc = pab_remove_tree(parent, name, err);
    }
    return rc;
}

int sup_remove_kept(struct pab_op *op, uint32_t index, int root_fd, int count_only, uint64_t *ret_count)
{
    const struct pab_host *h = op->host;
    struct pab_reader *reader = NULL;
    struct pab_entry e = { .struct_size = sizeof e };
    struct pab_error err = { 0 };
    int rc = h->artifact_open(op, index, PAB_OPEN_INDEX, &reader);
    if (rc) return rc;
    while ((rc = h->tree_next(reader, &e)) == PAB_OK) {
        if (strcmp(e.path, ".") && remove_of(root_fd, e.path, count_only, ret_count, &err)) {
            rc = sup_fail(op, &err);
            break;
        }
        e.struct_size = sizeof e;
    }
    h->artifact_close(reader);
    return rc == PAB_END ? PAB_OK : rc;
}
