/* check.c - the volumes are there, can be read, and what uses them can be quiesced. */
#include <errno.h>
#include <unistd.h>
#include "plugins/volume/volume.h"

/* For health: each container that should serve what is in these volumes and does not. */
static int tell_down(struct pab_op *op, const struct users *users, const struct volume_list *l)
{
    int rc = PAB_OK;
    for (size_t i = 0; !rc && i < users->count; i++) {
        CLEANUP_FREE char *state = user_is_down(users, i);
        size_t k = 0;
        while (state && k < l->count && !user_has_volume(users, i, l->items[k].name)) k++;
        if (!state || k == l->count) continue;
        CLEANUP_FREE char *text = pab_sprintf("container '%s' is %s", users->items[i].name, state);
        rc = op->host->fact(op, "down", text);
    }
    return rc;
}

int volume_check(void *instance, struct pab_op *op, const struct pab_check_req *req)
{
    const struct volumes *v = instance;
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    CLEANUP(volume_list_release) struct volume_list list = { 0 };
    CLEANUP(users_release) struct users users = { 0 };
    struct pab_error err = { 0 };
    (void)req;
    int rc = volumes_connect(v, op, &d);
    if (!rc) rc = volumes_select(v, op, d, &list);
    if (!rc && d && users_load(d, &users, &err)) rc = sup_fail(op, &err);
    for (size_t i = 0; !rc && i < list.count; i++) {
        const struct volume *vol = &list.items[i];
        if (!vol->dir) pab_warn(op, vol->stem, "volume '%s' cannot be read at its mountpoint: it will be read through the Docker Engine, which loses extended attributes", vol->name);
        else if (access(vol->dir, R_OK | X_OK)) rc = pab_fail(op, PAB_E_AUTH, errno, "run as root", "this user cannot read '%s'", vol->dir);
        CLEANUP_FREE char *running = d ? users_text(&users, vol->name, 1) : NULL;
        if (running && *running && vol->spec->quiesce != QUIESCE_NONE)
            pab_log(op, PAB_LOG_INFO, "%s: will %s %s", vol->stem, vol->spec->quiesce == QUIESCE_STOP ? "stop" : "pause", running);
    }
    return rc ? rc : tell_down(op, &users, &list);
}
