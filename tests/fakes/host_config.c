/* host_config.c - the fake host's options: kept as text, read by the type that the table gives. */
#include "tests/fakes/host_private.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct value {
    char *key;
    struct fake_texts items;        /* one for a scalar */
    struct pab_config **records;
    size_t record_count;
    int defaulted;
};

struct pab_config {
    struct fake_host *h;
    const struct pab_option *table; /* NULL: any key goes */
    uint32_t table_count;
    struct value *values;
    size_t count;
};

static struct pab_config *new_config(struct fake_host *h, const struct pab_option *table, uint32_t count)
{
    struct pab_config *c = calloc(1, sizeof *c);
    if (!c) fake_wrong_test("out of memory");
    *c = (struct pab_config){ .h = h, .table = table, .table_count = count };
    for (uint32_t i = 0; i < count; i++) {
        const char *text = table[i].default_text;
        if (!text || table[i].type == PAB_OPT_RECORD || table[i].type == PAB_OPT_RECORDS || table[i].type == PAB_OPT_SETS) continue;
        if (table[i].type == PAB_OPT_LIST) { /* "[a, b]" */
            for (text += strspn(text, "[ "); *text && *text != ']'; text += strspn(text, ", ")) {
                size_t n = strcspn(text, ",]");
                char *item = strndup(text, n);
                fake_add(c, table[i].key, item);
                free(item);
                text += n;
            }
        } else {
            fake_set(c, table[i].key, text);
        }
        if (c->count) c->values[c->count - 1].defaulted = 1;
    }
    return c;
}

void fake_free_options(struct pab_config *c)
{
    if (!c) return;
    for (size_t i = 0; i < c->count; i++) {
        struct value *v = &c->values[i];
        for (size_t r = 0; r < v->record_count; r++) fake_free_options(v->records[r]);
        free(v->records);
        free(v->key);
        fake_free_texts(&v->items);
    }
    free(c->values);
    free(c);
}

struct pab_config *fake_options(struct fake_host *h, const struct pab_option *table, uint32_t count)
{
    fake_free_options(h->priv->options);
    h->priv->options = new_config(h, table, table ? count : 0);
    return h->priv->options;
}

static const struct pab_option *find_option(const struct pab_config *c, const char *key)
{
    for (uint32_t i = 0; i < c->table_count; i++) {
        if (strcmp(c->table[i].key, key) == 0) return &c->table[i];
    }
    return NULL;
}

static struct value *find_value(const struct pab_config *c, const char *key)
{
    for (size_t i = 0; i < c->count; i++) {
        if (strcmp(c->values[i].key, key) == 0) return &c->values[i];
    }
    return NULL;
}

/* For the test to fill. */
static struct value *make_value(struct pab_config *c, const char *key)
{
    if (c->table && !find_option(c, key)) fake_wrong_test("option '%s' is not in the plugin's table", key);
    struct value *v = find_value(c, key);
    if (!v) {
        c->values = fake_grow(c->values, c->count, sizeof *c->values);
        v = &c->values[c->count++];
        *v = (struct value){ .key = strdup(key) };
    }
    if (v->defaulted) fake_free_texts(&v->items);
    v->defaulted = 0;
    return v;
}

void fake_set(struct pab_config *c, const char *key, const char *text)
{
    struct value *v = make_value(c, key);
    fake_free_texts(&v->items);
    fake_add_text(&v->items, "%s", text);
}

void fake_add(struct pab_config *c, const char *key, const char *item)
{
    fake_add_text(&make_value(c, key)->items, "%s", item);
}

struct pab_config *fake_add_record(struct pab_config *c, const char *key)
{
    static const struct pab_option set_fields[] = {
        { .key = "name", .type = PAB_OPT_STRING },
        { .key = "items", .type = PAB_OPT_LIST },
    };
    struct value *v = make_value(c, key);
    const struct pab_option *o = find_option(c, key);
    const struct pab_option *fields = !o ? NULL : o->type == PAB_OPT_SETS ? set_fields : o->fields;
    uint32_t count = !o ? 0 : o->type == PAB_OPT_SETS ? 2 : o->field_count;
    v->records = fake_grow(v->records, v->record_count, sizeof *v->records);
    return v->records[v->record_count++] = new_config(c->h, fields, count);
}

