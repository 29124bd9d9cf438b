/* The fake host keeps the promises of its header, and so of pab_plugin.h: plugins are tested against it. */
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "tests/fakes/host.h"
#include "tests/unit/unit.h"

static struct fake_host *h;
static struct pab_op *op;
static const struct pab_host *host;

static void begin(void)
{
    h = fake_host_new();
    op = fake_op(h);
    host = op->host;
}

static void end(void)
{
    fake_host_free(h);
}

static struct pab_artifact *begin_artifact(const char *stem, uint32_t kind)
{
    struct pab_artifact_desc d = {
        .struct_size = sizeof d, .kind = kind, .category = PAB_CAT_DATABASES, .stem = stem, .extension = "sql", .object = "o",
    };
    struct pab_artifact *a = NULL;
    ck_assert_int_eq(host->artifact_begin(op, &d, &a), PAB_OK);
    return a;
}

static struct pab_reader *open_reader(uint32_t index, uint32_t mode)
{
    struct pab_reader *r = NULL;
    ck_assert_int_eq(host->artifact_open(op, index, mode, &r), PAB_OK);
    return r;
}

START_TEST(every_member_of_the_table_is_there)
{
    begin();
    const char *p = (const char *)host + offsetof(struct pab_host, log);
    for (; p < (const char *)host + sizeof *host; p += sizeof(void *)) {
        void *member;
        memcpy(&member, p, sizeof member);
        ck_assert_msg(member != NULL, "nothing at offset %zu", (size_t)(p - (const char *)host));
    }
    end();
}
END_TEST

START_TEST(a_stream_reads_back_as_it_was_written)
{
    char buf[64];
    begin();
    struct pab_artifact *a = begin_artifact("letta", PAB_KIND_STREAM);
    ck_assert_int_eq(host->artifact_write(a, "one ", 4), PAB_OK);
    ck_assert_int_eq(host->artifact_write(a, "two", 3), PAB_OK);
    ck_assert_int_eq(host->artifact_count(a, "rows", 2), PAB_OK);
    ck_assert_int_eq(host->artifact_fact(a, "encoding", "UTF8"), PAB_OK);
    ck_assert_int_eq(host->artifact_commit(a), PAB_OK);
    ck_assert_ptr_null(fake_end_verb(h, PAB_OK));

    struct pab_restore_req req = { 0 };
    fake_restore_req(h, &req);
    ck_assert_uint_eq(req.artifact_count, 1);
    ck_assert_str_eq(req.artifacts[0].path, "databases/letta.sql");
    ck_assert_str_eq(req.artifacts[0].counts[0].value, "2");
    struct pab_reader *r = open_reader(0, PAB_OPEN_DATA);
    ck_assert_int_eq(host->artifact_read(r, buf, 3), 3);
    ck_assert_int_eq(host->artifact_read(r, buf + 3, sizeof buf), 4);
    ck_assert_mem_eq(buf, "one two", 7);
    ck_assert_int_eq(host->artifact_read(r, buf, sizeof buf), 0);
    host->artifact_close(r);
    end();
}
END_TEST

static void *write_newer_block(void *block)
{
    host->block_write(block, "second", 6);
    host->block_end(block, 2);
    return NULL;
}

START_TEST(blocks_of_several_threads_lie_in_the_order_of_their_begin)
{
    struct pab_block *first, *second;
    struct pab_block_info info = { .struct_size = sizeof info };
    struct pab_reader *block;
    char buf[64];
    pthread_t thread;
    begin();
    struct pab_artifact *a = begin_artifact("letta", PAB_KIND_STREAM);
    host->artifact_write(a, "head ", 5);
    host->block_begin(a, "t1", &first);
    host->block_begin(a, "t2", &second);
    pthread_create(&thread, NULL, write_newer_block, second);
    pthread_join(thread, NULL);
    host->block_write(first, "first ", 6);
    host->block_end(first, 1);
    host->artifact_write(a, " tail", 5);
    ck_assert_int_eq(host->artifact_commit(a), PAB_OK);
    ck_assert_str_eq(fake_artifact_named(h, "letta")->data.bytes, "head first second tail");

    struct pab_reader *r = open_reader(0, PAB_OPEN_DATA);
    ck_assert_uint_eq(host->block_count(r), 2);
    ck_assert_int_eq(host->block_info(r, 1, &info), PAB_OK);
    ck_assert_str_eq(info.name, "t2");
    ck_assert_uint_eq(info.offset, 11);
    ck_assert_uint_eq(info.rows, 2);
    ck_assert_int_eq(host->block_open(r, 1, &block), PAB_OK);
    ck_assert_int_eq(host->artifact_read(block, buf, sizeof buf), 6);
    ck_assert_mem_eq(buf, "second", 6);
    host->artifact_close(block);
    host->artifact_close(r);
    end();
}
END_TEST

