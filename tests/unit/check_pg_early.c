/* check_pg_early.c - unit tests of plugins/postgres/early.c: which table an index is for, and which indexes need no other
 * table's rows. */
#include <string.h>
#include "plugins/postgres/back.h"
#include "tests/unit/unit.h"

static void ck_table(const char *statement, int kind, const char *table)
{
    const char *p = NULL;
    size_t n = 0;
    ck_assert_int_eq(pg_index_table(statement, &p, &n), kind);
    if (kind < 0) return;
    CLEANUP_FREE char *got = pab_strndup(p, n);
    ck_assert_str_eq(got, table);
}

START_TEST(statements_name_their_table)
{
    ck_table("CREATE INDEX i ON public.t USING btree (a);\n", 0, "public.t");
    ck_table("CREATE UNIQUE INDEX \"od\"\"d ON x\" ON ONLY \"my schema\".\"t (a)\" USING btree (a);\n", 0, "\"my schema\".\"t (a)\"");
    ck_table("ALTER TABLE ONLY public.t\n    ADD CONSTRAINT t_pkey PRIMARY KEY (a);\n", 1, "public.t");
    ck_table("ALTER TABLE public.\"T\"\n    ADD CONSTRAINT u UNIQUE (a);\n", 1, "public.\"T\"");
}
END_TEST

START_TEST(other_statements_name_none)
{
    ck_table("SET default_tablespace = '';\n", -1, NULL);
    ck_table("ALTER TABLE public.t CLUSTER ON t_pkey;\n", -1, NULL);
    ck_table("ALTER INDEX public.i ALTER COLUMN 1 SET STATISTICS 10;\n", -1, NULL);
    ck_table("CREATE INDEX", -1, NULL);
    ck_table("", -1, NULL);
}
END_TEST

START_TEST(columns_alone_are_plain)
{
    ck_assert_int_eq(pg_index_is_plain("CREATE INDEX i ON public.t USING btree (a, b DESC NULLS LAST) INCLUDE (c) WITH (fillfactor='70');\n"), 1);
    ck_assert_int_eq(pg_index_is_plain("CREATE INDEX i ON public.\"t (f(a)) WHERE \"\"b\" USING hnsw (\"v(\" public.vector_l2_ops);\n"), 1);
    ck_assert_int_eq(pg_index_is_plain("ALTER TABLE ONLY public.t\n    ADD CONSTRAINT k PRIMARY KEY (a);\n"), 1);
}
END_TEST

START_TEST(what_may_call_a_function_is_not)
{
    ck_assert_int_eq(pg_index_is_plain("CREATE INDEX i ON public.t USING btree (public.f(a));\n"), 0);
    ck_assert_int_eq(pg_index_is_plain("CREATE INDEX i ON public.t USING btree (a) WHERE public.f;\n"), 0);
    ck_assert_int_eq(pg_index_is_plain("CREATE INDEX i ON public.t USING btree (((a)::text));\n"), 0);
    ck_assert_int_eq(pg_index_is_plain("ALTER TABLE ONLY public.t\n    ADD CONSTRAINT x EXCLUDE USING gist (a WITH =) WHERE ((b > 0));\n"), 0);
    ck_assert_int_eq(pg_index_is_plain("CREATE INDEX \"never ended"), 0);
}
END_TEST

UNIT_MAIN("pg_early", statements_name_their_table, other_statements_name_none, columns_alone_are_plain, what_may_call_a_function_is_not)
