/* select.c - which volumes the options mean, and where each can be read. */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/volume/volume.h"

int volumes_connect(const struct volumes *v, struct pab_op *op, struct docker **ret)
{
    struct pab_error err = { 0 };
    *ret = NULL;
    if (v->is_path) return PAB_OK;
    struct docker_opts o = { .host = v->docker_host, .context = v->context, .cancel_fd = op->host->cancel_fd(op) };
    if (docker_connect(&o, ret, &err)) return sup_fail(op, &err);
    pab_log(op, PAB_LOG_DEBUG, "Docker Engine %s at '%s', API 1.%d", docker_version(*ret), docker_host(*ret), docker_api(*ret));
    return PAB_OK;
}

/* A file name of its own: a folder's path may have slashes. */
char *volume_stem(const struct volume_spec *spec, const char *name)
{
    char *stem = pab_strdup(spec->as ? spec->as : name);
    for (char *p = stem; *p; p++)
        if (*p == '/') *p = '_';
    return stem;
}

const struct volume_spec *volumes_spec_of(const struct volumes *v, const char *stem)
{
    for (size_t i = 0; i < v->specs.count; i++) {
        CLEANUP_FREE char *mine = volume_stem(&v->specs.items[i], v->specs.items[i].name);
        if (!strcmp(mine, stem)) return &v->specs.items[i];
    }
    return NULL;
}

int volume_has_device(const json_t *info)
{
    const char *key;
    json_t *value, *options = json_at(info, "Options");
    if (strcmp(json_text(info, "Driver"), "local")) return 0;
    json_object_foreach(options, key, value) {
        if (!strcmp(key, "device") || !strcmp(key, "type") || !strcmp(key, "o")) return 1;
    }
    return 0;
}

/* Only a plain local volume lies where its mountpoint says: what has a device is mounted there for containers alone. */
static int is_plain(const json_t *info) { return !strcmp(json_text(info, "Driver"), "local") && !volume_has_device(info); }

char *volume_readable_dir(const struct volumes *v, struct docker *d, const json_t *info)
{
    const char *dir = json_text(info, "Mountpoint");
    if (v->access == ACCESS_ARCHIVE || dir[0] != '/') return NULL;
    CLEANUP_CLOSE int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0) return NULL;
    if (v->access == ACCESS_AUTO && (!is_plain(info) || !docker_is_local(d))) return NULL;
    return pab_strdup(dir);
}

static int add_docker(const struct volumes *v, struct pab_op *op, struct docker *d, const struct volume_spec *spec, json_t *info, struct volume_list *ret)
{
    struct volume vol = { .spec = spec, .name = pab_strdup(json_text(info, "Name")), .info = json_incref(info) };
    vol.stem = volume_stem(spec, vol.name);
    vol.dir = volume_readable_dir(v, d, info);
    PAB_PUSH(ret, vol);
    if (v->access == ACCESS_MOUNTPOINT && !vol.dir)
        return pab_fail(op, PAB_E_IO, errno, "run as root, or use access: auto", "cannot read the mountpoint '%s' of volume '%s'", json_text(info, "Mountpoint"), vol.name);
    return PAB_OK;
}

static int add_named(const struct volumes *v, struct pab_op *op, struct docker *d, const struct volume_spec *spec, struct volume_list *ret)
{
    CLEANUP_JSON json_t *info = NULL;
    struct pab_error err = { 0 };
    int rc = docker_volume(d, spec->name, &info, &err);
    if (rc == PAB_E_NOT_FOUND)
        return pab_fail(op, rc, 0, "docker volume ls; the volumes of a compose project begin with the project's name", "there is no volume '%s'", spec->name);
    return rc ? sup_fail(op, &err) : add_docker(v, op, d, spec, info, ret);
}

static int has_name(const struct volume_list *l, const char *name)
{
    for (size_t i = 0; i < l->count; i++)
        if (!strcmp(l->items[i].name, name)) return 1;
    return 0;
}

