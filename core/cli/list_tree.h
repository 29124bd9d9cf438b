/* list_tree.h - the files inside a tree artifact, from its index. */
#ifndef PAB_CLI_LIST_TREE_H
#define PAB_CLI_LIST_TREE_H

#include <jansson.h>
#include "core/store/store.h"

/* Like ls -l on stdout, or appended to `array`. Names are whole, with what no terminal and no JSON takes escaped. */
int pab_list_tree(const struct pab_backup *b, const struct pab_mf_target *t, const struct pab_mf_artifact *a, json_t *array, struct pab_error *err);

#endif
