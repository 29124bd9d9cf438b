/* check_tar_filter.c - members left out of a tar stream, the rest untouched. */
#include <archive.h>
#include <archive_entry.h>
#include <string.h>
#include "plugins/volume/volume.h"
#include "tests/fakes/host.h"
#include "tests/unit/unit.h"

static struct { struct fake_host *host; struct pab_buf tar; size_t at, piece; struct archive *writer; } it;

static la_ssize_t on_write(struct archive *a, void *ctx, const void *p, size_t n)
{
    (void)a, (void)ctx;
    ck_assert_int_eq(pab_buf_add(&it.tar, p, n), PAB_OK);
    return (la_ssize_t)n;
}

static void begin(int format)
{
    memset(&it, 0, sizeof it);
    it.piece = 10000;
    it.host = fake_host_new();
    it.writer = archive_write_new();
    ck_assert_int_eq(archive_write_set_format(it.writer, format), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_open(it.writer, NULL, NULL, on_write, NULL), ARCHIVE_OK);
}

static void member(const char *path, int type, const char *link, size_t size)
{
    struct archive_entry *e = archive_entry_new();
    CLEANUP_FREE char *data = pab_alloc(size + 1);
    memset(data, 'd', size);
    archive_entry_copy_pathname(e, path);
    archive_entry_set_filetype(e, (unsigned)type);
    archive_entry_set_perm(e, 0644);
    archive_entry_set_size(e, (la_int64_t)size);
    if (link) archive_entry_copy_hardlink(e, link);
    ck_assert_int_eq(archive_write_header(it.writer, e), ARCHIVE_OK);
    ck_assert_int_eq(archive_write_data(it.writer, data, size), (la_ssize_t)size);
    archive_entry_free(e);
}

static int64_t source(void *ctx, void *buf, uint64_t capacity)
{
    size_t n = it.tar.size - it.at;
    (void)ctx;
    if (n > capacity) n = capacity;
    if (n > it.piece) n = it.piece;
    memcpy(buf, it.tar.data + it.at, n);
    it.at += n;
    return (int64_t)n;
}

/* What is left of it, without the patterns. */
static void filter(struct pab_strs *exclude, struct pab_buf *ret)
{
    char buf[1000];
    int64_t n;
    it.at = 0;
    struct tar_filter *f = tar_filter_new(fake_op(it.host), exclude, source, NULL);
    while ((n = tar_filter_read(f, buf, sizeof buf)) > 0) ck_assert_int_eq(pab_buf_add(ret, buf, (size_t)n), PAB_OK);
    ck_assert_int_eq(n, 0);
    tar_filter_free(f);
}

/* The names in it, each with a space; every member must be whole. */
static void names(const struct pab_buf *tar, struct pab_buf *ret)
{
    struct archive *a = archive_read_new();
    struct archive_entry *e;
    int rc;
    archive_read_support_format_tar(a);
    ck_assert_int_eq(archive_read_open_memory(a, tar->data, tar->size), ARCHIVE_OK);
    while ((rc = archive_read_next_header(a, &e)) == ARCHIVE_OK) {
        char data[5000];
        la_ssize_t n, size = 0;
        while ((n = archive_read_data(a, data, sizeof data)) > 0) size += n;
        ck_assert_int_eq(size, (la_ssize_t)archive_entry_size(e));
        pab_buf_addf(ret, "%s ", archive_entry_pathname(e));
    }
    ck_assert_int_eq(rc, ARCHIVE_EOF);
    archive_read_free(a);
}

static void leaves(const char *pattern, const char *wanted)
{
    struct pab_strs exclude = { 0 };
    struct pab_buf left = PAB_BUF_INIT(0), text = PAB_BUF_INIT(0);
    if (pattern) pab_strs_add(&exclude, pattern);
    if (it.writer) archive_write_free(it.writer);
    it.writer = NULL;
    filter(&exclude, &left);
    names(&left, &text);
    ck_assert_str_eq(pab_buf_str(&text), wanted);
    if (!pattern) {
        ck_assert_uint_eq(left.size, it.tar.size);
        ck_assert_mem_eq(left.data, it.tar.data, left.size);
    }
    pab_buf_release(&left);
    pab_buf_release(&text);
    pab_strs_release(&exclude);
}

static void end(void)
{
    pab_buf_release(&it.tar);
    fake_host_free(it.host);
}

