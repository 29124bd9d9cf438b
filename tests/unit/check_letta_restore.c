/* check_letta_restore.c - restores of the letta plugin into a scripted server: what is there already, conflicts, history, and failures that take back. */
#include "tests/unit/letta_server.h"

START_TEST(a_plan_changes_nothing)
{
    begin_restore();
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.server, "POST *") + fake_http_count(it.server, "PATCH *") + fake_http_count(it.server, "DELETE *"), 0);
    ck_assert_uint_ge(it.host->plan_count, 1);
    end();
}
END_TEST

START_TEST(an_agent_is_imported_under_its_own_name_with_its_history)
{
    begin_restore();
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"ada\",\"blocks\":[{\"id\":\"block-9\",\"label\":\"human\",\"value\":\"x\"}]}");
    on("GET /v1/agents/agent-9/messages[?]*after=*", "[]");
    on("GET /v1/agents/agent-9/messages[?]*", "[{\"id\":\"message-9\",\"message_type\":\"user_message\"}]");
    fake_http_on(it.server, "GET /v1/blocks/block-1", (struct fake_answer){ .status = 404 });
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(0), PAB_OK);
    const char *sent = NULL;
    for (size_t i = 0; fake_http_asked(it.server, i); i++)
        if (!strcmp(fake_http_asked(it.server, i), "POST /v1/agents/import")) sent = fake_http_sent(it.server, i);
    ck_assert_ptr_nonnull(sent);
    ck_assert_ptr_nonnull(strstr(sent, "name=\"append_copy_suffix\"\r\n\r\nfalse"));
    ck_assert_ptr_nonnull(strstr(sent, "\"role\":\"user\""));
    ck_assert_ptr_nonnull(strstr(sent, "\"text\":\"hello\""));
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE *"), 0);
    end();
}
END_TEST

/* Its own copy says the same as the one that others have, and is not taken for it. */
START_TEST(of_agents_that_share_a_block_the_first_keeps_its_copy_and_the_next_gets_that)
{
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[" AGENT "," OTHER "]");
    on("GET /v1/agents/agent-2[?]*", OTHER);
    on("GET /v1/agents/agent-2/export", "{\"agents\":[{\"name\":\"bob\",\"messages\":[]}]}");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
    fake_http_on(it.server, "POST /v1/agents/import", (struct fake_answer){ .body = "{\"agent_ids\":[\"agent-8\"]}", .times = 1 });
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    on("GET /v1/agents/agent-8[?]*", "{\"id\":\"agent-8\",\"name\":\"ada\",\"blocks\":[{\"id\":\"block-8\",\"label\":\"human\",\"value\":\"x\"}]}");
    on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"bob\",\"blocks\":[{\"id\":\"block-9\",\"label\":\"human\",\"value\":\"x\"}]}");
    on("GET /v1/blocks/block-8/agents[?]*", "[{\"id\":\"agent-8\",\"name\":\"ada\"}]");
    fake_http_on(it.server, "GET /v1/blocks/block-1", (struct fake_answer){ .status = 404 });
    on("GET /v1/blocks/[?]*after=*", "[]");
    on("GET /v1/blocks/[?]*label=human*", "[{\"id\":\"block-8\",\"label\":\"human\",\"value\":\"x\"}]");
    on("GET /v1/*", "[]");
    on("PATCH *", "{}");
    on("DELETE *", "{}");
    ck_assert_int_eq(restore(0), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/blocks/block-8"), 0);
    ck_assert_uint_eq(fake_http_count(it.server, "PATCH /v1/agents/agent-9/core-memory/blocks/attach/block-8"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/blocks/block-9"), 1);
    end();
}
END_TEST

START_TEST(a_failure_halfway_takes_back_what_was_made_and_nothing_else)
{
    begin_restore();
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"ada\",\"blocks\":[{\"id\":\"block-9\",\"label\":\"human\",\"value\":\"x\"}]}");
    fake_http_on(it.server, "GET /v1/agents/agent-9/messages*", (struct fake_answer){ .status = 500 });
    fake_http_on(it.server, "GET /v1/blocks/block-1", (struct fake_answer){ .status = 404 });
    fake_http_on(it.server, "DELETE *", (struct fake_answer){ .status = 200, .body = "{}" });
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(0), PAB_E_UNREACHABLE);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE *"), 2);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-9"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/blocks/block-9"), 1);
    end();
}
END_TEST

