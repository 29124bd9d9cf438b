/* check_alloc.c - alloc.h, buf.h, vec.h: memory that is there or says that it is not. */
#include <limits.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/vec.h"
#include "core/include/pab_plugin.h"
#include "tests/unit/unit.h"

START_TEST(memory_comes_zeroed_even_for_nothing)
{
    unsigned char *p = pab_alloc(1000), *none = pab_alloc(0), *array = pab_alloc_array(10, 10);
    for (int i = 0; i < 1000; i++) ck_assert_uint_eq(p[i], 0);
    for (int i = 0; i < 100; i++) ck_assert_uint_eq(array[i], 0);
    ck_assert_ptr_nonnull(none);
    free(p);
    free(none);
    free(array);
}
END_TEST

START_TEST(copies_are_copies)
{
    char text[] = "hello";
    CLEANUP_FREE char *all = pab_strdup(text);
    CLEANUP_FREE char *part = pab_strndup(text, 2);
    CLEANUP_FREE char *more = pab_strndup(text, 99);
    CLEANUP_FREE char *bytes = pab_memdup("a\0b", 3);
    memset(text, 'x', 5);
    ck_assert_str_eq(all, "hello");
    ck_assert_str_eq(part, "he");
    ck_assert_str_eq(more, "hello");
    ck_assert_mem_eq(bytes, "a\0b", 3);
    ck_assert_ptr_null(pab_strdup(NULL));
    ck_assert_ptr_null(pab_strndup(NULL, 3));
}
END_TEST

START_TEST(sprintf_has_no_length_limit)
{
    CLEANUP_FREE char *s = pab_sprintf("%5000d|", 7);
    ck_assert_uint_eq(strlen(s), 5001);
    ck_assert_str_eq(s + 4999, "7|");
}
END_TEST

