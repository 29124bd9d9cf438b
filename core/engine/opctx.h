/* opctx.h - what stands behind one operation of a plugin: the backend of op.h over a store.
 *
 * One struct serves all verbs; members that a verb has no use for stay NULL and the backend that pab_opctx_backend
 * gives for it leaves the functions out.
 */
#ifndef PAB_ENGINE_OPCTX_H
#define PAB_ENGINE_OPCTX_H

#include <pthread.h>
#include "core/engine/scratch.h"
#include "core/engine/session.h"
#include "core/tree/tree_writer.h"

enum pab_verb { PAB_VERB_CHECK, PAB_VERB_DISCOVER, PAB_VERB_BACKUP, PAB_VERB_RESTORE, PAB_VERB_VERIFY };

/* Bytes that went by in the whole verb, for the progress line. */
struct pab_traffic { uint64_t content_bytes, bytes; };

/* About a file of a tree, of which there may be any number; or whatever else a plugin says. Of each kind the first are told
 * (event, log) and kept (manifest), each cut to a length; the last one then says how many more there were. */
enum pab_warning_kind { PAB_WARNING_OTHER, PAB_WARNING_FILE, PAB_WARNING_KINDS };
#define PAB_WARNINGS_LISTED 1000u
#define PAB_WARNING_TEXT_MAX 1000u

struct pab_opctx {
    struct pab_session *session;
    struct pab_instance *instance;
    struct pab_operation *op;
    const char *target;
    uint32_t categories;
    struct pab_traffic *traffic;         /* shared by all targets of the verb; atomic adds */
    pthread_mutex_t lock;                /* of what the plugin's threads may touch at once */
    struct pab_scratch scratch;          /* private folder, made on demand */
    uint64_t warnings;                   /* of the last call: all of them, */
    uint64_t warnings_of[PAB_WARNING_KINDS]; /* ... and each kind */

    /* backup */
    struct pab_stage *stage;
    struct pab_compression compression;
    struct pab_mf_target *mf;            /* being filled */
    struct pab_backup *parent;           /* of an incremental run, or NULL */
    int *no_links;                       /* set when the store's filesystem refused one: said once a run */
    const char *only;                    /* the one object that is wanted; NULL: all */
    uint64_t objects;                    /* object_add calls */
    char *object_kind;                   /* of the first */
    struct pab_strs announced;           /* the objects of object_add, */
    struct pab_strs broken;              /* ... and those of which an artifact was given up */

    /* check */
    struct pab_strs down;                /* facts "down" */

    /* discover */
    uint64_t size;                       /* sum of the objects' estimates */

    /* restore and verify */
    struct pab_backup *backup;
    struct pab_mf_artifact **source;     /* what the request's indexes mean */
    struct pab_artifact_info *infos;
    size_t source_count;
    unsigned char *whole;                /* per artifact: read to its end with the right hashes */
    const struct pab_mf_artifact *failed; /* the first of them that could not be read */
    uint64_t conflicts;                  /* CONFLICT lines of a plan */
};

void pab_opctx_init(struct pab_opctx *c, struct pab_session *s, struct pab_instance *i, struct pab_traffic *t);
void pab_opctx_release(struct pab_opctx *c);   /* also removes the scratch folder */
/* Takes the artifacts that `keep` (may be NULL) says yes to as the request's. */
void pab_opctx_set_source(struct pab_opctx *c, struct pab_backup *b, struct pab_mf_target *t,
                          int (*keep)(void *ctx, const struct pab_mf_artifact *a), void *ctx);
/* Runs a verb through `call` with a fresh operation and judges its end. */
int pab_opctx_call(struct pab_opctx *c, enum pab_verb verb, int64_t timeout_ms,
                   int (*call)(struct pab_opctx *c, struct pab_op *op, void *arg), void *arg, struct pab_error *err);
void pab_opctx_progress(void *opctx, uint64_t content_bytes, uint64_t bytes);  /* for writers and sources */

/* warnings.c; object may be NULL. begin and end are pab_opctx_call's. */
void pab_opctx_warn(struct pab_opctx *c, enum pab_warning_kind kind, const char *object, const char *text);
void pab_opctx_warnings_begin(struct pab_opctx *c);
void pab_opctx_warnings_end(struct pab_opctx *c);

/* artifact_out.c and artifact_in.c: their part of the backend. */
void pab_backend_fill_out(struct pab_op_backend *b);
void pab_backend_fill_in(struct pab_op_backend *b);

#endif
