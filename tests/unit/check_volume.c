/* check_volume.c - the volume plugin: options, and containers that are stopped, paused and put back whatever happens. */
#include "tests/unit/volume_fixture.h"

/* ---- options */

static void refused(const char *part)
{
    ck_assert_int_eq(open_now(), PAB_E_CONFIG);
    ck_assert_msg(strstr(it.host->failure.message, part) != NULL, "%s", it.host->failure.message);
    end();
}

START_TEST(something_must_be_chosen)
{
    begin();
    refused("no volumes are chosen");
}
END_TEST

START_TEST(driver_path_needs_a_root)
{
    begin();
    fake_set(it.config, "driver", "path");
    add_volume("x", NULL);
    refused("needs option root");
}
END_TEST

START_TEST(folders_have_no_containers)
{
    begin_path();
    add_volume("x", "stop");
    refused("no containers");
}
END_TEST

START_TEST(a_folder_lies_below_the_root)
{
    begin_path();
    add_volume("../etc", NULL);
    refused("does not lie below root");
}
END_TEST

START_TEST(two_volumes_need_two_names_in_the_backup)
{
    begin_docker(NULL);
    fake_set(add_volume("other", NULL), "as", "data");
    refused("two volumes are 'data'");
}
END_TEST

/* ---- backup */

START_TEST(a_volume_becomes_an_artifact_with_what_makes_it_again)
{
    begin_docker(NULL);
    it.docker->volumes[0].labels = json_pack("{s:s}", "com.docker.compose.project", "p");
    fake_docker_container(it.docker, "web", "data");
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = fake_artifact_named(it.host, "data");
    ck_assert_int_eq(a->state, FAKE_COMMITTED);
    ck_assert_str_eq(fake_entry_named(a, "file")->data.bytes, "content");
    ck_assert_str_eq(fake_value(&a->facts, "volume"), "data");
    ck_assert_str_eq(fake_value(&a->facts, "driver"), "local");
    ck_assert_str_eq(fake_value(&a->facts, "labels"), "{\"com.docker.compose.project\":\"p\"}");
    ck_assert_str_eq(fake_value(&a->facts, "used_by"), "web (running)");
    ck_assert_str_eq(it.docker->did, "");
    end();
}
END_TEST

START_TEST(a_password_in_the_options_is_never_stored)
{
    begin_docker(NULL);
    it.docker->volumes[0].options = json_pack("{s:s}", "other", "username=me,password=hunter2,vers=3");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "data")->facts, "options"), "{\"other\":\"username=me,password=***,vers=3\"}");
    ck_assert_int_eq(fake_has_text(&it.host->warnings, "password"), 1);
    end();
}
END_TEST

START_TEST(a_volume_that_is_missing_is_named_and_not_made)
{
    begin_docker(NULL);
    add_volume("typo", "stop");
    fake_docker_container(it.docker, "web", "data");
    ck_assert_int_eq(backup(), PAB_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(it.host->failure.message, "'typo'"));
    ck_assert_uint_eq(fake_http_count(it.docker->http, "POST *"), 0);
    end();
}
END_TEST

static void stopping_does(const char *wanted, int code)
{
    int rc = backup();
    ck_assert_msg(rc == code, "%d: %s", rc, it.host->failure.message);
    ck_assert_str_eq(it.docker->did, wanted);
}

START_TEST(one_volume_that_fails_does_not_lose_the_others)
{
    static const char *const calls[] = { "artifact_begin", "tree_walk", "artifact_commit", "artifact_fact" };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        begin_docker("stop");
        CLEANUP_FREE char *dir = pab_sprintf("%s/data", it.root);
        fake_docker_volume(it.docker, "second", dir);
        fake_docker_volume(it.docker, "third", dir);
        add_volume("second", "stop");
        add_volume("third", NULL);
        fake_docker_container(it.docker, "web", "data");
        fake_fail_call(it.host, calls[i], 1, PAB_E_IO);
        stopping_does("stop web, start web, ", PAB_E_IO);
        ck_assert_int_eq(fake_has_text(&it.host->warnings, "data: 'data' failed"), 1);
        ck_assert(!fake_artifact_named(it.host, "data") || fake_artifact_named(it.host, "data")->state == FAKE_ABORTED);
        ck_assert_int_eq(fake_artifact_named(it.host, "second")->state, FAKE_COMMITTED);
        ck_assert_int_eq(fake_artifact_named(it.host, "third")->state, FAKE_COMMITTED);
        ck_assert_uint_eq(it.host->journal.count, 0);
        end();
    }
}
END_TEST