START_TEST(an_agent_with_another_content_is_a_conflict)
{
    begin_restore();
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[{\"id\":\"agent-5\",\"name\":\"ada\"}]");
    on("GET /v1/agents/agent-5[?]*", "{\"id\":\"agent-5\",\"name\":\"ada\",\"system\":\"other\"}");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
    int conflicts = 0;
    for (size_t i = 0; i < it.host->plan_count; i++) conflicts += it.host->plans[i].plan.action == PAB_PLAN_CONFLICT;
    ck_assert_int_eq(conflicts, 1);
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    ck_assert_uint_eq(fake_http_count(it.server, "POST *"), 0);
    end();
}
END_TEST

/* ---- restores that fail, and what they leave */

/* A backup of ada and bob, whose later import may fail, then a server that has others of their names. */
static void begin_two(uint32_t there)
{
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[" AGENT "," OTHER "]");
    on("GET /v1/agents/agent-2[?]*", OTHER);
    on("GET /v1/agents/agent-2/export", "{\"agents\":[{\"name\":\"bob\",\"messages\":[]}]}");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
    on("GET /v1/agents/[?]*after=*", "[]");
    if (there) on("GET /v1/agents/[?]*", "[{\"id\":\"agent-5\",\"name\":\"ada\"},{\"id\":\"agent-6\",\"name\":\"bob\"}]");
    on("GET /v1/agents/agent-[56][?]*", "{\"id\":\"agent-5\",\"name\":\"ada\",\"system\":\"other\"}");
    fake_http_on(it.server, "POST /v1/agents/import", (struct fake_answer){ .body = "{\"agent_ids\":[\"agent-8\"]}", .times = 1 });
    on("GET /v1/agents/agent-8[?]*", "{\"id\":\"agent-8\",\"name\":\"ada\",\"tools\":[{\"id\":\"tool-8\",\"name\":\"mine\"}],\"blocks\":[{\"id\":\"block-8\",\"label\":\"human\",\"value\":\"x\"}]}");
    on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"bob\",\"blocks\":[{\"id\":\"block-9\",\"label\":\"human\",\"value\":\"x\"}]}");
    fake_http_on(it.server, "GET /v1/blocks/block-1", (struct fake_answer){ .status = 404 });
    on("DELETE *", "{}");
}

START_TEST(agents_that_make_place_stay_until_the_last_one_is_made)
{
    static const uint32_t flags[] = { PAB_RESTORE_FORCE, PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD };
    for (size_t i = 0; i < 2; i++) {
        begin_two(1);
        fake_http_on(it.server, "POST /v1/agents/import", (struct fake_answer){ .status = 400, .body = "{\"detail\":\"Import failed\"}" });
        on("PATCH *", "{}");
        on("GET /v1/*", "[]");
        ck_assert_int_eq(restore(flags[i]), PAB_E_UNSUPPORTED);
        ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-8"), 1);
        ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-[56]"), 0);
        ck_assert_uint_eq(fake_http_count(it.server, "PATCH /v1/agents/agent-[56]"), 0);
        end();
    }
}
END_TEST

START_TEST(agents_that_made_place_get_their_names_back_when_the_last_one_cannot)
{
    begin_two(1);
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    fake_http_on(it.server, "PATCH /v1/agents/agent-6", (struct fake_answer){ .status = 422, .times = 1 });
    on("PATCH *", "{}");
    on("GET /v1/blocks/[?]*after=*", "[]");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_UNSUPPORTED);
    ck_assert_uint_eq(fake_http_count(it.server, "PATCH /v1/agents/agent-5"), 2);
    const char *last = NULL;
    for (size_t i = 0; fake_http_asked(it.server, i); i++)
        if (!strcmp(fake_http_asked(it.server, i), "PATCH /v1/agents/agent-5")) last = fake_http_sent(it.server, i);
    ck_assert_str_eq(last, "{\"name\":\"ada\"}");
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-[89]"), 2);
    end();
}
END_TEST

