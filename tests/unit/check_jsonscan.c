/* check_jsonscan.c - JSON read value by value, as it comes in pieces of every size, and what is not JSON. */
#include <string.h>
#include "plugins/support/jsonscan.h"
#include "tests/unit/unit.h"

/* A source that gives a text in pieces of `step` bytes. */
struct source { const char *text; size_t size, at, step; int fail_at_end; };

static int64_t give(void *ctx, void *buf, uint64_t capacity, struct pab_error *err)
{
    struct source *s = ctx;
    size_t n = s->size - s->at;
    if (n == 0 && s->fail_at_end) return pab_error_set(err, PAB_E_UNREACHABLE, 0, "the connection was lost");
    if (n > s->step) n = s->step;
    if (n > capacity) n = (size_t)capacity;
    memcpy(buf, s->text + s->at, n);
    s->at += n;
    return (int64_t)n;
}

static struct json_scan *scan_of(struct source *src, const char *text, size_t size, size_t step, size_t max)
{
    *src = (struct source){ text, size, 0, step, 0 };
    return json_scan_new(&(struct json_scan_opts){ .read = give, .ctx = src, .what = "the list", .max_value = max });
}

/* One value and the end. */
static int whole(const char *text, size_t size, struct pab_error *err)
{
    struct source src;
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, size, 3, 0);
    CLEANUP_JSON json_t *o = NULL;
    int rc = json_scan_value(s, &o, err);
    return rc ? rc : json_scan_end(s, err);
}

START_TEST(elements_of_a_list_come_one_by_one_whatever_the_pieces)
{
    const char text[] = " { \"other\" : {\"x\":[1,{}]} , \"data\":[ {\"a\":1}, [] ,\"t\\u00e9xt, ]\", -1.5e3,true ] } \n";
    for (size_t step = 1; step < sizeof text; step++) {
        struct pab_error err = { 0 };
        struct source src;
        const char *key;
        json_t *o = NULL;
        CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, sizeof text - 1, step, 0);
        ck_assert_int_eq(json_scan_object(s, &err), PAB_OK);
        ck_assert_int_eq(json_scan_key(s, &key, &err), PAB_OK);
        ck_assert_str_eq(key, "other");
        ck_assert_int_eq(json_scan_skip(s, &err), PAB_OK);
        ck_assert_int_eq(json_scan_key(s, &key, &err), PAB_OK);
        ck_assert_str_eq(key, "data");
        ck_assert_int_eq(json_scan_array(s, &err), PAB_OK);
        CLEANUP_JSON json_t *all = json_array();
        int rc;
        while (!(rc = json_scan_more(s, &err))) {
            ck_assert_int_eq(json_scan_value(s, &o, &err), PAB_OK);
            json_array_append_new(all, o);
        }
        ck_assert_int_eq(rc, PAB_END);
        ck_assert_int_eq(json_scan_key(s, &key, &err), PAB_END);
        ck_assert_int_eq(json_scan_end(s, &err), PAB_OK);
        CLEANUP_FREE char *line = json_line(all);
        ck_assert_str_eq(line, "[{\"a\":1},[],\"t\xc3\xa9xt, ]\",-1500.0,true]");
    }
}
END_TEST

START_TEST(the_text_of_a_value_is_kept_byte_for_byte)
{
    const char text[] = "[ {\"b\" : 1.10,\"a\":12345678901234567890123 } ]";
    struct pab_error err = { 0 };
    struct source src;
    size_t n;
    json_t *o = NULL;
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, sizeof text - 1, 5, 0);
    ck_assert_int_eq(json_scan_array(s, &err), PAB_OK);
    ck_assert_int_eq(json_scan_more(s, &err), PAB_OK);
    ck_assert_int_eq(json_scan_value(s, &o, &err), PAB_OK);
    const char *raw = json_scan_raw(s, &n);
    ck_assert_int_eq(n, sizeof text - 1 - 4);
    ck_assert_int_eq(memcmp(raw, text + 2, n), 0);
    json_decref(o);
}
END_TEST

START_TEST(numbers_beyond_64_bits_become_reals)
{
    struct pab_error err = { 0 };
    struct source src;
    json_t *o = NULL;
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, "12345678901234567890123", 23, 4, 0);
    ck_assert_int_eq(json_scan_value(s, &o, &err), PAB_OK);
    ck_assert(json_is_real(o));
    json_decref(o);
}
END_TEST

START_TEST(a_number_that_no_double_holds_can_still_be_passed_on)
{
    struct pab_error err = { 0 };
    struct source src;
    size_t n;
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, "[1e999]", 7, 2, 0);
    ck_assert_int_eq(json_scan_skip(s, &err), PAB_OK);
    ck_assert_int_eq(memcmp(json_scan_raw(s, &n), "[1e999]", 7), 0);
    ck_assert_int_eq(whole("[1e999]", 7, &err), PAB_E_CORRUPT);
}
END_TEST

