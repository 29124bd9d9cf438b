/* secrets.c - where an object of the server holds secrets: values of `secrets` and `tool_exec_environment_variables` of an agent, tokens, headers and
 * environments of MCP servers. */
#include <string.h>
#include "plugins/letta/letta.h"

static unsigned hide(json_t *object, const char *key)
{
    json_t *value = json_object_get(object, key);
    if (!value || json_is_null(value) || (json_is_string(value) && !*json_string_value(value))) return 0;
    json_object_set_new(object, key, json_null());
    return 1;
}

static unsigned hide_in_list(json_t *list)
{
    unsigned n = 0;
    size_t i;
    json_t *one;
    json_array_foreach(list, i, one) {
        n += hide(one, "value");
        hide(one, "value_enc");
    }
    return n;
}

/* The names stay, the values go. */
static unsigned hide_values(json_t *map)
{
    const char *key;
    json_t *value;
    void *next;
    unsigned n = 0;
    json_object_foreach_safe(map, next, key, value) n += hide(map, key);
    return n;
}

unsigned letta_hide_secrets(json_t *object)
{
    static const char *const plain[] = { "token", "token_enc", "auth_token", "api_key", "oauth_config" };
    static const char *const maps[] = { "custom_headers", "custom_headers_enc", "env" };
    /* two names for the same list */
    unsigned n = hide_in_list(json_object_get(object, "secrets")), same = hide_in_list(json_object_get(object, "tool_exec_environment_variables"));
    if (same > n) n = same;
    json_t *inner = json_object_get(object, "stdio_config"), *config = json_object_get(object, "config");
    for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) n += hide(object, plain[i]);
    for (size_t i = 0; i < sizeof maps / sizeof *maps; i++) {
        json_t *map = json_object_get(object, maps[i]);
        n += json_is_object(map) ? hide_values(map) : hide(object, maps[i]);
    }
    if (json_is_object(inner)) n += letta_hide_secrets(inner);
    if (json_is_object(config)) n += letta_hide_secrets(config);
    return n;
}
