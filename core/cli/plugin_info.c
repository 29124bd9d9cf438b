/* plugin_info.c - see plugin_info.h. */
#include <stdio.h>
#include <string.h>
#include "core/cli/plugin_info.h"

static const char *const type_names[] = { "?", "string", "int", "bool", "size", "duration", "path", "choice", "list", "secret", "record", "records", "sets" };

static const char *type_name(uint32_t type)
{
    return type < sizeof type_names / sizeof *type_names ? type_names[type] : "?";
}

#define COUNT(a) (sizeof(a) / sizeof *(a))

static const struct bit { uint64_t bit; const char *name; } caps[] = {
    { PAB_CAP_ONLINE, "online" }, { PAB_CAP_SELECTIVE, "selective" }, { PAB_CAP_RENAME, "rename" }, { PAB_CAP_TO_DIR, "to-dir" },
    { PAB_CAP_WHOLE_OBJECTS, "whole-objects" },
}, categories[] = {
    { PAB_CAT_DATABASES, "databases" }, { PAB_CAT_VOLUMES, "volumes" }, { PAB_CAT_CONFIG, "config" }, { PAB_CAT_SERVICES, "services" },
};

static const struct pab_option *option_at(const struct pab_option *table, uint32_t stride, uint32_t i)
{
    return (const struct pab_option *)((const char *)table + (size_t)stride * i);
}

static json_t *options_json(const struct pab_option *table, uint32_t n, uint32_t stride)
{
    json_t *array = json_array();
    for (uint32_t i = 0; i < n; i++) {
        const struct pab_option *o = option_at(table, stride, i);
        json_t *j = json_pack("{s:s, s:s, s:b, s:s*, s:s*}", "key", o->key, "type", type_name(o->type), "required", (o->flags & PAB_OPT_REQUIRED) != 0,
                              "default", o->default_text, "help", o->help);
        if (o->choices) {
            json_t *list = json_array();
            for (size_t c = 0; o->choices[c]; c++) json_array_append_new(list, json_string(o->choices[c]));
            json_object_set_new(j, "choices", list);
        }
        if (o->field_count) json_object_set_new(j, "fields", options_json(o->fields, o->field_count, stride));
        json_array_append_new(array, j);
    }
    return array;
}

static json_t *bits_json(uint64_t value, const struct bit *names, size_t count)
{
    json_t *array = json_array();
    for (size_t i = 0; i < count; i++)
        if (value & names[i].bit) json_array_append_new(array, json_string(names[i].name));
    return array;
}

json_t *pab_plugin_json(const struct pab_loaded *l)
{
    const struct pab_plugin *p = &l->p;
    return json_pack("{s:s, s:s, s:s, s:s, s:{s:i, s:i}, s:o, s:o, s:o}", "name", p->name, "version", p->version, "summary", p->summary, "path", l->path,
                     "abi", "major", (int)p->abi_major, "minor", (int)p->abi_minor, "capabilities", bits_json(p->caps, caps, COUNT(caps)),
                     "categories", bits_json(p->categories, categories, COUNT(categories)), "options", options_json(p->options, p->option_count, p->option_stride));
}

static void print_options(const struct pab_option *table, uint32_t n, uint32_t stride, int indent)
{
    for (uint32_t i = 0; i < n; i++) {
        const struct pab_option *o = option_at(table, stride, i);
        printf("%*s%-*s %-9s %s", indent, "", 20 - indent, o->key, type_name(o->type), o->help ? o->help : "");
        if (o->flags & PAB_OPT_REQUIRED) printf(" (required)");
        if (o->flags & PAB_OPT_DEPRECATED) printf(" (deprecated)");
        if (o->default_text) printf(" [%s]", o->default_text);
        for (size_t c = 0; o->choices && o->choices[c]; c++) printf("%s%s", c ? "|" : " one of ", o->choices[c]);
        putchar('\n');
        if (o->field_count) print_options(o->fields, o->field_count, stride, indent + 2);
    }
}

void pab_plugin_print(const struct pab_loaded *l)
{
    const struct pab_plugin *p = &l->p;
    printf("name: %s\nversion: %s\nsummary: %s\nfile: %s\nabi: %u.%u\ncapabilities:", p->name, p->version, p->summary, l->path, p->abi_major, p->abi_minor);
    for (size_t i = 0; i < COUNT(caps); i++)
        if (p->caps & caps[i].bit) printf(" %s", caps[i].name);
    printf("\ncategories:");
    for (size_t i = 0; i < COUNT(categories); i++)
        if (!p->categories || (p->categories & categories[i].bit)) printf(" %s", categories[i].name);
    puts("\noptions:");
    print_options(p->options, p->option_count, p->option_stride, 2);
}