START_TEST(what_is_not_json_is_refused_with_the_place)
{
    static const char *const bad[] = { "", " ", "[1,]", "[1 2]", "{\"a\" 1}", "{\"a\":}", "{a:1}", "{,}", "[01]", "[1.]", "[-]", "[1e]", "[tru]", "nul", "\"a", "\"\\x\"",
                                       "\"\\u12g4\"", "\"\x01\"", "[1]]", "[1}", "{\"a\":1]", "1 2", "'a'", "[NaN]", "\"\xff\"", "[\"\xc0\xaf\"]" };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct pab_error err = { 0 };
        ck_assert_msg(whole(bad[i], strlen(bad[i]), &err) == PAB_E_CORRUPT, "accepted: %s", bad[i]);
        ck_assert_ptr_nonnull(strstr(err.message, "the list: "));
        ck_assert_ptr_nonnull(strstr(err.message, " byte "));
    }
}
END_TEST

START_TEST(what_is_json_is_accepted)
{
    static const char *const good[] = { "0", "-0", "1.5E+3", "[]", "{}", "[[],{}]", "{\"\":null}", "\"\\u0000\\ud83d\\ude00\"", "\t[ 1 ,\r\n2 ] ", "{\"a\":1,\"a\":2}" };
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        struct pab_error err = { 0 };
        ck_assert_msg(whole(good[i], strlen(good[i]), &err) == PAB_OK, "%s: %s", good[i], err.message);
    }
}
END_TEST

START_TEST(a_text_cut_anywhere_is_never_whole)
{
    const char text[] = "{\"data\":[{\"a\":\"\\u00e9\"},-1.5e3,true,null],\"n\":{}}";
    for (size_t n = 0; n < sizeof text - 1; n++) {
        struct pab_error err = { 0 };
        ck_assert_int_eq(whole(text, n, &err), PAB_E_CORRUPT);
    }
}
END_TEST

START_TEST(nesting_is_limited)
{
    char text[402];
    struct pab_error err = { 0 };
    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    ck_assert_int_eq(whole(text, 400, &err), PAB_OK);
    memset(text, '[', 201);
    memset(text + 201, ']', 201);
    ck_assert_int_eq(whole(text, 402, &err), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "nested too deeply"));
}
END_TEST

START_TEST(a_value_longer_than_allowed_ends_in_an_error_and_not_in_memory)
{
    struct pab_error err = { 0 };
    struct source src;
    json_t *o = NULL;
    size_t n = 4u << 20;
    CLEANUP_FREE char *text = pab_alloc(n);
    memset(text, 'x', n);
    text[0] = '"';
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, n, n, 1u << 20);
    ck_assert_int_eq(json_scan_value(s, &o, &err), PAB_E_NOMEM);
    ck_assert_uint_lt(src.at, (1u << 20) + (256u << 10));
    ck_assert_int_eq(json_scan_end(s, &err), PAB_E_NOMEM);
}
END_TEST

static int64_t give_blanks(void *ctx, void *buf, uint64_t capacity, struct pab_error *err)
{
    (void)ctx, (void)err;
    memset(buf, '\n', capacity);
    return (int64_t)capacity;
}

START_TEST(white_space_without_an_end_ends)
{
    struct pab_error err = { 0 };
    CLEANUP_JSON_SCAN struct json_scan *s = json_scan_new(&(struct json_scan_opts){ .read = give_blanks, .what = "the list" });
    ck_assert_int_eq(json_scan_array(s, &err), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "white space"));
}
END_TEST

START_TEST(only_the_number_that_is_too_long_becomes_a_real)
{
    struct pab_error err = { 0 };
    CLEANUP_JSON json_t *o = NULL;
    const char text[] = "{\"n\":3,\"big\":12345678901234567890123,\"edge\":[9223372036854775807,-9223372036854775808,9223372036854775808,-1e2,0.5],\"12345678901234567890123\\\"\":true}";
    ck_assert_int_eq(json_parse(text, sizeof text - 1, "it", &o, &err), PAB_OK);
    CLEANUP_FREE char *back = json_line(o);
    ck_assert_ptr_nonnull(strstr(back, "\"n\":3}"));
    ck_assert_ptr_nonnull(strstr(back, "[9223372036854775807,-9223372036854775808,9.2233720368547758e18,-100.0,0.5]"));
    ck_assert_ptr_nonnull(strstr(back, "\"12345678901234567890123\\\"\":true"));
    ck_assert(json_is_real(json_object_get(o, "big")));
    ck_assert_int_eq(json_parse("[12345678901234567890123,1e999]", 31, "it", &o, &err), PAB_E_CORRUPT);
}
END_TEST

