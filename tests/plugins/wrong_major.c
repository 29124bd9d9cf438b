/* wrong_major.c - a plugin of the next major version: only its head is known, the rest would crash whoever touched it. */
#include <string.h>
#include "core/include/pab_plugin.h"

static struct { uint32_t head[5]; unsigned char rest[256]; } plugin;

const struct pab_plugin *pab_plugin_init(void)
{
    const uint32_t head[5] = { PAB_ABI_MAGIC, PAB_ABI_MAJOR + 1, 3, 0, sizeof plugin };
    memcpy(plugin.head, head, sizeof head);
    memset(plugin.rest, 0xa5, sizeof plugin.rest);
    return (const struct pab_plugin *)(const void *)&plugin;
}
