/* old.c - a plugin from before some fields were appended: its structs end early, and what lies behind them is not theirs. */
#define OBJECT_SIZE offsetof(struct pab_object, detail)
#define DESC_SIZE offsetof(struct pab_artifact_desc, size_hint)
#include "tests/plugins/plain.h"

/* The bytes where newer structs have `recover`: calling that would crash. */
static struct { unsigned char plugin[offsetof(struct pab_plugin, recover)]; unsigned char not_ours[64]; } memory;

const struct pab_plugin *pab_plugin_init(void)
{
    static const struct pab_plugin plugin = {
        .magic = PAB_ABI_MAGIC, .abi_major = PAB_ABI_MAJOR, .struct_size = offsetof(struct pab_plugin, recover), PLAIN_MEMBERS("old"),
    };
    memcpy(memory.plugin, &plugin, sizeof memory.plugin);
    memset(memory.not_ours, 0xa5, sizeof memory.not_ours);
    return (const struct pab_plugin *)(const void *)&memory;
}
