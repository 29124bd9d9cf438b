/* check_init.c - a machine becomes a job: whatever its names are, the parser takes the text. */
#include <string.h>
#include "core/base/cleanup.h"
#include "core/config/job.h"
#include "core/config/node.h"
#include "core/engine/init.h"
#include "core/engine/machine.h"
#include "tests/unit/machine_fixture.h"

static json_t *machine;
static char *text;
static struct pab_job *job;

static void warn(void *ctx, const char *message) { (void)ctx; ck_abort_msg("warning: %s", message); }

/* The job of a document of machine.h. */
static void init_from(const char *document)
{
    machine = machine_of(document);
    struct pab_error err = { 0 };
    text = pab_init_job(machine);
    ck_assert_msg(pab_job_parse(text, strlen(text), "job.yaml", 0, warn, NULL, &job, &err) == PAB_OK, "%s\n%s", err.message, text);
}

static void done(void)
{
    pab_job_free(job);
    free(text);
    json_decref(machine);
}

static const struct pab_job_target *target(const char *name)
{
    for (size_t i = 0; i < job->target_count; i++)
        if (strcmp(job->targets[i].name, name) == 0) return &job->targets[i];
    ck_abort_msg("no target '%s' in\n%s", name, text);
}

#define HAS(what) ck_assert_msg(strstr(text, what) != NULL, "no '%s' in\n%s", what, text)
#define HAS_NOT(what) ck_assert_msg(strstr(text, what) == NULL, "'%s' in\n%s", what, text)

START_TEST(an_empty_machine_gives_an_example_that_says_so)
{
    init_from("{}");
    ck_assert_uint_eq(job->target_count, 1);
    ck_assert_str_eq(job->targets[0].plugin, "files");
    HAS("Nothing that pabengine knows was found");
    HAS("There is no Docker socket");
    done();
}
END_TEST

START_TEST(docker_that_does_not_answer_is_told_with_its_reason)
{
    init_from("{'docker': {'state': 'failed', 'host': 'unix:///x.sock', 'error': 'permission denied'}}");
    HAS("unix:///x.sock");
    HAS("does not answer (\"permission denied\")");
    done();
}
END_TEST

START_TEST(a_stack_gets_a_target_for_each_service)
{
    init_from(STACK);
    ck_assert_str_eq(target("supabase-db")->plugin, "postgres");
    ck_assert_str_eq(target("neo4j")->plugin, "neo4j");
    ck_assert_str_eq(target("letta")->plugin, "letta");
    ck_assert_str_eq(target("n8n")->plugin, "n8n");
    ck_assert_str_eq(target("pa-volumes")->plugin, "volume");
    ck_assert_str_eq(target("pa-files")->plugin, "files");
    for (size_t i = 0; i < job->target_count; i++) ck_assert_msg(job->targets[i].enabled, "%s is not enabled in\n%s", job->targets[i].name, text);
    HAS("user: supabase_admin");
    HAS("http://127.0.0.1:17474");
    HAS("http://10.0.0.2:8283");
    HAS("It does not run now");
    done();
}
END_TEST

START_TEST(secrets_are_references_to_the_names_that_the_stack_uses)
{
    init_from(STACK);
    HAS("env_file: /opt/pa/.env");
    HAS("password: env:DB_PASS");
    HAS("password: env:NEO4J_SECRET");
    HAS("api_key: env:N8N_API_KEY");
    HAS_NOT("env:POSTGRES_PASSWORD");
    done();
}
END_TEST

START_TEST(the_files_of_a_database_that_is_dumped_are_left_out_and_named)
{
    init_from(STACK);
    HAS("#   volume pa_db: the files of a database that a target above takes");
    HAS("#   volume pa_graph: ");
    HAS_NOT("- pa_db");
    HAS("- pa_conf  # used by supabase-db");
    done();
}
END_TEST

START_TEST(a_database_that_nothing_dumps_is_stopped_while_its_volume_is_read)
{
    init_from(STACK);
    HAS("- {name: pa_redis, quiesce: stop}");
    HAS("- pa_webui  # used by webui (Open WebUI)");
    HAS("- other  # used by no container");
    HAS("#   volume 0123: it has no name of its own");
    done();
}
END_TEST

START_TEST(bind_mounts_are_files_of_their_project_or_targets_of_their_own)
{
    init_from(STACK);
    HAS("config: [/docker-compose.yml, /.env]");
    HAS("mounts: [/letta/]");
    ck_assert_str_eq(target("models")->plugin, "files");
    ck_assert_str_eq(target("one.conf")->plugin, "files");
    HAS("root: /srv\n      sets: {files: [/one.conf]}");
    HAS("#   folder /var/run/docker.sock: a part of the system");
    HAS("exclude: [/backups/]");
    done();
}
END_TEST

