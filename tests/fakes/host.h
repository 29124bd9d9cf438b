/* host.h - a host for the unit tests of plugins: everything in memory, everything scripted.
 *
 * It stands where pabengine stands and offers the whole of struct pab_host, so a test calls the verbs of a plugin
 * directly and then looks at what they did.  It needs nothing but pab_plugin.h and the C library: authors of plugins
 * elsewhere may copy tests/fakes/ (host*.[ch]) into their own tests.
 *
 *     struct fake_host *h = fake_host_new();
 *     struct pab_config *c = fake_options(h, plugin->options, plugin->option_count);
 *     fake_set(c, "host", "127.0.0.1");
 *     fake_add(c, "databases", "letta");
 *
 *     void *inst;
 *     int rc = plugin->open(fake_op(h), c, &inst);
 *     struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
 *     rc = plugin->backup(inst, fake_op(h), &req);
 *     fake_end_verb(h, rc);                                // NULL: the calling conventions were kept
 *     ... fake_artifact_named(h, "letta_data")->data.bytes ... h->warnings.items[0] ... h->failure.message ...
 *     plugin->close(inst);
 *     fake_host_free(h);
 *
 * What one verb wrote, the next can read: fake_restore_req() and fake_verify_req() list the committed artifacts, in
 * the order of their begin.  A test may change their bytes or facts before, to see what damage does.
 *
 * FAULTS: fake_fail_call(h, "artifact_write", 3, PAB_E_NOSPACE) makes the third call from now fail with that code, as the real
 * host would: the failure is recorded, the handle stays failed.  PAB_E_CANCELLED also cancels.  A loop over n until
 * the verb succeeds proves that no failure is overlooked:
 *
 *     for (unsigned n = 1; ; n++) {
 *         fake_fail_call(h, "artifact_write", n, PAB_E_IO);
 *         int rc = plugin->backup(inst, fake_op(h), &req);
 *         ck_assert_ptr_null(fake_end_verb(h, rc));
 *         if (rc == PAB_OK) break;
 *         ck_assert_int_eq(rc, PAB_E_IO);
 *         fake_new_verb(h);
 *     }
 *
 * MISUSE of the host (a write after commit, a key that the table does not have, more data than an entry said) is kept in
 * h->misuse and returned by fake_end_verb, as the real host fails the verb for it.
 *
 * Unlike the real one it does not compress, hash or limit memory; blocks are never waited for; sleep_ms returns at once
 * (h->slept_ms adds up) unless h->real_sleep is set; tree_walk takes types, modes, sizes, times, links and data but
 * no xattrs or holes; tree_tar keeps the raw bytes; tree_extract writes files, folders and symlinks and trusts
 * the paths.  Patterns are matched with fnmatch(3), which is near enough.  All functions may be called by any thread.
 * It aborts with a message where the test itself is wrong (an option that is not in the table).
 */
#ifndef FAKE_HOST_H
#define FAKE_HOST_H

#include <stddef.h>
#include "core/include/pab_plugin.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- what a test reads ---------------------------------------------------- */

struct fake_texts {             /* items[count] is NULL */
    char **items;
    size_t count, capacity;
};
struct fake_bytes {             /* bytes[size] is a NUL */
    char *bytes;
    size_t size, capacity;
};
struct fake_kvs {
    struct pab_kv *items;
    size_t count, capacity;
};
struct fake_object {
    struct pab_object object;
    struct fake_kvs attrs;
};
struct fake_plan {
    struct pab_plan plan;
};
struct fake_entry {
    struct pab_entry entry;     /* a deep copy */
    struct fake_bytes data;     /* what artifact_write gave for it */
};

#define FAKE_OPEN 0
#define FAKE_FAILED 1           /* a call failed; only abort makes sense */
#define FAKE_COMMITTED 2
#define FAKE_ABORTED 3

struct fake_block {
    char *name;                 /* NULL: bytes written with artifact_write, between blocks */
    struct fake_bytes data;
    uint64_t rows, offset;      /* offset: in the artifact's data, set at commit */
    int state;                  /* FAKE_OPEN, FAKE_COMMITTED (ended), FAKE_ABORTED */
};

struct fake_artifact {
    struct pab_artifact_desc desc;      /* a deep copy */
    int state;
    struct fake_bytes data;             /* STREAM: all of it, once committed.  TREE: what tree_tar took */
    struct fake_block **blocks;         /* in order of their begin, those without name among them */
    size_t block_count;
    struct fake_entry **entries;        /* TREE */
    size_t entry_count;
    struct fake_kvs facts, counts;
    char *path;                         /* "databases/letta_data.sql" */
    uint32_t tar_strip;
};

