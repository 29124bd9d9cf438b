/* agent_file.c - the file that brings an agent back: the one of the backup, with the whole history for its messages. However long that
 * is, memory holds one message at a time: the file is put together on disk. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "plugins/letta/restore_private.h"

/* In a file with several agents (members of a group are exported together) the one that is meant. */
static json_t *pick_agent(json_t *root, const char *name)
{
    json_t *agents = json_object_get(root, "agents"), *one;
    size_t i;
    json_array_foreach(agents, i, one)
        if (!strcmp(json_text(one, "name"), name)) return one;
    return json_array_get(agents, 0);
}

/* Of a list of the file those that the agent names: the rest belongs to others of its group. */
static void keep_own(json_t *root, const char *list, const json_t *agent, const char *ids)
{
    json_t *all = json_object_get(root, list), *kept = json_array(), *own = json_object_get(agent, ids), *one, *id;
    size_t i, k;
    json_array_foreach(all, i, one)
        json_array_foreach(own, k, id)
            if (!strcmp(json_text(one, "id"), json_string_value(id))) json_array_append(kept, one);
    if (json_is_array(all) && json_is_array(own)) json_object_set(root, list, kept);
    json_decref(kept);
}

/* Messages that the context refers to, which must keep the ids that it names them by. */
static json_t *messages_in_context(const json_t *agent)
{
    json_t *all = json_object_get(agent, "messages"), *ids = json_object_get(agent, "in_context_message_ids"), *ret = json_array(), *one, *id;
    size_t i, k;
    json_array_foreach(ids, i, id)
        json_array_foreach(all, k, one)
            if (!strcmp(json_text(one, "id"), json_string_value(id))) json_array_append(ret, one);
    return ret;
}

/* An object without its closing brace, so that one more member can follow. */
static int put_open(struct restoring *r, const json_t *object, FILE *to)
{
    CLEANUP_FREE char *text = json_dumps(object, JSON_COMPACT);
    if (!text) return pab_fail(r->op, PAB_E_NOMEM, 0, NULL, "no memory for an agent file");
    fwrite(text, 1, strlen(text) - 1, to);
    return PAB_OK;
}

static int put_file(struct restoring *r, const struct saved_agent *s, json_t *root, json_t *agent, FILE *to)
{
    CLEANUP_JSON json_t *in_context = messages_in_context(agent);
    uint64_t left_out = 0;
    json_object_del(agent, "messages");
    json_object_del(root, "agents");
    int rc = put_open(r, root, to);
    fputs(",\"agents\":[", to);
    if (!rc) rc = put_open(r, agent, to);
    fputs(",\"messages\":[", to);
    if (!rc) rc = history_write(r, s, in_context, to, &left_out);
    fputs("]}]}", to);
    if (!rc && left_out) pab_warn(r->op, s->object, "%llu messages of %s are of kinds that the server does not import; they stay in the backup", (unsigned long long)left_out, s->object);
    return rc;
}

static int write_out(struct restoring *r, const struct saved_agent *s, json_t *root, json_t *agent, int fd, size_t *ret_size)
{
    int own = dup(fd), rc;
    FILE *to = own < 0 ? NULL : fdopen(own, "w");
    if (!to) {
        if (own >= 0) close(own);
        return pab_fail(r->op, PAB_E_IO, errno, NULL, "cannot write an agent file");
    }
    rc = put_file(r, s, root, agent, to);
    int failed = fflush(to) || ferror(to), why = errno;
    off_t size = ftello(to);
    fclose(to);
    if (!rc && (failed || size < 0)) rc = pab_fail(r->op, pab_error_code_of_errno(why), why, NULL, "cannot write the agent file of '%s'", s->object);
    *ret_size = (size_t)size;
    return rc;
}

/* Folders, files, groups and identities are joined afterwards: an import would copy them. */
int agent_file(struct restoring *r, const struct saved_agent *s, int *ret_fd, size_t *ret_size)
{
    static const char *const lists[] = { "files", "sources", "groups" }, *const links[] = { "files_agents", "source_ids", "group_ids" };
    CLEANUP_JSON json_t *root = NULL;
    struct pab_error err = { 0 };
    int rc = artifact_json(r->op, (uint32_t)s->file, restoring_artifact(r, (uint32_t)s->file)->path, LETTA_MAX_VALUE, &root);
    if (rc) return rc;
    CLEANUP_JSON json_t *agent = json_incref(pick_agent(root, json_text(s->agent, "name")));
    if (!agent) return pab_fail(r->op, PAB_E_CORRUPT, 0, NULL, "'%s' holds no agent", restoring_artifact(r, (uint32_t)s->file)->path);
    for (size_t i = 0; i < 3; i++) {
        json_object_set_new(root, lists[i], json_array());
        json_object_set_new(agent, links[i], json_array());
    }
    json_object_set_new(agent, "identity_ids", json_null());
    keep_own(root, "blocks", agent, "block_ids");
    keep_own(root, "tools", agent, "tool_ids");
    if (sup_scratch_file(r->op, "agent.af", ret_fd, &err)) return sup_fail(r->op, &err);
    return write_out(r, s, root, agent, *ret_fd, ret_size);
}
