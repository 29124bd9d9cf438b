/* same_agent.c - whether an agent of the target is the one of the backup: all that a restore would bring back is compared, so that
 * what is kept as "there already" is worth as much as what would be made. */
#include <string.h>
#include "plugins/letta/restore_private.h"

/* As an object, since the order of a set is the server's. */
static json_t *names_of(const json_t *list, const char *key)
{
    json_t *ret = json_object(), *one;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)list, i, one) json_object_set_new(ret, key ? json_text(one, key) : json_string_value(one), json_true());
    return ret;
}

static json_t *blocks_of(const json_t *agent)
{
    static const char *const keys[] = { "value", "limit", "description", "read_only", "metadata", NULL };
    json_t *ret = json_object(), *one;
    size_t i;
    json_array_foreach(json_object_get(agent, "blocks"), i, one) json_object_set_new(ret, json_text(one, "label"), restoring_pick(one, keys));
    return ret;
}

/* Values only of those that the backup has: with `secrets: omit` it knows names alone. */
static json_t *secrets_of(const json_t *agent, const json_t *saved)
{
    json_t *ret = json_object(), *one, *other;
    size_t i, k;
    json_array_foreach(json_object_get(agent, "secrets"), i, one) {
        int known = 0;
        json_array_foreach(json_object_get(saved, "secrets"), k, other)
            known |= !strcmp(json_text(one, "key"), json_text(other, "key")) && json_is_string(json_object_get(other, "value"));
        json_object_set(ret, json_text(one, "key"), known ? json_object_get(one, "value") : json_true());
    }
    return ret;
}

static json_t *content_of(const json_t *agent, const json_t *saved)
{
    static const char *const keys[] = { "name", "description", "system", "agent_type", "metadata", "timezone", "llm_config", "embedding_config", "tool_rules", "compaction_settings",
                                        "response_format", "max_files_open", "per_file_view_window_char_limit", NULL };
    static const char *const flags[] = { "message_buffer_autoclear", "enable_sleeptime", "hidden" };
    json_t *ret = restoring_pick(agent, keys);
    for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) json_object_set_new(ret, flags[i], json_boolean(json_flag(agent, flags[i])));
    json_object_set_new(ret, "blocks", blocks_of(agent));
    json_object_set_new(ret, "secrets", secrets_of(agent, saved));
    json_object_set_new(ret, "tags", names_of(json_object_get(agent, "tags"), NULL));
    json_object_set_new(ret, "tools", names_of(json_object_get(agent, "tools"), "name"));
    json_object_set_new(ret, "folders", names_of(json_object_get(agent, "sources"), "name"));
    json_object_set_new(ret, "identities", names_of(json_object_get(agent, "identities"), "identifier_key"));
    json_object_set_new(ret, "in_context", json_integer((json_int_t)json_array_size(json_object_get(agent, "message_ids"))));
    return ret;
}

int same_agent(struct restoring *r, const struct saved_agent *s, const char *id, int *ret)
{
    CLEANUP_JSON json_t *there = NULL;
    struct pab_error err = { 0 };
    struct history_sum mine = { 0 }, theirs = { 0 };
    *ret = 0;
    if (letta_agent(r->r, id, &there, &err)) return sup_fail(r->op, &err);
    CLEANUP_JSON json_t *a = content_of(s->agent, s->agent);
    CLEANUP_JSON json_t *b = content_of(there, s->agent);
    if (!restoring_same(a, b)) return PAB_OK;
    int rc = history_sum(r, s, &mine);
    if (!rc) rc = history_sum_of(r, id, &theirs);
    if (rc || mine.rows != theirs.rows || mine.hash != theirs.hash) return rc;
    return same_archives(r, s, id, ret);
}
