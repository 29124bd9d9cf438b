/* options.h - nodes checked against a table of typed options (struct pab_option), core's and plugins' alike.
 *
 * Errors are PAB_E_CONFIG: "nightly.yaml:12:7: targets[1].options.prot: unknown key" with the hint "did you mean 'port'?".
 */
#ifndef PAB_CONFIG_OPTIONS_H
#define PAB_CONFIG_OPTIONS_H

#include "core/config/node.h"

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

/* Getters with the meaning of the host table's. A wrong key or type: *ret_bug (when not NULL) gets a message, and NULL/0 comes back. */
int pab_config_has(const struct pab_config *c, const char *key);
const char *pab_config_str(const struct pab_config *c, const char *key);
int64_t pab_config_int(const struct pab_config *c, const char *key);
uint64_t pab_config_count(const struct pab_config *c, const char *key);
const char *pab_config_item(const struct pab_config *c, const char *key, uint64_t i);
const struct pab_config *pab_config_record(const struct pab_config *c, const char *key, uint64_t i);
const char *pab_config_where(const struct pab_config *c, const char *key);
/* The first wrong use of a getter on this config or a record of it, as a message; NULL: none. */
const char *pab_config_misuse(const struct pab_config *c);

/* A table in itself: keys unique and well-formed, defaults parse, fields there. For plugins that come from outside. */
int pab_options_check_table(const struct pab_option *table, uint32_t count, uint32_t stride, const char *plugin, struct pab_error *err);

#endif
