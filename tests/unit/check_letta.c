/* check_letta.c - backups of the letta plugin from a scripted server: paging, joined parts, faults of every kind, secrets, counts. */
#include "tests/unit/letta_server.h"

START_TEST(an_agent_has_a_file_a_description_and_its_history)
{
    begin();
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(fake_artifact_named(it.host, "letta/agents/agent-1")->data.bytes, EXPORT);
    ck_assert_ptr_nonnull(strstr(fake_artifact_named(it.host, "letta/agents/agent-1.agent")->data.bytes, "\"human\""));
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "letta/agents/agent-1.messages")->counts, "messages"), "1");
    ck_assert_ptr_nonnull(strstr(fake_artifact_named(it.host, "letta_core_memory")->data.bytes, "ada"));
    end();
}
END_TEST

START_TEST(what_an_agent_is_joined_with_is_asked_for_by_name)
{
    begin();
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_uint_ge(fake_http_count(it.server, "GET /v1/agents/agent-1[?]*include=agent.blocks*"), 1);
    for (size_t i = 0; fake_http_asked(it.server, i); i++) {
        ck_assert(fake_http_had_header(it.server, i, "User-Agent: pabengine"));
        ck_assert(fake_http_had_header(it.server, i, "Authorization: Bearer the-password"));
        ck_assert_ptr_null(strstr(fake_http_asked(it.server, i), "the-password"));
    }
    end();
}
END_TEST

START_TEST(values_of_secrets_stay_out_unless_they_are_wanted)
{
    for (int include = 0; include < 2; include++) {
        begin();
        if (include) fake_set(it.config, "secrets", "include");
        script_rest();
        ck_assert_int_eq(backup(), PAB_OK);
        int found = 0;
        for (size_t i = 0; i < it.host->artifact_count; i++) found |= it.host->artifacts[i]->data.bytes && strstr(it.host->artifacts[i]->data.bytes, "s3cr3t") != NULL;
        ck_assert_int_eq(found, include);
        ck_assert_int_eq(fake_has_text(&it.host->warnings, "1 values of secrets"), !include);
        end();
    }
}
END_TEST

START_TEST(pages_are_asked_for_until_an_empty_one)
{
    begin();
    on("GET /v1/blocks/[?]*after=block-2", "[{\"id\":\"block-3\",\"label\":\"c\"}]");
    on("GET /v1/blocks/[?]*after=block-3", "[]");
    on("GET /v1/blocks/[?]*", "[{\"id\":\"block-1\",\"label\":\"a\"},{\"id\":\"block-2\",\"label\":\"b\"}]");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "letta/blocks")->counts, "blocks"), "3");
    end();
}
END_TEST

START_TEST(a_list_that_knows_no_cursor_is_read_once)
{
    begin();
    on("GET /v1/identities/[?]*", "[{\"id\":\"identity-1\"},{\"id\":\"identity-2\"}]");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "letta/identities")->counts, "identities"), "2");
    end();
}
END_TEST

START_TEST(the_servers_own_tools_are_left_out)
{
    begin();
    on("GET /v1/tools/[?]*after=*", "[]");
    on("GET /v1/tools/[?]*", "[{\"id\":\"tool-1\",\"name\":\"send_message\",\"tool_type\":\"letta_core\"},{\"id\":\"tool-2\",\"name\":\"mine\",\"tool_type\":\"custom\"}]");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_ptr_null(strstr(fake_artifact_named(it.host, "letta/tools")->data.bytes, "send_message"));
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "letta/tools")->counts, "tools"), "1");
    end();
}
END_TEST

START_TEST(a_list_that_this_version_lacks_is_a_fact)
{
    begin();
    fake_http_on(it.server, "GET /v1/groups/*", (struct fake_answer){ .status = 404, .body = "{\"detail\":\"Not Found\"}" });
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_str_eq(fake_value(&it.host->facts, "without_groups"), "not in this version");
    end();
}
END_TEST

