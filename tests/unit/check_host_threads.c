/* check_host_threads.c - the host table used by several threads of a plugin, by one that forgets things, and with no fd left. */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>
#include "core/base/cancel.h"
#include "core/base/clock.h"
#include "core/plug/op.h"
#include "tests/unit/unit.h"

#define THREADS 4
#define WRITES 2000

struct fake {
    atomic_int writes, fail_at, blocks, committed, aborted;
    struct pab_progress progress;
    char closed[32];      /* in which order readers were closed: a letter each */
};
static struct fake fake;

static int f_begin(void *ctx, const struct pab_artifact_desc *d, void **ret, struct pab_error *err)
{
    (void)d; (void)err;
    *ret = ctx;
    return PAB_OK;
}
static int f_write(void *a, const void *p, uint64_t n, struct pab_error *err)
{
    (void)a; (void)p; (void)n;
    int now = atomic_fetch_add(&fake.writes, 1) + 1, fail_at = fake.fail_at;
    return fail_at && now >= fail_at ? pab_error_set(err, PAB_E_NOSPACE, ENOSPC, "cannot write 'x'") : PAB_OK;
}
static int f_commit(void *a, struct pab_error *err) { (void)a; (void)err; fake.committed++; return PAB_OK; }
static void f_abort(void *a) { (void)a; fake.aborted++; }
static int f_block_begin(void *a, const char *name, void **ret, struct pab_error *err) { (void)name; (void)err; fake.blocks++; *ret = a; return PAB_OK; }
static int f_block_end(void *b, uint64_t rows, struct pab_error *err) { (void)b; (void)rows; (void)err; fake.blocks--; return PAB_OK; }
static void f_block_abort(void *b) { (void)b; fake.blocks--; }
static void f_progress(void *ctx, const struct pab_progress *p) { ((struct fake *)ctx)->progress = *p; }
static int f_walk(void *a, struct pab_walk *w, struct pab_error *err) { (void)a; (void)err; w->matched = 7; return PAB_OK; }

static char names[] = "ABCDEFGH";
static atomic_uint opened;
static int f_open(void *ctx, uint32_t index, uint32_t mode, void **ret, struct pab_error *err)
{
    (void)ctx; (void)index; (void)mode; (void)err;
    *ret = names + atomic_fetch_add(&opened, 1);
    return PAB_OK;
}
static int f_block_open(void *r, uint64_t i, void **ret, struct pab_error *err) { return f_open(r, (uint32_t)i, 0, ret, err); }
static int64_t f_read(void *r, void *buf, uint64_t n, struct pab_error *err) { (void)r; (void)buf; (void)n; (void)err; return 0; }
static void f_close(void *r) { strncat(fake.closed, r, 1); }

static const struct pab_op_backend backend = {
    .begin = f_begin, .write = f_write, .commit = f_commit, .abort = f_abort, .block_begin = f_block_begin, .block_write = f_write, .block_end = f_block_end,
    .block_abort = f_block_abort, .progress = f_progress, .walk = f_walk, .open = f_open, .block_open = f_block_open, .read = f_read, .close = f_close,
};

static struct pab_operation *operation;
static struct pab_op *op;
static struct pab_error err;

static void start(int64_t timeout_ms)
{
    pab_cancel_reset();
    memset(&fake, 0, sizeof fake);
    opened = 0;
    pab_error_clear(&err);
    operation = pab_operation_new(&(struct pab_operation_opts){ .backend = &backend, .ctx = &fake, .target = "t", .timeout_ms = timeout_ms });
    op = pab_operation_handle(operation);
}

static struct pab_artifact *begin(uint32_t kind)
{
    struct pab_artifact *a = NULL;
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = kind, .category = PAB_CAT_VOLUMES, .stem = "data", .extension = "sql", .object = "o" };
    ck_assert_int_eq(op->host->artifact_begin(op, &d, &a), PAB_OK);
    return a;
}

struct writer { pthread_t id; struct pab_block *block; int first_failure, recovered, ended; };

/* Goes on writing after a failure, to see whether it sticks. */
static void *write_block(void *arg)
{
    struct writer *w = arg;
    for (int i = 0; i < WRITES; i++) {
        int rc = op->host->block_write(w->block, "x", 1);
        if (rc && !w->first_failure) w->first_failure = rc;
        if (!rc && w->first_failure) w->recovered = 1;
    }
    w->ended = op->host->block_end(w->block, 1);
    return NULL;
}

