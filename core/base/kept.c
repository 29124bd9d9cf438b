/* kept.c - see kept.h. */
#include "core/base/kept.h"

#include <stdio.h>
#include <string.h>

#define ANY "*" PAB_KEPT_SUFFIX
const char *const pab_kept_patterns[] = { ANY, ANY ".[2-9]", ANY ".[1-9][0-9]", ANY ".[1-9][0-9][0-9]", ANY ".[1-9][0-9][0-9][0-9]", NULL };

void pab_kept_name(const char *name, unsigned n, char ret[NAME_MAX + 1])
{
    char suffix[32];
    if (n == 1) snprintf(suffix, sizeof suffix, PAB_KEPT_SUFFIX);
    else snprintf(suffix, sizeof suffix, PAB_KEPT_SUFFIX ".%u", n);
    snprintf(ret, NAME_MAX + 1, "%.*s%s", (int)(NAME_MAX - strlen(suffix)), name, suffix);
}