START_TEST(what_would_fail_for_all_ends_the_backup)
{
    static const int codes[] = { PAB_E_NOSPACE, PAB_E_CANCELLED, PAB_E_NOMEM };
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
        begin_docker("stop");
        CLEANUP_FREE char *dir = pab_sprintf("%s/data", it.root);
        fake_docker_volume(it.docker, "second", dir);
        add_volume("second", NULL);
        fake_docker_container(it.docker, "web", "data");
        fake_fail_call(it.host, "tree_walk", 1, codes[i]);
        stopping_does("stop web, start web, ", codes[i]);
        ck_assert_ptr_null(fake_artifact_named(it.host, "second"));
        end();
    }
}
END_TEST

START_TEST(a_volume_that_is_missing_does_not_lose_the_others)
{
    begin_docker(NULL);
    add_volume("typo", NULL);
    add_volume("another", NULL);
    it.host->may_fail = 2;
    ck_assert_int_eq(backup(), PAB_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(it.host->failure.message, "'typo'"));
    ck_assert_int_eq(fake_artifact_named(it.host, "data")->state, FAKE_COMMITTED);
    ck_assert_uint_eq(fake_http_count(it.docker->http, "POST *"), 0);
    end();
}
END_TEST

/* ---- check */

/* The last fact "down" of a check; NULL: there is none. */
static const char *down(void)
{
    struct pab_check_req req = { .struct_size = sizeof req };
    if (!it.instance) ck_assert_int_eq(open_now(), PAB_OK);
    int rc = it.plugin->check(it.instance, fake_op(it.host), &req);
    ck_assert_msg(rc == PAB_OK, "%s", it.host->failure.message);
    return fake_value(&it.host->facts, "down");
}

START_TEST(a_container_that_does_not_run_well_is_down)
{
    begin_docker(NULL);
    ck_assert_ptr_null(down());
    struct fake_container *web = fake_docker_container(it.docker, "web", "data");
    fake_docker_container(it.docker, "stranger", "other")->running = 0;
    ck_assert_ptr_null(down());
    web->unhealthy = 1;
    ck_assert_str_eq(down(), "container 'web' is unhealthy");
    web->paused = 1;
    ck_assert_str_eq(down(), "container 'web' is paused");
    web->paused = web->running = 0;
    ck_assert_str_eq(down(), "container 'web' is exited");
    end();
}
END_TEST

START_TEST(a_container_that_had_to_end_is_not_down_when_it_has)
{
    begin_docker(NULL);
    struct fake_container *setup = fake_docker_container(it.docker, "setup", "data"), *web = fake_docker_container(it.docker, "web", "data");
    setup->project = web->project = "p";
    setup->service = "setup";
    web->service = "web";
    web->depends_on = "setup:service_completed_successfully:false";
    setup->running = 0;
    ck_assert_ptr_null(down());
    setup->exit_code = 1;
    ck_assert_str_eq(down(), "container 'setup' is exited");
    end();
}
END_TEST

/* ---- quiesce */

START_TEST(what_depends_on_another_is_stopped_first_and_started_last)
{
    begin_docker("stop");
    const char *const depends[] = { "db:service_started:true", NULL, "web:service_started:true" }, *const names[] = { "web", "db", "proxy" };
    for (size_t i = 0; i < 3; i++) {
        struct fake_container *c = fake_docker_container(it.docker, names[i], "data");
        c->project = "p";
        c->service = names[i];
        c->depends_on = depends[i];
    }
    stopping_does("stop proxy, stop web, stop db, start db, start web, start proxy, ", PAB_OK);
    ck_assert_uint_eq(it.host->journal.count, 0);
    end();
}
END_TEST

START_TEST(a_ring_of_dependencies_ends)
{
    begin_docker("pause");
    static const char *const names[] = { "a", "b" }, *const depends[] = { "b:service_started:true", "a:service_started:true" };
    for (size_t i = 0; i < 2; i++) {
        struct fake_container *c = fake_docker_container(it.docker, names[i], "data");
        c->project = "p";
        c->service = names[i];
        c->depends_on = depends[i];
    }
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(it.docker->containers[0].paused + it.docker->containers[1].paused, 0);
    end();
}
END_TEST

