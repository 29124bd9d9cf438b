/* Tests of core/config/node.h: what YAML becomes, and how its mistakes are told. */
#include "tests/unit/unit.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/config/node.h"

DEFINE_CLEANUP(node, struct pab_node, pab_node_free)
#define NODE CLEANUP(pab_cleanup_node) struct pab_node *

static struct pab_node *parsed(const char *text)
{
    struct pab_node *n = NULL;
    struct pab_error err = { 0 };
    ck_assert_msg(pab_node_parse(text, strlen(text), "t.yaml", &n, &err) == PAB_OK, "%s", err.message);
    return n;
}

/* The message of a text that must be refused, without "t.yaml:"; valid until the next call. */
static struct pab_error refused_err;
static const char *refused_bytes(const char *text, size_t n)
{
    struct pab_node *node = (void *)1;
    pab_error_clear(&refused_err);
    ck_assert_int_eq(pab_node_parse(text, n, "t.yaml", &node, &refused_err), PAB_E_CONFIG);
    ck_assert_ptr_eq(node, (void *)1); /* untouched */
    ck_assert_msg(strncmp(refused_err.message, "t.yaml:", 7) == 0, "%s", refused_err.message);
    return refused_err.message + 7;
}
static const char *refused(const char *text) { return refused_bytes(text, strlen(text)); }

START_TEST(builds_maps_lists_and_text_with_their_places)
{
    NODE root = parsed("# a comment\nstore:\n  path: /backups\ntargets:\n  - name: 'a'\n  - {name: b}\nempty: []\n");
    ck_assert_int_eq(root->kind, PAB_NODE_MAP);
    ck_assert_uint_eq(root->count, 3);
    ck_assert_str_eq(root->keys[1], "targets");
    ck_assert_int_eq(root->key_pos[1][0], 4);
    ck_assert_int_eq(root->key_pos[1][1], 1);
    const struct pab_node *path = pab_node_get(pab_node_get(root, "store"), "path");
    ck_assert_str_eq(path->text, "/backups");
    ck_assert_int_eq(path->line, 3);
    ck_assert_int_eq(path->column, 9);
    ck_assert(!path->quoted);
    const struct pab_node *targets = pab_node_get(root, "targets");
    ck_assert_int_eq(targets->kind, PAB_NODE_LIST);
    ck_assert_uint_eq(targets->count, 2);
    ck_assert(pab_node_get(targets->items[0], "name")->quoted);
    ck_assert_int_eq(targets->items[1]->line, 6);
    ck_assert_uint_eq(pab_node_get(root, "empty")->count, 0);
    ck_assert_ptr_null(pab_node_get(root, "elsewhere"));
    ck_assert_ptr_null(pab_node_get(path, "path"));
}
END_TEST

START_TEST(tells_nothing_from_text_that_looks_like_it)
{
    NODE root = parsed("[~, null, Null, NULL, '', 'null', \"~\", nul, !!str null, 0]");
    ck_assert_uint_eq(root->count, 10);
    for (size_t i = 0; i < root->count; i++)
        ck_assert_int_eq(root->items[i]->kind, i < 4 ? PAB_NODE_NULL : PAB_NODE_SCALAR);
}
END_TEST

START_TEST(a_file_of_comments_is_nothing)
{
    NODE root = parsed("# only this\n\n");
    ck_assert_int_eq(root->kind, PAB_NODE_NULL);
    pab_node_free(root);
    root = parsed("");
    ck_assert_int_eq(root->kind, PAB_NODE_NULL);
}
END_TEST

START_TEST(accepts_line_ends_of_windows_and_a_byte_order_mark)
{
    NODE root = parsed("\xef\xbb\xbf"
                       "version: 1\r\nname: x\r\n");
    ck_assert_str_eq(pab_node_get(root, "version")->text, "1");
    ck_assert_str_eq(pab_node_get(root, "name")->text, "x");
    ck_assert_int_eq(root->column, 1);
    ck_assert_int_eq(root->key_pos[1][0], 2);
}
END_TEST

