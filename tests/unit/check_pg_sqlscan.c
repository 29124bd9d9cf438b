/* check_pg_sqlscan.c - unit tests of plugins/postgres/sqlscan.c: every text is fed whole, byte by byte and in pieces
 * between, and must mean the same each time. */
#include <stdio.h>
#include <string.h>
#include "plugins/postgres/sqlscan.h"
#include "tests/unit/unit.h"

struct seen {
    struct pab_buf text, events;
    struct pg_scan *scan;
    int always_cut, drop_meta;
    int rc;
    struct pab_error err;
};

static int on_text(void *ctx, const char *p, size_t n, struct pab_error *err)
{
    (void)err;
    return pab_buf_add(&((struct seen *)ctx)->text, p, n);
}

static int on_meta(void *ctx, const char *line, int *ret_drop, struct pab_error *err)
{
    struct seen *s = ctx;
    (void)err;
    *ret_drop = s->drop_meta;
    return pab_buf_addf(&s->events, "meta[%s] ", line);
}

static int on_copy_begin(void *ctx, const char *statement, const char *table, struct pab_error *err)
{
    (void)err;
    return pab_buf_addf(&((struct seen *)ctx)->events, "copy[%s][%s] ", table, statement);
}

static int on_copy_end(void *ctx, const char *table, uint64_t rows, struct pab_error *err)
{
    (void)err;
    return pab_buf_addf(&((struct seen *)ctx)->events, "end[%s]=%llu ", table, (unsigned long long)rows);
}

static int on_cut(void *ctx, struct pab_error *err)
{
    struct seen *s = ctx;
    (void)err;
    return pab_buf_addf(&s->events, "cut@%zu ", s->text.size);
}

static const struct pg_scan_ops all_ops = { on_text, on_meta, on_copy_begin, on_copy_end, on_cut };

static void scan_in_pieces(struct seen *s, const char *sql, size_t n, size_t piece)
{
    struct pg_scan scan;
    pg_scan_init(&scan, &all_ops, s);
    scan.want_cut = s->always_cut;
    for (size_t i = 0; i < n && !s->rc; i += piece) {
        CLEANUP_FREE char *part = pab_memdup(sql + i, n - i < piece ? n - i : piece); /* of its own: reading too far is seen */
        s->rc = pg_scan_feed(&scan, part, n - i < piece ? n - i : piece, &s->err);
    }
    if (!s->rc) s->rc = pg_scan_finish(&scan, &s->err);
    pg_scan_release(&scan);
}

static void forget(struct seen *s)
{
    pab_buf_release(&s->text);
    pab_buf_release(&s->events);
}

/* The text without the setting that servers before 17 do not know, whatever the pieces. */
static void ck_left_out(const char *sql, const char *out, const char *events)
{
    static const size_t pieces[] = { 1, 2, 3, 7, 13, 64, SIZE_MAX };
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct seen s = { .rc = 0 };
        size_t n = strlen(sql), piece = pieces[i] < n ? pieces[i] : n;
        struct pg_scan scan;
        pg_scan_init(&scan, &all_ops, &s);
        scan.leave_out = PG_SCAN_NEW_TIMEOUT;
        for (size_t at = 0; at < n && !s.rc; at += piece) s.rc = pg_scan_feed(&scan, sql + at, n - at < piece ? n - at : piece, &s.err);
        if (!s.rc) s.rc = pg_scan_finish(&scan, &s.err);
        ck_assert_msg(s.rc == PAB_OK, "pieces of %zu: %s", pieces[i], s.err.message);
        ck_assert_str_eq(pab_buf_str(&s.text), out);
        ck_assert_str_eq(pab_buf_str(&s.events), events);
        pg_scan_release(&scan);
        forget(&s);
    }
}

