/* unresolved.c - a plugin that was built for a library that is not here. */
#include "core/include/pab_plugin.h"

const struct pab_plugin *function_of_a_missing_library(void);

const struct pab_plugin *pab_plugin_init(void)
{
    return function_of_a_missing_library();
}
