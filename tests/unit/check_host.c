/* The host table as a plugin meets it: the order of calls is checked, errors stick, the verb's word is judged. */
#include <stdio.h>
#include <string.h>
#include "core/base/cancel.h"
#include "core/plug/op.h"
#include "tests/unit/unit.h"

/* A backend that counts, and fails write number `fail_write`. */
struct fake { int begun, committed, aborted, writes, fail_write, blocks, warnings; char warning[128]; };
static struct fake fake;

static int f_begin(void *ctx, const struct pab_artifact_desc *d, void **ret, struct pab_error *err)
{
    (void)d; (void)err;
    ((struct fake *)ctx)->begun++;
    *ret = ctx;
    return PAB_OK;
}
static int f_write(void *a, const void *p, uint64_t n, struct pab_error *err)
{
    struct fake *f = a;
    (void)p; (void)n;
    return ++f->writes == f->fail_write ? pab_error_set(err, PAB_E_NOSPACE, 28, "cannot write 'x'") : PAB_OK;
}
static int f_kv(void *a, const char *k, const char *v, struct pab_error *err) { (void)a; (void)k; (void)v; (void)err; return PAB_OK; }
static int f_count(void *a, const char *k, uint64_t v, struct pab_error *err) { (void)a; (void)k; (void)v; (void)err; return PAB_OK; }
static int f_commit(void *a, struct pab_error *err) { (void)err; ((struct fake *)a)->committed++; return PAB_OK; }
static void f_abort(void *a) { ((struct fake *)a)->aborted++; }
static int f_block_begin(void *a, const char *name, void **ret, struct pab_error *err) { (void)name; (void)err; ((struct fake *)a)->blocks++; *ret = a; return PAB_OK; }
static int f_block_end(void *b, uint64_t rows, struct pab_error *err) { (void)rows; (void)err; ((struct fake *)b)->blocks--; return PAB_OK; }
static void f_block_abort(void *b) { ((struct fake *)b)->blocks--; }
static int f_entry(void *a, const struct pab_entry *e, struct pab_error *err) { (void)a; (void)e; (void)err; return PAB_OK; }
static void f_warn(void *ctx, const char *object, const char *message)
{
    struct fake *f = ctx;
    (void)object;
    f->warnings++;
    snprintf(f->warning, sizeof f->warning, "%s", message);
}

static const struct pab_op_backend backend = {
    .warn = f_warn, .begin = f_begin, .write = f_write, .artifact_fact = f_kv, .artifact_count = f_count, .commit = f_commit, .abort = f_abort,
    .block_begin = f_block_begin, .block_write = f_write, .block_end = f_block_end, .block_abort = f_block_abort, .entry = f_entry,
};

static struct pab_operation *operation;
static struct pab_op *op;
static struct pab_error err;

static void start(int64_t timeout_ms)
{
    pab_cancel_reset();
    memset(&fake, 0, sizeof fake);
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

START_TEST(every_member_of_the_table_is_set)
{
    const struct pab_host *h = pab_host_table();
    const char *base = (const char *)h;
    ck_assert_uint_eq(h->struct_size, sizeof *h);
    for (size_t at = offsetof(struct pab_host, version); at < sizeof *h; at += sizeof(void *)) {
        void *member;
        memcpy(&member, base + at, sizeof member);
        ck_assert_msg(member != NULL, "the member at offset %zu is not set", at);
    }
}
END_TEST

START_TEST(an_artifact_is_begun_written_and_committed)
{
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_OK);
    ck_assert_int_eq(op->host->artifact_count(a, "rows", 1), PAB_OK);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_OK);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_OK);
    ck_assert_int_eq(fake.committed, 1);
    ck_assert_int_eq(fake.aborted, 0);
}
END_TEST

START_TEST(an_artifact_left_open_fails_the_verb_and_is_aborted)
{
    start(0);
    begin(PAB_KIND_STREAM);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "left artifact 'data' open"));
    ck_assert_int_eq(fake.aborted, 1);
}
END_TEST

START_TEST(writing_after_commit_is_an_error_not_a_crash)
{
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_OK);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_E_INTERNAL);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_E_INTERNAL);
    op->host->artifact_abort(a);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_E_INTERNAL);
    ck_assert_int_eq(fake.committed, 1);
    ck_assert_int_eq(fake.aborted, 0);
}
END_TEST