START_TEST(a_setting_of_newer_servers_is_left_out_where_it_is_a_statement)
{
    ck_left_out("SET lock_timeout = 0;\nSET transaction_timeout = 0;\nSET row_security = off;\n", "SET lock_timeout = 0;\nSET row_security = off;\n", "");
    ck_left_out("SET transaction_timeout = 0;\nSET transaction_timeout = 0;\n", "", "");
    ck_left_out("SET transaction_timeout = 10;\nS;\nSET\n;\n", "SET transaction_timeout = 10;\nS;\nSET\n;\n", "");
    ck_left_out("SELECT '\nSET transaction_timeout = 0;\n';\n", "SELECT '\nSET transaction_timeout = 0;\n';\n", "");
    ck_left_out("SET \"a\nSET transaction_timeout = 0;\n\" = 1;\n", "SET \"a\nSET transaction_timeout = 0;\n\" = 1;\n", "");
    ck_left_out("COPY t (a) FROM stdin;\nSET transaction_timeout = 0;\n\\.\nSET transaction_timeout = 0;\nCOPY u (a) FROM stdin;\n\\.\n",
                "COPY t (a) FROM stdin;\nSET transaction_timeout = 0;\n\\.\nCOPY u (a) FROM stdin;\n\\.\n",
                "copy[t][COPY t (a) FROM stdin;] end[t]=1 copy[u][COPY u (a) FROM stdin;] end[u]=0 ");
}
END_TEST

/* The events of a text, the same whatever its pieces; the text passed on must be `out`. Caller frees. */
static char *events_with(const char *sql, const char *out, int cut, int drop)
{
    static const size_t pieces[] = { 1, 2, 3, 7, 64, SIZE_MAX };
    char *first = NULL;
    for (size_t i = 0; i < sizeof pieces / sizeof *pieces; i++) {
        struct seen s = { .always_cut = cut, .drop_meta = drop };
        scan_in_pieces(&s, sql, strlen(sql), pieces[i] < strlen(sql) ? pieces[i] : strlen(sql));
        ck_assert_msg(s.rc == PAB_OK, "pieces of %zu: %s", pieces[i], s.err.message);
        ck_assert_str_eq(pab_buf_str(&s.text), out);
        if (first) ck_assert_str_eq(pab_buf_str(&s.events), first);
        else first = pab_strdup(pab_buf_str(&s.events));
        forget(&s);
    }
    return first;
}

static char *events(const char *sql) { return events_with(sql, sql, 0, 0); }

static void fails_with(const char *sql, int code, const char *part)
{
    for (size_t piece = 1; piece <= strlen(sql); piece++) {
        struct seen s = { 0 };
        scan_in_pieces(&s, sql, strlen(sql), piece);
        ck_assert_int_eq(s.rc, code);
        ck_assert_msg(strstr(s.err.message, part) != NULL, "'%s' does not say '%s'", s.err.message, part);
        forget(&s);
    }
}

static void ck_events(const char *sql, const char *want)
{
    CLEANUP_FREE char *got = events(sql);
    ck_assert_str_eq(got, want);
}

START_TEST(counts_the_rows_of_a_copy)
{
    ck_events("COPY public.t (a, b) FROM stdin;\n1\tx\n2\ty\n\\.\n\n", "copy[public.t][COPY public.t (a, b) FROM stdin;] end[public.t]=2 ");
}
END_TEST

START_TEST(counts_no_rows_of_an_empty_table)
{
    ck_events("COPY public.t (a) FROM stdin;\n\\.\n", "copy[public.t][COPY public.t (a) FROM stdin;] end[public.t]=0 ");
}
END_TEST

START_TEST(a_row_may_begin_with_a_backslash)
{
    /* a null, an escaped backslash and what looks like the end but goes on */
    ck_events("COPY t (a) FROM stdin;\n\\N\n\\\\.\n\\.x\n\\N\t\\.\n\\.\n", "copy[t][COPY t (a) FROM stdin;] end[t]=4 ");
}
END_TEST

