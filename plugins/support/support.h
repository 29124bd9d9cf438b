/* support.h - what every plugin source includes: the ABI, and the stateless helpers of core/base that the
 * support library is built on (buffers, strings, cleanup, children).  Their errors become the verb's failure with
 * sup_fail(op, &err). */
#ifndef PAB_SUPPORT_H
#define PAB_SUPPORT_H

#include "core/include/pab_plugin.h"
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/cpus.h"
#include "core/base/error.h"
#include "core/base/fsutil.h"
#include "core/base/glob.h"
#include "core/base/proc.h"
#include "core/base/str.h"
#include "core/base/vec.h"

/* Records `err` as the failure of the verb; returns err->code. */
int sup_fail(struct pab_op *op, const struct pab_error *err);
/* Backup: does this object, by the id that discover reports, belong to what was asked for? 1 with a host that cannot say. */
int sup_wanted(struct pab_op *op, const char *id);
/* Backup: after object `id` failed with rc: 1 when others may still be tried, which a warning says where there are `others`. Not when
 * they would fail, too: cancelled, no space, no memory, nobody answers. The verb returns that first rc in the end. */
int sup_goes_on(struct pab_op *op, const char *id, int others, int rc);
/* An empty file without a name in the verb's scratch folder, for reading and writing; the caller closes it. `what` names it in errors. */
int sup_scratch_file(struct pab_op *op, const char *what, int *ret, struct pab_error *err);

#endif
