/* options.h - nodes checked against a table of typed options (struct pab_option), core's and plugins' alike.
 *
 *     struct pab_config *c;
 *     if (pab_config_check(node, table, n, sizeof *table, &env, "targets[1].options", &c, err)) return err->code;
 *     port = pab_config_int(c, "port");
 *     pab_config_free(c);
 *
 * Errors are PAB_E_CONFIG: "nightly.yaml:12:7: targets[1].options.prot: unknown key" with the hint "did you mean 'port'?".
 * The value of a secret is in no message.  A config points into the table, the nodes and the strings of env: they outlive it.
 *
 * Rules for all types: a key that is written must have a value ("port:" alone
 * is an error, never a silent default); quotes make no difference, since the
 * table knows the type.
 */
#ifndef PAB_CONFIG_OPTIONS_H
#define PAB_CONFIG_OPTIONS_H

#include "core/config/node.h"

/* Core's own tables only: any value, kept as a node and checked later. */
#define PAB_OPT_NODE 0x1000
/* A flag of core's own tables only: the secrets in it are left unresolved; whoever needs them checks the node again. */
#define PAB_OPT_UNRESOLVED 0x1000u

/* Where relative paths start and env: names are looked up. */
struct pab_config_env {
    const char *file;              /* for messages */
    const char *dir;               /* folder of the job file */
    const char *const *env_file;   /* "NAME=VALUE" lines of env_file, NULL-terminated, or NULL */
    int resolve_secrets;           /* 0: leave secrets unresolved (list, plugin info) */
    void (*warn)(void *ctx, const char *message); /* a literal secret, a deprecated key */
    void *warn_ctx;
};

/* struct pab_config of pab_plugin.h: one checked record. node NULL: all defaults. path: "targets[1].options". */
int pab_config_check(const struct pab_node *node, const struct pab_option *table, uint32_t count, uint32_t stride,
                     const struct pab_config_env *env, const char *path, struct pab_config **ret, struct pab_error *err);
void pab_config_free(struct pab_config *c);   /* wipes secrets */

/* Getters with the meaning of the host table's. A wrong key or type gives NULL or 0 and is kept for pab_config_misuse.
 * A secret that was left unresolved is NULL, though pab_config_has says 1. */
int pab_config_has(const struct pab_config *c, const char *key);
const char *pab_config_str(const struct pab_config *c, const char *key);
int64_t pab_config_int(const struct pab_config *c, const char *key);
uint64_t pab_config_count(const struct pab_config *c, const char *key);
const char *pab_config_item(const struct pab_config *c, const char *key, uint64_t i);
const struct pab_config *pab_config_record(const struct pab_config *c, const char *key, uint64_t i);
/* "nightly.yaml:12:7"; of a key that was not written: of the map it would stand in. */
const char *pab_config_where(const struct pab_config *c, const char *key);
/* The first wrong use of a getter on this config or a record of it, as a message; NULL: none. */
const char *pab_config_misuse(const struct pab_config *c);

/* Core: 1 when the key was written, not assumed from its default. */
int pab_config_given(const struct pab_config *c, const char *key);
const struct pab_node *pab_config_node(const struct pab_config *c, const char *key); /* the node as written, or NULL */
/* Core: "FILE:LINE:COL: PATH.KEY: ..." about a value whose form was right but whose meaning is not. key NULL: about the record. */
int pab_config_complain(const struct pab_config *c, const char *key, struct pab_error *err, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* A table in itself: keys unique and well-formed, defaults parse, fields there. For plugins that come from outside. */
int pab_options_check_table(const struct pab_option *table, uint32_t count, uint32_t stride, const char *plugin, struct pab_error *err);

#endif
