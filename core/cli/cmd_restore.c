/* cmd_restore.c - pabengine restore JOB BACKUP */
#include <stdio.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"
#include "core/cli/printer.h"

/* Asks once, on the terminal. */
static int confirm(void *ctx)
{
    char answer[16] = "";
    (void)ctx;
    fflush(stdout);
    fputs("Go on? [y/N] ", stderr);
    fflush(stderr);
    return fgets(answer, sizeof answer, stdin) && (answer[0] == 'y' || answer[0] == 'Y');
}

int pab_cmd_restore(const struct pab_cli *cli)
{
    if (!cli->yes && !cli->dry_run && (!isatty(0) || cli->json))
        return pab_cli_usage_error(cli, "restore needs --yes when nobody can be asked (or --dry-run to see the plan)");
    if (cli->to_dir && cli->as_name) return pab_cli_usage_error(cli, "--to and --as exclude each other");
    CLEANUP_FREE char *here = getcwd(NULL, 0);
    CLEANUP_FREE char *to = cli->to_dir ? pab_path_absolute(here ? here : "/", cli->to_dir) : NULL;
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_LINES, "restore");
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    struct pab_restore_opts o = {
        .which = cli->args[2], .to_dir = to, .as_name = cli->as_name, .dry_run = cli->dry_run, .force = cli->force, .drop_old = cli->drop_old,
        .cleanup = cli->cleanup, .objects = cli->objects.count ? (const char *const *)cli->objects.items : NULL,
        .includes = cli->includes.count ? (const char *const *)cli->includes.items : NULL, .confirm = cli->yes ? NULL : confirm,
    };
    code = pab_engine_restore(s, &o, &err);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
