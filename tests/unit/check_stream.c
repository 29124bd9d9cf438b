/* check_stream.c - what is written comes back, stock tools read it, and damage is noticed wherever it is. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/fsutil.h"
#include "core/stream/hash.h"
#include "core/stream/reader.h"
#include "core/stream/works.h"
#include "core/stream/writer.h"
#include "tests/unit/unit.h"

static const struct pab_compression codecs[] = {
    { PAB_CODEC_NONE, 0 }, { PAB_CODEC_GZIP, PAB_GZIP_FAST }, { PAB_CODEC_ZSTD, 3 },
    { PAB_CODEC_GZIP, PAB_GZIP_SMALL }, { PAB_CODEC_ZSTD, PAB_ZSTD_TEXT }, { PAB_CODEC_ZSTD, PAB_ZSTD_FILES },
};
#define CODECS (unit_is_slow() ? 3u : 6u)

static int temp_file(void)
{
    int fd = memfd_create("stream", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    return fd;
}

/* Half words, half noise: compresses, but not to nothing. */
static uint8_t *sample(size_t n, uint64_t seed)
{
    uint8_t *p = pab_alloc(n + 1);
    uint64_t x = seed * 2 + 1;
    for (size_t i = 0; i < n; i++) {
        x = x * 6364136223846793005u + 1442695040888963407u;
        p[i] = (x >> 60) < 8 ? (uint8_t)"the quick brown fox "[i % 20] : (uint8_t)(x >> 33);
    }
    return p;
}

static void write_file(int fd, struct pab_compression c, const uint8_t *p, size_t n, struct pab_stream_result *ret)
{
    struct pab_error err = { 0 };
    struct pab_writer *w;
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = c, .what = "x", .no_sync = 1 }, &w, &err), PAB_OK);
    for (size_t at = 0; at < n;) { /* in pieces of odd sizes */
        size_t part = n - at < 77777 ? n - at : 77777;
        ck_assert_int_eq(pab_writer_write(w, p + at, part, &err), PAB_OK);
        at += part;
    }
    ck_assert_int_eq(pab_writer_finish(w, ret, &err), PAB_OK);
}

/* Reads all of it; the bytes, or NULL with the error. */
static uint8_t *read_range(int fd, enum pab_codec codec, uint64_t offset, uint64_t length, unsigned threads, size_t *ret_n, struct pab_stream_result *res,
                           struct pab_error *err)
{
    struct pab_source *s;
    struct pab_source_opts o = { .fd = fd, .codec = codec, .offset = offset, .length = length, .threads = threads, .what = "x" };
    if (pab_source_open(&o, &s, err)) return NULL;
    size_t room = 1u << 20, n = 0;
    uint8_t *buf = pab_alloc(room);
    for (;;) {
        int64_t got = pab_source_read(s, buf + n, room - n, err);
        if (got < 0) {
            free(buf);
            pab_source_close(s);
            return NULL;
        }
        if (!got) break;
        n += (size_t)got;
        if (n == room) buf = pab_realloc_array(buf, room *= 2, 1);
    }
    if (res) pab_source_result(s, res);
    pab_source_close(s);
    *ret_n = n;
    return buf;
}

static void expect_same(int fd, enum pab_codec codec, const uint8_t *p, size_t n, unsigned threads, const struct pab_stream_result *wrote)
{
    struct pab_error err = { 0 };
    struct pab_stream_result res = { 0 };
    size_t got = 0;
    uint8_t *back = read_range(fd, codec, 0, PAB_SIZE_UNKNOWN, threads, &got, &res, &err);
    ck_assert_msg(back != NULL, "%s", err.message);
    ck_assert_uint_eq(got, n);
    ck_assert_int_eq(memcmp(back, p, n), 0);
    if (wrote) {
        ck_assert_str_eq(res.sha256, wrote->sha256);
        ck_assert_str_eq(res.content_sha256, wrote->content_sha256);
        ck_assert_uint_eq(res.size, wrote->size);
        ck_assert_uint_eq(res.content_size, wrote->content_size);
    }
    free(back);
}

