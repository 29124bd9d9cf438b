/* check_abi.c - the plugin interface as a compiled plugin sees it: sizes, places and values never change. */
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include "core/plug/load.h"
#include "core/plug/op.h"
#include "tests/unit/unit.h"

#ifndef __LP64__
#error "layout.h is that of LP64"
#endif

enum kind { A_STRUCT, A_MEMBER };
struct line {
    enum kind kind;
    const char *structure, *member;
    size_t offset, size;         /* as frozen */
    size_t offset_now, size_now;
};

#define STRUCT(s, z) { A_STRUCT, #s, NULL, 0, z, 0, sizeof(struct s) },
#define MEMBER(s, m, o, z) { A_MEMBER, #s, #m, o, z, offsetof(struct s, m), sizeof(((struct s *)0)->m) },
#define VALUE(n, v)
static const struct line layout_1_0[] = {
#include "tests/abi/v1.0/layout.h"
};
static const struct line layout_1_1[] = {
#include "tests/abi/v1.1/layout.h"
};
static const struct line layout_1_2[] = {
#include "tests/abi/v1.2/layout.h"
};
#undef STRUCT
#undef MEMBER
#undef VALUE

struct value { const char *name; long long then, now; };
#define STRUCT(s, z)
#define MEMBER(s, m, o, z)
#define VALUE(n, v) { #n, v, (long long)n },
static const struct value values_1_0[] = {
#include "tests/abi/v1.0/layout.h"
};
static const struct value values_1_1[] = {
#include "tests/abi/v1.1/layout.h"
};
static const struct value values_1_2[] = {
#include "tests/abi/v1.2/layout.h"
};

#define COUNT(a) (sizeof(a) / sizeof *(a))

/* Each version that was ever frozen; a test runs once for each. */
static const struct version { const struct line *layout, *end; const struct value *values; size_t value_count; } versions[] = {
    { layout_1_0, layout_1_0 + COUNT(layout_1_0), values_1_0, COUNT(values_1_0) },
    { layout_1_1, layout_1_1 + COUNT(layout_1_1), values_1_1, COUNT(values_1_1) },
    { layout_1_2, layout_1_2 + COUNT(layout_1_2), values_1_2, COUNT(values_1_2) },
};
#define EACH_VERSION(v) for (const struct version *v = versions; v < versions + COUNT(versions); v++)

/* Arrays of these are walked with the size that the reader knows: they have none of their own. */
static int is_rigid(const char *structure)
{
    return strcmp(structure, "pab_op") == 0 || strcmp(structure, "pab_kv") == 0 || strcmp(structure, "pab_xattr") == 0 ||
           strcmp(structure, "pab_extent") == 0;
}

START_TEST(every_field_of_each_version_is_where_it_was)
{
    EACH_VERSION(v) for (const struct line *l = v->layout; l < v->end; l++) {
        if (l->kind != A_MEMBER) continue;
        ck_assert_msg(l->offset == l->offset_now, "%s.%s was at %zu and is at %zu", l->structure, l->member, l->offset, l->offset_now);
        ck_assert_msg(l->size == l->size_now, "%s.%s had %zu bytes and has %zu", l->structure, l->member, l->size, l->size_now);
    }
}
END_TEST

START_TEST(structs_grow_at_most_and_rigid_ones_do_not)
{
    EACH_VERSION(v) for (const struct line *l = v->layout; l < v->end; l++) {
        if (l->kind != A_STRUCT) continue;
        ck_assert_msg(l->size_now >= l->size, "%s had %zu bytes and has %zu", l->structure, l->size, l->size_now);
        if (is_rigid(l->structure)) ck_assert_msg(l->size_now == l->size, "%s must keep its %zu bytes, it has %zu", l->structure, l->size, l->size_now);
    }
}
END_TEST

START_TEST(no_struct_has_holes_that_a_later_field_could_fall_into)
{
    size_t end = 0;
    EACH_VERSION(v) for (const struct line *l = v->layout; l < v->end; l++) {
        if (l->kind == A_STRUCT) {
            size_t n = l->size, used = 0;
            for (const struct line *m = l + 1; m < v->end && m->kind == A_MEMBER; m++) used += m->size;
            ck_assert_msg(used == n, "%s has %zu bytes, its fields %zu", l->structure, n, used);
            end = 0;
        } else {
            ck_assert_msg(l->offset == end, "a hole before %s.%s", l->structure, l->member);
            end = l->offset + l->size;
        }
    }
}
END_TEST