static void write_blocks(struct pab_artifact *a, struct writer *w)
{
    memset(w, 0, THREADS * sizeof *w);
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(op->host->block_begin(a, "table", &w[i].block), PAB_OK);
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&w[i].id, NULL, write_block, &w[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(w[i].id, NULL);
}

START_TEST(blocks_of_one_artifact_are_written_by_threads)
{
    struct writer w[THREADS];
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    write_blocks(a, w);
    for (int i = 0; i < THREADS; i++) ck_assert(!w[i].first_failure && !w[i].ended);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_OK);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_OK);
    ck_assert_int_eq(fake.writes, THREADS * WRITES);
    ck_assert_int_eq(fake.blocks, 0);
}
END_TEST

START_TEST(a_failure_in_one_block_stops_all_with_its_reason)
{
    struct writer w[THREADS];
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    fake.fail_at = WRITES;
    write_blocks(a, w);
    for (int i = 0; i < THREADS; i++) {
        ck_assert(!w[i].recovered);
        if (w[i].first_failure) ck_assert_int_eq(w[i].first_failure, PAB_E_NOSPACE);
        ck_assert_int_eq(w[i].ended, w[i].first_failure);
    }
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_E_NOSPACE);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_E_NOSPACE);
    ck_assert_str_eq(err.message, "cannot write 'x': No space left on device");
    ck_assert_int_eq(fake.blocks, 0);
    ck_assert_int_eq(fake.committed, 0);
    ck_assert_int_eq(fake.aborted, 1);
}
END_TEST

static void *whole_artifact(void *arg)
{
    int *good = arg;
    struct pab_artifact *a = NULL;
    for (int i = 0; i < 50; i++) {
        struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_VOLUMES, .stem = "data", .extension = "sql", .object = "o" };
        struct pab_block *b = NULL;
        if (op->host->artifact_begin(op, &d, &a) || op->host->block_begin(a, "t", &b)) continue;
        if (i % 2) {
            op->host->artifact_abort(a); /* with its block open */
            *good += 1;
        } else if (!op->host->block_end(b, 1) && !op->host->artifact_commit(a)) {
            *good += 1;
        }
    }
    return NULL;
}

START_TEST(artifacts_of_several_threads_come_and_go)
{
    pthread_t ids[THREADS];
    int good[THREADS] = { 0 };
    start(0);
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(pthread_create(&ids[i], NULL, whole_artifact, &good[i]), 0);
    for (int i = 0; i < THREADS; i++) pthread_join(ids[i], NULL);
    for (int i = 0; i < THREADS; i++) ck_assert_int_eq(good[i], 50);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_OK);
    ck_assert_int_eq(fake.committed, THREADS * 25);
    ck_assert_int_eq(fake.aborted, THREADS * 25);
    ck_assert_int_eq(fake.blocks, 0);
}
END_TEST

START_TEST(a_block_given_up_without_a_reason_keeps_the_artifact_from_being_committed)
{
    struct pab_block *b = NULL;
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    ck_assert_int_eq(op->host->block_begin(a, "table", &b), PAB_OK);
    op->host->block_abort(b);
    op->host->block_abort(b);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_E_INTERNAL);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_E_INTERNAL);
    ck_assert_str_eq(err.message, "artifact_commit on 'data', one block of which was given up without a reason");
    ck_assert_int_eq(fake.aborted, 1);
    ck_assert_int_eq(fake.blocks, 0);
}
END_TEST

START_TEST(a_reason_that_comes_after_giving_up_is_the_one_that_counts)
{
    struct pab_block *b = NULL;
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    ck_assert_int_eq(op->host->block_begin(a, "table", &b), PAB_OK);
    op->host->block_abort(b);
    op->host->artifact_abort(a);
    ck_assert_int_eq(pab_operation_end(operation, pab_fail(op, PAB_E_UNREACHABLE, 0, NULL, "the server went away"), "backup", &err), PAB_E_UNREACHABLE);
    ck_assert_str_eq(err.message, "the server went away");
}
END_TEST

