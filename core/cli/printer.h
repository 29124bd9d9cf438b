/* printer.h - events of the engine on a terminal, as JSON lines, or as one JSON document.
 *
 *     struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_LINES, "run");
 *     ... events.event = pab_printer_event, events.ctx = p ...
 *     return pab_printer_end(p, code, &err);      // tells the error of the verb itself, frees p
 *
 * stdout gets the product, stderr the chatter and the progress line.
 */
#ifndef PAB_CLI_PRINTER_H
#define PAB_CLI_PRINTER_H

#include <jansson.h>
#include "core/cli/cli.h"

#define PAB_PRINT_LINES 1     /* --json: a line an event (run, restore, verify) */
#define PAB_PRINT_DOCUMENT 2  /* --json: one document at the end (list, discover, check, plugin) */

struct pab_printer *pab_printer_new(const struct pab_cli *cli, int shape, const char *verb);
void pab_printer_event(void *printer, const struct pab_event *e);
/* Returns code. */
int pab_printer_end(struct pab_printer *p, int code, const struct pab_error *err);

/* The insides, for print_text.c and print_json.c. */
struct pab_printer {
    const struct pab_cli *cli;
    int shape;
    const char *verb;
    int color;               /* of stdout */
    json_t *document;        /* PAB_PRINT_DOCUMENT: {"targets": [...]}; LINES: the summary being gathered */
    int summary_printed;
    int plan_lines;
    uint64_t warnings, errors;
};
void pab_print_text(struct pab_printer *p, const struct pab_event *e);
void pab_print_json_line(struct pab_printer *p, const struct pab_event *e);
void pab_print_json_document(struct pab_printer *p, const struct pab_event *e);
void pab_print_json_end(struct pab_printer *p, int code, const struct pab_error *err);

/* progress.c: one line that is drawn over on a terminal; else a plain line every five seconds. */
void pab_progress_setup(int enabled);
void pab_progress_show(const struct pab_event *e);
void pab_progress_wipe(void);

#endif
