/* discover.c - what the server holds, with counts. */
#include "plugins/letta/letta.h"

static int count_item(void *ctx, json_t *item, struct pab_error *err)
{
    (void)item, (void)err;
    ++*(uint64_t *)ctx;
    return PAB_OK;
}

struct naming { struct pab_op *op; };

static int add_agent(void *ctx, json_t *item, struct pab_error *err)
{
    struct naming *n = ctx;
    CLEANUP_FREE char *id = pab_sprintf("agent:%s", json_text(item, "name"));
    CLEANUP_FREE char *detail = pab_sprintf("%s, %zu blocks, %zu tools, %zu messages in context", json_text(item, "id"), json_array_size(json_object_get(item, "blocks")),
                                            json_array_size(json_object_get(item, "tools")), json_array_size(json_object_get(item, "message_ids")));
    struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = id, .kind = "agent", .size = PAB_SIZE_UNKNOWN, .detail = detail };
    int rc = n->op->host->object_add(n->op, &o, NULL, 0);
    return rc ? pab_error_set(err, rc, 0, "cannot report an agent") : PAB_OK;
}

int letta_discover(void *instance, struct pab_op *op, const struct pab_discover_req *req)
{
    static const struct { const char *id, *path; } parts[] = {
        { "tools", "/v1/tools/" }, { "blocks", "/v1/blocks/?show_hidden_blocks=true" }, { "archives", "/v1/archives/" }, { "folders", "/v1/folders/" }, { "identities", "/v1/identities/" },
        { "mcp_servers", "/v1/mcp-servers/" }, { "groups", "/v1/groups/?show_hidden_groups=true" }, { "conversations", "/v1/conversations/" },
    };
    CLEANUP_REST struct rest *r = NULL;
    struct pab_error err = { 0 };
    if (!(req->categories & PAB_CAT_SERVICES)) return PAB_OK;
    const struct letta *l = instance;
    int rc = op->host->fact(op, "url", op->host->config_str(l->config, "url"));
    if (!rc) rc = letta_connect(instance, op, &r, NULL);
    if (!rc && letta_list(r, LETTA_AGENTS, 10, add_agent, &(struct naming){ op }, &err)) rc = sup_fail(op, &err);
    for (size_t i = 0; !rc && i < sizeof parts / sizeof *parts; i++) {
        uint64_t n = 0;
        int failed = letta_list(r, parts[i].path, 50, count_item, &n, &err);
        if (failed == PAB_E_NOT_FOUND) continue; /* not in this version */
        if (failed) return sup_fail(op, &err);
        CLEANUP_FREE char *count = pab_sprintf("%llu", (unsigned long long)n);
        struct pab_object o = { .struct_size = sizeof o, .category = PAB_CAT_SERVICES, .id = parts[i].id, .kind = parts[i].id, .size = PAB_SIZE_UNKNOWN, .detail = count };
        rc = op->host->object_add(op, &o, &(struct pab_kv){ "count", count }, 1);
    }
    return rc;
}
