/* history.c - the messages of a backup as an agent file has them. The server tells one row as several items of the same id (what was
 * thought, said, called); an agent file has one message for it. Messages of the context stand in the agent file already, exactly. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "plugins/letta/restore_private.h"

#define FIRST_NUMBER 1000000 /* ids in an agent file are "message-N"; its own begin at 0 */

struct merging {
    FILE *to;                   /* where the messages go, as members of a JSON array */
    int written;
    json_t *told;               /* ids of the messages of the context that are written */
    const struct history_context *file;
    json_t *context;            /* id of the server -> where its message in the agent file is */
    char *row;                  /* id of the row that is being put together */
    json_t *message;            /* it, or NULL: it is of the context, or cannot be told */
    uint64_t left_out;
    int number;
    int failed;                 /* the messages of the agent file cannot be read back */
    struct history_sum sum;
};

static json_t *text_part(const json_t *content) { return json_pack("{s:s, s:O}", "type", "text", "text", content); }

static json_t *parts_of(const json_t *content)
{
    if (json_is_array(content)) return json_incref((json_t *)(uintptr_t)content);
    return json_is_string(content) ? json_pack("[o]", text_part(content)) : json_array();
}

static void add_calls(json_t *message, const json_t *item)
{
    json_t *calls = json_object_get(message, "tool_calls"), *one;
    const json_t *list = json_object_get(item, "tool_calls");
    CLEANUP_JSON json_t *single = json_is_array(list) ? NULL : json_pack("[O?]", json_object_get(item, "tool_call"));
    size_t i;
    if (!calls) json_object_set_new(message, "tool_calls", calls = json_array());
    json_array_foreach(single ? single : list, i, one)
        json_array_append_new(calls, json_pack("{s:O?, s:s, s:{s:O?, s:O?}}", "id", json_object_get(one, "tool_call_id"), "type", "function",
                                               "function", "name", json_object_get(one, "name"), "arguments", json_object_get(one, "arguments")));
}

/* The server packs what a tool gave into an object of its own, and unpacks it when it tells it. */
static void add_return(json_t *message, const json_t *item)
{
    CLEANUP_JSON json_t *packed = json_pack("{s:s, s:O?, s:O?}", "status", strcmp(json_text(item, "status"), "success") ? "Failed" : "OK", "message", json_object_get(item, "tool_return"),
                                            "time", json_object_get(item, "date"));
    CLEANUP_FREE char *text = json_line(packed);
    json_object_set_new(message, "content", json_pack("[{s:s, s:s}]", "type", "text", "text", text ? text : ""));
    json_object_set(message, "tool_call_id", json_object_get(item, "tool_call_id"));
    json_object_set_new(message, "tool_returns", json_pack("[{s:O?, s:O?, s:O?, s:O?, s:O?}]", "tool_call_id", json_object_get(item, "tool_call_id"), "status", json_object_get(item, "status"),
                                                          "stdout", json_object_get(item, "stdout"), "stderr", json_object_get(item, "stderr"), "func_response", json_object_get(item, "tool_return")));
}

