/* neo4j.c - see neo4j.h. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tests/fakes/neo4j.h"

static void wrong(const char *what)
{
    fprintf(stderr, "fake neo4j: %s\n", what);
    abort();
}

static json_t *parsed(const char *text)
{
    json_t *o = json_loads(text, JSON_ALLOW_NUL, NULL);
    if (!o) wrong(text);
    return o;
}

static char *element_id(const struct fake_neo4j *s, int kind, long long n)
{
    static char text[4][64];
    static unsigned next;
    char *ret = text[next++ % 4];
    snprintf(ret, sizeof *text, "%d:%s:%lld", kind, s->store, n);
    return ret;
}

static json_t *typed(const char *type, json_t *value) { return json_pack("{s:s, s:o}", "$type", type, "_value", value); }

static json_t *typed_id(const struct fake_neo4j *s, int kind, const json_t *n)
{
    return typed("String", json_string(element_id(s, kind, (long long)json_integer_value(n))));
}

static json_t *typed_labels(const json_t *labels)
{
    json_t *list = json_array(), *v;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)labels, i, v) json_array_append_new(list, typed("String", json_incref(v)));
    return typed("List", list);
}

static json_t *all_nodes(const struct fake_neo4j *s)
{
    json_t *rows = json_array(), *v;
    size_t i;
    json_array_foreach(s->nodes, i, v)
        json_array_append_new(rows, json_pack("[o, o, o]", typed_id(s, 4, json_object_get(v, "id")), typed_labels(json_object_get(v, "labels")),
                                              typed("Map", json_incref(json_object_get(v, "properties")))));
    return rows;
}

static json_t *all_relationships(const struct fake_neo4j *s)
{
    json_t *rows = json_array(), *v;
    size_t i;
    json_array_foreach(s->relationships, i, v)
        json_array_append_new(rows, json_pack("[o, o, o, o, o]", typed_id(s, 5, json_object_get(v, "id")), typed_id(s, 4, json_object_get(v, "start")),
                                              typed_id(s, 4, json_object_get(v, "end")), typed("String", json_incref(json_object_get(v, "type"))),
                                              typed("Map", json_incref(json_object_get(v, "properties")))));
    return rows;
}

/* What stands in backquotes from p on, up to `until`. */
static json_t *names(const char *p, const char *until)
{
    json_t *ret = json_array();
    while ((p = strchr(p, '`')) && p < until) {
        char text[256];
        size_t n = 0;
        for (p++; *p && (*p != '`' || p[1] == '`'); p++) {
            if (*p == '`') p++;
            if (n < sizeof text - 1) text[n++] = *p;
        }
        text[n] = '\0';
        json_array_append_new(ret, json_string(text));
        p++;
    }
    return ret;
}

/* Plain values as the server would send them again. */
static json_t *retyped(const json_t *v)
{
    char text[64];
    json_t *list, *e;
    size_t i;
    if (json_is_string(v)) return typed("String", json_deep_copy(v));
    if (json_is_boolean(v)) return typed("Boolean", json_deep_copy(v));
    if (json_is_integer(v)) snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
    else snprintf(text, sizeof text, "%.17g", json_real_value(v));
    if (!json_is_array(v)) return typed(json_is_integer(v) ? "Integer" : "Float", json_string(text));
    list = json_array();
    json_array_foreach((json_t *)(uintptr_t)v, i, e) json_array_append_new(list, retyped(e));
    return typed("List", list);
}

/* A row's properties: typed ones as they are; plain ones as the statement says: "{`name`: row[1], `born`: date(row[2])}". */
static json_t *properties_of(const json_t *row, const char *statement)
{
    if (!json_is_array(row)) return json_deep_copy(json_object_get(json_object_get(json_object_get(row, "_value"), "p"), "_value"));
    const char *map = strstr(strstr(statement, "CREATE"), " {"), *end = strstr(statement, " RETURN");
    json_t *ret = json_object(), *keys = map ? names(map, end) : NULL, *key;
    size_t i, first = json_array_size(row) - json_array_size(keys);
    json_array_foreach(keys, i, key) {
        char turn[64];
        snprintf(turn, sizeof turn, ": date(row[%zu])", first + i);
        json_t *v = json_array_get(row, first + i);
        json_object_set_new(ret, json_string_value(key), strstr(statement, turn) ? typed("Date", json_deep_copy(v)) : retyped(v));
    }
    json_decref(keys);
    return ret;
}

/* Beside the properties: by its key in a typed row, by its place in a plain one. */
static const char *field(const json_t *row, const char *key, size_t place)
{
    static char text[32];
    const json_t *v = json_is_array(row) ? json_array_get(row, place) : json_object_get(json_object_get(json_object_get(row, "_value"), key), "_value");
    snprintf(text, sizeof text, "%lld", (long long)json_integer_value(v));
    return json_is_integer(v) ? text : json_string_value(v);
}

