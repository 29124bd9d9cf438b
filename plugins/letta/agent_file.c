/* agent_file.c - the file that brings an agent back: the one of the backup, with the whole history for its messages. However long that
 * is, memory holds one message at a time: the file is put together on disk, and so are the messages of the one that it is made from. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "plugins/letta/restore_private.h"

struct reading {
    const struct saved_agent *s;
    struct json_scan *scan;
    json_t *root;               /* members of the file but the agents */
    json_t *agent;              /* the one that is meant, without its messages; until it was seen, the first */
    int found;                  /* it was seen */
    struct history_context *context;
};

/* One message behind the others, where history_write finds it. */
static int keep_message(struct reading *g, json_t *where, struct pab_error *err)
{
    CLEANUP_JSON json_t *message = NULL;
    size_t size;
    int rc = json_scan_value(g->scan, &message, err);
    if (rc) return rc;
    const char *text = json_scan_raw(g->scan, &size);
    if (pwrite(g->context->fd, text, size, (off_t)g->context->size) != (ssize_t)size) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot keep the messages of an agent file");
    json_object_set_new(where, json_text(message, "id"), json_pack("[I, I]", (json_int_t)g->context->size, (json_int_t)size));
    g->context->size += size;
    return PAB_OK;
}

static int read_messages(struct reading *g, json_t *where, struct pab_error *err)
{
    int rc = json_scan_array(g->scan, err);
    while (!rc && !(rc = json_scan_more(g->scan, err))) rc = keep_message(g, where, err);
    return rc == PAB_END ? PAB_OK : rc;
}

/* In a file with several agents (members of a group are exported together) the one that is meant is the one of its name. */
static void choose(struct reading *g, json_t *agent, json_t *where)
{
    int is_it = !strcmp(json_text(agent, "name"), g->s->name);
    if (g->found || (g->agent && !is_it)) return;
    g->found = is_it;
    json_decref(g->agent);
    json_decref(g->context->where);
    g->agent = json_incref(agent);
    g->context->where = json_incref(where);
}

static int read_agent(struct reading *g, struct pab_error *err)
{
    CLEANUP_JSON json_t *agent = json_object();
    CLEANUP_JSON json_t *where = json_object();
    const char *key;
    int rc = json_scan_object(g->scan, err);
    while (!rc && !(rc = json_scan_key(g->scan, &key, err))) {
        CLEANUP_FREE char *name = pab_strdup(key);
        json_t *value = NULL;
        if (!strcmp(name, "messages")) rc = read_messages(g, where, err);
        else if (!(rc = json_scan_value(g->scan, &value, err))) json_object_set_new(agent, name, value);
    }
    if (rc != PAB_END) return rc;
    choose(g, agent, where);
    return PAB_OK;
}

static int is_named(const json_t *ids, const json_t *one)
{
    size_t i;
    json_t *id;
    json_array_foreach((json_t *)(uintptr_t)ids, i, id)
        if (json_is_string(id) && !strcmp(json_text(one, "id"), json_string_value(id))) return 1;
    return 0;
}

/* Of a list of the file what the agent names: the rest belongs to others of its group. The server writes the agents first. */
static int read_own(struct reading *g, const char *list, const char *ids, struct pab_error *err)
{
    json_t *kept = json_array();
    json_object_set_new(g->root, list, kept);
    int rc = json_scan_array(g->scan, err);
    while (!rc && !(rc = json_scan_more(g->scan, err))) {
        CLEANUP_JSON json_t *one = NULL;
        const json_t *own = json_object_get(g->agent, ids);
        rc = json_scan_value(g->scan, &one, err);
        if (!rc && (!g->found || !json_is_array(own) || is_named(own, one))) json_array_append(kept, one);
    }
    return rc == PAB_END ? PAB_OK : rc;
}

static void keep_own(struct reading *g, const char *list, const char *ids)
{
    json_t *all = json_object_get(g->root, list);
    const json_t *own = json_object_get(g->agent, ids);
    for (size_t i = json_array_size(all); json_is_array(own) && i-- > 0;)
        if (!is_named(own, json_array_get(all, i))) json_array_remove(all, i);
}

/* Folders, files, groups and identities are joined afterwards, and MCP servers are there already: an import would copy the former and
 * overwrite the latter without their secrets. */