START_TEST(other_generations_are_refused_with_what_to_do)
{
    static const struct { const char *health, *hint; } all[] = { { "{\"version\":\"0.11.7\"}", "SQLite" }, { "{\"version\":\"0.34.1\"}", "files plugin" }, { "{\"status\":\"ok\"}", "" } };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        begin_with(all[i].health);
        script_rest();
        ck_assert_int_eq(backup(), PAB_E_UNSUPPORTED);
        ck_assert_ptr_nonnull(strstr(it.host->failure.hint, all[i].hint));
        end();
    }
}
END_TEST

START_TEST(every_fault_of_the_server_fails_the_backup_and_commits_nothing_of_the_agent)
{
    static char deep[5000], endless[64 << 10];
    memset(deep, '[', sizeof deep - 1);
    memset(endless, ' ', sizeof endless - 1);
    const struct { struct fake_answer answer; int code; } faults[] = {
        { { .status = 401, .body = "{\"detail\":\"Unauthorized\"}" }, PAB_E_AUTH },
        { { .status = 403 }, PAB_E_AUTH },
        { { .status = 429 }, PAB_E_BUSY },
        { { .status = 500 }, PAB_E_UNREACHABLE },
        { { .status = 307, .headers = "Location: http://elsewhere.example/\r\n" }, PAB_E_UNSUPPORTED },
        { { .headers = "Content-Type: text/html\r\n", .body = "<html>" }, PAB_E_CORRUPT },
        { { .body = EXPORT, .cut_at = 20, .chunked = 1 }, PAB_E_UNREACHABLE },
        { { .body = EXPORT, .stall_at = 20 }, PAB_E_TIMEOUT },
        { { .body = "{\"a\":\"\xff\xfe\"}" }, PAB_E_CORRUPT },
        { { .body = deep }, PAB_E_CORRUPT },
        { { .body = "{\"a\":1} trailing" }, PAB_E_CORRUPT },
        { { .body = endless, .size = sizeof endless - 1, .chunked = 1 }, PAB_E_CORRUPT },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        begin();
        fake_http_on(it.server, "GET /v1/agents/agent-1/export", faults[i].answer);
        script_rest();
        int rc = backup();
        ck_assert_msg(rc == faults[i].code, "fault %zu: %d, %s", i, rc, it.host->failure.message);
        struct fake_artifact *a = fake_artifact_named(it.host, "letta/agents/agent-1");
        ck_assert(!a || a->state == FAKE_ABORTED);
        ck_assert_ptr_null(strstr(it.host->failure.message, "the-password"));
        end();
    }
}
END_TEST

START_TEST(faults_in_a_list_fail_the_backup_and_commit_nothing_of_the_list)
{
    const size_t size = 33u << 20;
    CLEANUP_FREE char *endless = pab_alloc(size + 1);
    memset(endless, 'x', size);
    memcpy(endless, "[{\"id\":\"", 8);
    const struct { struct fake_answer answer; int code; } faults[] = {
        { { .status = 401 }, PAB_E_AUTH },
        { { .status = 429, .headers = "Retry-After: 0\r\n" }, PAB_E_BUSY },
        { { .status = 500 }, PAB_E_UNREACHABLE },
        { { .body = endless, .size = size, .chunked = 1 }, PAB_E_NOMEM },
        { { .body = "[{\"id\":\"message-2\",\"n\":1e999}]" }, PAB_E_CORRUPT },
        { { .body = "[{\"id\":\"message-2\"}", .cut_at = 12, .chunked = 1 }, PAB_E_UNREACHABLE },
        { { .body = "[{\"id\":\"message-2\"}" }, PAB_E_CORRUPT },
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        begin();
        fake_set(it.config, "timeout", "20s");
        fake_http_on(it.server, "GET /v1/agents/agent-1/messages*", faults[i].answer);
        script_rest();
        int rc = backup();
        ck_assert_msg(rc == faults[i].code, "fault %zu: %d, %s", i, rc, it.host->failure.message);
        ck_assert_int_eq(fake_artifact_named(it.host, "letta/agents/agent-1.messages")->state, FAKE_ABORTED);
        end();
    }
}
END_TEST

