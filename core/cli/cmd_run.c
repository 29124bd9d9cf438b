/* cmd_run.c - pabengine run JOB */
#include "core/base/clock.h"
#include "core/cli/printer.h"

/* What a run would take: discover, told in the lines of a run. */
static int dry_run(struct pab_printer *p, struct pab_session *s, struct pab_error *err)
{
    if (p->cli->json) pab_printer_event(p, &(struct pab_event){ .type = PAB_EV_START, .text = "run", .path = pab_session_store_path(s) });
    int64_t start = pab_monotonic_ms();
    int code = pab_engine_discover(s, err);
    if (p->cli->json) pab_printer_event(p, &(struct pab_event){ .type = PAB_EV_SUMMARY, .text = code ? "failed" : "planned", .ms = pab_monotonic_ms() - start });
    return code;
}

int pab_cmd_run(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    if (cli->full && cli->incremental) return pab_cli_usage_error(cli, "--full and --incremental exclude each other");
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_LINES, cli->dry_run ? "discover" : "run");
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    code = cli->dry_run ? dry_run(p, s, &err) : pab_engine_backup(s, &(struct pab_run_opts){ .name = cli->name, .incremental = cli->incremental }, &err);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