static void make(int format)
{
    begin(format);
    member("v/", AE_IFDIR, NULL, 0);
    member("v/a.txt", AE_IFREG, NULL, 3000);
    member("v/cache/", AE_IFDIR, NULL, 0);
    member("v/cache/b.txt", AE_IFREG, NULL, 512);
    member("v/z.tmp", AE_IFREG, NULL, 1);
}

START_TEST(without_patterns_it_is_the_same_stream)
{
    make(ARCHIVE_FORMAT_TAR_USTAR);
    leaves(NULL, "v/ v/a.txt v/cache/ v/cache/b.txt v/z.tmp ");
    end();
}
END_TEST

START_TEST(a_pattern_leaves_members_out)
{
    static const int formats[] = { ARCHIVE_FORMAT_TAR_USTAR, ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE };
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        make(formats[i]);
        leaves("*.tmp", "v/ v/a.txt v/cache/ v/cache/b.txt ");
        leaves("cache/", "v/ v/a.txt v/z.tmp ");
        leaves("/a.txt", "v/ v/cache/ v/cache/b.txt v/z.tmp ");
        it.piece = 1;
        leaves("*.txt", "v/ v/cache/ v/z.tmp ");
        end();
    }
}
END_TEST

START_TEST(long_names_are_seen_whole)
{
    static const int formats[] = { ARCHIVE_FORMAT_TAR_GNUTAR, ARCHIVE_FORMAT_TAR_PAX_INTERCHANGE };
    char name[400] = "v/";
    memset(name + 2, 'n', 300);
    for (size_t i = 0; i < sizeof formats / sizeof *formats; i++) {
        strcpy(name + 302, ".tmp");
        begin(formats[i]);
        member(name, AE_IFREG, NULL, 700);
        member("v/after", AE_IFREG, NULL, 10);
        leaves("*.tmp", "v/after ");
        end();
    }
}
END_TEST

START_TEST(a_link_to_what_is_left_out_goes_with_it)
{
    begin(ARCHIVE_FORMAT_TAR_USTAR);
    member("v/a.tmp", AE_IFREG, NULL, 10);
    member("v/link", AE_IFREG, "v/a.tmp", 0);
    member("v/b", AE_IFREG, NULL, 10);
    leaves("*.tmp", "v/b ");
    ck_assert_int_eq(fake_has_text(&it.host->warnings, "'link' is a hard link"), 1);
    end();
}
END_TEST

START_TEST(a_stream_cut_short_stays_cut_short)
{
    struct pab_strs exclude = { 0 };
    make(ARCHIVE_FORMAT_TAR_USTAR);
    archive_write_free(it.writer);
    pab_strs_add(&exclude, "*.tmp");
    size_t whole = it.tar.size;
    for (size_t cut = 0; cut < 6000; cut += 100) {
        struct pab_buf left = PAB_BUF_INIT(0);
        it.tar.size = cut;
        filter(&exclude, &left);
        /* without the two blocks of zeros that end a whole one */
        ck_assert(left.size < 1024 || memchr(left.data + left.size - 1024, 'd', 1024) || memchr(left.data + left.size - 1024, 'v', 1024));
        pab_buf_release(&left);
    }
    it.tar.size = whole;
    pab_strs_release(&exclude);
    end();
}
END_TEST

START_TEST(an_extension_header_of_absurd_size_is_refused)
{
    char block[512] = "x";
    struct pab_strs exclude = { 0 };
    begin(ARCHIVE_FORMAT_TAR_USTAR);
    archive_write_free(it.writer);
    pab_buf_clear(&it.tar);
    memcpy(block + 124, "77777777777", 11);
    block[156] = 'x';
    pab_buf_add(&it.tar, block, sizeof block);
    struct tar_filter *f = tar_filter_new(fake_op(it.host), &exclude, source, NULL);
    ck_assert_int_eq(tar_filter_read(f, block, sizeof block), PAB_E_CORRUPT);
    tar_filter_free(f);
    end();
}
END_TEST

UNIT_MAIN("tar_filter", without_patterns_it_is_the_same_stream, a_pattern_leaves_members_out, long_names_are_seen_whole, a_link_to_what_is_left_out_goes_with_it,
          a_stream_cut_short_stays_cut_short, an_extension_header_of_absurd_size_is_refused)
