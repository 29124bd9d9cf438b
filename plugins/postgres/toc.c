/* toc.c - the table of contents of the archive, narrowed to some entries (pg_restore -L): so only these are restored, or
 * turned into text. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include "plugins/postgres/back.h"

int pg_toc_read(struct pg_back *b, char **ret, struct pab_error *err)
{
    CLEANUP_FREE char *what = pab_sprintf("pg_restore of the archive of '%s'", b->from);
    const char *const argv[] = { "pg_restore", "--create", "--list", b->archive_path, NULL };
    return pg_tool_capture(b->call, b->tool, argv, &(struct pg_child_opts){ .what = what }, PG_TOC_MAX, ret, err);
}

/* "3342; 1262 16388 DATABASE - letta postgres": what comes after the numbers; NULL: no entry. */
static const char *entry_of(const char *line)
{
    size_t n = strspn(line, "0123456789");
    if (!n || line[n] != ';') return NULL;
    line += n + 1;
    for (int i = 0; i < 2; i++) {
        line += strspn(line, " ");
        line += strspn(line, "0123456789");
    }
    return line + strspn(line, " ");
}

/* Not to the disk: it is read once, and beside it the server is writing all that it can. */
static int write_list(const char *path, const struct pab_buf *list, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd >= 0 && !pab_write_all(fd, pab_buf_str(list), list->size)) return PAB_OK;
    return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write '%s'", path);
}

int pg_toc_narrow(struct pg_back *b, const char *toc, const char *file, int (*wanted)(void *ctx, const char *entry), void *ctx, char **ret_path, struct pab_error *err)
{
    const char *dir = b->call->op->host->scratch_dir(b->call->op);
    if (!dir) return pg_host_failed(err, "there is no scratch folder");
    struct pab_buf list = PAB_BUF_INIT(PG_TOC_MAX);
    for (const char *line = toc; *line;) {
        size_t n = strcspn(line, "\n");
        CLEANUP_FREE char *one = pab_strndup(line, n);
        const char *entry = entry_of(one);
        if (entry && wanted(ctx, entry)) pab_buf_addf(&list, "%s\n", one);
        line += n + (line[n] == '\n');
    }
    CLEANUP_FREE char *path = pab_sprintf("%s/%s", dir, file);
    int rc = write_list(path, &list, err);
    pab_buf_release(&list);
    if (!rc) *ret_path = TAKE_PTR(path);
    return rc;
}

int pg_toc_text(struct pg_back *b, const char *list, size_t max, char **ret, struct pab_error *err)
{
    CLEANUP_FREE char *what = pab_sprintf("pg_restore of the archive of '%s'", b->from);
    const char *const argv[] = { "pg_restore", "--create", "-L", list, "-f", "-", b->archive_path, NULL };
    return pg_tool_capture(b->call, b->tool, argv, &(struct pg_child_opts){ .what = what }, max, ret, err);
}
