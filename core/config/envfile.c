/* envfile.c - see envfile.h. */
#include "core/config/envfile.h"

#include <ctype.h>
#include <fcntl.h>
#include <string.h>

#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/secret.h"

#define MAX_BYTES (1u << 20)

struct scan {
    const char *p;     /* into NUL-terminated text */
    const char *name;  /* of the file */
    int line;
    struct pab_buf value;
};

static int bad_line(const struct scan *s, int line, const char *what, struct pab_error *err)
{
    return pab_error_set(err, PAB_E_CONFIG, 0, "%s:%d: %s", s->name, line, what);
}

static void skip_blanks(struct scan *s) { s->p += strspn(s->p, " \t\r"); }

static void skip_line(struct scan *s)
{
    s->p += strcspn(s->p, "\n");
    if (*s->p) {
        s->p++;
        s->line++;
    }
}

/* The character that \c stands for in double quotes; 0: the backslash stays. */
static char unescape(char c)
{
    switch (c) {
    case 'n': return '\n';
    case 'r': return '\r';
    case 't': return '\t';
    case '"':
    case '\\':
    case '$': return c;
    default: return '\0';
    }
}

static int read_quoted(struct scan *s, struct pab_error *err)
{
    char quote = *s->p++;
    int begun = s->line;
    for (; *s->p && *s->p != quote; s->p++) {
        char c = *s->p;
        if (c == '\n')
            s->line++;
        if (quote == '"' && c == '\\' && unescape(s->p[1]))
            c = unescape(*++s->p);
        if (pab_buf_addc(&s->value, c))
            return bad_line(s, begun, "the value is too long", err);
    }
    if (!*s->p)
        return bad_line(s, begun, "the quote is never closed", err);
    s->p++;
    skip_blanks(s);
    if (*s->p && *s->p != '\n' && *s->p != '#')
        return bad_line(s, s->line, "text after the closing quote", err);
    return PAB_OK;
}

/* Up to the end of the line or a comment, which begins with a blank before '#'. */
static int read_plain(struct scan *s, struct pab_error *err)
{
    const char *begin = s->p; /* after '=' or a blank: so there is a byte before it */
    while (*s->p && *s->p != '\n' && !(*s->p == '#' && isblank((unsigned char)s->p[-1])))
        s->p++;
    size_t n = (size_t)(s->p - begin);
    while (n && isspace((unsigned char)begin[n - 1]))
        n--;
    return pab_buf_add(&s->value, begin, n) ? bad_line(s, s->line, "the value is too long", err) : PAB_OK;
}

static void wipe(char *s)
{
    pab_secret_wipe(s, strlen(s));
    free(s);
}

static void put(struct pab_strs *v, const char *name, size_t n, const char *value)
{
    char *entry = pab_sprintf("%.*s=%s", (int)n, name, value);
    for (size_t i = 0; i < v->count; i++) {
        if (strncmp(v->items[i], entry, n + 1) == 0) {
            wipe(v->items[i]);
            v->items[i] = entry;
            return;
        }
    }
    pab_strs_add(v, entry);
    wipe(entry);
}

static int read_line(struct scan *s, struct pab_strs *ret, struct pab_error *err)
{
    skip_blanks(s);
    if (strncmp(s->p, "export", 6) == 0 && isblank((unsigned char)s->p[6])) {
        s->p += 6;
        skip_blanks(s);
    }
    if (!*s->p || *s->p == '\n' || *s->p == '#') {
        skip_line(s);
        return PAB_OK;
    }
    const char *name = s->p;
    while (isalnum((unsigned char)*s->p) || *s->p == '_')
        s->p++;
    size_t n = (size_t)(s->p - name);
    skip_blanks(s);
    if (!n || isdigit((unsigned char)*name) || *s->p != '=')
        return pab_error_hint(err, bad_line(s, s->line, "expected NAME=VALUE", err), "a name has letters, digits and '_'; '#' begins a comment");
    s->p++;
    skip_blanks(s);
    pab_buf_clear(&s->value);
    int code = *s->p == '"' || *s->p == '\'' ? read_quoted(s, err) : read_plain(s, err);
    if (code)
        return code;
    put(ret, name, n, pab_buf_str(&s->value));
    skip_line(s);
    return PAB_OK;
}

int pab_envfile_parse(const char *text, size_t n, const char *name, struct pab_strs *ret, struct pab_error *err)
{
    struct scan s = { .p = text, .name = name, .line = 1, .value = PAB_BUF_INIT(MAX_BYTES) };
    if (strlen(text) != n)
        return pab_error_set(err, PAB_E_CONFIG, 0, "%s: a NUL byte: this is not a file of NAME=VALUE lines", name);
    if (strncmp(text, "\xef\xbb\xbf", 3) == 0)
        s.p += 3;
    int code = PAB_OK;
    while (*s.p && code == PAB_OK)
        code = read_line(&s, ret, err);
    if (s.value.data)
        pab_secret_wipe(s.value.data, s.value.capacity);
    pab_buf_release(&s.value);
    return code;
}

int pab_envfile_load(const char *path, struct pab_strs *ret, struct pab_error *err)
{
    char *text = NULL;
    size_t n = 0;
    struct pab_error why = { 0 };
    if (pab_read_file(AT_FDCWD, path, MAX_BYTES, &text, &n, &why))
        return pab_error_set(err, PAB_E_CONFIG, 0, "%s", why.message);
    int code = pab_envfile_parse(text, n, path, ret, err);
    pab_secret_wipe(text, n);
    free(text);
    return code;
}

void pab_envfile_release(struct pab_strs *v)
{
    for (size_t i = 0; i < v->count; i++)
        pab_secret_wipe(v->items[i], strlen(v->items[i]));
    pab_strs_release(v);
}
