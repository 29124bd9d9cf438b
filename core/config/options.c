/* options.c - maps and lists checked against option tables; see options.h. */
#include "core/config/options.h"

#include <string.h>

#include "core/base/buf.h"
#include "core/base/str.h"
#include "core/config/config_impl.h"
#include "core/config/secretref.h"

/* What a SETS option is read as. */
static const struct pab_option set_fields[] = {
    { .key = "name", .type = PAB_OPT_STRING },
    { .key = "items", .type = PAB_OPT_LIST },
};

static void push_record(struct pab_value *v, struct pab_config *record)
{
    v->records = pab_realloc_array(v->records, v->record_count + 1, sizeof *v->records);
    v->records[v->record_count++] = record;
}

/* The keys of a table, for messages: "a, b, c". Caller frees. */
static char *known_keys(const struct pab_option *table, uint32_t count, uint32_t stride)
{
    struct pab_buf b = PAB_BUF_INIT(400);
    for (uint32_t i = 0; i < count; i++) {
        /* A long table is cut at the ceiling: the manual has the rest. */
        if (pab_buf_addf(&b, "%s%s", i ? ", " : "", pab_option_at(table, stride, i)->key))
            break;
    }
    pab_buf_adds(&b, "");
    return pab_buf_take(&b);
}

static int complain_unknown(struct pab_checking *ck, const struct pab_place *at, const char *key, const struct pab_option *table,
                            uint32_t count)
{
    pab_complain(ck->err, at, "unknown key");
    CLEANUP_FREE const char **names = pab_alloc_array(count + 1, sizeof *names);
    for (uint32_t i = 0; i < count; i++)
        names[i] = pab_option_at(table, ck->stride, i)->key;
    const char *near = pab_str_nearest(key, names, count);
    if (near)
        return pab_error_hint(ck->err, PAB_E_CONFIG, "did you mean '%s'?", near);
    CLEANUP_FREE char *all = known_keys(table, count, ck->stride);
    return pab_error_hint(ck->err, PAB_E_CONFIG, "known keys: %s", all);
}

static void warn_deprecated(struct pab_checking *ck, const struct pab_option *opt, const struct pab_place *at)
{
    if (!(opt->flags & PAB_OPT_DEPRECATED) || !ck->env->warn)
        return;
    CLEANUP_FREE char *message = pab_place_text(at, "deprecated: a later version will not know this key");
    ck->env->warn(ck->env->warn_ctx, message);
}

static int check_list(struct pab_checking *ck, const struct pab_node *node, const struct pab_place *at, struct pab_value *v)
{
    if (node->kind == PAB_NODE_SCALAR) {
        pab_strs_add(&v->list, node->text);
        return PAB_OK;
    }
    if (node->kind != PAB_NODE_LIST)
        return pab_complain_type(ck->err, at, "a list", node, 0);
    for (size_t i = 0; i < node->count; i++) {
        const struct pab_node *item = node->items[i];
        if (item->kind != PAB_NODE_SCALAR) {
            CLEANUP_FREE char *path = pab_sprintf("%s[%zu]", at->path, i);
            struct pab_place here = { at->file, item->line, item->column, path };
            return pab_complain_type(ck->err, &here, "text", item, 0);
        }
        pab_strs_add(&v->list, item->text);
    }
    return PAB_OK;
}

/* A record written as a map or, with SHORTHAND, as its first field alone. */
static int check_one_record(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                            struct pab_value *v)
{
    struct pab_config *record = NULL;
    int shorthand = (opt->flags & PAB_OPT_SHORTHAND) != 0;
    int list = shorthand && opt->fields->type == PAB_OPT_LIST; /* what may stand for the whole is what the first field takes */
    if (node->kind != PAB_NODE_MAP && !(shorthand && node->kind == PAB_NODE_SCALAR) && !(list && node->kind == PAB_NODE_LIST)) {
        CLEANUP_FREE char *all = known_keys(opt->fields, opt->field_count, ck->stride);
        /* Text here may be a secret whose key was forgotten: it is not shown. */
        pab_complain_type(ck->err, at, list ? "a list or a map" : shorthand ? "text or a map" : "a map", node, 1);
        return ck->err->hint[0] ? PAB_E_CONFIG : pab_error_hint(ck->err, PAB_E_CONFIG, "known keys: %s", all);
    }
    if (pab_check_record(ck, node, opt->fields, opt->field_count, at, &record))
        return ck->err->code;
    push_record(v, record);
    return PAB_OK;
}