START_TEST(rows_of_empty_text_count)
{
    ck_events("COPY t (a) FROM stdin;\n\n\n\n\\.\n", "copy[t][COPY t (a) FROM stdin;] end[t]=3 ");
}
END_TEST

START_TEST(names_of_tables_stay_as_they_are_written)
{
    ck_events("COPY \"Odd; schema\".\"a\"\"b (\" (\"c;d\", e) FROM stdin;\n1\n\\.\n",
              "copy[\"Odd; schema\".\"a\"\"b (\"][COPY \"Odd; schema\".\"a\"\"b (\" (\"c;d\", e) FROM stdin;] end[\"Odd; schema\".\"a\"\"b (\"]=1 ");
}
END_TEST

START_TEST(a_name_may_hold_a_newline)
{
    ck_events("COPY \"a\nb\" (c) FROM stdin;\n1\n\\.\n", "copy[\"a\nb\"][COPY \"a\nb\" (c) FROM stdin;] end[\"a\nb\"]=1 ");
}
END_TEST

START_TEST(what_looks_like_copy_inside_quotes_is_no_copy)
{
    ck_events("COMMENT ON TABLE t IS '\nCOPY t (a) FROM stdin;\n\\.\n';\n", "");
    ck_events("CREATE FUNCTION f() AS $_$\nCOPY t (a) FROM stdin;\n$x$ $_\n$_$;\n", "");
    ck_events("CREATE FUNCTION f() AS $$\nCOPY t (a) FROM stdin;\n$$;\n", "");
    ck_events("SELECT E'\\'\nCOPY t (a) FROM stdin;\n''\n';\n", "");
    ck_events("/* /* nested */\nCOPY t (a) FROM stdin;\n*/\nSELECT 1;\n", "");
    ck_events("CREATE TABLE \"x\nCOPY t (a) FROM stdin;\n\" (a int);\n", "");
    ck_events("-- COPY t (a) FROM stdin;\n--\nSELECT 1;\n", "");
}
END_TEST

START_TEST(statements_that_only_begin_like_copy_are_none)
{
    ck_events("CREATE TABLE t (\n    a integer\n);\nCOMMENT ON TABLE t IS 'x';\nCOPYING;\n", "");
    ck_events("COPY t (a) FROM '/tmp/x';\n", "");
}
END_TEST

START_TEST(lines_of_psql_are_told_and_may_be_dropped)
{
    static const char sql[] = "\\restrict abc\nSELECT 1;\n\n\\unrestrict abc\n";
    CLEANUP_FREE char *kept = events_with(sql, sql, 0, 0);
    ck_assert_str_eq(kept, "meta[\\restrict abc] meta[\\unrestrict abc] ");
    CLEANUP_FREE char *dropped = events_with(sql, "SELECT 1;\n\n", 0, 1);
    ck_assert_str_eq(dropped, kept);
}
END_TEST

START_TEST(a_backslash_inside_a_statement_is_no_line_of_psql)
{
    ck_events("SELECT '\n\\x',\n1;\n", "");
}
END_TEST

START_TEST(cuts_lie_between_statements_only)
{
    static const char sql[] = "SELECT\n1;\nCOPY t (a) FROM stdin;\n1\n\\.\nSELECT ';\n';\n";
    CLEANUP_FREE char *got = events_with(sql, sql, 1, 0);
    ck_assert_str_eq(got, "cut@0 cut@10 copy[t][COPY t (a) FROM stdin;] end[t]=1 cut@38 ");
}
END_TEST

START_TEST(no_cut_inside_a_transaction)
{
    /* a large object is opened, filled and closed by one session in one transaction */
    static const char sql[] = "BEGIN;\nSELECT lo_open('1', 131072);\nSELECT lo_close(0);\nCOMMIT;\nSELECT 1;\n";
    CLEANUP_FREE char *got = events_with(sql, sql, 1, 0);
    ck_assert_str_eq(got, "cut@0 cut@64 ");
}
END_TEST