/* What a shell command makes of the file on its stdin must have this SHA-256. */
static void expect_tool(int fd, const char *tool, const char *sha256)
{
    char *cmd = pab_sprintf("%s < /proc/%d/fd/%d 2>&1 | sha256sum | cut -c1-64", tool, (int)getpid(), fd), line[80] = "";
    FILE *f = popen(cmd, "r");
    ck_assert_ptr_nonnull(f);
    ck_assert_ptr_nonnull(fgets(line, sizeof line, f));
    pclose(f);
    free(cmd);
    line[64] = '\0';
    ck_assert_str_eq(line, sha256);
}

static int run_tool(const char *cmd_format, int from, int to)
{
    char *cmd = pab_sprintf(cmd_format, (int)getpid(), from, (int)getpid(), to);
    int rc = system(cmd);
    free(cmd);
    return rc;
}

START_TEST(what_is_written_comes_back_with_the_same_hashes)
{
    static const size_t sizes[] = { 0, 1, 65535, 65536, 65537, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 5 << 20 };
    for (unsigned c = 0; c < CODECS; c++) {
        for (unsigned i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            if (unit_is_slow() && (sizes[i] > (1 << 20) + 1 || sizes[i] == (1 << 20) - 1)) continue;
            uint8_t *p = sample(sizes[i], i);
            struct pab_stream_result r = { 0 };
            char sha[65];
            int fd = temp_file();
            write_file(fd, codecs[c], p, sizes[i], &r);
            pab_hash_bytes(p, sizes[i], sha);
            ck_assert_str_eq(r.content_sha256, sha);
            ck_assert_int_eq(pab_hash_fd(fd, sha, NULL, NULL), PAB_OK);
            ck_assert_str_eq(r.sha256, sha);
            ck_assert_uint_eq(r.content_size, sizes[i]);
            ck_assert_uint_eq((uint64_t)lseek(fd, 0, SEEK_END), r.size);
            for (unsigned threads = unit_is_slow(); threads < 3; threads++) expect_same(fd, codecs[c].codec, p, sizes[i], threads, &r);
            pab_stream_result_release(&r);
            close(fd);
            free(p);
        }
    }
}
END_TEST

START_TEST(the_hash_of_the_content_alone_can_be_left_out)
{
    uint8_t *p = sample(100000, 3);
    for (unsigned c = 0; c < CODECS; c++) {
        struct pab_error err = { 0 };
        struct pab_stream_result all = { 0 }, some = { 0 }, got = { 0 };
        struct pab_writer *w;
        struct pab_source *r;
        char buf[4096];
        int one = temp_file(), two = temp_file();
        write_file(one, codecs[c], p, 100000, &all);
        struct pab_writer_opts to = { .fd = two, .compression = codecs[c], .what = "x", .no_sync = 1, .no_content_hash = 1 };
        ck_assert_int_eq(pab_writer_open(&to, &w, &err), PAB_OK);
        ck_assert_int_eq(pab_writer_write(w, p, 100000, &err), PAB_OK);
        ck_assert_int_eq(pab_writer_finish(w, &some, &err), PAB_OK);
        struct pab_source_opts from = { .fd = two, .codec = codecs[c].codec, .length = PAB_SIZE_UNKNOWN, .what = "x", .no_content_hash = 1 };
        ck_assert_int_eq(pab_source_open(&from, &r, &err), PAB_OK);
        while (pab_source_read(r, buf, sizeof buf, &err) > 0) continue;
        pab_source_result(r, &got);
        pab_source_close(r);
        ck_assert_str_eq(some.sha256, all.sha256);
        ck_assert_str_eq(got.sha256, all.sha256);
        ck_assert_uint_eq(got.content_size, 100000);
        ck_assert_str_eq(some.content_sha256, "");
        ck_assert_str_eq(got.content_sha256, "");
        close(one);
        close(two);
    }
    free(p);
}
END_TEST

