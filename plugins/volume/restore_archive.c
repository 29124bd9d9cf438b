/* restore_archive.c - a volume whose mountpoint cannot be reached: the Docker Engine only adds files to it, so what is there must
 * first go, and it gives no volume another name. So an empty one is filled, and one that no container refers to is made anew.
 *
 * Nothing goes before the backup has filled a scratch volume to its end and what is there was copied to NAME__pab_old. From then on,
 * until the new content stands, a record in the journal puts that copy back, and a volume NAME__pab_undo says so to whoever has
 * another journal: such a NAME is not touched, since its only content may be the copy.
 */
#include <string.h>
#include <unistd.h>
#include "plugins/volume/volume.h"

/* Does Docker take this artifact to its end? */
static int prove(struct restore *r)
{
    CLEANUP_FREE char *scratch = pab_sprintf("%s" VOLUME_NEW_SUFFIX, r->name);
    CLEANUP_JSON json_t *labels = json_pack("{s:s}", "pabengine.restore", r->name);
    struct pab_error err = { 0 };
    uint64_t id;
    int rc = restore_note_volume(r, scratch, &id);
    if (rc) return rc;
    rc = docker_volume_create(r->d, scratch, "local", labels, NULL, NULL, &err) ? sup_fail(r->op, &err) : PAB_OK;
    if (rc == PAB_E_EXISTS) return undo_forget(r->op, id), rc; /* somebody else's */
    if (!rc) rc = archived_restore(r->op, r->d, scratch, r->index, r->req);
    pab_test_point("volume-anew-proven");
    return restore_drop_unfinished(r, scratch, id, rc);
}

struct anew {
    struct restore *r;
    const json_t *info;
    const char *old, *marker, *helper;
    uint64_t copy_id;
    int copied;
};

/* What the journal holds is undone here and now; what cannot be stays there. Returns `rc`, the failure that led here. */
static int undo_now(const struct anew *a, int (*undo)(struct docker *d, const json_t *o, struct pab_error *err), const json_t *record,
                    uint64_t id, int rc)
{
    struct pab_error err = { 0 };
    int fd = docker_set_cancel_fd(a->r->d, -1);
    if (undo(a->r->d, record, &err))
        pab_warn(a->r->op, NULL, "%s%s%s; the next start of pabengine tries it again", err.message, err.hint[0] ? ": " : "", err.hint);
    else undo_forget(a->r->op, id);
    docker_set_cancel_fd(a->r->d, fd);
    return rc;
}

static int keep_old(struct anew *a)
{
    struct restore *r = a->r;
    struct pab_error err = { 0 };
    CLEANUP_JSON json_t *labels = json_pack("{s:s}", "pabengine.restore", r->name);
    CLEANUP_JSON json_t *record = copy_record(r->d, a->old, a->helper);
    if (docker_volume_remove(r->d, a->old, &err)) return sup_fail(r->op, &err);
    int rc = undo_note(r->op, json_incref(record), &a->copy_id);
    if (rc) return rc;
    pab_test_point("volume-anew-journalled");
    rc = docker_volume_create(r->d, a->old, "local", labels, NULL, NULL, &err);
    if (!rc) rc = volume_copy(r->d, a->helper, r->name, a->old, r->op->host->cancel_fd(r->op), &err);
    pab_test_point("volume-anew-copied");
    a->copied = !rc;
    return rc ? undo_now(a, copy_undo, record, a->copy_id, sup_fail(r->op, &err)) : PAB_OK;
}

