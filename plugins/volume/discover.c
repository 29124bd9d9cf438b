/* discover.c - the volumes with what they hold and who uses them. */
#include "plugins/volume/volume.h"

static int add_folder(struct pab_op *op, const struct volume *vol)
{
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_VOLUMES, .id = vol->stem, .kind = "volume", .size = folder_size(vol->dir), .detail = vol->dir };
    const struct pab_kv path = { "path", vol->dir };
    return op->host->object_add(op, &o, &path, 1);
}

static const char *quiesce_name(enum volume_quiesce q)
{
    return q == QUIESCE_STOP ? "stop" : q == QUIESCE_PAUSE ? "pause" : "none";
}

static int add_volume(struct pab_op *op, const struct volume *vol, const struct users *users)
{
    CLEANUP_FREE char *used_by = users_text(users, vol->name, 0);
    CLEANUP_FREE char *detail = pab_sprintf("%s%s%s%s", json_text(vol->info, "Driver"), *used_by ? ", used by " : ", unused", used_by,
                                            vol->dir ? "" : "; read through the Docker Engine");
    const struct pab_kv attrs[] = { { "volume", vol->name }, { "driver", json_text(vol->info, "Driver") }, { "used_by", used_by },
                                    { "mountpoint", json_text(vol->info, "Mountpoint") }, { "quiesce", quiesce_name(vol->spec->quiesce) } };
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_VOLUMES, .id = vol->stem, .kind = "volume",
                            .size = vol->dir ? folder_size(vol->dir) : PAB_SIZE_UNKNOWN, .detail = detail };
    return op->host->object_add(op, &o, attrs, sizeof attrs / sizeof *attrs);
}

int volume_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    const struct volumes *v = instance;
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    CLEANUP(volume_list_release) struct volume_list list = { 0 };
    CLEANUP(users_release) struct users users = { 0 };
    struct pab_error err = { 0 };
    if (!(req->categories & PAB_CAT_VOLUMES)) return PAB_OK;
    int rc = volumes_connect(v, op, &d);
    if (!rc) rc = volumes_select(v, op, d, &list);
    if (!rc && d && users_load(d, &users, &err)) rc = sup_fail(op, &err);
    if (!rc && d) rc = op->host->fact(op, "docker", docker_version(d));
    for (size_t i = 0; !rc && i < list.count; i++)
        rc = d ? add_volume(op, &list.items[i], &users) : add_folder(op, &list.items[i]);
    return rc;
}
