/* store.h - where backups live, and how one comes to be: staged, synced, published by one rename.
 *
 *     pab_store_open(path, PAB_STORE_CREATE, &s, err);
 *     pab_store_lock(s, "run nightly", 0, err);           // PAB_E_BUSY names the holder
 *     pab_store_sweep(s, ...);                             // what a killed run left
 *     pab_stage_begin(s, NULL, now, &stage, err);          // .partial-backup-20240121_120000/
 *     pab_stage_create(stage, &spec, &path, &fd, err);     // databases/letta_20240121_120000.sql.gz
 *     pab_stage_publish(stage, &manifest, &backup_path, err);   // or pab_stage_discard(stage)
 *
 * Folders are 0700, files 0600.  Everything below a held fd of the store's folder; `latest` is a relative symlink that
 * only a complete backup moves.
 */
#ifndef PAB_STORE_H
#define PAB_STORE_H

#include "core/store/manifest.h"

#define PAB_STORE_CREATE 1  /* make the folder when it is missing */
struct pab_store;
int pab_store_open(const char *path, int flags, struct pab_store **ret, struct pab_error *err); /* PAB_E_NOT_FOUND: no such store */
void pab_store_close(struct pab_store *s);       /* also unlocks */
const char *pab_store_path(const struct pab_store *s);
int pab_store_dirfd(const struct pab_store *s);
/* PAB_E_BUSY names the holder. Held already: fine. */
int pab_store_lock(struct pab_store *s, const char *what, int64_t wait_ms, struct pab_error *err);
/* Of a store that need not be there: PAB_E_BUSY when somebody holds it. Changes nothing. */
int pab_store_check_lock(const char *path, struct pab_error *err);
/* Removes what killed runs left: .partial-* folders whose owner lives no more, `.latest.new`; and .deleting-*, which were
 * set aside, but for pinned ones, which get their names back. Needs the lock. Calls found() with each name. What cannot be
 * removed stops nothing: the first such error is returned after the others were tried. */
int pab_store_sweep(struct pab_store *s, void (*found)(void *ctx, const char *name), void *ctx, struct pab_error *err);
size_t pab_store_drop_logs(struct pab_store *s);     /* those older than 30 days, as pab_store_open_log does; how many */
int pab_store_free_space(const struct pab_store *s, uint64_t *ret, struct pab_error *err);
/* logs/<kind>-<name>.log, appended; logs older than 30 days are removed. fd or -1. */
int pab_store_open_log(struct pab_store *s, const char *kind, const char *name, struct pab_error *err);

/* ---- reading */
struct pab_backup_info {
    char *name;                /* folder name */
    int readable;              /* 0: no or damaged manifest; `problem` says why */
    char *problem;
    char *pin;                 /* why it is pinned ("": no reason was given); NULL: it is not */
    struct pab_manifest manifest;
};
struct pab_backup_list { struct pab_backup_info *items; size_t count, capacity; };
int pab_store_list(struct pab_store *s, struct pab_backup_list *ret, struct pab_error *err); /* newest start first (from the manifest) */
/* The same without the artifacts: several times as fast, and blind to mistakes in what is said of them. */
int pab_store_list_heads(struct pab_store *s, struct pab_backup_list *ret, struct pab_error *err);
/* When a backup that begins now is to say that it began: now, or as late as the newest one when the clock was set back since,
 * so that the order of starts stays the order of the runs. A clock that was wrong by a day or more is not followed. */
#define PAB_CLOCK_MAY_GO_BACK_NS (24LL * 3600 * 1000000000LL)
int64_t pab_backup_list_start(const struct pab_backup_list *l, int64_t now_ns);
/* Of each backup of a list: what is wrong with the backups that it continues ("its parent is missing"), as far as the list tells; NULL:
 * nothing. The texts are constants, the caller frees the array. */
const char **pab_backup_list_flaws(const struct pab_backup_list *l);
void pab_backup_list_release(struct pab_backup_list *l);
char *pab_store_latest(struct pab_store *s);      /* name that `latest` points to, or NULL. Caller frees. */

struct pab_backup;                                /* one published backup, opened */
/* which: "latest", a name in the store, or a path to a backup folder anywhere (then s may be NULL). Until it is closed all
 * its files stay, also when a cleanup takes it from the store: the sweep after that removes it. */
