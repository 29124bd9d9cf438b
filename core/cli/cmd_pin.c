/* cmd_pin.c - pabengine pin JOB BACKUP [--reason TEXT], pabengine unpin JOB BACKUP */
#include "core/base/cleanup.h"
#include "core/cli/printer.h"
#include "core/engine/cleanup.h"

static int set_pin(const struct pab_cli *cli, int on)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    CLEANUP_FREE char *name = NULL;
    const char *reason = cli->reason ? cli->reason : "";
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, on ? "pin" : "unpin");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    if (on) code = pab_engine_pin(s, cli->args[2], reason, &name, &err);
    else code = pab_engine_unpin(s, cli->args[2], &name, &err);
    if (!code && cli->json) {
        json_object_set_new(p->document, "backup", json_string(name));
        json_object_set_new(p->document, "pinned", json_boolean(on));
        if (on) json_object_set_new(p->document, "reason", json_string(reason));
    } else if (!code && !cli->quiet) {
        pab_cli_say(on ? "'%s' is pinned: no cleanup removes it\n" : "'%s' is no longer pinned\n", name);
    }
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}

int pab_cmd_pin(const struct pab_cli *cli) { return set_pin(cli, 1); }
int pab_cmd_unpin(const struct pab_cli *cli) { return set_pin(cli, 0); }
