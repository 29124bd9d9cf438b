/* restore_private.h - a restore under way. Its order: tools, MCP servers, blocks of no agent, identities, folders, archives, then the
 * agents that use them, their groups, and at last the names of agents that make place. The server gives every object a new id; `map`
 * knows which. How to undo each change is listed before or as it is made, so that a failure takes back exactly that. */
#ifndef PAB_LETTA_RESTORE_PRIVATE_H
#define PAB_LETTA_RESTORE_PRIVATE_H

#include <stdio.h>
#include "plugins/letta/letta.h"

/* An agent of the backup: where its parts lie (indexes into the request; -1: not there) and what it is. */
struct saved_agent {
    int64_t file, description, messages;
    char *id, *object, *name;
    const char *there;          /* the agent of the target that it already is, or that bears its name; borrowed */
    char *now;                  /* the one that this restore made of it */
    int same;                   /* `there` has its content */
    /* From saved_read to saved_forget alone, since an agent may be long and there may be thousands: */
    json_t *agent;              /* as the server told it */
    json_t *archives;
    json_t *shared;             /* id of a block -> names of the agents that had it */
    json_t *mcp_servers;        /* of its tools */
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
    json_t *recorded;           /* the same of earlier restores, from the file id_map */
    int keep_map;               /* that file is not ours to write over */
    json_t *undo;               /* requests that take back what this restore did, oldest first */
    json_t *known;              /* ids of blocks, tools and MCP servers of the target that an import has not just brought */
};

static inline const struct pab_artifact_info *restoring_artifact(const struct restoring *r, uint32_t i) { return info_of(r->req, i); }
static inline int is_plan(const struct restoring *r) { return (r->req->flags & PAB_RESTORE_PLAN) != 0; }
static inline int is_forced(const struct restoring *r) { return (r->req->flags & PAB_RESTORE_FORCE) != 0; }
#define restoring_plan(r, action, object, ...) sup_plan((r)->op, action, object, PAB_SIZE_UNKNOWN, __VA_ARGS__)
/* The artifact of that object whose path has that part; -1: none. */
int64_t restoring_find(const struct restoring *r, const char *object, const char *part);
/* Calls fn with each line of that artifact until it fails. */
int restoring_each(struct restoring *r, uint32_t index, int (*fn)(struct restoring *r, const json_t *item, void *ctx), void *ctx);
/* POST, and notes what was made under PATH/ID (NULL: nothing to note). *ret: the answer. */
int restoring_make(struct restoring *r, const char *path, const json_t *body, const char *delete_below, json_t **ret);
int restoring_send(struct restoring *r, const char *method, const char *path, const json_t *body);
/* What was made, once however often it is said. */
void restoring_made(struct restoring *r, const char *below, const char *id);
/* How to undo a change that is not the making of something; takes the reference to `body`. */
void restoring_undo(struct restoring *r, const char *method, const char *path, json_t *body);
void restoring_mapped(struct restoring *r, const char *old, const char *now);
const char *restoring_now(const struct restoring *r, const char *old);              /* NULL: not known */
/* The members of `object` that are in `keys` (NULL-terminated) and not null. */
json_t *restoring_pick(const json_t *object, const char *const *keys);
/* Equal but for members that are null on one side and missing on the other, and 1 beside 1.0. */
int restoring_same(const json_t *a, const json_t *b);

/* ---- id_map.c: which id became which, kept from restore to restore */
void id_map_read(struct restoring *r);
void id_map_write(struct restoring *r);

/* ---- the parts. Each plans or does, as the request says. */
int restore_tools(struct restoring *r);
int restore_blocks(struct restoring *r);
int restore_identities(struct restoring *r);
int restore_mcp_servers(struct restoring *r);
int restore_archives(struct restoring *r);
int restore_folders(struct restoring *r);
int restore_agents(struct restoring *r);
int restore_groups(struct restoring *r);
/* When all else is done: what the agents need their groups for, and the agents that make place. */
int finish_agents(struct restoring *r);
/* Instead of all this: those that earlier restores kept. */
int drop_kept_agents(struct restoring *r);

/* ---- import_agent.c: its file, imported; *ret the agent as the target tells it, whose parts are noted */
int import_agent(struct restoring *r, const struct saved_agent *s, json_t **ret);
/* What the target has before the first import. */
int import_prepare(struct restoring *r);

/* ---- rejoin_blocks.c; `made` is the agent as the target tells it */
int rejoin_blocks(struct restoring *r, const struct saved_agent *s, const json_t *made);

/* ---- agent_file.c: what is imported, in a file without a name; the caller closes it */
int agent_file(struct restoring *r, const struct saved_agent *s, int *ret_fd, size_t *ret_size);

/* ---- saved.c: the agents of the backup, and which of them the target has */
int saved_find(struct restoring *r);
int saved_compare(struct restoring *r);
int saved_read(struct restoring *r, struct saved_agent *s);
void saved_forget(struct saved_agent *s);
/* Calls fn with each agent that the restore is not done with: read, and forgotten again. */
int saved_each(struct restoring *r, int (*fn)(struct restoring *r, struct saved_agent *s, void *ctx), void *ctx);
void saved_release(struct restoring *r);

/* ---- same_agent.c: whether an agent of the target has the content of one of the backup */
int same_agent(struct restoring *r, const struct saved_agent *s, const char *there, int *ret);

/* ---- history.c: messages as an agent file has them, in the order of the backup, written to `to` as members of a JSON array;
 * those of the context as they stand in the agent file. Whether `to` took them is the caller's to ask. */
struct history_context {
    int fd;                     /* messages of the agent file, one after the other; -1: none */
    uint64_t size;              /* of all of them */
    json_t *where;              /* their ids in the agent file -> [offset, size] */
    json_t *ids;                /* of those in the context, in its order */
};
int history_write(const struct restoring *r, const struct saved_agent *s, const struct history_context *context, FILE *to, uint64_t *left_out);
/* How many rows (messages of several items count once) the backup, or an agent of the target, has, and a hash of what they say. */
struct history_sum { uint64_t rows, hash; };
int history_sum(const struct restoring *r, const struct saved_agent *s, struct history_sum *ret);
int history_sum_of(struct restoring *r, const char *agent, struct history_sum *ret);

/* ---- restore_archives.c: an order-independent picture of the content of archives */
struct passage_sum { uint64_t count, hash; };
/* Whether an agent of the target has archives of the same names, with the same passages where the backup has them. */
int same_archives(struct restoring *r, const struct saved_agent *s, const char *there, int *ret);

#endif