START_TEST(an_old_agent_that_cannot_be_deleted_takes_nothing_back)
{
    begin_two(1);
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    on("PATCH *", "{}");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD | PAB_RESTORE_PLAN), PAB_OK);
    for (size_t i = 0; i < it.host->plan_count; i++) ck_assert_ptr_null(strstr(it.host->plans[i].plan.detail, "stays as"));
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE | PAB_RESTORE_DROP_OLD), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-[56]"), 2);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-[89]"), 0);
    end();
}
END_TEST

START_TEST(what_an_import_brought_goes_with_it)
{
    begin_two(0);
    fake_http_on(it.server, "POST /v1/agents/import", (struct fake_answer){ .status = 400 });
    on("PATCH *", "{}");
    on("GET /v1/tools/[?]*after=*", "[]");
    on("GET /v1/tools/[?]*", "[{\"id\":\"tool-1\",\"name\":\"there before\"}]");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(0), PAB_E_UNSUPPORTED);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-8"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/blocks/block-8"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/tools/tool-8"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE *"), 3);
    end();
}
END_TEST

START_TEST(a_tool_that_was_overwritten_is_put_back_after_a_failure)
{
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    on("GET /v1/tools/[?]*after=*", "[]");
    on("GET /v1/tools/[?]*", "[{\"id\":\"tool-1\",\"name\":\"mine\",\"tool_type\":\"custom\",\"source_code\":\"new\"}]");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
    on("GET /v1/tools/[?]*after=*", "[]");
    on("GET /v1/tools/[?]*", "[{\"id\":\"tool-7\",\"name\":\"mine\",\"tool_type\":\"custom\",\"source_code\":\"old\"}]");
    on("POST /v1/tools/", "{\"id\":\"tool-7\"}");
    fake_http_on(it.server, "POST /v1/agents/import", (struct fake_answer){ .status = 400 });
    on("PATCH *", "{}");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    ck_assert_uint_eq(fake_http_count(it.server, "POST *"), 0);
    ck_assert_int_eq(restore(PAB_RESTORE_FORCE), PAB_E_UNSUPPORTED);
    ck_assert_uint_eq(fake_http_count(it.server, "PATCH /v1/tools/tool-7"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE *"), 0);
    for (size_t i = 0; fake_http_asked(it.server, i); i++)
        if (!strcmp(fake_http_asked(it.server, i), "PATCH /v1/tools/tool-7")) ck_assert_ptr_nonnull(strstr(fake_http_sent(it.server, i), "\"source_code\":\"old\""));
    end();
}
END_TEST

START_TEST(a_tool_of_an_agent_that_differs_is_a_conflict_though_only_the_agent_is_restored)
{
    static const char agent[] = "{\"id\":\"agent-1\",\"name\":\"ada\",\"tools\":[{\"id\":\"tool-1\",\"name\":\"mine\",\"tool_type\":\"custom\",\"source_code\":\"new\"}]}";
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    on("GET /v1/agents/agent-1[?]*", agent);
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
    on("GET /v1/tools/[?]*after=*", "[]");
    on("GET /v1/tools/[?]*", "[{\"id\":\"tool-7\",\"name\":\"mine\",\"tool_type\":\"custom\",\"source_code\":\"old\"}]");
    on("GET /v1/*", "[]");
    it.alone = 1;
    ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_int_eq(plans(PAB_PLAN_CONFLICT, "'mine'"), 1);
    ck_assert_int_eq(restore(0), PAB_E_REFUSED);
    ck_assert_uint_eq(fake_http_count(it.server, "POST *"), 0);
    end();
}
END_TEST

START_TEST(faults_in_a_restore_take_back_what_was_made)
{
    const struct { struct fake_answer answer; int code; } faults[] = {
        { { .status = 401, .body = "{\"detail\":\"Unauthorized\"}" }, PAB_E_AUTH },
        { { .status = 500 }, PAB_E_UNREACHABLE },
        { { .status = 429 }, PAB_E_BUSY },
        { { .body = "[{\"id\":\"message-1\"},", .cut_at = 15, .chunked = 1 }, PAB_E_UNREACHABLE },
        { { .body = "[{\"id\":\"message-1\"}" }, PAB_E_CORRUPT },
        { { .headers = "Content-Type: text/html\r\n", .body = "<html>" }, PAB_E_CORRUPT },
        { { .body = "[{\"id\":17}]" }, PAB_E_CORRUPT },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        begin_two(0);
        on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
        fake_http_on(it.server, "GET /v1/agents/agent-9/messages*", faults[i].answer);
        on("PATCH *", "{}");
        on("GET /v1/*", "[]");
        int rc = restore(0);
        ck_assert_msg(rc == faults[i].code, "fault %zu: %d, %s", i, rc, it.host->failure.message);
        ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-[89]"), 2);
        ck_assert_ptr_null(strstr(it.host->failure.message, "the-password"));
        end();
    }
}
END_TEST

/* ---- what is there already */

START_TEST(an_agent_whose_settings_or_words_were_changed_is_not_there_already)
{
    static const struct { const char *member, *message; } changes[] = {
        { "", "hello" }, { ",\"llm_config\":{\"model\":\"other\"}", "hello" }, { ",\"tool_rules\":[{\"type\":\"exit_loop\"}]", "hello" },
        { ",\"compaction_settings\":{\"mode\":\"all\"}", "hello" }, { ",\"enable_sleeptime\":true", "hello" }, { "", "good bye" }, { ",\"response_format\":null,\"hidden\":false", "hello" },
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        begin_restore();
        CLEANUP_FREE char *agent = pab_sprintf("%.*s%s}", (int)strlen(AGENT) - 1, AGENT, changes[i].member);
        CLEANUP_FREE char *messages = pab_sprintf("[{\"id\":\"message-1\",\"message_type\":\"user_message\",\"content\":\"%s\"}]", changes[i].message);
        on("GET /v1/agents/agent-1[?]*", agent);
        on("GET /v1/agents/agent-1/messages[?]*after=*", "[]");
        on("GET /v1/agents/agent-1/messages[?]*", messages);
        script_rest();
        ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
        int changed = i != 0 && i != 6;
        ck_assert_msg(plans(PAB_PLAN_CONFLICT, "'ada'") == changed, "change %zu", i);
        ck_assert_int_eq(plans(PAB_PLAN_KEEP, "'ada'"), !changed);
        end();
    }
}
END_TEST

#define PASSAGE(text) "[{\"passage\":{\"id\":\"passage-1\",\"archive_id\":\"%s\",\"created_at\":\"2025-01-01T00:00:00Z\",\"text\":\"" text "\",\"embedding\":[1,2]},\"score\":1}]"

START_TEST(an_archive_of_nobody_is_known_by_its_passages)
{
    for (int same = 0; same < 2; same++) {
        begin();
        fake_set(it.config, "id_map", "/dev/null/none");
        on("GET /v1/archives/archive-*/agents*", "[]");
        on("GET /v1/archives/[?]*after=*", "[]");
        on("GET /v1/archives/[?]*", "[" ARCHIVE "]");
        CLEANUP_FREE char *mine = pab_sprintf(PASSAGE("it was"), "archive-1");
        on("POST /v1/passages/search", mine);
        script_rest();
        ck_assert_int_eq(backup(), PAB_OK);
        struct fake_artifact *a = fake_artifact_named(it.host, "letta/archives/archive-1");
        ck_assert_str_eq(fake_value(&a->counts, "passages"), "1");
        ck_assert_ptr_null(strstr(a->data.bytes, "embedding"));
        begin_empty();
        CLEANUP_FREE char *theirs = same ? pab_sprintf(PASSAGE("it was"), "archive-9") : pab_sprintf(PASSAGE("it is"), "archive-9");
        on("POST /v1/passages/search", theirs);
        on("GET /v1/archives/archive-*/agents*", "[]");
        on("GET /v1/archives/[?]*after=*", "[]");
        on("GET /v1/archives/[?]*", "[{\"id\":\"archive-9\",\"name\":\"old things\"}]");
        on("GET /v1/*", "[]");
        ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
        ck_assert_int_eq(plans(PAB_PLAN_KEEP, "'old things'"), same);
        ck_assert_int_eq(plans(PAB_PLAN_CREATE, "'old things'"), !same);
        end();
    }
}
END_TEST

START_TEST(an_mcp_server_is_told_flat_and_made_with_a_config)
{
    static const char list[] = "[{\"id\":\"mcp_server-1\",\"server_name\":\"local\",\"mcp_server_type\":\"stdio\",\"command\":\"/bin/x\",\"args\":[\"-v\"],\"env\":{\"TOKEN\":\"s3cr3t\"}},"
                               "{\"id\":\"mcp_server-2\",\"server_name\":\"web\",\"mcp_server_type\":\"sse\",\"server_url\":\"http://mcp\",\"auth_header\":\"Authorization\",\"auth_token\":\"s3cr3t\",\"custom_headers\":null}]";
    for (int include = 0; include < 2; include++) {
        begin();
        fake_set(it.config, "id_map", "/dev/null/none");
        if (include) fake_set(it.config, "secrets", "include");
        on("GET /v1/mcp-servers/*", list);
        script_rest();
        ck_assert_int_eq(backup(), PAB_OK);
        begin_empty();
        script_rest();
        fake_http_on(it.server, "POST /v1/mcp-servers/", (struct fake_answer){ .body = "{\"id\":\"mcp_server-8\"}", .times = 1 });
        fake_http_on(it.server, "POST /v1/mcp-servers/", (struct fake_answer){ .status = 400, .body = "{\"detail\":\"disabled\"}" });
        ck_assert_int_eq(restore(0), PAB_OK);
        const char *sent[2] = { NULL, NULL };
        for (size_t i = 0, n = 0; fake_http_asked(it.server, i) && n < 2; i++)
            if (!strcmp(fake_http_asked(it.server, i), "POST /v1/mcp-servers/")) sent[n++] = fake_http_sent(it.server, i);
        CLEANUP_JSON json_t *one = json_loads(sent[0], 0, NULL);
        CLEANUP_JSON json_t *two = json_loads(sent[1], 0, NULL);
        ck_assert_str_eq(json_text(one, "server_name"), "local");
        ck_assert_str_eq(json_text(one, "config.command"), "/bin/x");
        ck_assert_str_eq(json_text(one, "config.env.TOKEN"), include ? "s3cr3t" : "");
        ck_assert_str_eq(json_text(two, "config.server_url"), "http://mcp");
        ck_assert_str_eq(json_text(two, "config.auth_token"), include ? "s3cr3t" : "");
        ck_assert(fake_has_text(&it.host->warnings, "'web' is not made again"));
        /* and is the same one, whether its secrets are known or not */
        begin_empty();
        on("GET /v1/mcp-servers/*", list);
        script_rest();
        ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
        ck_assert_int_eq(plans(PAB_PLAN_KEEP, "'local'") + plans(PAB_PLAN_KEEP, "'web'"), 2);
        begin_empty();
        on("GET /v1/mcp-servers/*", "[{\"id\":\"mcp_server-1\",\"server_name\":\"local\",\"mcp_server_type\":\"stdio\",\"command\":\"/bin/y\",\"args\":[\"-v\"],\"env\":{\"TOKEN\":\"s3cr3t\"}}]");
        script_rest();
        ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
        ck_assert_int_eq(plans(PAB_PLAN_CONFLICT, "'local'"), 1);
        end();
    }
}
END_TEST

START_TEST(a_folder_that_lacks_a_file_gets_it_and_one_that_says_something_else_is_a_conflict)
{
    static const char *const there[] = { "[{\"id\":\"file-1\",\"file_name\":\"a.txt\",\"content\":\"one\"},{\"id\":\"file-2\",\"file_name\":\"docs/b.txt\",\"content\":\"two\",\"processing_status\":\"completed\"}]",
                                         "[{\"id\":\"file-1\",\"file_name\":\"a.txt\",\"content\":\"one\",\"processing_status\":\"completed\"}]",
                                         "[{\"id\":\"file-1\",\"file_name\":\"a.txt\",\"content\":\"changed\"}]" };
    for (size_t i = 0; i < 3; i++) {
        begin();
        fake_set(it.config, "id_map", "/dev/null/none");
        on("GET /v1/folders/source-1/files[?]*after=*", "[]");
        on("GET /v1/folders/source-1/files[?]*", there[0]);
        on("GET /v1/folders/[?]*after=*", "[]");
        on("GET /v1/folders/[?]*", "[{\"id\":\"source-1\",\"name\":\"docs\"}]");
        script_rest();
        ck_assert_int_eq(backup(), PAB_OK);
        begin_empty();
        on("GET /v1/folders/source-9/files[?]*after=*", "[]");
        on("GET /v1/folders/source-9/files[?]*", there[i]);
        on("GET /v1/folders/[?]*after=*", "[]");
        on("GET /v1/folders/[?]*", "[{\"id\":\"source-9\",\"name\":\"docs\"}]");
        on("POST /v1/folders/source-9/upload*", "{\"id\":\"file-9\"}");
        script_rest();
        ck_assert_int_eq(restore(PAB_RESTORE_PLAN), PAB_OK);
        ck_assert_int_eq(plans(PAB_PLAN_KEEP, "'docs' is there already"), i == 0);
        ck_assert_int_eq(plans(PAB_PLAN_CREATE, "1 files of 'docs'"), i == 1);
        ck_assert_int_eq(plans(PAB_PLAN_CONFLICT, "'docs'"), i == 2);
        ck_assert_int_eq(restore(0), i == 2 ? PAB_E_REFUSED : PAB_OK);
        ck_assert_uint_eq(fake_http_count(it.server, "POST /v1/folders/source-9/upload*"), i == 1);
        ck_assert_uint_eq(fake_http_count(it.server, "POST /v1/folders/"), 0);
        end();
    }
}
END_TEST

START_TEST(what_an_agent_file_has_no_place_for_is_set_afterwards)
{
    static const char agent[] = "{\"id\":\"agent-1\",\"name\":\"ada\",\"hidden\":true,\"enable_sleeptime\":true,\"system\":\"be\",\"compaction_settings\":{\"mode\":\"all\"}}";
    for (int grouped = 0; grouped < 2; grouped++) {
        begin();
        fake_set(it.config, "id_map", "/dev/null/none");
        on("GET /v1/agents/agent-1[?]*", agent);
        script_rest();
        ck_assert_int_eq(backup(), PAB_OK);
        begin_empty();
        on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
        on("GET /v1/agents/agent-9[?]*", grouped ? "{\"id\":\"agent-9\",\"name\":\"ada\",\"multi_agent_group\":{\"id\":\"group-1\"}}" : "{\"id\":\"agent-9\",\"name\":\"ada\"}");
        on("PATCH *", "{}");
        on("GET /v1/*", "[]");
        ck_assert_int_eq(restore(0), PAB_OK);
        int settled = 0, woken = 0;
        for (size_t i = 0; fake_http_asked(it.server, i); i++) {
            if (strcmp(fake_http_asked(it.server, i), "PATCH /v1/agents/agent-9")) continue;
            settled += !strcmp(fake_http_sent(it.server, i), "{\"compaction_settings\":{\"mode\":\"all\"},\"hidden\":true}");
            woken += !strcmp(fake_http_sent(it.server, i), "{\"enable_sleeptime\":true,\"system\":\"be\"}");
        }
        ck_assert_int_eq(settled, 1);
        /* without its group the server would make a second agent */
        ck_assert_int_eq(woken, grouped);
        ck_assert_int_eq(fake_has_text(&it.host->warnings, "enable_sleeptime"), !grouped);
        end();
    }
}
END_TEST

START_TEST(the_map_of_ids_keeps_what_earlier_restores_told)
{
    char path[] = "/tmp/pab-letta-map.XXXXXX";
    CLEANUP_CLOSE int fd = mkstemp(path);
    ck_assert_int_eq(pab_write_all(fd, "{\"agent-0\":\"agent-00\"}", 22), 0);
    for (int damaged = 0; damaged < 2; damaged++) {
        CLEANUP_FREE char *text = NULL;
        begin_restore();
        fake_set(it.config, "id_map", path);
        it.plugin->close(it.instance);
        ck_assert_int_eq(it.plugin->open(fake_op(it.host), it.config, &it.instance), PAB_OK);
        on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
        on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"ada\",\"blocks\":[{\"id\":\"block-9\",\"label\":\"human\",\"value\":\"x\"}]}");
        fake_http_on(it.server, "GET /v1/blocks/block-1", (struct fake_answer){ .status = 404 });
        on("GET /v1/*", "[]");
        ck_assert_int_eq(restore(0), PAB_OK);
        ck_assert_int_eq(pab_read_file(AT_FDCWD, path, 4096, &text, NULL, NULL), PAB_OK);
        if (!damaged) {
            CLEANUP_JSON json_t *map = json_loads(text, 0, NULL);
            ck_assert_str_eq(json_text(map, "agent-0"), "agent-00");
            ck_assert_str_eq(json_text(map, "agent-1"), "agent-9");
            ck_assert_str_eq(json_text(map, "block-1"), "block-9");
            ck_assert_int_eq(truncate(path, 5), 0);
        } else {
            ck_assert_uint_eq(strlen(text), 5);
            ck_assert(fake_has_text(&it.host->warnings, "cannot be read and stays as it is"));
        }
        ck_assert(fake_has_text(&it.host->logs, "block-1 is block-9 now"));
        end();
    }
    unlink(path);
}
END_TEST

START_TEST(an_export_may_be_of_any_length)
{
    const size_t size = (unit_is_slow() ? 3u : 40u) << 20;
    CLEANUP_FREE char *text = pab_alloc(size + 200);
    char *p = text + sprintf(text, "{\"agents\":[{\"name\":\"ada\",\"messages\":[]}],\"files\":[{\"content\":\"");
    memset(p, 'x', size);
    strcpy(p + size, "\"}],\"tools\":[]}");
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    fake_set(it.config, "timeout", "20s");
    on("GET /v1/agents/agent-1/export", text);
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_uint_eq(fake_artifact_named(it.host, "letta/agents/agent-1")->data.size, strlen(text));
    struct pab_verify_req req = { .struct_size = sizeof req };
    fake_new_verb(it.host);
    fake_verify_req(it.host, &req);
    req.flags = PAB_VERIFY_CONTENT;
    ck_assert_int_eq(it.plugin->verify(it.instance, fake_op(it.host), &req), PAB_OK);
    begin_empty();
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"ada\"}");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(0), PAB_OK);
    for (size_t i = 0; fake_http_asked(it.server, i); i++)
        if (!strcmp(fake_http_asked(it.server, i), "POST /v1/agents/import")) ck_assert_uint_lt(strlen(fake_http_sent(it.server, i)), 4096);
    end();
}
END_TEST

