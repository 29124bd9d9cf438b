/* mtree_parse.c - reading the lines of the index; see mtree.h. The file may come from anywhere: nothing in it is trusted. */
#include <stdlib.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/tree/entry.h"
#include "core/tree/mtree.h"
#include "core/tree/text.h"

/* Takes the escapes out in place. -1 for a broken one or a NUL. */
static int unescape(char *s)
{
    char *out = s = strchrnul(s, '\\');
    for (; *s; s++) {
        if (*s != '\\') {
            *out++ = *s;
            continue;
        }
        unsigned v = 0;
        for (unsigned i = 1; i <= 3; i++) {
            if (s[i] < '0' || s[i] > '7') return -1;
            v = v * 8 + (unsigned)(s[i] - '0');
        }
        if (v == 0 || v > 255) return -1;
        *out++ = (char)v;
        s += 3;
    }
    *out = '\0';
    return 0;
}

static int parse_u64(const char *s, unsigned base, uint64_t max, uint64_t *ret)
{
    uint64_t v = 0;
    if (!*s) return -1;
    for (; *s; s++) {
        unsigned d = (unsigned)(*s - '0');
        if (*s < '0' || d >= base || v > (max - d) / base) return -1;
        v = v * base + d;
    }
    *ret = v;
    return 0;
}

static int parse_u32(const char *s, unsigned base, uint64_t max, uint32_t *ret)
{
    uint64_t v;
    if (parse_u64(s, base, max, &v)) return -1;
    *ret = (uint32_t)v;
    return 0;
}

/* "-12.000000034" or "12". */
int pab_mtree_time(char *s, int64_t *ret)
{
    int negative = *s == '-';
    uint64_t seconds, rest = 0;
    s += negative;
    char *dot = strchr(s, '.');
    if (dot) {
        *dot = '\0';
        if (strlen(dot + 1) > 9 || parse_u64(dot + 1, 10, PAB_NS - 1, &rest)) return -1;
    }
    if (parse_u64(s, 10, INT64_MAX / PAB_NS - 1, &seconds)) return -1;
    int64_t ns = (int64_t)seconds * PAB_NS + (int64_t)rest;
    *ret = negative ? -ns : ns;
    return 0;
}

int pab_mtree_layers(const char *s, uint32_t *ret_header, uint32_t *ret_content)
{
    char header[12];
    const char *comma = strchr(s, ',');
    if (!comma || (size_t)(comma - s) >= sizeof header) return -1;
    memcpy(header, s, (size_t)(comma - s));
    header[comma - s] = '\0';
    return parse_u32(header, 10, UINT16_MAX, ret_header) || parse_u32(comma + 1, 10, UINT16_MAX, ret_content);
}

static int parse_type(const char *s, uint32_t *ret)
{
    static const struct { const char *name; uint32_t type; } types[] = {
        { "file", PAB_TYPE_FILE }, { "dir", PAB_TYPE_DIR }, { "link", PAB_TYPE_SYMLINK }, { "fifo", PAB_TYPE_FIFO },
        { "char", PAB_TYPE_CHAR }, { "block", PAB_TYPE_BLOCK },
    };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (strcmp(types[i].name, s)) continue;
        *ret = types[i].type;
        return 0;
    }
    return -1;
}

static int parse_device(char *s, struct pab_entry *e)
{
    if (!pab_str_has_prefix(s, "native,")) return -1;
    s += strlen("native,");
    char *comma = strchr(s, ',');
    if (!comma) return -1;
    *comma = '\0';
    return parse_u32(s, 10, UINT32_MAX, &e->dev_major) || parse_u32(comma + 1, 10, UINT32_MAX, &e->dev_minor);
}

static int parse_digest(const char *s, struct pab_entry *e)
{
    unsigned char others = 0;
    if (strlen(s) != 64) return -1;
    for (unsigned i = 0; i < 64; i++) others |= !((unsigned char)(s[i] - '0') < 10 || (unsigned char)(s[i] - 'a') < 6); /* all, for speed */
    if (others) return -1;
    e->sha256 = s;
    return 0;
}

