/* cmd_scripts.c - pabengine scripts install DIR: small scripts of the names that people know from before, each one call of pabengine. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/cli/cli.h"
#include "core/cli/printer.h"

#define MAX_SCRIPT (64u << 10)

static const char *const names[] = { "backup.sh", "restore.sh", "verify-backup.sh", "health-check.sh", "schedule-backup.sh" };
#define COUNT (sizeof names / sizeof *names)

struct script { char *text; size_t size; int is_there, same; };

/* The installed script, and what is in its place. */
static int look(const char *folder, int dirfd, const char *name, struct script *ret, struct pab_error *err)
{
    CLEANUP_FREE char *path = pab_sprintf("%s/%s", folder, name), *there = NULL;
    size_t size = 0;
    struct stat st;
    if (pab_read_file(AT_FDCWD, path, MAX_SCRIPT, &ret->text, &ret->size, err)) return err->code;
    ret->is_there = fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW) == 0;
    if (!ret->is_there || !S_ISREG(st.st_mode)) return PAB_OK;
    if (pab_read_file(dirfd, name, MAX_SCRIPT, &there, &size, NULL)) return PAB_OK; /* whatever it is, it is not ours */
    ret->same = size == ret->size && memcmp(there, ret->text, size) == 0 && (st.st_mode & 0111);
    return PAB_OK;
}

/* All or none: nothing is written before each is known to have a place. */
static int install(const struct pab_cli *cli, struct pab_printer *p, const char *folder, const char *dir, struct script *s, struct pab_error *err)
{
    if (pab_mkdirs(AT_FDCWD, dir, 0755, err)) return err->code;
    CLEANUP_CLOSE int dirfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dirfd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot open '%s'", dir);
    for (size_t i = 0; i < COUNT; i++) {
        if (look(folder, dirfd, names[i], &s[i], err)) return err->code;
        if (s[i].is_there && !s[i].same && !cli->force)
            return pab_error_hint(err, pab_error_set(err, PAB_E_EXISTS, 0, "'%s/%s' is there and is another script; nothing was changed", dir, names[i]), "--force replaces it");
    }
    json_t *list = json_array();
    for (size_t i = 0; i < COUNT && !err->code; i++) {
        if (!s[i].same && pab_write_file_atomic(dirfd, names[i], s[i].text, s[i].size, 0755, err)) break;
        json_array_append_new(list, json_pack("{s:s, s:b}", "name", names[i], "changed", !s[i].same));
        if (!cli->json && !cli->quiet) pab_cli_say("%-10s %s/%s\n", s[i].same ? "unchanged" : "installed", dir, names[i]);
    }
    if (cli->json) json_object_set(p->document, "scripts", list);
    json_decref(list);
    return err->code;
}

int pab_cmd_scripts(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct script s[COUNT] = { 0 };
    const char *folder = getenv("PABENGINE_SCRIPTS_PATH");
    if (strcmp(cli->args[1], "install") != 0) return pab_cli_usage_error(cli, "scripts: expected 'install DIR', not '%s'", cli->args[1]);
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "scripts");
    int rc = install(cli, p, folder && *folder ? folder : PAB_SCRIPTSDIR, cli->args[2], s, &err);
    for (size_t i = 0; i < COUNT; i++) free(s[i].text);
    return pab_printer_end(p, rc ? pab_exit_of_error(&err) : PAB_EXIT_OK, &err);
}
