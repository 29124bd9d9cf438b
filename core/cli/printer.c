/* printer.c - which form an event is printed in; see printer.h. */
#include <stdio.h>
#include "core/base/log.h"
#include "core/base/secret.h"
#include "core/cli/printer.h"

struct pab_printer *pab_printer_new(const struct pab_cli *cli, int shape, const char *verb)
{
    struct pab_printer *p = pab_alloc(sizeof *p);
    *p = (struct pab_printer){ .cli = cli, .shape = shape, .verb = verb, .color = pab_cli_color(cli, 1) };
    if (cli->json) p->document = json_object();
    pab_progress_setup(!cli->json && !cli->quiet);
    return p;
}

void pab_printer_event(void *printer, const struct pab_event *e)
{
    struct pab_printer *p = printer;
    p->warnings += e->type == PAB_EV_WARNING;
    p->errors += e->type == PAB_EV_ERROR;
    if (p->cli->json && p->shape == PAB_PRINT_LINES) pab_print_json_line(p, e);
    else if (p->cli->json) pab_print_json_document(p, e);
    else pab_print_text(p, e);
}

int pab_printer_end(struct pab_printer *p, int code, const struct pab_error *err)
{
    pab_progress_wipe();
    if (p->cli->json) pab_print_json_end(p, code, err);
    else if (err && err->code && code) {
        pab_logf(PAB_LL_ERROR, NULL, "%s", err->message);
        if (err->hint[0]) pab_logf(PAB_LL_ERROR, NULL, "hint: %s", err->hint);
    }
    json_decref(p->document);
    free(p);
    return code;
}