START_TEST(accepts_one_document_with_its_markers)
{
    NODE root = parsed("%YAML 1.1\n---\na: 1\n...\n");
    ck_assert_str_eq(pab_node_get(root, "a")->text, "1");
}
END_TEST

START_TEST(an_alias_is_a_copy_that_keeps_the_lines_of_its_anchor)
{
    NODE root = parsed("a: &x\n  k: [v, 'w']\nb: *x\nc: &x other\nd: *x\n");
    const struct pab_node *b = pab_node_get(root, "b");
    ck_assert_int_eq(b->kind, PAB_NODE_MAP);
    ck_assert_ptr_ne(b, pab_node_get(root, "a"));
    const struct pab_node *k = pab_node_get(b, "k");
    ck_assert_str_eq(k->items[0]->text, "v");
    ck_assert(k->items[1]->quoted);
    ck_assert_int_eq(k->line, 2);
    ck_assert_int_eq(b->key_pos[0][0], 2);
    ck_assert_str_eq(pab_node_get(root, "d")->text, "other");
}
END_TEST

START_TEST(syntax_errors_say_where_and_what)
{
    static const struct { const char *text, *message, *hint; } table[] = {
        { "a: 1\n b: 2\n", "2:3: a ':' is not allowed here", "indented differently" },
        { "a: b: c\n", "1:5: a ':' is not allowed here", "need quotes" },
        { "store:\n  path: /x\n type: directory\n", "3:2: wrong indentation: this is not a key of the map (that map begins in line 1)", "same column" },
        { "targets:\n  - a\n - b\n", "3:2: wrong indentation: this is not a key of the map (that map begins in line 1)", "list item" },
        { "- a\nb: c\n", "2:1: wrong indentation: this is not an item of the list (that list begins in line 1)", "'- '" },
        { "a:\n\tb: 1\n", "2:1: a tab in the indentation", "spaces" },
        { "a:\n  b: 1\n  \tc: 1\n", "3:3: a tab in the indentation", "spaces" },
        { "a: @b\n", "1:4: a value cannot begin with '@'", "quotes" },
        { "a: `b`\n", "1:4: a value cannot begin with '`'", "quotes" },
        { "a: %b\n", "1:4: a value cannot begin with '%'", "quotes" },
        { "exclude: [*.tmp]\n", "1:11: '*' and '&' begin an alias or an anchor, and no name follows", "\"*.tmp\"" },
        { "exclude: [*tmp]\n", "1:11: the alias '*tmp' stands for nothing", "quotes" },
        { "a: &a [*a]\n", "1:8: the alias '*a' stands for nothing", "before" },
        { "a: [1, 2\nb: 3\n", "2:2: expected ',' or ']' (the '[' is in line 1)", "']'" },
        { "a: {b: 1\n", "2:1: expected ',' or '}' (the '{' is in line 1)", "'}'" },
        { "a: 'b\nc: d\n", "1:4: the quote that opens here is never closed", "closing quote" },
        { "a: \"C:\\dir\"\n", "1:7: unknown escape after '\\'", "single quotes" },
        { "a: \"\\xZZ\"\n", "1:7: expected hexadecimal digits after the escape", "single quotes" },
        { "a: 1\nb\nc: 2\n", "2:1: a key without ':'", "key: value" },
        { "a: - b\n", "1:4: a list item is not allowed here", "line of its own" },
        { "a: [1]]\n", "1:7: this ']' closes nothing", "quotes" },
        { "a: !secret b\n", "1:4: the tag '!secret' is not supported", "quotes" },
        { "a: !x!y b\n", "1:4: a value that begins with '!' is a tag", "quotes" },
        { "a: !!binary aGk=\n", "1:4: the tag 'tag:yaml.org,2002:binary' is not supported", "quotes" },
        { "a: |x\n  b\n", "1:5: text after the '|' or '>'", "next line" },
        { "%YAML 3.0\n---\na: 1\n", "1:1: this version of YAML is not supported", "%YAML" },
        { "a: 1\n---\nb: 2\n", "2:1: a second document begins here", "'---'" },
        { "a: 1\nb: 2\na: 3\n", "3:1: key 'a' stands twice in this map (first in line 1)", "" },
        { "a: {b: 1, b: 2}\n", "1:11: key 'b' stands twice in this map (first in line 1)", "" },
        { "a: &x {b: 1}\nc:\n  <<: *x\n", "3:3: merge keys ('<<') are not supported", "alias" },
        { "? [a]\n: b\n", "1:3: a key must be plain text", "quotes" },
        { "{a: 1}: b\n", "1:1: a key must be plain text", "quotes" },
        { "a: &x b\n*x : c\n", "2:1: a key must be plain text", "quotes" },
        { ": b\n", "1:1: a key is missing before ':'", "" },
        { "a: \"x\\0y\"\n", "1:4: a NUL byte is not allowed in text", "" },
        { "\"x\\0y\": 1\n", "1:1: a NUL byte is not allowed in text", "" },
    };
    for (size_t i = 0; i < sizeof table / sizeof *table; i++) {
        ck_assert_str_eq(refused(table[i].text), table[i].message);
        ck_assert_msg(strstr(refused_err.hint, table[i].hint) != NULL, "%s: %s", table[i].text, refused_err.hint);
    }
}
END_TEST