START_TEST(stock_gzip_and_zstd_read_our_files)
{
    size_t sizes[] = { 0, unit_is_slow() ? (4 << 20) + 1 : 5 << 20 }; /* of zstd two frames */
    for (unsigned i = 0; i < 2; i++) {
        uint8_t *p = sample(sizes[i], 7);
        for (unsigned c = 1; c < CODECS; c++) {
            struct pab_stream_result r = { 0 };
            int fd = temp_file();
            write_file(fd, codecs[c], p, sizes[i], &r);
            expect_tool(fd, codecs[c].codec == PAB_CODEC_GZIP ? "gzip -dc" : "zstd -dc", r.content_sha256);
            close(fd);
        }
        free(p);
    }
}
END_TEST

START_TEST(files_of_other_tools_are_read)
{
    static const struct { enum pab_codec codec; const char *cmd; } tools[] = {
        { PAB_CODEC_GZIP, "gzip -9 < /proc/%d/fd/%d > /proc/%d/fd/%d" },
        { PAB_CODEC_GZIP, "F=/proc/%d/fd/%d; O=/proc/%d/fd/%d; { head -c 1000000 $F | gzip; printf '' | gzip; tail -c +1000001 $F | gzip -n; head -c 512 /dev/zero; } > $O" },
        { PAB_CODEC_ZSTD, "zstd -q -19 < /proc/%d/fd/%d > /proc/%d/fd/%d" },
        { PAB_CODEC_ZSTD, "F=/proc/%d/fd/%d; O=/proc/%d/fd/%d; { head -c 1000000 $F | zstd -q; printf '' | zstd -q --no-check; tail -c +1000001 $F | zstd -q --fast; } > $O" },
    };
    size_t n = unit_is_slow() ? 1300000 : 3 << 20;
    uint8_t *p = sample(n, 3);
    int plain = temp_file();
    ck_assert_int_eq(pab_write_all(plain, p, n), 0);
    for (unsigned i = 0; i < sizeof tools / sizeof *tools; i++) {
        int fd = temp_file();
        ck_assert_int_eq(run_tool(tools[i].cmd, plain, fd), 0);
        expect_same(fd, tools[i].codec, p, n, 0, NULL);
        close(fd);
    }
    close(plain);
    free(p);
}
END_TEST

START_TEST(every_truncation_is_noticed)
{
    size_t n = unit_is_slow() ? 1100000 : 1300000; /* two members */
    const unsigned parts = unit_is_slow() ? 7 : 23, step = unit_is_slow() ? 7 : 1;
    uint8_t *p = sample(n, 5);
    for (unsigned c = 1; c < CODECS; c++) {
        struct pab_stream_result r = { 0 };
        int fd = temp_file();
        write_file(fd, codecs[c], p, n, &r);
        void *whole = mmap(NULL, r.size, PROT_READ, MAP_SHARED, fd, 0);
        ck_assert_ptr_ne(whole, MAP_FAILED);
        for (uint64_t cut = 0; cut < r.size; cut = cut < 60 || cut + 60 >= r.size ? cut + step : cut + r.size / parts) {
            if (cut > 60 && cut + 60 < r.size && cut + r.size / parts >= r.size) cut = r.size - 60;
            struct pab_error err = { 0 };
            size_t got;
            int part = temp_file();
            ck_assert_int_eq(pab_write_all(part, whole, cut), 0);
            ck_assert_ptr_null(read_range(part, codecs[c].codec, 0, PAB_SIZE_UNKNOWN, 2, &got, NULL, &err));
            ck_assert_int_eq(err.code, PAB_E_CORRUPT);
            close(part);
        }
        munmap(whole, r.size);
        close(fd);
    }
    free(p);
}
END_TEST

START_TEST(a_file_of_ours_that_lost_whole_members_is_noticed)
{
    struct pab_stream_result r = { 0 };
    struct pab_error err = { 0 };
    size_t n = unit_is_slow() ? 1100000 : 2 << 20, got;
    uint8_t *p = sample(n, 5);
    int fd = temp_file();
    write_file(fd, codecs[1], p, n, &r);
    ck_assert_int_eq(ftruncate(fd, (off_t)r.size - 34), 0); /* the end mark */
    ck_assert_ptr_null(read_range(fd, PAB_CODEC_GZIP, 0, PAB_SIZE_UNKNOWN, 2, &got, NULL, &err));
    ck_assert_int_eq(err.code, PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "ends too early"));
    close(fd);
    free(p);
}
END_TEST

