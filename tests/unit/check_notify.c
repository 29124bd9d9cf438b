/* Notifications: what each kind is told and when, and that no endpoint, whatever it does, changes what becomes of a run. */
#include <jansson.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/engine/turn.h"
#include "tests/fakes/http.h"
#include "tests/unit/around_fixture.h"

static struct fake_http *server;

static void begin(void)
{
    setup();
    setenv("PABENGINE_LIBEXEC_PATH", TEST_BUILDDIR, 1);
    server = fake_http_new();
    fake_http_on(server, "POST /ok*", (struct fake_answer){ .status = 200, .body = "ok" });
}

static void end(void)
{
    fake_http_free(server);
    pab_secret_clear_all();
    teardown();
}

/* An entry of notify; URL stands for the server, its path follows. */
static void notify(const char *entry)
{
    FILE *f = fopen(job_path, "a");
    if (!strstr(content("job.yaml"), "\nnotify:")) fputs("notify:\n", f);
    fputs("  - {", f);
    for (const char *p = entry; *p; p++) {
        if (strncmp(p, "URL", 3) == 0) {
            fprintf(f, "%s:", fake_http_url(server));
            p += 2;
        } else {
            fputc(*p, f);
        }
    }
    fputs("}\n", f);
    fclose(f);
}

/* The i-th request without its query. */
static const char *asked(size_t i)
{
    static char text[256];
    const char *got = fake_http_asked(server, i);
    snprintf(text, sizeof text, "%.*s", got ? (int)strcspn(got, "?") : 0, got ? got : "");
    return text;
}

START_TEST(healthchecks_is_told_start_and_success_of_one_run)
{
    begin();
    JOB("a ok");
    notify("type: healthchecks, url: 'URL/ok/uuid'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(asked(0), "POST /ok/uuid/start");
    ck_assert_str_eq(asked(1), "POST /ok/uuid");
    const char *start = strstr(fake_http_asked(server, 0), "?rid="), *finish = strstr(fake_http_asked(server, 1), "?rid=");
    ck_assert_uint_eq(strlen(start), 5 + 36);
    ck_assert_str_eq(start, finish);
    ck_assert_ptr_null(fake_http_asked(server, 2));
    ck_assert(strstr(fake_http_sent(server, 1), "backup complete"));
    end();
}
END_TEST

START_TEST(a_run_that_another_one_keeps_out_tells_nobody)
{
    begin();
    JOB("a ok");
    notify("type: healthchecks, url: 'URL/ok/uuid'");
    struct pab_session *other = session(PAB_CAT_ALL);
    struct pab_lock *turn = NULL;
    ck_assert_int_eq(pab_turn_take(other, &turn, &err), PAB_OK);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_LOCKED);
    pab_lock_release(turn);
    pab_session_close(other);
    ck_assert_ptr_null(fake_http_asked(server, 0));
    end();
}
END_TEST