/* What a child prints to stderr and how it ends when it asks for the impossible. */
static int dies_of(void (*ask)(void), char *text, size_t n)
{
    int ends[2], status;
    ck_assert_int_eq(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(ends[1], STDERR_FILENO);
        ask();
        _exit(0);
    }
    close(ends[1]);
    ssize_t got = read(ends[0], text, n - 1);
    text[got < 0 ? 0 : got] = '\0';
    close(ends[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void overflowing_growth(void)
{
    void *p = pab_realloc_array(NULL, SIZE_MAX / 2, 16);
    free(p);
}

START_TEST(no_memory_ends_the_process_with_a_word)
{
    char text[100];
    ck_assert_int_eq(dies_of(overflowing_growth, text, sizeof text), 1);
    ck_assert_str_eq(text, "pabengine: out of memory\n");
}
END_TEST

START_TEST(the_nth_allocation_that_may_fail_fails_once)
{
    pab_alloc_fail_at(3);
    for (int i = 1; i <= 5; i++) {
        CLEANUP_FREE void *p = pab_try_alloc(10);
        ck_assert_msg((p == NULL) == (i == 3), "allocation %d", i);
    }
    pab_alloc_fail_at(1);
    CLEANUP_FREE char *kept = pab_strdup("kept"); /* this kind never fails */
    ck_assert_ptr_null(pab_try_realloc(kept, 100));
    ck_assert_str_eq(kept, "kept");
    pab_alloc_fail_at(1);
    ck_assert_ptr_null(pab_try_pages(4096));
    pab_alloc_fail_at(1);
    pab_alloc_fail_at(0);
    CLEANUP_FREE void *again = pab_try_alloc(0);
    ck_assert_ptr_nonnull(again);
}
END_TEST

START_TEST(pages_are_zeroed_and_go_back)
{
    const size_t size = (size_t)1 << 20;
    unsigned char *p = pab_try_pages(size);
    ck_assert_ptr_nonnull(p);
    for (size_t i = 0; i < size; i += 4096) ck_assert_uint_eq(p[i], 0);
    pab_pages_free(p, size);
    pab_pages_free(NULL, size);
    ck_assert_ptr_null(pab_try_pages(SIZE_MAX / 2));
}
END_TEST

START_TEST(a_buffer_grows_and_ends_with_nul)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    ck_assert_str_eq(pab_buf_str(&b), "");
    for (int i = 0; i < 1000; i++) {
        ck_assert_int_eq(pab_buf_addf(&b, "%d,", i), PAB_OK);
        ck_assert_int_eq(b.data[b.size], '\0');
    }
    ck_assert_uint_eq(b.size, 10 * 2 + 90 * 3 + 900 * 4);
    ck_assert_int_eq(pab_buf_add(&b, NULL, 0), PAB_OK);
    pab_buf_clear(&b);
    ck_assert_str_eq(pab_buf_str(&b), "");
    ck_assert_int_eq(pab_buf_addc(&b, 'x'), PAB_OK);
    CLEANUP_FREE char *text = pab_buf_take(&b);
    ck_assert_str_eq(text, "x");
    CLEANUP_FREE char *nothing = pab_buf_take(&b);
    ck_assert_str_eq(nothing, "");
    pab_buf_release(&b);
}
END_TEST

START_TEST(a_buffer_stops_at_its_ceiling_unchanged)
{
    struct pab_buf b = PAB_BUF_INIT(5);
    ck_assert_int_eq(pab_buf_adds(&b, "12345"), PAB_OK);
    ck_assert_int_eq(pab_buf_addc(&b, '6'), PAB_E_NOMEM);
    ck_assert_str_eq(b.data, "12345");
    ck_assert_int_eq(pab_buf_reserve(&b, SIZE_MAX - 1), PAB_E_NOMEM);
    ck_assert_str_eq(b.data, "12345");
    pab_buf_release(&b);
}
END_TEST

START_TEST(a_buffer_without_memory_is_unchanged_and_goes_on_later)
{
    struct pab_buf b = PAB_BUF_INIT(1000);
    pab_alloc_fail_at(1);
    ck_assert_int_eq(pab_buf_adds(&b, "first"), PAB_E_NOMEM);
    ck_assert_str_eq(pab_buf_str(&b), "");
    ck_assert_int_eq(pab_buf_adds(&b, "first"), PAB_OK);
    char large[500];
    memset(large, 'x', sizeof large);
    pab_alloc_fail_at(1);
    ck_assert_int_eq(pab_buf_add(&b, large, sizeof large), PAB_E_NOMEM);
    ck_assert_str_eq(b.data, "first");
    ck_assert_int_eq(pab_buf_add(&b, large, sizeof large), PAB_OK);
    ck_assert_uint_eq(b.size, 505);
    pab_buf_release(&b);
}
END_TEST

START_TEST(a_text_of_ours_has_no_hole_where_memory_was_short)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    char large[500];
    memset(large, 'x', sizeof large);
    pab_alloc_fail_at(1);
    pab_buf_adds(&b, "[");
    pab_buf_add(&b, large, sizeof large);
    pab_buf_adds(&b, "]");
    pab_alloc_fail_at(0);
    ck_assert_uint_eq(b.size, 502);
    ck_assert_int_eq(b.data[501], ']');
    pab_buf_release(&b);
}
END_TEST

START_TEST(a_list_of_strings_owns_copies_and_ends_with_null)
{
    struct pab_strs v = { 0 };
    char text[8];
    for (int i = 0; i < 100; i++) {
        snprintf(text, sizeof text, "%d", i);
        pab_strs_add(&v, text);
        ck_assert_uint_eq(v.count, (size_t)i + 1);
        ck_assert_ptr_null(v.items[v.count]);
    }
    ck_assert_str_eq(v.items[0], "0");
    ck_assert_str_eq(v.items[99], "99");
    pab_strs_release(&v);
    ck_assert_uint_eq(v.count, 0);
    pab_strs_add(&v, "again");
    ck_assert_str_eq(v.items[0], "again");
    pab_strs_release(&v);
    pab_strs_release(&v);
}
END_TEST

START_TEST(what_was_taken_is_not_freed_at_the_end_of_the_scope)
{
    char *outer;
    {
        CLEANUP_FREE char *inner = pab_strdup("kept");
        outer = TAKE_PTR(inner);
        ck_assert_ptr_null(inner);
    }
    ck_assert_str_eq(outer, "kept");
    free(outer);
}
END_TEST

UNIT_MAIN("alloc", memory_comes_zeroed_even_for_nothing, copies_are_copies, sprintf_has_no_length_limit, no_memory_ends_the_process_with_a_word,
          the_nth_allocation_that_may_fail_fails_once, pages_are_zeroed_and_go_back, a_buffer_grows_and_ends_with_nul,
          a_buffer_stops_at_its_ceiling_unchanged, a_buffer_without_memory_is_unchanged_and_goes_on_later,
          a_text_of_ours_has_no_hole_where_memory_was_short, a_list_of_strings_owns_copies_and_ends_with_null, what_was_taken_is_not_freed_at_the_end_of_the_scope)
