/* Tests of reading a store: what is listed in which order, what is opened, what is found wrong with the files. */
#include "core/base/str.h"
#include "core/store/manifest_limits.h"
#include "tests/unit/store_fixture.h"

static struct pab_backup_list list_of(struct pab_store *s)
{
    struct pab_backup_list list = { 0 };
    ck_assert_int_eq(pab_store_list(s, &list, &err), PAB_OK);
    return list;
}

/* "NAME NAME! " in the order of the list; ! stands for unreadable. */
static char *names_in(struct pab_store *s)
{
    struct pab_backup_list list = list_of(s);
    char *all = pab_strdup("");
    for (size_t i = 0; i < list.count; i++) {
        char *more = pab_sprintf("%s%s%s ", all, list.items[i].name, list.items[i].readable ? "" : "!");
        free(all);
        all = more;
    }
    pab_backup_list_release(&list);
    return all;
}

static void lists(struct pab_store *s, const char *want)
{
    CLEANUP_FREE char *got = names_in(s);
    ck_assert_str_eq(got, want);
}

static int opens(struct pab_store *s, const char *which)
{
    struct pab_backup *b = NULL;
    pab_error_clear(&err);
    int rc = pab_backup_open(s, which, &b, &err);
    pab_backup_close(b);
    return rc;
}

