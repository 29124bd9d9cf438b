/* node.c - libyaml's events as a tree; see node.h. */
#include "core/config/node.h"

#include <fcntl.h>
#include <string.h>
#include <yaml.h>

#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/base/vec.h"
#include "core/config/place.h"
#include "core/config/yaml_error.h"

DEFINE_CLEANUP(node, struct pab_node, pab_node_free)
#define CLEANUP_EVENT CLEANUP(yaml_event_delete)

struct anchor {
    char *name;
    const struct pab_node *node;
};

struct reader {
    yaml_parser_t yaml;
    const char *text, *name;
    size_t size;
    size_t nodes, text_bytes;  /* so far, aliases expanded */
    struct { struct anchor *items; size_t count, capacity; } anchors;
    struct pab_error *err;
};

struct pab_node *pab_node_new(enum pab_node_kind kind, int line, int column)
{
    struct pab_node *n = pab_alloc(sizeof *n);
    n->kind = kind;
    n->line = line;
    n->column = column;
    return n;
}

void pab_node_push(struct pab_node *parent, const char *key, int line, int column, struct pab_node *item)
{
    size_t n = parent->count;
    if ((n & (n - 1)) == 0) { /* no capacity is kept: grow at every power of two */
        size_t capacity = n ? 2 * n : 1;
        parent->items = pab_realloc_array(parent->items, capacity, sizeof *parent->items);
        if (key) {
            parent->keys = pab_realloc_array(parent->keys, capacity, sizeof *parent->keys);
            parent->key_pos = pab_realloc_array(parent->key_pos, capacity, sizeof *parent->key_pos);
        }
    }
    parent->items[n] = item;
    if (key) {
        parent->keys[n] = pab_strdup(key);
        parent->key_pos[n][0] = line;
        parent->key_pos[n][1] = column;
    }
    parent->count++;
}

void pab_node_free(struct pab_node *n)
{
    if (!n)
        return;
    for (size_t i = 0; i < n->count; i++) {
        pab_node_free(n->items[i]);
        if (n->keys)
            free(n->keys[i]);
    }
    free(n->items);
    free(n->keys);
    free(n->key_pos);
    free(n->text);
    free(n);
}

const struct pab_node *pab_node_get(const struct pab_node *map, const char *key)
{
    if (!map || map->kind != PAB_NODE_MAP)
        return NULL;
    for (size_t i = 0; i < map->count; i++)
        if (strcmp(map->keys[i], key) == 0)
            return map->items[i];
    return NULL;
}

static struct pab_place place_of(const struct reader *r, const yaml_mark_t *mark)
{
    return (struct pab_place){ r->name, (int)mark->line + 1, (int)mark->column + 1, NULL };
}

static int next_event(struct reader *r, yaml_event_t *ev)
{
    yaml_event_delete(ev);
    if (yaml_parser_parse(&r->yaml, ev))
        return 0;
    return pab_yaml_error(&r->yaml, r->text, r->size, r->name, r->err);
}

/* Counts one more node with so many bytes of text, at this depth. */
static int charge(struct reader *r, const yaml_event_t *ev, size_t text, unsigned depth)
{
    struct pab_place at = place_of(r, &ev->start_mark);
    if (depth > PAB_NODE_MAX_DEPTH)
        return pab_complain(r->err, &at, "nested more than %d levels deep", PAB_NODE_MAX_DEPTH);
    if (++r->nodes > PAB_NODE_MAX_NODES)
        return pab_complain(r->err, &at, "more than %d values (aliases count as what they stand for)", PAB_NODE_MAX_NODES);
    r->text_bytes += text;
    if (ev->type == YAML_ALIAS_EVENT && r->text_bytes > PAB_NODE_MAX_BYTES)
        return pab_complain(r->err, &at, "more than 1 MiB of text (aliases count as what they stand for)");
    return 0;
}

/* *ret_text: 1 when the tag says that it is text, whatever it looks like. */
static int check_tag(struct reader *r, const yaml_event_t *ev, const char *tag, int *ret_text)
{
    *ret_text = tag && (strcmp(tag, YAML_STR_TAG) == 0 || strcmp(tag, "!") == 0);
    if (!tag || *ret_text)
        return 0;
    struct pab_place at = place_of(r, &ev->start_mark);
    CLEANUP_FREE char *shown = pab_str_printable(tag);
    return pab_error_hint(r->err, pab_complain(r->err, &at, "the tag '%s' is not supported", shown),
                          "put a value that begins with '!' in quotes");
}

static int looks_null(const char *s)
{
    return !*s || strcmp(s, "~") == 0 || strcmp(s, "null") == 0 || strcmp(s, "Null") == 0 || strcmp(s, "NULL") == 0;
}

/* The text of a scalar event, as a string without NUL inside; NULL: not acceptable. */
static const char *scalar_text(struct reader *r, const yaml_event_t *ev)
{
    const char *text = (const char *)ev->data.scalar.value;
    if (strlen(text) == ev->data.scalar.length)
        return text;
    struct pab_place at = place_of(r, &ev->start_mark);
    pab_complain(r->err, &at, "a NUL byte is not allowed in text");
    return NULL;
}

