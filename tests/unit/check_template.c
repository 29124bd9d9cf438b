/* Texts with {{words}}. */
#include <string.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/config/template.h"
#include "tests/unit/unit.h"

static char *value_of(void *ctx, const char *word)
{
    (void)ctx;
    if (strcmp(word, "a") == 0) return pab_strdup("{{b}}");
    if (strcmp(word, "b") == 0) return pab_strdup("2");
    return NULL;
}

static void expect(const char *text, const char *filled)
{
    CLEANUP_FREE char *got = pab_template_fill(text, value_of, NULL);
    ck_assert_str_eq(got, filled);
}

START_TEST(words_are_replaced_and_everything_else_stays)
{
    expect("", "");
    expect("plain {text} }} {", "plain {text} }} {");
    expect("{{b}}", "2");
    expect("x{{b}}{{ b }}y", "x22y");
    expect("{\"k\": {\"n\": {{b}}}}", "{\"k\": {\"n\": 2}}");
    expect("{{none}}.", ".");
}
END_TEST

START_TEST(a_value_is_not_a_template_itself)
{
    expect("{{a}}", "{{b}}");
}
END_TEST

START_TEST(braces_without_an_end_stand_for_themselves)
{
    expect("{{b", "{{b");
    expect("a {{", "a {{");
    expect("{{}}|{{ }}", "|");
}
END_TEST

START_TEST(the_first_unknown_word_is_found)
{
    static const char *const words[] = { "a", "b", NULL };
    CLEANUP_FREE char *found = pab_template_unknown("{{a}} {{ c }} {{d}}", words), *empty = pab_template_unknown("{{b}}{{}}", words);
    ck_assert_str_eq(found, "c");
    ck_assert_str_eq(empty, "");
    ck_assert_ptr_null(pab_template_unknown("{{a}} {{b}} {{c", words));
}
END_TEST

UNIT_MAIN("template", words_are_replaced_and_everything_else_stays, a_value_is_not_a_template_itself, braces_without_an_end_stand_for_themselves, the_first_unknown_word_is_found)