static int check_records(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                         struct pab_value *v)
{
    if (node->kind == PAB_NODE_SCALAR && (opt->flags & PAB_OPT_SHORTHAND))
        return check_one_record(ck, opt, node, at, v);
    if (node->kind != PAB_NODE_LIST)
        return pab_complain_type(ck->err, at, opt->flags & PAB_OPT_SHORTHAND ? "a list" : "a list of maps", node, 1);
    for (size_t i = 0; i < node->count; i++) {
        CLEANUP_FREE char *path = pab_sprintf("%s[%zu]", at->path, i);
        struct pab_place here = { at->file, node->items[i]->line, node->items[i]->column, path };
        if (check_one_record(ck, opt, node->items[i], &here, v))
            return ck->err->code;
    }
    return PAB_OK;
}

static struct pab_config *new_config(struct pab_checking *ck, const struct pab_option *table, uint32_t count, uint32_t stride,
                                     const struct pab_place *at)
{
    struct pab_config *c = pab_alloc(sizeof *c);
    c->table = table;
    c->count = count;
    c->stride = stride;
    c->values = pab_alloc_array(count ? count : 1, sizeof *c->values);
    c->file = at->file;
    c->path = pab_strdup(at->path);
    c->line = at->line;
    c->column = at->column;
    if (!ck->root)
        ck->root = c;
    c->root = ck->root;
    return c;
}

static void place_value(const struct pab_place *at, struct pab_value *v, enum pab_value_from from, const struct pab_node *node)
{
    v->from = from;
    v->node = from == PAB_VALUE_GIVEN ? node : NULL;
    v->line = at->line;
    v->column = at->column;
    v->where = at->line ? pab_sprintf("%s:%d:%d", at->file, at->line, at->column) : pab_strdup(at->file);
}

static int check_sets(struct pab_checking *ck, const struct pab_node *node, const struct pab_place *at, struct pab_value *v)
{
    if (node->kind != PAB_NODE_MAP)
        return pab_complain_type(ck->err, at, "a map from names to lists", node, 0);
    for (size_t i = 0; i < node->count; i++) {
        CLEANUP_FREE char *shown = pab_str_printable(node->keys[i]);
        CLEANUP_FREE char *path = pab_sprintf("%s.%s", at->path, shown);
        struct pab_place key_at = { at->file, node->key_pos[i][0], node->key_pos[i][1], path };
        struct pab_place item_at = { at->file, node->items[i]->line, node->items[i]->column, path };
        struct pab_config *set = new_config(ck, set_fields, 2, sizeof set_fields[0], &key_at);
        push_record(v, set);
        set->values[0].text = pab_strdup(node->keys[i]);
        place_value(&key_at, &set->values[0], PAB_VALUE_GIVEN, NULL);
        place_value(&item_at, &set->values[1], PAB_VALUE_GIVEN, node->items[i]);
        if (check_list(ck, node->items[i], &item_at, &set->values[1]))
            return PAB_E_CONFIG;
    }
    return PAB_OK;
}

int pab_check_value(struct pab_checking *ck, const struct pab_option *opt, const struct pab_node *node, const struct pab_place *at,
                    struct pab_value *v)
{
    switch (opt->type) {
    case PAB_OPT_LIST: return check_list(ck, node, at, v);
    case PAB_OPT_SECRET: return pab_secretref_read(node, ck->env, at, &v->text, ck->err);
    case PAB_OPT_RECORD: return check_one_record(ck, opt, node, at, v);
    case PAB_OPT_RECORDS: return check_records(ck, opt, node, at, v);
    case PAB_OPT_SETS: return check_sets(ck, node, at, v);
    case PAB_OPT_NODE:
        if (node->kind == PAB_NODE_NULL)
            return pab_complain_type(ck->err, at, "a map", node, 1);
        return PAB_OK;
    default: return pab_check_scalar(ck, opt, node, at, v);
    }
}

