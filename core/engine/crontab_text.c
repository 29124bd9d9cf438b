/* crontab_text.c - see crontab_text.h. */
#include "core/engine/crontab_text.h"

#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"

#define OPENING "# >>> pabengine "
#define CLOSING "# <<< pabengine "
#define NOTE ": written by pabengine schedule, do not edit"

/* One pass over the lines, which stops at each block of ours. */
struct block {
    const char *start, *body, *body_end, *end; /* start and end with the markers */
    char *id;
};

/* The id in a marker line, or NULL. Caller frees. */
static char *id_of(const char *line, size_t n, const char *prefix)
{
    size_t p = strlen(prefix);
    while (n && (line[n - 1] == '\n' || line[n - 1] == '\r' || line[n - 1] == ' '))
        n--;
    if (n <= p || memcmp(line, prefix, p) != 0)
        return NULL;
    size_t len = 0;
    while (p + len < n && line[p + len] != ':' && line[p + len] != ' ')
        len++;
    return pab_strndup(line + p, len);
}

static int damaged(struct pab_error *err, size_t line, const char *what)
{
    pab_error_set(err, PAB_E_CORRUPT, 0, "line %zu of the crontab: %s", line, what);
    return pab_error_hint(err, err->code, "put the markers of pabengine right with crontab -e, or remove them with the lines between them");
}

static const char *line_end(const char *s)
{
    const char *nl = strchr(s, '\n');
    return nl ? nl + 1 : s + strlen(s);
}

/* The next block from *at on: 1, 0 at the end, or -1 with *err. *line counts along. */
static int next_block(const char **at, size_t *line, struct block *ret, struct pab_error *err)
{
    struct block b = { 0 };
    size_t opened = 0;
    for (const char *s = *at; *s;) {
        const char *end = line_end(s);
        CLEANUP_FREE char *open = id_of(s, (size_t)(end - s), OPENING);
        CLEANUP_FREE char *close = id_of(s, (size_t)(end - s), CLOSING);
        ++*line;
        const char *wrong = open && b.id ? "a schedule begins inside another" : close && !b.id ? "the end of a schedule that does not begin"
                            : close && strcmp(close, b.id) != 0 ? "the end of another schedule than the one that begins above" : NULL;
        if (wrong) {
            free(b.id);
            damaged(err, *line, wrong);
            return -1;
        }
        if (open) {
            b = (struct block){ .start = s, .body = end, .id = TAKE_PTR(open) };
            opened = *line;
        } else if (close) {
            b.body_end = s;
            b.end = end;
            *at = end;
            *ret = b;
            return 1;
        }
        s = end;
    }
    if (!b.id)
        return 0;
    free(b.id);
    damaged(err, opened, "a schedule begins here that does not end");
    return -1;
}

/* The block of id; .id NULL: none. All markers are looked at, so that damage is told before anything is written. */
static int find_block(const char *text, const char *id, struct block *ret, struct pab_error *err)
{
    struct block b;
    size_t line = 0;
    int more, twice = 0;
    *ret = (struct block){ 0 };
    while ((more = next_block(&text, &line, &b, err)) > 0) {
        if (strcmp(b.id, id) == 0 && !ret->id) {
            *ret = b;
            continue;
        }
        twice |= strcmp(b.id, id) == 0;
        free(b.id);
    }
    if (more == 0 && twice) {
        damaged(err, line, "a schedule stands there twice");
        more = -1;
    }
    free(TAKE_PTR(ret->id)); /* whoever asks knows it */
    return more;
}

static void add_block(struct pab_buf *b, const char *id, const char *body)
{
    pab_buf_addf(b, OPENING "%s" NOTE "\n", id);
    pab_buf_adds(b, body);
    pab_buf_addf(b, CLOSING "%s\n", id);
}

int pab_crontab_set(const char *text, const char *id, const char *body, struct pab_buf *ret, struct pab_error *err)
{
    struct block at;
    size_t size = strlen(text);
    if (find_block(text, id, &at, err) < 0)
        return err->code;
    size_t before = at.start ? (size_t)(at.start - text) : size;
    pab_buf_add(ret, text, before);
    if (body && !at.start && size && text[size - 1] != '\n')
        pab_buf_addc(ret, '\n');
    if (body)
        add_block(ret, id, body);
    if (at.start)
        pab_buf_adds(ret, at.end);
    return PAB_OK;
}

int pab_crontab_get(const char *text, const char *id, char **ret, struct pab_error *err)
{
    struct block at;
    if (find_block(text, id, &at, err) < 0)
        return err->code;
    *ret = at.start ? pab_strndup(at.body, (size_t)(at.body_end - at.body)) : NULL;
    return PAB_OK;
}

int pab_crontab_list(const char *text, struct pab_strs *ret, struct pab_error *err)
{
    struct block b;
    size_t line = 0;
    int more;
    while ((more = next_block(&text, &line, &b, err)) > 0) {
        pab_strs_add(ret, b.id);
        free(b.id);
    }
    return more ? err->code : PAB_OK;
}

int pab_crontab_command(const char *const *list, char **ret, struct pab_error *err)
{
    struct pab_buf b = PAB_BUF_INIT(0);
    for (size_t i = 0; list[i]; i++) {
        if (strpbrk(list[i], "\r\n")) {
            CLEANUP_FREE char *shown = pab_str_printable(list[i]);
            pab_buf_release(&b);
            return pab_error_set(err, PAB_E_USAGE, 0, "'%s' cannot stand in a crontab: it has a line break", shown);
        }
        if (i)
            pab_buf_addc(&b, ' ');
        const char *plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_./=:,+@-";
        int quote = !*list[i] || list[i][strspn(list[i], plain)];
        /* NAME='value': a quoted name would be a program for sh */
        const char *value = strchr(list[i], '=');
        const char *s = list[i];
        if (quote && value && strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_") == (size_t)(value - s)) {
            pab_buf_add(&b, s, (size_t)(value + 1 - s));
            s = value + 1;
        }
        if (quote)
            pab_buf_addc(&b, '\'');
        for (; *s; s++) {
            if (*s == '\'')
                pab_buf_adds(&b, "'\\''");
            else if (*s == '%')
                pab_buf_adds(&b, "\\%"); /* cron takes the backslash away */
            else
                pab_buf_addc(&b, *s);
        }
        if (quote)
            pab_buf_addc(&b, '\'');
    }
    *ret = pab_buf_take(&b);
    return PAB_OK;
}
