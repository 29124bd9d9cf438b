/* load.c - see load.h. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/config/options.h"
#include "core/plug/load.h"

struct pab_plugs {
    char *folders;
    const struct pab_host *host;
    struct { struct pab_loaded **items; size_t count, capacity; } loaded;
};

struct pab_plugs *pab_plugs_new(const char *folders, const struct pab_host *host)
{
    struct pab_plugs *p = pab_alloc(sizeof *p);
    p->folders = pab_strdup(folders ? folders : "");
    p->host = host;
    return p;
}

void pab_plugs_free(struct pab_plugs *p)
{
    if (!p) return;
    for (size_t i = 0; i < p->loaded.count; i++) {
        free(p->loaded.items[i]->path);
        free(p->loaded.items[i]);
    }
    free(p->loaded.items);
    free(p->folders);
    free(p);
}

const char *pab_plugs_folders(const struct pab_plugs *p)
{
    return p->folders;
}

static int name_is_valid(const char *name)
{
    if (name[0] < 'a' || name[0] > 'z') return 0;
    return strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == strlen(name) && strlen(name) <= 64;
}

/* The next folder of a colon-separated list; NULL at the end. Caller frees. */
static char *next_folder(const char **list)
{
    while (**list == ':') (*list)++;
    if (!**list) return NULL;
    size_t n = strcspn(*list, ":");
    char *folder = pab_strndup(*list, n);
    *list += n;
    return folder;
}

static char *folder_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash) return pab_strdup(".");
    return slash == path ? pab_strdup("/") : pab_strndup(path, (size_t)(slash - path));
}

/* Root runs whatever stands in the file: nobody else may be able to put something there. */
static int check_not_writable_by_others(const char *path, struct pab_error *err)
{
    if (geteuid() != 0) return PAB_OK;
    CLEANUP_FREE char *folder = folder_of(path);
    const char *both[] = { path, folder };
    for (int i = 0; i < 2; i++) {
        struct stat st;
        if (stat(both[i], &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot look at '%s'", both[i]);
        int sticky = S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX);
        if (st.st_uid != 0 || ((st.st_mode & 022) && !sticky && (st.st_mode & 002 || st.st_gid != 0)))
            return pab_error_hint(err, pab_error_set(err, PAB_E_REFUSED, 0, "refusing plugin '%s': '%s' can be written by others than root", path, both[i]),
                                  "chown root '%s' and chmod go-w '%s'", both[i], both[i]);
    }
    return PAB_OK;
}

static int check_verbs(const struct pab_plugin *p, const char *path, struct pab_error *err)
{
    const struct { const char *name; int there; } verbs[] = {
        { "open", p->open != NULL },       { "close", p->close != NULL },     { "discover", p->discover != NULL },
        { "backup", p->backup != NULL },   { "restore", p->restore != NULL }, { "verify", p->verify != NULL },
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!verbs[i].there) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' has no %s function", path, verbs[i].name);
    return PAB_OK;
}

/* Smallest struct of ABI 1.0: it ended after recover. Older drafts never left the house. */
#define PAB_PLUGIN_SIZE_1_0 ((uint32_t)(offsetof(struct pab_plugin, recover) + sizeof(void *)))

int pab_plug_accept(const struct pab_plugin *theirs, const char *path, struct pab_loaded *ret, struct pab_error *err)
{
    if (!theirs) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s': pab_plugin_init returned nothing", path);
    if (theirs->magic != PAB_ABI_MAGIC)
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' is not a pabengine plugin (magic %08x, expected %08x)", path, theirs->magic, PAB_ABI_MAGIC);
    if (theirs->abi_major != PAB_ABI_MAJOR)
        return pab_error_hint(err,
                              pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' was built for plugin ABI %u.%u, this pabengine has %d.%d", path,
                                            theirs->abi_major, theirs->abi_minor, PAB_ABI_MAJOR, PAB_ABI_MINOR),
                              "rebuild the plugin against this version's pab_plugin.h");
    if (theirs->needs_minor > PAB_ABI_MINOR)
        return pab_error_hint(err,
                              pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' needs plugin ABI %u.%u, this pabengine has %d.%d", path,
                                            theirs->abi_major, theirs->needs_minor, PAB_ABI_MAJOR, PAB_ABI_MINOR),
                              "a newer pabengine is needed");
    if (theirs->struct_size < offsetof(struct pab_plugin, recover))
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' says its struct has %u bytes, ABI 1.0 has %u", path, theirs->struct_size, PAB_PLUGIN_SIZE_1_0);
    memset(&ret->p, 0, sizeof ret->p);
    ret->their_size = theirs->struct_size;
    memcpy(&ret->p, theirs, theirs->struct_size < sizeof ret->p ? theirs->struct_size : sizeof ret->p);
    const struct pab_plugin *p = &ret->p;
    if (!p->name || !name_is_valid(p->name)) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' has no valid name", path);
    if (!p->version || !p->summary) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' has no version or no summary", path);
    if (check_verbs(p, path, err)) return err->code;
    if (p->option_count && (!p->options || p->option_stride < offsetof(struct pab_option, reserved)))
        return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' has a faulty option table", path);
    return pab_options_check_table(p->options, p->option_count, p->option_stride, p->name, err);
}

