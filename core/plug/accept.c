/* accept.c - judges what pab_plugin_init returned, before anything of the plugin is called; see load.h. */
#include <stddef.h>
#include <string.h>
#include "core/config/options.h"
#include "core/plug/load.h"

/* The parts of ABI 1.0 that a plugin cannot do without: these numbers stay when the structs grow. */
#define PLUGIN_SIZE_LEAST ((uint32_t)offsetof(struct pab_plugin, recover))

/* Who is to act: the author of a plugin that contradicts itself. */
static int faulty(struct pab_error *err, int code)
{
    return pab_error_hint(err, code, "this is a bug of the plugin; please report it to its author");
}
#define FAULTY(err, ...) faulty(err, pab_error_set(err, PAB_E_UNSUPPORTED, 0, __VA_ARGS__))

static int check_versions(const struct pab_plugin *theirs, const char *path, struct pab_error *err)
{
    if (theirs->abi_major != PAB_ABI_MAJOR) {
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' was built for plugin ABI %u.%u, this pabengine has %d.%d", path, theirs->abi_major,
                      theirs->abi_minor, PAB_ABI_MAJOR, PAB_ABI_MINOR);
        return pab_error_hint(err, PAB_E_UNSUPPORTED, theirs->abi_major > PAB_ABI_MAJOR ? "install a newer pabengine, or rebuild the plugin against this version's pab_plugin.h"
                                                                                         : "rebuild the plugin against this version's pab_plugin.h");
    }
    if (theirs->needs_minor > PAB_ABI_MINOR) {
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' needs plugin ABI %u.%u, this pabengine has %d.%d", path, theirs->abi_major, theirs->needs_minor,
                      PAB_ABI_MAJOR, PAB_ABI_MINOR);
        return pab_error_hint(err, PAB_E_UNSUPPORTED, "install a newer pabengine, or an older version of the plugin");
    }
    if (theirs->struct_size < PLUGIN_SIZE_LEAST)
        return FAULTY(err, "plugin '%s' says its struct pab_plugin has %u bytes, ABI %d.0 has at least %u", path, theirs->struct_size, PAB_ABI_MAJOR, PLUGIN_SIZE_LEAST);
    return PAB_OK;
}

static int check_verbs(const struct pab_plugin *p, const char *path, struct pab_error *err)
{
    const struct { const char *name; int there; } verbs[] = {
        { "open", p->open != NULL },       { "close", p->close != NULL },     { "discover", p->discover != NULL },
        { "backup", p->backup != NULL },   { "restore", p->restore != NULL }, { "verify", p->verify != NULL },
    };
    for (size_t i = 0; i < sizeof verbs / sizeof *verbs; i++)
        if (!verbs[i].there) return FAULTY(err, "plugin '%s' has no %s function", path, verbs[i].name);
    return PAB_OK;
}

static int check_members(const struct pab_plugin *p, const char *path, struct pab_error *err)
{
    if (!p->name || !pab_plugin_name_is_valid(p->name)) return FAULTY(err, "plugin '%s' has no valid name", path);
    if (!p->version || !p->summary) return FAULTY(err, "plugin '%s' has no version or no summary", path);
    if (p->thread_model < PAB_THREADS_PROCESS) return FAULTY(err, "plugin '%s' has no thread model", path);
    if (p->categories & ~PAB_CAT_ALL) { /* a run would never want these, and the target would silently be left out */
        pab_error_set(err, PAB_E_UNSUPPORTED, 0, "plugin '%s' writes categories %#x, which ABI %d.%d does not know", path, p->categories & ~PAB_CAT_ALL, PAB_ABI_MAJOR, PAB_ABI_MINOR);
        return pab_error_hint(err, PAB_E_UNSUPPORTED, "install a newer pabengine, or an older version of the plugin");
    }
    return check_verbs(p, path, err);
}

int pab_plug_accept(const struct pab_plugin *theirs, const char *path, struct pab_loaded *ret, struct pab_error *err)
{
    if (!theirs) return FAULTY(err, "plugin '%s': pab_plugin_init returned nothing", path);
    if (theirs->magic != PAB_ABI_MAGIC)
        return FAULTY(err, "plugin '%s' is not a pabengine plugin (magic %08x, expected %08x)", path, theirs->magic, PAB_ABI_MAGIC);
    if (check_versions(theirs, path, err)) return PAB_E_UNSUPPORTED;
    struct pab_loaded ours = { .their_size = theirs->struct_size };
    memcpy(&ours.p, theirs, theirs->struct_size < sizeof ours.p ? theirs->struct_size : sizeof ours.p);
    if (check_members(&ours.p, path, err)) return PAB_E_UNSUPPORTED;
    int rc = pab_options_check_table(ours.p.options, ours.p.option_count, ours.p.option_stride, ours.p.name, err);
    if (rc) {
        pab_error_prefix(err, "plugin '%s'", path);
        return faulty(err, rc);
    }
    *ret = ours;
    return PAB_OK;
}
