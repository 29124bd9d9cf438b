/* check_trial.c - which object of a target a trial takes. */
#include <string.h>
#include "core/engine/trial.h"
#include "tests/unit/unit.h"

static struct pab_picks picks;

static void offer(const char *target, const char *object, uint64_t size, const char *count)
{
    const struct pab_kv attrs[] = { { "owner", "9" }, { "count", count } };
    pab_picks_offer(&picks, &(struct pab_event){ .type = PAB_EV_OBJECT, .target = target, .object = object, .size = size, .attrs = attrs, .attr_count = count ? 2 : 1 });
}

static void takes(const char *target, const char *object)
{
    ck_assert_str_eq(pab_pick_of(&picks, target)->object, object);
}

static void end(void) { pab_picks_release(&picks); }

START_TEST(the_smallest_object_is_taken)
{
    offer("db", "letta", 9000, NULL);
    offer("db", "n8n", 70, NULL);
    offer("db", "postgres", 800, NULL);
    takes("db", "n8n");
    end();
}
END_TEST

START_TEST(an_empty_object_is_taken_only_when_there_is_no_other)
{
    offer("db", "empty", 0, NULL);
    takes("db", "empty");
    offer("db", "full", 1 << 30, NULL);
    takes("db", "full");
    offer("n8n", "tags", PAB_SIZE_UNKNOWN, "0");
    offer("n8n", "workflows", PAB_SIZE_UNKNOWN, "12");
    takes("n8n", "workflows");
    end();
}
END_TEST

START_TEST(where_no_size_is_told_the_count_decides_and_a_single_thing_counts_as_one)
{
    offer("n8n", "workflows", PAB_SIZE_UNKNOWN, "12");
    offer("n8n", "tags", PAB_SIZE_UNKNOWN, "3");
    takes("n8n", "tags");
    offer("letta", "tools", PAB_SIZE_UNKNOWN, "40");
    offer("letta", "agent:mira", PAB_SIZE_UNKNOWN, NULL);
    takes("letta", "agent:mira");
    end();
}
END_TEST

START_TEST(of_equals_the_first_is_taken)
{
    offer("vols", "a", PAB_SIZE_UNKNOWN, NULL);
    offer("vols", "b", PAB_SIZE_UNKNOWN, NULL);
    takes("vols", "a");
    end();
}
END_TEST

START_TEST(each_target_has_its_own)
{
    offer("one", "a", 5, NULL);
    offer("two", "b", 3, NULL);
    offer("one", "c", 4, NULL);
    takes("one", "c");
    takes("two", "b");
    end();
}
END_TEST

START_TEST(a_target_without_objects_has_none_and_says_so)
{
    offer("one", "a", 5, NULL);
    ck_assert_ptr_null(pab_pick_of(&picks, "two")->object);
    ck_assert_str_eq(pab_pick_of(&picks, "two")->why, "it holds nothing that could be tried");
    end();
}
END_TEST

UNIT_MAIN("trial", the_smallest_object_is_taken, an_empty_object_is_taken_only_when_there_is_no_other,
          where_no_size_is_told_the_count_decides_and_a_single_thing_counts_as_one, of_equals_the_first_is_taken,
          each_target_has_its_own, a_target_without_objects_has_none_and_says_so)
