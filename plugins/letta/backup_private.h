/* backup_private.h - a backup under way. */
#ifndef PAB_LETTA_BACKUP_PRIVATE_H
#define PAB_LETTA_BACKUP_PRIVATE_H

#include "plugins/letta/letta.h"

struct taking {
    const struct letta *l;
    struct pab_op *op;
    struct rest *r;
    json_t *archives;           /* agent's id -> [archive], of those attached to agents */
    json_t *block_tags;         /* id of a block -> its tags, which an agent does not tell of its blocks */
    json_t *block_users;        /* id of a block -> names of the agents that have it */
    json_t *folder_users;       /* id of a folder -> ids of the agents that have it */
    json_t *mcp_servers;        /* all of them, without what is hidden */
    json_t *agents;             /* id -> name, in the order of the server */
    json_t *names;              /* name -> id of the first agent that was seen with it: object ids must differ */
    unsigned hidden;            /* secrets left out */
};

/* One artifact of lines, or of the elements of one JSON array. */
struct taking_file {
    struct taking *t;
    struct pab_artifact *a;
    const char *count;          /* key of the manifest */
    uint64_t items;
    int array;
};
int taking_open(struct taking *t, const char *object, const char *stem, const char *count, int array, struct taking_file *ret);
int taking_put(struct taking_file *f, const json_t *item);
/* Commits, or aborts when rc is a failure; returns the code. */
int taking_close(struct taking_file *f, int rc);
/* A whole list of the server as lines. `object` is both the object's id and the key of its count. */
int taking_list(struct taking *t, const char *object, const char *path, unsigned limit);

/* Which agents there are and what they share, before anything that belongs to them. */
int list_agents(struct taking *t);
/* "agent:NAME"; names need not differ, then the later ones have their id behind it. The caller frees. */
char *agent_object(const struct taking *t, const char *id, const char *name);
int backup_agents(struct taking *t);
/* Archives with their passages; fills t->archives. */
int backup_archives(struct taking *t);
int backup_folders(struct taking *t);

#endif