START_TEST(a_failed_write_sticks_and_commit_then_aborts)
{
    start(0);
    fake.fail_write = 2;
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_OK);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_E_NOSPACE);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_E_NOSPACE);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_E_NOSPACE);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_NOSPACE, "backup", &err), PAB_E_NOSPACE);
    ck_assert_int_eq(fake.writes, 2);
    ck_assert_int_eq(fake.committed, 0);
    ck_assert_int_eq(fake.aborted, 1);
}
END_TEST

START_TEST(success_after_a_failed_write_is_still_a_failure)
{
    start(0);
    fake.fail_write = 1;
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_E_NOSPACE);
    op->host->artifact_abort(a);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_E_NOSPACE);
}
END_TEST

START_TEST(a_failure_without_a_reason_is_the_plugins_bug)
{
    start(0);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_AUTH, "backup", &err), PAB_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "AUTH"));
}
END_TEST

START_TEST(a_positive_result_is_the_plugins_bug)
{
    start(0);
    ck_assert_int_eq(pab_operation_end(operation, 7, "discover", &err), PAB_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "returned 7"));
}
END_TEST

START_TEST(the_first_failure_is_the_one_that_counts)
{
    start(0);
    ck_assert_int_eq(pab_fail(op, PAB_E_AUTH, 0, "check the password", "password refused"), PAB_E_AUTH);
    ck_assert_int_eq(pab_fail(op, PAB_E_IO, 5, NULL, "and then this"), PAB_E_IO);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_IO, "backup", &err), PAB_E_AUTH);
    ck_assert_str_eq(err.message, "password refused");
    ck_assert_str_eq(err.hint, "check the password");
}
END_TEST

START_TEST(unreachable_may_be_tried_again_and_a_refusal_not)
{
    start(0);
    pab_fail(op, PAB_E_UNREACHABLE, 111, NULL, "nobody answers");
    pab_operation_end(operation, PAB_E_UNREACHABLE, "backup", &err);
    ck_assert_int_eq(err.retryable, 1);
    start(0);
    pab_fail(op, PAB_E_AUTH, 0, NULL, "refused");
    pab_operation_end(operation, PAB_E_AUTH, "backup", &err);
    ck_assert_int_eq(err.retryable, 0);
}
END_TEST

START_TEST(the_stream_itself_is_closed_while_a_block_is_open)
{
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    struct pab_block *b = NULL;
    ck_assert_int_eq(op->host->block_begin(a, "table", &b), PAB_OK);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_E_INTERNAL);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_E_INTERNAL);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_INTERNAL, "backup", &err), PAB_E_INTERNAL);
    ck_assert_int_eq(fake.blocks, 0);
    ck_assert_int_eq(fake.aborted, 1);
}
END_TEST

START_TEST(an_entry_wants_exactly_its_bytes)
{
    struct pab_entry e = { .struct_size = sizeof e, .type = PAB_TYPE_FILE, .path = "f", .size = 3 };
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_TREE);
    ck_assert_int_eq(op->host->tree_entry(a, &e), PAB_OK);
    ck_assert_int_eq(op->host->artifact_write(a, "abcd", 4), PAB_E_INTERNAL);
    pab_operation_end(operation, PAB_E_INTERNAL, "backup", &err);
    ck_assert_ptr_nonnull(strstr(err.message, "more data for 'f'"));
    start(0);
    a = begin(PAB_KIND_TREE);
    ck_assert_int_eq(op->host->tree_entry(a, &e), PAB_OK);
    ck_assert_int_eq(op->host->artifact_write(a, "ab", 2), PAB_OK);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_E_INTERNAL);
    pab_operation_end(operation, PAB_E_INTERNAL, "backup", &err);
    ck_assert_ptr_nonnull(strstr(err.message, "1 bytes of 'f' are missing"));
}
END_TEST

START_TEST(a_sparse_entry_wants_only_the_bytes_of_its_regions)
{
    struct pab_extent x = { .offset = 4096, .length = 2 };
    struct pab_entry e = { .struct_size = sizeof e, .type = PAB_TYPE_FILE, .path = "f", .size = 1 << 20, .extents = &x, .extent_count = 1 };
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_TREE);
    ck_assert_int_eq(op->host->tree_entry(a, &e), PAB_OK);
    ck_assert_int_eq(op->host->artifact_write(a, "ab", 2), PAB_OK);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_OK);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_OK);
}
END_TEST

START_TEST(unknown_flags_are_refused)
{
    struct pab_artifact *a = NULL;
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_CONFIG, .stem = "s", .extension = "x", .object = "o", .flags = 0x80 };
    start(0);
    ck_assert_int_eq(op->host->artifact_begin(op, &d, &a), PAB_E_INTERNAL);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_INTERNAL, "backup", &err), PAB_E_INTERNAL);
    ck_assert_int_eq(fake.begun, 0);
}
END_TEST

