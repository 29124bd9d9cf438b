/* check_tree.c - a tree goes into an artifact and comes back as it was, and other tools read it the same. */
#include <errno.h>
#include <sys/resource.h>
#include "core/tree/walk.h"
#include "tests/unit/tree_fixture.h"

/* One of everything. */
static const char everything[] =
    "cd in\n"
    "echo text >plain; : >empty; mkdir folder sticky 'empty folder'; chmod 1777 sticky; echo x >folder/file; chmod 0 folder/file; chmod 751 folder\n"
    "echo suid >suid; chmod 6755 suid\n"
    "ln -s plain link; ln -s /nowhere/at/all dangling; ln -s \"$(printf 'x%%.0s' {1..200})\" long-link\n"
    "ln plain hard; ln plain folder/hard; ln link link-hard\n"
    "mkfifo fifo\n"
    "echo new >$'new\\nline'; echo quote >\"quo'te\\\"s\"; echo bytes >$'inv\\xff\\xfealid'; echo back >'back\\slash'; echo space >' space '; echo glob >'[a]*?'\n"
    "echo name >\"$(printf 'n%%.0s' {1..255})\"; mkdir -p \"$(printf 'd%%.0s' {1..255})/$(printf 'e%%.0s' {1..255})\"; echo deep >\"$(printf 'd%%.0s' {1..255})/$(printf 'e%%.0s' {1..255})/$(printf 'f%%.0s' {1..255})\"\n"
    "printf 'e\\xcc\\x81' >$'e\\xcc\\x81'; printf '\\xc3\\xa9' >$'\\xc3\\xa9'\n" /* the same letter, composed and not: two files */
    "truncate -s %d holes; printf middle | dd of=holes bs=1 seek=%d conv=notrunc status=none; truncate -s 1M all-hole; printf start >tail-hole; truncate -s 300000 tail-hole\n"
    "head -c %d /dev/urandom >large; head -c 70000 /dev/zero >zeros\n"
    "for i in $(seq 1 %d); do echo $i >folder/n$i; done\n"
    "touch -d '2001-02-03 04:05:06.123456789' plain; touch -h -d '1969-12-31 23:59:58.5 UTC' dangling; touch -d '2040-01-01 00:00:00.000000001' folder\n"
    "setfattr -n user.note -v 'line\nbreak' large 2>/dev/null && setfattr -n user.empty -v '' large && setfattr -n user.on-folder -v 1 folder && head -c 2000 /dev/zero | tr '\\0' v >../v && setfattr -n user.big -v \"$(cat ../v)\" empty || echo no xattrs\n"
    "setfacl -m u:12345:rw large 2>/dev/null && setfacl -d -m g:54321:rx folder || echo no ACLs\n"
    "if [ $(id -u) = 0 ]; then chown 1234:5678 folder/n1; chown -h 99:98 link; mknod null c 1 3; mknod block b 7 9; setfattr -n trusted.x -v y folder/n2 2>/dev/null || true; fi\n";

static int make_everything(void)
{
    return unit_is_slow() ? sh(everything, 1 << 20, 500000, 1100000, 150) : sh(everything, 5 << 20, 2500000, 3000000, 300);
}

