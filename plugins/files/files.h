/* files.h - the files plugin: named sets of files and folders under one root, a tree artifact each.
 *
 * plugin.c: option table, opening; scan.c: what a set matches on the disk now; diff.c: how that differs from a backup;
 * the other files are a verb each.
 */
#ifndef PAB_PLUGIN_FILES_H
#define PAB_PLUGIN_FILES_H

#include <sys/stat.h>
#include "plugins/support/info.h"
#include "plugins/support/kept.h"

struct files_set {
    const char *name;          /* lives with the config */
    struct pab_strs patterns;  /* as given, anchored at the root */
    int required;
};

struct files {
    const char *root;
    struct { struct files_set *items; size_t count, capacity; } sets;
    struct pab_strs exclude;   /* as given, and what restores kept */
    int keep_old;
};

/* Opens the root; fails the verb when it is missing or no folder. */
int files_open_root(const struct files *f, struct pab_op *op, const char *root, int *ret_fd);
/* The set of this name, or NULL: the job may have changed since the backup. */
const struct files_set *files_find_set(const struct files *f, const char *name);

/* Calls `found` for everything that a set matches below `root_fd`, in no particular order; the folders that only lead
 * there are not told.  What cannot be read is left out with a warning.  A positive return value of `found` ends the scan. */
typedef int (*files_found_fn)(void *ctx, const char *path, const struct stat *st);
int files_scan(const struct files *f, const struct files_set *set, struct pab_op *op, int root_fd, files_found_fn found, void *ctx);

struct files_totals { uint64_t files, bytes; };
int files_count(const struct files *f, const struct files_set *set, struct pab_op *op, int root_fd, struct files_totals *ret);

/* A set of paths as hashes of 64 bits: small also for a set of a million files. */
struct files_paths { uint64_t *items; size_t count, capacity; };
void files_paths_add(struct files_paths *p, const char *path);
void files_paths_sort(struct files_paths *p);           /* before the first files_paths_has */
int files_paths_has(const struct files_paths *p, const char *path);
void files_paths_release(struct files_paths *p);

/* How the files below a folder differ from an artifact. */
struct files_diff {
    uint64_t changed, missing, extra, touched, same;  /* touched: the content is the same, the mode, owner or time is not */
    uint64_t bytes;                                   /* to be written: of changed and missing files */
    struct files_paths write, touch;                  /* changed and missing; touched */
    struct pab_buf names;                             /* the first few that differ, for people */
};
#define FILES_DIFF_INIT { .names = PAB_BUF_INIT(2048) }
/* Compares artifact `index` of the request with what lies below root_fd (-1: nothing is there). */
int files_diff(const struct files *f, struct pab_op *op, const struct pab_restore_req *req, uint32_t index, int root_fd, struct files_diff *ret);
void files_diff_release(struct files_diff *d);

int files_check(void *instance, struct pab_op *op, const struct pab_check_req *req);
int files_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req);
int files_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req);
int files_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req);
int files_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req);

#endif
