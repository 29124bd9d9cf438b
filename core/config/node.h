/* node.h - a YAML document as a tree that remembers where everything stood.
 *
 * Caps: 1 MiB, depth 32, 10,000 nodes with aliases counted as expanded.  Duplicate keys are errors.
 */
#ifndef PAB_CONFIG_NODE_H
#define PAB_CONFIG_NODE_H

#include <stddef.h>
#include "core/base/error.h"

enum pab_node_kind { PAB_NODE_NULL, PAB_NODE_SCALAR, PAB_NODE_LIST, PAB_NODE_MAP };
struct pab_node {
    enum pab_node_kind kind;
    int line, column;              /* from 1 */
    int quoted;                    /* SCALAR: was quoted, so never null or bool by its looks */
    char *text;                    /* SCALAR */
    struct pab_node **items;       /* LIST items or MAP values */
    char **keys;                   /* MAP */
    int (*key_pos)[2];             /* MAP: line, column of each key */
    size_t count;
};
int pab_node_load(const char *path, struct pab_node **ret, struct pab_error *err);
int pab_node_parse(const char *text, size_t n, const char *name, struct pab_node **ret, struct pab_error *err);
const struct pab_node *pab_node_get(const struct pab_node *map, const char *key); /* NULL: not there */
void pab_node_free(struct pab_node *n);

#endif
