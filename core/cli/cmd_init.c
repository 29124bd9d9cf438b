/* cmd_init.c - pabengine init: a job for this machine, to be looked over. */
#include <stdio.h>
#include "core/base/cleanup.h"
#include "core/cli/printer.h"
#include "core/engine/init.h"
#include "core/engine/survey.h"

int pab_cmd_init(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    json_t *machine = NULL;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "init");
    if (pab_survey(cli->docker, &machine, &err)) return pab_printer_end(p, pab_exit_of_error(&err), &err);
    CLEANUP_FREE char *text = pab_init_job(machine);
    if (cli->json) {
        json_object_set_new(p->document, "job", json_string(text));
        json_object_set(p->document, "machine", machine);
    } else {
        fputs(text, stdout); /* foreign words in it are quoted: no control character is left */
    }
    json_decref(machine);
    return pab_printer_end(p, PAB_EXIT_OK, &err);
}