START_TEST(bytes_that_are_no_text_are_refused_with_their_place)
{
    static const char nul[] = "a: 1\nb: x\0y\n";
    ck_assert_str_eq(refused_bytes(nul, sizeof nul - 1), "2:5: a control character (0x00) is not allowed");
    ck_assert_str_eq(refused("a: 1\nb: \x1b[31m\n"), "2:4: a control character (0x1b) is not allowed");
    ck_assert_str_eq(refused("name: caf\xe9\n"), "1:10: this is not UTF-8 text");
    ck_assert_str_eq(refused("name: \xc3\xa9\xc3\xa9\xff\n"), "1:9: this is not UTF-8 text");
    ck_assert_str_eq(refused("name: \xed\xa0\x80\n"), "1:7: this is not UTF-8 text");
    ck_assert_str_eq(refused("a: \xc3"), "1:4: this is not UTF-8 text");
    ck_assert_str_eq(refused_bytes("\xff\xfe"
                                   "a\0:\0", 6), "1:1: this is UTF-16 text");
}
END_TEST

START_TEST(columns_count_characters)
{
    ck_assert_str_eq(refused("n\xc3\xa9\xe2\x82\xac: @x\n"), "1:6: a value cannot begin with '@'");
}
END_TEST

START_TEST(a_small_file_that_expands_hugely_is_refused)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for (int i = 1; i < 10; i++)
        pab_buf_addf(&b, "a%d: &a%d [*a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d, *a%d]\n", i, i, i - 1, i - 1, i - 1, i - 1, i - 1,
                     i - 1, i - 1, i - 1, i - 1, i - 1);
    ck_assert_ptr_nonnull(strstr(refused(pab_buf_str(&b)), "more than 10000 values (aliases count as what they stand for)"));

    /* few nodes, but each of them long */
    pab_buf_clear(&b);
    pab_buf_adds(&b, "t: &t ");
    for (int i = 0; i < 100000; i++)
        pab_buf_addc(&b, 'x');
    pab_buf_adds(&b, "\nl: [*t, *t, *t, *t, *t, *t, *t, *t, *t, *t, *t]\n");
    ck_assert_str_eq(refused(pab_buf_str(&b)), "2:41: more than 1 MiB of text (aliases count as what they stand for)");
    pab_buf_release(&b);
}
END_TEST

static char *nested(unsigned depth)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (unsigned i = 0; i < depth; i++)
        pab_buf_addc(&b, '[');
    for (unsigned i = 0; i < depth; i++)
        pab_buf_addc(&b, ']');
    return pab_buf_take(&b);
}

START_TEST(depth_32_is_read_and_33_is_not)
{
    CLEANUP_FREE char *fits = nested(PAB_NODE_MAX_DEPTH);
    CLEANUP_FREE char *deep = nested(PAB_NODE_MAX_DEPTH + 1);
    CLEANUP_FREE char *abyss = nested(100000);
    NODE n = parsed(fits);
    ck_assert_str_eq(refused(deep), "1:33: nested more than 32 levels deep");
    ck_assert_str_eq(refused(abyss), "1:33: nested more than 32 levels deep");
}
END_TEST

