/* check_pg_split.c - unit tests of plugins/postgres/split.c: nothing is lost, nothing twice, and only what outweighs its
 * share is cut. */
#include <string.h>
#include "plugins/postgres/dump.h"
#include "tests/unit/unit.h"

#define MB (UINT64_C(1) << 20)

struct plan {
    struct pg_table items[8];
    struct pg_tables tables;
    struct pg_pieces pieces;
};

static void add(struct plan *p, uint64_t bytes, uint64_t pages)
{
    p->items[p->tables.count] = (struct pg_table){ .bytes = bytes, .pages = pages };
    p->tables.items = p->items;
    p->tables.count++;
}

static size_t parts_of(const struct plan *p, size_t table)
{
    size_t n = 0;
    for (size_t i = 0; i < p->pieces.count; i++) n += p->pieces.items[i].table == &p->items[table];
    return n;
}

/* The pieces of a table follow one another from its first page to the end. */
static void ck_whole(const struct plan *p, size_t table)
{
    uint64_t at = 0;
    size_t parts = parts_of(p, table);
    for (size_t done = 0; done < parts; done++) {
        const struct pg_piece *next = NULL;
        for (size_t i = 0; i < p->pieces.count; i++) {
            if (p->pieces.items[i].table == &p->items[table] && p->pieces.items[i].from == at) next = &p->pieces.items[i];
        }
        ck_assert_msg(next != NULL, "no piece of table %zu begins at page %llu", table, (unsigned long long)at);
        ck_assert_msg((next->to == 0) == (done + 1 == parts), "only the last piece has no end");
        ck_assert_msg(next->to == 0 || next->to > at, "a piece without pages");
        at = next->to;
    }
    ck_assert_uint_eq(at, 0);
}

START_TEST(small_tables_stay_whole)
{
    struct plan p = { 0 };
    for (int i = 0; i < 4; i++) add(&p, 20 * MB, 2560);
    pg_split(&p.tables, 3, 1, &p.pieces);
    ck_assert_uint_eq(p.pieces.count, 4);
    for (size_t i = 0; i < 4; i++) ck_whole(&p, i);
    free(p.pieces.items);
}
END_TEST

START_TEST(a_table_that_outweighs_its_share_is_cut)
{
    struct plan p = { 0 };
    add(&p, 1600 * MB, 204800);
    add(&p, 400 * MB, 51200);
    pg_split(&p.tables, 3, 1, &p.pieces);
    ck_assert_uint_eq(parts_of(&p, 0), 2);
    ck_assert_uint_eq(parts_of(&p, 1), 1);
    ck_whole(&p, 0);
    ck_whole(&p, 1);
    free(p.pieces.items);
}
END_TEST

START_TEST(one_huge_table_is_cut_for_all_lanes)
{
    struct plan p = { 0 };
    add(&p, 900 * MB, 1000003);
    pg_split(&p.tables, 8, 1, &p.pieces);
    ck_assert_uint_ge(parts_of(&p, 0), 7);
    ck_assert_uint_le(parts_of(&p, 0), 8);
    ck_whole(&p, 0);
    free(p.pieces.items);
}
END_TEST

START_TEST(a_server_without_tid_ranges_gets_whole_tables)
{
    struct plan p = { 0 };
    add(&p, 1600 * MB, 204800);
    pg_split(&p.tables, 3, 0, &p.pieces);
    ck_assert_uint_eq(p.pieces.count, 1);
    ck_assert_uint_eq(p.pieces.items[0].from + p.pieces.items[0].to, 0);
    free(p.pieces.items);
}
END_TEST

START_TEST(one_lane_cuts_nothing)
{
    struct plan p = { 0 };
    add(&p, 1600 * MB, 204800);
    add(&p, 1 * MB, 128);
    pg_split(&p.tables, 1, 1, &p.pieces);
    ck_assert_uint_eq(p.pieces.count, 2);
    free(p.pieces.items);
}
END_TEST

START_TEST(no_more_pieces_than_pages)
{
    struct plan p = { 0 };
    add(&p, 3000 * MB, 1); /* one page of pointers to TOAST */
    add(&p, 3000 * MB, 0);
    pg_split(&p.tables, 8, 1, &p.pieces);
    ck_assert_uint_eq(p.pieces.count, 2);
    ck_whole(&p, 0);
    ck_whole(&p, 1);
    free(p.pieces.items);
}
END_TEST

START_TEST(the_longest_come_first)
{
    struct plan p = { 0 };
    add(&p, 10 * MB, 1280);
    add(&p, 700 * MB, 89600);
    add(&p, 90 * MB, 11520);
    pg_split(&p.tables, 4, 1, &p.pieces);
    for (size_t i = 1; i < p.pieces.count; i++) ck_assert_uint_ge(p.pieces.items[i - 1].bytes, p.pieces.items[i].bytes);
    free(p.pieces.items);
}
END_TEST

START_TEST(no_tables_no_pieces)
{
    struct plan p = { 0 };
    pg_split(&p.tables, 4, 1, &p.pieces);
    ck_assert_uint_eq(p.pieces.count, 0);
}
END_TEST

START_TEST(patterns_name_exactly_the_tables)
{
    char public[] = "public", t[] = "t", odd[] = "a\"b|(c)*", other[] = "Other";
    struct pg_table items[] = { { .schema = public, .name = t }, { .schema = other, .name = t }, { .schema = public, .name = odd } };
    struct pg_tables tables = { .items = items, .count = 3 };
    struct pab_strs got = { 0 };
    pg_exclude_patterns(&tables, &got);
    ck_assert_uint_eq(got.count, 2);
    ck_assert_str_eq(got.items[0], "--exclude-table-data=\"public\".(\"t\"|\"a\"\"b|(c)*\")");
    ck_assert_str_eq(got.items[1], "--exclude-table-data=\"Other\".(\"t\")");
    pab_strs_release(&got);
}
END_TEST

UNIT_MAIN("pg_split", small_tables_stay_whole, a_table_that_outweighs_its_share_is_cut, one_huge_table_is_cut_for_all_lanes,
          a_server_without_tid_ranges_gets_whole_tables, one_lane_cuts_nothing, no_more_pieces_than_pages, the_longest_come_first,
          no_tables_no_pieces, patterns_name_exactly_the_tables)
