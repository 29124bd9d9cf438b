/* restore_private.h - a restore under way. Its order: tools, blocks of no agent, archives, identities, folders, MCP servers, then the
 * agents that use them. The server gives every object a new id; `map` knows which. What this run made is listed as it is made, so that
 * a failure takes back exactly that. */
#ifndef PAB_LETTA_RESTORE_PRIVATE_H
#define PAB_LETTA_RESTORE_PRIVATE_H

#include <stdio.h>
#include "plugins/letta/letta.h"

/* An agent of the backup: where its parts lie (indexes into the request; -1: not there) and what it is. */
struct saved_agent {
    int64_t file, description, messages;
    char *id, *object;
    json_t *agent;              /* as the server told it */
    json_t *archives;
    json_t *shared;             /* id of a block -> names of the agents that had it */
    const char *there;          /* the agent of the target that it already is, or that bears its name; borrowed */
    int same;                   /* and has its content */
};
struct restoring {
    const struct letta *l;
    struct pab_op *op;
    struct rest *r;
    const struct pab_restore_req *req;
    struct { struct saved_agent *items; size_t count, capacity; } agents;
    json_t *block_uses;         /* id of a block -> how many agents of the backup have it */
    json_t *target_agents;      /* id -> name */
    json_t *map;                /* old id -> id in the target */
    json_t *made;               /* paths to delete, oldest first */
};

static inline const struct pab_artifact_info *restoring_artifact(const struct restoring *r, uint32_t i) { return info_of(r->req, i); }
static inline int is_plan(const struct restoring *r) { return (r->req->flags & PAB_RESTORE_PLAN) != 0; }
static inline int is_forced(const struct restoring *r) { return (r->req->flags & PAB_RESTORE_FORCE) != 0; }
#define restoring_plan(r, action, object, ...) sup_plan((r)->op, action, object, PAB_SIZE_UNKNOWN, __VA_ARGS__)
/* The artifact of that object whose path has that part; -1: none. */
int64_t restoring_find(const struct restoring *r, const char *object, const char *part);
/* POST, and notes what was made under PATH/ID (NULL: nothing to note). *ret: the answer. */
int restoring_make(struct restoring *r, const char *path, const json_t *body, const char *delete_below, json_t **ret);
int restoring_send(struct restoring *r, const char *method, const char *path, const json_t *body);
void restoring_made(struct restoring *r, const char *below, const char *id);
void restoring_mapped(struct restoring *r, const char *old, const char *now);
const char *restoring_now(const struct restoring *r, const char *old);              /* NULL: not known */
/* The members of `object` that are in `keys` (NULL-terminated) and not null. */
json_t *restoring_pick(const json_t *object, const char *const *keys);

/* ---- the parts. Each plans or does, as the request says. */
int restore_tools(struct restoring *r);
int restore_blocks(struct restoring *r);
int restore_identities(struct restoring *r);
int restore_mcp_servers(struct restoring *r);
int restore_archives(struct restoring *r);
int restore_folders(struct restoring *r);
int restore_agents(struct restoring *r);
int restore_groups(struct restoring *r);
int restore_one_agent(struct restoring *r, struct saved_agent *s);

/* ---- rejoin_blocks.c; `made` is the agent as the target tells it */
int rejoin_blocks(struct restoring *r, const struct saved_agent *s, const json_t *made);

/* ---- agent_file.c: what is imported, in a file without a name; the caller closes it */
int agent_file(struct restoring *r, const struct saved_agent *s, int *ret_fd, size_t *ret_size);

/* ---- saved.c: the agents of the backup, and which of them the target has */
int saved_load(struct restoring *r);
void saved_release(struct restoring *r);

/* ---- history.c: messages as an agent file has them, in the order of the backup, written to `to` as members of a JSON array;
 * those of the context as they stand in `in_context`. Whether `to` took them is the caller's to ask. */
int history_write(const struct restoring *r, const struct saved_agent *s, const json_t *in_context, FILE *to, uint64_t *left_out);
/* How many rows (messages of several items count once) the backup, or an agent of the target, has. */
int history_rows(const struct restoring *r, const struct saved_agent *s, uint64_t *ret);
int history_rows_of(struct restoring *r, const char *agent, uint64_t *ret);

/* ---- passages: an order-independent picture of the content of an archive */
struct passage_sum { uint64_t count, hash; };
void passage_add(struct passage_sum *sum, const json_t *passage);

#endif