START_TEST(what_does_not_run_stays_down)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->running = 0;
    fake_docker_container(it.docker, "stranger", "other");
    stopping_does("", PAB_OK);
    end();
}
END_TEST

START_TEST(what_was_paused_is_paused_again)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->paused = 1;
    stopping_does("unpause web, stop web, start web, pause web, ", PAB_OK);
    end();
}
END_TEST

START_TEST(pausing_leaves_alone_what_is_paused_already)
{
    begin_docker("pause");
    fake_docker_container(it.docker, "web", "data")->paused = 1;
    fake_docker_container(it.docker, "db", "data");
    stopping_does("pause db, unpause db, ", PAB_OK);
    end();
}
END_TEST

START_TEST(a_container_has_its_own_time_to_stop)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->grace_s = 77;
    fake_docker_container(it.docker, "db", "data");
    struct pab_config *r = fake_add_record(it.config, "containers");
    fake_set(r, "name", "db");
    fake_set(r, "stop_timeout", "200s");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.docker->http, "POST */stop?t=77"), 1);
    ck_assert_uint_eq(fake_http_count(it.docker->http, "POST */stop?t=200"), 1);
    end();
}
END_TEST

START_TEST(a_container_that_must_be_killed_fails_the_backup_and_runs_again)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->ignores_stop = 1;
    stopping_does("stop web, start web, ", PAB_E_TIMEOUT);
    ck_assert_ptr_null(fake_artifact_named(it.host, "data"));
    end();
}
END_TEST

START_TEST(a_container_that_runs_on_fails_the_backup)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->survives_stop = 1;
    stopping_does("stop web, ", PAB_E_TIMEOUT);
    ck_assert_uint_eq(it.host->journal.count, 0);
    end();
}
END_TEST

START_TEST(a_container_that_stopping_would_remove_is_refused_and_the_others_run_again)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data");
    fake_docker_container(it.docker, "once", "data")->auto_remove = 1;
    ck_assert_int_eq(backup(), PAB_E_REFUSED);
    ck_assert_int_eq(it.docker->containers[0].running + it.docker->containers[1].running, 2);
    end();
}
END_TEST

START_TEST(nothing_is_stopped_that_is_not_in_the_journal)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data");
    fake_fail_call(it.host, "journal_add", 1, PAB_E_NOSPACE);
    stopping_does("", PAB_E_NOSPACE);
    end();
}
END_TEST

START_TEST(a_failure_at_any_step_of_reading_brings_the_containers_back)
{
    static const char *const calls[] = { "artifact_begin", "artifact_fact", "tree_walk", "artifact_commit", "object_add" };
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        begin_docker("stop");
        fake_docker_container(it.docker, "web", "data");
        fake_fail_call(it.host, calls[i], 1, i == 2 ? PAB_E_CANCELLED : PAB_E_IO);
        stopping_does("stop web, start web, ", i == 2 ? PAB_E_CANCELLED : PAB_E_IO);
        ck_assert_uint_eq(it.host->journal.count, 0);
        end();
    }
}
END_TEST

START_TEST(a_container_removed_while_its_volume_is_read_is_a_warning)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->gone_when_stopped = 1;
    fake_docker_container(it.docker, "db", "data");
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_int_eq(fake_has_text(&it.host->warnings, "container 'web' was removed while it was stopped"), 1);
    ck_assert_int_eq(it.docker->containers[1].running, 1);
    ck_assert_uint_eq(it.host->journal.count, 0);
    end();
}
END_TEST

START_TEST(a_container_that_cannot_be_started_fails_the_backup_and_stays_in_the_journal)
{
    begin_docker("stop");
    struct fake_container *web = fake_docker_container(it.docker, "web", "data");
    web->fails_start = 1;
    fake_docker_container(it.docker, "db", "data");
    ck_assert_int_eq(backup(), PAB_E_TOOL);
    ck_assert_ptr_nonnull(strstr(it.host->failure.message, "'web'"));
    ck_assert_int_eq(it.docker->containers[1].running, 1);
    ck_assert_uint_eq(it.host->journal.count, 1);
    /* and the next start brings it back */
    web->fails_start = 0;
    fake_new_verb(it.host);
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), it.host->journal.items[0]), PAB_OK);
    ck_assert_int_eq(web->running, 1);
    end();
}
END_TEST

