/* no_symbol.c - a library that is no plugin: it exports another function. */
#include "core/include/pab_plugin.h"

PAB_EXPORT int some_other_library(void);
int some_other_library(void)
{
    return 42;
}
