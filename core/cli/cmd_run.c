/* cmd_run.c - pabengine run JOB */
#include "core/cli/printer.h"

int pab_cmd_run(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    if (cli->full && cli->incremental) return pab_cli_usage_error("--full and --incremental exclude each other");
    /* A dry run lists objects: one document would do, but the contract says lines for run. */
    struct pab_printer *p = pab_printer_new(cli, cli->dry_run ? PAB_PRINT_DOCUMENT : PAB_PRINT_LINES, cli->dry_run ? "discover" : "run");
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    code = cli->dry_run ? pab_engine_discover(s, &err) : pab_engine_backup(s, &(struct pab_run_opts){ .name = cli->name, .incremental = cli->incremental }, &err);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