START_TEST(flipped_bits_are_noticed_and_located)
{
    size_t n = unit_is_slow() ? 1100000 : 1300000, got;
    uint8_t *p = sample(n, 6);
    for (unsigned c = 1; c < CODECS; c++) {
        struct pab_stream_result r = { 0 };
        int fd = temp_file();
        write_file(fd, codecs[c], p, n, &r);
        for (uint64_t at = 40; at < r.size - 40; at += r.size / (unit_is_slow() ? 9 : 23)) {
            struct pab_error err = { 0 };
            struct pab_stream_result res = { 0 };
            uint8_t b, flipped;
            ck_assert_int_eq((int)pread(fd, &b, 1, (off_t)at), 1);
            flipped = b ^ 0x10;
            ck_assert_int_eq((int)pwrite(fd, &flipped, 1, (off_t)at), 1);
            ck_assert_ptr_null(read_range(fd, codecs[c].codec, 0, PAB_SIZE_UNKNOWN, 2, &got, &res, &err));
            ck_assert_int_eq(err.code, PAB_E_CORRUPT);
            ck_assert_ptr_nonnull(strstr(err.message, "at byte"));
            ck_assert_int_eq((int)pwrite(fd, &b, 1, (off_t)at), 1);
        }
        expect_same(fd, codecs[c].codec, p, n, 2, &r);
        close(fd);
    }
    free(p);
}
END_TEST

START_TEST(rubbish_after_the_end_is_noticed_and_zeros_are_not)
{
    struct pab_stream_result r = { 0 };
    struct pab_error err = { 0 };
    uint8_t *p = sample(100000, 1), zeros[600] = { 0 };
    size_t got;
    int fd = temp_file();
    write_file(fd, codecs[1], p, 100000, &r);
    ck_assert_int_eq(pab_write_all(fd, zeros, sizeof zeros), 0);
    expect_same(fd, PAB_CODEC_GZIP, p, 100000, 0, NULL);
    ck_assert_int_eq(pab_write_all(fd, "rubbish", 7), 0);
    ck_assert_ptr_null(read_range(fd, PAB_CODEC_GZIP, 0, PAB_SIZE_UNKNOWN, 0, &got, NULL, &err));
    ck_assert_int_eq(err.code, PAB_E_CORRUPT);
    close(fd);
    free(p);
}
END_TEST

static int end_of(int fd, enum pab_codec codec)
{
    struct pab_error err = { 0 };
    struct pab_source *s = NULL;
    ck_assert_int_eq(pab_source_open(&(struct pab_source_opts){ .fd = fd, .codec = codec, .length = PAB_SIZE_UNKNOWN, .threads = 1, .what = "x" }, &s, &err), PAB_OK);
    int rc = pab_source_check_end(s, &err);
    pab_source_close(s);
    if (rc) ck_assert_ptr_nonnull(strstr(err.message, "'x' is damaged at byte "));
    return rc;
}

