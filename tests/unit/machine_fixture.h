/* machine_fixture.h - machines as pabengine-survey tells of them; quotes are single in the documents, for reading. */
#ifndef PAB_TESTS_MACHINE_FIXTURE_H
#define PAB_TESTS_MACHINE_FIXTURE_H

#include <jansson.h>
#include "core/base/alloc.h"
#include "tests/unit/unit.h"

static json_t *machine_of(const char *document)
{
    json_error_t e;
    char *text = pab_strdup(document);
    for (char *p = text; *p; p++)
        if (*p == '\'') *p = '"';
    json_t *ret = json_loads(text, 0, &e);
    ck_assert_msg(ret != NULL, "%s at %d of %s", e.text, e.position, text);
    free(text);
    return ret;
}

/* Supabase's PostgreSQL, Neo4j, Letta, n8n, Open WebUI and Redis in one compose project. */
#define STACK \
    "{'host': 'pa', 'folder': '/opt/pa', 'docker': {'state': 'ok', 'host': 'unix:///var/run/docker.sock'}," \
    " 'projects': [{'name': 'pa', 'folder': '/opt/pa', 'current': true, 'files': ['/opt/pa/docker-compose.yml'], 'env_file': '/opt/pa/.env'," \
    "   'env': ['DB_PASS', 'NEO4J_SECRET', 'N8N_API_KEY']}]," \
    " 'volumes': [{'name': 'pa_db', 'project': 'pa'}, {'name': 'pa_graph', 'project': 'pa'}, {'name': 'pa_n8n', 'project': 'pa'}," \
    "   {'name': 'pa_webui', 'project': 'pa'}, {'name': 'pa_redis', 'project': 'pa'}, {'name': 'pa_conf', 'project': 'pa'}, {'name': 'other'}," \
    "   {'name': '0123', 'anonymous': true}]," \
    " 'containers': [" \
    "  {'name': 'supabase-db', 'image': 'supabase/postgres:15.1.0.147', 'running': true, 'project': 'pa', 'user': 'supabase_admin'," \
    "   'env': ['POSTGRES_PASSWORD'], 'from_env': {'POSTGRES_PASSWORD': 'DB_PASS'}," \
    "   'mounts': [{'type': 'volume', 'name': 'pa_db', 'destination': '/var/lib/postgresql/data'}, {'type': 'volume', 'name': 'pa_conf', 'destination': '/etc/postgresql-custom'}]}," \
    "  {'name': 'neo4j', 'image': 'docker.io/neo4j:5.26@sha256:00', 'running': true, 'project': 'pa', 'env': ['NEO4J_AUTH'], 'from_env': {'NEO4J_AUTH': 'NEO4J_SECRET'}," \
    "   'ports': [{'port': 7474, 'host_ip': '0.0.0.0', 'host_port': 17474}], 'mounts': [{'type': 'volume', 'name': 'pa_graph', 'destination': '/data'}]}," \
    "  {'name': 'letta', 'image': 'letta/letta:latest', 'running': false, 'project': 'pa', 'env': [], 'ports': [{'port': 8283, 'host_ip': '10.0.0.2', 'host_port': 8283}]," \
    "   'mounts': [{'type': 'bind', 'source': '/opt/pa/letta', 'kind': 'folder', 'destination': '/root/.letta'}]}," \
    "  {'name': 'n8n', 'image': 'registry:5000/n8nio/n8n', 'running': true, 'project': 'pa', 'ports': [{'port': 5678, 'host_ip': '::', 'host_port': 5678}]," \
    "   'mounts': [{'type': 'volume', 'name': 'pa_n8n', 'destination': '/home/node/.n8n'}]}," \
    "  {'name': 'webui', 'image': 'ghcr.io/open-webui/open-webui:main', 'running': true, 'project': 'pa'," \
    "   'mounts': [{'type': 'volume', 'name': 'pa_webui', 'destination': '/app/backend/data'}, {'type': 'bind', 'source': '/var/run/docker.sock', 'kind': 'other', 'destination': '/x'}," \
    "              {'type': 'bind', 'source': '/srv/models', 'kind': 'folder', 'destination': '/models'}, {'type': 'bind', 'source': '/srv/one.conf', 'kind': 'file', 'destination': '/c'}]}," \
    "  {'name': 'cache', 'image': 'redis:7', 'running': true, 'project': 'pa', 'mounts': [{'type': 'volume', 'name': 'pa_redis', 'destination': '/data'}]}]}"

#endif
