/* place.c - see place.h. */
#include "core/config/place.h"

#include <stdarg.h>

#include "core/base/alloc.h"
#include "core/base/cleanup.h"

char *pab_place_text(const struct pab_place *at, const char *text)
{
    const char *path = at->path && at->path[0] ? at->path : NULL;
    if (at->line == 0)
        return pab_sprintf("%s: %s%s%s", at->file, path ? path : "", path ? ": " : "", text);
    return pab_sprintf("%s:%d:%d: %s%s%s", at->file, at->line, at->column, path ? path : "", path ? ": " : "", text);
}

int pab_complain(struct pab_error *err, const struct pab_place *at, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    CLEANUP_FREE char *message = pab_place_text(at, text);
    return pab_error_set(err, PAB_E_CONFIG, 0, "%s", message);
}
