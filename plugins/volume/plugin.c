/* plugin.c - the volume plugin: its options, an instance, the table of verbs. */
#include <string.h>
#include "config.h"
#include "plugins/volume/volume.h"

static const char *const drivers[] = { "docker", "path", NULL };
static const char *const quiesces[] = { "none", "pause", "stop", NULL };
static const char *const accesses[] = { "auto", "mountpoint", "archive", NULL };

static const struct pab_option volume_fields[] = {
    { .key = "name", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "exact name of the volume; with driver path a folder below root" },
    { .key = "as", .type = PAB_OPT_STRING, .help = "its name in the backup" },
    { .key = "quiesce", .type = PAB_OPT_CHOICE, .choices = quiesces, .help = "what happens to the containers that use it while it is read" },
    { .key = "exclude", .type = PAB_OPT_LIST, .help = "patterns of what to leave out" },
};
static const struct pab_option container_fields[] = {
    { .key = "name", .type = PAB_OPT_STRING, .flags = PAB_OPT_REQUIRED, .help = "name of a container" },
    { .key = "stop_timeout", .type = PAB_OPT_DURATION, .flags = PAB_OPT_REQUIRED, .min = 1000, .max = 86400000, .help = "how long it may take to stop" },
};
static const struct pab_option options[] = {
    { .key = "driver", .type = PAB_OPT_CHOICE, .choices = drivers, .default_text = "docker", .help = "docker, or path: each volume is a folder below root" },
    { .key = "root", .type = PAB_OPT_PATH, .help = "folder of the volumes, for driver path" },
    { .key = "volumes", .type = PAB_OPT_RECORDS, .flags = PAB_OPT_SHORTHAND, .fields = volume_fields,
      .field_count = sizeof volume_fields / sizeof *volume_fields, .help = "the volumes: names, or maps with name, as, quiesce, exclude" },
    { .key = "project", .type = PAB_OPT_STRING, .help = "every volume of this compose project" },
    { .key = "all", .type = PAB_OPT_BOOL, .default_text = "false", .help = "every volume that has a name of its own" },
    { .key = "quiesce", .type = PAB_OPT_CHOICE, .choices = quiesces, .default_text = "none", .help = "for volumes that do not say it themselves" },
    { .key = "exclude", .type = PAB_OPT_LIST, .help = "patterns of what to leave out of every volume" },
    { .key = "stop_timeout", .type = PAB_OPT_DURATION, .min = 1000, .max = 86400000, .help = "how long a container may take to stop; default: its own setting" },
    { .key = "containers", .type = PAB_OPT_RECORDS, .fields = container_fields, .field_count = sizeof container_fields / sizeof *container_fields,
      .help = "stop_timeout of single containers" },
    { .key = "sqlite", .type = PAB_OPT_BOOL, .default_text = "true", .help = "copy SQLite databases in use through SQLite" },
    { .key = "access", .type = PAB_OPT_CHOICE, .choices = accesses, .default_text = "auto", .help = "read the mountpoint, or through the Docker Engine" },
    { .key = "docker_host", .type = PAB_OPT_STRING, .help = "address of the Docker Engine; default: DOCKER_HOST, the context, the usual sockets" },
    { .key = "context", .type = PAB_OPT_STRING, .help = "name of a Docker context" },
};

static void volumes_free(struct volumes *v)
{
    if (!v) return;
    for (size_t i = 0; i < v->specs.count; i++) pab_strs_release(&v->specs.items[i].exclude);
    pab_strs_release(&v->other.exclude);
    free(v->specs.items);
    free(v->graces.items);
    free(v);
}
DEFINE_CLEANUP(volumes, struct volumes, volumes_free)

static int choice(const char *text, const char *const *choices)
{
    int i = 0;
    while (choices[i] && strcmp(choices[i], text)) i++;
    return i;
}

/* Of one volume (NULL: none in particular) and of all, and what restores of single files have kept. */
static void add_excludes(struct pab_strs *ret, const struct pab_host *h, const struct pab_config *one, const struct pab_config *all)
{
    for (uint64_t i = 0; one && i < h->config_count(one, "exclude"); i++) pab_strs_add(ret, h->config_item(one, "exclude", i));
    for (uint64_t i = 0; i < h->config_count(all, "exclude"); i++) pab_strs_add(ret, h->config_item(all, "exclude", i));
    sup_exclude_kept(ret);
}

static void add_spec(struct volumes *v, const struct pab_host *h, const struct pab_config *all, const struct pab_config *c)
{
    const char *quiesce = h->config_str(c, "quiesce");
    struct volume_spec s = { .name = h->config_str(c, "name"), .as = h->config_str(c, "as"),
                             .quiesce = quiesce ? (enum volume_quiesce)choice(quiesce, quiesces) : v->other.quiesce };
    add_excludes(&s.exclude, h, c, all);
    PAB_PUSH(&v->specs, s);
}