int pab_backup_open(struct pab_store *s, const char *which, struct pab_backup **ret, struct pab_error *err);
void pab_backup_close(struct pab_backup *b);
const struct pab_manifest *pab_backup_manifest(const struct pab_backup *b);
const char *pab_backup_path(const struct pab_backup *b);  /* absolute */
const char *pab_backup_name(const struct pab_backup *b);
int pab_backup_dirfd(const struct pab_backup *b);
/* Opens a file of the backup for reading, symlinks refused. fd or a negative code. */
int pab_backup_open_file(const struct pab_backup *b, const char *path, struct pab_error *err);

/* Findings about the file set: missing, extra, wrong size, wrong mode, SHA256SUMS that disagrees with the manifest.
 * Calls finding() for each; PAB_OK also when there are findings. */
struct pab_finding {
    const char *path, *problem;
    int harmless;              /* restoring works all the same: modes, files that are too many */
    int mode;                  /* it is only about who may read it: the files are those that were written */
};
int pab_backup_check_files(const struct pab_backup *b, void (*finding)(void *ctx, const struct pab_finding *f), void *ctx, struct pab_error *err);

/* PAB_E_CORRUPT when manifest.json is not the one that SHA256SUMS was written with: whatever it says may be changed. */
int pab_backup_check_manifest(const struct pab_backup *b, struct pab_error *err);

/* ---- pins: backups that no cleanup may take, each with a reason, in .pins/ of the store. They need no lock. */
#define PAB_PIN_REASON_MAX 1000
/* PAB_E_NOT_FOUND: no such backup. Of one that is pinned already the new reason counts. */
int pab_store_pin(struct pab_store *s, const char *name, const char *reason, struct pab_error *err);
int pab_store_unpin(struct pab_store *s, const char *name, struct pab_error *err); /* PAB_E_NOT_FOUND: it was not pinned */
int pab_store_is_pinned(struct pab_store *s, const char *name, int *ret, struct pab_error *err);

/* The room on the disk that goes with one backup, or several: a file of several names counts when the last of them was met. */
struct pab_usage { struct pab_usage_link *items; size_t count, capacity; uint64_t bytes; };

/* ---- removing. Needs the lock.
 *
 *     pab_store_set_aside(s, name, &usage, err);           // from now on the backup is not there: .deleting-NAME
 *     pab_store_sweep(s, ...);                             // removes all that was set aside; when killed, the next run or cleanup does
 *
 * An incremental backup must be set aside before its parent is. PAB_E_REFUSED: it is pinned, or `latest` points to it. */
int pab_store_set_aside(struct pab_store *s, const char *name, struct pab_usage *io, struct pab_error *err); /* io gets its room; NULL: nobody asks */
/* Points `latest` to this backup, by one rename. */
int pab_store_point_latest(struct pab_store *s, const char *name, struct pab_error *err);
void pab_store_measure(struct pab_store *s, const char *name, struct pab_usage *io);
void pab_usage_release(struct pab_usage *u);

/* ---- writing */
struct pab_stage;
struct pab_file_spec {
    uint32_t category;         /* one PAB_CAT_ bit */
    const char *target;        /* prefix "TARGET-" when the stem is taken by another target */
    const char *stem, *extension; /* extension without dot; "tar" for trees */
    const char *suffix;        /* ".gz", "" */
    int plain_name;            /* no time in the name */
};
/* name NULL: backup-YYYYMMDD_HHMMSS of started_ns, with _2, _3 ... when taken. A given name that exists: PAB_E_EXISTS. */
int pab_stage_begin(struct pab_store *s, const char *name, int64_t started_ns, struct pab_stage **ret, struct pab_error *err);
const char *pab_stage_name(const struct pab_stage *st);   /* final name */
const char *pab_stage_stamp(const struct pab_stage *st);  /* "20240121_120000" */
/* Creates the file (0600, O_EXCL). *ret_path is its path inside the backup. Thread-safe. */
int pab_stage_create(struct pab_stage *st, const struct pab_file_spec *f, char **ret_path, int *ret_fd, struct pab_error *err);
/* Puts a hard link to a file of a published backup in the place of `path`, which stays as it is when that fails. */
int pab_stage_link(struct pab_stage *st, const char *path, const struct pab_backup *from, const char *from_path, struct pab_error *err);
int pab_stage_remove(struct pab_stage *st, const char *path, struct pab_error *err);  /* an aborted artifact's file */
/* Writes manifest.json, RESTORE.md, SHA256SUMS; fsyncs; renames; moves `latest` when complete. Frees st, also on failure:
 * then it is discarded, unless *ret_path is set, which is so from the rename on (the error says what is left to do). */
int pab_stage_publish(struct pab_stage *st, struct pab_manifest *m, char **ret_path, struct pab_error *err);
void pab_stage_discard(struct pab_stage *st);  /* NULL is fine */

#endif
