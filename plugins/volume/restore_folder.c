/* restore_folder.c - driver path: a fresh folder beside the one that is there, then both change places. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/volume/volume.h"

static int exists(const char *path)
{
    struct stat st;
    return lstat(path, &st) == 0;
}

/* The rest of an earlier restore is in the way; it is only removed when that was asked for. */
static int old_in_the_way(const struct restore *r, const char *old)
{
    return exists(old) && !(r->req->flags & (PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD));
}

static int plan(const struct restore *r, const char *live, const char *old)
{
    int keep = !(r->req->flags & PAB_RESTORE_DROP_OLD), rc;
    if (!exists(live)) return restore_plan(r, PAB_PLAN_CREATE, r->a->content_size, "folder '%s' is created", live);
    if (r->req->as_name && !(r->req->flags & PAB_RESTORE_FORCE)) return restore_plan(r, PAB_PLAN_CONFLICT, 0, "there is a folder '%s' already", live);
    if (r->req->include_count) return restore_plan(r, PAB_PLAN_OVERWRITE, PAB_SIZE_UNKNOWN, "the chosen files in '%s' are written%s", live, keep ? "; what they replace stays as NAME.pab-old" : "");
    if (old_in_the_way(r, old)) return restore_plan(r, PAB_PLAN_CONFLICT, 0, "'%s' of an earlier restore is still there; restore --cleanup removes it", old);
    rc = exists(old) ? restore_plan(r, PAB_PLAN_DROP, PAB_SIZE_UNKNOWN, "'%s' of an earlier restore is removed", old) : PAB_OK;
    if (rc) return rc;
    if (keep) return restore_plan(r, PAB_PLAN_OVERWRITE, r->a->content_size, "folder '%s' is replaced; the old one stays as '%s'", live, old);
    return restore_plan(r, PAB_PLAN_OVERWRITE, r->a->content_size, "folder '%s' is replaced; the old one is not kept", live);
}

/* Extracts into `fresh`, which a killed run leaves in the journal until it is whole. */
static int extract_fresh(const struct restore *r, const char *fresh, uint64_t *ret_id)
{
    struct pab_error err = { 0 };
    int rc = undo_note(r->op, json_pack("{s:s, s:s}", "undo", "folder", "path", fresh), ret_id);
    if (rc) return rc;
    pab_test_point("volume-restore-journalled");
    if (pab_remove_tree(AT_FDCWD, fresh, &err) || pab_mkdirs(AT_FDCWD, fresh, 0755, &err)) rc = sup_fail(r->op, &err);
    if (!rc) rc = restore_extract(r, fresh, 0);
    if (rc && pab_remove_tree(AT_FDCWD, fresh, NULL) == PAB_OK) undo_forget(r->op, *ret_id);
    return rc;
}

static int replace(const struct restore *r, const char *live, const char *old)
{
    struct pab_error err = { 0 };
    uint64_t id;
    int rc = extract_fresh(r, old, &id);
    if (!rc) rc = undo_forget(r->op, id); /* it is whole; from the next step on it is the old data */
    pab_test_point("volume-restore-extracted");
    if (!rc && place_exchange(live, old, &err)) rc = sup_fail(r->op, &err);
    if (!rc && (r->req->flags & PAB_RESTORE_DROP_OLD) && pab_remove_tree(AT_FDCWD, old, &err)) rc = sup_fail(r->op, &err);
    return rc;
}

static int create(const struct restore *r, const char *live)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *fresh = pab_sprintf("%s.pab-new", live);
    uint64_t id;
    if (pab_mkdirs(AT_FDCWD, r->v->root, 0755, &err)) return sup_fail(r->op, &err);
    int rc = extract_fresh(r, fresh, &id);
    if (rc) return rc;
    if (renameat2(AT_FDCWD, fresh, AT_FDCWD, live, RENAME_NOREPLACE) && rename(fresh, live))
        return pab_fail(r->op, PAB_E_IO, errno, NULL, "cannot put '%s' in place", live);
    return undo_forget(r->op, id);
}

int restore_folder(struct restore *r)
{
    CLEANUP_FREE char *live = pab_path_join(r->v->root, r->name);
    CLEANUP_FREE char *old = pab_sprintf("%s" FOLDER_OLD_SUFFIX, live);
    if (!pab_path_is_safe(r->name)) return pab_fail(r->op, PAB_E_REFUSED, 0, NULL, "'%s' does not lie below '%s'", r->name, r->v->root);
    if (r->req->flags & PAB_RESTORE_PLAN) return plan(r, live, old);
    if (!exists(live)) return create(r, live);
    if (r->req->as_name && !(r->req->flags & PAB_RESTORE_FORCE)) return pab_fail(r->op, PAB_E_EXISTS, 0, "choose another name, or use --force", "there is a folder '%s' already", live);
    if (r->req->include_count) return restore_extract(r, live, r->req->flags & PAB_RESTORE_DROP_OLD ? 0 : PAB_EXTRACT_KEEP_OLD);
    if (old_in_the_way(r, old)) return pab_fail(r->op, PAB_E_EXISTS, 0, "restore --cleanup removes it, --force replaces it", "'%s' of an earlier restore is still there", old);
    return replace(r, live, old);
}

int restore_cleanup_folder(struct restore *r)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *live = pab_path_join(r->v->root, r->name);
    CLEANUP_FREE char *old = pab_sprintf("%s" FOLDER_OLD_SUFFIX, live);
    if (!pab_path_is_safe(r->name)) return PAB_OK;
    int rc = restore_remove_kept(r, live);
    if (rc || !exists(old)) return rc;
    if (r->req->flags & PAB_RESTORE_PLAN) return restore_plan(r, PAB_PLAN_DROP, PAB_SIZE_UNKNOWN, "'%s' is removed", old);
    return pab_remove_tree(AT_FDCWD, old, &err) ? sup_fail(r->op, &err) : PAB_OK;
}