START_TEST(a_huge_number_changes_no_number_beside_it)
{
    begin();
    on("GET /v1/blocks/[?]*after=*", "[]");
    on("GET /v1/blocks/[?]*", "[{\"id\":\"block-1\",\"metadata\":{\"big\":12345678901234567890123,\"n\":3}}]");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert_ptr_nonnull(strstr(fake_artifact_named(it.host, "letta/blocks")->data.bytes, "\"n\":3}"));
    end();
}
END_TEST

START_TEST(a_slash_that_is_missing_and_a_busy_server_cost_nothing)
{
    begin();
    fake_http_on(it.server, "GET /v1/archives/[?]limit=50&order=asc", (struct fake_answer){ .status = 307, .headers = "Location: /v1/archives?limit=50\r\n", .times = 1 });
    fake_http_on(it.server, "GET /v1/folders/*", (struct fake_answer){ .status = 409, .headers = "Retry-After: 1\r\n", .times = 1 });
    fake_http_on(it.server, "GET /v1/tools/*", (struct fake_answer){ .status = 503, .times = 2 });
    fake_http_on(it.server, "GET /v1/identities/*", (struct fake_answer){ .status = 429, .headers = "Retry-After: 1\r\n", .times = 2 });
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    end();
}
END_TEST

START_TEST(no_failure_of_the_host_is_overlooked)
{
    static const char *const calls[] = { "artifact_begin", "artifact_write", "artifact_commit", "artifact_count", "artifact_fact", "object_add", "fact" };
    for (size_t c = 0; c < sizeof calls / sizeof *calls; c++) {
        for (unsigned n = 1;; n++) {
            begin();
            script_rest();
            fake_fail_call(it.host, calls[c], n, PAB_E_NOSPACE);
            int rc = backup();
            end();
            if (rc == PAB_OK) break;
            ck_assert_msg(rc == PAB_E_NOSPACE, "%s %u: %d", calls[c], n, rc);
            ck_assert_uint_lt(n, 200);
        }
    }
}
END_TEST

START_TEST(verify_finds_a_line_that_is_missing_and_one_that_is_damaged)
{
    for (int damage = 0; damage < 3; damage++) {
        struct pab_verify_req req = { .struct_size = sizeof req };
        begin();
        script_rest();
        ck_assert_int_eq(backup(), PAB_OK);
        struct fake_artifact *a = fake_artifact_named(it.host, "letta/agents/agent-1.messages");
        if (damage == 1) a->data.bytes[3] = '\x01';
        if (damage == 2) a->data.size = 0;
        fake_new_verb(it.host);
        fake_verify_req(it.host, &req);
        req.flags = PAB_VERIFY_CONTENT;
        int rc = it.plugin->verify(it.instance, fake_op(it.host), &req);
        ck_assert_ptr_null(fake_end_verb(it.host, rc));
        ck_assert_int_eq(rc, damage ? PAB_E_CORRUPT : PAB_OK);
        end();
    }
}
END_TEST

START_TEST(what_vanishes_during_a_backup_is_told)
{
    begin();
    fake_http_on(it.server, "GET /v1/blocks/count", (struct fake_answer){ .body = "7", .times = 1 });
    on("GET /v1/blocks/count", "5");
    fake_http_on(it.server, "GET /v1/tools/count", (struct fake_answer){ .body = "1", .times = 1 });
    on("GET /v1/tools/count", "2");
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[" AGENT "," OTHER "]");
    fake_http_on(it.server, "GET /v1/agents/agent-2[?]*", (struct fake_answer){ .status = 404 });
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    ck_assert(fake_has_text(&it.host->warnings, "agent:bob (agent-2) was deleted while the backup was made"));
    ck_assert(fake_has_text(&it.host->warnings, "blocks were deleted while the backup was made: 7 before, 5 after"));
    ck_assert(!fake_has_text(&it.host->warnings, "tools were"));
    end();
}
END_TEST

