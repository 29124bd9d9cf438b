/* omit.c - what names a role that this server does not have, and cannot do without: row security policies and user
 * mappings.  With --force they are left out, as owners and rights are.
 *
 * pg_restore's list says only that there is a policy, not for whom: so these entries alone are turned into text, whose
 * statements come in the order of the list. */
#include <string.h>
#include "plugins/postgres/back.h"
#include "plugins/postgres/sqlscan.h"

#define TEXT_MAX (64u << 20)
#define SHOWN 100 /* bytes of a statement in a warning */

static const char policy[] = "CREATE POLICY ", mapping[] = "CREATE USER MAPPING FOR ";

struct omit {
    struct pg_back *b;
    struct { char *items; size_t count, capacity; } missing;  /* per policy or mapping, in the order of the list: 1, leave it out */
    struct pab_strs comments;                                 /* of such policies, as the list has them */
    size_t at;
};

static int is_missing(const struct pg_back *b, const char *name, size_t n)
{
    for (size_t i = 0; i < b->missing_roles.count; i++) {
        if (strlen(b->missing_roles.items[i]) == n && strncmp(b->missing_roles.items[i], name, n) == 0) return 1;
    }
    return 0;
}

static int skip(const char **p, const char *words)
{
    if (!pab_str_has_prefix(*p, words)) return 0;
    *p += strlen(words);
    return 1;
}

/* The last part of "app.parent". */
static char *unqualified(const char *name, size_t n)
{
    CLEANUP_FREE char *whole = pab_strndup(name, n);
    const char *p = whole;
    for (const char *q = p; *q;) { /* a part at a time */
        const char *part = q;
        if (*q == '"') for (q++; *q && (*q != '"' || q[1] == '"'); q++) q += *q == '"';
        while (*q && *q != '.') q++;
        p = part;
        q += *q == '.';
    }
    return pab_strdup(p);
}

/* CREATE POLICY name ON schema.table [AS RESTRICTIVE] [FOR command] [TO role, role] ... */
static int policy_misses(struct omit *o, const char *statement)
{
    const char *name = statement + strlen(policy), *p = name + pg_name_length(name), *table;
    size_t name_size = (size_t)(p - name), table_size;
    int misses = 0;
    if (!skip(&p, " ON ")) return 0;
    table = p;
    p += table_size = pg_name_length(p);
    skip(&p, " AS RESTRICTIVE");
    if (skip(&p, " FOR ")) p += strcspn(p, " ;\n");
    if (!skip(&p, " TO ")) return 0;
    do {
        size_t n = pg_name_length(p);
        misses |= is_missing(o->b, p, n);
        p += n;
    } while (skip(&p, ", "));
    if (!misses) return 0;
    CLEANUP_FREE char *of = unqualified(table, table_size), *comment = pab_sprintf(" POLICY %.*s ON %s ", (int)name_size, name, of);
    pab_strs_add(&o->comments, comment);
    return 1;
}

static int one_statement(void *ctx, const char *s, struct pab_error *err)
{
    struct omit *o = ctx;
    (void)err;
    char misses = 0;
    if (pab_str_has_prefix(s, policy)) misses = (char)policy_misses(o, s);
    else if (pab_str_has_prefix(s, mapping)) misses = (char)is_missing(o->b, s + strlen(mapping), pg_name_length(s + strlen(mapping)));
    else return PAB_OK;
    PAB_PUSH(&o->missing, misses);
    if (!misses) return PAB_OK;
    CLEANUP_FREE char *begin = pab_strndup(s, strcspn(s, "\n"));
    CLEANUP_FREE char *shown = pab_str_printable(begin);
    pab_warn(o->b->call->op, o->b->sql->object, "left out, since its role is missing: %.*s", SHOWN, shown);
    return PAB_OK;
}

static int is_candidate(void *ctx, const char *entry)
{
    (void)ctx;
    return pab_str_has_prefix(entry, "POLICY ") || pab_str_has_prefix(entry, "USER MAPPING ");
}

static int is_kept(void *ctx, const char *entry)
{
    struct omit *o = ctx;
    if (is_candidate(NULL, entry)) {
        size_t i = o->at++;
        return i >= o->missing.count || !o->missing.items[i];
    }
    for (size_t i = 0; i < o->comments.count && pab_str_has_prefix(entry, "COMMENT "); i++) {
        if (strstr(entry, o->comments.items[i])) return 0;
    }
    return 1;
}

static int look(struct omit *o, const char *toc, struct pab_error *err)
{
    CLEANUP_FREE char *list = NULL, *text = NULL;
    if (pg_toc_narrow(o->b, toc, "candidates.list", is_candidate, o, &list, err) || pg_toc_text(o->b, list, TEXT_MAX, &text, err)) return err->code;
    return pg_each_statement(text, one_statement, o, err);
}

int pg_back_omit(struct pg_back *b, struct pab_error *err)
{
    CLEANUP_FREE char *toc = NULL;
    struct omit o = { .b = b };
    if (!b->missing_roles.count) return PAB_OK;
    int rc = pg_toc_read(b, &toc, err);
    if (!rc) rc = look(&o, toc, err);
    if (!rc && memchr(o.missing.items ? o.missing.items : "", 1, o.missing.count)) rc = pg_toc_narrow(b, toc, "kept.list", is_kept, &o, &b->list_path, err);
    free(o.missing.items);
    pab_strs_release(&o.comments);
    return rc;
}
