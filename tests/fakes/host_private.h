/* host_private.h - shared by the files of the fake host only. */
#ifndef FAKE_HOST_PRIVATE_H
#define FAKE_HOST_PRIVATE_H

#include <pthread.h>
#include <stdarg.h>
#include "tests/fakes/host.h"

struct pab_artifact {
    struct fake_host *h;
    struct fake_artifact *a;
    uint64_t entry_left;        /* data bytes that the last entry still wants */
};
struct pab_block {
    struct pab_artifact *artifact;
    struct fake_block *b;
};
struct pab_reader {
    struct fake_host *h;
    struct fake_artifact *a;
    uint32_t mode;
    const struct fake_block *block;  /* NULL: the whole */
    size_t at;                       /* byte, or entry for trees */
    size_t entry_at;                 /* byte inside the entry */
    int closed, failed;
};

struct fake_call {
    const char *name;
    unsigned calls, fail_in;
    int32_t code;
};
#define FAKE_CALLS 64

struct fake_op {
    struct pab_op pub;          /* first: the plugin's view */
    struct fake_host *h;
};

struct fake_private {
    struct fake_op op;
    struct pab_host table;
    pthread_mutex_t lock;       /* recursive: of everything */
    struct fake_call calls[FAKE_CALLS];
    int cancelled, cancel_pipe[2];
    char *scratch;
    struct pab_config *options;
    uint64_t journal_ids;
    uint64_t *journal_id;       /* beside journal.items */
    struct pab_artifact_info *infos;
    size_t info_count;
    char judgement[1200];
    void **owned;               /* freed with the host: handles, copied strings */
    size_t owned_count, owned_capacity;
};

/* Memory that lives as long as the host; it aborts where there is none. */
void *fake_own(struct fake_host *h, size_t size);
char *fake_own_text(struct fake_host *h, const char *s);       /* NULL gives NULL */
void *fake_own_copy(struct fake_host *h, const void *p, size_t n);
void *fake_grow(void *p, size_t count, size_t size);           /* room for one more after `count` items */

void fake_add_text(struct fake_texts *t, const char *fmt, ...) PAB_PRINTF(2, 3);
void fake_free_texts(struct fake_texts *t);
void fake_add_bytes(struct fake_bytes *b, const void *p, size_t n);
void fake_set_kv(struct fake_host *h, struct fake_kvs *kvs, const char *key, const char *value);

struct fake_host *fake_host_of(struct pab_op *op);
void fake_lock(struct fake_host *h);
void fake_unlock(struct fake_host *h);
/* Counts a call of a host function; a negative code when it was told to fail or is cancelled (the failure is recorded).
 * The caller holds the lock. */
int32_t fake_enter(struct fake_host *h, const char *function);
int32_t fake_failed(struct fake_host *h, int32_t code, const char *fmt, ...) PAB_PRINTF(3, 4);
int32_t fake_misused(struct fake_host *h, const char *fmt, ...) PAB_PRINTF(2, 3);
_Noreturn void fake_wrong_test(const char *fmt, ...) PAB_PRINTF(1, 2);

int fake_matches(const char *pattern, const char *path);
int fake_matches_any(const char *const *patterns, uint32_t count, const char *path);

void fake_fill_config(struct pab_host *t);
void fake_fill_write(struct pab_host *t);
void fake_fill_tree(struct pab_host *t);
void fake_fill_read(struct pab_host *t);
void fake_free_options(struct pab_config *c);
void fake_free_artifact(struct fake_artifact *a);
int32_t fake_artifact_usable(struct pab_artifact *a, const char *function);
int32_t fake_extract(struct pab_reader *r, struct pab_extract *x);

/* A struct of the plugin, however old, in a zeroed one of ours. */
#define FAKE_TAKE(ours, theirs) \
    memcpy(&(ours), (theirs), (theirs)->struct_size < sizeof(ours) ? (theirs)->struct_size : sizeof(ours))

#endif