START_TEST(the_newest_start_comes_first_whatever_the_names_say)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "a", NOON + 5 * SECOND);
    backup(s, "z", NOON);
    backup(s, "m", NOON + 9 * SECOND);
    lists(s, "m a z ");
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(runs_of_one_second_are_in_the_order_of_their_numbers)
{
    setup();
    struct pab_store *s = open_store();
    for (int i = 0; i < 11; i++) backup(s, NULL, NOON);
    CLEANUP_FREE char *got = names_in(s);
    ck_assert_int_eq(strncmp(got, "backup-20240121_120000_11 backup-20240121_120000_10 backup-20240121_120000_9 ", 77), 0);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(after_the_clock_was_set_back_names_stay_unique_and_ordered)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, NULL, NOON);
    struct pab_backup_list list = list_of(s);
    ck_assert_int_eq(pab_backup_list_start(&list, NOON + SECOND), NOON + SECOND);
    int64_t start = pab_backup_list_start(&list, NOON - 3600 * SECOND);
    ck_assert_int_eq(start, NOON);
    backup(s, NULL, start);
    lists(s, "backup-20240121_120000_2 backup-20240121_120000 ");
    pab_backup_list_release(&list);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_clock_that_was_a_day_or_more_ahead_is_not_followed)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, NULL, NOON + 86400 * SECOND);
    struct pab_backup_list list = list_of(s);
    ck_assert_int_eq(pab_backup_list_start(&list, NOON), NOON);
    ck_assert_int_eq(pab_backup_list_start(&list, NOON + SECOND), NOON + 86400 * SECOND);
    ck_assert_int_eq(pab_backup_list_start(&list, NOON - 4000 * 86400 * SECOND), NOON - 4000 * 86400 * SECOND);
    pab_backup_list_release(&list);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(what_is_not_ours_is_not_listed)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_int_eq(mkdir(in_store("photos"), 0700), 0);
    ck_assert_int_eq(mkdir(in_store(".partial-x"), 0700), 0);
    ck_assert_int_eq(mkdir(in_store("logs"), 0700), 0);
    put_file(in_store("backup-notes.txt"), "x");
    ck_assert_int_eq(symlink("one", in_store("backup-link")), 0);
    lists(s, "one ");
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(damaged_backups_are_listed_last_with_what_is_wrong)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    backup(s, "cut", NOON + SECOND);
    ck_assert_int_eq(mkdir(in_store("backup-empty"), 0700), 0);
    ck_assert_int_eq(truncate(in_store("cut/manifest.json"), 100), 0);
    lists(s, "one cut! backup-empty! ");
    struct pab_backup_list list = list_of(s);
    ck_assert_ptr_nonnull(strstr(list.items[1].problem, "cut/manifest.json:"));
    ck_assert_ptr_nonnull(strstr(list.items[2].problem, "'backup-empty' is not a whole backup: it has no manifest.json"));
    pab_backup_list_release(&list);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_manifest_that_is_no_plain_file_does_not_stop_the_list)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_int_eq(mkdir(in_store("pipe"), 0700), 0);
    ck_assert_int_eq(mkfifo(in_store("pipe/manifest.json"), 0600), 0);
    ck_assert_int_eq(mkdir(in_store("link"), 0700), 0);
    ck_assert_int_eq(symlink("/dev/zero", in_store("link/manifest.json")), 0);
    ck_assert_int_eq(mkdir(in_store("huge"), 0700), 0);
    put_file(in_store("huge/manifest.json"), "{}");
    ck_assert_int_eq(truncate(in_store("huge/manifest.json"), 100 << 20), 0);
    lists(s, "one pipe! link! huge! ");
    ck_assert_int_eq(opens(s, "pipe"), PAB_E_CORRUPT);
    ck_assert_ptr_nonnull(strstr(err.message, "'manifest.json' is not a plain file"));
    ck_assert_int_eq(opens(s, "link"), PAB_E_CORRUPT);
    ck_assert_int_eq(opens(s, "huge"), PAB_E_CORRUPT);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_backup_opens_by_name_by_latest_and_by_path)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_backup *b = NULL;
    backup(s, "one", NOON);
    ck_assert_int_eq(opens(s, "one"), PAB_OK);
    ck_assert_int_eq(opens(s, in_store("latest")), PAB_OK);
    ck_assert_int_eq(opens(NULL, in_store("one/")), PAB_OK);
    ck_assert_int_eq(pab_backup_open(s, "latest", &b, &err), PAB_OK);
    ck_assert_str_eq(pab_backup_name(b), "one");
    ck_assert_str_eq(pab_backup_path(b), in_store("one"));
    pab_backup_close(b);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_backup_that_is_not_there_is_not_found)
{
    setup();
    struct pab_store *s = open_store();
    ck_assert_int_eq(opens(s, "latest"), PAB_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.message, "has no complete backup yet"));
    ck_assert_int_eq(opens(s, "two"), PAB_E_NOT_FOUND);
    ck_assert_int_eq(opens(s, "/nowhere/two"), PAB_E_NOT_FOUND);
    ck_assert_int_eq(opens(s, ".lock"), PAB_E_NOT_FOUND);
    ck_assert_int_eq(opens(NULL, "two"), PAB_E_NOT_FOUND);
    ck_assert_int_eq(symlink("gone", in_store("latest")), 0);
    ck_assert_int_eq(opens(s, "latest"), PAB_E_NOT_FOUND);
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_latest_that_leads_out_of_the_store_is_not_followed)
{
    static const char *const out[] = { "../one", "/tmp", ".", "..", "a/b" };
    setup();
    struct pab_store *s = open_store();
    for (size_t i = 0; i < sizeof out / sizeof *out; i++) {
        ck_assert_int_eq(symlink(out[i], in_store("latest")), 0);
        ck_assert_ptr_null(pab_store_latest(s));
        ck_assert_int_eq(opens(s, "latest"), PAB_E_NOT_FOUND);
        ck_assert_int_eq(unlink(in_store("latest")), 0);
    }
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(files_of_a_backup_are_never_reached_through_symlinks)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_backup *b = NULL;
    backup(s, "one", NOON);
    CLEANUP_FREE char *file = pab_strdup(in_store("one/databases/letta_20240121_120000.sql"));
    ck_assert_int_eq(pab_backup_open(s, "one", &b, &err), PAB_OK);
    CLEANUP_CLOSE int fd = pab_backup_open_file(b, "databases/letta_20240121_120000.sql", &err);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(unlink(file), 0);
    ck_assert_int_eq(symlink("/etc/passwd", file), 0);
    ck_assert_int_eq(pab_backup_open_file(b, "databases/letta_20240121_120000.sql", &err), PAB_E_CORRUPT);
    ck_assert_int_eq(rename(in_store("one/databases"), in_store("one/real")), 0);
    ck_assert_int_eq(symlink("real", in_store("one/databases")), 0);
    ck_assert_int_eq(pab_backup_open_file(b, "databases/postgres_20240121_120000.sql", &err), PAB_E_CORRUPT);
    ck_assert_int_eq(pab_backup_open_file(b, "real", &err), PAB_E_CORRUPT);
    ck_assert_int_lt(pab_backup_open_file(b, "../one/manifest.json", &err), 0);
    pab_backup_close(b);
    pab_store_close(s);
    teardown();
}
END_TEST

