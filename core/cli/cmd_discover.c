/* cmd_discover.c - pabengine discover JOB, check JOB, health JOB, schedule test JOB */
#include "core/cli/printer.h"
#include "core/engine/status.h"
#include "core/engine/uncovered.h"

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

static const char *text(const json_t *o, const char *key) { return json_string_value(json_object_get(o, key)); }

static void show(struct pab_printer *p, json_t *list, int is_all)
{
    if (p->cli->json) json_object_set(p->document, "uncovered", list);
    if (p->cli->json) return;
    for (size_t i = 0; i < json_array_size(list); i++) {
        const json_t *o = json_array_get(list, i);
        pab_cli_say("%-9s %s  %s\n", text(o, "kind"), text(o, "name"), text(o, "reason"));
    }
    if (!json_array_size(list) && is_all && !p->cli->quiet) pab_cli_say("everything that was found is covered\n");
}

static int uncovered(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    json_t *list = NULL;
    int unknown = 0;
    if (cli->targets.count) return pab_cli_usage_error(cli, "--uncovered looks at the whole job: leave out --target");
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "discover");
    int code = pab_cli_session(cli, p, 1, &s);
    if (code) return code;
    code = pab_engine_uncovered(s, &list, &unknown, &err);
    pab_session_close(s);
    if (list) show(p, list, !code && !unknown);
    if (!code && cli->fail_on_uncovered && (unknown || json_array_size(list))) code = PAB_EXIT_INCOMPLETE;
    json_decref(list);
    return pab_printer_end(p, code, &err);
}

int pab_cmd_discover(const struct pab_cli *cli)
{
    if (cli->uncovered) return uncovered(cli);
    return look(cli, "discover", pab_engine_discover);
}

int pab_cmd_check(const struct pab_cli *cli)
{
    return look(cli, "check", pab_engine_check);
}

int pab_cmd_trial(const struct pab_cli *cli)
{
    return look(cli, "schedule test", pab_engine_trial);
}

int pab_cmd_health(const struct pab_cli *cli)
{
    return look(cli, "health", pab_engine_health);
}
