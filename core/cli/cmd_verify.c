/* cmd_verify.c - pabengine verify JOB [BACKUP] */
#include "core/cli/printer.h"

int pab_cmd_verify(const struct pab_cli *cli)
{
    const char *which = cli->arg_count > 2 ? cli->args[2] : NULL;
    if ((which != NULL) + cli->all + cli->latest > 1) return pab_cli_usage_error(cli, "verify takes one of --all, --latest or a backup");
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_LINES, "verify");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    struct pab_verify_opts o = { .which = which, .all = cli->all, .integrity = cli->integrity, .sizes = cli->sizes,
                                 .manifest_only = cli->manifest && !cli->integrity };
    code = pab_engine_verify(s, &o, &err);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
