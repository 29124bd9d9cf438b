/* cmd_plugin.c - pabengine plugin list | info NAME | check FILE */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/cli/plugin_info.h"
#include "core/cli/printer.h"
#include "core/engine/conformance.h"
#include "core/plug/load.h"
#include "core/plug/op.h"

static int list(struct pab_printer *p, struct pab_plugs *plugs, struct pab_error *err)
{
    struct pab_strs names = { 0 };
    json_t *array = json_array();
    int rc = pab_plugs_names(plugs, &names, err);
    for (size_t i = 0; i < names.count && !rc; i++) {
        const struct pab_loaded *l = NULL;
        struct pab_error why = { 0 };
        int bad = pab_plugs_get(plugs, names.items[i], &l, &why);
        if (p->cli->json) json_array_append_new(array, bad ? json_pack("{s:s, s:s}", "name", names.items[i], "problem", why.message) : pab_plugin_json(l));
        else if (bad) printf("%-12s %s\n", names.items[i], why.message);
        else printf("%-12s %-8s %s\n", l->p.name, l->p.version, l->p.summary);
    }
    if (!p->cli->json && !names.count) printf("no plugins in %s\n", pab_plugs_folders(plugs));
    if (p->cli->json) json_object_set(p->document, "plugins", array);
    json_decref(array);
    pab_strs_release(&names);
    return rc;
}

static int info(struct pab_printer *p, struct pab_plugs *plugs, const char *name, struct pab_error *err)
{
    const struct pab_loaded *l;
    int rc = strchr(name, '/') ? pab_plugs_get_path(plugs, name, &l, err) : pab_plugs_get(plugs, name, &l, err);
    if (rc) return rc;
    if (p->cli->json) json_object_set_new(p->document, "plugin", pab_plugin_json(l));
    else pab_plugin_print(l);
    return PAB_OK;
}

static void checked(void *ctx, int result, const char *name, const char *detail)
{
    struct pab_printer *p = ctx;
    static const char *const words[] = { "not tried", "FAILED", "ok" };
    if (p->cli->json) {
        json_t *array = json_object_get(p->document, "checks");
        if (!array) json_object_set_new(p->document, "checks", array = json_array());
        json_array_append_new(array, json_pack("{s:s, s:s, s:s}", "name", name, "result", words[result + 1], "detail", detail));
    } else if (!p->cli->quiet || result == 0) {
        printf("%s %s%s%s\n", words[result + 1], name, result == 1 || !*detail ? "" : ": ", result == 1 ? "" : detail);
    }
}

static int check(struct pab_printer *p, const char *file)
{
    struct pab_error err = { 0 };
    struct pab_conformance_opts o = { .file = file, .options = (const char *const *)p->cli->options.items, .report = checked, .report_ctx = p };
    int code = pab_engine_conformance(&o, &err);
    return pab_printer_end(p, code, &err);
}

int pab_cmd_plugin(const struct pab_cli *cli)
{
    const char *verb = cli->args[1], *name = cli->arg_count > 2 ? cli->args[2] : NULL;
    int is_list = strcmp(verb, "list") == 0;
    if (strcmp(verb, "check") == 0 && name) return check(pab_printer_new(cli, PAB_PRINT_DOCUMENT, "plugin"), name);
    if (!is_list && strcmp(verb, "info") != 0) return pab_cli_usage_error(cli, "plugin takes list, info NAME or check FILE, not '%s'", verb);
    if (is_list != !name) return pab_cli_usage_error(cli, is_list ? "plugin list takes nothing more" : "plugin %s needs a name", verb);
    CLEANUP_FREE char *folders = pab_cli_plugin_folders();
    struct pab_error err = { 0 };
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "plugin");
    struct pab_plugs *plugs = pab_plugs_new(folders, pab_host_table());
    int rc = is_list ? list(p, plugs, &err) : info(p, plugs, name, &err);
    pab_plugs_free(plugs);
    return pab_printer_end(p, rc ? pab_exit_of_error(&err) : PAB_EXIT_OK, &err);
}