START_TEST(a_service_that_cannot_be_asked_waits_for_its_user)
{
    init_from("{'containers': [{'name': 'n8n', 'image': 'n8nio/n8n', 'running': true}, {'name': 'graph', 'image': 'neo4j', 'env': ['NEO4J_AUTH'],"
              " 'mounts': [{'type': 'volume', 'name': 'g', 'destination': '/data'}]}], 'volumes': [{'name': 'g'}]}");
    ck_assert_int_eq(target("n8n")->enabled, 0);
    ck_assert_int_eq(target("graph")->enabled, 0);
    HAS("Its port 7474 is not published");
    HAS("The key is made in n8n");
    HAS("- {name: g, quiesce: stop}");
    done();
}
END_TEST

START_TEST(two_projects_with_the_same_names_keep_their_secrets_apart)
{
    init_from("{'projects': [{'name': 'one', 'folder': '/one', 'files': ['/one/compose.yaml'], 'env_file': '/one/.env', 'env': ['POSTGRES_PASSWORD']},"
              " {'name': 'two-b', 'folder': '/two', 'current': false, 'files': ['/two/compose.yaml'], 'env_file': '/two/.env', 'env': ['POSTGRES_PASSWORD']}],"
              " 'containers': [{'name': 'db', 'image': 'postgres:15', 'project': 'one', 'env': ['POSTGRES_PASSWORD']},"
              " {'name': 'db!', 'image': 'postgres:15', 'project': 'two-b', 'env': ['POSTGRES_PASSWORD']}, {'name': 'db?', 'image': 'postgres:15', 'project': 'one', 'env': []}],"
              " 'volumes': [{'name': 'a', 'project': 'one'}, {'name': 'b', 'project': 'two-b'}, {'name': 'c', 'project': 'one'}]}");
    HAS("env_file: /one/.env");
    HAS("password: env:POSTGRES_PASSWORD\n");
    HAS("password: env:TWO_B_POSTGRES_PASSWORD\n");
    HAS("TWO_B_POSTGRES_PASSWORD is to be set");
    target("db");
    target("db-");
    target("db--2");
    target("one-volumes");
    target("two-b-volumes");
    target("one-files");
    target("two-b-files");
    done();
}
END_TEST

START_TEST(the_folder_we_are_in_says_which_env_file)
{
    init_from("{'projects': [{'name': 'one', 'folder': '/one', 'files': ['/one/compose.yaml'], 'env_file': '/one/.env'},"
              " {'folder': '/two', 'current': true, 'files': ['/two/compose.yaml'], 'env_file': '/two/.env'}]}");
    HAS("env_file: /two/.env");
    target("one-files");
    target("files");
    done();
}
END_TEST

START_TEST(a_daemon_and_a_port_that_are_not_the_usual_ones_are_written_down)
{
    init_from("{'docker': {'state': 'ok', 'host': 'unix:///run/user/1000/docker.sock'}, 'volumes': [{'name': 'v'}],"
              " 'containers': [{'name': 'db', 'image': 'postgres:15', 'port': 5433}]}");
    ck_assert_str_eq(pab_node_get(target("db")->options, "docker_host")->text, "unix:///run/user/1000/docker.sock");
    ck_assert_str_eq(pab_node_get(target("db")->options, "port")->text, "5433");
    ck_assert_str_eq(pab_node_get(target("volumes")->options, "docker_host")->text, "unix:///run/user/1000/docker.sock");
    done();
}
END_TEST

START_TEST(a_local_cluster_is_reached_by_its_socket)
{
    init_from("{'clusters': [{'folder': '/var/run/postgresql', 'port': 5433}]}");
    ck_assert_str_eq(target("postgres-5433")->plugin, "postgres");
    HAS("host: /var/run/postgresql");
    HAS("port: 5433");
    done();
}
END_TEST