/* Labels or type: what is quoted before the properties. */
static json_t *names_made(const char *statement)
{
    const char *p = strstr(statement, "CREATE"), *map = strstr(p, " {"), *set = strstr(p, " SET "), *end = strstr(p, " RETURN");
    return names(p, map ? map : set ? set : end);
}

static json_t *create_nodes(struct fake_neo4j *s, const char *statement, const json_t *rows)
{
    json_t *ret = json_array(), *row, *labels = names_made(statement);
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        json_t *p = properties_of(row, statement);
        if (s->loses_a_property) json_object_del(p, json_object_iter_key(json_object_iter(p)));
        json_array_append_new(s->nodes, json_pack("{s:i, s:O, s:o}", "id", s->next_id, "labels", labels, "properties", p));
        json_array_append_new(ret, json_pack("[I, s]", (json_int_t)atoll(field(row, "i", 0)), element_id(s, 4, s->next_id)));
        s->next_id++;
    }
    json_decref(labels);
    return ret;
}

static json_int_t known(const struct fake_neo4j *s, const char *id)
{
    json_t *v;
    size_t i;
    json_array_foreach(s->nodes, i, v)
        if (!strcmp(id, element_id(s, 4, (long long)json_integer_value(json_object_get(v, "id"))))) return json_integer_value(json_object_get(v, "id"));
    return -1;
}

static json_t *create_relationships(struct fake_neo4j *s, const char *statement, const json_t *rows)
{
    json_t *row, *types = names_made(statement);
    size_t i;
    int made = 0;
    json_array_foreach((json_t *)(uintptr_t)rows, i, row) {
        json_int_t a = known(s, field(row, "s", 0)), b = known(s, field(row, "e", 1));
        if (a < 0 || b < 0) continue;
        json_array_append_new(s->relationships, json_pack("{s:i, s:I, s:I, s:O, s:o}", "id", s->next_id++, "start", a, "end", b, "type", json_array_get(types, 0),
                                                          "properties", properties_of(row, statement)));
        made++;
    }
    json_decref(types);
    return json_pack("[[i]]", made);
}

static json_t *column(const json_t *list, const char *key)
{
    json_t *rows = json_array(), *v;
    size_t i;
    json_array_foreach((json_t *)(uintptr_t)list, i, v) json_array_append_new(rows, json_pack("[O]", json_object_get(v, key)));
    return rows;
}

static json_t *counted(json_t *list, int clear)
{
    json_t *rows = json_pack("[[I]]", (json_int_t)json_array_size(list));
    if (clear) json_array_clear(list);
    return rows;
}

static json_t *make(json_t *list, const char *statement)
{
    json_t *all = names(statement, statement + strlen(statement));
    fake_neo4j_schema(list, json_string_value(json_array_get(all, 0)), statement);
    json_decref(all);
    return json_array();
}

static json_t *drop(json_t *list, const char *statement)
{
    json_t *all = names(statement, statement + strlen(statement)), *v;
    size_t i;
    json_array_foreach(list, i, v)
        if (!strcmp(json_string_value(json_object_get(v, "name")), json_string_value(json_array_get(all, 0)))) break;
    json_array_remove(list, i);
    json_decref(all);
    return json_array();
}

static int begins(const char *text, const char *with) { return !strncmp(text, with, strlen(with)); }

static json_t *rows_of(struct fake_neo4j *s, const char *q, const json_t *rows)
{
    if (begins(q, "RETURN 1")) return json_pack("[[i]]", 1);
    if (begins(q, "MATCH (n) RETURN count(n)")) {
        if (s->grows) fake_neo4j_node(s, "[]", "{}");
        return counted(s->nodes, 0);
    }
    if (begins(q, "MATCH ()-[r]->() RETURN count(r)")) return counted(s->relationships, 0);
    if (begins(q, "MATCH (n) RETURN elementId")) return all_nodes(s);
    if (begins(q, "MATCH (a)-[r]->(b) RETURN elementId")) return all_relationships(s);
    if (strstr(q, "DELETE r ")) return counted(s->relationships, 1);
    if (strstr(q, "DELETE n ")) return counted(s->nodes, 1);
    if (begins(q, "UNWIND $rows AS row CREATE")) return create_nodes(s, q, rows);
    if (begins(q, "UNWIND $rows AS row MATCH")) return create_relationships(s, q, rows);
    if (begins(q, "SHOW INDEXES YIELD name, state")) return s->building && s->building-- ? json_pack("[[s, s]]", "index", "POPULATING") : json_array();
    if (begins(q, "SHOW CONSTRAINTS")) return column(s->constraints, strstr(q, "createStatement") ? "statement" : "name");
    if (begins(q, "SHOW INDEXES")) return column(s->indexes, strstr(q, "createStatement") ? "statement" : "name");
    if (begins(q, "CREATE CONSTRAINT")) return make(s->constraints, q);
    if (begins(q, "CREATE ")) return make(s->indexes, q);
    if (begins(q, "DROP CONSTRAINT")) return drop(s->constraints, q);
    if (begins(q, "DROP INDEX")) return drop(s->indexes, q);
    return NULL;
}