static const char *role_of(const char *type)
{
    static const struct { const char *type, *role; } all[] = {
        { "system_message", "system" }, { "user_message", "user" }, { "assistant_message", "assistant" }, { "reasoning_message", "assistant" },
        { "hidden_reasoning_message", "assistant" }, { "tool_call_message", "assistant" }, { "tool_return_message", "tool" },
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        if (!strcmp(type, all[i].type)) return all[i].role;
    return NULL;
}

static json_t *new_message(struct merging *m, const json_t *item, const char *role)
{
    CLEANUP_FREE char *id = pab_sprintf("message-%d", FIRST_NUMBER + m->number++);
    return json_pack("{s:s, s:s, s:[], s:s, s:s, s:O?, s:O?, s:O?}", "type", "message", "role", role, "content", "id", id, "agent_id", "agent-0",
                     "created_at", json_object_get(item, "date"), "name", json_object_get(item, "name"), "sender_id", json_object_get(item, "sender_id"));
}

/* One more item of the row. */
static void add_item(struct merging *m, const json_t *item)
{
    const char *type = json_text(item, "message_type"), *role = role_of(type);
    if (!role) {
        m->left_out++;
        return;
    }
    if (!m->message) m->message = new_message(m, item, role);
    json_t *content = json_object_get(m->message, "content");
    if (!strcmp(type, "reasoning_message")) {
        json_array_append_new(content, json_pack("{s:s, s:O?, s:b, s:O?}", "type", "reasoning", "reasoning", json_object_get(item, "reasoning"), "is_native",
                                                 !strcmp(json_text(item, "source"), "reasoner_model"), "signature", json_object_get(item, "signature")));
    } else if (!strcmp(type, "hidden_reasoning_message")) {
        json_array_append_new(content, json_pack("{s:s, s:O?}", "type", "redacted_reasoning", "data", json_object_get(item, "hidden_reasoning")));
    } else if (!strcmp(type, "tool_call_message")) {
        add_calls(m->message, item);
    } else if (!strcmp(type, "tool_return_message")) {
        add_return(m->message, item);
    } else {
        CLEANUP_JSON json_t *parts = parts_of(json_object_get(item, "content"));
        json_array_extend(content, parts);
    }
}

static void put(struct merging *m, const json_t *message)
{
    if (m->written++) fputs(",\n", m->to);
    json_dumpf(message, m->to, JSON_COMPACT);
}

/* As it stands in the agent file. */
static void put_known(struct merging *m, const char *id, const json_t *where)
{
    char buf[16384];
    int64_t at = json_integer_value(json_array_get(where, 0)), left = json_integer_value(json_array_get(where, 1));
    if (m->written++) fputs(",\n", m->to);
    for (ssize_t n; left > 0 && !m->failed; left -= n, at += n) {
        n = pread(m->file->fd, buf, left < (int64_t)sizeof buf ? (size_t)left : sizeof buf, at);
        if (n > 0) fwrite(buf, 1, (size_t)n, m->to);
        else m->failed = 1;
    }
    json_object_set_new(m->told, id, json_true());
}

static void end_row(struct merging *m)
{
    if (m->message) put(m, m->message);
    json_decref(TAKE_PTR(m->message));
    free(TAKE_PTR(m->row));
}

static void take_item(struct merging *m, const json_t *item)
{
    const char *id = json_text(item, "id");
    int same_row = m->row && !strcmp(m->row, id);
    json_t *known = json_object_get(m->context, id);
    if (!same_row) {
        end_row(m);
        m->row = pab_strdup(id);
        if (known) put_known(m, json_string_value(known), json_object_get(m->file->where, json_string_value(known)));
    }
    if (!known) add_item(m, item);
}

/* Calls fn with each item of the stored history. */
static int each_item(const struct restoring *r, const struct saved_agent *s, void (*fn)(struct merging *m, const json_t *item), struct merging *m)
{
    struct lines l;
    json_t *o = NULL;
    int rc = lines_open(&l, r->op, (uint32_t)s->messages, restoring_artifact(r, (uint32_t)s->messages)->path, 0);
    while (!rc && !(rc = lines_next(&l, &o))) {
        fn(m, o);
        json_decref(o);
    }
    return lines_close(&l, rc);
}

/* The i-th id of the agent's context is the i-th message that its file lists for it: id of the server -> id in the file. */
static json_t *context_of(const struct saved_agent *s, const struct history_context *file)
{
    json_t *ret = json_object(), *one;
    const json_t *ids = json_object_get(s->agent, "message_ids");
    size_t i;
    json_array_foreach(file->ids, i, one)
        if (json_is_string(json_array_get(ids, i)) && json_object_get(file->where, json_string_value(one))) json_object_set(ret, json_string_value(json_array_get(ids, i)), one);
    return ret;
}

int history_write(const struct restoring *r, const struct saved_agent *s, const struct history_context *file, FILE *to, uint64_t *left_out)
{
    CLEANUP_JSON json_t *context = context_of(s, file);
    CLEANUP_JSON json_t *told = json_object();
    struct merging m = { .to = to, .file = file, .context = context, .told = told };
    size_t i;
    json_t *one;
    int rc = each_item(r, s, take_item, &m);
    end_row(&m);
    /* one of the context that the list of messages did not have */
    json_array_foreach(file->ids, i, one) {
        const char *id = json_string_value(one);
        if (!json_object_get(told, id) && json_object_get(file->where, id)) put_known(&m, id, json_object_get(file->where, id));
    }
    *left_out = m.left_out;
    return !rc && m.failed ? pab_fail(r->op, PAB_E_IO, 0, NULL, "cannot read the messages of an agent file back") : rc;
}

/* What is said, without what the server makes anew: ids, and in the system message the agent's id and the time of its making. */
static void sum_item(struct merging *m, const json_t *item)
{
    static const char *const ids[] = { "id", "otid", "step_id", "run_id", "seq_id", "sender_id" };
    const char *id = json_text(item, "id"), *type = json_text(item, "message_type");
    if (!role_of(type)) return;
    if (!m->row || strcmp(m->row, id)) {
        free(m->row);
        m->row = pab_strdup(id);
        m->sum.rows++;
    }
    CLEANUP_JSON json_t *said = json_copy((json_t *)(uintptr_t)item);
    for (size_t i = 0; i < sizeof ids / sizeof *ids; i++) json_object_del(said, ids[i]);
    if (!strcmp(type, "system_message")) {
        json_object_del(said, "content");
        json_object_del(said, "date");
    }
    CLEANUP_FREE char *text = json_line(said);
    m->sum.hash = letta_hash(m->sum.hash, text);
}

int history_sum(const struct restoring *r, const struct saved_agent *s, struct history_sum *ret)
{
    struct merging m = { 0 };
    int rc = each_item(r, s, sum_item, &m);
    free(m.row);
    *ret = m.sum;
    return rc;
}

static int sum_listed(void *ctx, json_t *item, struct pab_error *err)
{
    (void)err;
    sum_item(ctx, item);
    return PAB_OK;
}

int history_sum_of(struct restoring *r, const char *agent, struct history_sum *ret)
{
    struct merging m = { 0 };
    struct pab_error err = { 0 };
    CLEANUP_FREE char *path = pab_sprintf("/v1/agents/%s/messages?use_assistant_message=false", agent);
    int rc = letta_list(r->r, path, 100, sum_listed, &m, &err);
    free(m.row);
    *ret = m.sum;
    return rc ? sup_fail(r->op, &err) : PAB_OK;
}
