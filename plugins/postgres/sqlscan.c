/* sqlscan.c - see sqlscan.h. */
#include <string.h>
#include "plugins/postgres/sqlscan.h"

#define STATEMENT_MAX (4u << 20) /* of a COPY statement: 1,600 columns of 63 quoted bytes are 0.2 MB */
#define META_MAX 4096

void pg_scan_init(struct pg_scan *s, const struct pg_scan_ops *ops, void *ctx)
{
    *s = (struct pg_scan){ .ops = ops, .ctx = ctx, .state = PG_SCAN_LINE, .line = PAB_BUF_INIT(STATEMENT_MAX) };
}

void pg_scan_release(struct pg_scan *s)
{
    pab_buf_release(&s->line);
    free(s->table);
    s->table = NULL;
}

static int is_word(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || (unsigned char)c >= 0x80;
}

size_t pg_name_length(const char *p)
{
    const char *start = p;
    for (;;) {
        if (*p == '"') {
            for (p++; *p && (*p != '"' || p[1] == '"'); p++) p += *p == '"';
            if (*p) p++;
        } else {
            while (is_word(*p) || *p == '$') p++;
        }
        if (*p != '.') return (size_t)(p - start);
        p++;
    }
}

/* ---- the rows of a COPY: millions of them, so newlines are found with memchr */
static int end_of_rows(struct pg_scan *s, struct pab_error *err)
{
    int rc = s->ops->copy_end ? s->ops->copy_end(s->ctx, s->table, s->rows, err) : PAB_OK;
    s->state = PG_SCAN_LINE;
    return rc;
}

static int scan_rows(struct pg_scan *s, const char **pp, const char *end, struct pab_error *err)
{
    const char *p = *pp;
    while (p < end) {
        if (s->row_state == 1) s->row_state = *p == '\\' ? (p++, 2) : 0;
        else if (s->row_state == 2) s->row_state = *p == '.' ? (p++, 3) : 0;
        else if (s->row_state == 3 && *p == '\n') {
            *pp = p + 1;
            return end_of_rows(s, err);
        } else {
            const char *nl = memchr(p, '\n', (size_t)(end - p));
            s->row_state = 0;
            if (!nl) break;
            s->rows++;
            s->row_state = 1;
            p = nl + 1;
        }
    }
    *pp = end;
    return PAB_OK;
}

/* ---- code */
static int begin_copy(struct pg_scan *s, struct pab_error *err)
{
    static const char tail[] = " FROM stdin;";
    const char *text = pab_buf_str(&s->line);
    size_t n = s->line.size;
    while (n && (text[n - 1] == '\n' || text[n - 1] == ' ')) n--;
    s->is_copy = 0;
    if (n < sizeof tail || strncmp(text + n - (sizeof tail - 1), tail, sizeof tail - 1) != 0) return PAB_OK;
    s->line.data[n] = '\0';
    const char *name = text + strlen("COPY ");
    free(s->table);
    s->table = pab_strndup(name, pg_name_length(name));
    s->rows = 0;
    s->row_state = 1;
    s->state = PG_SCAN_ROWS;
    return s->ops->copy_begin ? s->ops->copy_begin(s->ctx, text, s->table, err) : PAB_OK;
}

static void end_of_statement(struct pg_scan *s)
{
    s->in_statement = 0;
    if (s->word_size == strlen("BEGIN") && memcmp(s->word, "BEGIN", s->word_size) == 0) s->in_transaction = 1;
    if (s->word_size == strlen("COMMIT") && memcmp(s->word, "COMMIT", s->word_size) == 0) s->in_transaction = 0;
}

/* One character of code; the next state is set. */
static void scan_code(struct pg_scan *s, char c)
{
    char last = s->before[1];
    s->state = PG_SCAN_CODE;
    if (c == '\'') s->state = (last == 'E' || last == 'e') && !is_word(s->before[0]) ? PG_SCAN_ESCAPE : PG_SCAN_QUOTE;
    else if (c == '"') s->state = PG_SCAN_NAME;
    else if (c == '-' && last == '-') s->state = PG_SCAN_COMMENT;
    else if (c == '*' && last == '/') s->state = PG_SCAN_BLOCK, s->depth = 1, s->before[1] = 0;
    else if (c == '$' && !is_word(last) && last != '$') s->state = PG_SCAN_TAG, s->tag[0] = '$', s->tag_size = 1;
    else if (c == '(') s->parens++;
    else if (c == ')' && s->parens) s->parens--;
    else if (c == ';' && !s->parens) end_of_statement(s);
    else if (c == '\n') s->state = PG_SCAN_LINE;
    else if (c != ' ' && c != '\t' && c != '-' && c != '/') s->in_statement = 1;
    if (s->state == PG_SCAN_QUOTE || s->state == PG_SCAN_ESCAPE || s->state == PG_SCAN_NAME || s->state == PG_SCAN_TAG) s->in_statement = 1;
    if (s->in_statement && s->word_size < sizeof s->word) s->word[s->word_size++] = c;
    s->before[0] = last;
    s->before[1] = s->state == PG_SCAN_CODE ? c : 0;
}