static char found[2048]; /* "PATH: PROBLEM\n"... */

static void finding(void *ctx, const struct pab_finding *f)
{
    (void)ctx;
    size_t n = strlen(found);
    snprintf(found + n, sizeof found - n, "%s: %s\n", f->path, f->problem);
}

static const char *findings(struct pab_store *s, const char *name)
{
    struct pab_backup *b = NULL;
    found[0] = 0;
    ck_assert_msg(pab_backup_open(s, name, &b, &err) == PAB_OK, "%s", err.message);
    ck_assert_int_eq(pab_backup_check_files(b, finding, NULL, &err), PAB_OK);
    pab_backup_close(b);
    return found;
}

#define LETTA "databases/letta_20240121_120000.sql"

START_TEST(a_sound_backup_gives_no_findings)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_str_eq(findings(s, "one"), "");
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(missing_extra_and_resized_files_are_named)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_int_eq(truncate(in_store("one/" LETTA), 3), 0);
    ck_assert_str_eq(findings(s, "one"), LETTA ": has 3 bytes, the manifest says 10\n");
    ck_assert_int_eq(rename(in_store("one/" LETTA), in_store("one/databases/stray")), 0);
    ck_assert_str_eq(findings(s, "one"), "databases/stray: is not in the manifest\n" LETTA ": is missing\n");
    ck_assert_int_eq(unlink(in_store("one/databases/stray")), 0);
    ck_assert_int_eq(mkdir(in_store("one/" LETTA), 0700), 0);
    ck_assert_str_eq(findings(s, "one"), LETTA ": is missing\n");
    ck_assert_int_eq(rmdir(in_store("one/" LETTA)), 0);
    ck_assert_int_eq(mkfifo(in_store("one/" LETTA), 0600), 0);
    ck_assert_str_eq(findings(s, "one"), LETTA ": is not a plain file\n");
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(what_others_may_read_is_named)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_int_eq(chmod(in_store("one/" LETTA), 0644), 0);
    ck_assert_int_eq(chmod(in_store("one"), 0755), 0);
    findings(s, "one");
    ck_assert_ptr_nonnull(strstr(found, LETTA ": may be read by others (mode 0644)\n"));
    ck_assert_ptr_nonnull(strstr(found, ".: folder may be entered by others (mode 0755)\n"));
    pab_store_close(s);
    teardown();
}
END_TEST