START_TEST(semicolons_in_parentheses_end_nothing)
{
    ck_events("CREATE RULE r AS ON INSERT TO t DO (SELECT 1;\nCOPY t (a) FROM stdin;\n);\n", "");
}
END_TEST

START_TEST(parameters_are_no_quotes)
{
    ck_events("PREPARE p AS SELECT $1, a$b$c, $2;\nCOPY t (a) FROM stdin;\n\\.\n", "copy[t][COPY t (a) FROM stdin;] end[t]=0 ");
}
END_TEST

START_TEST(says_where_rows_stop)
{
    fails_with("COPY t (a) FROM stdin;\n1\n2\n", PAB_E_CORRUPT, "the rows of table t have no end: they stop after 2");
    fails_with("COPY t (a) FROM stdin;\n1\n\\.", PAB_E_CORRUPT, "they stop after 1");
}
END_TEST

START_TEST(says_when_a_statement_has_no_end)
{
    fails_with("SELECT 1", PAB_E_CORRUPT, "in the middle of a statement");
    fails_with("SELECT 'x;\n", PAB_E_CORRUPT, "in the middle of a statement");
    fails_with("CREATE FUNCTION f() AS $$ begin\n", PAB_E_CORRUPT, "in the middle of a statement");
}
END_TEST

START_TEST(a_callback_ends_the_scan_with_its_code)
{
    static const char sql[] = "COPY t (a) FROM stdin;\n1\n\\.\n";
    struct seen s = { .text = PAB_BUF_INIT(10) }; /* too small: adding fails */
    scan_in_pieces(&s, sql, strlen(sql), 5);
    ck_assert_int_eq(s.rc, PAB_E_NOMEM);
    forget(&s);
}
END_TEST

START_TEST(the_length_of_names)
{
    ck_assert_uint_eq(pg_name_length("a.b (c)"), 3);
    ck_assert_uint_eq(pg_name_length("\"a b\".\"c\"\"d\" x"), 12);
    ck_assert_uint_eq(pg_name_length("\"open"), 5);
    ck_assert_uint_eq(pg_name_length(""), 0);
}
END_TEST

static void ck_renamed(const char *sql, const char *want)
{
    CLEANUP_FREE char *got = pg_rename_database(sql, "shop", "\"the new\"");
    ck_assert_str_eq(got, want);
}

START_TEST(a_database_is_renamed_where_it_is_named)
{
    ck_renamed("ALTER DATABASE shop SET search_path TO 'shop';", "ALTER DATABASE \"the new\" SET search_path TO 'shop';");
    ck_renamed("GRANT ALL ON DATABASE \"shop\" TO shop;", "GRANT ALL ON DATABASE \"the new\" TO shop;");
    ck_renamed("COMMENT ON DATABASE shop IS 'DATABASE shop';", "COMMENT ON DATABASE \"the new\" IS 'DATABASE shop';");
    ck_renamed("ALTER DATABASE shop2 OWNER TO shop;", "ALTER DATABASE shop2 OWNER TO shop;");
}
END_TEST

UNIT_MAIN("pg_sqlscan", counts_the_rows_of_a_copy, counts_no_rows_of_an_empty_table, a_row_may_begin_with_a_backslash, rows_of_empty_text_count,
          names_of_tables_stay_as_they_are_written, a_name_may_hold_a_newline, what_looks_like_copy_inside_quotes_is_no_copy,
          statements_that_only_begin_like_copy_are_none, lines_of_psql_are_told_and_may_be_dropped, a_backslash_inside_a_statement_is_no_line_of_psql,
          cuts_lie_between_statements_only, no_cut_inside_a_transaction, semicolons_in_parentheses_end_nothing, parameters_are_no_quotes,
          says_where_rows_stop, says_when_a_statement_has_no_end, a_callback_ends_the_scan_with_its_code, the_length_of_names,
          a_database_is_renamed_where_it_is_named, a_setting_of_newer_servers_is_left_out_where_it_is_a_statement)
