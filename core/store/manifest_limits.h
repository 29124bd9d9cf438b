/* manifest_limits.h - what a manifest may cost before it is read. */
#ifndef PAB_STORE_MANIFEST_LIMITS_H
#define PAB_STORE_MANIFEST_LIMITS_H

#include <stddef.h>
#include "core/base/error.h"

#define PAB_MANIFEST_DEPTH 64
#define PAB_MANIFEST_VALUES 4000000u   /* about 100 bytes of memory each */

/* PAB_E_CORRUPT with line and column when the text is too long, too deep or holds too many values. Looks at brackets,
 * commas and strings only: whether it is JSON is the parser's to say. */
int pab_manifest_check_limits(const char *json, size_t n, const char *what, struct pab_error *err);

/* Takes what is in the lists of artifacts out of the text, and returns how long it is then. The rest stays byte for byte, line for line. */
size_t pab_manifest_cut_artifacts(char *json, size_t n);

#endif
