/* check_docker.c - the Docker client: which daemon, which version, refusals, helpers, output of commands. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "plugins/support/docker.h"
#include "tests/fakes/docker.h"
#include "tests/unit/unit.h"

static struct { struct fake_docker *fake; struct docker *d; struct pab_error err; } it;

static int connect_now(void) { return docker_connect(&(struct docker_opts){ .host = fake_http_url(it.fake->http), .cancel_fd = -1 }, &it.d, &it.err); }

static void begin(void)
{
    memset(&it, 0, sizeof it);
    ck_assert_int_eq(http_load(&it.err), PAB_OK);
    it.fake = fake_docker_new();
    ck_assert_msg(connect_now() == PAB_OK, "%s", it.err.message);
}

static void end(void)
{
    docker_free(it.d);
    fake_docker_free(it.fake);
}

/* ---- which daemon */

static char home[64];
static void make_home(void)
{
    strcpy(home, "/tmp/pab-check-docker-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(home));
    setenv("HOME", home, 1);
    const char *const unwanted[] = { "DOCKER_HOST", "DOCKER_CONTEXT", "DOCKER_CONFIG", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH", "XDG_RUNTIME_DIR" };
    for (size_t i = 0; i < sizeof unwanted / sizeof *unwanted; i++) unsetenv(unwanted[i]);
}

static void put(const char *path, const char *text)
{
    struct pab_error err = { 0 };
    CLEANUP_FREE char *whole = pab_sprintf("%s/%s", home, path);
    CLEANUP_FREE char *dir = pab_strndup(whole, (size_t)(strrchr(whole, '/') - whole));
    ck_assert_int_eq(pab_mkdirs(AT_FDCWD, dir, 0755, &err), PAB_OK);
    ck_assert_int_eq(pab_write_file_atomic(AT_FDCWD, whole, text, strlen(text), 0600, &err), PAB_OK);
}

static void drop_home(void)
{
    struct pab_error err = { 0 };
    ck_assert_int_eq(pab_remove_tree(AT_FDCWD, home, &err), PAB_OK);
}

static void finds(const char *host, const char *context, const char *wanted)
{
    struct docker_endpoint e = { 0 };
    struct pab_error err = { 0 };
    ck_assert_msg(docker_endpoint_find(host, context, &e, &err) == PAB_OK, "%s", err.message);
    ck_assert_str_eq(e.host, wanted);
    docker_endpoint_release(&e);
}

static void finds_none(const char *host, const char *context, int code)
{
    struct docker_endpoint e = { 0 };
    struct pab_error err = { 0 };
    ck_assert_int_eq(docker_endpoint_find(host, context, &e, &err), code);
    ck_assert_ptr_null(e.host);
    ck_assert_int_ne(err.message[0], '\0');
}

START_TEST(an_address_is_taken_as_docker_writes_it)
{
    make_home();
    finds("unix:///run/x.sock", NULL, "unix:///run/x.sock");
    finds("/run/x.sock", NULL, "unix:///run/x.sock");
    finds("tcp://10.0.0.1:2375", NULL, "http://10.0.0.1:2375");
    finds_none("ssh://me@there", NULL, PAB_E_UNSUPPORTED);
    finds_none("there", NULL, PAB_E_CONFIG);
    setenv("DOCKER_TLS_VERIFY", "1", 1);
    finds("tcp://10.0.0.1:2376", NULL, "https://10.0.0.1:2376");
    drop_home();
}
END_TEST

START_TEST(the_environment_names_the_daemon)
{
    make_home();
    put(".docker/config.json", "{\"currentContext\":\"other\"}");
    setenv("DOCKER_HOST", "unix:///run/env.sock", 1);
    finds(NULL, NULL, "unix:///run/env.sock");
    drop_home();
}
END_TEST

START_TEST(the_current_context_names_the_daemon)
{
    make_home();
    put(".docker/config.json", "{\"currentContext\":\"vm\"}");
    put(".docker/contexts/meta/abc/meta.json", "{\"Name\":\"other\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///run/other.sock\"}}}");
    put(".docker/contexts/meta/def/meta.json", "{\"Name\":\"vm\",\"Endpoints\":{\"docker\":{\"Host\":\"unix:///run/vm.sock\"}}}");
    finds(NULL, NULL, "unix:///run/vm.sock");
    finds(NULL, "other", "unix:///run/other.sock");
    setenv("DOCKER_CONTEXT", "other", 1);
    finds(NULL, NULL, "unix:///run/other.sock");
    finds_none(NULL, "nothing", PAB_E_NOT_FOUND);
    drop_home();
}
END_TEST

START_TEST(a_context_with_certificates_speaks_tls)
{
    struct docker_endpoint e = { 0 };
    struct pab_error err = { 0 };
    make_home();
    put(".docker/contexts/meta/abc/meta.json", "{\"Name\":\"far\",\"Endpoints\":{\"docker\":{\"Host\":\"tcp://far:2376\"}}}");
    put(".docker/contexts/tls/abc/docker/ca.pem", "");
    ck_assert_int_eq(docker_endpoint_find(NULL, "far", &e, &err), PAB_OK);
    ck_assert_str_eq(e.host, "https://far:2376");
    ck_assert_ptr_nonnull(strstr(e.ca, "abc/docker/ca.pem"));
    ck_assert_ptr_null(e.key);
    docker_endpoint_release(&e);
    drop_home();
}
END_TEST

/* ---- versions, refusals */

START_TEST(an_older_daemon_is_met_where_it_is)
{
    begin();
    ck_assert_int_eq(docker_api(it.d), 41);
    ck_assert_str_eq(docker_version(it.d), "99.9");
    end();
}
END_TEST

START_TEST(a_newer_daemon_is_spoken_to_in_an_older_version)
{
    begin();
    docker_free(it.d);
    it.fake->api = "1.99";
    it.fake->oldest = "1.44";
    ck_assert_int_eq(connect_now(), PAB_OK);
    ck_assert_int_eq(docker_api(it.d), 47);
    end();
}
END_TEST

START_TEST(a_daemon_that_is_too_new_is_refused_with_both_ranges)
{
    begin();
    docker_free(it.d);
    it.d = NULL;
    it.fake->api = "1.99";
    it.fake->oldest = "1.90";
    ck_assert_int_eq(connect_now(), PAB_E_UNSUPPORTED);
    ck_assert_msg(strstr(it.err.message, "1.90") && strstr(it.err.message, "1.47"), "%s", it.err.message);
    end();
}
END_TEST

START_TEST(the_daemons_words_stand_in_the_error)
{
    begin();
    fake_http_on(it.fake->http, "GET /v1.41/x", (struct fake_answer){ .status = 409, .body = "{\"message\":\"in use by web\"}" });
    fake_http_on(it.fake->http, "GET /v1.41/y", (struct fake_answer){ .status = 500, .body = "no JSON" });
    ck_assert_int_eq(docker_call(it.d, "GET", NULL, 0, NULL, NULL, &it.err, "/x"), PAB_E_BUSY);
    ck_assert_msg(strstr(it.err.message, "in use by web") != NULL, "%s", it.err.message);
    ck_assert_int_eq(docker_call(it.d, "GET", NULL, 0, NULL, NULL, &it.err, "/y"), PAB_E_TOOL);
    ck_assert_int_eq(docker_call(it.d, "GET", NULL, 0, NULL, NULL, &it.err, "/z"), PAB_E_NOT_FOUND);
    end();
}
END_TEST

START_TEST(an_answer_that_is_no_json_is_an_error)
{
    json_t *o = NULL;
    begin();
    fake_http_on(it.fake->http, "GET /v1.41/x", (struct fake_answer){ .body = "{\"half\":" });
    ck_assert_int_eq(docker_call(it.d, "GET", NULL, 0, &o, NULL, &it.err, "/x"), PAB_E_CORRUPT);
    ck_assert_ptr_null(o);
    end();
}
END_TEST

START_TEST(a_name_cannot_reach_into_another_path)
{
    json_t *o = NULL;
    begin();
    ck_assert_int_eq(docker_volume(it.d, "../containers/web?x=", &o, &it.err), PAB_E_NOT_FOUND);
    ck_assert_str_eq(fake_http_asked(it.fake->http, 1), "GET /v1.41/volumes/%2E.%2Fcontainers%2Fweb%3Fx%3D");
    end();
}
END_TEST

/* ---- volumes and helpers */

START_TEST(a_volume_that_is_there_is_not_taken_for_new)
{
    begin();
    fake_docker_volume(it.fake, "data", "/nowhere");
    ck_assert_int_eq(docker_volume_create(it.d, "data", NULL, NULL, NULL, NULL, &it.err), PAB_E_EXISTS);
    ck_assert_uint_eq(fake_http_count(it.fake->http, "POST *"), 0);
    end();
}
END_TEST

START_TEST(a_helper_of_a_missing_volume_is_never_made)
{
    char *id = NULL;
    begin();
    ck_assert_int_eq(docker_helper_create(it.d, "h", "typo", 1, &id, &it.err), PAB_E_NOT_FOUND);
    ck_assert_uint_eq(fake_http_count(it.fake->http, "POST *"), 0);
    end();
}
END_TEST

START_TEST(a_volume_removed_meanwhile_does_not_come_back_with_the_helper)
{
    char *id = NULL;
    begin();
    fake_docker_volume(it.fake, "data", "/nowhere");
    it.fake->volumes[0].gone_when_used = 1;
    fake_http_on(it.fake->http, "GET /v1.41/images/*", (struct fake_answer){ .body = "{}" });
    fake_http_on(it.fake->http, "POST /v1.41/containers/create*", (struct fake_answer){ .status = 201, .body = "{\"Id\":\"h\"}" });
    fake_http_on(it.fake->http, "DELETE *", (struct fake_answer){ .status = 204 });
    ck_assert_int_eq(docker_helper_create(it.d, "h", "data", 1, &id, &it.err), PAB_E_NOT_FOUND);
    ck_assert_ptr_null(id);
    ck_assert_uint_eq(fake_http_count(it.fake->http, "DELETE /v1.41/containers/h*"), 1);
    ck_assert_int_eq(fake_docker_has_volume(it.fake, "data"), 0);
    end();
}
END_TEST

START_TEST(an_address_is_the_one_of_the_first_network)
{
    char *address = NULL;
    begin();
    fake_http_on(it.fake->http, "GET /v1.41/containers/db/json", (struct fake_answer){
        .body = "{\"State\":{\"Running\":true},\"NetworkSettings\":{\"IPAddress\":\"\",\"Networks\":{\"n\":{\"IPAddress\":\"172.20.0.3\"}}}}" });
    ck_assert_int_eq(docker_container_address(it.d, "db", &address, &it.err), PAB_OK);
    ck_assert_str_eq(address, "172.20.0.3");
    free(address);
    ck_assert_int_eq(docker_container_address(it.d, "other", &address, &it.err), PAB_E_NOT_FOUND);
    end();
}
END_TEST

/* ---- commands */

static int run_exec(const char *frames, size_t size, int exit_code, char *out, size_t capacity)
{
    struct docker_exec *e = NULL;
    char *state = pab_sprintf("{\"Running\":false,\"ExitCode\":%d}", exit_code);
    size_t have = 0;
    int64_t n = 0;
    fake_http_on(it.fake->http, "POST /v1.41/containers/db/exec", (struct fake_answer){ .status = 201, .body = "{\"Id\":\"e1\"}" });
    fake_http_on(it.fake->http, "POST /v1.41/exec/e1/start", (struct fake_answer){ .body = frames, .size = size, .chunked = 1 });
    fake_http_on(it.fake->http, "GET /v1.41/exec/e1/json", (struct fake_answer){ .body = state });
    free(state);
    ck_assert_int_eq(docker_exec_start(it.d, "db", (const char *const[]){ "pg_dump", "x", NULL }, NULL, NULL, &e, &it.err), PAB_OK);
    while (have < capacity - 1 && (n = docker_exec_read(e, out + have, capacity - 1 - have, &it.err)) > 0) have += (size_t)n;
    out[have] = '\0';
    if (n >= 0) return docker_exec_finish(e, &it.err);
    docker_exec_abandon(e);
    return (int)n;
}

START_TEST(stdout_of_a_command_is_told_from_stderr)
{
    static const char frames[] = "\1\0\0\0\0\0\0\3abc" "\2\0\0\0\0\0\0\4oops" "\1\0\0\0\0\0\0\2de";
    char out[64];
    begin();
    ck_assert_int_eq(run_exec(frames, sizeof frames - 1, 0, out, sizeof out), PAB_OK);
    ck_assert_str_eq(out, "abcde");
    end();
}
END_TEST

START_TEST(a_command_that_fails_says_why)
{
    static const char frames[] = "\2\0\0\0\0\0\0\7no role";
    char out[64];
    begin();
    ck_assert_int_eq(run_exec(frames, sizeof frames - 1, 3, out, sizeof out), PAB_E_TOOL);
    ck_assert_msg(strstr(it.err.message, "pg_dump in container 'db'") && strstr(it.err.message, "status 3") && strstr(it.err.message, "no role"), "%s", it.err.message);
    end();
}
END_TEST

START_TEST(output_cut_in_a_frame_is_an_error)
{
    static const char frames[] = "\1\0\0\0\0\0\0\11abc";
    char out[64];
    begin();
    ck_assert_int_eq(run_exec(frames, sizeof frames - 1, 0, out, sizeof out), PAB_E_UNREACHABLE);
    end();
}
END_TEST

UNIT_MAIN("docker", an_address_is_taken_as_docker_writes_it, the_environment_names_the_daemon, the_current_context_names_the_daemon,
          a_context_with_certificates_speaks_tls, an_older_daemon_is_met_where_it_is, a_newer_daemon_is_spoken_to_in_an_older_version,
          a_daemon_that_is_too_new_is_refused_with_both_ranges, the_daemons_words_stand_in_the_error, an_answer_that_is_no_json_is_an_error,
          a_name_cannot_reach_into_another_path, a_volume_that_is_there_is_not_taken_for_new, a_helper_of_a_missing_volume_is_never_made,
          a_volume_removed_meanwhile_does_not_come_back_with_the_helper, an_address_is_the_one_of_the_first_network, stdout_of_a_command_is_told_from_stderr,
          a_command_that_fails_says_why, output_cut_in_a_frame_is_an_error)