START_TEST(messages_of_the_context_go_into_the_import_as_they_stood)
{
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    on("GET /v1/agents/agent-1/export", "{\"tools\":[{\"id\":\"tool-0\"},{\"id\":\"tool-1\"}],\"agents\":[{\"name\":\"eve\",\"messages\":[{\"id\":\"message-0\",\"x\":\"hers\"}]},"
                                        "{\"name\":\"ada\",\"tool_ids\":[\"tool-1\"],\"messages\":[{\"id\":\"message-0\",\"x\": 1.50}],\"in_context_message_ids\":[\"message-0\"]}],\"blocks\":[]}");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
    on("POST /v1/agents/import", "{\"agent_ids\":[\"agent-9\"]}");
    on("GET /v1/agents/agent-9[?]*", "{\"id\":\"agent-9\",\"name\":\"ada\"}");
    on("GET /v1/*", "[]");
    ck_assert_int_eq(restore(0), PAB_OK);
    for (size_t i = 0; fake_http_asked(it.server, i); i++) {
        if (strcmp(fake_http_asked(it.server, i), "POST /v1/agents/import")) continue;
        ck_assert_ptr_nonnull(strstr(fake_http_sent(it.server, i), "\"messages\":[{\"id\":\"message-0\",\"x\": 1.50}]"));
        ck_assert_ptr_null(strstr(fake_http_sent(it.server, i), "hers"));
        ck_assert_ptr_null(strstr(fake_http_sent(it.server, i), "tool-0"));
    }
    end();
}
END_TEST

