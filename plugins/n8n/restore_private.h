/* restore_private.h - a restore under way. Its order: credentials, tags, data tables, then workflows, which refer to them all. A
 * workflow that is missing is first made as an empty one, so that its id is known before any text that refers to it is written;
 * then each gets its content, its tags, its place in the archive, and at the very end those that were active are activated. */
#ifndef PAB_N8N_RESTORE_PRIVATE_H
#define PAB_N8N_RESTORE_PRIVATE_H

#include "plugins/n8n/n8n.h"

/* A workflow of the backup. */
struct wanted {
    int64_t index;              /* its artifact, or */
    char *file;                 /* ... its text in the private folder, when only the file of all was chosen */
    char *id, *name;
    json_t *tags;               /* names */
    int active, archived;
    int split;                  /* what was active was not what was in the editor */
    const char *target;         /* its id in the target; NULL: not there */
    int made;                   /* by this run */
    int put;                    /* its content must be written */
    int refused;                /* the server did not take something of it */
};

struct restoring {
    const struct n8n *n;
    struct pab_op *op;
    struct rest *r;
    const struct pab_restore_req *req;
    struct { struct wanted *items; size_t count, capacity; } wanted;
    int refusal;                /* code of the first workflow that was refused */
    json_t *there;              /* the target's workflows, as n8n_ids */
    json_t *workflows, *credentials, *tables;   /* old id -> id in the target */
    json_t *expected;           /* ids of all workflows of the backup */
    json_t *tags;               /* the target's: name -> id; NULL: it has none to offer */
    int lean;                   /* how much of a workflow the server refuses: see body.c */
};

static inline const struct pab_artifact_info *restoring_artifact(const struct restoring *r, uint32_t i) { return info_of(r->req, i); }
int64_t restoring_find(const struct restoring *r, const char *object);  /* index, or -1 */
static inline int is_plan(const struct restoring *r) { return (r->req->flags & PAB_RESTORE_PLAN) != 0; }
#define restoring_plan(r, action, object, ...) sup_plan((r)->op, action, object, PAB_SIZE_UNKNOWN, __VA_ARGS__)
/* Small JSON artifact whole. */
int restoring_json(const struct restoring *r, uint32_t i, json_t **ret);

/* ---- the parts. Each plans or does, as the request says. */
int restore_credentials(struct restoring *r);
int restore_tags(struct restoring *r);
int restore_variables(struct restoring *r);
int restore_tables(struct restoring *r);
int restore_workflows(struct restoring *r);

/* ---- wanted.c */
int wanted_load(struct restoring *r);
void wanted_release(struct restoring *r);
/* Reads its text member by member. */
int wanted_read(const struct restoring *r, const struct wanted *w, n8n_member member, void *ctx, struct pab_error *err);

/* One that the server does not take is told at once, and at the end fails the restore; the others go on. */
void wanted_refused(struct restoring *r, struct wanted *w, const struct pab_error *err);
/* ... but not after what every other would meet, too. */
int wanted_ends_all(const struct restoring *r, const struct pab_error *err);
/* PAB_OK when there was none; else fails the verb with their names. */
int wanted_judge(const struct restoring *r);

/* ---- compare.c: what of a workflow is its content, as { member: digest } */
struct digests { const struct refs *refs; json_t *parts, *settings, *hooks; int published; };
int digest_member(void *ctx, const char *key, struct span value, struct pab_error *err);
void digests_release(struct digests *d);
/* 1: b holds what a does; settings that only b has do not count, since newer servers add some. */
int digests_equal(const struct digests *a, const struct digests *b);
/* The stored text against the one in the target; EMPTY: it differs and has no nodes, as what an interrupted restore made. */
enum comparison { DIFFERENT, SAME, EMPTY };
int compare_with(const struct restoring *r, const struct wanted *w, const char *id, const struct refs *refs, enum comparison *ret, struct pab_error *err);

/* ---- create.c: empty workflows under the ids of the backup as far as the server can do that */
int create_missing(struct restoring *r);

/* ---- body.c: content written */
int body_put(struct restoring *r, const struct wanted *w, int published, struct pab_error *err);

/* ---- finish.c: tags, archive, activation */
int finish_workflow(struct restoring *r, const struct wanted *w, struct pab_error *err);
int finish_active(struct restoring *r);

#endif
