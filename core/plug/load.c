/* load.c - see load.h. */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
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

int pab_plugin_name_is_valid(const char *name)
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
    CLEANUP_FREE char *real = realpath(path, NULL);
    if (!real) return pab_error_set(err, PAB_E_IO, errno, "cannot look at '%s'", path);
    CLEANUP_FREE char *folder = folder_of(path);
    CLEANUP_FREE char *real_folder = folder_of(real);
    const char *places[] = { real, folder, real_folder };
    for (int i = 0; i < 3; i++) {
        struct stat st;
        if (stat(places[i], &st)) return pab_error_set(err, PAB_E_IO, errno, "cannot look at '%s'", places[i]);
        int sticky = S_ISDIR(st.st_mode) && (st.st_mode & S_ISVTX);
        if (st.st_uid != 0 || ((st.st_mode & 022) && !sticky && (st.st_mode & 002 || st.st_gid != 0)))
            return pab_error_hint(err, pab_error_set(err, PAB_E_REFUSED, 0, "refusing plugin '%s': '%s' can be written by others than root", path, places[i]),
                                  "chown root '%s' and chmod go-w '%s'", places[i], places[i]);
    }
    return PAB_OK;
}

/* What a loader says of a file begins with its name, which stands in our message already. */
static int cannot_load(const char *path, const char *absolute, struct pab_error *err)
{
    const char *why = dlerror();
    if (!why) why = "no reason given";
    size_t n = strlen(absolute);
    if (strncmp(why, absolute, n) == 0 && strncmp(why + n, ": ", 2) == 0) why += n + 2;
    pab_error_set(err, PAB_E_UNSUPPORTED, 0, "cannot load plugin '%s': %s", path, why);
    return pab_error_hint(err, PAB_E_UNSUPPORTED, "install the libraries it needs (ldd '%s' lists them), or rebuild it on this machine", absolute);
}

/* A library is set up once a process, however often it is asked for: dlopen gives the same handle then. */
static int set_up(void *handle, const struct pab_plugin *p, const char *path, const struct pab_host *host, struct pab_error *err)
{
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static struct { void **items; size_t count, capacity; } done; /* as long as the process, like the libraries */
    int known = 0, rc = 0;
    pthread_mutex_lock(&lock);
    for (size_t i = 0; i < done.count; i++) known |= done.items[i] == handle;
    if (!known && p->load) rc = p->load(host);
    if (!known && !rc) PAB_PUSH(&done, handle);
    pthread_mutex_unlock(&lock);
    if (!rc) return PAB_OK;
    pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' could not set itself up: its load returned %d (%s)", path, rc, pab_error_name(rc));
    return pab_error_hint(err, PAB_E_UNSUPPORTED, "see its manual for what it needs on this machine");
}

static int open_plugin(struct pab_plugs *plugs, const char *path, struct pab_loaded *ret, struct pab_error *err)
{
    CLEANUP_FREE char *absolute = strchr(path, '/') ? pab_strdup(path) : pab_sprintf("./%s", path); /* dlopen searches bare names elsewhere */
    void *handle = dlopen(absolute, RTLD_NOW | RTLD_LOCAL);
    if (!handle) return cannot_load(path, absolute, err);
    pab_plugin_init_fn init;
    *(void **)&init = dlsym(handle, "pab_plugin_init");
    if (!init)
        return pab_error_hint(err, pab_error_set(err, PAB_E_UNSUPPORTED, 0, "'%s' is not a pabengine plugin: it has no pab_plugin_init", path),
                              "pab_plugin(3) says what a plugin exports");
    int rc = pab_plug_accept(init(), path, ret, err);
    return rc ? rc : set_up(handle, &ret->p, path, plugs->host, err);
}

int pab_plugs_get_path(struct pab_plugs *plugs, const char *path, const struct pab_loaded **ret, struct pab_error *err)
{
    for (size_t i = 0; i < plugs->loaded.count; i++) {
        if (strcmp(plugs->loaded.items[i]->path, path) == 0) {
            *ret = plugs->loaded.items[i];
            return PAB_OK;
        }
    }
    if (access(path, R_OK))
        return pab_error_hint(err, pab_error_set(err, PAB_E_NOT_FOUND, errno, "cannot read plugin '%s'", path), "'pabengine plugin list' shows what is there");
    if (check_not_writable_by_others(path, err)) return err->code;
    struct pab_loaded loaded = { 0 };
    if (open_plugin(plugs, path, &loaded, err)) return err->code;
    struct pab_loaded *keep = pab_memdup(&loaded, sizeof loaded);
    keep->path = pab_strdup(path);
    PAB_PUSH(&plugs->loaded, keep);
    *ret = keep;
    return PAB_OK;
}

int pab_plugs_get(struct pab_plugs *plugs, const char *name, const struct pab_loaded **ret, struct pab_error *err)
{
    if (!pab_plugin_name_is_valid(name)) return pab_error_set(err, PAB_E_CONFIG, 0, "'%s' is not a plugin name (lower case letters, digits and '-')", name);
    const char *list = plugs->folders;
    for (;;) {
        CLEANUP_FREE char *folder = next_folder(&list);
        if (!folder) break;
        CLEANUP_FREE char *path = pab_sprintf("%s/%s.so", folder, name);
        if (access(path, F_OK)) continue;
        if (pab_plugs_get_path(plugs, path, ret, err)) return err->code;
        if (strcmp((*ret)->p.name, name) != 0)
            return pab_error_hint(err, pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' calls itself '%s'", path, (*ret)->p.name), "a plugin's file is NAME.so");
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
            int known = !pab_plugin_name_is_valid(name);
            for (size_t i = 0; i < ret->count; i++) known |= strcmp(ret->items[i], name) == 0;
            if (!known) pab_strs_add(ret, name);
        }
        closedir(dir);
    }
    if (ret->count) qsort(ret->items, ret->count, sizeof *ret->items, compare_names);
    return PAB_OK;
}
