/* check_lines.c - artifacts of JSON lines: whole, cut, damaged. */
#include <string.h>
#include "plugins/support/lines.h"
#include "tests/fakes/host.h"
#include "tests/unit/unit.h"

/* Reads an artifact of that text to its end; returns the code, *ret: how many lines came. */
static int read_all(struct fake_host *h, const char *text, size_t size, size_t max, uint64_t *ret)
{
    struct pab_restore_req req = { .struct_size = sizeof req };
    struct lines l;
    json_t *o = NULL;
    fake_put(h, PAB_CAT_SERVICES, "list", "jsonl", "list", text, size);
    fake_restore_req(h, &req);
    int rc = lines_open(&l, fake_op(h), req.artifact_count - 1, "services/list.jsonl", max);
    while (!rc && !(rc = lines_next(&l, &o))) json_decref(o);
    *ret = l.number;
    return lines_close(&l, rc);
}

START_TEST(every_line_comes_in_order)
{
    struct fake_host *h = fake_host_new();
    struct pab_buf text = { 0 };
    uint64_t n;
    for (int i = 0; i < 20000; i++) pab_buf_addf(&text, "{\"i\":%d,\"text\":\"line\\n\"}\n", i);
    ck_assert_int_eq(read_all(h, text.data, text.size, 0, &n), PAB_OK);
    ck_assert_uint_eq(n, 20000);
    pab_buf_release(&text);
    fake_host_free(h);
}
END_TEST

START_TEST(an_empty_artifact_has_no_lines)
{
    struct fake_host *h = fake_host_new();
    uint64_t n;
    ck_assert_int_eq(read_all(h, "", 0, 0, &n), PAB_OK);
    ck_assert_uint_eq(n, 0);
    fake_host_free(h);
}
END_TEST

START_TEST(a_line_that_is_cut_or_no_json_is_damage_with_its_number)
{
    static const char *const bad[] = { "{\"a\":1}\n{\"a\":2}", "{\"a\":1}\n{\"a\":2\n", "{\"a\":1}\n\n", "{\"a\":1}\nnonsense\n", "{\"a\":1}\n{\"a\":\"\xff\"}\n" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct fake_host *h = fake_host_new();
        uint64_t n;
        ck_assert_int_eq(read_all(h, bad[i], strlen(bad[i]), 0, &n), PAB_E_CORRUPT);
        ck_assert_ptr_nonnull(strstr(h->failure.message, "line 2"));
        fake_host_free(h);
    }
}
END_TEST

START_TEST(a_line_over_its_limit_ends_in_an_error_and_not_in_memory)
{
    struct fake_host *h = fake_host_new();
    uint64_t n;
    size_t size = 4u << 20;
    CLEANUP_FREE char *text = pab_alloc(size);
    memset(text, ' ', size);
    ck_assert_int_eq(read_all(h, text, size, 1u << 20, &n), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(h->failure.message, "longer than allowed"));
    fake_host_free(h);
}
END_TEST

START_TEST(a_failure_of_the_host_is_passed_on)
{
    struct fake_host *h = fake_host_new();
    uint64_t n;
    fake_fail_call(h, "artifact_read", 1, PAB_E_IO);
    ck_assert_int_eq(read_all(h, "{}\n", 3, 0, &n), PAB_E_IO);
    fake_host_free(h);
}
END_TEST

START_TEST(a_whole_artifact_is_one_value)
{
    struct fake_host *h = fake_host_new();
    struct pab_restore_req req = { .struct_size = sizeof req };
    json_t *o = NULL;
    fake_put(h, PAB_CAT_SERVICES, "one", "json", "one", "{\"a\":[1]}", 9);
    fake_put(h, PAB_CAT_SERVICES, "bad", "json", "bad", "{\"a\":[1}", 8);
    fake_restore_req(h, &req);
    ck_assert_int_eq(artifact_json(fake_op(h), 0, "one", 1u << 20, &o), PAB_OK);
    ck_assert_uint_eq(json_array_size(json_object_get(o, "a")), 1);
    json_decref(o);
    ck_assert_int_eq(artifact_json(fake_op(h), 1, "bad", 1u << 20, &o), PAB_E_CORRUPT);
    fake_host_free(h);
}
END_TEST

UNIT_MAIN("lines", every_line_comes_in_order, an_empty_artifact_has_no_lines, a_line_that_is_cut_or_no_json_is_damage_with_its_number,
          a_line_over_its_limit_ends_in_an_error_and_not_in_memory, a_failure_of_the_host_is_passed_on, a_whole_artifact_is_one_value)
