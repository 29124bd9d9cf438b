/* restore_docker.c - a Docker volume: made again when it is gone; else a fresh volume is filled while the containers still run, and
 * only then the two change places.
 *
 * The fresh volume is NAME__pab_old from the beginning: after the exchange it holds what was replaced. While it is being filled it
 * is in the journal, so that a killed restore leaves nothing.
 */
#include <string.h>
#include "plugins/volume/volume.h"

struct there { json_t *info, *old, *marker; };   /* NULL: there is no such volume */

static void there_release(struct there *t)
{
    json_decref(t->info);
    json_decref(t->old);
    json_decref(t->marker);
}

static int find(const struct restore *r, const char *name, json_t **ret)
{
    struct pab_error err = { 0 };
    int rc = docker_volume(r->d, name, ret, &err);
    return rc && rc != PAB_E_NOT_FOUND ? sup_fail(r->op, &err) : PAB_OK;
}

static json_t *fact_json(const struct restore *r, const char *key)
{
    const char *text = info_fact(r->a, key);
    json_t *o = NULL;
    return *text && !json_parse(text, strlen(text), key, &o, NULL) ? o : NULL;
}

/* Under another name it must not pass for the volume of the compose project. */
static void drop_compose(json_t *labels)
{
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(labels, next, key, value) {
        if (pab_str_has_prefix(key, "com.docker.compose.")) json_object_del(labels, key);
    }
}

