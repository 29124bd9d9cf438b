/* check_tree_hostile.c - archives made to escape, to lie or to exhaust: nothing outside the destination is ever touched. */
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>
#include "core/base/buf.h"
#include "tests/unit/tree_fixture.h"

/* ---- a tar, written by hand */
static struct pab_buf tar = PAB_BUF_INIT(0);

static void put_octal(char *p, size_t width, uint64_t v)
{
    for (size_t i = width - 1; i--; v >>= 3) p[i] = (char)('0' + (v & 7));
}

static void add_raw(char type, const char *name, const char *link, uint64_t size, const char *data, size_t data_size)
{
    char h[513] = { 0 };
    snprintf(h, 101, "%s", name);
    put_octal(h + 100, 8, type == '5' ? 0755 : 0644);
    put_octal(h + 108, 8, 0);
    put_octal(h + 116, 8, 0);
    put_octal(h + 124, 12, size);
    put_octal(h + 136, 12, 1600000000);
    h[156] = type;
    snprintf(h + 157, 101, "%s", link ? link : "");
    memcpy(h + 257, "ustar\00000", 8);
    memset(h + 148, ' ', 8);
    unsigned sum = 0;
    for (int i = 0; i < 512; i++) sum += (unsigned char)h[i];
    snprintf(h + 148, 8, "%06o", sum);
    h[155] = ' ';
    pab_buf_add(&tar, h, 512);
    pab_buf_add(&tar, data ? data : "", data_size);
    while (tar.size % 512) pab_buf_addc(&tar, '\0');
}
static void add(char type, const char *name, const char *link, const char *data) { add_raw(type, name, link, data ? strlen(data) : 0, data, data ? strlen(data) : 0); }

/* One record of a pax header, with the right length or the one that is given. */
static void add_pax(const char *key, const char *value, int length)
{
    char record[5000];
    int n = (int)(strlen(key) + strlen(value) + 3), digits = n < 98 ? 2 : n < 997 ? 3 : 4;
    snprintf(record, sizeof record, "%d %s=%s\n", length ? length : n + digits, key, value);
    add('x', "pax", NULL, record);
}

static int tar_fd(int ended)
{
    int fd = memfd_create("hostile", MFD_CLOEXEC);
    if (ended) {
        for (int i = 0; i < 1024; i++) pab_buf_addc(&tar, '\0');
    }
    ck_assert_int_eq(pab_write_all(fd, tar.data, tar.size), 0);
    pab_buf_clear(&tar);
    return fd;
}

static void hostile_setup(void)
{
    setup();
    ck_assert_int_eq(sh("mkdir -p outside/folder; echo canary >outside/canary; echo canary >outside/folder/canary; touch -d 2020-01-01 outside outside/* outside/folder/*; (cd outside; find . -printf '%%P %%y %%m %%T@ %%s %%n\\n' | sort; cat canary folder/canary) >outside.txt"), 0);
}
static void nothing_outside_changed(void)
{
    ck_assert_int_eq(sh("(cd outside; find . -printf '%%P %%y %%m %%T@ %%s %%n\\n' | sort; cat canary folder/canary) | diff outside.txt - >&2; [ \"$(ls -A | sort | xargs)\" = '.script in out outside outside.txt' ]"), 0);
}

/* Extracts what was added; the code. */
static int attack(struct pab_error *err, int ended)
{
    struct pab_extract x = { 0 };
    int fd = tar_fd(ended), rc = extract_fd(fd, "out", &x, err);
    close(fd);
    nothing_outside_changed();
    return rc;
}
static void is_refused(const char *what)
{
    struct pab_error err = { 0 };
    int rc = attack(&err, 1);
    ck_assert_msg(rc == PAB_E_CORRUPT, "%s: %d %s", what, rc, err.message);
}

START_TEST(names_that_lead_outside_are_refused)
{
    static const char *const names[] = { "../outside/evil", "a/../../outside/evil", "/outside/evil", "a/../b", "..", "a/..", "./../outside/evil", "", "a//../../outside/canary" };
    for (unsigned i = 0; i < sizeof names / sizeof *names; i++) {
        hostile_setup();
        add('5', "a/", NULL, NULL);
        add('0', names[i], NULL, "evil");
        is_refused(names[i]);
        teardown();
    }
}
END_TEST