static void replace_in(const char *path, const char *from, const char *to)
{
    CLEANUP_FREE char *text = NULL;
    ck_assert_int_eq(pab_read_file(AT_FDCWD, path, 1 << 20, &text, NULL, &err), PAB_OK);
    char *at = strstr(text, from);
    ck_assert_ptr_nonnull(at);
    CLEANUP_FREE char *changed = pab_sprintf("%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    put_file(path, changed);
}

static int manifest_is_the_one_that_was_written(struct pab_store *s, const char *name)
{
    struct pab_backup *b = NULL;
    pab_error_clear(&err);
    ck_assert_msg(pab_backup_open(s, name, &b, &err) == PAB_OK, "%s", err.message);
    int rc = pab_backup_check_manifest(b, &err);
    pab_backup_close(b);
    return rc == PAB_OK;
}

START_TEST(a_manifest_that_was_changed_is_told)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert(manifest_is_the_one_that_was_written(s, "one"));
    replace_in(in_store("one/manifest.json"), "\"object\": \"letta\"", "\"object\": \"lettb\"");
    ck_assert_str_eq(findings(s, "one"), "manifest.json: is not what SHA256SUMS says\n");
    ck_assert(!manifest_is_the_one_that_was_written(s, "one"));
    ck_assert_ptr_nonnull(strstr(err.message, "manifest.json' is not what SHA256SUMS says"));
    ck_assert_int_eq(unlink(in_store("one/SHA256SUMS")), 0);
    ck_assert(!manifest_is_the_one_that_was_written(s, "one"));
    ck_assert_str_eq(findings(s, "one"), "SHA256SUMS: is missing\n");
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(sums_that_disagree_with_the_manifest_are_named)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    CLEANUP_FREE char *sums = pab_strdup(in_store("one/SHA256SUMS"));
    replace_in(sums, "  " LETTA, "  databases/lettb");
    findings(s, "one");
    ck_assert_ptr_nonnull(strstr(found, "SHA256SUMS: names 'databases/lettb', which is not in the manifest\n"));
    ck_assert_ptr_nonnull(strstr(found, LETTA ": is not in SHA256SUMS\n"));
    replace_in(sums, "  databases/lettb", "  " LETTA);
    ck_assert_str_eq(findings(s, "one"), "");
    char *at;
    CLEANUP_FREE char *text = NULL;
    ck_assert_int_eq(pab_read_file(AT_FDCWD, sums, 1 << 20, &text, NULL, &err), PAB_OK);
    at = strstr(text, "  " LETTA);
    at[-1] = at[-1] == '0' ? '1' : '0';
    put_file(sums, text);
    ck_assert_str_eq(findings(s, "one"), LETTA ": SHA256SUMS and manifest.json disagree about it\n");
    put_file(sums, "what?\n");
    findings(s, "one");
    ck_assert_ptr_nonnull(strstr(found, "SHA256SUMS: holds a line that is not a checksum\n"));
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(a_symlink_in_place_of_the_sums_is_told)
{
    setup();
    struct pab_store *s = open_store();
    backup(s, "one", NOON);
    ck_assert_int_eq(unlink(in_store("one/SHA256SUMS")), 0);
    ck_assert_int_eq(symlink("/dev/zero", in_store("one/SHA256SUMS")), 0);
    findings(s, "one");
    ck_assert_ptr_nonnull(strstr(found, "SHA256SUMS: is not a plain file\n"));
    pab_store_close(s);
    teardown();
}
END_TEST

START_TEST(heads_are_the_same_without_artifacts)
{
    setup();
    struct pab_store *s = open_store();
    struct pab_backup_list heads = { 0 }, whole = { 0 };
    backup(s, "one", NOON);
    backup(s, "two", NOON + 60 * SECOND);
    ck_assert_int_eq(pab_store_pin(s, "one", "why", &err), PAB_OK);
    ck_assert_int_eq(pab_store_list(s, &whole, &err), PAB_OK);
    ck_assert_int_eq(pab_store_list_heads(s, &heads, &err), PAB_OK);
    ck_assert_uint_eq(heads.count, 2);
    for (size_t i = 0; i < 2; i++) {
        struct pab_manifest *h = &heads.items[i].manifest, *w = &whole.items[i].manifest;
        ck_assert_msg(heads.items[i].readable, "%s", heads.items[i].problem);
        ck_assert_uint_eq(h->targets.items[0].artifacts.count, 0);
        ck_assert_uint_eq(w->targets.items[0].artifacts.count, 2);
        ck_assert_uint_eq(h->totals.size, w->totals.size);
        ck_assert_str_eq(h->id, w->id);
        ck_assert_str_eq(h->targets.items[0].plugin, w->targets.items[0].plugin);
        ck_assert_int_eq(h->targets.items[0].finished_ns, w->targets.items[0].finished_ns);
    }
    ck_assert_str_eq(heads.items[1].pin, "why");
    pab_backup_list_release(&heads);
    pab_backup_list_release(&whole);
    pab_store_close(s);
    teardown();
}
END_TEST

static const char *cut(const char *json)
{
    static char text[400];
    text[pab_manifest_cut_artifacts(strcpy(text, json), strlen(json))] = '\0';
    return text;
}

START_TEST(only_lists_of_artifacts_of_targets_are_cut_out)
{
    ck_assert_str_eq(cut("{\"targets\": [{\"artifacts\": [{\"a\": [1, \"]}\"]},\n 2], \"b\": 1}, {\"artifacts\" :\n []}]}"),
                     "{\"targets\": [{\"artifacts\": [\n], \"b\": 1}, {\"artifacts\" :\n []}]}");
    static const char *const same[] = {
        "{\"artifacts\": [1]}", "{\"totals\": {\"artifacts\": 3}}", "{\"t\": [{\"f\": {\"artifacts\": [1]}, \"artifacts\": 7, \"x\": \"artifacts\"}]}",
        "", "\"", "{[{\"artifacts\"", "{[{\"artifacts\":", "]]]}}}", "{\"a\\\"artifacts\": [\"\\",
    };
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) ck_assert_str_eq(cut(same[i]), same[i]);
    ck_assert_str_eq(cut("{[{\"artifacts\": [1, 2, \"x"), "{[{\"artifacts\": ["); /* an end that is missing stays missing */
}
END_TEST

