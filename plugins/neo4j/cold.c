/* cold.c - the data folder of the stopped server, whole: databases, transaction logs and dbms belong together. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/neo4j/neo4j.h"

static int add_object(struct pab_op *op)
{
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_VOLUMES, .id = DATA_STEM, .kind = "volume", .size = PAB_SIZE_UNKNOWN, .detail = "data folder of the stopped server" };
    return op->host->object_add(op, &o, NULL, 0);
}

/* A folder that holds no store, or not all of it, would be restored in vain. */
static int check_layout(struct pab_op *op, const char *dir)
{
    static const char *const needed[] = { "databases", "transactions" };
    for (size_t i = 0; i < 2; i++) {
        CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, needed[i]);
        struct stat st;
        if (stat(path, &st) || !S_ISDIR(st.st_mode))
            return pab_fail(op, PAB_E_NOT_FOUND, 0, "data_dir is what server.directories.data says; transaction logs elsewhere need method dump",
                            "there is no '%s': '%s' is not the data folder of a server", path, dir);
    }
    return PAB_OK;
}

static int write_tree(struct stopped *s, const char *version)
{
    const struct pab_host *h = s->op->host;
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_TREE, .category = PAB_CAT_VOLUMES, .stem = DATA_STEM, .object = DATA_STEM, .size_hint = PAB_SIZE_UNKNOWN };
    static const char *const exclude[] = { "/databases/store_lock", "/databases/*" OLD_SUFFIX "/", "/transactions/*" OLD_SUFFIX "/" };
    struct pab_walk walk = { .struct_size = sizeof walk, .root = s->data_dir, .exclude = exclude, .exclude_count = sizeof exclude / sizeof *exclude };
    struct pab_artifact *a = NULL;
    int rc = h->artifact_begin(s->op, &desc, &a);
    if (rc) return rc;
    if (*version) rc = h->artifact_fact(a, "server", version);
    if (!rc) rc = h->artifact_fact(a, "consistency", "a point in time");
    if (!rc) rc = h->tree_walk(a, &walk);
    pab_test_point("neo4j-read");
    if (!rc && data_is_locked(s->data_dir)) /* somebody else did */
        rc = pab_fail(s->op, PAB_E_BUSY, 0, NULL, "the server was started while its data folder '%s' was read", s->data_dir);
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

int cold_backup(struct stopped *s, const char *version)
{
    int rc = check_layout(s->op, s->data_dir);
    if (!rc) rc = add_object(s->op);
    return rc ? rc : write_tree(s, version);
}

/* Everything below (and at) path gets this owner; links are not followed. */
static int give_to(int parent, const char *name, uid_t uid, gid_t gid, struct pab_error *err)
{
    struct stat st;
    if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) || fchownat(parent, name, uid, gid, AT_SYMLINK_NOFOLLOW))
        return pab_error_set(err, PAB_E_IO, errno, "cannot give '%s' to user %u", name, (unsigned)uid);
    if (!S_ISDIR(st.st_mode)) return PAB_OK;
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *d = fd < 0 ? NULL : fdopendir(fd);
    if (!d) return pab_error_set(err, PAB_E_IO, errno, "cannot read '%s'", name);
    int rc = PAB_OK;
    for (const struct dirent *e; !rc && (e = readdir(d));)
        if (strcmp(e->d_name, ".") != 0 && strcmp(e->d_name, "..") != 0) rc = give_to(fd, e->d_name, uid, gid, err);
    closedir(d);
    return rc;
}

int own_like(const char *path, const char *like, struct pab_error *err)
{
    struct stat st;
    if (geteuid() || stat(like, &st)) return PAB_OK;
    return give_to(AT_FDCWD, path, st.st_uid, st.st_gid, err);
}

static int extract(struct pab_op *op, uint32_t index, const char *dir)
{
    const struct pab_host *h = op->host;
    struct pab_extract x = { .struct_size = sizeof x, .flags = geteuid() ? PAB_EXTRACT_NO_OWNER : 0, .dest = dir };
    struct pab_reader *r = NULL;
    int rc = h->artifact_open(op, index, PAB_OPEN_DATA, &r);
    if (rc) return rc;
    rc = h->tree_extract(r, &x);
    h->artifact_close(r);
    return rc;
}

/* Into a folder of its own; a killed run leaves its removal in the journal. */
static int extract_fresh(struct pab_op *op, uint32_t index, const char *fresh, const char *live)
{
    struct pab_error err = { 0 };
    uint64_t id = 0;
    CLEANUP_JSON json_t *o = json_pack("{s:s, s:s}", "undo", "folder", "path", fresh);
    CLEANUP_FREE char *record = o ? json_line(o) : NULL;
    if (!record) return pab_fail(op, PAB_E_INTERNAL, 0, NULL, "the name of the data folder is not UTF-8");
    int rc = op->host->journal_add(op, record, &id);
    if (rc) return rc;
    if (pab_remove_tree(AT_FDCWD, fresh, &err) || pab_mkdirs(AT_FDCWD, fresh, 0755, &err)) rc = sup_fail(op, &err);
    if (!rc) rc = extract(op, index, fresh);
    if (!rc && own_like(fresh, live, &err)) rc = sup_fail(op, &err);
    if (rc && pab_remove_tree(AT_FDCWD, fresh, NULL)) return rc;
    int done = op->host->journal_done(op, id);
    return rc ? rc : done;
}

int path_exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

int cold_refusal(const struct stopped *s, const struct pab_restore_req *req, char **ret)
{
    CLEANUP_FREE char *old = pab_sprintf("%s" OLD_SUFFIX, s->data_dir);
    if (!path_exists(old) || (req->flags & (PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD))) return 0;
    *ret = pab_sprintf("'%s' of an earlier restore is still there; restore --cleanup removes it", old);
    return 1;
}

int cold_restore(struct stopped *s, const struct pab_restore_req *req, uint32_t index)
{
    CLEANUP_FREE char *old = pab_sprintf("%s" OLD_SUFFIX, s->data_dir);
    struct pab_error err = { 0 };
    int rc = extract_fresh(s->op, index, old, s->data_dir);
    if (rc) return rc;
    if (!path_exists(s->data_dir)) return rename(old, s->data_dir) ? pab_fail(s->op, PAB_E_IO, errno, NULL, "cannot put '%s' in place", s->data_dir) : PAB_OK;
    rc = place_exchange(s->data_dir, old, &err); /* from here on what is at `old` is the old data */
    if (!rc && (req->flags & PAB_RESTORE_DROP_OLD)) rc = pab_remove_tree(AT_FDCWD, old, &err);
    return rc ? sup_fail(s->op, &err) : PAB_OK;
}

int cold_cleanup(struct stopped *s, const struct pab_restore_req *req)
{
    CLEANUP_FREE char *old = pab_sprintf("%s" OLD_SUFFIX, s->data_dir), *detail = pab_sprintf("'%s' is removed", old);
    struct pab_error err = { 0 };
    if (!path_exists(old)) return PAB_OK;
    if (req->flags & PAB_RESTORE_PLAN)
        return sup_plan(s->op, PAB_PLAN_DROP, DATA_STEM, PAB_SIZE_UNKNOWN, "%s", detail);
    return pab_remove_tree(AT_FDCWD, old, &err) ? sup_fail(s->op, &err) : PAB_OK;
}
