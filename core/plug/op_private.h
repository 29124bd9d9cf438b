/* op_private.h - the insides of an operation, for the host*.c files only. */
#ifndef PAB_PLUG_OP_PRIVATE_H
#define PAB_PLUG_OP_PRIVATE_H

#include <pthread.h>
#include <stdatomic.h>
#include "core/plug/op.h"
#include "core/plug/watch.h"

/* Blocks of one artifact belong to several threads: whoever sees FAILED sees the reason in the operation, too. */
enum pab_handle_state { PAB_H_OPEN, PAB_H_FAILED, PAB_H_DONE };

/* Handles stay allocated until the operation ends, so that using one after commit is an error and not a crash. */
struct pab_artifact {
    struct pab_operation *op;
    void *impl;
    uint32_t kind;
    atomic_int state;             /* enum pab_handle_state */
    uint64_t entry_left;          /* data bytes that the current tree entry still wants */
    char *entry_path;
    atomic_int open_blocks;
    char *name;                   /* stem, for messages */
    struct pab_artifact *next;
};
struct pab_block {
    struct pab_artifact *artifact;
    void *impl;
    atomic_int state;
    struct pab_block *next;
};
struct pab_reader {
    struct pab_operation *op;
    void *impl;
    uint32_t mode;
    struct pab_reader *whole;     /* of a block: the artifact's reader, which must outlive it */
    atomic_int state;
    struct pab_reader *next;
};

struct pab_operation {
    struct pab_op pub;            /* first: the plugin's view */
    struct pab_operation_opts o;
    pthread_mutex_t lock;         /* of everything below */
    struct pab_error error;       /* the first failure; code 0: none */
    struct pab_watch *watch;
    atomic_uint calls;            /* artifact calls so far, for inject_at and cancel_at */
    struct pab_artifact *artifacts;
    struct pab_block *blocks;
    struct pab_reader *readers;
};

static inline struct pab_operation *pab_operation_of(struct pab_op *op) { return (struct pab_operation *)op; }

/* Keeps `e` as the operation's failure unless there is one already (then it is logged). Returns e->code. */
int pab_operation_fail(struct pab_operation *op, const struct pab_error *e);
/* The code of that failure; PAB_OK: none. */
int pab_operation_code(struct pab_operation *op);
/* Fails from a format: a misuse of the host by the plugin. */
int pab_operation_misuse(struct pab_operation *op, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* At each artifact call: fails with PAB_E_CANCELLED when it is time to stop, or as inject_at says; PAB_OK otherwise. */
int pab_operation_check_cancel(struct pab_operation *op);

/* host_write.c, host_read.c: their part of the table, and ending what the plugin left open. */
void pab_host_fill_write(struct pab_host *h);
void pab_host_fill_read(struct pab_host *h);
/* Aborts open artifacts and blocks, frees all handles. Returns the name of one that was open (caller frees), or NULL. */
char *pab_host_end_writes(struct pab_operation *op);
void pab_host_end_reads(struct pab_operation *op);

#endif