START_TEST(the_end_of_a_file_is_judged_without_reading_it)
{
    static const size_t sizes[] = { 0, 1, 17, 1 << 20, (1 << 20) + 1, 5 << 20, 9000001 };
    size_t most = unit_is_slow() ? (4 << 20) + 1 : 9000001; /* than a frame of ours holds */
    uint8_t *p = sample(most, 7), zeros[100] = { 0 };
    for (unsigned c = 0; c < CODECS; c++) {
        for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
            if (unit_is_slow() && sizes[i] > (1 << 20) + 1) continue;
            struct pab_stream_result r = { 0 };
            int fd = temp_file(), none = codecs[c].codec == PAB_CODEC_NONE;
            write_file(fd, codecs[c], p, sizes[i], &r);
            ck_assert_int_eq(end_of(fd, codecs[c].codec), PAB_OK);
            if (sizes[i] >= 1 << 20) {
                ck_assert_int_eq((int)pwrite(fd, zeros, sizeof zeros, (off_t)r.size - 100), 100);
                ck_assert_int_eq(end_of(fd, codecs[c].codec), none ? PAB_OK : PAB_E_CORRUPT);
                ck_assert_int_eq(ftruncate(fd, (off_t)r.size - 100), 0);
                ck_assert_int_eq(end_of(fd, codecs[c].codec), none ? PAB_OK : PAB_E_CORRUPT);
            }
            close(fd);
        }
    }
    int plain = temp_file();
    ck_assert_int_eq(pab_write_all(plain, p, most), 0);
    for (int zstd = 0; zstd < 2; zstd++) { /* of others nothing is known */
        int fd = temp_file();
        ck_assert_int_eq(run_tool(zstd ? "zstd -q < /proc/%d/fd/%d > /proc/%d/fd/%d" : "gzip < /proc/%d/fd/%d > /proc/%d/fd/%d", plain, fd), 0);
        ck_assert_int_eq(end_of(fd, zstd ? PAB_CODEC_ZSTD : PAB_CODEC_GZIP), PAB_OK);
        close(fd);
    }
    close(plain);
    free(p);
}
END_TEST

START_TEST(a_range_beyond_the_file_is_refused_with_the_sizes)
{
    struct pab_error err = { 0 };
    struct pab_source *s;
    int fd = temp_file();
    ck_assert_int_eq(pab_write_all(fd, "0123456789", 10), 0);
    struct pab_source_opts o = { .fd = fd, .codec = PAB_CODEC_NONE, .offset = 4, .length = UINT64_MAX - 3, .what = "x" };
    ck_assert_int_eq(pab_source_open(&o, &s, &err), PAB_E_CORRUPT);
    o.length = 7;
    ck_assert_int_eq(pab_source_open(&o, &s, &err), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "10 bytes"));
    close(fd);
}
END_TEST

/* ---- blocks */
#define WRITERS 4
struct filler { struct pab_writer *w; unsigned id; unsigned blocks; };

static void *fill_blocks(void *arg)
{
    struct filler *f = arg;
    for (unsigned i = 0; i < f->blocks; i++) {
        struct pab_error err = { 0 };
        struct pab_writer_block *b;
        size_t n = (i * 977771u + f->id * 331337u) % 1700000 / (unit_is_slow() ? 4 : 1);
        char *name = pab_sprintf("%u/%u", f->id, i);
        uint8_t *p = sample(n, f->id * 100 + i);
        if (pab_writer_block_begin(f->w, name, &b, &err)) abort();
        for (size_t at = 0; at < n; at += 50000) {
            if (pab_writer_block_write(b, p + at, n - at < 50000 ? n - at : 50000, &err)) abort();
        }
        if (pab_writer_block_end(b, f->id * 1000 + i, &err)) abort();
        free(name);
        free(p);
    }
    return NULL;
}