int restore_create(const struct restore *r, const char *name, json_t **ret)
{
    CLEANUP_JSON json_t *labels = fact_json(r, "labels");
    CLEANUP_JSON json_t *options = fact_json(r, "options");
    struct pab_error err = { 0 };
    if (strstr(info_fact(r->a, "options"), "password=***"))
        return pab_fail(r->op, PAB_E_REFUSED, 0, "docker volume create, with the options in the manifest", "volume '%s' needs a password that is not in the backup: make it by hand first", name);
    if (r->req->as_name && labels) drop_compose(labels);
    return docker_volume_create(r->d, name, info_fact(r->a, "driver"), labels, options, ret, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

/* A volume on a path of the machine of the Docker Engine is a way to every file there: who altered the manifest must not choose it.
 * The caller frees; "": it has none. */
static char *foreign_path(const struct restore *r)
{
    CLEANUP_JSON json_t *options = fact_json(r, "options");
    const char *device = json_string_value(json_object_get(options, "device"));
    return pab_strdup(device && *device == '/' ? device : "");
}

#define ON_A_PATH "volume '%s' would lie on '%s', a path of the Docker Engine's machine"

static int refuse_path(const struct restore *r)
{
    CLEANUP_FREE char *path = foreign_path(r);
    if (!*path || r->req->flags & PAB_RESTORE_FORCE) return PAB_OK;
    return pab_fail(r->op, PAB_E_REFUSED, 0, "if that is right, make it by hand with docker volume create, or use --force", ON_A_PATH, r->name, path);
}

int restore_note_volume(const struct restore *r, const char *name, uint64_t *ret_id)
{
    int rc = undo_note(r->op, json_pack("{s:s, s:s, s:s}", "undo", "volume", "docker", docker_host(r->d), "name", name), ret_id);
    pab_test_point("volume-restore-journalled");
    return rc;
}

int restore_drop_unfinished(const struct restore *r, const char *name, uint64_t id, int rc)
{
    struct pab_error err = { 0 };
    int fd = docker_set_cancel_fd(r->d, -1);
    int removed = docker_volume_remove(r->d, name, &err);
    docker_set_cancel_fd(r->d, fd);
    if (removed && !rc) return sup_fail(r->op, &err);
    if (removed) return rc;
    int forgotten = undo_forget(r->op, id);
    return rc ? rc : forgotten;
}

static int fill(struct restore *r, const char *name, const json_t *info)
{
    CLEANUP_FREE char *dir = volume_readable_dir(r->v, r->d, info);
    if (!dir) archived_warn(r->op, name);
    return dir ? restore_extract(r, dir, 0) : archived_restore(r->op, r->d, name, r->index, r->req);
}

static int create(struct restore *r)
{
    CLEANUP_JSON json_t *info = NULL;
    uint64_t id;
    int rc = refuse_path(r);
    if (!rc) rc = restore_note_volume(r, r->name, &id);
    if (rc) return rc;
    rc = restore_create(r, r->name, &info);
    if (!rc) rc = fill(r, r->name, info);
    if (!rc) return undo_forget(r->op, id);
    if (info) return restore_drop_unfinished(r, r->name, id, rc);
    undo_forget(r->op, id);
    return rc;
}

/* Fills a fresh volume; its folder in *ret_dir. */
static int fill_fresh(struct restore *r, const char *fresh, char **ret_dir)
{
    CLEANUP_JSON json_t *info = NULL;
    CLEANUP_JSON json_t *labels = json_pack("{s:s}", "pabengine.restore", r->name);
    struct pab_error err = { 0 };
    uint64_t id;
    int rc = restore_note_volume(r, fresh, &id);
    if (rc) return rc;
    rc = docker_volume_create(r->d, fresh, "local", labels, NULL, &info, &err) ? sup_fail(r->op, &err) : PAB_OK;
    if (!rc && !(*ret_dir = volume_readable_dir(r->v, r->d, info))) rc = pab_fail(r->op, PAB_E_IO, 0, NULL, "cannot reach the fresh volume '%s'", fresh);
    if (!rc) rc = restore_extract(r, *ret_dir, 0);
    if (!rc) return undo_forget(r->op, id); /* it is whole; from the next step on it is the old data */
    if (info) return restore_drop_unfinished(r, fresh, id, rc);
    undo_forget(r->op, id);
    return rc;
}

/* With what uses the volume stopped around `work`. */
static int while_stopped(struct restore *r, int (*work)(struct restore *r, const char *live, const char *fresh), const char *live, const char *fresh)
{
    struct volume vol = { .spec = &r->v->other, .name = (char *)(uintptr_t)r->name };
    struct volume_list list = { .items = &vol, .count = 1 };
    struct quiesce q;
    int rc = quiesce_begin(&q, r->v, r->op, r->d, &list, 1);
    return rc ? rc : quiesce_end(&q, work(r, live, fresh));
}

static int exchange(struct restore *r, const char *live, const char *fresh)
{
    struct pab_error err = { 0 };
    pab_test_point("volume-restore-extracted");
    return place_exchange(live, fresh, &err) ? sup_fail(r->op, &err) : PAB_OK;
}

static int extract_some(struct restore *r, const char *live, const char *fresh)
{
    (void)fresh;
    return restore_extract(r, live, r->req->flags & PAB_RESTORE_DROP_OLD ? 0 : PAB_EXTRACT_KEEP_OLD);
}

static int replace(struct restore *r, const char *live, const char *old, int old_is_there)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *fresh = NULL;
    if (old_is_there && docker_volume_remove(r->d, old, &err)) return sup_fail(r->op, &err);
    int rc = fill_fresh(r, old, &fresh);
    if (!rc) rc = while_stopped(r, exchange, live, fresh);
    if (!rc && (r->req->flags & PAB_RESTORE_DROP_OLD) && docker_volume_remove(r->d, old, &err)) rc = sup_fail(r->op, &err);
    return rc;
}

/* "": nothing is in the way; else what, which no --force moves: the copy may be the only content that there is. */
static char *half_made(const struct restore *r, const struct there *t)
{
    if (!t->marker) return pab_strdup("");
    return pab_sprintf("volume '%s' is being made anew by another restore, or by one that was killed; its content lies in '%s" VOLUME_OLD_SUFFIX "'",
                       r->name, r->name);
}

static int refuse_half_made(const struct restore *r, const struct there *t)
{
    CLEANUP_FREE char *text = half_made(r, t);
    if (!*text) return PAB_OK;
    return pab_fail(r->op, PAB_E_REFUSED, 0, "any command of pabengine by the user and on the machine of that restore puts it back; if that machine is lost, "
                    "copy the content back by hand and then remove volume NAME" VOLUME_UNDO_SUFFIX, "%s", text);
}

static int plan(const struct restore *r, const struct there *t, const char *running, const char *old, int in_place)
{
    CLEANUP_FREE char *blocked = half_made(r, t);
    int keep = !(r->req->flags & PAB_RESTORE_DROP_OLD), force = (r->req->flags & PAB_RESTORE_FORCE) != 0, rc = PAB_OK;
    if (*blocked) return restore_plan(r, PAB_PLAN_CONFLICT, 0, "%s", blocked);
    CLEANUP_FREE char *path = t->info ? pab_strdup("") : foreign_path(r);
    if (*path && !force) return restore_plan(r, PAB_PLAN_CONFLICT, 0, ON_A_PATH, r->name, path);
    if (!t->info) return restore_plan(r, PAB_PLAN_CREATE, r->a->content_size, "volume '%s' is created", r->name);
    if (r->req->as_name && !force) return restore_plan(r, PAB_PLAN_CONFLICT, 0, "there is a volume '%s' already", r->name);
    if (*running && !force) rc = restore_plan(r, PAB_PLAN_CONFLICT, 0, "running containers use volume '%s': %s", r->name, running);
    else if (*running) rc = restore_plan(r, PAB_PLAN_STOP, 0, "containers are stopped and started again: %s", running);
    if (rc) return rc;
    const char *replaced = !keep ? "" : in_place ? "; what they replace stays as NAME.pab-old" : "; what they replace is not kept";
    if (r->req->include_count)
        return restore_plan(r, PAB_PLAN_OVERWRITE, PAB_SIZE_UNKNOWN, "the chosen files in volume '%s' are written%s", r->name, replaced);
    if (t->old && keep && !force) rc = restore_plan(r, PAB_PLAN_CONFLICT, 0, "volume '%s' of an earlier restore is still there; restore --cleanup removes it", old);
    else if (t->old) rc = restore_plan(r, PAB_PLAN_DROP, PAB_SIZE_UNKNOWN, "volume '%s' of an earlier restore is removed", old);
    if (rc) return rc;
    if (keep) return restore_plan(r, PAB_PLAN_OVERWRITE, r->a->content_size, "volume '%s' is replaced; the old one stays as '%s'", r->name, old);
    return restore_plan(r, PAB_PLAN_OVERWRITE, r->a->content_size, "volume '%s' is replaced; the old one is not kept", r->name);
}

/* The same as the plan's conflicts, since things may have changed after it. */
static int refuse(const struct restore *r, const struct there *t, const char *running, const char *old)
{
    if (r->req->flags & PAB_RESTORE_FORCE) return PAB_OK;
    if (r->req->as_name) return pab_fail(r->op, PAB_E_EXISTS, 0, "choose another name, or use --force", "there is a volume '%s' already", r->name);
    if (*running) return pab_fail(r->op, PAB_E_REFUSED, 0, "stop them, or use --force: they are stopped then and started again", "running containers use volume '%s': %s", r->name, running);
    if (t->old && !r->req->include_count && !(r->req->flags & PAB_RESTORE_DROP_OLD))
        return pab_fail(r->op, PAB_E_EXISTS, 0, "restore --cleanup removes it, --force replaces it", "volume '%s' of an earlier restore is still there", old);
    return PAB_OK;
}

int restore_docker(struct restore *r)
{
    CLEANUP(there_release) struct there t = { 0 };
    CLEANUP_FREE char *old = pab_sprintf("%s" VOLUME_OLD_SUFFIX, r->name);
    struct pab_error err = { 0 };
    CLEANUP_FREE char *marker = pab_sprintf("%s" VOLUME_UNDO_SUFFIX, r->name);
    int rc = find(r, r->name, &t.info);
    if (!rc) rc = find(r, old, &t.old);
    if (!rc) rc = find(r, marker, &t.marker);
    if (!rc && users_load(r->d, &r->users, &err)) rc = sup_fail(r->op, &err);
    if (rc) return rc;
    CLEANUP_FREE char *running = users_text(&r->users, r->name, 1);
    CLEANUP_FREE char *live = t.info ? volume_readable_dir(r->v, r->d, t.info) : NULL;
    if (r->req->flags & PAB_RESTORE_PLAN) return plan(r, &t, running, old, live != NULL);
    if ((rc = refuse_half_made(r, &t))) return rc;
    if (!t.info) return create(r);
    if ((rc = refuse(r, &t, running, old))) return rc;
    if (!live) return restore_archived(r, t.info);
    return r->req->include_count ? while_stopped(r, extract_some, live, NULL) : replace(r, live, old, t.old != NULL);
}

int restore_cleanup_docker(struct restore *r)
{
    CLEANUP(there_release) struct there t = { 0 };
    CLEANUP_FREE char *old = pab_sprintf("%s" VOLUME_OLD_SUFFIX, r->name);
    CLEANUP_FREE char *marker = pab_sprintf("%s" VOLUME_UNDO_SUFFIX, r->name);
    struct pab_error err = { 0 };
    int rc = find(r, r->name, &t.info);
    if (!rc) rc = find(r, old, &t.old);
    if (!rc) rc = find(r, marker, &t.marker);
    CLEANUP_FREE char *live = t.info ? volume_readable_dir(r->v, r->d, t.info) : NULL;
    if (!rc && live) rc = restore_remove_kept(r, live);
    if (!rc && t.old) rc = refuse_half_made(r, &t);
    if (rc || !t.old) return rc;
    if (r->req->flags & PAB_RESTORE_PLAN) return restore_plan(r, PAB_PLAN_DROP, PAB_SIZE_UNKNOWN, "volume '%s' is removed", old);
    return docker_volume_remove(r->d, old, &err) ? sup_fail(r->op, &err) : PAB_OK;
}
