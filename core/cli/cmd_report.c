/* cmd_report.c - pabengine report JOB [-o FILE] */
#include <stdio.h>
#include "core/base/buf.h"
#include "core/cli/printer.h"
#include "core/engine/report.h"

int pab_cmd_report(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_buf page = PAB_BUF_INIT(0);
    struct pab_cli plain = *cli;
    plain.output = NULL; /* it names the page here, not the store */
    if (!cli->output && cli->json) return pab_cli_usage_error(cli, "report: --json needs -o FILE: the page itself goes to stdout");
    struct pab_printer *p = pab_printer_new(&plain, PAB_PRINT_DOCUMENT, "report");
    int code = pab_cli_session(&plain, p, 0, &s);
    if (code) return code;
    code = pab_engine_report(s, cli->output, &page, &err);
    int written = code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE;
    if (written && !cli->output) fwrite(page.data, 1, page.size, stdout);
    if (written && cli->json) {
        json_object_set_new(p->document, "file", json_string(cli->output));
        json_object_set_new(p->document, "late_or_incomplete", json_boolean(code == PAB_EXIT_INCOMPLETE));
    } else if (written && cli->output && !cli->quiet) {
        pab_cli_say("wrote %s\n", cli->output);
    }
    pab_buf_release(&page);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
