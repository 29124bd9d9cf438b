/* volume.h - the volume plugin: Docker volumes, or plain folders treated as such, a tree artifact each.
 *
 *   plugin.c    options, opening, the table of verbs
 *   select.c    which volumes there are, and where they can be read
 *   discover.c  check.c  backup.c  restore.c  verify.c    a verb each
 *   mounted.c   reading a folder that this process may; sqlite.c: live databases through SQLite itself
 *   archived.c  reading and writing through the Docker Engine, with tar_filter.c and pack.c
 *   users.c     the containers of a volume, in order; quiesce.c: stopping, pausing and putting back
 *   undo.c      what the journal holds, and undoing it
 *   restore_docker.c  restore_folder.c  restore_archive.c   a fresh volume or folder into the place of the one that is there
 *   refill.c    copying through the Docker Engine, and putting such a copy back
 */
#ifndef PAB_PLUGIN_VOLUME_H
#define PAB_PLUGIN_VOLUME_H

#include "plugins/support/docker_rest.h"
#include "plugins/support/info.h"
#include "plugins/support/kept.h"
#include "plugins/support/place.h"

#define VOLUME_OLD_SUFFIX "__pab_old"  /* of a volume's name: what a restore replaced */
#define VOLUME_NEW_SUFFIX "__pab_new"  /* where a backup is tried first */
#define VOLUME_UNDO_SUFFIX "__pab_undo" /* there: the volume is being made anew, its content lies in NAME__pab_old */
#define FOLDER_OLD_SUFFIX PAB_KEPT_SUFFIX   /* of a folder's: the same */

enum volume_quiesce { QUIESCE_NONE, QUIESCE_PAUSE, QUIESCE_STOP };
enum volume_access { ACCESS_AUTO, ACCESS_MOUNTPOINT, ACCESS_ARCHIVE };

/* One entry of `volumes`. Texts live with the config. */
struct volume_spec {
    const char *name, *as;              /* as: NULL where not given */
    enum volume_quiesce quiesce;
    struct pab_strs exclude;            /* its own and those of all */
};
struct volume_grace { const char *container; int64_t ms; };

struct volumes {                        /* an instance */
    int is_path, all, sqlite;
    const char *root, *docker_host, *context, *project;
    enum volume_access access;
    struct { struct volume_spec *items; size_t count, capacity; } specs;
    struct volume_spec other;           /* for what `all` and `project` find */
    int64_t stop_ms;                    /* 0: as each container says */
    struct { struct volume_grace *items; size_t count, capacity; } graces;
};

/* A volume as it is now. */
struct volume {
    const struct volume_spec *spec;
    char *name;
    char *stem;                         /* in the backup: also the object's id */
    char *dir;                          /* where this process can read it, or NULL: only through the Docker Engine */
    json_t *info;                       /* as Docker inspects it; NULL for a folder */
};
struct volume_list { struct volume *items; size_t count, capacity; };

/* ---- select.c */
/* NULL in *ret for `driver: path`. */
int volumes_connect(const struct volumes *v, struct pab_op *op, struct docker **ret);
/* What the options name; a name that is not there fails with PAB_E_NOT_FOUND, and *ret has the others. */
int volumes_select(const struct volumes *v, struct pab_op *op, struct docker *d, struct volume_list *ret);
void volume_list_release(struct volume_list *l);
/* Where this process may read and write the volume itself, or NULL. The caller frees. */
char *volume_readable_dir(const struct volumes *v, struct docker *d, const json_t *info);
int volume_has_device(const json_t *info); /* 1: what is in it lies elsewhere and stays when the volume is removed */
const struct volume_spec *volumes_spec_of(const struct volumes *v, const char *stem); /* NULL: none */
char *volume_stem(const struct volume_spec *spec, const char *name);
uint64_t folder_size(const char *dir);  /* bytes of all files below */

/* ---- users.c: containers, from one look at all of them */
struct user {
    char *id, *name, *project, *service, *depends;
    int running, paused;                /* running: also when paused */
    int depth;                          /* more than that of everything it depends on */
};
struct users { struct user *items; size_t count, capacity; json_t *all; };
int users_load(struct docker *d, struct users *ret, struct pab_error *err);
int user_has_volume(const struct users *u, size_t i, const char *volume);
/* The condition under which `who` depends on `on` ("service_healthy"), or NULL. The caller frees. */
char *user_depends(const struct user *who, const struct user *on);
/* "exited", "paused", "restarting", "unhealthy" ..., or NULL: it runs and is well. The caller frees. */
char *user_is_down(const struct users *u, size_t i);
char *users_text(const struct users *u, const char *volume, int running_only); /* "letta (running), n8n (exited)"; "" none */
void users_release(struct users *u);

/* ---- undo.c: side effects in the journal. Records are JSON with the daemon's address, so that they can be undone alone. */
int undo_note(struct pab_op *op, json_t *record, uint64_t *ret_id);     /* takes the reference */
int undo_forget(struct pab_op *op, uint64_t id);
int volume_recover(struct pab_op *op, const char *record);

