/* dbprops.c - what pg_restore --create would say of the database itself, told of another name.
 *
 * The archive's table of contents is narrowed to the entries that concern the database (pg_restore -L), so that only
 * these few statements are turned into text. */
#include <fcntl.h>
#include <string.h>
#include "plugins/postgres/back.h"
#include "plugins/postgres/sqlscan.h"

#define TOC_MAX (256u << 20)   /* of 5,000 tables: 2 MB */
#define TEXT_MAX (8u << 20)

static const char *const entries[] = { "DATABASE -", "DATABASE PROPERTIES -", "COMMENT - DATABASE ", "ACL - DATABASE ", "SECURITY LABEL - DATABASE " };

/* "3342; 1262 16388 DATABASE - letta postgres" */
static int is_of_database(const char *line)
{
    size_t n = strspn(line, "0123456789");
    if (!n || line[n] != ';') return 0;
    line += n + 1;
    for (int i = 0; i < 2; i++) {
        line += strspn(line, " ");
        line += strspn(line, "0123456789");
    }
    line += strspn(line, " ");
    for (size_t i = 0; i < sizeof entries / sizeof *entries; i++) {
        if (pab_str_has_prefix(line, entries[i])) return 1;
    }
    return 0;
}

static int write_list(struct pg_back *b, const char *toc, char **ret_path, struct pab_error *err)
{
    const char *dir = b->call->op->host->scratch_dir(b->call->op);
    if (!dir) return pg_host_failed(err, "there is no scratch folder");
    struct pab_buf list = PAB_BUF_INIT(TEXT_MAX);
    for (const char *line = toc; *line;) {
        size_t n = strcspn(line, "\n");
        if (is_of_database(line)) {
            pab_buf_add(&list, line, n);
            pab_buf_adds(&list, "\n");
        }
        line += n + (line[n] == '\n');
    }
    CLEANUP_FREE char *path = pab_sprintf("%s/database.list", dir);
    int rc = pab_write_file_atomic(AT_FDCWD, path, pab_buf_str(&list), list.size, 0600, err);
    pab_buf_release(&list);
    if (!rc) *ret_path = TAKE_PTR(path);
    return rc;
}

struct sorting { struct pg_back *b; struct pg_props *props; };

static int sort_statement(void *ctx, const char *statement, struct pab_error *err)
{
    struct sorting *s = ctx;
    (void)err;
    if (!strstr(statement, "DATABASE")) return PAB_OK; /* SET ... */
    CLEANUP_FREE char *fresh = pg_ident(s->b->fresh);
    CLEANUP_FREE char *renamed = pg_rename_database(statement, s->b->from, fresh);
    if (pab_str_has_prefix(statement, "CREATE DATABASE ")) {
        free(s->props->create);
        s->props->create = TAKE_PTR(renamed);
    } else {
        int owner = pab_str_has_prefix(statement, "ALTER DATABASE ") && strstr(statement, " OWNER TO "), acl = pab_str_has_prefix(statement, "GRANT ") || pab_str_has_prefix(statement, "REVOKE ");
        if (!s->b->leave_owners || (!owner && !acl)) pab_strs_add(&s->props->settings, renamed);
    }
    return PAB_OK;
}

int pg_props_read(struct pg_back *b, struct pg_props *ret, struct pab_error *err)
{
    CLEANUP_FREE char *toc = NULL, *list = NULL, *text = NULL, *what = pab_sprintf("pg_restore of the archive of '%s'", b->from);
    struct pg_child_opts o = { .what = what };
    const char *const list_argv[] = { "pg_restore", "--create", "--list", b->archive_path, NULL };
    if (pg_tool_capture(b->call, b->tool, list_argv, &o, TOC_MAX, &toc, err) || write_list(b, toc, &list, err)) return err->code;
    const char *const text_argv[] = { "pg_restore", "--create", "-L", list, "-f", "-", b->archive_path, NULL };
    if (pg_tool_capture(b->call, b->tool, text_argv, &o, TEXT_MAX, &text, err)) return err->code;
    struct sorting s = { b, ret };
    if (pg_each_statement(text, sort_statement, &s, err)) return err->code;
    if (ret->create) return PAB_OK;
    return pab_error_set(err, PAB_E_CORRUPT, 0, "the archive '%s' does not say how the database was made", b->archive->path);
}

void pg_props_release(struct pg_props *p)
{
    free(p->create);
    pab_strs_release(&p->settings);
    *p = (struct pg_props){ 0 };
}