START_TEST(readers_of_blocks_are_closed_before_that_of_their_artifact)
{
    struct pab_reader *a = NULL, *other = NULL, *b = NULL, *c = NULL;
    char buf[4];
    start(0);
    ck_assert_int_eq(op->host->artifact_open(op, 0, PAB_OPEN_DATA, &a) | op->host->artifact_open(op, 1, PAB_OPEN_DATA, &other), 0);
    ck_assert_int_eq(op->host->block_open(a, 0, &b) | op->host->block_open(a, 1, &c), 0);
    op->host->artifact_close(c);
    op->host->artifact_close(a); /* b was forgotten */
    ck_assert_str_eq(fake.closed, "DCA");
    ck_assert_int_eq(op->host->artifact_read(b, buf, sizeof buf), PAB_E_INTERNAL);
    op->host->artifact_close(b);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_INTERNAL, "restore", &err), PAB_E_INTERNAL);
    ck_assert_str_eq(fake.closed, "DCAB");
}
END_TEST

START_TEST(readers_left_open_are_closed_at_the_end)
{
    struct pab_reader *a = NULL, *b = NULL;
    start(0);
    ck_assert_int_eq(op->host->artifact_open(op, 0, PAB_OPEN_DATA, &a) | op->host->block_open(a, 0, &b), 0);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "verify", &err), PAB_OK);
    ck_assert_str_eq(fake.closed, "BA");
}
END_TEST

START_TEST(structs_of_an_older_plugin_are_neither_read_nor_written_beyond_their_end)
{
    struct pab_progress p = { .struct_size = offsetof(struct pab_progress, unit), .phase = "data", .done = 1, .total = 2, .unit = (const char *)8 };
    struct pab_walk w = { .struct_size = offsetof(struct pab_walk, matched), .root = "/", .matched = 99 };
    start(0);
    op->host->progress(op, &p);
    ck_assert_ptr_null(fake.progress.unit);
    ck_assert_uint_eq(fake.progress.total, 2);
    struct pab_artifact *a = begin(PAB_KIND_TREE);
    ck_assert_int_eq(op->host->tree_walk(a, &w), PAB_OK);
    ck_assert_uint_eq(w.matched, 99);
    w.struct_size = sizeof w;
    ck_assert_int_eq(op->host->tree_walk(a, &w), PAB_OK);
    ck_assert_uint_eq(w.matched, 7);
    op->host->artifact_abort(a);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_OK);
}
END_TEST

START_TEST(a_time_limit_holds_and_the_end_comes_even_when_no_fd_is_left)
{
    struct rlimit old, none;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &old), 0);
    none = old;
    none.rlim_cur = 0;
    pab_cancel_fd(); /* the process-wide one is there since the start of the program */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    start(30);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &old), 0);
    ck_assert_int_eq(op->host->cancel_fd(op), pab_cancel_fd());
    ck_assert_int_eq(op->host->sleep_ms(op, 60), PAB_E_CANCELLED);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_CANCELLED, "backup", &err), PAB_E_TIMEOUT);
}
END_TEST

START_TEST(the_fd_to_poll_becomes_readable_when_the_time_is_over_or_the_user_says_so)
{
    start(30);
    struct pollfd p = { .fd = op->host->cancel_fd(op), .events = POLLIN };
    ck_assert_int_eq(poll(&p, 1, 60000), 1);
    ck_assert_int_eq(op->host->cancelled(op), 1);
    ck_assert(!pab_cancelled()); /* other targets go on */
    pab_operation_end(operation, pab_fail(op, PAB_E_CANCELLED, 0, NULL, "stopped"), "backup", &err);
    start(0);
    ck_assert_int_eq(op->host->remaining_ms(op), -1);
    pab_cancel_trigger();
    p.fd = op->host->cancel_fd(op);
    ck_assert_int_eq(poll(&p, 1, 60000), 1);
    pab_operation_end(operation, pab_fail(op, PAB_E_CANCELLED, 0, NULL, "stopped"), "backup", &err);
    ck_assert_int_eq(err.code, PAB_E_CANCELLED);
    pab_cancel_reset();
}
END_TEST

UNIT_MAIN("host threads", blocks_of_one_artifact_are_written_by_threads, a_failure_in_one_block_stops_all_with_its_reason, artifacts_of_several_threads_come_and_go,
          a_block_given_up_without_a_reason_keeps_the_artifact_from_being_committed, a_reason_that_comes_after_giving_up_is_the_one_that_counts,
          readers_of_blocks_are_closed_before_that_of_their_artifact, readers_left_open_are_closed_at_the_end,
          structs_of_an_older_plugin_are_neither_read_nor_written_beyond_their_end, a_time_limit_holds_and_the_end_comes_even_when_no_fd_is_left,
          the_fd_to_poll_becomes_readable_when_the_time_is_over_or_the_user_says_so)