static void scan_tag(struct pg_scan *s, char c)
{
    if (c == '$') {
        s->tag[s->tag_size++] = '$';
        s->state = PG_SCAN_DOLLAR;
        s->matched = 0;
    } else if (is_word(c) && s->tag_size < sizeof s->tag - 2 && !(s->tag_size == 1 && c >= '0' && c <= '9')) {
        s->tag[s->tag_size++] = c;
    } else { /* a parameter such as $1: no quote */
        s->before[0] = s->before[1] = '$';
        scan_code(s, c);
    }
}

static void scan_dollar(struct pg_scan *s, char c)
{
    if (c == s->tag[s->matched]) s->matched++;
    else s->matched = c == '$';
    if (s->matched == s->tag_size) s->state = PG_SCAN_CODE, s->before[0] = s->before[1] = 0;
}

static void scan_block(struct pg_scan *s, char c)
{
    int open = s->before[1] == '/' && c == '*', close = s->before[1] == '*' && c == '/';
    s->depth += open - close;
    s->before[1] = open || close ? 0 : c;
    if (!s->depth) s->state = PG_SCAN_CODE, s->before[0] = s->before[1] = 0;
}

/* Text between quotes may be long (large objects): skip to what can end it. */
static const char *skip_quoted(const struct pg_scan *s, const char *p, const char *end)
{
    const char *q = end;
    if (s->state == PG_SCAN_QUOTE) q = memchr(p, '\'', (size_t)(end - p));
    else if (s->state == PG_SCAN_NAME) q = memchr(p, '"', (size_t)(end - p));
    else if (s->state == PG_SCAN_COMMENT) q = memchr(p, '\n', (size_t)(end - p));
    else q = p;
    return q ? q : end;
}

static void scan_char(struct pg_scan *s, char c)
{
    switch (s->state) {
    case PG_SCAN_LINE:
    case PG_SCAN_CODE: scan_code(s, c); break;
    case PG_SCAN_QUOTE: if (c == '\'') s->state = PG_SCAN_CODE; break;
    case PG_SCAN_NAME: if (c == '"') s->state = PG_SCAN_CODE; break;
    case PG_SCAN_ESCAPE:
        if (s->before[1] == '\\') s->before[1] = 0;
        else if (c == '\'') s->state = PG_SCAN_CODE, s->before[0] = 0, s->before[1] = 'E'; /* a doubled quote goes on with it */
        else s->before[1] = c;
        break;
    case PG_SCAN_TAG: scan_tag(s, c); break;
    case PG_SCAN_DOLLAR: scan_dollar(s, c); break;
    case PG_SCAN_COMMENT: if (c == '\n') s->state = PG_SCAN_LINE; break;
    case PG_SCAN_BLOCK: scan_block(s, c); break;
    case PG_SCAN_META:
    case PG_SCAN_HELD:
    case PG_SCAN_ROWS: break;
    }
}

static int pass(struct pg_scan *s, const char *from, const char *to, struct pab_error *err)
{
    return s->ops->text && to > from ? s->ops->text(s->ctx, from, (size_t)(to - from), err) : PAB_OK;
}

static int too_long(struct pab_error *err)
{
    return pab_error_set(err, PAB_E_CORRUPT, 0, "the SQL holds a statement that pg_dump would not write: longer than %u bytes", STATEMENT_MAX);
}

/* A whole line of psql is in `line`. */
static int end_of_meta(struct pg_scan *s, struct pab_error *err)
{
    static const char newline[] = "\n";
    int drop = 0;
    s->state = PG_SCAN_LINE;
    if (s->ops->meta && s->ops->meta(s->ctx, pab_buf_str(&s->line), &drop, err)) return err->code;
    if (drop) return PAB_OK;
    const char *text = pab_buf_str(&s->line);
    if (pass(s, text, text + s->line.size, err)) return err->code;
    return pass(s, newline, newline + 1, err);
}

static int scan_meta(struct pg_scan *s, const char **pp, const char *end, struct pab_error *err)
{
    const char *nl = memchr(*pp, '\n', (size_t)(end - *pp)), *to = nl ? nl : end;
    if (s->line.size + (size_t)(to - *pp) > META_MAX || pab_buf_add(&s->line, *pp, (size_t)(to - *pp)))
        return pab_error_set(err, PAB_E_CORRUPT, 0, "the SQL holds a line of psql that is too long");
    *pp = nl ? nl + 1 : end;
    return nl ? end_of_meta(s, err) : PAB_OK;
}

