/* init_folders.c - targets of what lies in files: volumes, bind mounts, the files of compose projects. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/engine/init_private.h"

/* ---- volumes */

/* "used by db, web"; Caller frees. *ret_live: they hold the files of a database that nothing dumps. */
static char *users_text(const struct pab_init *i, const char *volume, int *ret_live)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    const json_t *mount;
    for (const json_t *c = NULL; (c = pab_machine_user_of(i->machine, volume, c, &mount));) {
        CLEANUP_FREE char *name = pab_init_quote(pab_machine_text(c, "name"));
        enum pab_known known = pab_known_of(pab_machine_text(c, "image"));
        pab_buf_addf(&b, "%s%s", b.size ? ", " : "used by ", name);
        if (known != PAB_KNOWN_NONE) pab_buf_addf(&b, " (%s)", pab_known_title(known));
        *ret_live |= pab_known_holds_store(known, pab_machine_text(mount, "destination"));
    }
    if (!b.size) pab_buf_adds(&b, "used by no container");
    return pab_buf_take(&b);
}

static int is_first_of_project(const json_t *volumes, size_t at)
{
    const char *project = pab_machine_text(json_array_get(volumes, at), "project");
    for (size_t v = 0; v < at; v++)
        if (strcmp(pab_machine_text(json_array_get(volumes, v), "project"), project) == 0) return 0;
    return 1;
}

static void leave_out(struct pab_init *i, const char *what, const char *name, const char *why)
{
    CLEANUP_FREE char *quoted = pab_init_quote(name);
    pab_buf_addf(&i->left_out, "#   %s %s: %s\n", what, quoted, why);
}

static void add_volume(struct pab_init *i, const json_t *volume, const char *project, int *started)
{
    const char *name = pab_machine_text(volume, "name");
    int live = 0;
    CLEANUP_FREE char *users = users_text(i, name, &live), *quoted = pab_init_quote(name), *title = pab_sprintf("%s%svolumes", project, *project ? "-" : "");
    if (!*name) return;
    if (pab_init_has(&i->dumped, name)) {
        leave_out(i, "volume", name, "the files of a database that a target above takes");
        return;
    }
    if (json_is_true(json_object_get(volume, "anonymous"))) {
        leave_out(i, "volume", name, "it has no name of its own");
        return;
    }
    if (!*started) {
        pab_init_target(i, title, "volume", "");
        pab_buf_adds(&i->out, "    options:\n");
        pab_init_docker_host(i);
        pab_buf_adds(&i->out, "      volumes:\n");
        *started = 1;
    }
    if (live) pab_buf_addf(&i->out, "        # %s: files of a database, sound only while that is stopped.\n        - {name: %s, quiesce: stop}\n", users, quoted);
    else pab_buf_addf(&i->out, "        - %s  # %s\n", quoted, users);
}

void pab_init_volumes(struct pab_init *i)
{
    const json_t *volumes = json_object_get(i->machine, "volumes");
    for (size_t at = 0; at < json_array_size(volumes); at++) {
        const char *project = pab_machine_text(json_array_get(volumes, at), "project");
        int started = 0;
        if (!is_first_of_project(volumes, at)) continue;
        for (size_t v = at; v < json_array_size(volumes); v++)
            if (strcmp(pab_machine_text(json_array_get(volumes, v), "project"), project) == 0) add_volume(i, json_array_get(volumes, v), project, &started);
    }
}

/* ---- files */

/* The store, where it lies below a folder that is taken. */
static void add_exclude(struct pab_init *i, const char *root)
{
    CLEANUP_FREE char *store = pab_path_join(pab_machine_text(i->machine, "folder"), "backups");
    const char *below = *store == '/' ? pab_machine_below(store, root) : NULL;
    if (!below || !*below) return;
    CLEANUP_FREE char *pattern = pab_init_pattern(below, 1), *quoted = pab_init_quote(pattern);
    pab_buf_addf(&i->out, "      exclude: [%s]  # where the store is, when this file lies here\n", quoted);
}

static int is_taken(const struct pab_init *i, const char *path)
{
    for (size_t f = 0; f < i->folders.count; f++)
        if (pab_machine_below(path, i->folders.items[f])) return 1;
    return 0;
}

static void add_pattern(struct pab_init *i, const char *relative, int is_folder, int *count)
{
    CLEANUP_FREE char *pattern = pab_init_pattern(relative, is_folder), *quoted = pab_init_quote(pattern);
    pab_buf_addf(&i->out, "%s%s", (*count)++ ? ", " : "", quoted);
}