struct fake_failure {
    int32_t code;               /* PAB_OK: none */
    int32_t os_errno, retryable;
    char message[1024], hint[512];
    unsigned count;             /* calls of pab_fail by the plugin; failures of the host are not counted */
};

struct fake_host {
    struct fake_failure failure;        /* the first one of this verb */
    struct fake_texts logs;             /* "info: text" */
    struct fake_texts warnings;         /* "OBJECT: text", or "text" */
    struct fake_texts progress;         /* "PHASE 3/17 UNIT" */
    struct fake_texts secrets;          /* given to host->secret */
    struct fake_texts journal;          /* records not yet done, oldest first */
    struct fake_texts journal_calls;    /* "add 1 RECORD", "done 1", in order */
    struct fake_texts misuse;
    struct fake_kvs facts;
    struct fake_object *objects;
    size_t object_count;
    struct fake_plan *plans;
    size_t plan_count;
    struct fake_artifact **artifacts;   /* in order of their begin, whatever their state */
    size_t artifact_count;
    unsigned may_fail;                  /* to set: how many objects of a verb may fail, each with a pab_fail; 1 from the start */
    uint64_t slept_ms;
    int real_sleep;                     /* to set: sleep_ms waits for real */
    const char *only;                   /* to set: the one object that is wanted; NULL from the start: all are */
    int64_t remaining_ms;               /* to set: what the host answers; -1 from the start */
    struct fake_private *priv;
};

/* ---- making ---------------------------------------------------------------- */

struct fake_host *fake_host_new(void);
void fake_host_free(struct fake_host *h);           /* with all it holds, and its scratch folder; NULL is fine */
struct pab_op *fake_op(struct fake_host *h);        /* the handle for the verbs */
const struct pab_host *fake_table(struct fake_host *h); /* for load() */

/* Forgets the failure, misuse, warnings, plans and cancellation of the last verb; artifacts, facts and the journal stay. */
void fake_new_verb(struct fake_host *h);
/* Judges a verb that returned rc by the calling conventions: NULL, or what was wrong ("artifact 'x' was left open").
 * Aborts what is open.  The text lives until the next call. */
const char *fake_end_verb(struct fake_host *h, int32_t rc);

/* ---- options ------------------------------------------------------------------ */

/* The target's options, empty: give a table and its defaults, types and keys count; NULL: any key, no defaults. */
struct pab_config *fake_options(struct fake_host *h, const struct pab_option *table, uint32_t count);
void fake_set(struct pab_config *c, const char *key, const char *text);      /* as it would stand in YAML: "5432", "10m", "true" */
void fake_add(struct pab_config *c, const char *key, const char *item);      /* LIST: one more */
struct pab_config *fake_add_record(struct pab_config *c, const char *key);   /* RECORD, RECORDS, SETS (fill "name", "items"): one more */

/* ---- artifacts to read back ------------------------------------------------------ */

/* A committed stream made from these bytes.  Blocks and trees: write them through the table. */
struct fake_artifact *fake_put(struct fake_host *h, uint32_t category, const char *stem, const char *extension, const char *object,
                               const void *data, size_t size);
/* The request's struct_size, artifacts and facts, from what is committed now.  Valid until the next such call. */
void fake_restore_req(struct fake_host *h, struct pab_restore_req *req);
void fake_verify_req(struct fake_host *h, struct pab_verify_req *req);

/* The last artifact of this stem, or NULL. */
struct fake_artifact *fake_artifact_named(struct fake_host *h, const char *stem);
struct fake_entry *fake_entry_named(struct fake_artifact *a, const char *path);
const char *fake_value(const struct fake_kvs *kvs, const char *key);         /* NULL: not there */
int fake_has_text(const struct fake_texts *texts, const char *part);         /* 1: some item contains it */

/* ---- faults --------------------------------------------------------------------- */

void fake_cancel(struct fake_host *h);
/* The n-th call (1: the next) of that host function fails with `code`; 0 takes it back. */
void fake_fail_call(struct fake_host *h, const char *function, unsigned n, int32_t code);
/* Calls of that host function since fake_host_new. */
unsigned fake_calls(struct fake_host *h, const char *function);

#ifdef __cplusplus
}
#endif

#endif