START_TEST(agents_that_earlier_restores_kept_are_deleted_when_that_is_asked_for)
{
    begin_restore();
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[{\"id\":\"agent-5\",\"name\":\"ada.pab-old\"},{\"id\":\"agent-6\",\"name\":\"ada\"},{\"id\":\"agent-7\",\"name\":\"bob.pab-old\"}]");
    on("GET /v1/agents/agent-5[?]*", "{\"id\":\"agent-5\",\"blocks\":[{\"id\":\"block-5\"},{\"id\":\"block-6\"}]}");
    on("GET /v1/blocks/block-*/agents[?]*after=*", "[]");
    on("GET /v1/blocks/block-5/agents[?]*", "[{\"id\":\"agent-5\"}]");
    on("GET /v1/blocks/block-6/agents[?]*", "[{\"id\":\"agent-5\"},{\"id\":\"agent-6\"}]");
    on("DELETE *", "{}");
    ck_assert_int_eq(restore(PAB_RESTORE_CLEANUP | PAB_RESTORE_PLAN), PAB_OK);
    ck_assert_int_eq(plans(PAB_PLAN_DROP, "'ada.pab-old' (agent-5)"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE *"), 0);
    ck_assert_int_eq(restore(PAB_RESTORE_CLEANUP), PAB_OK);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/agents/agent-5"), 1);
    /* with the block that nobody else has */
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE /v1/blocks/block-5"), 1);
    ck_assert_uint_eq(fake_http_count(it.server, "DELETE *"), 2);
    end();
}
END_TEST

UNIT_MAIN("letta_restore", a_plan_changes_nothing, an_agent_is_imported_under_its_own_name_with_its_history,
          of_agents_that_share_a_block_the_first_keeps_its_copy_and_the_next_gets_that, a_failure_halfway_takes_back_what_was_made_and_nothing_else,
          an_agent_with_another_content_is_a_conflict, agents_that_make_place_stay_until_the_last_one_is_made,
          agents_that_made_place_get_their_names_back_when_the_last_one_cannot, an_old_agent_that_cannot_be_deleted_takes_nothing_back,
          what_an_import_brought_goes_with_it, a_tool_that_was_overwritten_is_put_back_after_a_failure,
          a_tool_of_an_agent_that_differs_is_a_conflict_though_only_the_agent_is_restored, faults_in_a_restore_take_back_what_was_made,
          an_agent_whose_settings_or_words_were_changed_is_not_there_already, an_archive_of_nobody_is_known_by_its_passages,
          an_mcp_server_is_told_flat_and_made_with_a_config, a_folder_that_lacks_a_file_gets_it_and_one_that_says_something_else_is_a_conflict,
          what_an_agent_file_has_no_place_for_is_set_afterwards, the_map_of_ids_keeps_what_earlier_restores_told, an_export_may_be_of_any_length,
          messages_of_the_context_go_into_the_import_as_they_stood, agents_that_earlier_restores_kept_are_deleted_when_that_is_asked_for)
