/* check_status.c - how a job stands, from a list of backups. */
#include <string.h>
#include "core/base/str.h"
#include "core/engine/status.h"
#include "tests/unit/unit.h"

#define HOUR_NS (3600 * 1000000000LL)
#define NOW (1705838400LL * 1000000000LL)

static struct { struct pab_backup_list list; struct pab_status st; } it;
static char db[] = "db", postgres[] = "postgres", files[] = "files";
static struct pab_job_target targets[] = { { .name = db, .plugin = postgres, .enabled = 1 }, { .name = files, .plugin = files, .enabled = 1 } };

/* One more, older than those before: how its two targets went; "" for one that is not in it. */
static struct pab_backup_info *add(const char *job, int hours, const char *kind, const char *first, const char *second)
{
    const char *const went[] = { first, second };
    struct pab_backup_info b = { .name = pab_sprintf("b%zu", it.list.count), .readable = 1 };
    struct pab_manifest *m = &b.manifest;
    int complete = 1;
    pab_manifest_init(m);
    m->name = pab_strdup(b.name);
    m->job = pab_strdup(job);
    m->kind = pab_strdup(kind);
    m->started_ns = NOW - hours * HOUR_NS;
    m->finished_ns = m->started_ns + 5000000000LL;
    m->totals.size = 1000 + it.list.count;
    for (size_t i = 0; i < 2; i++) {
        struct pab_mf_target t = { .name = pab_strdup(targets[i].name), .plugin = pab_strdup(targets[i].plugin) };
        t.status = !strcmp(went[i], "failed") ? PAB_MF_FAILED : !strcmp(went[i], "skipped") ? PAB_MF_SKIPPED : !strcmp(went[i], "warning") ? PAB_MF_WARNING : PAB_MF_OK;
        if (t.status == PAB_MF_FAILED) {
            pab_error_set(&t.error, PAB_E_UNREACHABLE, 0, "nobody answers");
            complete = 0;
        }
        if (*went[i]) {
            PAB_PUSH(&m->targets, t);
        } else {
            free(t.name);
            free(t.plugin);
        }
    }
    m->status = pab_strdup(complete ? "complete" : "partial");
    PAB_PUSH(&it.list, b);
    return &it.list.items[it.list.count - 1];
}

static void judge(int rpo_hours)
{
    pab_status_of(&it.list, &(struct pab_status_job){ .name = "nightly", .targets = targets, .target_count = 2, .rpo_ms = rpo_hours * 3600000LL }, NOW, &it.st);
}

static void end(void)
{
    pab_status_release(&it.st);
    pab_backup_list_release(&it.list);
    memset(&it, 0, sizeof it);
}

START_TEST(without_a_backup_everything_is_late_and_incomplete)
{
    judge(24);
    ck_assert_int_eq(it.st.late, 1);
    ck_assert_int_eq(it.st.incomplete, 1);
    ck_assert_ptr_null(it.st.newest);
    ck_assert_uint_eq(it.st.count, 2);
    ck_assert_int_eq(it.st.targets[0].late, 1);
    end();
}
END_TEST

START_TEST(a_young_complete_backup_is_in_time)
{
    add("nightly", 3, "full", "ok", "warning");
    judge(24);
    ck_assert_int_eq(it.st.late, 0);
    ck_assert_int_eq(it.st.incomplete, 0);
    ck_assert_str_eq(it.st.complete, "b0");
    ck_assert_str_eq(it.st.targets[1].good, "b0");
    ck_assert_ptr_null(it.st.targets[1].problem);
    ck_assert_int_eq(it.st.newest_ms, 5000);
    end();
}
END_TEST

START_TEST(a_target_that_failed_last_shows_its_last_good_backup_and_why)
{
    add("nightly", 1, "full", "failed", "ok");
    add("nightly", 25, "full", "ok", "ok");
    judge(24);
    ck_assert_str_eq(it.st.targets[0].good, "b1");
    ck_assert_str_eq(it.st.targets[0].problem, "'b0': nobody answers");
    ck_assert_int_eq(it.st.targets[0].late, 1);
    ck_assert_int_eq(it.st.targets[1].late, 0);
    ck_assert_int_eq(it.st.incomplete, 1);
    ck_assert_str_eq(it.st.newest, "b0");
    ck_assert_str_eq(it.st.complete, "b1");
    end();
}
END_TEST

START_TEST(a_target_that_was_left_out_is_as_old_as_the_backup_that_has_it)
{
    add("nightly", 1, "full", "skipped", "ok");
    add("nightly", 2, "full", "", "ok");
    add("nightly", 30, "full", "ok", "ok");
    judge(24);
    ck_assert_str_eq(it.st.targets[0].good, "b2");
    ck_assert_str_eq(it.st.targets[0].problem, "'b0' was told to leave it out");
    ck_assert_int_eq(it.st.late, 1);
    ck_assert_int_eq(it.st.incomplete, 0);
    end();
}
END_TEST

START_TEST(warnings_of_the_newest_backup_that_tried_a_target_are_shown)
{
    char text[] = "warning 0";
    add("nightly", 1, "full", "ok", "skipped");
    struct pab_backup_info *b = add("nightly", 2, "full", "warning", "warning");
    pab_strs_add(&b->manifest.targets.items[0].warnings, "an old one");
    for (; text[8] < '7'; text[8]++) pab_strs_add(&b->manifest.targets.items[1].warnings, text);
    judge(24);
    ck_assert_uint_eq(it.st.targets[0].warning_count, 0); /* the one since has none */
    ck_assert_str_eq(it.st.targets[1].tried, "b1");
    ck_assert_uint_eq(it.st.targets[1].warning_count, 7);
    ck_assert_uint_eq(it.st.targets[1].warnings.count, PAB_STATUS_WARNINGS);
    ck_assert_str_eq(it.st.targets[1].warnings.items[4], "warning 4");
    ck_assert_int_eq(it.st.warned, 1);
    ck_assert_int_eq(it.st.incomplete || it.st.late, 0);
    ck_assert_int_eq(pab_status_exit(&it.st), PAB_EXIT_INCOMPLETE);
    end();
}
END_TEST

