/* cmd_status.c - pabengine status JOB */
#include <stdio.h>
#include <string.h>
#include "core/base/clock.h"
#include "core/base/str.h"
#include "core/cli/printer.h"
#include "core/engine/status.h"

static char *age_of(int64_t then_ns, char *buf, size_t n) { return pab_format_ms((pab_now_ns() - then_ns) / 1000000, buf, n); }

static void print_head(const struct pab_session *s, const struct pab_status *st)
{
    char age[32], size[32], took[32];
    pab_cli_say("job %s, store %s: %zu backup%s, %s\n", pab_session_job(s)->name, pab_session_store_path(s), st->backups, st->backups == 1 ? "" : "s",
                pab_format_size(st->size, size, sizeof size));
    if (st->unreadable) pab_cli_say("%zu more whose manifest cannot be read\n", st->unreadable);
    if (!st->newest) {
        pab_cli_say("no backup yet\n");
        return;
    }
    pab_cli_say("last run       %s, %s, %s ago, took %s\n", st->newest, st->newest_status, age_of(st->newest_ns, age, sizeof age), pab_format_ms(st->newest_ms, took, sizeof took));
    if (!st->complete) pab_cli_say("last complete  none\n");
    else if (strcmp(st->complete, st->newest) != 0) pab_cli_say("last complete  %s, %s ago\n", st->complete, age_of(st->complete_ns, age, sizeof age));
}

static void print_sizes(const struct pab_status *st)
{
    char size[32];
    if (!st->size_count) return;
    pab_cli_say("sizes         ");
    for (size_t i = 0; i < st->size_count; i++) pab_cli_say(" %s", pab_format_size(st->sizes[i], size, sizeof size));
    pab_cli_say("  (full backups, the latest last)\n");
}

static void print_warnings(const struct pab_status_target *t)
{
    for (size_t i = 0; i < t->warnings.count; i++) pab_cli_say("    warning of '%s': %s\n", t->tried, t->warnings.items[i]);
    if (t->warning_count > t->warnings.count) pab_cli_say("    and %zu more\n", t->warning_count - t->warnings.count);
}

static void print_status(const struct pab_session *s, const struct pab_status *st)
{
    char age[32], rpo[32];
    int64_t rpo_ms = pab_session_job(s)->rpo_ms;
    print_head(s, st);
    if (rpo_ms) pab_cli_say("rpo            %s: %s\n", pab_format_ms(rpo_ms, rpo, sizeof rpo), st->late ? "LATE" : "in time");
    print_sizes(st);
    pab_cli_say("\n");
    pab_cli_say("%-20s %-10s %-28s %-14s\n", "TARGET", "PLUGIN", "LAST GOOD", "AGE");
    for (size_t i = 0; i < st->count; i++) {
        const struct pab_status_target *t = &st->targets[i];
        pab_cli_say("%-20s %-10s %-28s %-14s%s%s%s\n", t->name, t->plugin, t->good ? t->good : "none", t->good ? age_of(t->good_ns, age, sizeof age) : "",
                    t->late ? "LATE" : "", t->late && t->problem ? "; " : "", t->problem ? t->problem : "");
        print_warnings(t);
    }
}

static json_t *text_or_null(const char *text) { return text ? json_string(text) : json_null(); }

static json_t *time_or_null(const char *name, int64_t ns)
{
    char started[40];
    return name ? json_string(pab_format_rfc3339(ns, started, sizeof started)) : json_null();
}

static void fill_document(json_t *d, const struct pab_session *s, const struct pab_status *st)
{
    json_t *targets = json_array(), *sizes = json_array();
    for (size_t i = 0; i < st->count; i++) {
        const struct pab_status_target *t = &st->targets[i];
        json_t *warnings = json_array();
        for (size_t w = 0; w < t->warnings.count; w++) json_array_append_new(warnings, json_string(t->warnings.items[w]));
        json_array_append_new(targets, json_pack("{s:s, s:s, s:o, s:o, s:b, s:o, s:o, s:I}", "name", t->name, "plugin", t->plugin, "last_good", text_or_null(t->good),
                                                 "last_good_started", time_or_null(t->good, t->good_ns), "late", t->late, "problem", text_or_null(t->problem),
                                                 "warnings", warnings, "warning_count", (json_int_t)t->warning_count));
    }
    for (size_t i = 0; i < st->size_count; i++) json_array_append_new(sizes, json_integer((json_int_t)st->sizes[i]));
    json_object_set_new(d, "job", json_string(pab_session_job(s)->name));
    json_object_set_new(d, "store", json_string(pab_session_store_path(s)));
    json_object_set_new(d, "backups", json_integer((json_int_t)st->backups));
    json_object_set_new(d, "unreadable", json_integer((json_int_t)st->unreadable));
    json_object_set_new(d, "size", json_integer((json_int_t)st->size));
    json_object_set_new(d, "rpo_seconds", json_integer((json_int_t)(pab_session_job(s)->rpo_ms / 1000)));
    json_object_set_new(d, "late", json_boolean(st->late));
    json_object_set_new(d, "incomplete", json_boolean(st->incomplete));
    json_object_set_new(d, "warned", json_boolean(st->warned));
    json_object_set_new(d, "newest", text_or_null(st->newest));
    json_object_set_new(d, "newest_status", text_or_null(st->newest_status));
    json_object_set_new(d, "newest_started", time_or_null(st->newest, st->newest_ns));
    json_object_set_new(d, "newest_seconds", json_real((double)st->newest_ms / 1000));
    json_object_set_new(d, "complete", text_or_null(st->complete));
    json_object_set_new(d, "complete_started", time_or_null(st->complete, st->complete_ns));
    json_object_set_new(d, "sizes", sizes);
    json_object_set_new(d, "targets", targets);
}

int pab_cmd_status(const struct pab_cli *cli)
{
    struct pab_error err = { 0 };
    struct pab_session *s;
    struct pab_status st = { 0 };
    struct pab_printer *p = pab_printer_new(cli, PAB_PRINT_DOCUMENT, "status");
    int code = pab_cli_session(cli, p, 0, &s);
    if (code) return code;
    code = pab_engine_status(s, &st, &err);
    int answered = code == PAB_EXIT_OK || code == PAB_EXIT_INCOMPLETE;
    if (answered && cli->json) fill_document(p->document, s, &st);
    else if (answered && !cli->quiet) print_status(s, &st);
    pab_status_release(&st);
    pab_session_close(s);
    return pab_printer_end(p, code, &err);
}