/* Checks what stands at a key of the record. whole: the shorthand, where no key was written and the path is the record's. */
static int check_key(struct pab_checking *ck, struct pab_config *c, const char *key, const int key_pos[2], const struct pab_node *node,
                     int whole)
{
    CLEANUP_FREE char *shown = pab_str_printable(key);
    CLEANUP_FREE char *path = whole ? pab_strdup(c->path) : pab_sprintf("%s%s%s", c->path, c->path[0] ? "." : "", shown);
    struct pab_place key_at = { c->file, key_pos[0], key_pos[1], path };
    uint32_t i = 0;
    while (i < c->count && strcmp(pab_option_at(c->table, c->stride, i)->key, key) != 0)
        i++;
    if (i == c->count)
        return complain_unknown(ck, &key_at, key, c->table, c->count);

    const struct pab_option *opt = pab_option_at(c->table, c->stride, i);
    struct pab_place at = { c->file, node->line, node->column, path };
    if (node->kind == PAB_NODE_NULL) /* nothing has no place worth pointing at */
        at = key_at;
    warn_deprecated(ck, opt, &key_at);

    struct pab_config_env quiet = *ck->env;
    const struct pab_config_env *outer = ck->env;
    if (opt->flags & (PAB_OPT_LATER | PAB_OPT_UNRESOLVED)) { /* it will be refused, or checked again: only its form matters */
        quiet.resolve_secrets = 0;
        quiet.warn = NULL;
        ck->env = &quiet;
    }
    int code = pab_check_value(ck, opt, node, &at, &c->values[i]);
    ck->env = outer;
    if (code)
        return code;
    if (opt->flags & PAB_OPT_LATER)
        return pab_error_hint(ck->err, pab_complain(ck->err, &key_at, "not in this version"), "remove the key");
    place_value(&at, &c->values[i], PAB_VALUE_GIVEN, node);
    return PAB_OK;
}

/* The default is YAML as a user would write it; pab_options_check_table has proved that it parses. */
static int assume_default(struct pab_checking *ck, const struct pab_option *opt, const struct pab_place *at, struct pab_value *v)
{
    struct pab_node *node = NULL;
    if (pab_node_parse(opt->default_text, strlen(opt->default_text), at->path, &node, ck->err))
        return ck->err->code;
    int code = pab_check_value(ck, opt, node, at, v);
    pab_node_free(node);
    if (code == PAB_OK)
        place_value(at, v, PAB_VALUE_DEFAULT, NULL);
    return code;
}

static int check_absent(struct pab_checking *ck, struct pab_config *c, uint32_t i)
{
    const struct pab_option *opt = pab_option_at(c->table, c->stride, i);
    CLEANUP_FREE char *path = pab_sprintf("%s%s%s", c->path, c->path[0] ? "." : "", opt->key);
    struct pab_place at = { c->file, c->line, c->column, path };
    if (opt->flags & PAB_OPT_REQUIRED)
        return pab_complain(ck->err, &at, "required key is missing");
    if (opt->default_text)
        return assume_default(ck, opt, &at, &c->values[i]);
    place_value(&at, &c->values[i], PAB_VALUE_NONE, NULL); /* where it could have stood */
    return PAB_OK;
}

int pab_check_record(struct pab_checking *ck, const struct pab_node *node, const struct pab_option *table, uint32_t count,
                     const struct pab_place *at, struct pab_config **ret)
{
    CLEANUP(pab_cleanup_config) struct pab_config *c = new_config(ck, table, count, ck->stride, at);
    if (node && node->kind != PAB_NODE_MAP) { /* the shorthand */
        if (check_key(ck, c, table->key, (int[]){ node->line, node->column }, node, 1))
            return ck->err->code;
    }
    for (size_t k = 0; node && node->kind == PAB_NODE_MAP && k < node->count; k++)
        if (check_key(ck, c, node->keys[k], node->key_pos[k], node->items[k], 0))
            return ck->err->code;
    for (uint32_t i = 0; i < count; i++)
        if (c->values[i].from == PAB_VALUE_NONE && check_absent(ck, c, i))
            return ck->err->code;
    *ret = TAKE_PTR(c);
    return PAB_OK;
}

int pab_config_check(const struct pab_node *node, const struct pab_option *table, uint32_t count, uint32_t stride,
                     const struct pab_config_env *env, const char *path, struct pab_config **ret, struct pab_error *err)
{
    struct pab_error local = { 0 };
    struct pab_checking ck = { .env = env, .stride = stride, .err = err ? err : &local };
    struct pab_place at = { env->file, node ? node->line : 0, node ? node->column : 0, path };
    if (node && node->kind != PAB_NODE_MAP) {
        CLEANUP_FREE char *all = known_keys(table, count, stride);
        pab_complain_type(ck.err, &at, "a map", node, 1);
        return pab_error_hint(ck.err, PAB_E_CONFIG, "known keys: %s", all);
    }
    return pab_check_record(&ck, node, table, count, &at, ret);
}
