/* directory.h - the insides of an open directory store, for the files of this folder. */
#ifndef PAB_STORE_DIRECTORY_H
#define PAB_STORE_DIRECTORY_H

#include <pthread.h>
#include "core/base/lockfile.h"
#include "core/store/store.h"

#define PAB_PARTIAL_PREFIX ".partial-"
#define PAB_DELETING_PREFIX ".deleting-"
#define PAB_LATEST "latest"
#define PAB_LATEST_NEW ".latest.new"  /* on its way to become PAB_LATEST */
#define PAB_MANIFEST_FILE "manifest.json"
#define PAB_SUMS_FILE "SHA256SUMS"
#define PAB_RESTORE_FILE "RESTORE.md"
#define PAB_SUMS_MAX (64u << 20)

struct pab_store {
    char *path;
    int dirfd;
    struct pab_lock *lock;
};

/* A backup coming to be. Its folder is locked (flock) as long as its owner lives: see pab_store_sweep. */
struct pab_stage {
    struct pab_store *s;
    char *name, *partial, stamp[20];
    int dirfd;
    pthread_mutex_t lock;        /* of owners */
    struct { struct pab_stem_owner { char *stem, *target; } *items; size_t count, capacity; } owners; /* who took which folder/stem */
};
void pab_stage_free(struct pab_stage *st);   /* the memory alone */
/* "cannot DOING 'STORE/STAGED/PATH'" with errno; path may be NULL. */
int pab_stage_error(struct pab_error *err, const char *doing, const struct pab_stage *st, const char *path);

/* One safe component that can name a backup: not hidden, not "latest" or "logs", at most 200 bytes. */
int pab_backup_name_ok(const char *name);
/* A whole plain file below dirfd: no symlink, no pipe to wait at, at most max bytes; else PAB_E_CORRUPT. A missing one: PAB_E_NOT_FOUND. */
int pab_read_plain(int dirfd, const char *name, size_t max, char **ret, size_t *ret_size, struct pab_error *err);

/* Fills in `pin` of those that have one. */
int pab_store_read_pins(struct pab_store *s, struct pab_backup_list *io, struct pab_error *err);

/* SHA256SUMS of the files named by (path, sha256) pairs, as sha256sum(1) writes it. Caller frees. */
struct pab_sum { const char *path, *sha256; };
char *pab_sums_text(const struct pab_sum *sums, size_t n);
/* RESTORE.md of this backup. Caller frees. */
char *pab_restore_md(const struct pab_manifest *m);
/* Its parts about PostgreSQL: SQL that `cat` (zcat ...) gives, pg_dump's archive; path and name as words of a shell. */
struct pab_buf;
void pab_restore_md_sql(struct pab_buf *b, const struct pab_mf_artifact *a, const char *cat, const char *path, const char *name);
void pab_restore_md_pg_archive(struct pab_buf *b, const char *path);

#endif
