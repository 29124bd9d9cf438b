/* includes.h - do the patterns of --include match anything in a tree? Told by its index, before anything is written. */
#ifndef PAB_ENGINE_INCLUDES_H
#define PAB_ENGINE_INCLUDES_H

#include "core/engine/session.h"

/* Sets seen[i] for each pattern that matches an entry, as restore would match it; of those that are set it asks no more. */
int pab_includes_look(const struct pab_backup *b, const struct pab_mf_artifact *a, const char *const *patterns, unsigned char *seen, struct pab_error *err);

#endif