static struct pab_node *read_scalar(struct reader *r, const yaml_event_t *ev, unsigned depth)
{
    int is_text;
    const char *text = scalar_text(r, ev);
    if (!text || charge(r, ev, ev->data.scalar.length, depth) || check_tag(r, ev, (const char *)ev->data.scalar.tag, &is_text))
        return NULL;
    int quoted = is_text || ev->data.scalar.style != YAML_PLAIN_SCALAR_STYLE;
    struct pab_place at = place_of(r, &ev->start_mark);
    struct pab_node *n = pab_node_new(quoted || !looks_null(text) ? PAB_NODE_SCALAR : PAB_NODE_NULL, at.line, at.column);
    n->quoted = quoted;
    n->text = pab_strdup(text);
    return n;
}

static struct pab_node *copy_node(struct reader *r, const yaml_event_t *ev, const struct pab_node *from, unsigned depth)
{
    if (charge(r, ev, from->text ? strlen(from->text) : 0, depth))
        return NULL;
    CLEANUP(pab_cleanup_node) struct pab_node *n = pab_node_new(from->kind, from->line, from->column);
    n->quoted = from->quoted;
    n->text = pab_strdup(from->text);
    for (size_t i = 0; i < from->count; i++) {
        const char *key = from->keys ? from->keys[i] : NULL;
        if (key && charge(r, ev, strlen(key), depth))
            return NULL;
        struct pab_node *item = copy_node(r, ev, from->items[i], depth + 1);
        if (!item)
            return NULL;
        pab_node_push(n, key, key ? from->key_pos[i][0] : 0, key ? from->key_pos[i][1] : 0, item);
    }
    return TAKE_PTR(n);
}

static struct pab_node *read_alias(struct reader *r, const yaml_event_t *ev, unsigned depth)
{
    const char *name = (const char *)ev->data.alias.anchor;
    for (size_t i = r->anchors.count; i > 0; i--) /* the latest of that name counts */
        if (strcmp(r->anchors.items[i - 1].name, name) == 0)
            return copy_node(r, ev, r->anchors.items[i - 1].node, depth);
    struct pab_place at = place_of(r, &ev->start_mark);
    CLEANUP_FREE char *shown = pab_str_printable(name);
    pab_error_hint(r->err, pab_complain(r->err, &at, "the alias '*%s' stands for nothing", shown),
                   "put a pattern that begins with '*' in quotes; an anchor must stand before its alias");
    return NULL;
}

static void remember_anchor(struct reader *r, const yaml_char_t *name, const struct pab_node *node)
{
    if (!name)
        return;
    struct anchor a = { pab_strdup((const char *)name), node };
    PAB_PUSH(&r->anchors, a);
}

static struct pab_node *read_node(struct reader *r, const yaml_event_t *ev, unsigned depth);

static struct pab_node *read_list(struct reader *r, const yaml_event_t *start, unsigned depth)
{
    int is_text;
    if (charge(r, start, 0, depth) || check_tag(r, start, (const char *)start->data.sequence_start.tag, &is_text))
        return NULL;
    struct pab_place at = place_of(r, &start->start_mark);
    CLEANUP(pab_cleanup_node) struct pab_node *n = pab_node_new(PAB_NODE_LIST, at.line, at.column);
    CLEANUP_EVENT yaml_event_t ev = { 0 };
    for (;;) {
        if (next_event(r, &ev))
            return NULL;
        if (ev.type == YAML_SEQUENCE_END_EVENT)
            return TAKE_PTR(n);
        struct pab_node *item = read_node(r, &ev, depth + 1);
        if (!item)
            return NULL;
        pab_node_push(n, NULL, 0, 0, item);
    }
}

static int read_key(struct reader *r, const yaml_event_t *ev, struct pab_node *map, unsigned depth)
{
    struct pab_place at = place_of(r, &ev->start_mark);
    if (ev->type != YAML_SCALAR_EVENT)
        return pab_error_hint(r->err, pab_complain(r->err, &at, "a key must be plain text"),
                              "a value that begins with '{', '[' or '*' needs quotes");
    const char *key = scalar_text(r, ev);
    int is_text;
    if (!key || charge(r, ev, ev->data.scalar.length, depth) || check_tag(r, ev, (const char *)ev->data.scalar.tag, &is_text))
        return PAB_E_CONFIG;
    int plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
    if (plain && strcmp(key, "<<") == 0)
        return pab_error_hint(r->err, pab_complain(r->err, &at, "merge keys ('<<') are not supported"),
                              "use an alias for a whole value, or write the keys out");
    if (!*key)
        return pab_complain(r->err, &at, "a key is missing before ':'");
    for (size_t i = 0; i < map->count; i++) {
        if (strcmp(map->keys[i], key) != 0)
            continue;
        CLEANUP_FREE char *shown = pab_str_printable(key);
        return pab_complain(r->err, &at, "key '%s' stands twice in this map (first in line %d)", shown, map->key_pos[i][0]);
    }
    pab_node_push(map, key, at.line, at.column, NULL);
    return 0;
}