static int is_of_restore(const char *name)
{
    return pab_str_has_suffix(name, VOLUME_OLD_SUFFIX) || pab_str_has_suffix(name, VOLUME_NEW_SUFFIX) || pab_str_has_suffix(name, VOLUME_UNDO_SUFFIX);
}

/* Docker gives a volume that nobody named 64 hexadecimal digits. */
static int is_anonymous(const char *name) { return strlen(name) == 64 && strspn(name, "0123456789abcdef") == 64; }

static int add_found(const struct volumes *v, struct pab_op *op, struct docker *d, const char *label, struct volume_list *ret)
{
    CLEANUP_JSON json_t *list = NULL;
    struct pab_error err = { 0 };
    int rc = docker_volumes(d, label, &list, &err);
    if (rc) return sup_fail(op, &err);
    for (size_t i = 0; !rc && i < json_array_size(list); i++) {
        json_t *info = json_array_get(list, i);
        const char *name = json_text(info, "Name");
        if (has_name(ret, name) || (!label && is_anonymous(name)) || is_of_restore(name)) continue;
        rc = add_docker(v, op, d, &v->other, info, ret);
    }
    return rc;
}

static int add_folder(const struct volumes *v, struct pab_op *op, const struct volume_spec *spec, struct volume_list *ret)
{
    struct stat st;
    CLEANUP_FREE char *dir = pab_path_join(v->root, spec->name);
    if (stat(dir, &st)) return pab_fail(op, errno == ENOENT ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "see options root and volumes", "there is no folder '%s'", dir);
    if (!S_ISDIR(st.st_mode)) return pab_fail(op, PAB_E_NOT_FOUND, 0, "see options root and volumes", "'%s' is no folder", dir);
    struct volume vol = { .spec = spec, .name = pab_strdup(spec->name), .stem = volume_stem(spec, spec->name), .dir = TAKE_PTR(dir) };
    PAB_PUSH(ret, vol);
    return PAB_OK;
}

int volumes_select(const struct volumes *v, struct pab_op *op, struct docker *d, struct volume_list *ret)
{
    int rc = PAB_OK, missing = PAB_OK;
    for (size_t i = 0; !rc && i < v->specs.count; i++) {
        rc = v->is_path ? add_folder(v, op, &v->specs.items[i], ret) : add_named(v, op, d, &v->specs.items[i], ret);
        if (rc == PAB_E_NOT_FOUND) missing = rc, rc = PAB_OK; /* the others are there all the same */
    }
    if (!rc && v->project) {
        size_t before = ret->count;
        CLEANUP_FREE char *label = pab_sprintf("com.docker.compose.project=%s", v->project);
        rc = add_found(v, op, d, label, ret);
        if (!rc && ret->count == before && !v->specs.count)
            return pab_fail(op, PAB_E_NOT_FOUND, 0, "docker compose ls", "compose project '%s' has no volumes", v->project);
    }
    if (!rc && v->all) rc = add_found(v, op, d, NULL, ret);
    return rc ? rc : missing;
}

void volume_list_release(struct volume_list *l)
{
    for (size_t i = 0; i < l->count; i++) {
        free(l->items[i].name);
        free(l->items[i].stem);
        free(l->items[i].dir);
        json_decref(l->items[i].info);
    }
    free(l->items);
    *l = (struct volume_list){ 0 };
}

uint64_t folder_size(const char *dir)
{
    CLEANUP_FREE char *own = pab_strdup(dir);
    char *const roots[] = { own, NULL };
    FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR | FTS_XDEV, NULL);
    uint64_t size = 0;
    if (!walk) return PAB_SIZE_UNKNOWN;
    for (FTSENT *e; (e = fts_read(walk));)
        if (e->fts_info == FTS_F) size += (uint64_t)e->fts_statp->st_size;
    fts_close(walk);
    return size;
}