START_TEST(a_manifest_cut_short_is_unreadable_as_a_head_too)
{
    setup();
    struct pab_store *s = open_store();
    CLEANUP_FREE char *json = NULL;
    size_t n = 0;
    backup(s, "one", NOON);
    ck_assert_int_eq(pab_read_file(AT_FDCWD, in_store("one/manifest.json"), 1 << 20, &json, &n, &err), PAB_OK);
    for (size_t size = 0; size + 2 < n; size += 7) {
        struct pab_backup_list heads = { 0 };
        ck_assert_int_eq(truncate(in_store("one/manifest.json"), 0), 0);
        int fd = open(in_store("one/manifest.json"), O_WRONLY | O_CLOEXEC);
        ck_assert_int_eq(pab_write_all(fd, json, size), 0);
        close(fd);
        ck_assert_int_eq(pab_store_list_heads(s, &heads, &err), PAB_OK);
        ck_assert_msg(heads.count == 1 && !heads.items[0].readable, "%zu of %zu bytes", size, n);
        pab_backup_list_release(&heads);
    }
    pab_store_close(s);
    teardown();
}
END_TEST

UNIT_MAIN("list", heads_are_the_same_without_artifacts, only_lists_of_artifacts_of_targets_are_cut_out, a_manifest_cut_short_is_unreadable_as_a_head_too,
          the_newest_start_comes_first_whatever_the_names_say, runs_of_one_second_are_in_the_order_of_their_numbers,
          after_the_clock_was_set_back_names_stay_unique_and_ordered, a_clock_that_was_a_day_or_more_ahead_is_not_followed, what_is_not_ours_is_not_listed,
          damaged_backups_are_listed_last_with_what_is_wrong, a_manifest_that_is_no_plain_file_does_not_stop_the_list,
          a_backup_opens_by_name_by_latest_and_by_path, a_backup_that_is_not_there_is_not_found, a_latest_that_leads_out_of_the_store_is_not_followed,
          files_of_a_backup_are_never_reached_through_symlinks, a_sound_backup_gives_no_findings, missing_extra_and_resized_files_are_named,
          what_others_may_read_is_named, a_manifest_that_was_changed_is_told, sums_that_disagree_with_the_manifest_are_named,
          a_symlink_in_place_of_the_sums_is_told)
