/* check_n8n_text.c - JSON handled as text: members, strings, references exchanged and nothing else. */
#include <string.h>
#include "plugins/n8n/n8n.h"
#include "tests/unit/unit.h"

START_TEST(members_are_found_whatever_stands_between_them)
{
    struct span o = SPAN(" { \"a\" : [1, {\"b\": \"}\"}] ,\n\"c\":\"x\\\"y\",\"d\":-1.5e3 , \"e\":{}, \"f\":null} ");
    ck_assert(span_is(span_member(o, "a"), "[1, {\"b\": \"}\"}]"));
    ck_assert(span_is(span_member(o, "d"), "-1.5e3"));
    ck_assert(span_is(span_member(o, "e"), "{}"));
    ck_assert(span_is_null(span_member(o, "f")));
    ck_assert(span_is_null(span_member(o, "b")));
    CLEANUP_FREE char *c = span_text(o, "c");
    ck_assert_str_eq(c, "x\"y");
    ck_assert_int_eq(span_elements(span_member(o, "a")), 2);
    ck_assert_int_eq(span_elements(SPAN("[]")), 0);
    ck_assert_int_eq(span_elements(SPAN("[[],[[1],2],{}]")), 3);
}
END_TEST

START_TEST(a_text_that_ends_early_is_never_read_beyond)
{
    static const char text[] = "{\"a\":[1,{\"b\":\"c\\\"\"},true],\"d\":{\"e\":[]}}";
    const struct refs none = { 0 };
    for (size_t n = 0; n < sizeof text; n++) {
        CLEANUP_FREE char *cut = pab_memdup(text, n ? n : 1); /* its end is where a sanitizer sees a step too far */
        struct pab_buf out = PAB_BUF_INIT(1u << 16);
        struct span s = { cut, n };
        (void)span_elements(s);
        CLEANUP_FREE char *d = span_text(s, "d");
        ck_assert_int_eq(refs_write(&none, s, &out), PAB_OK);
        ck_assert_int_eq(out.size, n);
        pab_buf_release(&out);
    }
}
END_TEST

static void becomes(const char *text, const char *wanted)
{
    CLEANUP_JSON json_t *workflows = json_pack("{s:s}", "old", "new"), *credentials = json_pack("{s:s}", "old", "cred"), *tables = json_pack("{s:s}", "old", "table");
    struct refs r = { .workflows = workflows, .credentials = credentials, .tables = tables };
    struct pab_buf out = PAB_BUF_INIT(1u << 16);
    ck_assert_int_eq(refs_write(&r, SPAN(text), &out), PAB_OK);
    ck_assert_str_eq(pab_buf_str(&out), wanted);
    pab_buf_release(&out);
}

START_TEST(references_are_exchanged_where_they_are_references)
{
    becomes("{ \"workflowId\" : \"old\" }", "{ \"workflowId\" : \"new\" }");
    becomes("[{\"parameters\":{\"workflowId\":{\"__rl\":true,\"value\":\"old\"}}}]", "[{\"parameters\":{\"workflowId\":{\"__rl\":true,\"value\":\"new\"}}}]");
    becomes("{\"errorWorkflow\":\"old\"}", "{\"errorWorkflow\":\"new\"}");
    becomes("{\"credentials\":{\"httpBasicAuth\":{\"id\":\"old\",\"name\":\"old\"}}}", "{\"credentials\":{\"httpBasicAuth\":{\"id\":\"cred\",\"name\":\"old\"}}}");
    becomes("{\"dataTableId\":{\"value\":\"old\",\"mode\":\"list\"}}", "{\"dataTableId\":{\"value\":\"table\",\"mode\":\"list\"}}");
    becomes("{\"cachedResultUrl\":\"/workflow/old\"}", "{\"cachedResultUrl\":\"/workflow/new\"}");
}
END_TEST

START_TEST(whatever_else_looks_like_an_id_stays)
{
    static const char *const texts[] = { "{\"name\":\"old\",\"value\":\"old\",\"id\":\"old\"}", "[\"old\", 1.50, \"\\u00e9\"]", "{\"workflowId\":\"={{ old }}\"}",
                                         "{\"workflowId\":[\"old\"]}", "{\"workflowId\":\"other\"}", "{\"credentials\":{\"id\":\"old\"}}", "{\"workflowId\":12345678901234567890}" };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) becomes(texts[i], texts[i]);
}
END_TEST

START_TEST(a_fingerprint_tells_the_key_apart_and_nothing_else)
{
    CLEANUP_FREE char *a = key_fingerprint("key one"), *b = key_fingerprint("key one");
    ck_assert_str_ne(a, b);
    ck_assert(key_matches("key one", a) && key_matches("key one", b));
    ck_assert(!key_matches("key two", a));
    ck_assert(!key_matches("key one", "") && !key_matches("key one", "sha256:") && !key_matches("key one", "sha256:00:00"));
}
END_TEST

UNIT_MAIN("n8n text", members_are_found_whatever_stands_between_them, a_text_that_ends_early_is_never_read_beyond, references_are_exchanged_where_they_are_references,
          whatever_else_looks_like_an_id_stays, a_fingerprint_tells_the_key_apart_and_nothing_else)