START_TEST(tree_entries_read_back_with_attributes_and_data)
{
    char buf[16];
    const struct pab_xattr attr = { "user.etag", "xy", 2 };
    struct pab_entry e = { .struct_size = sizeof e, .type = PAB_TYPE_FILE, .mode = 0640, .path = "a/b", .size = 5, .xattrs = &attr, .xattr_count = 1 };
    begin();
    struct pab_artifact *a = begin_artifact("data", PAB_KIND_TREE);
    ck_assert_int_eq(host->tree_entry(a, &e), PAB_OK);
    ck_assert_int_eq(host->artifact_write(a, "hello", 5), PAB_OK);
    ck_assert_int_eq(host->artifact_commit(a), PAB_OK);

    struct pab_reader *r = open_reader(0, PAB_OPEN_DATA);
    struct pab_entry got = { .struct_size = sizeof got };
    ck_assert_int_eq(host->tree_next(r, &got), PAB_OK);
    ck_assert_str_eq(got.path, "a/b");
    ck_assert_uint_eq(got.mode, 0640);
    ck_assert_str_eq(got.xattrs[0].name, "user.etag");
    ck_assert_int_eq(host->artifact_read(r, buf, sizeof buf), 5);
    ck_assert_mem_eq(buf, "hello", 5);
    ck_assert_int_eq(host->tree_next(r, &got), PAB_END);
    host->artifact_close(r);
    end();
}
END_TEST

START_TEST(a_walk_and_an_extraction_carry_a_folder_over)
{
    char root[] = "/tmp/pab-fake-walk-XXXXXX", path[128], cmd[256];
    const char *const exclude[] = { "*.tmp", "cache/" };
    struct stat st;
    begin();
    ck_assert_ptr_nonnull(mkdtemp(root));
    snprintf(cmd, sizeof cmd, "cd %s && mkdir -p in/sub in/cache out && echo hi > in/sub/f && ln -s f in/sub/l && touch in/x.tmp in/cache/c", root);
    ck_assert_int_eq(system(cmd), 0);
    snprintf(path, sizeof path, "%s/in", root);
    struct pab_walk w = { .struct_size = sizeof w, .root = path, .exclude = exclude, .exclude_count = 2 };
    struct pab_artifact *a = begin_artifact("data", PAB_KIND_TREE);
    ck_assert_int_eq(host->tree_walk(a, &w), PAB_OK);
    ck_assert_uint_eq(w.matched, 3);
    ck_assert_int_eq(host->artifact_commit(a), PAB_OK);
    ck_assert_ptr_nonnull(fake_entry_named(h->artifacts[0], "sub/l"));
    ck_assert_ptr_null(fake_entry_named(h->artifacts[0], "x.tmp"));

    snprintf(path, sizeof path, "%s/out", root);
    struct pab_extract x = { .struct_size = sizeof x, .dest = path, .strip = "sub" };
    struct pab_reader *r = open_reader(0, PAB_OPEN_DATA);
    ck_assert_int_eq(host->tree_extract(r, &x), PAB_OK);
    host->artifact_close(r);
    ck_assert_uint_eq(x.files, 2);
    snprintf(path, sizeof path, "%s/out/f", root);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_size, 3);
    snprintf(cmd, sizeof cmd, "rm -r %s", root);
    ck_assert_int_eq(system(cmd), 0);
    end();
}
END_TEST

START_TEST(misuse_of_artifacts_is_noticed)
{
    begin();
    struct pab_artifact *a = begin_artifact("one", PAB_KIND_STREAM);
    host->artifact_commit(a);
    ck_assert_int_eq(host->artifact_write(a, "x", 1), PAB_E_INTERNAL);
    ck_assert_str_eq(fake_end_verb(h, PAB_E_INTERNAL), "artifact_write on artifact 'one' after its end");
    fake_new_verb(h);
    begin_artifact("two", PAB_KIND_STREAM);
    ck_assert_str_eq(fake_end_verb(h, PAB_OK), "artifact 'two' was left open");
    ck_assert_int_eq(fake_artifact_named(h, "two")->state, FAKE_ABORTED);
    struct pab_entry e = { .struct_size = sizeof e, .type = PAB_TYPE_FILE, .path = "f", .size = 1 };
    struct pab_artifact *t = begin_artifact("three", PAB_KIND_TREE);
    host->tree_entry(t, &e);
    ck_assert_int_eq(host->artifact_commit(t), PAB_E_INTERNAL);
    ck_assert_ptr_nonnull(strstr(h->misuse.items[0], "data of the last entry is missing"));
    end();
}
END_TEST

