/* directory.h - the insides of an open directory store, for the files of this folder. */
#ifndef PAB_STORE_DIRECTORY_H
#define PAB_STORE_DIRECTORY_H

#include "core/base/lockfile.h"
#include "core/store/store.h"

#define PAB_PARTIAL_PREFIX ".partial-"
#define PAB_MANIFEST_FILE "manifest.json"
#define PAB_SUMS_FILE "SHA256SUMS"
#define PAB_RESTORE_FILE "RESTORE.md"

struct pab_store {
    char *path;
    int dirfd;
    struct pab_lock *lock;
};

/* One safe component that can name a backup: not hidden, not "latest" or "logs", at most 200 bytes. */
int pab_backup_name_ok(const char *name);

/* SHA256SUMS of the files named by (path, sha256) pairs, as sha256sum(1) writes it. Caller frees. */
struct pab_sum { const char *path, *sha256; };
char *pab_sums_text(const struct pab_sum *sums, size_t n);
/* RESTORE.md of this backup. Caller frees. */
char *pab_restore_md(const struct pab_manifest *m);

#endif
