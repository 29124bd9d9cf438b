/* statements.c - the statements of pg_dumpall and pg_restore, one after the other; see back.h. */
#include <string.h>
#include "plugins/postgres/back.h"
#include "plugins/postgres/sqlscan.h"

struct splitter {
    struct pab_buf text;
    int (*fn)(void *ctx, const char *statement, struct pab_error *err);
    void *ctx;
};

static int on_text(void *ctx, const char *p, size_t n, struct pab_error *err)
{
    struct splitter *s = ctx;
    return pab_buf_add(&s->text, p, n) ? pab_error_set(err, PAB_E_NOMEM, 0, "a statement of the backup is too long") : PAB_OK;
}

static int on_meta(void *ctx, const char *line, int *ret_drop, struct pab_error *err)
{
    (void)ctx;
    (void)line;
    (void)err;
    *ret_drop = 1;
    return PAB_OK;
}

/* Comments of pg_dump are lines of their own, before the statement. */
static const char *skip_comments(const char *p)
{
    for (;;) {
        p += strspn(p, " \t\r\n");
        if (strncmp(p, "--", 2) != 0) return p;
        p += strcspn(p, "\n");
    }
}

static int on_cut(void *ctx, struct pab_error *err)
{
    struct splitter *s = ctx;
    const char *statement = skip_comments(pab_buf_str(&s->text));
    int rc = *statement ? s->fn(s->ctx, statement, err) : PAB_OK;
    pab_buf_clear(&s->text);
    return rc;
}

int pg_each_statement(const char *text, int (*fn)(void *ctx, const char *statement, struct pab_error *err), void *ctx, struct pab_error *err)
{
    static const struct pg_scan_ops ops = { .text = on_text, .meta = on_meta, .cut = on_cut };
    struct splitter s = { .text = PAB_BUF_INIT(64u << 20), .fn = fn, .ctx = ctx };
    struct pg_scan scan;
    pg_scan_init(&scan, &ops, &s);
    scan.want_cut = 1;
    int rc = pg_scan_feed(&scan, text, strlen(text), err);
    if (!rc) rc = pg_scan_finish(&scan, err);
    if (!rc) rc = on_cut(&s, err);
    pg_scan_release(&scan);
    pab_buf_release(&s.text);
    return rc;
}

char *pg_name_after(const char *statement, const char *words)
{
    const char *p = strstr(statement, words);
    if (!p) return NULL;
    p += strlen(words);
    size_t n = pg_name_length(p);
    return n ? pab_strndup(p, n) : NULL;
}
