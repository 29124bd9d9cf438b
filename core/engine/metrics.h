/* metrics.h - how the runs of a job went, for node_exporter's textfile collector; see METRICS in pabengine-job(5).
 *
 * The file is replaced whole.  What a run could not tell (the size of the last backup, when it made none) is taken over
 * from the file that was there.
 */
#ifndef PAB_ENGINE_METRICS_H
#define PAB_ENGINE_METRICS_H

#include "core/engine/outcome.h"

int pab_metrics_write(const char *path, const struct pab_outcome *o, struct pab_error *err);

#endif
