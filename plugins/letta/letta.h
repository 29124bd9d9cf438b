/* letta.h - what the sources of the letta plugin share.
 *
 * A Letta server (0.12 to 0.16, PostgreSQL below it) gives each agent as an "agent file", which holds neither the history before
 * its context window, nor archival passages, identities, sharing of blocks, nor secrets. So a backup has, beside each agent file,
 * the agent as its server tells it, its whole history and the passages of its archives; and the lists of what agents share.
 * Every file but the agent files is JSON lines: one object a line, so that nothing has to be in memory whole.
 */
#ifndef PAB_LETTA_H
#define PAB_LETTA_H

#include "plugins/support/info.h"
#include "plugins/support/lines.h"
#include "plugins/support/rest.h"

/* An instance: what the options say. */
struct letta {
    const struct pab_config *config;
    const char *password;
    const char *user_id;        /* whose organisation; NULL: the server's default */
    const char *id_map;         /* file that a restore writes */
    int secrets;                /* values are part of the backup */
};

#define LETTA_MAX_VALUE (32u << 20) /* of one agent, message, file */

/* ---- connect.c */
/* Also makes sure that it is a server of a generation whose shapes are known; *version (may be NULL) is the caller's to free. */
int letta_connect(const struct letta *l, struct pab_op *op, struct rest **ret, char **version);

/* ---- list.c */
/* One item of a list; `item` is the callee's to keep with json_incref. It must make no request. */
typedef int (*letta_item)(void *ctx, json_t *item, struct pab_error *err);
/* All items of a list that is paged by the id of the last one, until an empty page. `path` may have a query. */
int letta_list(struct rest *r, const char *path, unsigned limit, letta_item fn, void *ctx, struct pab_error *err);
/* A short list whole. */
int letta_all(struct rest *r, const char *path, unsigned limit, json_t **ret, struct pab_error *err);
/* Asked for by name: a server may leave out what an agent is joined with, and then answers with empty lists. */
#define LETTA_JOINED "include=agent.blocks&include=agent.tools&include=agent.tags&include=agent.secrets&include=agent.sources&include=agent.identities&include=agent.managed_group"
#define LETTA_AGENTS "/v1/agents/?show_hidden_agents=true&" LETTA_JOINED
/* An agent with all that it is joined with; the caller's reference. */
int letta_agent(struct rest *r, const char *id, json_t **ret, struct pab_error *err);

/* ---- text.c: an artifact that is one JSON text, read as it comes */
struct letta_text { struct pab_op *op; struct pab_reader *reader; struct json_scan *scan; };
int letta_text_open(struct letta_text *t, struct pab_op *op, uint32_t index, const char *what);
void letta_text_close(struct letta_text *t);
/* FNV-1a over a text (NULL: nothing), going on from `hash`; 0 begins. */
uint64_t letta_hash(uint64_t hash, const char *text);

/* ---- passages.c: of one archive; archives have no list of their own */
/* Through an agent that has it, or (agent NULL) by search, oldest first; *missed (may be NULL) is 1 when there are more of one moment than a
 * search gives. */
int letta_passages(struct rest *r, const char *archive, const char *agent, letta_item fn, void *ctx, int *missed, struct pab_error *err);

/* ---- secrets.c */
/* Takes the values of secrets out of an agent, tool or MCP server, names stay; returns how many there were. */
unsigned letta_hide_secrets(json_t *object);

/* ---- the verbs */
int letta_check(void *instance, struct pab_op *op, const struct pab_check_req *req);
int letta_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req);
int letta_backup(void *instance, struct pab_op *op, const struct pab_backup_req *req);
int letta_restore(void *instance, struct pab_op *op, const struct pab_restore_req *req);
int letta_verify(void *instance, struct pab_op *op, const struct pab_verify_req *req);

#endif