START_TEST(everything_comes_back_as_it_was)
{
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(make_everything(), 0);
    struct artifact a = walked("in");
    ck_assert_str_eq(warned, "");
    extracted(&a, "out");
    ck_assert_str_eq(warned, "");
    same_trees("in", "out");
    ck_assert_int_eq(verify_artifact(&a, &err), PAB_OK);
    ck_assert_int_eq(sh("[ \"$(stat -c %%b out/holes)\" -le \"$(( $(stat -c %%b in/holes) + 16 ))\" ] && [ $(stat -c %%b out/all-hole) = 0 ] && [ out/hard -ef out/plain ] && [ out/folder/hard -ef out/plain ]"), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(gnu_tar_and_bsdtar_restore_it_the_same)
{
    setup();
    ck_assert_int_eq(make_everything(), 0);
    ck_assert_int_eq(sh("setfacl -b in/large in/folder 2>/dev/null; setfacl -k in/folder 2>/dev/null; rm -f in/suid; touch -h -d 1975-01-01 in/dangling"), 0); /* GNU tar reads -2.5 seconds as -1.5 */
    struct artifact a = walked("in");
    ck_assert_int_eq(sh("mkdir other; tar -xpf /proc/%d/fd/%d -C out --xattrs --xattrs-include='*' && bsdtar -xpf /proc/%d/fd/%d -C other; touch -r in out other", (int)getpid(), a.tar, (int)getpid(), a.tar), 0);
    same_trees("in", "out");
    same_trees("in", "other");
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(bsdtar_reads_the_index)
{
    setup();
    ck_assert_int_eq(sh("cd in; echo 1 >a; mkdir 'b c'; echo 2 >'b c/d'; ln -s a l"), 0);
    struct artifact a = walked("in");
    ck_assert_int_eq(sh("set -o pipefail; bsdtar -tf /proc/%d/fd/%d | sort >t; printf '%%s\\n' . ./a './b c' './b c/d' ./l | sort >w; sed -i 's|^\\./||; s|/$||' t w; diff t w >&2", (int)getpid(), a.index), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

static int64_t read_file(void *ctx, void *buf, uint64_t n) { return (int64_t)fread(buf, 1, n, ctx); }

START_TEST(tars_of_other_tools_are_taken)
{
    static const char *const makers[] = {
        "tar --format=gnu --sparse -cf t.tar -C in .", "tar --format=pax --xattrs --acls --sparse -cf t.tar -C in .", "tar --format=pax --sparse --sparse-version=0.1 -cf t.tar -C in .",
        "bsdtar --format=pax -cf t.tar -C in .", "tar --format=gnu -b 64 -cf t.tar -C in .",
    };
    setup();
    ck_assert_int_eq(make_everything(), 0);
    ck_assert_int_eq(sh("setfacl -bR in 2>/dev/null; rm in/fifo; find in -print0 | xargs -0 -n1 -r sh -c 'for x in $(getfattr -h --absolute-names -m - \"$0\" 2>/dev/null | grep -v ^#); do setfattr -h -x $x \"$0\" 2>/dev/null; done; true'; find in -exec touch -h -d '2020-02-02 02:02:02' {} +"), 0);
    for (unsigned i = 0; i < sizeof makers / sizeof *makers; i++) {
        struct artifact a;
        struct pab_error err = { 0 };
        ck_assert_int_eq(sh("rm -rf out t.tar; mkdir out; %s", makers[i]), 0);
        FILE *f = fopen(path_of("t.tar"), "r");
        ck_assert_ptr_nonnull(f);
        int rc = make_artifact(&a, NULL, read_file, f, &err);
        ck_assert_msg(rc == PAB_OK, "%s: %s", makers[i], err.message);
        fclose(f);
        extracted(&a, "out");
        same_trees("in", "out");
        close_artifact(&a);
    }
    teardown();
}
END_TEST

START_TEST(a_tar_that_was_cut_short_is_not_taken)
{
    /* in headers, in data, between entries, before the two blocks of zeros that end it */
    static const int sizes[] = { 0, 1, 511, 512, 513, 1024, 50000, 101376, 101377, 101888, 102400 };
    setup();
    ck_assert_int_eq(sh("head -c 100000 /dev/urandom >in/a; echo b >in/b; tar --format=ustar --sort=name -cf t.tar -C in ."), 0);
    for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        struct artifact a;
        struct pab_error err = { 0 };
        ck_assert_int_eq(sh("head -c %d t.tar >c.tar", sizes[i]), 0);
        FILE *f = fopen(path_of("c.tar"), "r");
        ck_assert_ptr_nonnull(f);
        int rc = make_artifact(&a, NULL, read_file, f, &err);
        ck_assert_msg(rc == PAB_E_CORRUPT, "%d bytes: %d", sizes[i], rc);
        fclose(f);
        close_artifact(&a);
    }
    teardown();
}
END_TEST

START_TEST(a_path_longer_than_the_kernel_takes_at_once)
{
    setup();
    ck_assert_int_eq(sh("cd in; for i in $(seq 1 40); do mkdir \"$(printf 'x%%.0s' {1..200})\"; cd \"$(printf 'x%%.0s' {1..200})\"; done; echo bottom >file"), 0);
    struct artifact a = walked("in");
    extracted(&a, "out");
    ck_assert_int_eq(sh("cd out; for i in $(seq 1 40); do cd \"$(printf 'x%%.0s' {1..200})\"; done; [ \"$(cat file)\" = bottom ]"), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(an_empty_folder_is_a_tree_too)
{
    struct pab_error err = { 0 };
    setup();
    struct artifact a = walked("in");
    ck_assert_uint_eq(a.counts.files, 0);
    extracted(&a, "out");
    same_trees("in", "out");
    ck_assert_int_eq(verify_artifact(&a, &err), PAB_OK);
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(what_is_excluded_is_left_out)
{
    const char *const exclude[] = { "*.tmp", "cache/", "/top" };
    struct artifact a;
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("cd in; mkdir -p a/cache cache b; for f in top a/top a/x.tmp a/cache/f cache/f b/y keep; do echo 1 >$f; done"), 0);
    struct pab_walk w = { .struct_size = sizeof w, .root = path_of("in"), .exclude = exclude, .exclude_count = 3 };
    ck_assert_int_eq(make_artifact(&a, &w, NULL, NULL, &err), PAB_OK);
    extracted(&a, "out");
    ck_assert_int_eq(sh("find out -type f -printf '%%P\\n' | sort >t; printf '%%s\\n' a/top b/y keep >w; diff t w >&2; [ ! -e out/cache ]"), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(single_files_come_back_by_pattern)
{
    const char *const include[] = { "b/**/*.md", "plain" };
    struct pab_extract x = { .include = include, .include_count = 2 };
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("cd in; mkdir -p b/c/d e; for f in plain other b/1.md b/c/2.md b/c/d/3.md b/c/4.txt e/5.md; do echo $f >$f; done"), 0);
    struct artifact a = walked("in");
    ck_assert_int_eq(extract_fd(a.tar, "out", &x, &err), PAB_OK);
    ck_assert_int_eq(sh("find out -type f -printf '%%P\\n' | sort >t; printf '%%s\\n' b/1.md b/c/2.md b/c/d/3.md plain >w; diff t w >&2; [ ! -e out/e ]"), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(another_name_of_a_file_is_not_restored_without_the_file)
{
    const char *const include[] = { "second" };
    struct pab_extract x = { .include = include, .include_count = 1 };
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("echo saved >in/first; ln in/first in/second; echo changed >out/first; ln out/first out/second"), 0);
    struct artifact a = walked("in");
    ck_assert_int_eq(extract_fd(a.tar, "out", &x, &err), PAB_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.hint, "first"));
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(what_is_replaced_can_be_kept)
{
    struct pab_extract x = { .flags = PAB_EXTRACT_KEEP_OLD };
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("echo new >in/f; echo old >out/f"), 0);
    struct artifact a = walked("in");
    ck_assert_int_eq(extract_fd(a.tar, "out", &x, &err), PAB_OK);
    ck_assert_int_eq(sh("[ $(cat out/f) = new ] && [ $(cat out/f.pab-old) = old ]"), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

/* ---- files that change while they are read */
static uint32_t take_away(void *ctx, const char *path, uint32_t type)
{
    (void)type;
    if (strcmp(path, "goes") == 0) unlink(path_of(ctx));
    return 1;
}

START_TEST(a_file_that_vanishes_is_left_out_with_a_warning)
{
    struct artifact a;
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("cd in; echo 1 >before; echo 2 >goes; echo 3 >stays"), 0);
    struct pab_walk w = { .struct_size = sizeof w, .root = path_of("in"), .filter = take_away, .filter_ctx = (void *)(uintptr_t)"in/goes" };
    ck_assert_int_eq(make_artifact(&a, &w, NULL, NULL, &err), PAB_OK);
    ck_assert_ptr_nonnull(strstr(warned, "goes: "));
    ck_assert_int_eq(verify_artifact(&a, &err), PAB_OK);
    extracted(&a, "out");
    ck_assert_int_eq(sh("[ \"$(ls out | xargs)\" = 'before stays' ]"), 0);
    close_artifact(&a);
    teardown();
}
END_TEST

/* The kernel has files that are longer (proc) and shorter (sysfs) than stat says. */
static void walk_one(const char *root, const char *name, const char *warning)
{
    struct artifact a;
    struct pab_error err = { 0 };
    const char *only[] = { name };
    setup();
    struct pab_walk w = { .struct_size = sizeof w, .root = root, .only = only, .only_count = 1 };
    int rc = make_artifact(&a, &w, NULL, NULL, &err);
    ck_assert_msg(rc == PAB_OK, "%s", err.message);
    ck_assert_msg(strstr(warned, warning) != NULL, "%s", warned);
    ck_assert_int_eq(verify_artifact(&a, &err), PAB_OK);
    extracted(&a, "out");
    close_artifact(&a);
    teardown();
}

/* As the walk comes to it, after its worker has seen it. */
static void put_large(struct pab_tree_writer *t, int root)
{
    struct pab_error err = { 0 };
    struct pab_wdir top = { .fd = root, .path = (char[]){ "" } };
    struct pab_wslot slot = { .count = 0 };
    struct pab_wfile f = { .dir = &top, .name = "big" };
    struct pab_walker w = { .writer = t };
    ck_assert_int_eq(pab_walk_large(&w, &slot, &f, &err), PAB_OK);
    pab_buf_release(&w.path);
}

START_TEST(a_large_file_that_cannot_be_opened_is_left_out_with_the_reason)
{
    struct pab_error err = { 0 };
    struct pab_tree_writer *t = NULL;
    struct pab_writer *tar = NULL, *index = NULL;
    struct rlimit before, none;
    setup();
    ck_assert_int_eq(sh("echo x >in/big"), 0);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC), root = open(path_of("in"), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = null, .what = "x" }, &tar, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = null, .what = "x" }, &index, &err), PAB_OK);
    ck_assert_int_eq(pab_tree_writer_open(tar, index, &warnings, &t, &err), PAB_OK);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    none = (struct rlimit){ (rlim_t)root + 1, before.rlim_max };
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    put_large(t, root);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert_str_eq(warned, "big: cannot be read, left out: Too many open files\n");
    ck_assert_int_eq(sh("rm in/big"), 0);
    warned[0] = '\0';
    put_large(t, root);
    ck_assert_str_eq(warned, "big: vanished while the folder was read: left out\n");
    pab_tree_writer_free(t);
    pab_writer_abort(tar);
    pab_writer_abort(index);
    close(null);
    close(root);
    teardown();
}
END_TEST

START_TEST(a_file_that_grows_is_cut_with_a_warning) { walk_one("/proc/self", "status", "grew"); }
END_TEST

START_TEST(a_file_that_shrinks_is_filled_up_with_a_warning)
{
    if (access("/sys/devices/system/cpu/online", R_OK)) return;
    walk_one("/sys/devices/system/cpu", "online", "shrank");
}
END_TEST

/* ---- damage */
START_TEST(every_flipped_byte_of_a_tar_is_found_by_its_index_or_harmless)
{
    setup();
    ck_assert_int_eq(sh("cd in; echo content >f; mkdir d; ln -s f l"), 0);
    struct artifact a = walked("in");
    off_t size = lseek(a.tar, 0, SEEK_END);
    unsigned found = 0, tried = 0;
    for (off_t at = 0; at < size - 1024; at += 13) {
        struct pab_error err = { 0 };
        uint8_t b, flipped;
        ck_assert_int_eq((int)pread(a.tar, &b, 1, at), 1);
        flipped = b ^ 0x15;
        ck_assert_int_eq((int)pwrite(a.tar, &flipped, 1, at), 1);
        int rc = verify_artifact(&a, &err);
        ck_assert_msg(rc == PAB_OK || rc == PAB_E_CORRUPT, "%lld: %d", (long long)at, rc);
        found += rc != PAB_OK;
        tried++;
        ck_assert_int_eq((int)pwrite(a.tar, &b, 1, at), 1);
    }
    ck_assert_uint_gt(found * 2, tried); /* what is left is padding after data */
    close_artifact(&a);
    teardown();
}
END_TEST

START_TEST(an_index_that_does_not_fit_the_tar_is_noticed)
{
    struct pab_error err = { 0 };
    setup();
    ck_assert_int_eq(sh("echo one >in/f"), 0);
    struct artifact a = walked("in");
    ck_assert_int_eq(sh("echo two >in/f"), 0);
    struct artifact b = walked("in");
    struct artifact mixed = { .tar = a.tar, .index = b.index };
    ck_assert_int_eq(verify_artifact(&mixed, &err), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "f"));
    close_artifact(&a);
    close_artifact(&b);
    teardown();
}
END_TEST

UNIT_MAIN("tree",
    everything_comes_back_as_it_was, gnu_tar_and_bsdtar_restore_it_the_same, bsdtar_reads_the_index, tars_of_other_tools_are_taken,
    a_tar_that_was_cut_short_is_not_taken, a_path_longer_than_the_kernel_takes_at_once, an_empty_folder_is_a_tree_too,
    what_is_excluded_is_left_out, single_files_come_back_by_pattern, another_name_of_a_file_is_not_restored_without_the_file, what_is_replaced_can_be_kept,
    a_file_that_vanishes_is_left_out_with_a_warning, a_large_file_that_cannot_be_opened_is_left_out_with_the_reason, a_file_that_grows_is_cut_with_a_warning, a_file_that_shrinks_is_filled_up_with_a_warning,
    every_flipped_byte_of_a_tar_is_found_by_its_index_or_harmless, an_index_that_does_not_fit_the_tar_is_noticed)
