/* letta_server.h - what the tests of the letta plugin share: a scripted server, a fake host, and the verbs between them. */
#ifndef UNIT_LETTA_SERVER_H
#define UNIT_LETTA_SERVER_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "plugins/letta/letta.h"
#include "tests/fakes/host.h"
#include "tests/fakes/http.h"
#include "tests/unit/unit.h"

static struct { struct fake_http *server; struct fake_host *host; struct pab_config *config; const struct pab_plugin *plugin; void *instance; int alone; } it;

#define AGENT "{\"id\":\"agent-1\",\"name\":\"ada\",\"blocks\":[{\"id\":\"block-1\",\"label\":\"human\",\"value\":\"x\"}],\"tools\":[],\"tags\":[],\"message_ids\":[\"message-1\"]," \
              "\"secrets\":[{\"key\":\"API_KEY\",\"value\":\"s3cr3t\",\"value_enc\":\"s3cr3t-enc\"}],\"sources\":[],\"identity_ids\":[]}"
#define OTHER "{\"id\":\"agent-2\",\"name\":\"bob\",\"blocks\":[{\"id\":\"block-1\",\"label\":\"human\",\"value\":\"x\"}]}"
#define ARCHIVE "{\"id\":\"archive-1\",\"name\":\"old things\"}"
#define EXPORT "{\"agents\":[{\"name\":\"ada\",\"messages\":[]}],\"n\":12345678901234567890123}"

static inline void on(const char *pattern, const char *body) { fake_http_on(it.server, pattern, (struct fake_answer){ .body = body }); }

static inline void begin_with(const char *health)
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

static inline void begin(void) { begin_with("{\"version\":\"0.16.8\",\"status\":\"ok\"}"); }

/* What a server with one agent says to everything else: nothing there. */
static inline void script_rest(void)
{
    on("GET /v1/agents/[?]*after=*", "[]");
    on("GET /v1/agents/[?]*", "[" AGENT "]");
    on("GET /v1/agents/agent-1[?]*", AGENT);
    on("GET /v1/agents/agent-1/export", EXPORT);
    on("GET /v1/agents/agent-1/messages[?]*after=*", "[]");
    on("GET /v1/agents/agent-1/messages[?]*", "[{\"id\":\"message-1\",\"message_type\":\"user_message\",\"content\":\"hello\"}]");
    on("GET /v1/*", "[]");
}

static inline void end(void)
{
    it.plugin->close(it.instance);
    fake_host_free(it.host);
    fake_http_free(it.server);
}

static inline int backup(void)
{
    struct pab_backup_req req = { .struct_size = sizeof req, .categories = PAB_CAT_ALL };
    ck_assert_int_eq(it.plugin->open(fake_op(it.host), it.config, &it.instance), PAB_OK);
    int rc = it.plugin->backup(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

/* ---- restores */

/* As the host narrows a request to one agent: the lists are not there. */
static inline void keep_agents(struct pab_restore_req *req)
{
    static struct pab_artifact_info kept[32];
    ck_assert_uint_le(req->artifact_count, 32);
    for (uint32_t i = 0; i < req->artifact_count; i++) {
        kept[i] = *info_of(req, i);
        if (!pab_str_has_prefix(kept[i].object, "agent:")) kept[i].object = "nothing that is looked for";
    }
    req->artifacts = kept;
    req->artifact_stride = sizeof *kept;
}

static inline int restore(uint32_t flags)
{
    struct pab_restore_req req = { .struct_size = sizeof req };
    fake_new_verb(it.host);
    fake_restore_req(it.host, &req);
    req.flags = flags;
    if (it.alone) keep_agents(&req);
    int rc = it.plugin->restore(it.instance, fake_op(it.host), &req);
    const char *wrong = fake_end_verb(it.host, rc);
    ck_assert_msg(!wrong, "%s", wrong);
    return rc;
}

/* Lines of the plan of that action whose text has that part. */
static inline int plans(uint32_t action, const char *part)
{
    int n = 0;
    for (size_t i = 0; i < it.host->plan_count; i++) n += it.host->plans[i].plan.action == action && strstr(it.host->plans[i].plan.detail, part);
    return n;
}

static inline void begin_empty(void)
{
    fake_http_free(it.server);
    it.server = fake_http_new();
    fake_set(it.config, "url", fake_http_url(it.server));
    on("GET /v1/health/", "{\"version\":\"0.16.8\"}");
}

/* A backup of one agent, then a server without it. */
static inline void begin_restore(void)
{
    begin();
    fake_set(it.config, "id_map", "/dev/null/none");
    script_rest();
    ck_assert_int_eq(backup(), PAB_OK);
    begin_empty();
}

#endif
