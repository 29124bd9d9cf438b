/* acl.c - see acl.h. The xattr is: version 2 (32 bits), then entries of tag, permissions (16 bits each) and id (32), all
 * little-endian; the kernel wants the entries in the order of their tags. */
#include "core/tree/acl.h"

#include <endian.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/base/vec.h"

#define ACL_VERSION 2

struct acl_entry { uint16_t tag, perm; uint32_t id; };

static const struct { uint16_t tag; const char *name; int has_id; } tags[] = {
    { 0x01, "user", 0 }, { 0x02, "user", 1 }, { 0x04, "group", 0 }, { 0x08, "group", 1 }, { 0x10, "mask", 0 }, { 0x20, "other", 0 },
};
#define TAG_COUNT (sizeof tags / sizeof *tags)

int pab_acl_to_text(const void *value, size_t size, struct pab_buf *ret)
{
    uint32_t version;
    if (size < sizeof version || (size - sizeof version) % sizeof(struct acl_entry)) return -1;
    memcpy(&version, value, sizeof version);
    if (le32toh(version) != ACL_VERSION) return -1;
    const char *p = (const char *)value + sizeof version, *end = (const char *)value + size;
    for (; p < end; p += sizeof(struct acl_entry)) {
        struct acl_entry e;
        memcpy(&e, p, sizeof e);
        size_t i = 0;
        while (i < TAG_COUNT && tags[i].tag != le16toh(e.tag)) i++;
        if (i == TAG_COUNT) return -1;
        char id[16] = "";
        if (tags[i].has_id) snprintf(id, sizeof id, "%u", le32toh(e.id));
        unsigned perm = le16toh(e.perm);
        if (pab_buf_addf(ret, "%s%s:%s:%c%c%c", ret->size ? "," : "", tags[i].name, id, perm & 4 ? 'r' : '-', perm & 2 ? 'w' : '-', perm & 1 ? 'x' : '-'))
            return -1;
    }
    return 0;
}

static int parse_perm(const char *s, uint16_t *ret)
{
    *ret = 0;
    for (; *s; s++) {
        if (*s == 'r') *ret |= 4;
        else if (*s == 'w') *ret |= 2;
        else if (*s == 'x') *ret |= 1;
        else if (*s != '-') return -1;
    }
    return 0;
}

static int parse_entry(char *text, struct acl_entry *ret)
{
    char *field[4] = { NULL };
    unsigned n = 0;
    for (char *p = text; p && n < 4; ) {
        field[n++] = p;
        p = strchr(p, ':');
        if (p) *p++ = '\0';
    }
    /* "mask:rwx" and "other:rwx" are short forms */
    if (n == 2 && (!strcmp(field[0], "mask") || !strcmp(field[0], "other"))) {
        field[2] = field[1];
        field[1] = field[0] + strlen(field[0]);
        n = 3;
    }
    if (n < 3) return -1;
    size_t i = 0;
    while (i < TAG_COUNT && (strcmp(tags[i].name, field[0]) || tags[i].has_id != (field[1][0] != '\0'))) i++;
    int64_t id = UINT32_MAX;
    if (i == TAG_COUNT || parse_perm(field[2], &ret->perm)) return -1;
    if (tags[i].has_id && (pab_parse_int(n == 4 && field[3][0] ? field[3] : field[1], &id) || id < 0 || id > UINT32_MAX)) return -1;
    ret->tag = tags[i].tag;
    ret->id = (uint32_t)id;
    return 0;
}

static int by_tag(const void *a, const void *b)
{
    const struct acl_entry *x = a, *y = b;
    if (x->tag != y->tag) return x->tag < y->tag ? -1 : 1;
    return (x->id > y->id) - (x->id < y->id);
}

int pab_acl_from_text(const char *text, size_t size, struct pab_buf *ret)
{
    CLEANUP_FREE char *copy = pab_strndup(text, size);
    struct { struct acl_entry *items; size_t count, capacity; } list = { 0 };
    int rc = 0;
    for (char *save = NULL, *word = strtok_r(copy, ", \t\n", &save); word && !rc; word = strtok_r(NULL, ", \t\n", &save)) {
        struct acl_entry e;
        rc = parse_entry(word, &e);
        if (!rc) PAB_PUSH(&list, e);
    }
    CLEANUP_FREE struct acl_entry *entries = list.items;
    if (rc || list.count == 0) return -1;
    qsort(entries, list.count, sizeof *entries, by_tag);
    uint32_t version = htole32(ACL_VERSION);
    rc = pab_buf_add(ret, &version, sizeof version);
    for (size_t i = 0; i < list.count && !rc; i++) {
        struct acl_entry e = { htole16(entries[i].tag), htole16(entries[i].perm), htole32(entries[i].id) };
        rc = pab_buf_add(ret, &e, sizeof e);
    }
    return rc ? -1 : 0;
}