/* What only makes sense with the other driver, and what leaves nothing to do. */
static int check_options(const struct volumes *v, struct pab_op *op, const struct pab_config *c)
{
    static const char *const docker_only[] = { "project", "docker_host", "context", "stop_timeout" };
    const struct pab_host *h = op->host;
    const char *where = h->config_where(c, "driver");
    if (v->is_path && !v->root) return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: driver path needs option root", where);
    if (!v->is_path && v->root) return pab_fail(op, PAB_E_CONFIG, 0, "say driver: path", "%s: option root belongs to driver path", h->config_where(c, "root"));
    for (size_t i = 0; v->is_path && i < sizeof docker_only / sizeof *docker_only; i++)
        if (h->config_has(c, docker_only[i]))
            return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: option %s belongs to driver docker", h->config_where(c, docker_only[i]), docker_only[i]);
    for (size_t i = 0; v->is_path && i < v->specs.count; i++) {
        if (v->specs.items[i].quiesce != QUIESCE_NONE)
            return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: folders have no containers to quiesce", h->config_where(c, "volumes"));
        if (!pab_path_is_safe(v->specs.items[i].name))
            return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: '%s' does not lie below root", h->config_where(c, "volumes"), v->specs.items[i].name);
    }
    if (v->is_path && v->all) return pab_fail(op, PAB_E_CONFIG, 0, "name the folders in option volumes", "%s: option all belongs to driver docker", h->config_where(c, "all"));
    if (!v->specs.count && !v->project && !v->all)
        return pab_fail(op, PAB_E_CONFIG, 0, "name them in option volumes, or use project or all", "%s: no volumes are chosen", where);
    return PAB_OK;
}

/* Two volumes under one name in the backup could not be told apart again. */
static int check_names(const struct volumes *v, struct pab_op *op, const struct pab_config *c)
{
    for (size_t i = 0; i < v->specs.count; i++) {
        CLEANUP_FREE char *mine = volume_stem(&v->specs.items[i], v->specs.items[i].name);
        if (volumes_spec_of(v, mine) == &v->specs.items[i]) continue;
        return pab_fail(op, PAB_E_CONFIG, 0, "give one of them another name with `as`", "%s: two volumes are '%s' in the backup", op->host->config_where(c, "volumes"), mine);
    }
    return PAB_OK;
}

static int volume_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    const struct pab_host *h = op->host;
    CLEANUP(pab_cleanup_volumes) struct volumes *v = pab_alloc(sizeof *v);
    v->is_path = !strcmp(h->config_str(c, "driver"), "path");
    v->root = h->config_str(c, "root");
    v->docker_host = h->config_str(c, "docker_host");
    v->context = h->config_str(c, "context");
    v->project = h->config_str(c, "project");
    v->all = h->config_int(c, "all") != 0;
    v->sqlite = h->config_int(c, "sqlite") != 0;
    v->access = (enum volume_access)choice(h->config_str(c, "access"), accesses);
    v->stop_ms = h->config_int(c, "stop_timeout");
    v->other.quiesce = (enum volume_quiesce)choice(h->config_str(c, "quiesce"), quiesces);
    add_excludes(&v->other.exclude, h, NULL, c);
    for (uint64_t i = 0; i < h->config_count(c, "volumes"); i++) add_spec(v, h, c, h->config_record(c, "volumes", i));
    for (uint64_t i = 0; i < h->config_count(c, "containers"); i++) {
        const struct pab_config *r = h->config_record(c, "containers", i);
        struct volume_grace g = { h->config_str(r, "name"), h->config_int(r, "stop_timeout") };
        PAB_PUSH(&v->graces, g);
    }
    if (check_options(v, op, c) || check_names(v, op, c)) return PAB_E_CONFIG;
    *ret = TAKE_PTR(v);
    return PAB_OK;
}

static void volume_close(void *instance) { volumes_free(instance); }

static int volume_load(const struct pab_host *host)
{
    (void)host;
    return http_load(NULL) ? PAB_E_INTERNAL : PAB_OK;
}

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER,
    .thread_model = PAB_THREADS_INSTANCE,
    .name = "volume",
    .version = PACKAGE_VERSION,
    .summary = "Docker volumes, and folders treated as volumes",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .option_stride = sizeof *options,
    .caps = PAB_CAP_ONLINE | PAB_CAP_SELECTIVE | PAB_CAP_RENAME | PAB_CAP_TO_DIR | PAB_CAP_WHOLE_OBJECTS,
    .categories = PAB_CAT_VOLUMES,
    .load = volume_load,
    .open = volume_open,
    .close = volume_close,
    .check = volume_check,
    .discover = volume_discover,
    .backup = volume_backup,
    .restore = volume_restore,
    .verify = volume_verify,
    .recover = volume_recover,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