/* ---- quiesce.c */
struct quiesced {
    struct user *user;
    int stop;                           /* else paused */
    int unsure;                         /* the call did not end as it should */
    int64_t grace_ms, until_ns, wait_ms;
    uint64_t journal_id;
};
struct quiesce {
    const struct volumes *v;
    struct pab_op *op;
    struct docker *d;
    struct users users;
    struct { struct quiesced *items; size_t count, capacity; } done;
};
/* Stops and pauses what uses these volumes, as each one's spec wants it; `force_stop`: stops all of it. On failure what was
 * done already is put back. */
int quiesce_begin(struct quiesce *q, const struct volumes *v, struct pab_op *op, struct docker *d, const struct volume_list *l, int force_stop);
/* Puts everything back, also when cancelled; frees. Returns `rc`, the verb's end so far, or the failure of a container that does
 * not come back: its record then stays. */
int quiesce_end(struct quiesce *q, int rc);

/* ---- reading and writing */
int mounted_backup(const struct volumes *v, const struct volume *vol, struct pab_op *op, struct pab_artifact *a);
int archived_backup(struct pab_op *op, struct docker *d, const struct volume *vol, struct pab_artifact *a);
/* The artifact into an existing volume: what is there stays unless a file takes its place. */
int archived_restore(struct pab_op *op, struct docker *d, const char *volume, uint32_t index, const struct pab_restore_req *req);
int archived_is_empty(struct pab_op *op, struct docker *d, const char *volume, int *ret);
void archived_warn(struct pab_op *op, const char *volume);     /* what writing so loses */

/* ---- refill.c. `helper`: a name of their own for the helper containers, which the record of what is done must hold: they have none. */
int volume_copy(struct docker *d, const char *helper, const char *from, const char *to, int cancel_fd, struct pab_error *err);
/* A copy that is being made: undone, it is gone. */
json_t *copy_record(struct docker *d, const char *name, const char *helper);
int copy_undo(struct docker *d, const json_t *o, struct pab_error *err);
/* A volume that is being made anew (`info`: as it was). Undone, it holds again what `from` (""  nothing) holds, and `from` and the
 * marker are gone; without the marker nothing was begun, or all is done. */
json_t *refill_record(struct docker *d, const json_t *info, const char *from, const char *marker, const char *helper);
int refill_undo(struct docker *d, const json_t *o, struct pab_error *err);

/* ---- tar_filter.c: a tar stream without what the patterns name, which see paths below the first component. A pab_read_fn, too. */
struct tar_filter;
struct tar_filter *tar_filter_new(struct pab_op *op, const struct pab_strs *exclude, pab_read_fn read, void *ctx);
int64_t tar_filter_read(void *filter, void *buf, uint64_t capacity);
void tar_filter_free(struct tar_filter *f);     /* NULL is fine */

/* ---- pack.c: an artifact as a tar with every path below `prefix`; what the request includes of it. pack_read is a pab_read_fn. */
struct pack;
int pack_open(struct pab_op *op, uint32_t index, const char *prefix, const struct pab_restore_req *req, struct pack **ret);
int64_t pack_read(void *pack, void *buf, uint64_t capacity);
void pack_close(struct pack *k);                /* NULL is fine */

/* ---- sqlite.c */
int sqlite_is_database(int dir_fd, const char *name);    /* by its first bytes */
/* 1 for FILE-wal, FILE-shm and FILE-journal beside a database. */
int sqlite_is_companion(int dir_fd, const char *name);
/* A consistent copy of dir/path at `copy`, which must not exist. Negative codes: PAB_E_CANCELLED, PAB_E_NOSPACE, PAB_E_NOMEM end the
 * backup; with any other it could not be copied so. */
int sqlite_copy(struct pab_op *op, const char *dir, const char *path, const char *copy, struct pab_error *err);

/* ---- restore.c, restore_docker.c, restore_folder.c */
struct restore {
    const struct volumes *v;
    struct pab_op *op;
    const struct pab_restore_req *req;
    struct docker *d;                   /* NULL for driver path, and with to_dir */
    struct users users;
    uint32_t index;                     /* of the artifact at hand */
    const struct pab_artifact_info *a;
    const char *name;                   /* of the volume or folder to be restored to */
};
#define restore_plan(r, action, size, ...) sup_plan((r)->op, action, (r)->a->object, size, __VA_ARGS__)
int restore_extract(const struct restore *r, const char *dir, uint32_t flags);
/* --cleanup: what restores of single files kept below `dir`. */
int restore_remove_kept(const struct restore *r, const char *dir);
int restore_docker(struct restore *r);  /* each of them: or only plans it, as the request says */
int restore_folder(struct restore *r);
int restore_cleanup_docker(struct restore *r);
int restore_cleanup_folder(struct restore *r);

/* Makes the volume as the manifest has it. */
int restore_create(const struct restore *r, const char *name, json_t **ret);
/* Before a volume is made that must not stay half filled: it is in the journal. */
int restore_note_volume(const struct restore *r, const char *name, uint64_t *ret_id);
/* Removes it, and then the record. Returns `rc`, the end so far, or the failure. */
int restore_drop_unfinished(const struct restore *r, const char *name, uint64_t id, int rc);
/* Where the mountpoint cannot be reached: `info` is the volume that is there. */
int restore_archived(struct restore *r, const json_t *info);

int volume_check(void *instance, struct pab_op *op, const struct pab_check_req *req);
int volume_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req);
int volume_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req);
int volume_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req);
int volume_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req);

#endif
