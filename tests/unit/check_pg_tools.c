/* check_pg_tools.c - unit tests of plugins/postgres/pgtools.c: which pg_dump is taken for which server. */
#include <string.h>
#include "plugins/postgres/pg.h"
#include "tests/unit/unit.h"

static struct pg_tools tools;
static struct pab_error err;

static void setup(void)
{
    memset(&tools, 0, sizeof tools);
    pab_error_clear(&err);
    pg_tools_add(&tools, "/pg/17", "pg_dump (PostgreSQL) 17.2\n", "  --restrict-key=RESTRICT_KEY\n");
    pg_tools_add(&tools, "/pg/15", "pg_dump (PostgreSQL) 15.20 (Debian 15.20-0+deb12u1)\n", "no such option");
    pg_tools_add(&tools, NULL, "pg_dump (PostgreSQL) 16.4\n", "");
}

/* The major chosen for a server; 0: none. */
static int chosen(int server)
{
    struct pg_tool *t = NULL;
    return pg_tools_choose(&tools, server, &t, &err) ? 0 : t->major;
}

START_TEST(the_same_major_is_taken)
{
    setup();
    ck_assert_int_eq(chosen(15), 15);
    ck_assert_int_eq(chosen(16), 16);
    ck_assert_int_eq(chosen(17), 17);
    pg_tools_release(&tools);
}
END_TEST

START_TEST(else_the_next_higher_one)
{
    setup();
    ck_assert_int_eq(chosen(12), 15);
    ck_assert_int_eq(chosen(906), 15); /* 9.6, which all of them still read */
    pg_tools_release(&tools);
}
END_TEST

START_TEST(else_an_error_lists_what_was_found)
{
    setup();
    ck_assert_int_eq(chosen(18), 0);
    ck_assert_int_eq(err.code, PAB_E_TOOL);
    ck_assert_ptr_nonnull(strstr(err.message, "no pg_dump of PostgreSQL 18 or newer"));
    ck_assert_ptr_nonnull(strstr(err.message, "17.2, 15.20, 16.4"));
    ck_assert_ptr_nonnull(strstr(err.hint, "postgresql-client-18"));
    pg_tools_release(&tools);
    pab_error_clear(&err);
    ck_assert_int_eq(chosen(15), 0);
    ck_assert_ptr_nonnull(strstr(err.message, "found: none"));
}
END_TEST

START_TEST(the_first_of_a_major_stays)
{
    setup();
    pg_tools_add(&tools, "/elsewhere", "pg_dump (PostgreSQL) 15.3\n", "");
    ck_assert_uint_eq(tools.count, 3);
    ck_assert_str_eq(tools.items[1].dir, "/pg/15");
    ck_assert_str_eq(tools.items[1].version, "15.20");
    pg_tools_release(&tools);
}
END_TEST

START_TEST(what_the_programs_say_of_themselves_is_kept)
{
    setup();
    ck_assert_int_eq(tools.items[0].restrict_key, 1);
    ck_assert_int_eq(tools.items[1].restrict_key, 0);
    ck_assert_ptr_null(tools.items[2].dir);
    pg_tools_release(&tools);
}
END_TEST

START_TEST(what_is_no_pg_dump_is_none)
{
    memset(&tools, 0, sizeof tools);
    pg_tools_add(&tools, "/x", "something else 15.1\n", "");
    pg_tools_add(&tools, "/x", "", "");
    pg_tools_add(&tools, "/x", "pg_dump (PostgreSQL) devel\n", "");
    ck_assert_uint_eq(tools.count, 0);
    pg_tools_add(&tools, "/x", "pg_dump (PostgreSQL) 18beta1\n", "");
    pg_tools_add(&tools, "/y", "pg_dump (PostgreSQL) 9.6.24\n", "");
    ck_assert_int_eq(tools.items[0].major, 18);
    ck_assert_int_eq(tools.items[1].major, 906);
    pg_tools_release(&tools);
}
END_TEST

UNIT_MAIN("pg_tools", the_same_major_is_taken, else_the_next_higher_one, else_an_error_lists_what_was_found, the_first_of_a_major_stays,
          what_the_programs_say_of_themselves_is_kept, what_is_no_pg_dump_is_none)