/* ---- values that are handed on as they come */

struct taken { struct pab_buf text; size_t longest; int fail_at; };

static int take(void *ctx, const void *text, size_t size)
{
    struct taken *t = ctx;
    if (size > t->longest) t->longest = size;
    if (!pab_utf8_valid(text, size)) return PAB_E_INTERNAL;
    if (t->fail_at && t->text.size >= (size_t)t->fail_at) return PAB_E_NOSPACE;
    return pab_buf_add(&t->text, text, size);
}

START_TEST(a_value_of_any_length_is_handed_on_byte_for_byte)
{
    const char text[] = " {\"a\": [1, \"\xc3\xa9\xe2\x82\xac\xf0\x9f\x9a\x80\\n\", 1e999, 99999999999999999999]} ";
    for (size_t step = 1; step < sizeof text; step++) {
        struct pab_error err = { 0 };
        struct source src;
        struct taken t = { 0 };
        CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, sizeof text - 1, step, 0);
        ck_assert_int_eq(json_scan_pass(s, take, &t, &err), PAB_OK);
        ck_assert_int_eq(json_scan_end(s, &err), PAB_OK);
        ck_assert_uint_eq(t.text.size, sizeof text - 3);
        ck_assert_int_eq(memcmp(t.text.data, text + 1, t.text.size), 0);
        pab_buf_release(&t.text);
    }
}
END_TEST

START_TEST(a_value_that_is_handed_on_needs_no_memory_of_its_length)
{
    struct pab_error err = { 0 };
    struct source src;
    struct taken t = { 0 };
    const size_t size = 4u << 20;
    CLEANUP_FREE char *text = pab_alloc(size);
    memset(text, 'x', size);
    text[0] = text[size - 1] = '"';
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, size, 100000, 1u << 20);
    ck_assert_int_eq(json_scan_pass(s, take, &t, &err), PAB_OK);
    ck_assert_uint_eq(t.text.size, size);
    ck_assert_uint_lt(t.longest, 200000);
    pab_buf_release(&t.text);
}
END_TEST

START_TEST(what_is_handed_on_is_checked_all_the_same)
{
    static const struct { const char *text; int code; } all[] = {
        { "[1,]", PAB_E_CORRUPT }, { "[\"\xff\"]", PAB_E_CORRUPT }, { "[\"\xe2\x82\"]", PAB_E_CORRUPT }, { "{\"a\":1", PAB_E_CORRUPT }, { "", PAB_E_CORRUPT }, { "[1,2,3]", PAB_E_NOSPACE },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        for (size_t step = 1; step < 4; step++) {
            struct pab_error err = { 0 };
            struct source src;
            struct taken t = { .fail_at = all[i].code == PAB_E_NOSPACE };
            CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, all[i].text, strlen(all[i].text), step, 0);
            ck_assert_int_eq(json_scan_pass(s, take, &t, &err), all[i].code);
            pab_buf_release(&t.text);
        }
}
END_TEST

START_TEST(what_the_source_fails_with_is_passed_on)
{
    struct pab_error err = { 0 };
    struct source src;
    json_t *o = NULL;
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, "[1,2", 4, 4, 0);
    src.fail_at_end = 1;
    ck_assert_int_eq(json_scan_value(s, &o, &err), PAB_E_UNREACHABLE);
    ck_assert_str_eq(err.message, "the connection was lost");
}
END_TEST

START_TEST(names_with_escapes_are_decoded)
{
    struct pab_error err = { 0 };
    struct source src;
    const char *key;
    const char text[] = "{\"a\\u0062\\\"\":1}";
    CLEANUP_JSON_SCAN struct json_scan *s = scan_of(&src, text, sizeof text - 1, 2, 0);
    ck_assert_int_eq(json_scan_object(s, &err), PAB_OK);
    ck_assert_int_eq(json_scan_key(s, &key, &err), PAB_OK);
    ck_assert_str_eq(key, "ab\"");
}
END_TEST

UNIT_MAIN("jsonscan", elements_of_a_list_come_one_by_one_whatever_the_pieces, the_text_of_a_value_is_kept_byte_for_byte,
          numbers_beyond_64_bits_become_reals, only_the_number_that_is_too_long_becomes_a_real, a_number_that_no_double_holds_can_still_be_passed_on,
          what_is_not_json_is_refused_with_the_place, what_is_json_is_accepted, a_text_cut_anywhere_is_never_whole, nesting_is_limited,
          a_value_longer_than_allowed_ends_in_an_error_and_not_in_memory, white_space_without_an_end_ends, a_value_of_any_length_is_handed_on_byte_for_byte,
          a_value_that_is_handed_on_needs_no_memory_of_its_length, what_is_handed_on_is_checked_all_the_same, what_the_source_fails_with_is_passed_on,
          names_with_escapes_are_decoded)
