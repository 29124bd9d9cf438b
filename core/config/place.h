/* place.h - where in which file something stood, and complaints about it.
 *
 *     struct pab_place at = { "nightly.yaml", 12, 7, "targets[1].options.prot" };
 *     return pab_complain(err, &at, "unknown key");
 *
 * gives PAB_E_CONFIG with "nightly.yaml:12:7: targets[1].options.prot: unknown key".
 */
#ifndef PAB_CONFIG_PLACE_H
#define PAB_CONFIG_PLACE_H

#include "core/base/error.h"

struct pab_place {
    const char *file;
    int line, column;  /* from 1; 0: not known */
    const char *path;  /* path of the key, or NULL */
};

int pab_complain(struct pab_error *err, const struct pab_place *at, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* "nightly.yaml:12:7: path: " before a text of one's own, for warnings. Caller frees. */
char *pab_place_text(const struct pab_place *at, const char *text);

#endif