/* Each text of the document is hostile: as a name, a path, in comments, in flow lists. */
START_TEST(hostile_names_change_nothing_but_their_own_value)
{
    static const char *const hostile[] = {
        "a\nb: c", "x # y", "it's \"quoted\"", "- {a: [b, c]}", "\xe2\x80\xa8line\xe2\x80\xa9", "\xc2\x85next\xc2\x9bm", "\x1b[31mred\x7f", "&a *b !c |d >e %f @g",
        "back\\slash\\n", "null", "~", "...", "---", "", " ", "\t", "\xef\xbb\xbf" "bom\xef\xbf\xbf", "${X}", "env:HOME", "100", "true", "/a/../b", "*?[x]\\", "\xf0\x9f\x98\x80",
    };
    for (size_t h = 0; h < sizeof hostile / sizeof *hostile; h++) {
        CLEANUP_FREE char *path = pab_sprintf("/srv/%s", hostile[h]);
        const char *s = hostile[h];
        struct pab_error err = { 0 };
        machine = json_pack("{s:s, s:s, s:{s:s, s:s, s:s}, s:[{s:s, s:s, s:b, s:[s], s:s, s:[s]}], s:[{s:s, s:s}, {s:s}], s:[{s:s, s:i}],"
                            " s:[{s:s, s:s, s:s, s:s, s:[s], s:{s:s}, s:[{s:s, s:s, s:s, s:s}, {s:s, s:s, s:s}]}, {s:s, s:s}, {s:s, s:s, s:[{s:i, s:s, s:i}]}]}",
                            "host", s, "folder", path, "docker", "state", "failed", "host", s, "error", s,
                            "projects", "name", s, "folder", path, "current", 1, "files", path, "env_file", path, "env", s,
                            "volumes", "name", s, "project", s, "name", s, "clusters", "folder", path, "port", 5432,
                            "containers", "name", s, "image", "postgres", "user", s, "project", s, "env", "POSTGRES_PASSWORD", "from_env", "POSTGRES_PASSWORD", s,
                            "mounts", "type", "bind", "source", path, "kind", "folder", "destination", s, "type", "volume", "name", s, "destination", s,
                            "name", s, "image", s, "name", s, "image", "neo4j", "ports", "port", 7474, "host_ip", s, "host_port", 1);
        ck_assert_msg(machine != NULL, "%s", s);
        text = pab_init_job(machine);
        int rc = pab_job_parse(text, strlen(text), "job.yaml", 0, NULL, NULL, &job, &err);
        ck_assert_msg(rc == PAB_OK, "'%s': %s\n%s", s, err.message, text);
        ck_assert_uint_ge(job->target_count, 3);
        for (const char *p = text; *p; p++) ck_assert_msg(*p == '\n' || (unsigned char)*p >= 0x20, "a control character in\n%s", text);
        done();
    }
}
END_TEST

START_TEST(a_quoted_text_reads_back_as_it_was)
{
    init_from("{'containers': [{'name': 'we\\\"ird\\n#\\\\ \\u2028x\\u0085', 'image': 'postgres'}]}");
    const struct pab_node *name = pab_node_get(job->targets[0].options, "container");
    ck_assert_ptr_nonnull(name);
    ck_assert_str_eq(name->text, "we\"ird\n#\\ \xe2\x80\xa8x\xc2\x85");
    done();
}
END_TEST

START_TEST(images_are_known_by_their_last_word)
{
    ck_assert_int_eq(pab_known_of("postgres"), PAB_KNOWN_POSTGRES);
    ck_assert_int_eq(pab_known_of("localhost:5000/pgvector/pgvector:pg16"), PAB_KNOWN_POSTGRES);
    ck_assert_int_eq(pab_known_of("neo4j@sha256:aa/bb"), PAB_KNOWN_NEO4J);
    ck_assert_int_eq(pab_known_of("me/postgres-exporter:1"), PAB_KNOWN_NONE);
    ck_assert_int_eq(pab_known_of(""), PAB_KNOWN_NONE);
}
END_TEST

UNIT_MAIN("init", an_empty_machine_gives_an_example_that_says_so, docker_that_does_not_answer_is_told_with_its_reason, a_stack_gets_a_target_for_each_service,
          secrets_are_references_to_the_names_that_the_stack_uses, the_files_of_a_database_that_is_dumped_are_left_out_and_named,
          a_database_that_nothing_dumps_is_stopped_while_its_volume_is_read, bind_mounts_are_files_of_their_project_or_targets_of_their_own,
          a_service_that_cannot_be_asked_waits_for_its_user, two_projects_with_the_same_names_keep_their_secrets_apart, the_folder_we_are_in_says_which_env_file,
          a_daemon_and_a_port_that_are_not_the_usual_ones_are_written_down, a_local_cluster_is_reached_by_its_socket, hostile_names_change_nothing_but_their_own_value, a_quoted_text_reads_back_as_it_was, images_are_known_by_their_last_word)
