/* restore_archive.c - a volume whose mountpoint cannot be reached: the Docker Engine only adds files to it, so what is there must
 * first go. An empty one is filled; one that no container refers to is made anew, its content copied aside before. */
#include <string.h>
#include "plugins/volume/volume.h"

static int keep_old(struct restore *r, const char *old)
{
    struct pab_error err = { 0 };
    CLEANUP_JSON json_t *labels = json_pack("{s:s}", "pabengine.restore", r->name);
    int rc = docker_volume_remove(r->d, old, &err);
    if (!rc) rc = docker_volume_create(r->d, old, "local", labels, NULL, NULL, &err);
    return rc ? sup_fail(r->op, &err) : archived_copy(r->op, r->d, r->name, old);
}

static int make_anew(struct restore *r, const json_t *info)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *old = pab_sprintf("%s" VOLUME_OLD_SUFFIX, r->name);
    int rc = r->req->flags & PAB_RESTORE_DROP_OLD ? PAB_OK : keep_old(r, old);
    if (rc) return rc;
    rc = docker_volume_remove(r->d, r->name, &err);
    if (!rc) rc = docker_volume_create(r->d, r->name, json_text(info, "Driver"), json_at(info, "Labels"), json_at(info, "Options"), NULL, &err);
    return rc ? sup_fail(r->op, &err) : archived_restore(r->op, r->d, r->name, r->index, r->req);
}

int restore_archived(struct restore *r, const json_t *info)
{
    int empty = 0, rc;
    CLEANUP_FREE char *users = users_text(&r->users, r->name, 0);
    CLEANUP_FREE char *running = users_text(&r->users, r->name, 1);
    if (*running) return pab_fail(r->op, PAB_E_REFUSED, 0, "stop them first", "running containers use volume '%s', whose mountpoint cannot be reached: %s", r->name, running);
    if (r->req->include_count) return archived_restore(r->op, r->d, r->name, r->index, r->req);
    if ((rc = archived_is_empty(r->op, r->d, r->name, &empty))) return rc;
    if (empty) return archived_restore(r->op, r->d, r->name, r->index, r->req);
    if (*users)
        return pab_fail(r->op, PAB_E_REFUSED, 0, "docker compose down removes them and keeps the volumes; or restore as root on the machine of the Docker Engine",
                        "volume '%s' is not empty, its mountpoint cannot be reached, and containers refer to it: %s", r->name, users);
    return make_anew(r, info);
}
