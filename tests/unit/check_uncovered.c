/* check_uncovered.c - the machine against what the targets of a job take: nothing that holds data is passed over in silence. */
#include <string.h>
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/engine/uncovered.h"
#include "tests/unit/machine_fixture.h"

/* "volume pa_db: reason" a line, as a check of the whole list. */
static void gives(const char *machine_text, const char *targets_text, const char *wanted)
{
    json_t *machine = machine_of(machine_text), *targets = machine_of(targets_text), *list = pab_uncovered(machine, targets), *o;
    struct pab_buf b = PAB_BUF_INIT(0);
    size_t i;
    json_array_foreach(list, i, o) {
        pab_buf_addf(&b, "%s %s: %s\n", json_string_value(json_object_get(o, "kind")), json_string_value(json_object_get(o, "name")), json_string_value(json_object_get(o, "reason")));
    }
    ck_assert_str_eq(pab_buf_str(&b), wanted);
    pab_buf_release(&b);
    json_decref(list);
    json_decref(targets);
    json_decref(machine);
}

#define DB \
    "{'containers': [{'name': 'db', 'image': 'postgres:15', 'ports': [{'port': 5432, 'host_ip': '0.0.0.0', 'host_port': 15432}], 'addresses': ['172.17.0.2']," \
    " 'mounts': [{'type': 'volume', 'name': 'pg', 'destination': '/var/lib/postgresql/data'}]}], 'volumes': [{'name': 'pg'}]}"

START_TEST(an_empty_machine_has_nothing_uncovered)
{
    gives("{}", "[]", "");
}
END_TEST

START_TEST(a_database_that_nobody_asks_is_named_with_its_volume)
{
    gives(DB, "[]", "container db: PostgreSQL: no target asks it, and none takes its files\nvolume pg: no target takes it; used by db\n");
}
END_TEST

START_TEST(a_target_is_known_by_container_published_port_or_address)
{
    gives(DB, "[{'name': 'a', 'facts': {'container': 'db'}}]", "");
    gives(DB, "[{'name': 'a', 'facts': {'endpoint': '127.0.0.1:15432'}}]", "");
    gives(DB, "[{'name': 'a', 'facts': {'endpoint': 'localhost:15432'}}]", "");
    gives(DB, "[{'name': 'a', 'facts': {'endpoint': '172.17.0.2:5432'}}]", "");
    gives(DB, "[{'name': 'a', 'facts': {'endpoint': '::1:15432'}}]", "");
}
END_TEST

START_TEST(another_port_or_host_is_another_server)
{
    static const char both[] = "container db: PostgreSQL: no target asks it, and none takes its files\nvolume pg: no target takes it; used by db\n";
    gives(DB, "[{'name': 'a', 'facts': {'endpoint': '127.0.0.1:5432'}}]", both);
    gives(DB, "[{'name': 'a', 'facts': {'endpoint': 'db.example:15432'}}]", both);
    gives(DB, "[{'name': 'a', 'facts': {'container': 'db2'}}]", both);
}
END_TEST

START_TEST(the_files_of_a_running_database_are_not_enough)
{
    gives(DB, "[{'name': 'v', 'objects': [{'id': 'pg', 'attributes': {'volume': 'pg', 'quiesce': 'none'}}]}]",
          "container db: PostgreSQL: no target asks it, and its files are copied while it runs\n");
    gives(DB, "[{'name': 'v', 'objects': [{'id': 'pg', 'attributes': {'volume': 'pg', 'quiesce': 'stop'}}]}]", "");
}
END_TEST

START_TEST(a_disabled_target_is_part_of_the_reason)
{
    gives("{'containers': [{'name': 'n8n', 'image': 'n8nio/n8n'}]}", "[{'name': 'flows', 'plugin': 'n8n', 'enabled': false}]",
          "container n8n: n8n: no target asks it, and it has no volume for its data (target 'flows' is not enabled)\n");
}
END_TEST

START_TEST(services_are_known_by_their_url)
{
    static const char machine[] = "{'host': 'pa', 'containers': [{'name': 'letta', 'image': 'letta/letta', 'ports': [{'port': 8283, 'host_ip': '::', 'host_port': 80}]}]}";
    gives(machine, "[{'name': 'l', 'facts': {'url': 'http://pa/'}}]", "");
    gives(machine, "[{'name': 'l', 'facts': {'url': 'http://user@[::1]:80/x'}}]", "");
    gives(machine, "[{'name': 'l', 'facts': {'url': 'https://pa/'}}]", "container letta: Letta: no target asks it, and it has no volume for its data\n");
    gives(machine, "[{'name': 'l', 'facts': {'url': 'unix:///run/x'}}]", "container letta: Letta: no target asks it, and it has no volume for its data\n");
}
END_TEST

START_TEST(a_service_whose_volume_is_taken_is_covered)
{
    gives("{'containers': [{'name': 'n8n', 'image': 'n8nio/n8n', 'mounts': [{'type': 'volume', 'name': 'flows', 'destination': '/home/node/.n8n'}]}], 'volumes': [{'name': 'flows'}]}",
          "[{'name': 'v', 'objects': [{'attributes': {'volume': 'flows', 'quiesce': 'none'}}]}]", "");
}
END_TEST

