/* cmd_cleanup.c - pabengine cleanup JOB [--retention DAYS] [--dry-run] [--force] */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/printer.h"
#include "core/engine/cleanup.h"

static json_t *entry_json(const struct pab_cleanup_entry *e)
{
    char started[40];
    json_t *o = json_object();
    json_object_set_new(o, "name", json_string(e->name));
    json_object_set_new(o, "keep", json_boolean(e->keep));
    json_object_set_new(o, "reason", json_string(e->reason));
    json_object_set_new(o, "pinned", json_boolean(e->pinned));
    if (!*e->status) return o; /* its manifest cannot be read */
    json_object_set_new(o, "kind", json_string(e->kind));
    json_object_set_new(o, "status", json_string(e->status));
    json_object_set_new(o, "started", json_string(pab_format_rfc3339(e->started_ns, started, sizeof started)));
    json_object_set_new(o, "size", json_integer((json_int_t)e->size));
    return o;
}

static void fill_document(json_t *d, const struct pab_cleanup_result *r, int dry_run)
{
    json_t *backups = json_array();
    for (size_t i = 0; i < r->count; i++) json_array_append_new(backups, entry_json(&r->entries[i]));
    json_object_set_new(d, "dry_run", json_boolean(dry_run));
    json_object_set_new(d, "backups", backups);
    json_object_set_new(d, "kept", json_integer((json_int_t)(r->count - r->dropped)));
    json_object_set_new(d, "removed", json_integer((json_int_t)r->dropped));
    json_object_set_new(d, "freed", json_integer((json_int_t)r->freed));
    json_object_set_new(d, "logs_removed", json_integer((json_int_t)r->logs));
    json_object_set_new(d, "verified", r->verified ? json_string(r->verified) : json_null());
    json_object_set_new(d, "refused", r->refused ? json_string(r->refused) : json_null());
}

static void print_table(const struct pab_cleanup_result *r, int dry_run)
{
    char age[32], size[32], freed[32];
    if (r->count) pab_cli_say("%-26s %-12s %-14s %-9s %9s  %-6s %s\n", "NAME", "KIND", "AGE", "STATUS", "SIZE", "", "WHY");
    for (size_t i = 0; i < r->count; i++) {
        const struct pab_cleanup_entry *e = &r->entries[i];
        const char *what = e->keep ? "keep" : dry_run ? "remove" : "gone";
        if (!*e->status) pab_cli_say("%-26s %-12s %-14s %-9s %9s  %-6s %s\n", e->name, "UNREADABLE", "", "", "", what, e->reason);
        else pab_cli_say("%-26s %-12s %-14s %-9s %9s  %-6s %s\n", e->name, e->kind, pab_format_ms((pab_now_ns() - e->started_ns) / 1000000, age, sizeof age),
                         e->status, pab_format_size(e->size, size, sizeof size), what, e->reason);
    }
    pab_format_size(r->freed, freed, sizeof freed);
    if (dry_run) pab_cli_say("%zu of %zu would be removed, %s freed; nothing was changed\n", r->dropped, r->count, freed);
    else pab_cli_say("%zu of %zu removed, %s freed\n", r->dropped, r->count, freed);
}

static int days_of(const struct pab_cli *cli, int *ret)
{
    int64_t n = 0;
    if (!cli->retention) return PAB_EXIT_OK;
    if (pab_parse_int(cli->retention, &n) || n < 1 || n > PAB_RETENTION_MAX)
        return pab_cli_usage_error(cli, "--retention: expected 1 to %d days, not '%s'", PAB_RETENTION_MAX, cli->retention);
    *ret = (int)n;
    return PAB_EXIT_OK;
}

int pab_cmd_cleanup(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_cleanup_result result = { 0 };
    struct pab_cleanup_opts opts = { .dry_run = cli->dry_run, .trust_clock = cli->force };
    if (days_of(cli, &opts.keep_days)) return PAB_EXIT_USAGE;
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "cleanup");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    code = pab_engine_cleanup(s, &opts, &result, &err);
    int answered = code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE || result.count;
    if (answered && cli->json) fill_document(p->document, &result, cli->dry_run);
    else if (answered && !cli->quiet) print_table(&result, cli->dry_run);
    if (result.refused && !cli->json) pab_logf(PAB_LL_WARNING, NULL, "nothing is removed: %s", result.refused);
    pab_cleanup_release(&result);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
