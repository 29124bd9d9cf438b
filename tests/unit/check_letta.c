/* check_letta.c - the letta plugin against a scripted server: paging, joined parts, faults of every kind, secrets, history. */
#include <string.h>
#include "plugins/letta/letta.h"
#include "tests/fakes/host.h"
#include "tests/fakes/http.h"
#include "tests/unit/unit.h"

static struct { struct fake_http *server; struct fake_host *host; struct pab_config *config; const struct pab_plugin *plugin; void *instance; } it;

#define AGENT "{\"id\":\"agent-1\",\"name\":\"ada\",\"blocks\":[{\"id\":\"block-1\",\"label\":\"human\",\"value\":\"x\"}],\"tools\":[],\"tags\":[],\"message_ids\":[\"message-1\"]," \
              "\"secrets\":[{\"key\":\"API_KEY\",\"value\":\"s3cr3t\",\"value_enc\":\"s3cr3t-enc\"}],\"sources\":[],\"identity_ids\":[]}"
#define OTHER "{\"id\":\"agent-2\",\"name\":\"bob\",\"blocks\":[{\"id\":\"block-1\",\"label\":\"human\",\"value\":\"x\"}]}"
#define EXPORT "{\"agents\":[{\"name\":\"ada\",\"messages\":[]}],\"n\":12345678901234567890123}"

static void on(const char *pattern, const char *body) { fake_http_on(it.server, pattern, (struct fake_answer){ .body = body }); }

static void begin_with(const char *health)
{
    memset(&it, 0, sizeof it);
    it.server = fake_http_new();
    it.host = fake_host_new();
    it.plugin = pab_plugin_init();
    ck_assert_int_eq(it.plugin->load(fake_table(it.host)), PAB_OK);
    it.config = fake_options(it.host, it.plugin->options, it.plugin->option_count);
    fake_set(it.config, "url", fake_http_url(it.server));
    fake_set(it.config, "password", "the-password");
    fake_set(it.config, "timeout", "500ms");
    on("GET /v1/health/", health);
}

static void begin(void) { begin_with("{\"version\":\"0.16.8\",\"status\":\"ok\"}"); }

/* What a server with one agent says to everything else: nothing there. */
static void script_rest(void)
{
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[" AGENT "]");
    on("GET /v1/agents/agent-1[?]*", AGENT);
    on("GET /v1/agents/agent-1/export", EXPORT);
    on("GET /v1/agents/agent-1/messages[?]*after=*", "[]");
    on("GET /v1/agents/agent-1/messages[?]*", "[{\"id\":\"message-1\",\"message_type\":\"user_message\",\"content\":\"hello\"}]");
    on("GET /v1/*", "[]");
}

static void end(void)
{
    it.plugin->close(it.instance);
    fake_host_free(it.host);
    fake_http_free(it.server);
}

static int backup(void)
{
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    ck_assert_int_eq(it.plugin->open(fake_op(it.host), it.config, &it.instance), PAB_OK);
    int rc = it.plugin->backup(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

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

START_TEST(a_slash_that_is_missing_and_a_busy_server_cost_nothing)
{
    begin();
    fake_http_on(it.server, "GET /v1/archives/[?]limit=50&order=asc", (struct fake_answer){ .status = 307, .headers = "Location: /v1/archives?limit=50\r\n", .times = 1 });
    fake_http_on(it.server, "GET /v1/folders/*", (struct fake_answer){ .status = 409, .headers = "Retry-After: 1\r\n", .times = 1 });
    fake_http_on(it.server, "GET /v1/tools/*", (struct fake_answer){ .status = 503, .times = 2 });
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

/* ---- restores */

static int restore(uint32_t flags)
{
    struct pab_restore_req req = { .struct_size = sizeof req };
    fake_new_verb(it.host);
    fake_restore_req(it.host, &req);
    req.flags = flags;
    int rc = it.plugin->restore(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

static void begin_empty(void)
{
    fake_http_free(it.server);
    it.server = fake_http_new();
    fake_set(it.config, "url", fake_http_url(it.server));
    on("GET /v1/health/", "{\"version\":\"0.16.8\"}");
}

/* A backup of one agent, then a server without it. */
static void begin_restore(void)
{
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
}

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

UNIT_MAIN("letta", an_agent_has_a_file_a_description_and_its_history, what_an_agent_is_joined_with_is_asked_for_by_name, values_of_secrets_stay_out_unless_they_are_wanted,
          pages_are_asked_for_until_an_empty_one, a_list_that_knows_no_cursor_is_read_once, the_servers_own_tools_are_left_out, a_list_that_this_version_lacks_is_a_fact,
          other_generations_are_refused_with_what_to_do, every_fault_of_the_server_fails_the_backup_and_commits_nothing_of_the_agent,
          a_slash_that_is_missing_and_a_busy_server_cost_nothing, no_failure_of_the_host_is_overlooked, verify_finds_a_line_that_is_missing_and_one_that_is_damaged,
          a_plan_changes_nothing, of_agents_that_share_a_block_the_first_keeps_its_copy_and_the_next_gets_that, an_agent_is_imported_under_its_own_name_with_its_history, a_failure_halfway_takes_back_what_was_made_and_nothing_else,
          an_agent_with_another_content_is_a_conflict)