START_TEST(databases_without_a_plugin_need_their_files_at_rest)
{
    static const char machine[] = "{'containers': [{'name': 'cache', 'image': 'redis:7', 'mounts': [{'type': 'volume', 'name': 'r', 'destination': '/data'}]}], 'volumes': [{'name': 'r'}]}";
    gives(machine, "[{'objects': [{'attributes': {'volume': 'r', 'quiesce': 'pause'}}]}]", "");
    gives(machine, "[{'objects': [{'attributes': {'volume': 'r', 'quiesce': 'none'}}]}]", "container cache: a database: no plugin asks it, and its files are copied while it runs\n");
}
END_TEST

START_TEST(volumes_tell_who_uses_them)
{
    gives("{'volumes': [{'name': 'old'}, {'name': 'anon', 'anonymous': true}, {'name': 'anon2', 'anonymous': true}],"
          " 'containers': [{'name': 'web', 'image': 'nginx', 'mounts': [{'type': 'volume', 'name': 'anon2', 'destination': '/x'}]}]}", "[]",
          "volume old: no target takes it; used by no container\nvolume anon2: it has no name of its own, so no target can take it; used by web\n");
}
END_TEST

#define FILES(patterns, exclude) "[{'facts': {'root': '/opt/pa'}, 'objects': [{'attributes': {'patterns': '" patterns "', 'exclude': '" exclude "'}}]}]"

START_TEST(bind_mounts_are_matched_as_the_files_plugin_does)
{
    static const char machine[] = "{'containers': [{'name': 'web', 'image': 'nginx', 'mounts': [{'type': 'bind', 'source': '/opt/pa/site', 'kind': 'folder', 'destination': '/x'},"
                                  " {'type': 'bind', 'source': '/opt/pa/nginx.conf', 'kind': 'file', 'destination': '/y'},"
                                  " {'type': 'bind', 'source': '/var/run/docker.sock', 'kind': 'other', 'destination': '/z'}]}]}";
    gives(machine, FILES("/", ""), "");
    gives(machine, FILES("/site/\\n/nginx.conf", ""), "");
    gives(machine, FILES("/site/*.html\\n/nginx.conf", ""), "folder /opt/pa/site: targets take a part of it alone; mounted by web\n");
    gives(machine, FILES("/", "/site/"), "folder /opt/pa/site: no target takes it; mounted by web\n");
    gives(machine, FILES("/site/", "*.tmp"), "file /opt/pa/nginx.conf: no target takes it; mounted by web\n");
    gives(machine, "[{'objects': [{'attributes': {'path': '/opt/pa/site'}}]}]", "file /opt/pa/nginx.conf: no target takes it; mounted by web\n");
    gives(machine, "[]", "folder /opt/pa/site: no target takes it; mounted by web\nfile /opt/pa/nginx.conf: no target takes it; mounted by web\n");
}
END_TEST

START_TEST(a_folder_that_is_taken_in_part_is_not_covered)
{
    gives("{'containers': [{'name': 'web', 'image': 'nginx', 'mounts': [{'type': 'bind', 'source': '/opt', 'kind': 'folder', 'destination': '/x'}]}]}", FILES("/", ""),
          "folder /opt: targets take a part of it alone; mounted by web\n");
}
END_TEST

START_TEST(compose_files_and_their_settings_are_looked_for)
{
    static const char machine[] = "{'projects': [{'name': 'pa', 'folder': '/opt/pa', 'files': ['/opt/pa/compose.yaml'], 'env_file': '/opt/pa/.env'}]}";
    gives(machine, FILES("/compose.yaml\\n/.env", ""), "");
    gives(machine, FILES("/compose.yaml", ""), "file /opt/pa/.env: no target takes the settings and secrets of this project\n");
    gives(machine, "[]", "file /opt/pa/compose.yaml: no target takes this compose file\nfile /opt/pa/.env: no target takes the settings and secrets of this project\n");
}
END_TEST

START_TEST(local_servers_are_known_by_socket_or_port)
{
    static const char machine[] = "{'clusters': [{'folder': '/var/run/postgresql', 'port': 5433}]}";
    gives(machine, "[{'facts': {'endpoint': '/run/postgresql:5433'}}]", "");
    gives(machine, "[{'facts': {'endpoint': 'localhost:5433'}}]", "");
    gives(machine, "[{'facts': {'endpoint': '/var/run/postgresql:5432'}}]", "server /var/run/postgresql:5433: PostgreSQL of this machine: no target asks it\n");
}
END_TEST

START_TEST(databases_that_a_target_leaves_out_are_named_unless_another_takes_them)
{
    gives("{}", "[{'name': 'a', 'facts': {'container': 'db', 'left_out': 'x\\ny'}, 'objects': [{'id': 'z'}]}, {'name': 'b', 'facts': {'container': 'db'}, 'objects': [{'id': 'y'}]},"
          " {'name': 'c', 'facts': {'container': 'other'}, 'objects': [{'id': 'x'}]}]", "database x: target 'a' leaves it out\n");
}
END_TEST

UNIT_MAIN("uncovered", an_empty_machine_has_nothing_uncovered, a_database_that_nobody_asks_is_named_with_its_volume, a_target_is_known_by_container_published_port_or_address,
          another_port_or_host_is_another_server, the_files_of_a_running_database_are_not_enough, a_disabled_target_is_part_of_the_reason, services_are_known_by_their_url,
          a_service_whose_volume_is_taken_is_covered, databases_without_a_plugin_need_their_files_at_rest, volumes_tell_who_uses_them,
          bind_mounts_are_matched_as_the_files_plugin_does, a_folder_that_is_taken_in_part_is_not_covered, compose_files_and_their_settings_are_looked_for,
          local_servers_are_known_by_socket_or_port, databases_that_a_target_leaves_out_are_named_unless_another_takes_them)
