/* node.h - a YAML document as a tree that remembers where everything stood.
 *
 *     struct pab_node *root;
 *     if (pab_node_load("nightly.yaml", &root, err)) return err->code;   // "nightly.yaml:3:5: wrong indentation: ..."
 *     const struct pab_node *store = pab_node_get(root, "store");
 *     ...
 *     pab_node_free(root);
 *
 * YAML 1.1 as libyaml reads it, with these limits: one document; keys are text
 * and stand once; no merge keys ("<<"); no tags but !!str; no NUL in text.
 * Anchors and aliases work: an alias becomes a copy that keeps the lines of
 * the anchor.  Caps: 1 MiB, depth 32, 10,000 nodes (keys count, too), 1 MiB of
 * text, the last two with aliases counted as expanded.
 *
 * All errors are PAB_E_CONFIG.  A file without a document gives a node of kind NULL.
 */
#ifndef PAB_CONFIG_NODE_H
#define PAB_CONFIG_NODE_H

#include <stddef.h>
#include "core/base/error.h"

#define PAB_NODE_MAX_BYTES (1u << 20)
#define PAB_NODE_MAX_DEPTH 32
#define PAB_NODE_MAX_NODES 10000

enum pab_node_kind { PAB_NODE_NULL, PAB_NODE_SCALAR, PAB_NODE_LIST, PAB_NODE_MAP };
struct pab_node {
    enum pab_node_kind kind;
    int line, column;              /* from 1 */
    int quoted;                    /* SCALAR: was quoted (or tagged !!str), so never null by its looks */
    char *text;                    /* SCALAR */
    struct pab_node **items;       /* LIST items or MAP values */
    char **keys;                   /* MAP */
    int (*key_pos)[2];             /* MAP: line, column of each key */
    size_t count;
};
int pab_node_load(const char *path, struct pab_node **ret, struct pab_error *err);
/* name: what messages call the text, usually the file. */
int pab_node_parse(const char *text, size_t n, const char *name, struct pab_node **ret, struct pab_error *err);
const struct pab_node *pab_node_get(const struct pab_node *map, const char *key); /* NULL: not there */
void pab_node_free(struct pab_node *n); /* NULL is fine */

/* Builders, for the parser and for what is assumed where nothing was written. */
struct pab_node *pab_node_new(enum pab_node_kind kind, int line, int column);
/* Appends to a LIST (key NULL) or a MAP; takes `item`, which may be NULL while it is still being read. */
void pab_node_push(struct pab_node *parent, const char *key, int line, int column, struct pab_node *item);

#endif
