/* check_pg_backup.c - backup and verify between a fake host and a real server: every failure of the host in the middle of
 * several threads, cancellation at any call, and damage of every kind found by verify.
 *
 * tests/integration/postgres-backup.sh makes the database and says where it is: PG_SOCKET, PG_PORT, PG_DATABASE. */
#include <signal.h>
#include <string.h>
#include "plugins/postgres/pg.h"
#include "tests/fakes/host.h"
#include "tests/unit/unit.h"

static struct {
    struct fake_host *host;
    const struct pab_plugin *plugin;
    void *instance;
} it;

static void begin(void)
{
    signal(SIGPIPE, SIG_IGN); /* as the real host does */
    it.host = fake_host_new();
    it.plugin = pab_plugin_init();
    struct pab_config *c = fake_options(it.host, it.plugin->options, it.plugin->option_count);
    fake_set(c, "host", getenv("PG_SOCKET"));
    fake_set(c, "port", getenv("PG_PORT"));
    fake_set(c, "user", "postgres");
    fake_set(c, "copy_threshold", "64k");
    fake_set(c, "block_size", "64k");
    fake_set(c, "jobs", "3");
    fake_add(c, "databases", getenv("PG_DATABASE"));
    ck_assert_int_eq(it.plugin->open(fake_op(it.host), c, &it.instance), PAB_OK);
    it.host->real_sleep = 1;
}

static void end(void)
{
    it.plugin->close(it.instance);
    fake_host_free(it.host);
}

static int backup(void)
{
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    int rc = it.plugin->backup(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(wrong == NULL, "%s (%s)", wrong, it.host->failure.message);
    return rc;
}

static int verify(uint32_t flags)
{
    struct pab_verify_req req = { 0 };
    fake_new_verb(it.host);
    fake_verify_req(it.host, &req);
    req.flags = flags;
    int rc = it.plugin->verify(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(wrong == NULL, "%s", wrong);
    return rc;
}

static struct fake_artifact *artifact(const char *content)
{
    for (size_t i = 0; i < it.host->artifact_count; i++) {
        const char *is = fake_value(&it.host->artifacts[i]->facts, PG_FACT_FORMAT);
        if (is && strcmp(is, content) == 0 && it.host->artifacts[i]->state == FAKE_COMMITTED) return it.host->artifacts[i];
    }
    ck_abort_msg("no artifact holds '%s'", content);
    return NULL;
}

START_TEST(a_backup_is_three_artifacts_that_verify)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(artifact(PG_GLOBALS)->desc.extension, "sql");
    struct fake_artifact *sql = artifact(PG_DATABASE), *archive = artifact(PG_ARCHIVE);
    ck_assert_uint_eq(archive->desc.flags, PAB_ART_STORED);
    ck_assert_str_eq(sql->blocks[0]->name, PG_BLOCK_HEAD);
    ck_assert_str_eq(sql->blocks[sql->block_count - 1]->name, PG_BLOCK_TAIL);
    ck_assert_uint_gt(sql->block_count, 10);
    ck_assert_int_eq(verify(0), PAB_OK);
    ck_assert_int_eq(verify(PAB_VERIFY_CONTENT), PAB_OK);
    end();
}
END_TEST

START_TEST(every_block_stands_on_its_own)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *sql = artifact(PG_DATABASE);
    for (size_t i = 0; i < sql->block_count; i++) {
        const struct fake_block *b = sql->blocks[i];
        ck_assert_msg(b->name != NULL, "bytes outside of blocks");
        if (b->name[0] == '@') continue;
        ck_assert_msg(strncmp(b->data.bytes, "COPY ", 5) == 0, "block %zu of %s begins with no COPY", i, b->name);
        ck_assert_msg(pab_str_has_suffix(b->data.bytes, "\n\\.\n\n"), "block %zu of %s has no end", i, b->name);
        ck_assert_msg(b->data.size < (64u << 10) + 4096, "block %zu of %s holds %zu bytes", i, b->name, b->data.size);
    }
    end();
}
END_TEST

/* The n-th call fails, for n in growing steps until there are not so many calls. */
static void fails_at_every(const char *function, int code)
{
    unsigned tried = 0;
    for (unsigned n = 1; n < 100000; n += 1 + n, tried++) {
        begin();
        fake_fail_call(it.host, function, n, code);
        int rc = backup();
        ck_assert_msg(rc == PAB_OK || it.host->failure.code == code, "call %u of %s failed with %d, told is %d: %s", n, function, code, it.host->failure.code, it.host->failure.message);
        end();
        if (rc == PAB_OK) break;
    }
    ck_assert_msg(tried > 0, "%s is never called", function);
}