static int parse_text(char *s, const char **ret)
{
    if (unescape(s) || !*s) return -1;
    *ret = s;
    return 0;
}

/* Unknown keywords are other programs' business. */
static int parse_keyword(const char *key, char *value, struct pab_entry *e)
{
    switch (key[0]) {
    case 'd': return strcmp(key, "device") ? 0 : parse_device(value, e);
    case 'g': return !strcmp(key, "gid") ? parse_u32(value, 10, UINT32_MAX, &e->gid) : strcmp(key, "gname") ? 0 : parse_text(value, &e->group);
    case 'i': return strcmp(key, "inode") ? 0 : parse_u64(value, 10, UINT64_MAX, &e->inode);
    case 'l': return strcmp(key, "link") ? 0 : parse_text(value, &e->link);
    case 'm': return strcmp(key, "mode") ? 0 : parse_u32(value, 8, 07777, &e->mode);
    case 's': return !strcmp(key, "sha256digest") ? parse_digest(value, e) : strcmp(key, "size") ? 0 : parse_u64(value, 10, INT64_MAX, &e->size);
    case 't': return !strcmp(key, "type") ? parse_type(value, &e->type) : strcmp(key, "time") ? 0 : pab_mtree_time(value, &e->mtime_ns);
    case 'u': return !strcmp(key, "uid") ? parse_u32(value, 10, UINT32_MAX, &e->uid) : strcmp(key, "uname") ? 0 : parse_text(value, &e->user);
    default: return 0;
    }
}

/* "./a/b" becomes "a/b". */
static int parse_path(char *word, const char **ret)
{
    if (unescape(word)) return -1;
    char *path = pab_str_has_prefix(word, "./") ? word + 2 : word;
    if (!pab_tree_path_ok(path)) return -1;
    *ret = path;
    return 0;
}

static int parse_link(struct pab_entry *e, char *link)
{
    if (e->type == PAB_TYPE_SYMLINK) return link ? 0 : -1;
    if (!link) return 0;
    if (e->type != PAB_TYPE_FILE) return -1;
    e->type = PAB_TYPE_HARDLINK;
    if (!pab_str_has_prefix(link, "./")) return -1;
    e->link = link + 2;
    return pab_tree_path_ok(e->link) ? 0 : -1;
}

/* Cuts the next word off *rest; NULL: there is none. */
static char *next_word(char **rest)
{
    char *word = *rest;
    while (*word == ' ') word++;
    char *end = strchrnul(word, ' ');
    *rest = *end ? end + 1 : end;
    *end = '\0';
    return end > word ? word : NULL;
}

int pab_mtree_parse(char *line, size_t size, uint64_t number, struct pab_entry *e, struct pab_error *err)
{
    const char *word = "";
    char *rest = line, *path = NULL;
    if (strlen(line) != size) goto bad;
    for (char *tab = line; (tab = strchr(tab, '\t')) != NULL;) *tab = ' ';
    path = next_word(&rest);
    if (!path || path[0] == '#') return 0;
    *e = (struct pab_entry){ .struct_size = sizeof *e };
    word = path;
    if (path[0] == '/' || parse_path(path, &e->path)) goto bad;
    for (char *w; (w = next_word(&rest)) != NULL;) {
        char *value = strchr(w, '=');
        word = w;
        if (!value) continue;
        *value++ = '\0';
        if (parse_keyword(w, value, e)) goto bad;
    }
    word = "type";
    if (e->type == 0) goto bad;
    word = "link";
    char *link = e->link ? line + (e->link - line) : NULL;
    if (parse_link(e, link)) goto bad;
    return 1;
bad:;
    CLEANUP_FREE char *shown = pab_str_printable(word);
    return pab_error_set(err, PAB_E_CORRUPT, 0, "line %llu of the index is damaged at '%s'", (unsigned long long)number, shown);
}