START_TEST(blocks_of_several_threads_are_each_whole_and_found_again)
{
    for (unsigned c = 0; c < CODECS; c++) {
        struct pab_error err = { 0 };
        struct pab_writer *w;
        struct pab_stream_result r = { 0 };
        pthread_t ids[WRITERS];
        struct filler fillers[WRITERS];
        int fd = temp_file();
        ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = codecs[c], .what = "x", .no_sync = 1 }, &w, &err), PAB_OK);
        ck_assert_int_eq(pab_writer_write(w, "head", 4, &err), PAB_OK);
        for (unsigned i = 0; i < WRITERS; i++) {
            fillers[i] = (struct filler){ w, i, 6 };
            ck_assert_int_eq(pthread_create(&ids[i], NULL, fill_blocks, &fillers[i]), 0);
        }
        for (unsigned i = 0; i < WRITERS; i++) pthread_join(ids[i], NULL);
        struct pab_works_counters k;
        pab_works_counters(&k);
        ck_assert_uint_le(k.slots_peak, PAB_WRITER_MEMORY + (1u << 20));
        ck_assert_int_eq(pab_writer_write(w, "tail", 4, &err), PAB_OK);
        ck_assert_int_eq(pab_writer_finish(w, &r, &err), PAB_OK);
        ck_assert_uint_eq(r.block_count, WRITERS * 6);
        uint64_t before = 0;
        for (uint64_t i = 0; i < r.block_count; i++) {
            unsigned id, nr;
            size_t got;
            ck_assert_int_eq(sscanf(r.blocks[i].name, "%u/%u", &id, &nr), 2);
            ck_assert_uint_eq(r.blocks[i].rows, id * 1000 + nr);
            ck_assert_uint_ge(r.blocks[i].offset, before);
            before = r.blocks[i].offset + r.blocks[i].size;
            uint8_t *back = read_range(fd, codecs[c].codec, r.blocks[i].offset, r.blocks[i].size, 1, &got, NULL, &err);
            ck_assert_msg(back != NULL, "%s", err.message);
            ck_assert_uint_eq(got, r.blocks[i].content_size);
            uint8_t *p = sample(got, id * 100 + nr);
            ck_assert_int_eq(memcmp(back, p, got), 0);
            free(p);
            free(back);
        }
        pab_stream_result_release(&r);
        close(fd);
    }
}
END_TEST

START_TEST(bytes_outside_of_blocks_while_one_is_open_are_refused)
{
    struct pab_error err = { 0 };
    struct pab_writer *w;
    struct pab_writer_block *b;
    int fd = temp_file();
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = codecs[1], .what = "x", .no_sync = 1 }, &w, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_block_begin(w, "one", &b, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_write(w, "x", 1, &err), PAB_E_USAGE);
    pab_writer_block_abort(b);
    pab_writer_abort(w);
    close(fd);
}
END_TEST

START_TEST(a_block_that_is_given_up_fails_the_file)
{
    struct pab_error err = { 0 };
    struct pab_writer *w;
    struct pab_writer_block *b;
    struct pab_stream_result r = { 0 };
    int fd = temp_file();
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = codecs[1], .what = "x", .no_sync = 1 }, &w, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_block_begin(w, "one", &b, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_block_write(b, "row", 3, &err), PAB_OK);
    pab_writer_block_abort(b);
    ck_assert_int_eq(pab_writer_finish(w, &r, &err), PAB_E_CANCELLED);
    close(fd);
}
END_TEST

/* ---- faults */
START_TEST(a_full_disk_at_any_write_is_reported_and_stays_reported)
{
    const unsigned pieces = unit_is_slow() ? 9 : 16, last = unit_is_slow() ? 36 : 40, step = unit_is_slow() ? 11 : 5;
    uint8_t *p = sample(pieces * (256u << 10), 9); /* so that the pool is busy */
    for (unsigned c = 0; c < CODECS; c++) {
        for (unsigned n = 1, done = 0; n < last && !(done && unit_is_slow()); n += step) {
            struct pab_error err = { 0 };
            struct pab_writer *w;
            struct pab_stream_result r = { 0 };
            int fd = temp_file();
            ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = codecs[c], .what = "x", .no_sync = 1 }, &w, &err), PAB_OK);
            pab_fs_fail_write_at(n, ENOSPC);
            for (unsigned i = 0; i < pieces; i++) pab_writer_write(w, p + i * (256u << 10), 256u << 10, &err);
            int rc = pab_writer_finish(w, &r, &err);
            pab_fs_fail_write_at(0, 0);
            if (rc) {
                ck_assert_int_eq(rc, PAB_E_NOSPACE);
                ck_assert_ptr_nonnull(strstr(err.message, "'x'"));
            } else {
                done = 1;
                ck_assert_uint_gt(n, 4); /* fewer writes than that were needed */
                pab_stream_result_release(&r);
            }
            close(fd);
        }
    }
    free(p);
}
END_TEST

