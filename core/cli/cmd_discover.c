/* cmd_discover.c - pabengine discover JOB, check JOB, health JOB */
#include "core/cli/printer.h"
#include "core/engine/status.h"

static int look(const struct pab_cli *cli, const char *verb, int (*engine)(struct pab_session *s, struct pab_error *err))
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, verb);
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    code = engine(s, &err);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}

int pab_cmd_discover(const struct pab_cli *cli)
{
    return look(cli, "discover", pab_engine_discover);
}

int pab_cmd_check(const struct pab_cli *cli)
{
    return look(cli, "check", pab_engine_check);
}

int pab_cmd_health(const struct pab_cli *cli)
{
    return look(cli, "health", pab_engine_health);
}
