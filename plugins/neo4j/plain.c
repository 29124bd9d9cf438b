/* plain.c - properties as columns of plain JSON where that says the same, since a server takes three times as long to read maps of typed JSON:
 * texts, truth values, numbers but NaN and the infinities, and lists of those as they are; single dates, times and durations as texts
 * that the statement turns back. What is left (points, bytes, lists of dates) stays typed. */
#include <math.h>
#include <string.h>
#include "plugins/neo4j/neo4j.h"

static const struct { const char *type, *function; } turned[] = {
    { "Date", "date" }, { "Time", "time" }, { "LocalTime", "localtime" }, { "LocalDateTime", "localdatetime" },
    { "OffsetDateTime", "datetime" }, { "ZonedDateTime", "datetime" }, { "Duration", "duration" },
};

static json_t *plain_float(const char *text)
{
    char *end;
    double d = strtod(text, &end);
    return *text && !*end && isfinite(d) ? json_real(d) : NULL;
}

static json_t *plain_integer(const char *text)
{
    int64_t n;
    return pab_parse_int(text, &n) ? NULL : json_integer((json_int_t)n);
}

static json_t *plain_value(const json_t *typed);

static json_t *plain_list(const json_t *list)
{
    CLEANUP_JSON json_t *ret = json_is_array(list) ? json_array() : NULL;
    for (size_t i = 0; ret && i < json_array_size(list); i++)
        if (json_array_append_new(ret, plain_value(json_array_get(list, i)))) return NULL; /* also for an element that is NULL */
    return TAKE_PTR(ret);
}

/* NULL: there is no plain form. */
static json_t *plain_value(const json_t *typed)
{
    const char *type = json_string_value(json_object_get(typed, "$type"));
    json_t *value = json_object_get(typed, "_value");
    const char *text = json_string_value(value);
    if (!type || !value) return NULL;
    if (!strcmp(type, "Integer")) return text ? plain_integer(text) : NULL;
    if (!strcmp(type, "Float")) return text ? plain_float(text) : NULL;
    if (!strcmp(type, "List")) return plain_list(value);
    return (!strcmp(type, "String") && text) || (!strcmp(type, "Boolean") && json_is_boolean(value)) ? json_incref(value) : NULL;
}

static const char *function_of(const json_t *typed)
{
    const char *type = json_string_value(json_object_get(typed, "$type"));
    for (size_t i = 0; type && i < sizeof turned / sizeof *turned; i++)
        if (!strcmp(type, turned[i].type)) return turned[i].function;
    return NULL;
}

json_t *plain_columns(const json_t *properties, size_t first, struct pab_buf *map)
{
    CLEANUP_JSON json_t *ret = json_array();
    const char *key;
    json_t *v;
    json_object_foreach((json_t *)(uintptr_t)properties, key, v) {
        const char *function = function_of(v);
        json_t *plain = function ? json_incref(json_object_get(v, "_value")) : plain_value(v);
        if (json_array_append_new(ret, plain)) return NULL; /* also for one that is NULL */
        pab_buf_adds(map, map->size ? ", " : " {");
        neo4j_quote(map, key);
        pab_buf_addf(map, function ? ": %s(row[%zu])" : ": %srow[%zu]", function ? function : "", first + json_array_size(ret) - 1);
    }
    if (map->size) pab_buf_addc(map, '}');
    return TAKE_PTR(ret);
}