START_TEST(long_names_of_pax_and_gnu_are_held_to_the_same)
{
    for (int how = 0; how < 4; how++) {
        hostile_setup();
        if (how == 0) add_pax("path", "../outside/evil", 0);
        if (how == 1) add('L', "././@LongLink", NULL, "../outside/evil");
        if (how == 2) add_pax("path", "/etc/evil", 0);
        if (how == 3) add_pax("GNU.sparse.name", "../outside/evil", 0);
        add('0', how == 3 ? "GNUSparseFile.0/x" : "innocent", NULL, "evil");
        struct pab_error err = { 0 };
        int rc = attack(&err, 1);
        ck_assert_msg(rc == PAB_E_CORRUPT || how == 3, "%d: %d", how, rc);
        teardown();
    }
}
END_TEST

START_TEST(a_symbolic_link_of_the_archive_is_not_followed)
{
    static const char *const targets[] = { "../outside", "..", "/", "../outside/folder/..", "." };
    for (unsigned i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct pab_error err = { 0 };
        hostile_setup();
        add('2', "l", targets[i], NULL);
        add('0', "l/evil", NULL, "evil");
        add('0', "l/outside/canary", NULL, "evil");
        add('5', "l/folder/", NULL, NULL);
        attack(&err, 1);
        ck_assert_int_eq(sh("[ ! -e out/evil ] || [ %u = 4 ]", i), 0);
        teardown();
    }
}
END_TEST

START_TEST(a_symbolic_link_that_lies_there_is_not_followed)
{
    struct pab_error err = { 0 };
    hostile_setup();
    ck_assert_int_eq(sh("ln -s ../outside out/d; ln -s ../outside/canary out/f; ln -s ../outside out/e"), 0);
    add('5', "d/", NULL, NULL);
    add('0', "d/canary", NULL, "evil");
    add('0', "f", NULL, "evil");
    add('0', "e/folder/canary", NULL, "evil");
    attack(&err, 1);
    teardown();
}
END_TEST

START_TEST(a_folder_that_becomes_a_link_between_two_entries)
{
    struct pab_error err = { 0 };
    hostile_setup();
    add('5', "d/", NULL, NULL);
    add('0', "d/one", NULL, "1");
    add('2', "d", "../outside", NULL);
    add('0', "d/canary", NULL, "evil");
    add('0', "d/evil", NULL, "evil");
    attack(&err, 1);
    teardown();
}
END_TEST

START_TEST(hard_links_lead_nowhere_outside)
{
    static const char *const targets[] = { "../outside/canary", "/etc/passwd", "a/../../outside/canary", "l/canary", "" };
    for (unsigned i = 0; i < sizeof targets / sizeof *targets; i++) {
        struct pab_error err = { 0 };
        hostile_setup();
        add('2', "l", "../outside", NULL);
        add('1', "h", targets[i], NULL);
        add('0', "h", NULL, "evil"); /* would write through it */
        int rc = attack(&err, 1);
        ck_assert_msg(i == 3 || rc == PAB_E_CORRUPT, "%s: %d", targets[i], rc);
        ck_assert_int_eq(sh("[ \"$(stat -c %%h outside/canary)\" = 1 ]"), 0);
        teardown();
    }
}
END_TEST

START_TEST(the_link_itself_is_linked_and_not_what_it_points_to)
{
    struct pab_error err = { 0 };
    hostile_setup();
    add('2', "l", "../outside/canary", NULL);
    add('1', "h", "l", NULL);
    add('0', "h", NULL, "evil");
    attack(&err, 1);
    teardown();
}
END_TEST

START_TEST(sizes_that_lie)
{
    struct pab_error err = { 0 };
    hostile_setup();
    add_raw('0', "huge", NULL, 077777777777ull, "little", 6);
    ck_assert_int_eq(attack(&err, 1), PAB_E_CORRUPT);
    ck_assert_int_eq(sh("[ $(du -sk out | cut -f1) -lt 1000 ]"), 0); /* nothing was reserved for it */
    teardown();
    hostile_setup();
    add_pax("size", "99999999999999999999", 0);
    add('0', "f", NULL, "x");
    is_refused("a size beyond 64 bits");
    teardown();
    hostile_setup();
    add_pax("size", "-5", 0);
    add('0', "f", NULL, "x");
    is_refused("a negative size");
    teardown();
}
END_TEST

START_TEST(pax_records_that_lie_about_their_length)
{
    static const int lengths[] = { 1, 3, 9999, 100000, 2147483647 };
    for (unsigned i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        hostile_setup();
        add_pax("path", "name", lengths[i]);
        add('0', "f", NULL, "x");
        is_refused("pax length");
        teardown();
    }
}
END_TEST