START_TEST(want_of_memory_at_any_allocation_is_an_error_and_nothing_leaks)
{
    size_t size = unit_is_slow() ? 1100000 : 3 << 20, got;
    uint8_t *p = sample(size, 9);
    for (unsigned c = 0; c < CODECS; c++) {
        for (unsigned n = 1; n < 12; n++) {
            struct pab_error err = { 0 };
            struct pab_writer *w;
            struct pab_stream_result r = { 0 };
            int fd = temp_file();
            pab_alloc_fail_at(n);
            int rc = pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = codecs[c], .what = "x", .no_sync = 1 }, &w, &err);
            if (!rc) {
                pab_writer_write(w, p, size, &err);
                rc = pab_writer_finish(w, &r, &err);
            }
            pab_alloc_fail_at(0);
            ck_assert_msg(rc == PAB_OK || rc == PAB_E_NOMEM, "%d", rc);
            if (!rc) {
                pab_alloc_fail_at(n);
                uint8_t *back = read_range(fd, codecs[c].codec, 0, PAB_SIZE_UNKNOWN, 2, &got, NULL, &err);
                pab_alloc_fail_at(0);
                ck_assert_msg(back || err.code == PAB_E_NOMEM, "%s", err.message);
                free(back);
                pab_stream_result_release(&r);
            }
            close(fd);
        }
    }
    free(p);
}
END_TEST

START_TEST(a_writer_that_is_given_up_leaves_no_memory_in_use)
{
    struct pab_error err = { 0 };
    struct pab_works_counters k;
    struct pab_writer *w;
    size_t size = unit_is_slow() ? 5 << 20 : 8 << 20; /* one chunk and some, or two */
    uint8_t *p = sample(size, 2);
    int fd = temp_file();
    ck_assert_int_eq(pab_writer_open(&(struct pab_writer_opts){ .fd = fd, .compression = codecs[2], .what = "x" }, &w, &err), PAB_OK);
    ck_assert_int_eq(pab_writer_write(w, p, size, &err), PAB_OK);
    pab_writer_abort(w);
    pab_works_counters(&k);
    ck_assert_uint_eq(k.charged, 0);
    ck_assert_uint_eq(k.slots, 0);
    close(fd);
    free(p);
}
END_TEST

START_TEST(words_for_codecs_and_levels)
{
    struct pab_compression c;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_compression_parse("gzip", NULL, &c, &err), PAB_OK);
    ck_assert_int_eq(c.level, PAB_GZIP_FAST);
    ck_assert_int_eq(pab_compression_parse("zstd", "19", &c, &err), PAB_OK);
    ck_assert_int_eq(c.level, 19);
    ck_assert_int_eq(pab_compression_parse("zstd", "20", &c, &err), PAB_E_CONFIG);
    ck_assert_int_eq(pab_compression_parse("gzip", "9", &c, &err), PAB_E_CONFIG);
    ck_assert_int_eq(pab_compression_parse("none", "1", &c, &err), PAB_E_CONFIG);
    ck_assert_int_eq(pab_compression_parse("lzma", NULL, &c, &err), PAB_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.hint, "gzip, zstd or none"));
}
END_TEST

UNIT_MAIN("stream",
    what_is_written_comes_back_with_the_same_hashes, the_hash_of_the_content_alone_can_be_left_out, stock_gzip_and_zstd_read_our_files, files_of_other_tools_are_read,
    every_truncation_is_noticed, a_file_of_ours_that_lost_whole_members_is_noticed, flipped_bits_are_noticed_and_located,
    rubbish_after_the_end_is_noticed_and_zeros_are_not, the_end_of_a_file_is_judged_without_reading_it, a_range_beyond_the_file_is_refused_with_the_sizes,
    blocks_of_several_threads_are_each_whole_and_found_again, bytes_outside_of_blocks_while_one_is_open_are_refused,
    a_block_that_is_given_up_fails_the_file, a_full_disk_at_any_write_is_reported_and_stays_reported,
    want_of_memory_at_any_allocation_is_an_error_and_nothing_leaks, a_writer_that_is_given_up_leaves_no_memory_in_use,
    words_for_codecs_and_levels)