START_TEST(a_failure_of_the_host_ends_the_backup_at_once)
{
    static const char *const functions[] = { "artifact_begin", "artifact_write", "artifact_commit", "artifact_fact", "artifact_count", "block_begin",
                                             "block_write", "block_end", "fact", "object_add", "scratch_dir" };
    for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) fails_at_every(functions[i], PAB_E_NOSPACE);
}
END_TEST

START_TEST(cancelled_anywhere_it_ends)
{
    fails_at_every("block_write", PAB_E_CANCELLED);
    fails_at_every("block_begin", PAB_E_CANCELLED);
    fails_at_every("artifact_write", PAB_E_CANCELLED);
    fails_at_every("artifact_begin", PAB_E_CANCELLED);
}
END_TEST

START_TEST(cancelled_before_it_begins_nothing_is_written)
{
    begin();
    fake_cancel(it.host);
    ck_assert_int_eq(backup(), PAB_E_CANCELLED);
    ck_assert_uint_eq(it.host->artifact_count, 0);
    end();
}
END_TEST

START_TEST(a_failure_to_read_ends_verify)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    for (unsigned n = 1; n < 30; n++) {
        fake_fail_call(it.host, "artifact_read", n, PAB_E_CORRUPT);
        if (verify(PAB_VERIFY_CONTENT) == PAB_OK) break;
        ck_assert_int_eq(it.host->failure.code, PAB_E_CORRUPT);
    }
    fake_fail_call(it.host, "artifact_open", 1, PAB_E_IO);
    ck_assert_int_ne(verify(0), PAB_OK);
    end();
}
END_TEST

/* ---- damage */
static struct fake_block *big_block(struct fake_artifact *a)
{
    for (size_t i = 0; i < a->block_count; i++)
        if (a->blocks[i]->name[0] != '@' && a->blocks[i]->rows > 10) return a->blocks[i];
    ck_abort_msg("no block holds rows");
    return NULL;
}

/* In the whole artifact's bytes, too: a block is a part of them. */
static void alter(struct fake_artifact *a, struct fake_block *b, size_t at, char c)
{
    b->data.bytes[at] = c;
    a->data.bytes[b->offset + at] = c;
}

static void found(const char *part)
{
    ck_assert_int_eq(verify(PAB_VERIFY_CONTENT), PAB_E_CORRUPT);
    ck_assert_msg(strstr(it.host->failure.message, part) != NULL, "'%s' does not say '%s'", it.host->failure.message, part);
}

START_TEST(verify_finds_a_row_that_is_missing)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = artifact(PG_DATABASE);
    struct fake_block *b = big_block(a);
    const char *end_of_row = strchr(strchr(b->data.bytes, '\n') + 1, '\n');
    alter(a, b, (size_t)(end_of_row - b->data.bytes), ' ');
    found("rows");
    end();
}
END_TEST

START_TEST(verify_finds_a_block_without_its_end)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = artifact(PG_DATABASE);
    struct fake_block *b = big_block(a);
    alter(a, b, b->data.size - 3, 'x');
    found("have no end");
    end();
}
END_TEST

START_TEST(verify_finds_a_count_that_does_not_fit)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = artifact(PG_DATABASE);
    big_block(a)->rows++;
    ck_assert_int_eq(verify(0), PAB_E_CORRUPT);
    end();
}
END_TEST

START_TEST(verify_finds_an_archive_that_was_cut)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = artifact(PG_ARCHIVE);
    a->data.size /= 2;
    found("cannot be read");
    end();
}
END_TEST

START_TEST(verify_finds_globals_that_were_cut)
{
    begin();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = artifact(PG_GLOBALS);
    char *role = strstr(a->data.bytes, "CREATE ROLE");
    a->data.size = (size_t)(role - a->data.bytes) + 8;
    found("in the middle of a statement");
    end();
}
END_TEST

UNIT_MAIN("pg_backup", a_backup_is_three_artifacts_that_verify, every_block_stands_on_its_own, a_failure_of_the_host_ends_the_backup_at_once, cancelled_anywhere_it_ends,
          cancelled_before_it_begins_nothing_is_written, a_failure_to_read_ends_verify, verify_finds_a_row_that_is_missing, verify_finds_a_block_without_its_end,
          verify_finds_a_count_that_does_not_fit, verify_finds_an_archive_that_was_cut, verify_finds_globals_that_were_cut)