START_TEST(aliases_cannot_hide_depth)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    pab_buf_adds(&b, "a0: &a0 [x]\n");
    for (int i = 1; i < 40; i++)
        pab_buf_addf(&b, "a%d: &a%d [*a%d]\n", i, i, i - 1);
    ck_assert_ptr_nonnull(strstr(refused(pab_buf_str(&b)), "nested more than 32 levels deep"));
    pab_buf_release(&b);
}
END_TEST

static char *many(unsigned n)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (unsigned i = 0; i < n; i++)
        pab_buf_adds(&b, "- x\n");
    return pab_buf_take(&b);
}

START_TEST(ten_thousand_nodes_are_read_and_one_more_is_not)
{
    CLEANUP_FREE char *fits = many(PAB_NODE_MAX_NODES - 1); /* the list is one, too */
    CLEANUP_FREE char *over = many(PAB_NODE_MAX_NODES);
    NODE n = parsed(fits);
    ck_assert_uint_eq(n->count, PAB_NODE_MAX_NODES - 1);
    ck_assert_str_eq(refused(over), "10000:3: more than 10000 values (aliases count as what they stand for)");
}
END_TEST

static char *file_of(const char *dir, size_t size)
{
    char *path = pab_sprintf("%s/big.yaml", dir);
    FILE *f = fopen(path, "we");
    ck_assert_ptr_nonnull(f);
    fputs("a: 1\n#", f);
    for (size_t i = 6; i < size; i++)
        putc('x', f);
    ck_assert_int_eq(fclose(f), 0);
    return path;
}

START_TEST(one_mebibyte_is_read_and_one_byte_more_is_not)
{
    char dir[] = "/tmp/pab-check-node-XXXXXX";
    ck_assert_ptr_nonnull(mkdtemp(dir));
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = file_of(dir, PAB_NODE_MAX_BYTES);
    NODE n = NULL;
    ck_assert_msg(pab_node_load(path, &n, &err) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(pab_node_get(n, "a")->text, "1");

    struct pab_node *none = NULL;
    free(file_of(dir, PAB_NODE_MAX_BYTES + 1));
    ck_assert_int_eq(pab_node_load(path, &none, &err), PAB_E_CONFIG);
    ck_assert_ptr_null(none);
    ck_assert_ptr_nonnull(strstr(err.message, path));

    CLEANUP_FREE char *huge = pab_alloc(PAB_NODE_MAX_BYTES + 1);
    ck_assert_int_eq(pab_node_parse(huge, PAB_NODE_MAX_BYTES + 1, "t.yaml", &none, &err), PAB_E_CONFIG);
    ck_assert_str_eq(err.message, "t.yaml: larger than 1 MiB");
    unlink(path);
    rmdir(dir);
}
END_TEST

START_TEST(a_file_that_cannot_be_read_is_named)
{
    struct pab_node *none = NULL;
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_node_load("/nonexistent/job.yaml", &none, &err), PAB_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.message, "'/nonexistent/job.yaml'"));
    ck_assert_int_eq(pab_node_load("/tmp", &none, &err), PAB_E_CONFIG);
    ck_assert_ptr_nonnull(strstr(err.message, "'/tmp'"));
}
END_TEST

UNIT_MAIN("node", builds_maps_lists_and_text_with_their_places, tells_nothing_from_text_that_looks_like_it, a_file_of_comments_is_nothing,
          accepts_line_ends_of_windows_and_a_byte_order_mark, accepts_one_document_with_its_markers,
          an_alias_is_a_copy_that_keeps_the_lines_of_its_anchor, syntax_errors_say_where_and_what,
          bytes_that_are_no_text_are_refused_with_their_place, columns_count_characters, a_small_file_that_expands_hugely_is_refused,
          depth_32_is_read_and_33_is_not, aliases_cannot_hide_depth, ten_thousand_nodes_are_read_and_one_more_is_not,
          one_mebibyte_is_read_and_one_byte_more_is_not, a_file_that_cannot_be_read_is_named)
