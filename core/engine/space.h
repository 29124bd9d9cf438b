/* space.h - is there room for one more backup? Asked before the first byte is written. */
#ifndef PAB_ENGINE_SPACE_H
#define PAB_ENGINE_SPACE_H

#include "core/engine/session.h"

/* What the newest complete backup of the same job took, plus a tenth, must be free: else PAB_E_NOSPACE with both
 * figures; a full run goes by the newest full one, an incremental one by the newest when that
 * was incremental.  Without such an earlier one there is nothing to go by: then 16 MiB. */
int pab_space_check(const struct pab_session *s, const struct pab_store *store, const struct pab_backup_list *list, int incremental, struct pab_error *err);
/* The same for a store that is not there yet: its disk is that of `parent`, the nearest folder above that is there. */
int pab_space_check_new(const struct pab_session *s, const char *parent, struct pab_error *err);

#endif