START_TEST(what_several_agents_need_says_whose_it_is)
{
    begin();
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[" AGENT ",{\"id\":\"agent-2\",\"name\":\"bob\",\"sources\":[{\"id\":\"source-1\"}]},{\"id\":\"agent-3\",\"name\":\"bob\",\"sources\":[{\"id\":\"source-1\"}]}]");
    on("GET /v1/agents/agent-2[?]*", OTHER);
    on("GET /v1/agents/agent-3[?]*", "{\"id\":\"agent-3\",\"name\":\"bob\"}");
    on("GET /v1/agents/agent-[23]/export", EXPORT);
    on("GET /v1/archives/archive-1/agents[?]*after=*", "[]");
    on("GET /v1/archives/archive-1/agents[?]*", "[{\"id\":\"agent-1\",\"name\":\"ada\"},{\"id\":\"agent-2\",\"name\":\"bob\"}]");
    on("GET /v1/archives/[?]*after=*", "[]");
    on("GET /v1/archives/[?]*", "[" ARCHIVE "]");
    on("GET /v1/folders/[?]*after=*", "[]");
    on("GET /v1/folders/[?]*", "[{\"id\":\"source-1\",\"name\":\"docs\"}]");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    struct fake_artifact *a = fake_artifact_named(it.host, "letta/archives/archive-1");
    ck_assert_str_eq(a->desc.object, "agent:ada");
    ck_assert_str_eq(fake_value(&a->facts, "needed_by"), "agent:ada\nagent:bob");
    ck_assert_str_eq(fake_value(&fake_artifact_named(it.host, "letta/folders/source-1")->facts, "needed_by"), "agent:bob\nagent:bob:agent-3");
    end();
}
END_TEST

START_TEST(discover_counts_what_the_server_has)
{
    struct pab_discover_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    begin();
    on("GET /v1/mcp-servers/*", "[{\"id\":\"mcp_server-1\"},{\"id\":\"mcp_server-2\"}]");
    fake_http_on(it.server, "GET /v1/conversations/*", (struct fake_answer){ .status = 404 });
    script_rest();
    ck_assert_int_eq(it.plugin->open(fake_op(it.host), it.config, &it.instance), PAB_OK);
    int rc = it.plugin->discover(it.instance, fake_op(it.host), &req);
    ck_assert_ptr_null(fake_end_verb(it.host, rc));
    ck_assert_int_eq(rc, PAB_OK);
    int servers = 0, groups = 0, conversations = 0;
    for (size_t i = 0; i < it.host->object_count; i++) {
        const struct pab_object *o = &it.host->objects[i].object;
        servers += !strcmp(o->id, "mcp_servers") && !strcmp(o->detail, "2");
        groups += !strcmp(o->id, "groups");
        conversations += !strcmp(o->id, "conversations");
    }
    ck_assert_int_eq(servers, 1);
    ck_assert_int_eq(groups, 1);
    ck_assert_int_eq(conversations, 0);
    end();
}
END_TEST

UNIT_MAIN("letta", an_agent_has_a_file_a_description_and_its_history, what_an_agent_is_joined_with_is_asked_for_by_name,
          values_of_secrets_stay_out_unless_they_are_wanted, pages_are_asked_for_until_an_empty_one, a_list_that_knows_no_cursor_is_read_once,
          the_servers_own_tools_are_left_out, a_list_that_this_version_lacks_is_a_fact, other_generations_are_refused_with_what_to_do,
          every_fault_of_the_server_fails_the_backup_and_commits_nothing_of_the_agent,
          faults_in_a_list_fail_the_backup_and_commit_nothing_of_the_list, a_huge_number_changes_no_number_beside_it,
          a_slash_that_is_missing_and_a_busy_server_cost_nothing, no_failure_of_the_host_is_overlooked,
          verify_finds_a_line_that_is_missing_and_one_that_is_damaged, what_vanishes_during_a_backup_is_told,
          what_several_agents_need_says_whose_it_is, discover_counts_what_the_server_has)