static int faulty(struct fake_neo4j *s, const char *statement, struct fake_answer *ret)
{
    for (unsigned i = 0; i < s->fault_count; i++) {
        if (!strstr(statement, s->faults[i].part)) continue;
        if (s->faults[i].nth > 1) {
            s->faults[i].nth--;
        } else {
            *ret = s->faults[i].answer;
            if (s->faults[i].nth) s->faults[i] = s->faults[--s->fault_count];
            return 1;
        }
    }
    return 0;
}

static const char *keep(struct fake_neo4j *s, char *text)
{
    if (s->text_count == FAKE_NEO4J_TEXTS) wrong("too many answers");
    return s->texts[s->text_count++] = text;
}

static const json_t *rows_sent(const json_t *o)
{
    const json_t *rows = json_object_get(json_object_get(o, "parameters"), "rows");
    return json_is_array(rows) ? rows : json_object_get(rows, "_value");
}

static int answer(void *ctx, const char *request, const char *body, struct fake_answer *ret)
{
    struct fake_neo4j *s = ctx;
    char *text;
    if (!strcmp(request, "GET /")) {
        if (asprintf(&text, "{\"neo4j_version\":\"%s\",\"neo4j_edition\":\"community\"}", s->version) < 0) abort();
        *ret = (struct fake_answer){ .body = keep(s, text) };
        return 1;
    }
    if (strcmp(request, "POST /db/neo4j/query/v2") != 0) return 0;
    json_t *o = parsed(body);
    const char *statement = json_string_value(json_object_get(o, "statement"));
    json_array_append(s->said, json_object_get(o, "statement"));
    if (!faulty(s, statement, ret)) {
        json_t *rows = rows_of(s, statement, rows_sent(o));
        if (!rows) wrong(statement);
        json_t *all = json_pack("{s:{s:[], s:o}, s:[]}", "data", "fields", "values", rows, "bookmarks");
        *ret = (struct fake_answer){ .status = 202, .body = keep(s, json_dumps(all, JSON_COMPACT)), .headers = strstr(statement, "properties(") ? "Content-Type: application/vnd.neo4j.query\r\n" : NULL, .chunked = 1 };
        json_decref(all);
    }
    json_decref(o);
    return 1;
}

struct fake_neo4j *fake_neo4j_new(void)
{
    struct fake_neo4j *s = calloc(1, sizeof *s);
    s->http = fake_http_new();
    s->version = "5.26.0";
    s->nodes = json_array();
    s->relationships = json_array();
    s->constraints = json_array();
    s->indexes = json_array();
    s->said = json_array();
    s->store = "old";
    fake_http_handle(s->http, answer, s);
    return s;
}

void fake_neo4j_free(struct fake_neo4j *s)
{
    if (!s) return;
    fake_http_free(s->http);
    json_t *const all[] = { s->nodes, s->relationships, s->constraints, s->indexes, s->said };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) json_decref(all[i]);
    for (size_t i = 0; i < s->text_count; i++) free(s->texts[i]);
    free(s);
}

unsigned fake_neo4j_node(struct fake_neo4j *s, const char *labels, const char *properties)
{
    json_array_append_new(s->nodes, json_pack("{s:i, s:o, s:o}", "id", s->next_id, "labels", parsed(labels), "properties", parsed(properties)));
    return s->next_id++;
}

void fake_neo4j_relationship(struct fake_neo4j *s, unsigned start, unsigned end, const char *type, const char *properties)
{
    json_array_append_new(s->relationships, json_pack("{s:i, s:i, s:i, s:s, s:o}", "id", s->next_id++, "start", start, "end", end, "type", type, "properties", parsed(properties)));
}

void fake_neo4j_schema(json_t *list, const char *name, const char *statement)
{
    json_array_append_new(list, json_pack("{s:s, s:s}", "name", name, "statement", statement));
}

void fake_neo4j_say(struct fake_neo4j *s, const char *part, unsigned nth, struct fake_answer a)
{
    if (s->fault_count == sizeof s->faults / sizeof *s->faults) wrong("too many faults");
    s->faults[s->fault_count].part = part;
    s->faults[s->fault_count].nth = nth;
    s->faults[s->fault_count++].answer = a;
}

size_t fake_neo4j_count(const struct fake_neo4j *s, const char *part)
{
    size_t n = 0, i;
    json_t *v;
    json_array_foreach(s->said, i, v) n += strstr(json_string_value(v), part) != NULL;
    return n;
}

void fake_neo4j_clear(struct fake_neo4j *s)
{
    json_t *const all[] = { s->nodes, s->relationships, s->constraints, s->indexes };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) json_array_clear(all[i]);
    s->next_id += 1000;
    s->store = "new";
}
