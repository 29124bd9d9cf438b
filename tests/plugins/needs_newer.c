/* needs_newer.c - a plugin that cannot live without a function of a later host. */
#include "tests/plugins/plain.h"

static const struct pab_plugin plugin = {
    .magic = PAB_ABI_MAGIC, .abi_major = PAB_ABI_MAJOR, .abi_minor = PAB_ABI_MINOR + 7, .needs_minor = PAB_ABI_MINOR + 5,
    .struct_size = sizeof plugin, PLAIN_MEMBERS("needs-newer"),
};

const struct pab_plugin *pab_plugin_init(void)
{
    return &plugin;
}
