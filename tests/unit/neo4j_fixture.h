/* neo4j_fixture.h - an instance of the neo4j plugin between the fake host and the fake Neo4j. */
#ifndef PAB_TESTS_NEO4J_FIXTURE_H
#define PAB_TESTS_NEO4J_FIXTURE_H

#include <string.h>
#include "plugins/neo4j/neo4j.h"
#include "tests/fakes/host.h"
#include "tests/fakes/neo4j.h"
#include "tests/unit/unit.h"

#define STRING(text) "{\"$type\":\"String\",\"_value\":\"" text "\"}"
#define TYPED_HEADERS "Content-Type: application/vnd.neo4j.query\r\n"

static struct {
    struct fake_neo4j *server;
    struct fake_host *host;
    struct pab_config *config;
    const struct pab_plugin *plugin;
    void *instance;
} it;

static void begin(void)
{
    memset(&it, 0, sizeof it);
    it.server = fake_neo4j_new();
    it.host = fake_host_new();
    it.plugin = pab_plugin_init();
    ck_assert_int_eq(it.plugin->load(fake_table(it.host)), PAB_OK);
    it.config = fake_options(it.host, it.plugin->options, it.plugin->option_count);
    fake_set(it.config, "url", fake_http_url(it.server->http));
    fake_set(it.config, "timeout", "500ms");
}

/* Two people, a city, and who knows whom. */
static inline void begin_small(void)
{
    begin();
    unsigned ada = fake_neo4j_node(it.server, "[\"Person\",\"Admin\"]", "{\"name\":" STRING("Ada") ",\"age\":{\"$type\":\"Integer\",\"_value\":\"9223372036854775807\"}}");
    unsigned bob = fake_neo4j_node(it.server, "[\"Person\"]", "{\"name\":" STRING("Bob \\u0000 \\u20ac") "}");
    unsigned city = fake_neo4j_node(it.server, "[\"City of `Light`\"]", "{}");
    fake_neo4j_relationship(it.server, ada, bob, "KNOWS", "{\"since\":{\"$type\":\"Date\",\"_value\":\"2020-02-29\"}}");
    fake_neo4j_relationship(it.server, bob, bob, "KNOWS", "{}");
    fake_neo4j_relationship(it.server, bob, city, "LIVES `IN`", "{}");
    fake_neo4j_schema(it.server->constraints, "one_name", "CREATE CONSTRAINT `one_name` FOR (n:`Person`) REQUIRE (n.`name`) IS UNIQUE");
    fake_neo4j_schema(it.server->indexes, "semi;colon", "CREATE RANGE INDEX `semi;colon` FOR (n:`Person`) ON (n.`age`)");
}

static int open_now(void) { return it.plugin->open(fake_op(it.host), it.config, &it.instance); }

static int judged(int rc)
{
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

static inline int backup(void)
{
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    if (!it.instance) ck_assert_msg(open_now() == PAB_OK, "%s", it.host->failure.message);
    return judged(it.plugin->backup(it.instance, fake_op(it.host), &req));
}

static inline void backup_well(void)
{
    int rc = backup();
    ck_assert_msg(rc == PAB_OK, "%s", it.host->failure.message);
    ck_assert_msg(it.host->warnings.count == 0, "%s", it.host->warnings.count ? it.host->warnings.items[0] : "");
}

static inline int restore(uint32_t flags)
{
    struct pab_restore_req req = { .flags = flags };
    fake_new_verb(it.host);
    fake_restore_req(it.host, &req);
    req.flags = flags;
    return judged(it.plugin->restore(it.instance, fake_op(it.host), &req));
}

static inline int verify(void)
{
    struct pab_verify_req req = { 0 };
    fake_new_verb(it.host);
    fake_verify_req(it.host, &req);
    req.flags = PAB_VERIFY_CONTENT;
    return judged(it.plugin->verify(it.instance, fake_op(it.host), &req));
}

/* The verb before failed and said this. */
static inline void says(const char *part)
{
    ck_assert_msg(strstr(it.host->failure.message, part) != NULL, "%s", it.host->failure.message);
}

static inline int state_of(const char *stem)
{
    struct fake_artifact *a = fake_artifact_named(it.host, stem);
    return a ? a->state : -1;
}

static void end(void)
{
    it.plugin->close(it.instance);
    fake_host_free(it.host);
    fake_neo4j_free(it.server);
}

#endif
