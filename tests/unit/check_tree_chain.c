/* check_tree_chain.c - a tree compared with the index of an earlier one, and both read back as one. */
#include "core/tree/base.h"
#include "core/tree/chain.h"
#include "tests/unit/tree_fixture.h"

#define LONG_AGO INT64_C(0)                 /* when the parent began: nothing had settled */
#define LATER INT64_C(9000000000000000000)  /* everything had */

struct artifact_io { struct pab_writer *tar, *index; struct pab_tree_writer *t; struct pab_base *base; };

static void begin(struct artifact *a, struct artifact_io *io, const struct artifact *parent, int64_t parent_started)
{
    struct pab_error err = { 0 };
    *io = (struct artifact_io){ .tar = plain_writer(&a->tar), .index = plain_writer(&a->index) };
    ck_assert_int_eq(pab_tree_writer_open(io->tar, io->index, &warnings, &io->t, &err), PAB_OK);
    struct pab_source *index = source_of(parent->index);
    ck_assert_msg(pab_base_load(index, parent_started, &io->base, &err) == PAB_OK, "%s", err.message);
    pab_source_close(index);
    pab_tree_writer_set_base(io->t, io->base);
}

static void end(struct artifact *a, struct artifact_io *io)
{
    struct pab_error err = { 0 };
    struct pab_stream_result r = { 0 };
    ck_assert_int_eq(pab_tree_writer_finish(io->t, &a->counts, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_finish(io->tar, &r, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_finish(io->index, &r, &err), PAB_OK);
    pab_base_free(io->base);
}

static void walk_into(struct artifact_io *io, const char *root, const char *prefix)
{
    struct pab_error err = { 0 };
    struct pab_walk w = { .struct_size = sizeof w, .root = path_of(root), .prefix = prefix };
    int rc = pab_tree_walk(io->t, &w, NULL, NULL, &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
}

static struct artifact walked_again(const char *root, const struct artifact *parent, int64_t parent_started)
{
    struct artifact a;
    struct artifact_io io;
    begin(&a, &io, parent, parent_started);
    walk_into(&io, root, NULL);
    end(&a, &io);
    return a;
}

static int64_t read_fd(void *ctx, void *buf, uint64_t n)
{
    return read(*(int *)ctx, buf, n);
}

/* The folder as Docker would send it: names and times in a tar, no inodes. */
static struct artifact sent(const char *root, const struct artifact *parent)
{
    struct artifact a;
    struct artifact_io io;
    struct pab_error err = { 0 };
    ck_assert_int_eq(sh("tar --format=pax --sort=name --xattrs -C %s -cf sent.tar .", root), 0);
    int fd = open(path_of("sent.tar"), O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    if (!parent) {
        ck_assert_int_eq(make_artifact(&a, NULL, read_fd, &fd, &err), PAB_OK);
        close(fd);
        return a;
    }
    begin(&a, &io, parent, LONG_AGO);
    int rc = pab_tree_from_tar(io.t, read_fd, &fd, 0, &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
    end(&a, &io);
    close(fd);
    return a;
}

/* Reads a chain, newest first, into the folder `to` (NULL: verifies it). */
static int chained(const struct artifact *const *list, size_t n, const char *to, struct pab_error *err)
{
    struct pab_source *tars[8], *index = source_of(list[0]->index), *again = source_of(list[0]->index);
    struct pab_chain *c;
    struct pab_extract x = { .struct_size = sizeof x };
    for (size_t i = 0; i < n; i++) tars[i] = source_of(list[i]->tar);
    pab_chain_new(index, tars, n, &c);
    if (to) x.dest = path_of(to);
    int rc = to ? pab_tree_extract_chain(c, &x, &warnings, NULL, NULL, err) : pab_tree_verify_chain(c, again, NULL, err);
    pab_chain_free(c);
    for (size_t i = 0; i < n; i++) pab_source_close(tars[i]);
    pab_source_close(index);
    pab_source_close(again);
    return rc;
}

static void comes_back(const struct artifact *const *list, size_t n, const char *as)
{
    struct pab_error err = { 0 };
    ck_assert_int_eq(sh("rm -rf out; mkdir out"), 0);
    int rc = chained(list, n, NULL, &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
    rc = chained(list, n, "out", &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
    same_trees("out", as);
}
#define COMES_BACK(as, ...) comes_back((const struct artifact *const[]){ __VA_ARGS__ }, sizeof((const struct artifact *const[]){ __VA_ARGS__ }) / sizeof(void *), (as))

#define SEED "mkdir -p in/d/e in/z; for i in 1 2 3 4 5 6; do head -c 3000 /dev/urandom >in/d/$i; done; head -c 600000 /dev/urandom >in/large; " \
    "ln in/d/1 in/z/one; ln -s ../large in/z/sym; echo small >in/d/e/small; mkfifo in/d/p\n"

START_TEST(what_is_unchanged_is_only_listed)
{
    setup();
    ck_assert_int_eq(sh(SEED), 0);
    struct artifact one = walked("in"), two = walked_again("in", &one, LATER);
    ck_assert_uint_eq(two.counts.kept, 15);
    ck_assert_uint_eq(two.counts.metadata + two.counts.deleted, 0);
    ck_assert_uint_eq(two.counts.files, one.counts.files);
    ck_assert_int_eq(lseek(two.tar, 0, SEEK_END), 1024);
    COMES_BACK("in", &two, &one);
    close_artifact(&one);
    close_artifact(&two);
    teardown();
}
END_TEST

START_TEST(what_may_have_changed_within_a_tick_is_read_again)
{
    setup();
    ck_assert_int_eq(sh(SEED), 0);
    struct artifact one = walked("in"), two = walked_again("in", &one, LONG_AGO);
    ck_assert_uint_eq(two.counts.kept, 0);
    ck_assert_uint_eq(two.counts.metadata, 7); /* and not stored again all the same */
    COMES_BACK("in", &two, &one);
    close_artifact(&one);
    close_artifact(&two);
    teardown();
}
END_TEST

START_TEST(sets_in_another_order_come_back_all_the_same)
{
    setup();
    ck_assert_int_eq(sh(SEED "cp -a in other"), 0);
    struct artifact one, two;
    struct artifact_io io;
    struct artifact nothing = walked("out");
    begin(&one, &io, &nothing, LATER);
    walk_into(&io, "in", "x");
    walk_into(&io, "other", "y");
    end(&one, &io);
    begin(&two, &io, &one, LATER);
    walk_into(&io, "other", "y");
    walk_into(&io, "in", "x");
    end(&two, &io);
    ck_assert_uint_gt(two.counts.kept, 0);
    ck_assert_int_eq(sh("rm -rf both; mkdir both; cp -a in both/x; cp -a other both/y"), 0);
    struct pab_error err = { 0 };
    int rc = chained((const struct artifact *const[]){ &two, &one }, 2, "out", &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
    ck_assert_int_eq(sh("touch -r both out"), 0);
    same_trees("out", "both");
    close_artifact(&one);
    close_artifact(&two);
    close_artifact(&nothing);
    ck_assert_int_eq(sh("rm -rf both"), 0);
    teardown();
}
END_TEST

START_TEST(five_in_a_row_come_back_each_as_it_was)
{
    setup();
    ck_assert_int_eq(sh(SEED), 0);
    struct artifact a[5];
    const struct artifact *list[5];
    for (int i = 0; i < 5; i++) {
        ck_assert_int_eq(sh("echo %d >>in/d/%d; rm -f in/gone*; echo x >in/gone%d; chmod 0%d00 in/large; touch -d @%d in/d/e; cp -a in was%d", i, i + 1, i, 4 + i % 4, i, i), 0);
        a[i] = i ? walked_again("in", &a[i - 1], LATER) : walked("in");
        if (i) ck_assert_uint_eq(a[i].counts.deleted, 1);
    }
    for (int i = 0; i < 5; i++) {
        char was[8];
        for (int k = 0; k <= i; k++) list[k] = &a[i - k];
        snprintf(was, sizeof was, "was%d", i);
        if (i) comes_back(list, (size_t)i + 1, was);
    }
    for (int i = 0; i < 5; i++) close_artifact(&a[i]);
    ck_assert_int_eq(sh("chmod -R u+rwx was*; rm -rf was*"), 0);
    teardown();
}
END_TEST

#define SPOOLED (unit_is_slow() ? 4200000 : 6000000) /* more than waits in memory for its hash */

START_TEST(a_tar_stream_is_compared_by_content)
{
    setup();
    ck_assert_int_eq(sh(SEED "head -c %d /dev/urandom >in/huge; head -c %d /dev/urandom >in/huge2", SPOOLED, unit_is_slow() ? SPOOLED : 5000000), 0);
    struct artifact one = sent("in", NULL);
    ck_assert_int_eq(sh("cp -a in copy; rm -rf in; mv copy in; chmod 600 in/d/2; touch in/d/3 in/huge; printf x | dd of=in/huge2 bs=1 seek=77 conv=notrunc status=none; rm in/d/6"), 0);
    struct artifact two = sent("in", &one);
    ck_assert_uint_eq(two.counts.metadata, 7); /* d/1 to d/5, large, huge; small fits its header's block */
    ck_assert_uint_eq(two.counts.deleted, 1);
    ck_assert_int_lt(lseek(two.tar, 0, SEEK_END), 5100000);
    COMES_BACK("in", &two, &one);
    close_artifact(&one);
    close_artifact(&two);
    teardown();
}
END_TEST

START_TEST(without_room_to_compare_it_is_stored)
{
    setup();
    ck_assert_int_eq(sh("head -c %d /dev/urandom >in/huge", SPOOLED), 0);
    struct artifact one = sent("in", NULL);
    setenv("TMPDIR", "/proc", 1);
    struct artifact two = sent("in", &one);
    unsetenv("TMPDIR");
    ck_assert_uint_eq(two.counts.metadata, 0);
    COMES_BACK("in", &two, &one);
    close_artifact(&one);
    close_artifact(&two);
    teardown();
}
END_TEST

/* An index that says something else of its tars is damage, with a name in the message. */
static void index_is_refused(const char *sed, const char *expected)
{
    setup();
    struct pab_error err = { 0 };
    ck_assert_int_eq(sh(SEED), 0);
    struct artifact one = walked("in"), two = walked_again("in", &one, LATER);
    char link[64];
    snprintf(link, sizeof link, "/proc/%d/fd/%d", (int)getpid(), two.index);
    ck_assert_int_eq(sh("sed '%s' %s >index", sed, link), 0);
    close(two.index);
    two.index = open(path_of("index"), O_RDONLY | O_CLOEXEC);
    int rc = chained((const struct artifact *const[]){ &two, &one }, 2, "out", &err);
    ck_assert_int_eq(rc, PAB_E_CORRUPT);
    ck_assert_msg(strstr(err.message, expected) != NULL, "%s", err.message);
    close_artifact(&one);
    close_artifact(&two);
    teardown();
}

START_TEST(a_layer_that_is_not_there_is_refused) { index_is_refused("s/#from=1,1/#from=7,7/", "is stored 7 backups before"); } END_TEST
START_TEST(content_newer_than_its_header_is_refused) { index_is_refused("s/#from=1,1/#from=1,0/", "is stored 0 backups before"); } END_TEST
START_TEST(layers_that_are_no_numbers_are_refused) { index_is_refused("s/#from=1,1/#from=1,x/", "no such layers"); } END_TEST
START_TEST(a_name_that_its_tar_does_not_hold_is_refused) { index_is_refused("s,^./large,./larger,", "'larger' is missing in the tar"); } END_TEST
START_TEST(another_size_than_in_its_tar_is_refused) { index_is_refused("s/size=600000/size=600001/", "'large' in the tar is not what the index says"); } END_TEST

UNIT_MAIN("tree_chain", what_is_unchanged_is_only_listed, what_may_have_changed_within_a_tick_is_read_again, sets_in_another_order_come_back_all_the_same,
          five_in_a_row_come_back_each_as_it_was, a_tar_stream_is_compared_by_content, without_room_to_compare_it_is_stored, a_layer_that_is_not_there_is_refused,
          content_newer_than_its_header_is_refused, layers_that_are_no_numbers_are_refused, a_name_that_its_tar_does_not_hold_is_refused,
          another_size_than_in_its_tar_is_refused)