START_TEST(a_struct_of_an_older_plugin_is_read_as_far_as_it_goes)
{
    struct pab_artifact *a = NULL;
    struct pab_artifact_desc d = { .struct_size = offsetof(struct pab_artifact_desc, size_hint), .kind = PAB_KIND_STREAM, .category = PAB_CAT_CONFIG,
                                   .stem = "s", .extension = "x", .object = "o", .size_hint = 12345 };
    start(0);
    ck_assert_int_eq(op->host->artifact_begin(op, &d, &a), PAB_OK);
    ck_assert_int_eq(op->host->artifact_commit(a), PAB_OK);
    ck_assert_int_eq(pab_operation_end(operation, PAB_OK, "backup", &err), PAB_OK);
}
END_TEST

START_TEST(a_cancelled_run_stops_at_the_next_call)
{
    start(0);
    struct pab_artifact *a = begin(PAB_KIND_STREAM);
    pab_cancel_trigger();
    ck_assert_int_eq(op->host->cancelled(op), 1);
    ck_assert_int_eq(op->host->sleep_ms(op, 60000), PAB_E_CANCELLED);
    ck_assert_int_eq(op->host->artifact_write(a, "x", 1), PAB_E_CANCELLED);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_CANCELLED, "backup", &err), PAB_E_CANCELLED);
    ck_assert_int_eq(fake.aborted, 1);
    pab_cancel_reset();
}
END_TEST

START_TEST(the_time_limit_cancels_and_is_named)
{
    start(30);
    ck_assert_int_eq(op->host->sleep_ms(op, 60000), PAB_E_CANCELLED);
    ck_assert_int_eq(op->host->remaining_ms(op), 0);
    ck_assert_int_eq(pab_operation_end(operation, PAB_E_CANCELLED, "backup", &err), PAB_E_TIMEOUT);
    ck_assert_ptr_nonnull(strstr(err.message, "time limit"));
}
END_TEST

START_TEST(warnings_reach_the_backend_with_known_secrets_masked)
{
    start(0);
    op->host->secret(op, "hunter2-hunter2");
    pab_warn(op, "o", "the password is %s", "hunter2-hunter2");
    pab_fail(op, PAB_E_AUTH, 0, NULL, "hunter2-hunter2 was refused");
    pab_operation_end(operation, PAB_E_AUTH, "backup", &err);
    ck_assert_int_eq(fake.warnings, 1);
    ck_assert_str_eq(fake.warning, "the password is ***");
    ck_assert_ptr_null(strstr(err.message, "hunter2"));
}
END_TEST

START_TEST(a_verb_that_may_not_write_artifacts_is_told_so)
{
    static const struct pab_op_backend nothing = { 0 };
    struct pab_artifact *a = NULL;
    struct pab_artifact_desc d = { .struct_size = sizeof d, .kind = PAB_KIND_STREAM, .category = PAB_CAT_CONFIG, .stem = "s", .extension = "x", .object = "o" };
    struct pab_operation *o = pab_operation_new(&(struct pab_operation_opts){ .backend = &nothing, .target = "t" });
    struct pab_op *h = pab_operation_handle(o);
    ck_assert_int_eq(h->host->artifact_begin(h, &d, &a), PAB_E_INTERNAL);
    ck_assert_int_eq(pab_operation_end(o, PAB_E_INTERNAL, "discover", &err), PAB_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.message, "only backup may write"));
}
END_TEST

UNIT_MAIN("host", every_member_of_the_table_is_set, an_artifact_is_begun_written_and_committed, an_artifact_left_open_fails_the_verb_and_is_aborted,
          writing_after_commit_is_an_error_not_a_crash, a_failed_write_sticks_and_commit_then_aborts, success_after_a_failed_write_is_still_a_failure,
          a_failure_without_a_reason_is_the_plugins_bug, a_positive_result_is_the_plugins_bug, the_first_failure_is_the_one_that_counts,
          unreachable_may_be_tried_again_and_a_refusal_not, the_stream_itself_is_closed_while_a_block_is_open, an_entry_wants_exactly_its_bytes,
          a_sparse_entry_wants_only_the_bytes_of_its_regions, unknown_flags_are_refused, a_struct_of_an_older_plugin_is_read_as_far_as_it_goes,
          a_cancelled_run_stops_at_the_next_call, the_time_limit_cancels_and_is_named, warnings_reach_the_backend_with_known_secrets_masked,
          a_verb_that_may_not_write_artifacts_is_told_so)