static void continues(struct pab_backup_info *child, const char *parent, const char *id)
{
    child->manifest.parent = pab_strdup(parent);
    memcpy(child->manifest.parent_id, id, strlen(id) + 1);
}

START_TEST(a_backup_whose_parent_is_gone_is_not_good)
{
    for (size_t i = 0; i < 4; i++) add("nightly", 1 + (int)i, i < 3 ? "incremental" : "full", "ok", "ok");
    struct pab_backup_info *b = it.list.items; /* b0, b1, b2 continue each the next one, which is b3 */
    for (size_t i = 0; i < 3; i++) continues(&b[i], b[i + 1].name, b[i + 1].manifest.id);
    judge(24);
    ck_assert_str_eq(it.st.targets[0].good, "b0");
    ck_assert_int_eq(it.st.incomplete, 0);
    pab_status_release(&it.st);
    b[2].manifest.parent[1] = '9'; /* there is no b9 */
    judge(24);
    ck_assert_str_eq(it.st.targets[0].good, "b3");
    ck_assert_str_eq(it.st.targets[0].problem, "'b0': its parent is missing");
    ck_assert_str_eq(it.st.complete, "b3");
    ck_assert_str_eq(it.st.newest, "b0");
    ck_assert_int_eq(it.st.incomplete, 1);
    pab_status_release(&it.st);
    b[2].manifest.parent[1] = '3';
    b[1].manifest.parent_id[0] ^= 1; /* another b2 */
    judge(24);
    ck_assert_str_eq(it.st.targets[0].good, "b2");
    ck_assert_str_eq(it.st.targets[0].problem, "'b0': its parent is another one of that name");
    pab_status_release(&it.st);
    b[3].readable = 0;
    judge(24);
    ck_assert_ptr_null(it.st.targets[0].good);
    ck_assert_int_eq(it.st.late, 1);
    b[3].readable = 1;
    end();
}
END_TEST

START_TEST(chains_are_followed_to_their_end)
{
    for (int i = 0; i < 300; i++) add("nightly", 1 + i, "incremental", "ok", "ok");
    struct pab_backup_info *b = it.list.items;
    for (size_t i = 0; i + 1 < 300; i++) continues(&b[i], b[i + 1].name, b[i + 1].manifest.id);
    const char **flaws = pab_backup_list_flaws(&it.list);
    for (size_t i = 0; i < 300; i++) ck_assert_ptr_null(flaws[i]);
    free(flaws);
    continues(&b[299], "b100", b[100].manifest.id); /* nonsense ends, too */
    flaws = pab_backup_list_flaws(&it.list);
    for (size_t i = 0; i < 300; i++) ck_assert_str_eq(flaws[i], "it continues itself");
    free(flaws);
    end();
}
END_TEST

START_TEST(without_an_rpo_age_is_not_judged)
{
    add("nightly", 100000, "full", "ok", "ok");
    judge(0);
    ck_assert_int_eq(it.st.late, 0);
    end();
}
END_TEST

START_TEST(backups_of_other_jobs_and_unreadable_ones_do_not_count)
{
    add("weekly", 1, "full", "ok", "ok");
    add("nightly", 2, "full", "ok", "ok")->readable = 0;
    judge(24);
    ck_assert_uint_eq(it.st.backups, 0);
    ck_assert_uint_eq(it.st.unreadable, 1);
    ck_assert_int_eq(it.st.late, 1);
    end();
}
END_TEST

START_TEST(sizes_are_those_of_the_latest_ten_full_complete_backups_oldest_first)
{
    add("nightly", 1, "incremental", "ok", "ok");
    add("nightly", 2, "full", "failed", "ok");
    for (int i = 0; i < 12; i++) add("nightly", 3 + i, "full", "ok", "ok");
    judge(0);
    ck_assert_uint_eq(it.st.size_count, 10);
    ck_assert_uint_eq(it.st.sizes[9], 1002);
    ck_assert_uint_eq(it.st.sizes[0], 1011);
    end();
}
END_TEST

START_TEST(a_target_that_is_switched_off_is_not_asked_for)
{
    targets[0].enabled = 0;
    add("nightly", 1, "full", "", "ok");
    judge(24);
    targets[0].enabled = 1;
    ck_assert_uint_eq(it.st.count, 1);
    ck_assert_int_eq(it.st.late, 0);
    end();
}
END_TEST

UNIT_MAIN("status", without_a_backup_everything_is_late_and_incomplete, a_young_complete_backup_is_in_time, a_target_that_failed_last_shows_its_last_good_backup_and_why,
          a_target_that_was_left_out_is_as_old_as_the_backup_that_has_it, warnings_of_the_newest_backup_that_tried_a_target_are_shown, a_backup_whose_parent_is_gone_is_not_good, chains_are_followed_to_their_end, without_an_rpo_age_is_not_judged, backups_of_other_jobs_and_unreadable_ones_do_not_count,
          sizes_are_those_of_the_latest_ten_full_complete_backups_oldest_first, a_target_that_is_switched_off_is_not_asked_for)
