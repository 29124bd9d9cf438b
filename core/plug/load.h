/* load.h - finding, loading and judging plugins.
 *
 *     struct pab_plugs *plugs = pab_plugs_new(folders, host);   // folders: "a:b:c", searched in that order
 *     pab_plugs_get(plugs, "postgres", &plugin, err);           // dlopen, ABI checks, load(); later calls are free
 *
 * A name [a-z][a-z0-9-]* is NAME.so in one of the folders; a path (only where the user gave one on the command line)
 * is taken as it is.  Opened with RTLD_NOW | RTLD_LOCAL and never closed: libraries leave atexit handlers and
 * thread-local destructors behind; its load() runs once a process (load.c remembers that).  When root, a plugin file or
 * folder that others may write is refused.
 *
 * Messages name the file, and for a wrong ABI both versions; the hint says what to do.
 */
#ifndef PAB_PLUG_LOAD_H
#define PAB_PLUG_LOAD_H

#include "core/base/error.h"
#include "core/base/vec.h"

struct pab_loaded {
    struct pab_plugin p;       /* our zeroed copy of min(sizes) */
    char *path;
    uint32_t their_size;       /* struct_size as the plugin had it */
};

struct pab_plugs;
struct pab_plugs *pab_plugs_new(const char *folders, const struct pab_host *host);
void pab_plugs_free(struct pab_plugs *p);   /* forgets; unloads nothing */
int pab_plugs_get(struct pab_plugs *p, const char *name, const struct pab_loaded **ret, struct pab_error *err);
int pab_plugs_get_path(struct pab_plugs *p, const char *path, const struct pab_loaded **ret, struct pab_error *err);
/* Names of all NAME.so files in the folders, sorted, each once. */
int pab_plugs_names(struct pab_plugs *p, struct pab_strs *ret, struct pab_error *err);
const char *pab_plugs_folders(const struct pab_plugs *p);

int pab_plugin_name_is_valid(const char *name);   /* [a-z][a-z0-9-]*, at most 64 */

/* The checks on what pab_plugin_init returned; copies it to ret->p, which is left alone on failure. Apart from dlopen, for tests. */
int pab_plug_accept(const struct pab_plugin *theirs, const char *path, struct pab_loaded *ret, struct pab_error *err);

#endif