START_TEST(verbs_are_judged_by_the_calling_conventions)
{
    begin();
    ck_assert_ptr_null(fake_end_verb(h, PAB_OK));
    ck_assert_ptr_nonnull(strstr(fake_end_verb(h, PAB_E_IO), "without saying why"));
    ck_assert_ptr_nonnull(strstr(fake_end_verb(h, 7), "neither success nor"));
    ck_assert_int_eq(pab_fail(op, PAB_E_BUSY, 0, "wait", "'%s' is in use", "x"), PAB_E_BUSY);
    ck_assert_str_eq(h->failure.message, "'x' is in use");
    ck_assert_str_eq(h->failure.hint, "wait");
    ck_assert_int_eq(h->failure.retryable, 1);
    ck_assert_ptr_null(fake_end_verb(h, PAB_E_BUSY));
    ck_assert_ptr_nonnull(strstr(fake_end_verb(h, PAB_OK), "succeeded after it had failed"));
    pab_fail(op, PAB_E_IO, 0, NULL, "again");
    ck_assert_ptr_nonnull(strstr(fake_end_verb(h, PAB_E_BUSY), "called pab_fail 2 times"));
    end();
}
END_TEST

START_TEST(the_nth_call_fails_when_told_to)
{
    begin();
    struct pab_artifact *a = begin_artifact("one", PAB_KIND_STREAM);
    fake_fail_call(h, "artifact_write", 2, PAB_E_NOSPACE);
    ck_assert_int_eq(host->artifact_write(a, "x", 1), PAB_OK);
    ck_assert_int_eq(host->artifact_write(a, "x", 1), PAB_E_NOSPACE);
    ck_assert_int_eq(host->artifact_write(a, "x", 1), PAB_E_NOSPACE); /* sticky */
    ck_assert_int_eq(host->artifact_commit(a), PAB_E_NOSPACE);
    ck_assert_int_eq(fake_artifact_named(h, "one")->state, FAKE_ABORTED);
    ck_assert_ptr_null(fake_end_verb(h, PAB_E_NOSPACE));
    ck_assert_uint_eq(fake_calls(h, "artifact_write"), 2);
    end();
}
END_TEST

START_TEST(cancellation_shows_everywhere)
{
    begin();
    struct pollfd p = { .fd = host->cancel_fd(op), .events = POLLIN };
    ck_assert_int_eq(poll(&p, 1, 0), 0);
    ck_assert_int_eq(host->sleep_ms(op, 1000), PAB_OK);
    ck_assert_uint_eq(h->slept_ms, 1000);
    struct pab_artifact *a = begin_artifact("one", PAB_KIND_STREAM);
    fake_cancel(h);
    ck_assert_int_eq(host->cancelled(op), 1);
    ck_assert_int_eq(poll(&p, 1, 0), 1);
    ck_assert_int_eq(host->artifact_write(a, "x", 1), PAB_E_CANCELLED);
    ck_assert_int_eq(host->sleep_ms(op, 1000), PAB_E_CANCELLED);
    ck_assert_int_eq(h->failure.code, PAB_E_CANCELLED);
    fake_new_verb(h);
    ck_assert_int_eq(host->cancelled(op), 0);
    ck_assert_int_eq(poll(&p, 1, 0), 0);
    end();
}
END_TEST

static const struct pab_option fields[] = { { .key = "name", .type = PAB_OPT_STRING }, { .key = "stop", .type = PAB_OPT_BOOL, .default_text = "yes" } };
static const struct pab_option table[] = {
    { .key = "host", .type = PAB_OPT_STRING, .default_text = "localhost" },
    { .key = "port", .type = PAB_OPT_INT, .default_text = "5432" },
    { .key = "wait", .type = PAB_OPT_DURATION, .default_text = "10m" },
    { .key = "chunk", .type = PAB_OPT_SIZE, .default_text = "32MiB" },
    { .key = "skip", .type = PAB_OPT_LIST, .default_text = "[a, b]" },
    { .key = "volumes", .type = PAB_OPT_RECORDS, .fields = fields, .field_count = 2 },
    { .key = "sets", .type = PAB_OPT_SETS },
};

