/* table.c - option tables that come from outside, checked before anything is read by them. */
#include <ctype.h>
#include <stddef.h>
#include <string.h>

#include "core/base/str.h"
#include "core/config/config_impl.h"

#define MAX_OPTIONS 256
#define MAX_NESTING 4

/* An entry of ABI 1.0. What is appended to struct pab_option later may be read only where the stride covers it. */
#define OPTION_SIZE_1_0 (offsetof(struct pab_option, reserved) + sizeof(uint32_t))

struct table_check {
    const char *plugin;
    uint32_t stride;
    struct pab_error *err;
};

static int bad(struct table_check *tc, const char *path, const char *what)
{
    return pab_error_set(tc->err, PAB_E_INTERNAL, 0, "option table of plugin '%s': '%s' %s", tc->plugin, path, what);
}

static int key_is_well_formed(const char *key)
{
    if (!islower((unsigned char)*key))
        return 0;
    while (islower((unsigned char)*key) || isdigit((unsigned char)*key) || *key == '_')
        key++;
    return !*key;
}

/* The default goes through the very check that a job file goes through. */
static int check_default(struct table_check *tc, const struct pab_option *opt, const char *path)
{
    struct pab_node *node = NULL;
    struct pab_error why = { 0 };
    struct pab_config_env env = { .file = "default", .dir = "/" };
    struct pab_checking ck = { .env = &env, .stride = tc->stride, .err = &why };
    if (pab_node_parse(opt->default_text, strlen(opt->default_text), "default", &node, &why))
        return pab_error_set(tc->err, PAB_E_INTERNAL, 0, "option table of plugin '%s': '%s': %s", tc->plugin, path, why.message);
    struct pab_place at = { "default", 0, 0, path };
    struct pab_config *holder = pab_alloc(sizeof *holder); /* a record with this one value, so that it is freed as such */
    holder->table = opt;
    holder->count = 1;
    holder->stride = tc->stride;
    holder->values = pab_alloc_array(1, sizeof *holder->values);
    ck.root = holder;
    int code = pab_check_value(&ck, opt, node, &at, holder->values);
    pab_config_free(holder);
    pab_node_free(node);
    if (code)
        return pab_error_set(tc->err, PAB_E_INTERNAL, 0, "option table of plugin '%s': %s", tc->plugin, why.message);
    return PAB_OK;
}

static int check_table(struct table_check *tc, const struct pab_option *table, uint32_t count, const char *path, unsigned depth);

static int check_option(struct table_check *tc, const struct pab_option *opt, const char *path, unsigned depth)
{
    static const uint32_t known_flags = PAB_OPT_REQUIRED | PAB_OPT_DEPRECATED | PAB_OPT_SHORTHAND | PAB_OPT_LATER;
    int has_fields = opt->type == PAB_OPT_RECORD || opt->type == PAB_OPT_RECORDS;
    if (opt->type < PAB_OPT_STRING || opt->type > PAB_OPT_SETS)
        return bad(tc, path, "has a type that this version does not know");
    if (opt->flags & ~known_flags)
        return bad(tc, path, "has a flag that this version does not know");
    if (!opt->help || !*opt->help)
        return bad(tc, path, "has no help text");
    if (opt->type == PAB_OPT_CHOICE && (!opt->choices || !opt->choices[0]))
        return bad(tc, path, "is a choice without choices");
    if (has_fields != (opt->fields && opt->field_count))
        return bad(tc, path, has_fields ? "is a record without fields" : "has fields but is no record");
    if ((opt->flags & PAB_OPT_SHORTHAND) && !has_fields)
        return bad(tc, path, "has a shorthand but is no record");
    if ((opt->flags & PAB_OPT_REQUIRED) && opt->default_text)
        return bad(tc, path, "is required and has a default");
    if (opt->type == PAB_OPT_SECRET && opt->default_text)
        return bad(tc, path, "is a secret with a default");
    if (has_fields && check_table(tc, opt->fields, opt->field_count, path, depth + 1))
        return PAB_E_INTERNAL;
    return opt->default_text ? check_default(tc, opt, path) : PAB_OK;
}

static int check_table(struct table_check *tc, const struct pab_option *table, uint32_t count, const char *path, unsigned depth)
{
    if (depth > MAX_NESTING || count > MAX_OPTIONS)
        return bad(tc, path, depth > MAX_NESTING ? "is nested too deep" : "has too many keys");
    for (uint32_t i = 0; i < count; i++) {
        const struct pab_option *opt = pab_option_at(table, tc->stride, i);
        if (!opt->key || !key_is_well_formed(opt->key)) {
            CLEANUP_FREE char *shown = pab_str_printable(opt->key ? opt->key : "(null)");
            return bad(tc, shown, "is not a key: use a-z, 0-9 and '_', a letter first");
        }
        CLEANUP_FREE char *here = pab_sprintf("%s%s%s", path, *path ? "." : "", opt->key);
        for (uint32_t k = 0; k < i; k++)
            if (strcmp(pab_option_at(table, tc->stride, k)->key, opt->key) == 0)
                return bad(tc, here, "stands twice");
        if (check_option(tc, opt, here, depth))
            return PAB_E_INTERNAL;
    }
    return PAB_OK;
}

int pab_options_check_table(const struct pab_option *table, uint32_t count, uint32_t stride, const char *plugin, struct pab_error *err)
{
    struct table_check tc = { .plugin = plugin, .stride = stride, .err = err };
    if (count && (!table || stride < OPTION_SIZE_1_0 || stride % _Alignof(struct pab_option)))
        return pab_error_set(err, PAB_E_INTERNAL, 0, "option table of plugin '%s': no table, or entries of an impossible size", plugin);
    return check_table(&tc, table, count, "", 1);
}
