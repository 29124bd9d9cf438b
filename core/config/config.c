/* config.c - what a plugin asks of its checked options; see options.h. */
#include <stdarg.h>
#include <string.h>

#include "core/base/secret.h"
#include "core/config/config_impl.h"

/* One bit a type, so that a getter can say which ones it serves. */
#define BIT(type) (UINT32_C(1) << (type))
#define TEXTS (BIT(PAB_OPT_STRING) | BIT(PAB_OPT_PATH) | BIT(PAB_OPT_CHOICE) | BIT(PAB_OPT_SECRET))
#define NUMBERS (BIT(PAB_OPT_INT) | BIT(PAB_OPT_SIZE) | BIT(PAB_OPT_DURATION) | BIT(PAB_OPT_BOOL))
#define RECORDS (BIT(PAB_OPT_RECORD) | BIT(PAB_OPT_RECORDS) | BIT(PAB_OPT_SETS))
#define COUNTED (BIT(PAB_OPT_LIST) | BIT(PAB_OPT_RECORDS) | BIT(PAB_OPT_SETS))
#define ANY UINT32_MAX

void pab_config_free(struct pab_config *c)
{
    if (!c)
        return;
    for (uint32_t i = 0; i < c->count; i++) {
        struct pab_value *v = &c->values[i];
        if (v->text && pab_option_at(c->table, c->stride, i)->type == PAB_OPT_SECRET)
            pab_secret_wipe(v->text, strlen(v->text));
        for (size_t r = 0; r < v->record_count; r++)
            pab_config_free(v->records[r]);
        free(v->records);
        free(v->text);
        free(v->where);
        pab_strs_release(&v->list);
    }
    free(atomic_load(&c->misuse));
    free(c->values);
    free(c->path);
    free(c);
}

/* The first misuse is kept; the getters stay const for plugins, and so cast here alone. */
static void note_misuse(const struct pab_config *c, const char *key, const char *what)
{
    char *message = pab_sprintf("option '%s%s%s' %s", c->path, c->path[0] ? "." : "", key, what);
    char *none = NULL;
    if (!atomic_compare_exchange_strong(&c->root->misuse, &none, message))
        free(message);
}

const char *pab_config_misuse(const struct pab_config *c) { return atomic_load(&c->root->misuse); }

static const struct pab_value *find(const struct pab_config *c, const char *key, uint32_t types)
{
    for (uint32_t i = 0; i < c->count; i++) {
        const struct pab_option *opt = pab_option_at(c->table, c->stride, i);
        if (strcmp(opt->key, key) != 0)
            continue;
        if (types == ANY || (opt->type < 32 && (types & BIT(opt->type))))
            return &c->values[i];
        note_misuse(c, key, "was asked for as another type than its table says");
        return NULL;
    }
    note_misuse(c, key, "is not in the option table");
    return NULL;
}

int pab_config_has(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, ANY);
    return v && v->from != PAB_VALUE_NONE;
}

int pab_config_given(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, ANY);
    return v && v->from == PAB_VALUE_GIVEN;
}

const char *pab_config_str(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, TEXTS);
    return v ? v->text : NULL;
}

int64_t pab_config_int(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, NUMBERS);
    return v ? v->number : 0;
}

uint64_t pab_config_count(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, COUNTED);
    return v ? v->list.count + v->record_count : 0;
}

const char *pab_config_item(const struct pab_config *c, const char *key, uint64_t i)
{
    const struct pab_value *v = find(c, key, BIT(PAB_OPT_LIST));
    return v && i < v->list.count ? v->list.items[i] : NULL;
}

const struct pab_config *pab_config_record(const struct pab_config *c, const char *key, uint64_t i)
{
    const struct pab_value *v = find(c, key, RECORDS);
    return v && i < v->record_count ? v->records[i] : NULL;
}

const char *pab_config_where(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, ANY);
    return v ? v->where : c->file;
}

const struct pab_node *pab_config_node(const struct pab_config *c, const char *key)
{
    const struct pab_value *v = find(c, key, ANY);
    return v ? v->node : NULL;
}

int pab_config_complain(const struct pab_config *c, const char *key, struct pab_error *err, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    CLEANUP_FREE char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    const struct pab_value *v = key ? find(c, key, ANY) : NULL;
    CLEANUP_FREE char *path = pab_sprintf("%s%s%s", c->path, key && c->path[0] ? "." : "", key ? key : "");
    struct pab_place at = { c->file, c->line, c->column, path };
    if (v && v->from == PAB_VALUE_GIVEN) {
        at.line = v->line;
        at.column = v->column;
    }
    return pab_complain(err, &at, "%s", text);
}