static struct pab_node *read_map(struct reader *r, const yaml_event_t *start, unsigned depth)
{
    int is_text;
    if (charge(r, start, 0, depth) || check_tag(r, start, (const char *)start->data.mapping_start.tag, &is_text))
        return NULL;
    struct pab_place at = place_of(r, &start->start_mark);
    CLEANUP(pab_cleanup_node) struct pab_node *n = pab_node_new(PAB_NODE_MAP, at.line, at.column);
    CLEANUP_EVENT yaml_event_t ev = { 0 };
    for (;;) {
        if (next_event(r, &ev))
            return NULL;
        if (ev.type == YAML_MAPPING_END_EVENT)
            return TAKE_PTR(n);
        if (read_key(r, &ev, n, depth) || next_event(r, &ev))
            return NULL;
        struct pab_node *value = read_node(r, &ev, depth + 1);
        if (!value)
            return NULL;
        n->items[n->count - 1] = value;
    }
}

static struct pab_node *read_node(struct reader *r, const yaml_event_t *ev, unsigned depth)
{
    struct pab_node *n = NULL;
    const yaml_char_t *anchor = NULL;
    if (ev->type == YAML_ALIAS_EVENT) {
        n = read_alias(r, ev, depth);
    } else if (ev->type == YAML_SCALAR_EVENT) {
        anchor = ev->data.scalar.anchor;
        n = read_scalar(r, ev, depth);
    } else if (ev->type == YAML_SEQUENCE_START_EVENT) {
        anchor = ev->data.sequence_start.anchor;
        n = read_list(r, ev, depth);
    } else if (ev->type == YAML_MAPPING_START_EVENT) {
        anchor = ev->data.mapping_start.anchor;
        n = read_map(r, ev, depth);
    }
    if (n)
        remember_anchor(r, anchor, n);
    return n;
}

static int read_document(struct reader *r, struct pab_node **ret)
{
    CLEANUP(pab_cleanup_node) struct pab_node *root = NULL;
    CLEANUP_EVENT yaml_event_t ev = { 0 };
    do {
        if (next_event(r, &ev))
            return r->err->code;
    } while (ev.type == YAML_STREAM_START_EVENT);
    if (ev.type == YAML_STREAM_END_EVENT) {
        *ret = pab_node_new(PAB_NODE_NULL, 1, 1);
        return PAB_OK;
    }
    if (next_event(r, &ev))
        return r->err->code;
    root = read_node(r, &ev, 1);
    if (!root)
        return r->err->code;
    do {
        if (next_event(r, &ev))
            return r->err->code;
    } while (ev.type == YAML_DOCUMENT_END_EVENT);
    if (ev.type != YAML_STREAM_END_EVENT) {
        struct pab_place at = place_of(r, &ev.start_mark);
        return pab_error_hint(r->err, pab_complain(r->err, &at, "a second document begins here"),
                              "one file holds one document: remove the '---'");
    }
    *ret = TAKE_PTR(root);
    return PAB_OK;
}

int pab_node_parse(const char *text, size_t n, const char *name, struct pab_node **ret, struct pab_error *err)
{
    struct pab_error local = { 0 };
    struct reader r = { .text = text, .size = n, .name = name, .err = err ? err : &local };
    struct pab_place top = { name, 1, 1, NULL };
    if (n > PAB_NODE_MAX_BYTES)
        return pab_error_set(err, PAB_E_CONFIG, 0, "%s: larger than 1 MiB", name);
    if (n >= 2 && (memcmp(text, "\xff\xfe", 2) == 0 || memcmp(text, "\xfe\xff", 2) == 0))
        return pab_error_hint(err, pab_complain(err, &top, "this is UTF-16 text"), "save the file as UTF-8");
    if (n >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0) { /* so that columns of the first line count from 1 */
        r.text += 3;
        r.size -= 3;
    }
    if (!yaml_parser_initialize(&r.yaml))
        return pab_error_set(err, PAB_E_NOMEM, 0, "no memory to read '%s'", name);
    yaml_parser_set_encoding(&r.yaml, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.yaml, (const unsigned char *)r.text, r.size);
    int code = read_document(&r, ret);
    for (size_t i = 0; i < r.anchors.count; i++)
        free(r.anchors.items[i].name);
    free(r.anchors.items);
    yaml_parser_delete(&r.yaml);
    return code;
}

int pab_node_load(const char *path, struct pab_node **ret, struct pab_error *err)
{
    CLEANUP_FREE char *text = NULL;
    size_t size = 0;
    struct pab_error why = { 0 };
    if (pab_read_file(AT_FDCWD, path, PAB_NODE_MAX_BYTES, &text, &size, &why)) {
        /* Whatever kept it from being read, the user has to name another file or change this one. */
        pab_error_set(err, PAB_E_CONFIG, 0, "%s", why.message);
        if (why.hint[0])
            pab_error_hint(err, PAB_E_CONFIG, "%s", why.hint);
        return PAB_E_CONFIG;
    }
    return pab_node_parse(text, size, path, ret, err);
}