START_TEST(healthchecks_is_told_a_failure_and_its_reason)
{
    begin();
    JOB("a fail");
    notify("type: healthchecks, url: 'URL/ok/uuid/?a=b'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(asked(1), "POST /ok/uuid/fail");
    ck_assert(strstr(fake_http_asked(server, 1), "?a=b&rid="));
    ck_assert(strstr(fake_http_sent(server, 1), "told to fail"));
    end();
}
END_TEST

START_TEST(healthchecks_is_told_the_exit_code_where_that_is_wanted)
{
    begin();
    JOB("a ok", "b fail");
    notify("type: healthchecks, url: 'URL/ok/uuid', exit_code: true, on: [success, partial, failure]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(asked(0), "POST /ok/uuid/3");
    JOB("a ok");
    notify("type: healthchecks, url: 'URL/ok/uuid', exit_code: true, on: [success, partial, failure]");
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_OK);
    ck_assert_str_eq(asked(1), "POST /ok/uuid/0");
    end();
}
END_TEST

START_TEST(a_run_that_cannot_begin_is_told_as_a_failure)
{
    begin();
    JOB("a ok");
    add_to_job("hooks: {before: 'false'}\n");
    notify("type: healthchecks, url: 'URL/ok/uuid'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(asked(1), "POST /ok/uuid/fail");
    ck_assert(strstr(fake_http_sent(server, 1), "hook 'before' failed with exit status 1"));
    end();
}
END_TEST

START_TEST(a_failing_hook_after_makes_the_news_partial)
{
    begin();
    JOB("a ok");
    add_to_job("hooks: {after: 'false'}\n");
    notify("type: webhook, url: 'URL/ok', on: [success]");
    notify("type: webhook, url: 'URL/ok/partial', on: [partial]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    ck_assert_str_eq(asked(0), "POST /ok/partial");
    ck_assert_ptr_null(fake_http_asked(server, 1));
    end();
}
END_TEST

START_TEST(only_what_went_wrong_is_told_unless_more_is_wanted)
{
    begin();
    JOB("a ok");
    notify("type: ntfy, url: 'URL/ok'");
    notify("type: webhook, url: 'URL/ok'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_ptr_null(fake_http_asked(server, 0));
    end();
}
END_TEST

START_TEST(ntfy_gets_title_priority_tags_and_token)
{
    begin();
    JOB("a fail");
    setenv("NTFY_TOKEN", "tk_secret_token", 1);
    add_to_job("name: t\xc3\xa4glich\n");
    notify("type: ntfy, url: 'URL/ok/topic', token: 'env:NTFY_TOKEN'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(asked(0), "POST /ok/topic");
    ck_assert(fake_http_had_header(server, 0, "Priority: 5") && fake_http_had_header(server, 0, "Tags: rotating_light"));
    ck_assert(fake_http_had_header(server, 0, "Authorization: Bearer tk_secret_token"));
    ck_assert(strstr(fake_http_sent(server, 0), "t\xc3\xa4glich: backup failed: a: told to fail"));
    ck_assert(!strstr(warnings, "tk_secret_token"));
    end();
}
END_TEST

START_TEST(a_webhook_gets_the_outcome_as_json)
{
    begin();
    JOB("a ok", "b fail");
    notify("type: webhook, url: 'URL/ok'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_INCOMPLETE);
    const char *event = NULL, *status = NULL, *backup = NULL;
    json_int_t code = 0;
    json_t *j = json_loads(fake_http_sent(server, 0), 0, NULL);
    ck_assert_int_eq(json_unpack(j, "{s:s, s:s, s:s, s:I}", "event", &event, "status", &status, "backup", &backup, "exit_code", &code), 0);
    ck_assert_str_eq(event, "partial");
    ck_assert_str_eq(status, "partial");
    ck_assert_str_eq(backup, "one");
    ck_assert_int_eq(code, 3);
    ck_assert_uint_eq(json_array_size(json_object_get(j, "targets")), 2);
    json_decref(j);
    ck_assert(fake_http_had_header(server, 0, "Content-Type: application/json"));
    end();
}
END_TEST

START_TEST(values_in_a_json_template_are_escaped)
{
    begin();
    JOB("a fail");
    add_to_job("name: 'say \"hi\" \\'\n");
    notify("type: webhook, url: 'URL/ok', template: '{\"content\": \"{{job}} {{event}} {{exit_code}} {{failed_targets}}: {{error}}\", \"all\": {{json}}}'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    json_t *j = json_loads(fake_http_sent(server, 0), 0, NULL);
    ck_assert_msg(j != NULL, "%s", fake_http_sent(server, 0));
    ck_assert_str_eq(json_string_value(json_object_get(j, "content")), "say \"hi\" \\ failure 1 a: a: told to fail");
    ck_assert(json_is_object(json_object_get(j, "all")));
    json_decref(j);
    end();
}
END_TEST

START_TEST(other_templates_are_filled_as_they_are)
{
    begin();
    JOB("a ok");
    add_to_job("name: 'a \"b\"'\n");
    notify("type: webhook, url: 'URL/ok', on: [start, success], content_type: text/plain, template: '{{job}} {{status}} {{backup}} {{artifacts}}'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(fake_http_sent(server, 0), "a \"b\" started  0");
    ck_assert_str_eq(fake_http_sent(server, 1), "a \"b\" complete one 2");
    end();
}
END_TEST

START_TEST(status_500_is_tried_again_and_then_a_warning)
{
    begin();
    JOB("a ok");
    fake_http_on(server, "POST /broken", (struct fake_answer){ .status = 500, .body = "no" });
    fake_http_on(server, "POST /flaky", (struct fake_answer){ .status = 503, .times = 2 });
    fake_http_on(server, "POST /flaky", (struct fake_answer){ .status = 204 });
    notify("type: webhook, url: 'URL/broken', on: [success], timeout: 400ms");
    notify("type: webhook, url: 'URL/flaky', on: [success], timeout: 400ms");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_uint_eq(fake_http_count(server, "POST /broken"), 3);
    ck_assert_uint_eq(fake_http_count(server, "POST /flaky"), 3);
    ck_assert_msg(strstr(warnings, "notify[0] (webhook at a socket): 'success' was not delivered: it answered with status 500 (3 attempts)\n"), "%s", warnings);
    ck_assert_ptr_null(strstr(warnings, "notify[1] (webhook at a socket):"));
    end();
}
END_TEST

START_TEST(a_refusal_is_not_tried_again)
{
    begin();
    JOB("a ok");
    notify("type: webhook, url: 'URL/missing', on: [success]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_uint_eq(fake_http_count(server, "POST /missing"), 1);
    ck_assert_msg(strstr(warnings, "it answered with status 404\n"), "%s", warnings);
    end();
}
END_TEST

START_TEST(endpoints_that_hang_or_drop_are_given_up_in_time)
{
    begin();
    JOB("a ok");
    fake_http_on(server, "POST /hang", (struct fake_answer){ .hang = 1 });
    fake_http_on(server, "POST /stall", (struct fake_answer){ .body = "0123456789", .stall_at = 3 });
    fake_http_on(server, "POST /drop", (struct fake_answer){ .drop = 1 });
    notify("type: webhook, url: 'URL/hang', on: [start, success], timeout: 200ms, retries: 1");
    notify("type: webhook, url: 'URL/stall', on: [success], timeout: 200ms, retries: 0");
    notify("type: webhook, url: 'URL/drop', on: [success], timeout: 200ms, retries: 0");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(latest(), "one");
    ck_assert_uint_eq(fake_http_count(server, "POST /hang"), 4);
    ck_assert_msg(strstr(warnings, "'start' was not delivered: Timeout was reached (2 attempts)"), "%s", warnings);
    ck_assert_msg(strstr(warnings, "notify[1] (webhook at a socket): 'success' was not delivered: Timeout was reached\n"), "%s", warnings);
    ck_assert_msg(strstr(warnings, "notify[2] (webhook at a socket): 'success' was not delivered: "), "%s", warnings);
    end();
}
END_TEST

START_TEST(an_endless_answer_is_not_read_to_its_end)
{
    begin();
    JOB("a ok");
    size_t n = 32u << 20;
    char *flood = malloc(n);
    memset(flood, 'x', n);
    fake_http_on(server, "POST /flood", (struct fake_answer){ .body = flood, .size = n });
    notify("type: webhook, url: 'URL/flood', on: [success]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_ptr_null(strstr(warnings, "not delivered")); /* its status was 200 */
    free(flood);
    end();
}
END_TEST

START_TEST(a_redirection_on_the_same_host_is_followed_with_everything)
{
    begin();
    JOB("a ok");
    setenv("HOOK_TOKEN", "secret-token", 1);
    fake_http_on(server, "POST /moved", (struct fake_answer){ .status = 308, .headers = "Location: /ok/new\r\n" });
    fake_http_on(server, "POST /found", (struct fake_answer){ .status = 302, .headers = "Location: /ok/found\r\n" });
    notify("type: webhook, url: 'URL/moved', on: [success], token: 'env:HOOK_TOKEN'");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_str_eq(asked(1), "POST /ok/new");
    ck_assert(fake_http_had_header(server, 1, "Authorization: Bearer secret-token"));
    ck_assert_str_eq(fake_http_sent(server, 1), fake_http_sent(server, 0));
    JOB("a ok");
    notify("type: webhook, url: 'URL/found', on: [success]");
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_OK);
    ck_assert_str_eq(asked(3), "POST /ok/found");
    end();
}
END_TEST

START_TEST(a_redirection_elsewhere_gets_nothing)
{
    static const struct { const char *location, *why; } cases[] = {
        { "http://evil.example/steal", "it redirects to another host, 'evil.example', which is not followed" },
        { "//evil.example/steal", "another host, 'evil.example'" },
        { "http://localhost@evil.example/", "another host, 'evil.example'" },
        { "http://localhost:8080/x", "it redirects to another port" },
        { "ftp://localhost/x", "not followed" },
        { "file:///etc/passwd", "" },
        { "/loop", "it redirects again and again" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        begin();
        JOB("a ok");
        CLEANUP_FREE char *location = pab_sprintf("Location: %s\r\n", cases[i].location);
        fake_http_on(server, "POST /loop", (struct fake_answer){ .status = 307, .headers = location });
        notify("type: webhook, url: 'URL/loop', on: [success], retries: 0");
        ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
        ck_assert_msg(strstr(warnings, "'success' was not delivered: ") && strstr(warnings, cases[i].why), "%s: %s", cases[i].location, warnings);
        end();
    }
}
END_TEST

START_TEST(a_secret_that_is_missing_costs_this_notification_and_nothing_else)
{
    begin();
    JOB("a ok");
    unsetenv("PAB_UNSET");
    notify("type: ntfy, url: 'env:PAB_UNSET', on: [success]");
    notify("type: webhook, url: 'URL/ok', on: [success]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_msg(strstr(warnings, "notify[0].url: environment variable 'PAB_UNSET' is not set; the run goes on without this notification"), "%s", warnings);
    ck_assert_str_eq(asked(0), "POST /ok");
    ck_assert_int_eq(verify(0), PAB_EXIT_OK);
    end();
}
END_TEST

START_TEST(no_address_and_no_token_is_shown)
{
    begin();
    JOB("a ok");
    setenv("PAB_ADDRESS", "http://user:hunter22hunter@127.0.0.1:9/very-secret-path", 1);
    setenv("PAB_BAD", "gopher://very-secret-path", 1);
    notify("type: ntfy, url: 'env:PAB_ADDRESS', on: [success], timeout: 100ms, retries: 0");
    notify("type: ntfy, url: 'env:PAB_BAD', on: [success]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_msg(strstr(warnings, "notify[0] (ntfy at 127.0.0.1:9): 'success' was not delivered: Couldn't connect to server\n"), "%s", warnings);
    ck_assert(strstr(warnings, "expected an address that begins with https:// or http://"));
    ck_assert(!strstr(warnings, "secret-path") && !strstr(warnings, "hunter22"));
    end();
}
END_TEST

START_TEST(without_the_program_that_speaks_http_it_is_a_warning)
{
    begin();
    JOB("a ok");
    setenv("PABENGINE_LIBEXEC_PATH", "/nonexistent", 1);
    notify("type: webhook, url: 'URL/ok', on: [success]");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_msg(strstr(warnings, "cannot run '/nonexistent/pabengine-post': not found"), "%s", warnings);
    end();
}
END_TEST

/* A sendmail of our own that keeps what it gets, then runs the rest. */
static void fake_sendmail(const char *then)
{
    char path[256];
    snprintf(path, sizeof path, "%s/sendmail", dir);
    FILE *f = fopen(path, "w");
    fprintf(f, "#!/bin/sh\nfor a; do printf '<%%s>' \"$a\"; done > %s/args\ncat > %s/mail\n%s\n", dir, dir, then);
    fchmod(fileno(f), 0755);
    fclose(f);
}

START_TEST(mail_goes_to_sendmail_with_a_head_and_lines_that_any_server_takes)
{
    begin();
    JOB("a fail");
    add_to_job("name: t\xc3\xa4glich\n");
    fake_sendmail("");
    notify("type: mail, to: [ops@example.org, me@example.org], from: backup@example.org, sendmail: sendmail");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_FAILED);
    ck_assert_str_eq(content("args"), "<-i><ops@example.org><me@example.org>");
    const char *mail = content("mail");
    ck_assert_msg(pab_str_has_prefix(mail, "From: backup@example.org\nTo: ops@example.org,\n me@example.org\nSubject: =?UTF-8?B?dMOkZ2xpY2gg"), "%s", mail);
    const char *body = strstr(mail, "\n\n");
    for (const char *p = mail; p < body; p++) ck_assert_int_gt(*p, 0); /* the head is ASCII */
    ck_assert(strstr(body, "t\xc3\xa4glich: backup failed: a: told to fail"));
    for (const char *line = mail; *line; line += strcspn(line, "\n") + 1) ck_assert_uint_lt(strcspn(line, "\n"), 998);
    end();
}
END_TEST

START_TEST(mail_with_a_template_longer_than_a_line_is_broken)
{
    begin();
    JOB("a ok");
    fake_sendmail("");
    CLEANUP_FREE char *longer = pab_alloc(4001);
    for (int i = 0; i < 2000; i++) memcpy(longer + 2 * i, "\xc3\xa4", 2);
    CLEANUP_FREE char *entry = pab_sprintf("type: mail, to: ops@example.org, on: success, sendmail: sendmail, template: '%s'", longer);
    notify(entry);
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    const char *body = strstr(content("mail"), "\n\n") + 2;
    ck_assert_uint_eq(strlen(body), 4000 + 5);
    ck_assert(pab_utf8_valid(body, strcspn(body, "\n")));
    for (const char *line = body; *line; line += strcspn(line, "\n") + 1) ck_assert_uint_le(strcspn(line, "\n"), 900);
    end();
}
END_TEST

START_TEST(a_sendmail_that_fails_hangs_or_is_missing_is_a_warning)
{
    begin();
    JOB("a ok");
    fake_sendmail("echo 'no route to mail hub' >&2; exit 69");
    notify("type: mail, to: ops@example.org, on: success, sendmail: sendmail");
    notify("type: mail, to: ops@example.org, on: success, sendmail: /nonexistent/sendmail");
    ck_assert_int_eq(backup_named("one"), PAB_EXIT_OK);
    ck_assert_msg(strstr(warnings, "/sendmail' failed with exit status 69: no route to mail hub\n"), "%s", warnings);
    ck_assert_msg(strstr(warnings, "cannot run '/nonexistent/sendmail': not found\n"), "%s", warnings);
    JOB("a ok");
    fake_sendmail("exec sleep 1000");
    notify("type: mail, to: ops@example.org, on: success, sendmail: sendmail, timeout: 200ms");
    ck_assert_int_eq(backup_named("two"), PAB_EXIT_OK);
    ck_assert_msg(strstr(warnings, "did not end within 0.2 s\n"), "%s", warnings);
    end();
}
END_TEST

START_TEST(mistakes_in_notify_are_told_when_the_job_is_loaded)
{
    static const struct { const char *entry, *message; } cases[] = {
        { "type: smoke", "notify[0].type: expected one of healthchecks, ntfy, webhook, mail, found 'smoke'" },
        { "url: 'http://x/'", "notify[0].type: required key is missing" },
        { "type: ntfy", "notify[0].url: required key is missing: type ntfy needs it" },
        { "type: mail", "notify[0].to: required key is missing: type mail needs it" },
        { "type: mail, to: []", "notify[0].to: expected mail addresses" },
        { "type: mail, to: '-oQ/tmp'", "notify[0].to: expected mail addresses" },
        { "type: mail, to: \"a@b\\nBcc: c@d\"", "notify[0].to: expected mail addresses" },
        { "type: mail, to: a@b, from: \"a@b\\nBcc: c@d\"", "notify[0].from: expected a mail address" },
        { "type: mail, to: a@b, url: 'http://x/'", "notify[0].url: type mail has no such key" },
        { "type: healthchecks, url: 'http://x/', token: 'env:X'", "notify[0].token: type healthchecks has no such key" },
        { "type: ntfy, url: 'http://x/', on: [failed]", "notify[0].on: expected some of start, success, partial, failure, found 'failed'" },
        { "type: ntfy, url: 'http://x/', on: []", "notify[0].on: expected some of start, success, partial, failure, found nothing" },
        { "type: ntfy, url: 'http://x/', template: '{{jbo}}'", "notify[0].template: '{{jbo}}' is not known" },
        { "type: webhook, url: 'http://x/', content_type: \"a\\nb\"", "notify[0].content_type: expected a media type" },
        { "type: ntfy, url: 'http://x/', timeout: 1h", "notify[0].timeout: '1h' is out of range: expected 1ms to 5m" },
        { "type: ntfy, url: 'http://x/', retries: 11", "notify[0].retries: '11' is out of range: expected 0 to 10" },
    };
    begin();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        JOB("a ok");
        notify(cases[i].entry);
        struct pab_job *j = NULL;
        pab_error_clear(&err);
        ck_assert_int_eq(pab_job_load(job_path, 1, NULL, NULL, &j, &err), PAB_E_CONFIG);
        ck_assert_msg(strstr(err.message, cases[i].message) != NULL, "%s: %s", cases[i].entry, err.message);
    }
    end();
}
END_TEST

START_TEST(check_tells_nobody_but_finds_what_is_missing)
{
    begin();
    JOB("a ok");
    notify("type: webhook, url: 'URL/ok', on: [start, success]");
    struct pab_session *s = session(PAB_CAT_ALL);
    ck_assert_int_eq(pab_engine_check(s, &err), PAB_EXIT_OK);
    pab_session_close(s);
    notify("type: mail, to: a@b, sendmail: /nonexistent/sendmail");
    s = session(PAB_CAT_ALL);
    ck_assert_int_eq(pab_engine_check(s, &err), PAB_EXIT_FAILED);
    pab_session_close(s);
    ck_assert_str_eq(target_error, "notify[1] (mail to a@b): there is no program '/nonexistent/sendmail'");
    ck_assert_ptr_null(fake_http_asked(server, 0));
    end();
}
END_TEST

UNIT_MAIN("notify", healthchecks_is_told_start_and_success_of_one_run, a_run_that_another_one_keeps_out_tells_nobody,
          healthchecks_is_told_a_failure_and_its_reason, healthchecks_is_told_the_exit_code_where_that_is_wanted,
          a_run_that_cannot_begin_is_told_as_a_failure, a_failing_hook_after_makes_the_news_partial, only_what_went_wrong_is_told_unless_more_is_wanted,
          ntfy_gets_title_priority_tags_and_token, a_webhook_gets_the_outcome_as_json, values_in_a_json_template_are_escaped, other_templates_are_filled_as_they_are,
          status_500_is_tried_again_and_then_a_warning, a_refusal_is_not_tried_again, endpoints_that_hang_or_drop_are_given_up_in_time,
          an_endless_answer_is_not_read_to_its_end, a_redirection_on_the_same_host_is_followed_with_everything, a_redirection_elsewhere_gets_nothing,
          a_secret_that_is_missing_costs_this_notification_and_nothing_else, no_address_and_no_token_is_shown, without_the_program_that_speaks_http_it_is_a_warning,
          mail_goes_to_sendmail_with_a_head_and_lines_that_any_server_takes, mail_with_a_template_longer_than_a_line_is_broken,
          a_sendmail_that_fails_hangs_or_is_missing_is_a_warning, mistakes_in_notify_are_told_when_the_job_is_loaded, check_tells_nobody_but_finds_what_is_missing)
