/* backup_private.h - a backup under way. */
#ifndef PAB_N8N_BACKUP_PRIVATE_H
#define PAB_N8N_BACKUP_PRIVATE_H

#include "plugins/n8n/n8n.h"

struct taking {
    const struct n8n *n;
    struct pab_op *op;
    struct rest *r;
    json_t *projects;           /* ids of those that workflows lie in, as far as they were read */
};

int backup_workflows(struct taking *t);
int backup_credentials(struct taking *t);
int backup_tables(struct taking *t);
int backup_folders(struct taking *t);

/* An object and the artifact that belongs to it. `kind` as in "workflow"; detail may be NULL. */
int taking_begin(struct taking *t, const char *id, const char *kind, const char *detail, const char *stem, const char *extension, uint32_t flags, struct pab_artifact **ret);
/* A whole list as a JSON array: artifact services/STEM.json of object `id`. `what` and `scope` are for the message when the key may not read it. */
int taking_list(struct taking *t, const char *id, const char *stem, const char *path, const char *what, const char *scope);

#endif