/* ---- the getters: a key that the table does not have, or as another type, is misuse ---- */

static const struct value *get(const struct pab_config *c, const char *key, unsigned types, const char *getter)
{
    const struct pab_option *o = find_option(c, key);
    int32_t rc = PAB_OK;
    fake_lock(c->h);
    if (c->table && !o) rc = fake_misused(c->h, "%s: no option '%s'", getter, key);
    else if (o && !(1u << o->type & types)) rc = fake_misused(c->h, "%s: option '%s' is of another type", getter, key);
    fake_unlock(c->h);
    return rc ? NULL : find_value(c, key);
}

#define T(type) (1u << PAB_OPT_##type)

static int32_t config_has(const struct pab_config *c, const char *key)
{
    return get(c, key, ~0u, "config_has") != NULL;
}

static const char *config_str(const struct pab_config *c, const char *key)
{
    const struct value *v = get(c, key, T(STRING) | T(PATH) | T(CHOICE) | T(SECRET), "config_str");
    return v && v->items.count ? v->items.items[0] : NULL;
}

static int64_t unit_of(uint32_t type, const char *unit)
{
    static const struct { const char *name; int64_t factor; } durations[] = {
        { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 }, { "w", 604800000 },
    };
    if (type == PAB_OPT_SIZE && *unit) {
        const char *at = strchr("kmgt", *unit | 0x20);
        return at ? INT64_C(1) << 10 * (at - "kmgt" + 1) : 0;
    }
    for (size_t i = 0; type == PAB_OPT_DURATION && i < sizeof durations / sizeof *durations; i++) {
        if (strcmp(unit, durations[i].name) == 0) return durations[i].factor;
    }
    return *unit || type == PAB_OPT_DURATION ? 0 : 1;
}

static int64_t config_int(const struct pab_config *c, const char *key)
{
    const struct value *v = get(c, key, T(INT) | T(SIZE) | T(DURATION) | T(BOOL), "config_int");
    const struct pab_option *o = find_option(c, key);
    if (!v || !v->items.count) return 0;
    const char *text = v->items.items[0];
    if (!strcasecmp(text, "true") || !strcasecmp(text, "yes") || !strcasecmp(text, "on")) return 1;
    if (!strcasecmp(text, "false") || !strcasecmp(text, "no") || !strcasecmp(text, "off")) return 0;
    char *end;
    int64_t n = strtoll(text, &end, 10), unit = unit_of(o ? o->type : PAB_OPT_INT, end);
    if (end == text || !unit) fake_wrong_test("option '%s': cannot read '%s'", key, text);
    return n * unit;
}

static uint64_t config_count(const struct pab_config *c, const char *key)
{
    const struct value *v = get(c, key, T(LIST) | T(RECORDS) | T(SETS), "config_count");
    return !v ? 0 : v->record_count ? v->record_count : v->items.count;
}

static const char *config_item(const struct pab_config *c, const char *key, uint64_t i)
{
    const struct value *v = get(c, key, T(LIST), "config_item");
    return v && i < v->items.count ? v->items.items[i] : NULL;
}

static const struct pab_config *config_record(const struct pab_config *c, const char *key, uint64_t i)
{
    const struct value *v = get(c, key, T(RECORD) | T(RECORDS) | T(SETS), "config_record");
    return v && i < v->record_count ? v->records[i] : NULL;
}

static const char *config_where(const struct pab_config *c, const char *key)
{
    (void)c, (void)key;
    return "fake.yaml:1:1";
}

void fake_fill_config(struct pab_host *t)
{
    t->config_has = config_has;
    t->config_str = config_str;
    t->config_int = config_int;
    t->config_count = config_count;
    t->config_item = config_item;
    t->config_record = config_record;
    t->config_where = config_where;
}
