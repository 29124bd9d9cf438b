/* plugin.c - the files plugin: its options, an instance, the table of verbs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "config.h"
#include "plugins/files/files.h"

static const struct pab_option options[] = {
    { .key = "root", .type = PAB_OPT_PATH, .flags = PAB_OPT_REQUIRED, .help = "folder that the patterns of the sets start from" },
    { .key = "sets", .type = PAB_OPT_SETS, .flags = PAB_OPT_REQUIRED, .help = "named lists of patterns: one artifact each" },
    { .key = "exclude", .type = PAB_OPT_LIST, .help = "patterns of what to leave out of every set" },
    { .key = "required", .type = PAB_OPT_LIST, .help = "names of sets that must match something" },
    { .key = "keep_old", .type = PAB_OPT_BOOL, .default_text = "true", .help = "restore keeps a replaced file as NAME.pab-old" },
};

static void files_free(struct files *f)
{
    if (!f) return;
    for (size_t i = 0; i < f->sets.count; i++) pab_strs_release(&f->sets.items[i].patterns);
    free(f->sets.items);
    pab_strs_release(&f->exclude);
    free(f);
}
DEFINE_CLEANUP(files, struct files, files_free)

/* A set lists paths as one would for ls(1): from the root. Only an explicit "**" reaches into other folders. */
static int add_pattern(struct files_set *set, struct pab_op *op, const struct pab_config *c, const char *pattern)
{
    const char *plain = pattern + (pattern[0] == '/');
    int dots = strcmp(plain, "..") == 0 || strstr(plain, "/../") || pab_str_has_prefix(plain, "../") || pab_str_has_suffix(plain, "/..");
    while (pab_str_has_prefix(plain, "./")) plain += 2;
    if (!*plain || strcmp(plain, ".") == 0) plain = "*";
    if (dots)
        return pab_fail(op, PAB_E_CONFIG, 0, "choose a root that holds all of it", "%s: set '%s': pattern '%s' leads out of the root",
                        op->host->config_where(c, "sets"), set->name, pattern);
    CLEANUP_FREE char *anchored = pab_sprintf("/%s", plain);
    pab_strs_add(&set->patterns, anchored);
    return PAB_OK;
}

static int add_sets(struct files *f, struct pab_op *op, const struct pab_config *c)
{
    const struct pab_host *h = op->host;
    for (uint64_t i = 0; i < h->config_count(c, "sets"); i++) {
        const struct pab_config *r = h->config_record(c, "sets", i);
        struct files_set set = { .name = h->config_str(r, "name") };
        PAB_PUSH(&f->sets, set);
        struct files_set *mine = &f->sets.items[f->sets.count - 1];
        for (uint64_t k = 0; k < h->config_count(r, "items"); k++)
            if (add_pattern(mine, op, c, h->config_item(r, "items", k))) return PAB_E_CONFIG;
        if (!mine->patterns.count)
            return pab_fail(op, PAB_E_CONFIG, 0, "give at least one pattern", "%s: set '%s' is empty", h->config_where(c, "sets"), mine->name);
    }
    if (!f->sets.count) return pab_fail(op, PAB_E_CONFIG, 0, NULL, "%s: there are no sets", h->config_where(c, "sets"));
    return PAB_OK;
}

static int mark_required(struct files *f, struct pab_op *op, const struct pab_config *c)
{
    const struct pab_host *h = op->host;
    for (uint64_t i = 0; i < h->config_count(c, "required"); i++) {
        const char *name = h->config_item(c, "required", i);
        struct files_set *found = NULL;
        for (size_t s = 0; s < f->sets.count; s++)
            if (strcmp(f->sets.items[s].name, name) == 0) found = &f->sets.items[s];
        if (!found) return pab_fail(op, PAB_E_CONFIG, 0, "name one of the sets", "%s: there is no set '%s'", h->config_where(c, "required"), name);
        found->required = 1;
    }
    return PAB_OK;
}

static int files_open(struct pab_op *op, const struct pab_config *c, void **ret)
{
    const struct pab_host *h = op->host;
    CLEANUP(pab_cleanup_files) struct files *f = pab_alloc(sizeof *f);
    f->root = h->config_str(c, "root");
    f->keep_old = h->config_int(c, "keep_old") != 0;
    for (uint64_t i = 0; i < h->config_count(c, "exclude"); i++) pab_strs_add(&f->exclude, h->config_item(c, "exclude", i));
    sup_exclude_kept(&f->exclude);
    if (add_sets(f, op, c) || mark_required(f, op, c)) return PAB_E_CONFIG;
    *ret = TAKE_PTR(f);
    return PAB_OK;
}

static void files_close(void *instance) { files_free(instance); }

int files_open_root(const struct files *f, struct pab_op *op, const char *root, int *ret_fd)
{
    (void)f;
    int fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return pab_fail(op, errno == ENOENT || errno == ENOTDIR ? PAB_E_NOT_FOUND : PAB_E_IO, errno, "see option root", "cannot open the folder '%s'", root);
    *ret_fd = fd;
    return PAB_OK;
}

const struct files_set *files_find_set(const struct files *f, const char *name)
{
    for (size_t i = 0; i < f->sets.count; i++)
        if (strcmp(f->sets.items[i].name, name) == 0) return &f->sets.items[i];
    return NULL;
}

static const struct pab_plugin plugin = {
    PAB_PLUGIN_HEADER,
    .thread_model = PAB_THREADS_PARALLEL,
    .name = "files",
    .version = PACKAGE_VERSION,
    .summary = "named sets of files and folders under a root",
    .options = options,
    .option_count = sizeof options / sizeof *options,
    .option_stride = sizeof *options,
    .caps = PAB_CAP_ONLINE | PAB_CAP_SELECTIVE | PAB_CAP_TO_DIR | PAB_CAP_WHOLE_OBJECTS,
    .categories = PAB_CAT_CONFIG,
    .open = files_open,
    .close = files_close,
    .check = files_check,
    .discover = files_discover,
    .backup = files_backup,
    .restore = files_restore,
    .verify = files_verify,
};

const struct pab_plugin *pab_plugin_init(void) { return &plugin; }
