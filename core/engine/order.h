/* order.h - in which order a run takes its targets.
 *
 * What is written to by the minute and belongs together comes first and in one go: databases, then the services on top of them,
 * then volumes; the configuration, which stands still, comes last. So the parts of a stack that refer to each other are as near
 * to one moment as a run over several services can bring them, and containers that a volume stops still answer before.
 * Targets of one rank keep the order of the job file.
 */
#ifndef PAB_ENGINE_ORDER_H
#define PAB_ENGINE_ORDER_H

#include "core/engine/session.h"

/* Sorts the list in place. */
void pab_order_targets(struct pab_instance *list, size_t count);

#endif