START_TEST(structs_that_can_grow_begin_with_their_size)
{
    EACH_VERSION(v) for (const struct line *l = v->layout; l + 1 < v->end; l++) {
        if (l->kind != A_STRUCT || is_rigid(l->structure)) continue;
        if (strcmp(l->structure, "pab_option") == 0 || strcmp(l->structure, "pab_plugin") == 0) continue; /* option_stride; the fifth field */
        ck_assert_str_eq(l[1].member, "struct_size");
        ck_assert_uint_eq(l[1].offset, 0);
        ck_assert_uint_eq(l[1].size, 4);
    }
}
END_TEST

START_TEST(every_value_of_each_version_means_the_same)
{
    EACH_VERSION(v) for (const struct value *i = v->values; i < v->values + v->value_count; i++)
        ck_assert_msg(i->then == i->now, "%s was %lld and is %lld", i->name, i->then, i->now);
}
END_TEST

START_TEST(the_head_of_a_plugin_lies_where_every_major_version_looks_for_it)
{
    ck_assert_uint_eq(offsetof(struct pab_plugin, magic), 0);
    ck_assert_uint_eq(offsetof(struct pab_plugin, abi_major), 4);
    ck_assert_uint_eq(offsetof(struct pab_plugin, abi_minor), 8);
    ck_assert_uint_eq(offsetof(struct pab_plugin, needs_minor), 12);
    ck_assert_uint_eq(offsetof(struct pab_plugin, struct_size), 16);
}
END_TEST

START_TEST(the_host_has_every_function_of_its_table)
{
    const struct pab_host *host = pab_host_table();
    ck_assert_uint_eq(host->struct_size, sizeof *host);
    ck_assert_uint_eq(host->abi_major, PAB_ABI_MAJOR);
    ck_assert_uint_eq(host->abi_minor, PAB_ABI_MINOR);
    EACH_VERSION(v) for (const struct line *l = v->layout; l < v->end; l++) {
        if (l->kind != A_MEMBER || strcmp(l->structure, "pab_host") != 0 || l->size != sizeof(void *)) continue;
        void *entry;
        memcpy(&entry, (const char *)host + l->offset, sizeof entry);
        ck_assert_msg(entry != NULL, "the host has no %s", l->member);
    }
}
END_TEST

START_TEST(has_tells_functions_of_an_older_host_from_those_of_this_one)
{
    struct pab_host old = *pab_host_table();
    ck_assert(PAB_HOST_HAS(&old, scratch_dir));
    old.struct_size = offsetof(struct pab_host, scratch_dir);
    ck_assert(!PAB_HOST_HAS(&old, scratch_dir));
    ck_assert(PAB_HOST_HAS(&old, journal_done));
}
END_TEST

START_TEST(a_plugin_compiled_against_the_header_of_1_0_loads)
{
    struct pab_error err = { 0 };
    const struct pab_loaded *l = NULL;
    struct pab_plugs *plugs = pab_plugs_new(TEST_BUILDDIR "/tests/plugins/.libs", pab_host_table());
    ck_assert_msg(pab_plugs_get(plugs, "frozen-1-0", &l, &err) == PAB_OK, "%s", err.message);
    ck_assert_uint_eq(l->p.abi_minor, 0);
    ck_assert_ptr_nonnull(l->p.backup);
    pab_plugs_free(plugs);
}
END_TEST

UNIT_MAIN("abi", every_field_of_each_version_is_where_it_was, structs_grow_at_most_and_rigid_ones_do_not,
          no_struct_has_holes_that_a_later_field_could_fall_into, structs_that_can_grow_begin_with_their_size,
          every_value_of_each_version_means_the_same, the_head_of_a_plugin_lies_where_every_major_version_looks_for_it,
          the_host_has_every_function_of_its_table, has_tells_functions_of_an_older_host_from_those_of_this_one,
          a_plugin_compiled_against_the_header_of_1_0_loads)
