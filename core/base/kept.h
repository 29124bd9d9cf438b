/* kept.h - the names under which a restore keeps the files that it replaces: NAME.pab-old, or NAME.pab-old.2, .3 ... where that is taken.
 *
 * These names are reserved: a backup leaves them out, restore --cleanup removes them beside the files that the backup lists.
 */
#ifndef PAB_BASE_KEPT_H
#define PAB_BASE_KEPT_H

#include <limits.h>

#define PAB_KEPT_SUFFIX ".pab-old"
#define PAB_KEPT_MAX 9999u      /* the last number */
#define PAB_KEPT_GAP 9u         /* a clean-up looks for as many, though those before them are gone */

/* The n-th of them, from 1; a long name loses its end. */
void pab_kept_name(const char *name, unsigned n, char ret[NAME_MAX + 1]);
/* Patterns (glob.h) that match every such name in any folder, and nothing else; NULL after the last. */
extern const char *const pab_kept_patterns[];

#endif