int pab_plugs_get_path(struct pab_plugs *plugs, const char *path, const struct pab_loaded **ret, struct pab_error *err)
{
    for (size_t i = 0; i < plugs->loaded.count; i++) {
        if (strcmp(plugs->loaded.items[i]->path, path) == 0) {
            *ret = plugs->loaded.items[i];
            return PAB_OK;
        }
    }
    if (access(path, R_OK)) return pab_error_set(err, PAB_E_NOT_FOUND, errno, "cannot read plugin '%s'", path);
    if (check_not_writable_by_others(path, err)) return err->code;
    CLEANUP_FREE char *absolute = strchr(path, '/') ? pab_strdup(path) : pab_sprintf("./%s", path); /* dlopen searches bare names elsewhere */
    void *handle = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "cannot load plugin '%s': %s", path, dlerror());
    pab_plugin_init_fn init;
    *(void **)&init = dlsym(handle, "pab_plugin_init");
    if (!init) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is not a pabengine plugin: it has no pab_plugin_init", path);
    struct pab_loaded loaded = { 0 };
    if (pab_plug_accept(init(), path, &loaded, err)) return err->code;
    if (loaded.p.load && loaded.p.load(plugs->host)) return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' could not set itself up", path);
    struct pab_loaded *keep = pab_memdup(&loaded, sizeof loaded);
    keep->path = pab_strdup(path);
    PAB_PUSH(&plugs->loaded, keep);
    *ret = keep;
    return PAB_OK;
}

int pab_plugs_get(struct pab_plugs *plugs, const char *name, const struct pab_loaded **ret, struct pab_error *err)
{
    if (!name_is_valid(name)) return pab_error_set(err, PAB_E_CONFIG, 0, "'%s' is not a plugin name (lower case letters, digits and '-')", name);
    const char *list = plugs->folders;
    for (;;) {
        CLEANUP_FREE char *folder = next_folder(&list);
        if (!folder) break;
        CLEANUP_FREE char *path = pab_sprintf("%s/%s.so", folder, name);
        if (access(path, F_OK)) continue;
        if (pab_plugs_get_path(plugs, path, ret, err)) return err->code;
        if (strcmp((*ret)->p.name, name) != 0)
            return pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' calls itself '%s'", path, (*ret)->p.name);
        return PAB_OK;
    }
    struct pab_strs names = { 0 };
    pab_plugs_names(plugs, &names, NULL);
    const char *near = pab_str_nearest(name, (const char *const *)names.items, names.count);
    pab_error_set(err, PAB_E_CONFIG, 0, "plugin '%s' is not installed (looked in %s)", name, plugs->folders);
    if (near) pab_error_hint(err, PAB_E_CONFIG, "did you mean '%s'?", near);
    else pab_error_hint(err, PAB_E_CONFIG, "'pabengine plugin list' shows what is there");
    pab_strs_release(&names);
    return PAB_E_CONFIG;
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

int pab_plugs_names(struct pab_plugs *plugs, struct pab_strs *ret, struct pab_error *err)
{
    (void)err; /* a folder that is not there holds no plugins */
    const char *list = plugs->folders;
    for (;;) {
        CLEANUP_FREE char *folder = next_folder(&list);
        if (!folder) break;
        DIR *dir = opendir(folder);
        if (!dir) continue;
        for (struct dirent *e; (e = readdir(dir));) {
            size_t n = strlen(e->d_name);
            if (n <= 3 || strcmp(e->d_name + n - 3, ".so") != 0) continue;
            CLEANUP_FREE char *name = pab_strndup(e->d_name, n - 3);
            int known = !name_is_valid(name);
            for (size_t i = 0; i < ret->count; i++) known |= strcmp(ret->items[i], name) == 0;
            if (!known) pab_strs_add(ret, name);
        }
        closedir(dir);
    }
    if (ret->count) qsort(ret->items, ret->count, sizeof *ret->items, compare_names);
    return PAB_OK;
}