/* The marker stands before the volume goes, and the copy is nobody's leftover from then on. */
static int exchange(struct anew *a)
{
    struct restore *r = a->r;
    struct pab_error err = { 0 };
    CLEANUP_JSON json_t *labels = json_pack("{s:s}", "pabengine.restore", r->name);
    const json_t *info = a->info;
    int empty = 1, rc = docker_volume_create(r->d, a->marker, "local", labels, NULL, NULL, &err);
    pab_test_point("volume-anew-marked");
    if (!rc && a->copied && undo_forget(r->op, a->copy_id)) return PAB_E_IO;
    if (!rc) rc = docker_volume_remove(r->d, r->name, &err);
    pab_test_point("volume-anew-removed");
    if (!rc) rc = docker_volume_create(r->d, r->name, json_text(info, "Driver"), json_at(info, "Labels"), json_at(info, "Options"), NULL, &err);
    pab_test_point("volume-anew-created");
    if (rc) return sup_fail(r->op, &err);
    if (strcmp(json_text(info, "Driver"), "local") && (rc = archived_is_empty(r->op, r->d, r->name, &empty))) return rc;
    if (!empty)
        return pab_fail(r->op, PAB_E_REFUSED, 0, "empty it by hand", "volume '%s' was made anew, but its driver gave it the content that it had", r->name);
    rc = archived_restore(r->op, r->d, r->name, r->index, r->req);
    pab_test_point("volume-anew-filled");
    return rc ? rc : docker_volume_remove(r->d, a->marker, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

static int make_anew(struct restore *r, const json_t *info, int empty)
{
    CLEANUP_FREE char *old = pab_sprintf("%s" VOLUME_OLD_SUFFIX, r->name);
    CLEANUP_FREE char *marker = pab_sprintf("%s" VOLUME_UNDO_SUFFIX, r->name);
    CLEANUP_FREE char *helper = pab_sprintf("pabengine-copy-%d-%llx", (int)getpid(), (unsigned long long)pab_now_ns());
    CLEANUP_JSON json_t *record = refill_record(r->d, info, empty ? "" : old, marker, helper);
    struct anew a = { .r = r, .info = info, .old = old, .marker = marker, .helper = helper };
    struct pab_error err = { 0 };
    uint64_t id;
    int rc = empty ? PAB_OK : keep_old(&a);
    if (rc) return rc;
    rc = undo_note(r->op, json_incref(record), &id);
    if (!rc) {
        pab_test_point("volume-anew-noted");
        rc = exchange(&a);
        rc = rc ? undo_now(&a, refill_undo, record, id, rc) : undo_forget(r->op, id);
    }
    if (rc || empty || !(r->req->flags & PAB_RESTORE_DROP_OLD)) return rc;
    return docker_volume_remove(r->d, old, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

static int fill_empty(struct restore *r)
{
    int rc = archived_restore(r->op, r->d, r->name, r->index, r->req);
    if (rc) pab_warn(r->op, NULL, "volume '%s' was empty and now holds a part of the backup", r->name);
    return rc;
}

int restore_archived(struct restore *r, const json_t *info)
{
    int empty = 0, fixed = volume_has_device(info), rc;
    CLEANUP_FREE char *users = users_text(&r->users, r->name, 0);
    CLEANUP_FREE char *running = users_text(&r->users, r->name, 1);
    if (*running) return pab_fail(r->op, PAB_E_REFUSED, 0, "stop them first", "running containers use volume '%s', whose mountpoint cannot be reached: %s", r->name, running);
    archived_warn(r->op, r->name);
    if (r->req->include_count) return archived_restore(r->op, r->d, r->name, r->index, r->req);
    if ((rc = archived_is_empty(r->op, r->d, r->name, &empty))) return rc;
    if (*users && !empty)
        return pab_fail(r->op, PAB_E_REFUSED, 0, "docker compose down removes them and keeps the volumes; or restore as root on the machine of the Docker Engine",
                        "volume '%s' is not empty, its mountpoint cannot be reached, and containers refer to it: %s", r->name, users);
    if (fixed && !empty)
        return pab_fail(r->op, PAB_E_REFUSED, 0, "empty it by hand, or restore with --as or --to",
                        "volume '%s' is not empty, and what is in it lies on a device that stays when the volume is made anew", r->name);
    if ((rc = prove(r))) return rc;
    return *users || fixed ? fill_empty(r) : make_anew(r, info, empty);
}
