/* layers.h - an incremental tree opened for reading, with all that it builds on. */
#ifndef PAB_ENGINE_LAYERS_H
#define PAB_ENGINE_LAYERS_H

#include "core/engine/lineage.h"
#include "core/tree/chain.h"

struct pab_layers;
/* The artifact has a parent_path. `progress` and its ctx as in reader.h; may be NULL. */
int pab_layers_open(struct pab_backup *b, const char *target, const struct pab_mf_artifact *a,
                    void (*progress)(void *ctx, uint64_t content_bytes, uint64_t bytes), void *progress_ctx, struct pab_layers **ret, struct pab_error *err);
struct pab_chain *pab_layers_chain(struct pab_layers *l);
size_t pab_layers_count(const struct pab_layers *l);
/* Once the chain is at its end: every file that was read is what its manifest says. */
int pab_layers_check(const struct pab_layers *l, struct pab_error *err);
void pab_layers_close(struct pab_layers *l);   /* NULL is fine */

#endif