START_TEST(options_have_the_types_and_defaults_of_the_table)
{
    begin();
    struct pab_config *c = fake_options(h, table, sizeof table / sizeof *table);
    ck_assert_str_eq(host->config_str(c, "host"), "localhost");
    ck_assert_int_eq(host->config_int(c, "port"), 5432);
    ck_assert_int_eq(host->config_int(c, "wait"), 600000);
    ck_assert_int_eq(host->config_int(c, "chunk"), 32 << 20);
    ck_assert_uint_eq(host->config_count(c, "skip"), 2);
    ck_assert_str_eq(host->config_item(c, "skip", 1), "b");
    ck_assert_int_eq(host->config_has(c, "volumes"), 0);

    fake_set(c, "port", "1");
    fake_add(c, "skip", "c");
    fake_set(fake_add_record(c, "volumes"), "name", "data");
    struct pab_config *set = fake_add_record(c, "sets");
    fake_set(set, "name", "env");
    fake_add(set, "items", ".env");
    ck_assert_int_eq(host->config_int(c, "port"), 1);
    ck_assert_uint_eq(host->config_count(c, "skip"), 1); /* what is given replaces the default */
    const struct pab_config *v = host->config_record(c, "volumes", 0);
    ck_assert_str_eq(host->config_str(v, "name"), "data");
    ck_assert_int_eq(host->config_int(v, "stop"), 1);
    ck_assert_str_eq(host->config_item(host->config_record(c, "sets", 0), "items", 0), ".env");
    ck_assert_ptr_null(host->config_record(c, "volumes", 1));
    ck_assert_uint_eq(h->misuse.count, 0);
    host->config_int(c, "host");
    host->config_str(c, "hots");
    ck_assert_uint_eq(h->misuse.count, 2);
    end();
}
END_TEST

START_TEST(the_journal_holds_what_is_not_done)
{
    uint64_t one, two;
    begin();
    host->journal_add(op, "start c1", &one);
    host->journal_add(op, "start c2", &two);
    ck_assert_int_eq(host->journal_done(op, one), PAB_OK);
    ck_assert_uint_eq(h->journal.count, 1);
    ck_assert_str_eq(h->journal.items[0], "start c2");
    ck_assert_int_eq(host->journal_done(op, one), PAB_E_INTERNAL);
    ck_assert_int_eq(host->journal_done(op, two), PAB_OK);
    ck_assert_str_eq(h->journal_calls.items[0], "add 1 start c1");
    ck_assert_str_eq(h->journal_calls.items[3], "done 2");
    end();
}
END_TEST

START_TEST(findings_and_messages_are_kept)
{
    begin();
    const struct pab_kv attr = { "owner", "me" };
    struct pab_object o = { .struct_size = sizeof o, .id = "letta", .kind = "database", .category = PAB_CAT_DATABASES };
    struct pab_plan plan = { .struct_size = sizeof plan, .action = PAB_PLAN_DROP, .object = "letta", .detail = "goes" };
    ck_assert_int_eq(host->object_add(op, &o, &attr, 1), PAB_OK);
    ck_assert_str_eq(fake_value(&h->objects[0].attrs, "owner"), "me");
    ck_assert_int_eq(host->plan_add(op, &plan), PAB_OK);
    ck_assert_uint_eq(h->plans[0].plan.action, PAB_PLAN_DROP);
    host->fact(op, "server", "15");
    host->fact(op, "server", "16");
    ck_assert_str_eq(fake_value(&h->facts, "server"), "16");
    pab_log(op, PAB_LOG_INFO, "n = %d", 3);
    pab_warn(op, "letta", "odd");
    host->secret(op, "hunter2");
    ck_assert_str_eq(h->logs.items[0], "info: n = 3");
    ck_assert_str_eq(h->warnings.items[0], "letta: odd");
    ck_assert(fake_has_text(&h->secrets, "hunter2"));
    ck_assert_int_eq(host->object_add(op, &o, NULL, 0), PAB_E_INTERNAL); /* the same id twice */
    end();
}
END_TEST

START_TEST(the_scratch_folder_goes_with_the_host)
{
    struct stat st;
    begin();
    const char *dir = host->scratch_dir(op);
    ck_assert_ptr_nonnull(dir);
    char path[256];
    snprintf(path, sizeof path, "%s", dir);
    ck_assert_int_eq(stat(path, &st), 0);
    ck_assert_int_eq(st.st_mode & 0777, 0700);
    end();
    ck_assert_int_eq(stat(path, &st), -1);
}
END_TEST

UNIT_MAIN("fake_host", every_member_of_the_table_is_there, a_stream_reads_back_as_it_was_written,
          blocks_of_several_threads_lie_in_the_order_of_their_begin, tree_entries_read_back_with_attributes_and_data,
          a_walk_and_an_extraction_carry_a_folder_over, misuse_of_artifacts_is_noticed, verbs_are_judged_by_the_calling_conventions,
          the_nth_call_fails_when_told_to, cancellation_shows_everywhere, options_have_the_types_and_defaults_of_the_table,
          the_journal_holds_what_is_not_done, findings_and_messages_are_kept, the_scratch_folder_goes_with_the_host)