static int read_member(struct reading *g, const char *key, struct pab_error *err)
{
    static const char *const others[] = { "files", "sources", "groups", "mcp_servers" };
    json_t *value = NULL;
    if (!strcmp(key, "blocks")) return read_own(g, "blocks", "block_ids", err);
    if (!strcmp(key, "tools")) return read_own(g, "tools", "tool_ids", err);
    for (size_t i = 0; i < sizeof others / sizeof *others; i++)
        if (!strcmp(key, others[i])) return json_scan_pass(g->scan, NULL, NULL, err);
    if (!strcmp(key, "agents")) {
        int rc = json_scan_array(g->scan, err);
        while (!rc && !(rc = json_scan_more(g->scan, err))) rc = read_agent(g, err);
        return rc == PAB_END ? PAB_OK : rc;
    }
    CLEANUP_FREE char *name = pab_strdup(key);
    int rc = json_scan_value(g->scan, &value, err);
    if (!rc) json_object_set_new(g->root, name, value);
    return rc;
}

static int read_all(struct reading *g, struct restoring *r)
{
    const char *key, *path = restoring_artifact(r, (uint32_t)g->s->file)->path;
    struct pab_error err = { 0 };
    struct letta_text text;
    int rc = letta_text_open(&text, r->op, (uint32_t)g->s->file, path);
    if (rc) return rc;
    g->scan = text.scan;
    rc = json_scan_object(g->scan, &err);
    while (!rc && !(rc = json_scan_key(g->scan, &key, &err))) rc = read_member(g, key, &err);
    if (rc == PAB_END) rc = json_scan_end(g->scan, &err);
    letta_text_close(&text);
    if (!rc && !g->agent) rc = pab_error_set(&err, PAB_E_CORRUPT, 0, "'%s' holds no agent", path);
    return rc ? sup_fail(r->op, &err) : PAB_OK;
}

/* An object without its closing brace, so that one more member can follow. */
static int put_open(struct restoring *r, const json_t *object, FILE *to)
{
    CLEANUP_FREE char *text = json_dumps(object, JSON_COMPACT);
    if (!text) return pab_fail(r->op, PAB_E_NOMEM, 0, NULL, "no memory for an agent file");
    fwrite(text, 1, strlen(text) - 1, to);
    return PAB_OK;
}

static int put_file(struct restoring *r, const struct reading *g, FILE *to)
{
    const char *object = g->s->object;
    uint64_t left_out = 0;
    int rc = put_open(r, g->root, to);
    fputs(",\"agents\":[", to);
    if (!rc) rc = put_open(r, g->agent, to);
    fputs(",\"messages\":[", to);
    if (!rc) rc = history_write(r, g->s, g->context, to, &left_out);
    fputs("]}]}", to);
    if (!rc && left_out) pab_warn(r->op, object, "%llu messages of %s are of kinds that the server does not import; they stay in the backup", (unsigned long long)left_out, object);
    return rc;
}

static int write_out(struct restoring *r, const struct reading *g, int fd, size_t *ret_size)
{
    int own = dup(fd), rc;
    FILE *to = own < 0 ? NULL : fdopen(own, "w");
    if (!to) {
        if (own >= 0) close(own);
        return pab_fail(r->op, PAB_E_IO, errno, NULL, "cannot write an agent file");
    }
    rc = put_file(r, g, to);
    int failed = fflush(to) || ferror(to), why = errno;
    off_t size = ftello(to);
    fclose(to);
    if (!rc && (failed || size < 0)) rc = pab_fail(r->op, pab_error_code_of_errno(why), why, NULL, "cannot write the agent file of '%s'", g->s->object);
    *ret_size = (size_t)size;
    return rc;
}

static void join_later(struct reading *g)
{
    static const char *const lists[] = { "files", "sources", "groups", "mcp_servers" }, *const links[] = { "files_agents", "source_ids", "group_ids" };
    for (size_t i = 0; i < sizeof lists / sizeof *lists; i++) json_object_set_new(g->root, lists[i], json_array());
    for (size_t i = 0; i < sizeof links / sizeof *links; i++) json_object_set_new(g->agent, links[i], json_array());
    json_object_set_new(g->agent, "identity_ids", json_null());
    keep_own(g, "blocks", "block_ids");
    keep_own(g, "tools", "tool_ids");
    g->context->ids = json_object_get(g->agent, "in_context_message_ids");
}

int agent_file(struct restoring *r, const struct saved_agent *s, int *ret_fd, size_t *ret_size)
{
    struct history_context context = { .fd = -1 };
    struct reading g = { .s = s, .root = json_object(), .context = &context };
    struct pab_error err = { 0 };
    int rc = sup_scratch_file(r->op, "messages", &context.fd, &err) ? sup_fail(r->op, &err) : read_all(&g, r);
    if (!rc) {
        join_later(&g);
        rc = sup_scratch_file(r->op, "agent.af", ret_fd, &err) ? sup_fail(r->op, &err) : write_out(r, &g, *ret_fd, ret_size);
    }
    if (context.fd >= 0) close(context.fd);
    json_decref(context.where);
    json_decref(g.agent);
    json_decref(g.root);
    return rc;
}
