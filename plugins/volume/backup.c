/* backup.c - one tree artifact a volume. Those whose containers must rest come first and together, so that the containers rest
 * once and all these volumes are of one moment. */
#include <string.h>
#include "plugins/volume/volume.h"

static int add_object(struct pab_op *op, const struct volume *vol)
{
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_VOLUMES, .id = vol->stem, .kind = "volume", .size = PAB_SIZE_UNKNOWN, .detail = vol->name };
    return op->host->object_add(op, &o, NULL, 0);
}

/* Options of a network volume may hold a password ("o": "username=x,password=y"): the manifest never does. */
static json_t *without_passwords(struct pab_op *op, const struct volume *vol, const json_t *options)
{
    const char *key;
    json_t *value, *ret = json_object();
    json_object_foreach((json_t *)(uintptr_t)options, key, value) {
        const char *text = json_string_value(value), *found = text ? strstr(text, "password=") : NULL;
        if (found) {
            CLEANUP_FREE char *rest = pab_sprintf("%.*spassword=***%s", (int)(found - text), text, found + strcspn(found, ","));
            pab_warn(op, vol->stem, "the password in option '%s' of volume '%s' is not stored: make the volume by hand before a restore", key, vol->name);
            json_object_set_new(ret, key, json_string(rest));
        } else {
            json_object_set(ret, key, value);
        }
    }
    return ret;
}

static int put_json(struct pab_op *op, struct pab_artifact *a, const char *key, const json_t *value)
{
    CLEANUP_FREE char *text = json_object_size(value) ? json_line(value) : NULL;
    return text ? op->host->artifact_fact(a, key, text) : PAB_OK;
}

/* What a restore needs to make the volume again. */
static int put_facts(struct pab_op *op, struct pab_artifact *a, const struct volume *vol, const struct users *users)
{
    static const char *const quiesces[] = { "none", "pause", "stop" };
    const struct pab_host *h = op->host;
    int rc = h->artifact_fact(a, "volume", vol->name);
    if (rc || !vol->info) return rc;
    CLEANUP_JSON json_t *options = without_passwords(op, vol, json_at(vol->info, "Options"));
    CLEANUP_FREE char *used_by = users_text(users, vol->name, 0);
    rc = h->artifact_fact(a, "driver", json_text(vol->info, "Driver"));
    if (!rc) rc = put_json(op, a, "labels", json_at(vol->info, "Labels"));
    if (!rc) rc = put_json(op, a, "options", options);
    if (!rc) rc = h->artifact_fact(a, "quiesce", quiesces[vol->spec->quiesce]);
    if (!rc) rc = h->artifact_fact(a, "access", vol->dir ? "mountpoint" : "archive");
    if (!rc && *used_by) rc = h->artifact_fact(a, "used_by", used_by);
    return rc;
}

static int backup_one(const struct volumes *v, struct pab_op *op, struct docker *d, const struct volume *vol, const struct users *users)
{
    const struct pab_host *h = op->host;
    struct pab_artifact_desc desc = { .struct_size = sizeof desc, .kind = PAB_KIND_TREE, .category = PAB_CAT_VOLUMES, .stem = vol->stem,
                                      .object = vol->stem, .size_hint = PAB_SIZE_UNKNOWN };
    struct pab_artifact *a = NULL;
    int rc = add_object(op, vol);
    if (!rc) rc = h->artifact_begin(op, &desc, &a);
    if (rc) return rc;
    rc = put_facts(op, a, vol, users);
    if (!rc) rc = vol->dir ? mounted_backup(v, vol, op, a) : archived_backup(op, d, vol, a);
    pab_test_point("volume-read");
    if (!rc) return h->artifact_commit(a);
    h->artifact_abort(a);
    return rc;
}

/* A helper container that somebody removed looks like a lost connection; then the Docker Engine still answers. */
static int code_of(struct docker *d, int rc)
{
    return rc == PAB_E_UNREACHABLE && d && docker_call(d, "GET", NULL, 0, NULL, NULL, NULL, "/info") == PAB_OK ? PAB_E_IO : rc;
}

struct progress { int first, ended; };  /* the first failure; 1: no sense in going on */

/* Those that want their containers to rest, or (resting 0) those that do not. One that fails does not lose the others. */
static void backup_some(const struct volumes *v, struct pab_op *op, struct docker *d, const struct volume_list *l, const struct users *users,
                        int resting, struct progress *p)
{
    for (size_t i = 0; !p->ended && i < l->count; i++) {
        const struct volume *vol = &l->items[i];
        if ((vol->spec->quiesce != QUIESCE_NONE) != resting || !sup_wanted(op, vol->stem)) continue;
        int rc = backup_one(v, op, d, vol, users);
        if (!rc) continue;
        if (!p->first) p->first = rc;
        p->ended = !sup_goes_on(op, vol->stem, i + 1 < l->count, code_of(d, rc));
    }
}

int volume_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req)
{
    const struct volumes *v = instance;
    CLEANUP(pab_cleanup_docker) struct docker *d = NULL;
    CLEANUP(volume_list_release) struct volume_list list = { 0 };
    CLEANUP(users_release) struct users users = { 0 };
    struct quiesce q;
    struct progress p = { 0 };
    struct pab_error err = { 0 };
    if (!(req->categories & PAB_CAT_VOLUMES)) return PAB_OK;
    int rc = volumes_connect(v, op, &d);
    if (!rc) p.first = volumes_select(v, op, d, &list);
    if (p.first && (p.first != PAB_E_NOT_FOUND || !list.count)) return p.first;
    if (!rc && d && users_load(d, &users, &err)) rc = sup_fail(op, &err);
    if (!rc) rc = op->host->fact(op, "driver", v->is_path ? "path" : "docker");
    if (!rc && d) rc = op->host->fact(op, "docker", docker_version(d));
    if (rc) return rc;
    if (!(req->flags & PAB_BACKUP_TRIAL)) { /* no container rests for what is thrown away */
        if ((rc = quiesce_begin(&q, v, op, d, &list, 0))) return p.first ? p.first : rc;
        backup_some(v, op, d, &list, &users, 1, &p);
        rc = quiesce_end(&q, p.first);
        if (rc != p.first) return rc;
    } else {
        backup_some(v, op, d, &list, &users, 1, &p);
    }
    backup_some(v, op, d, &list, &users, 0, &p);
    return p.first;
}