/* At the beginning of a line outside of statements: what kind of line is it? */
static int at_line(struct pg_scan *s, const char *p, const char **span, struct pab_error *err)
{
    s->before[0] = s->before[1] = 0;
    if (s->in_statement) return PAB_OK;
    s->word_size = 0;
    if (s->want_cut && !s->in_transaction && s->ops->cut) {
        if (pass(s, *span, p, err) || s->ops->cut(s->ctx, err)) return err->code;
        *span = p;
    }
    if (*p == '\\') {
        if (pass(s, *span, p, err)) return err->code;
        pab_buf_clear(&s->line);
        s->state = PG_SCAN_META;
    }
    if (s->leave_out && *p == *s->leave_out && !s->let_go) {
        if (pass(s, *span, p, err)) return err->code;
        s->held = 0;
        s->state = PG_SCAN_HELD;
    }
    if (*p == 'C') {
        pab_buf_clear(&s->line);
        s->is_copy = 1;
    }
    return PAB_OK;
}

/* Keeps what may become a COPY statement. */
static int collect(struct pg_scan *s, char c, struct pab_error *err)
{
    static const char word[] = "COPY ";
    if (s->line.size < sizeof word - 1 && c != word[s->line.size]) {
        s->is_copy = 0;
        return PAB_OK;
    }
    if (pab_buf_addc(&s->line, c)) return too_long(err);
    return s->state == PG_SCAN_LINE && !s->in_statement ? begin_copy(s, err) : PAB_OK;
}

/* As far as it is the line to be left out; when it turns out to be something else, that goes the way of all text. */
static int scan_held(struct pg_scan *s, const char **pp, const char *end, struct pab_error *err)
{
    const char *p = *pp;
    while (p < end && s->leave_out[s->held] == *p) {
        p++;
        if (s->leave_out[++s->held]) continue;
        s->state = PG_SCAN_LINE;
        *pp = p;
        return PAB_OK;
    }
    *pp = p;
    if (p == end) return PAB_OK;
    s->state = PG_SCAN_LINE;
    s->let_go = 1;
    int rc = pg_scan_feed(s, s->leave_out, s->held, err);
    s->let_go = 0;
    return rc;
}

int pg_scan_feed(struct pg_scan *s, const char *p, size_t n, struct pab_error *err)
{
    const char *end = p + n, *span = p;
    while (p < end) {
        if (s->state == PG_SCAN_ROWS) {
            if (scan_rows(s, &p, end, err)) return err->code;
            continue;
        }
        if (s->state == PG_SCAN_LINE && at_line(s, p, &span, err)) return err->code;
        if (s->state == PG_SCAN_META) {
            if (scan_meta(s, &p, end, err)) return err->code;
            span = p;
            continue;
        }
        if (s->state == PG_SCAN_HELD) {
            if (scan_held(s, &p, end, err)) return err->code;
            span = p;
            continue;
        }
        if (!s->is_copy && (p = skip_quoted(s, p, end)) == end) break;
        char c = *p++;
        scan_char(s, c);
        if (s->is_copy && collect(s, c, err)) return err->code;
    }
    return pass(s, span, end, err);
}

int pg_scan_finish(struct pg_scan *s, struct pab_error *err)
{
    if (s->state == PG_SCAN_ROWS) return pab_error_set(err, PAB_E_CORRUPT, 0, "the rows of table %s have no end: they stop after %llu", s->table, (unsigned long long)s->rows);
    if (s->in_statement || s->state != PG_SCAN_LINE) return pab_error_set(err, PAB_E_CORRUPT, 0, "the SQL stops in the middle of a statement");
    return PAB_OK;
}

/* ---- names of databases */
static int names_it(const char *token, size_t n, const char *name)
{
    if (*token != '"') return n == strlen(name) && strncmp(token, name, n) == 0;
    size_t i = 1;
    for (; i + 1 < n && *name; i++, name++) {
        if (token[i] != *name) return 0;
        i += *name == '"';
    }
    return i + 1 == n && !*name;
}

static size_t literal_length(const char *p, int escapes)
{
    size_t n = 1;
    for (; p[n] && (p[n] != '\'' || p[n + 1] == '\''); n++) n += (p[n] == '\'' || (escapes && p[n] == '\\')) && p[n + 1];
    return n + (p[n] != '\0');
}

char *pg_rename_database(const char *statement, const char *from, const char *to)
{
    struct pab_buf out = PAB_BUF_INIT(0);
    int expect = 0;
    for (const char *p = statement; *p;) {
        size_t n = pg_name_length(p);
        if (*p == '\'') n = literal_length(p, p > statement && (p[-1] == 'E' || p[-1] == 'e'));
        if (n == 0) n = 1;
        if (expect && names_it(p, n, from)) pab_buf_adds(&out, to);
        else pab_buf_add(&out, p, n);
        if (*p != ' ') expect = n == strlen("DATABASE") && strncmp(p, "DATABASE", n) == 0;
        p += n;
    }
    return pab_buf_take(&out);
}