START_TEST(a_container_that_does_not_stay_up_fails_the_backup)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->stays_down = 1;
    stopping_does("stop web, start web, ", PAB_E_TOOL);
    ck_assert_uint_eq(it.host->journal.count, 1);
    end();
}
END_TEST

START_TEST(a_pause_that_was_lost_and_comes_later_is_undone)
{
    begin_docker("pause");
    fake_docker_container(it.docker, "web", "data")->late = 3;
    stopping_does("pause web, unpause web, ", PAB_E_UNREACHABLE);
    ck_assert_uint_eq(it.host->journal.count, 0);
    end();
}
END_TEST

START_TEST(a_stop_that_was_lost_and_comes_later_is_undone)
{
    begin_docker("stop");
    fake_docker_container(it.docker, "web", "data")->late = 3;
    stopping_does("stop web, start web, ", PAB_E_UNREACHABLE);
    end();
}
END_TEST

START_TEST(a_clock_set_back_does_not_make_the_next_start_wait)
{
    begin_docker(NULL);
    struct fake_container *web = fake_docker_container(it.docker, "web", "data");
    CLEANUP_FREE char *record = pab_sprintf("{\"undo\":\"container\",\"docker\":\"%s\",\"id\":\"%s\",\"name\":\"web\",\"stopped\":true,\"until\":%lld,\"wait\":10}",
                                            fake_http_url(it.docker->http), web->id, 9000000000000000000ll);
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), record), PAB_OK);
    ck_assert_str_eq(it.docker->did, "");
    end();
}
END_TEST

START_TEST(a_record_of_a_container_that_is_gone_is_done)
{
    begin_docker(NULL);
    CLEANUP_FREE char *record = pab_sprintf("{\"undo\":\"container\",\"docker\":\"%s\",\"id\":\"x\",\"name\":\"x\",\"stopped\":true}", fake_http_url(it.docker->http));
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), record), PAB_OK);
    end();
}
END_TEST

START_TEST(a_record_that_is_not_understood_stays)
{
    begin_docker(NULL);
    ck_assert_int_eq(it.plugin->recover(fake_op(it.host), "{\"undo\":\"something newer\"}"), PAB_E_UNSUPPORTED);
    fake_new_verb(it.host);
    ck_assert_int_lt(it.plugin->recover(fake_op(it.host), "not JSON"), 0);
    end();
}
END_TEST

UNIT_MAIN("volume", something_must_be_chosen, driver_path_needs_a_root, folders_have_no_containers, a_folder_lies_below_the_root,
          two_volumes_need_two_names_in_the_backup, a_volume_becomes_an_artifact_with_what_makes_it_again, a_password_in_the_options_is_never_stored,
          a_volume_that_is_missing_is_named_and_not_made, one_volume_that_fails_does_not_lose_the_others,
          what_would_fail_for_all_ends_the_backup, a_volume_that_is_missing_does_not_lose_the_others, a_container_that_does_not_run_well_is_down,
          a_container_that_had_to_end_is_not_down_when_it_has, what_depends_on_another_is_stopped_first_and_started_last, a_ring_of_dependencies_ends,
          what_does_not_run_stays_down, what_was_paused_is_paused_again, pausing_leaves_alone_what_is_paused_already, a_container_has_its_own_time_to_stop,
          a_container_that_must_be_killed_fails_the_backup_and_runs_again, a_container_that_runs_on_fails_the_backup,
          a_container_that_stopping_would_remove_is_refused_and_the_others_run_again, nothing_is_stopped_that_is_not_in_the_journal,
          a_failure_at_any_step_of_reading_brings_the_containers_back, a_container_removed_while_its_volume_is_read_is_a_warning,
          a_container_that_cannot_be_started_fails_the_backup_and_stays_in_the_journal, a_container_that_does_not_stay_up_fails_the_backup,
          a_pause_that_was_lost_and_comes_later_is_undone, a_stop_that_was_lost_and_comes_later_is_undone,
          a_clock_set_back_does_not_make_the_next_start_wait, a_record_of_a_container_that_is_gone_is_done,
          a_record_that_is_not_understood_stays)