/* Bind mounts below the folder of a project, as patterns. */
static void add_mounts_below(struct pab_init *i, const char *folder)
{
    const json_t *containers = json_object_get(i->machine, "containers");
    int count = 0;
    for (size_t c = 0; c < json_array_size(containers); c++) {
        const json_t *mounts = json_object_get(json_array_get(containers, c), "mounts");
        for (size_t m = 0; m < json_array_size(mounts); m++) {
            const json_t *mount = json_array_get(mounts, m);
            const char *source = pab_machine_text(mount, "source"), *below = pab_machine_below(source, folder), *kind = pab_machine_text(mount, "kind");
            if (strcmp(pab_machine_text(mount, "type"), "bind") != 0 || !below || is_taken(i, source) || pab_init_has(&i->dumped, source) || pab_machine_not_data(source, kind)) continue;
            if (!count) pab_buf_adds(&i->out, "        mounts: [");
            add_pattern(i, below, strcmp(kind, "file") != 0, &count);
            pab_strs_add(&i->folders, source);
        }
    }
    if (count) pab_buf_adds(&i->out, "]  # what containers have mounted from here\n");
}

static void add_project(struct pab_init *i, const json_t *project)
{
    const json_t *files = json_object_get(project, "files");
    const char *folder = pab_machine_text(project, "folder"), *name = pab_machine_text(project, "name"), *env = pab_machine_text(project, "env_file");
    CLEANUP_FREE char *root = pab_init_quote(folder), *title = pab_sprintf("%s%sfiles", name, *name ? "-" : "");
    int count = 0;
    if (*folder != '/' || (!json_array_size(files) && !*env)) return;
    pab_init_target(i, title, "files", *env ? "The compose project itself. Its .env has secrets: so will the backup." : "The compose project itself.");
    pab_buf_addf(&i->out, "    options:\n      root: %s\n      sets:\n        config: [", root);
    for (size_t f = 0; f < json_array_size(files); f++) {
        const char *path = json_string_value(json_array_get(files, f)), *below = path ? pab_machine_below(path, folder) : NULL;
        if (below && *below) add_pattern(i, below, 0, &count);
    }
    if (*env && pab_machine_below(env, folder)) add_pattern(i, pab_machine_below(env, folder), 0, &count);
    if (!count) add_pattern(i, "compose.yaml", 0, &count);
    pab_buf_adds(&i->out, "]\n");
    add_mounts_below(i, folder);
    add_exclude(i, folder);
}

/* A bind mount that lies outside of all projects. */
static void add_mount(struct pab_init *i, const json_t *container, const json_t *mount)
{
    const char *source = pab_machine_text(mount, "source"), *kind = pab_machine_text(mount, "kind"), *name = strrchr(source, '/');
    if (*source != '/' || is_taken(i, source)) return;
    int is_file = strcmp(kind, "file") == 0;
    const char *why = pab_init_has(&i->dumped, source) ? "the files of a database that a target above takes" : pab_machine_not_data(source, kind);
    pab_strs_add(&i->folders, source);
    if (why) {
        leave_out(i, "folder", source, why);
        return;
    }
    CLEANUP_FREE char *parent = pab_strndup(source, is_file && name > source ? (size_t)(name - source) : is_file ? 1 : strlen(source)), *root = pab_init_quote(parent);
    CLEANUP_FREE char *user = pab_init_quote(pab_machine_text(container, "name")), *pattern = is_file ? pab_init_pattern(name + 1, 0) : pab_strdup("/"), *quoted = pab_init_quote(pattern);
    int live = pab_known_holds_store(pab_known_of(pab_machine_text(container, "image")), pab_machine_text(mount, "destination"));
    CLEANUP_FREE char *note = pab_sprintf("Mounted by container %s.%s", user, live ? " These are files of a database: sound only while that is stopped." : "");
    pab_init_target(i, name[1] ? name + 1 : "files", "files", note);
    pab_buf_addf(&i->out, "    options:\n      root: %s\n      sets: {files: [%s]}\n", root, quoted);
    add_exclude(i, parent);
}

void pab_init_folders(struct pab_init *i)
{
    const json_t *projects = json_object_get(i->machine, "projects"), *containers = json_object_get(i->machine, "containers");
    for (size_t p = 0; p < json_array_size(projects); p++) add_project(i, json_array_get(projects, p));
    for (size_t c = 0; c < json_array_size(containers); c++) {
        const json_t *mounts = json_object_get(json_array_get(containers, c), "mounts");
        for (size_t m = 0; m < json_array_size(mounts); m++)
            if (strcmp(pab_machine_text(json_array_get(mounts, m), "type"), "bind") == 0) add_mount(i, json_array_get(containers, c), json_array_get(mounts, m));
    }
}