START_TEST(sparse_maps_that_lie)
{
    static const struct { const char *map, *size; } maps[] = {
        { "2\n0\n512\n100\n512\n", "2000" },                   /* overlap */
        { "1\n9000\n512\n", "1000" },                          /* beyond the file */
        { "1\n0\n99999999999\n", "100000000000" },             /* more data than there is */
        { "-1\n", "10" }, { "999999999\n", "10" }, { "1\n18446744073709551615\n512\n", "1000" }, { "x\n", "10" }, { "2\n512\n10\n0\n10\n", "1000" },
    };
    for (unsigned i = 0; i < sizeof maps / sizeof *maps; i++) {
        char data[2048] = { 0 }, records[400];
        hostile_setup();
        snprintf(data, sizeof data, "%s", maps[i].map);
        snprintf(records, sizeof records, "22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n");
        char one[100], whole[120];
        snprintf(one, sizeof one, " GNU.sparse.realsize=%s\n", maps[i].size);
        snprintf(whole, sizeof whole, "%zu%s", strlen(one) + 2, one);
        strcat(records, whole);
        add('x', "pax", NULL, records);
        add_raw('0', "GNUSparseFile.0/sparse", NULL, 1536, data, 1536);
        is_refused(maps[i].map);
        teardown();
    }
}
END_TEST

START_TEST(headers_without_end)
{
    struct pab_error err = { 0 };
    hostile_setup();
    for (int i = 0; i < 200; i++) add('x', "pax", NULL, "11 a=bbbbb\n");
    add('0', "f", NULL, "x");
    is_refused("200 extended headers before one entry");
    teardown();
    hostile_setup();
    add_raw('x', "pax", NULL, 1u << 30, "30 path=x\n", 10);
    ck_assert_int_eq(attack(&err, 1), PAB_E_CORRUPT);
    teardown();
    hostile_setup();
    add('0', "f", NULL, "x");
    ck_assert_int_eq(attack(&err, 0), PAB_E_CORRUPT); /* no zeros at the end */
    teardown();
}
END_TEST

START_TEST(what_is_no_tar_is_refused)
{
    struct pab_error err = { 0 };
    uint64_t x = 1;
    for (int round = 0; round < (unit_is_slow() ? 10 : 40); round++) {
        hostile_setup();
        for (int i = 0; i < 3000; i++) {
            x = x * 6364136223846793005u + 1442695040888963407u;
            pab_buf_addc(&tar, (char)(x >> 56));
        }
        ck_assert_int_eq(attack(&err, 1), PAB_E_CORRUPT);
        teardown();
    }
}
END_TEST

START_TEST(the_same_name_twice_is_the_later_one)
{
    struct pab_error err = { 0 };
    hostile_setup();
    add('0', "f", NULL, "first");
    add('0', "f", NULL, "second");
    add('5', "d/", NULL, NULL);
    add('0', "d", NULL, "a file now");
    attack(&err, 1);
    ck_assert_int_eq(sh("[ \"$(cat out/f)\" = second ]"), 0);
    teardown();
}
END_TEST

/* Somebody swaps a folder for a link while we extract: whoever wins, nothing goes outside. */
START_TEST(a_folder_swapped_for_a_link_meanwhile)
{
    hostile_setup();
    for (int round = 0; round < (unit_is_slow() ? 2 : 5); round++) {
        struct pab_error err = { 0 };
        struct pab_extract x = { 0 };
        for (int i = 0; i < 400; i++) {
            char name[32];
            snprintf(name, sizeof name, "d/folder/f%d", i);
            add('0', name, NULL, "evil");
        }
        int fd = tar_fd(1);
        pid_t pid = fork();
        if (pid == 0) {
            for (;;) {
                rename(path_of("out/d"), path_of("out/was"));
                if (symlink("../outside", path_of("out/d"))) continue;
                unlink(path_of("out/d"));
                rename(path_of("out/was"), path_of("out/d"));
            }
        }
        extract_fd(fd, "out", &x, &err);
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        close(fd);
        nothing_outside_changed();
        ck_assert_int_eq(sh("rm -rf out; mkdir out"), 0);
    }
    teardown();
}
END_TEST

UNIT_MAIN("tree_hostile",
    names_that_lead_outside_are_refused, long_names_of_pax_and_gnu_are_held_to_the_same, a_symbolic_link_of_the_archive_is_not_followed,
    a_symbolic_link_that_lies_there_is_not_followed, a_folder_that_becomes_a_link_between_two_entries, hard_links_lead_nowhere_outside,
    the_link_itself_is_linked_and_not_what_it_points_to, sizes_that_lie, pax_records_that_lie_about_their_length, sparse_maps_that_lie,
    headers_without_end, what_is_no_tar_is_refused, the_same_name_twice_is_the_later_one, a_folder_swapped_for_a_link_meanwhile)
