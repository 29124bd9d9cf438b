/* print_text.c - events for people: results on stdout, warnings and errors on stderr. */
#include <stdio.h>
#include <string.h>
#include "core/base/cleanup.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/printer.h"

static const char *status_word(const struct pab_printer *p, enum pab_mf_status s)
{
    static const char *const plain[] = { "ok", "warning", "FAILED", "skipped" };
    static const char *const color[] = { "\033[32mok\033[0m", "\033[33mwarning\033[0m", "\033[31mFAILED\033[0m", "skipped" };
    return (p->color ? color : plain)[s];
}

/* "ok supabase-db  3 databases, 1.9 GB → 212 MB, 5.8 s" */
static void target_end(const struct pab_printer *p, const struct pab_event *e)
{
    char a[32], b[32], t[32];
    pab_format_ms(e->ms, t, sizeof t);
    if (e->status == PAB_MF_FAILED && e->optional) fputs(p->color ? "\033[33mfailed, not required\033[0m" : "failed, not required", stdout);
    else fputs(status_word(p, e->status), stdout);
    pab_cli_say(" %s", e->target);
    if (e->status == PAB_MF_FAILED) {
        const char *kept = e->mf ? e->text : NULL; /* of a backup: objects that are whole */
        pab_cli_say("  %s%s%s\n", e->error ? e->error->message : "", kept ? "; kept: " : "", kept ? kept : "");
    } else if (e->mf && e->status != PAB_MF_SKIPPED) {
        uint64_t size = 0, content = 0;
        for (size_t i = 0; i < e->mf->artifacts.count; i++) {
            size += e->mf->artifacts.items[i].size;
            content += e->mf->artifacts.items[i].content_size;
        }
        pab_cli_say("  %s, %s \342\206\222 %s, %s\n", e->text, pab_format_size(content, a, sizeof a), pab_format_size(size, b, sizeof b), t);
    } else if (e->size != PAB_SIZE_UNKNOWN && !e->mf) {
        pab_cli_say("  %s, about %s\n", e->text ? e->text : "", pab_format_size(e->size, a, sizeof a));
    } else {
        pab_cli_say("  %s%s%s\n", e->text ? e->text : "", e->mf ? "" : ", ", e->mf ? "" : t);
    }
}

static void object(const struct pab_event *e)
{
    char size[32] = "?";
    if (e->size != PAB_SIZE_UNKNOWN) pab_format_size(e->size, size, sizeof size);
    pab_cli_say("  %-24s %-10s %10s%s%s\n", e->object, e->text, size, e->detail ? "  " : "", e->detail ? e->detail : "");
}

static void plan_line(struct pab_printer *p, const struct pab_event *e)
{
    static const char *const verbs[] = { "", "create", "overwrite", "drop", "stop", "keep", "CONFLICT" };
    char size[32] = "";
    if (e->size != PAB_SIZE_UNKNOWN && e->size) pab_format_size(e->size, size, sizeof size);
    if (!p->plan_lines++) puts("plan:");
    pab_cli_say("  %-9s %s%s%s  %s%s%s%s\n", verbs[e->action], e->target, e->object ? "/" : "", e->object ? e->object : "", e->text, *size ? " (" : "", size, *size ? ")" : "");
}

/* "ok databases/letta_….sql.gz  12 MB, sha256, 44 tables, 1,234 rows" */
static void artifact(const struct pab_printer *p, const struct pab_event *e)
{
    char size[32], number[32];
    if (strcmp(p->verb, "verify") != 0) {
        pab_logf(PAB_LL_VERBOSE, e->target, "%s %s", e->artifact->path, pab_format_size(e->artifact->size, size, sizeof size));
        return;
    }
    fputs(status_word(p, PAB_MF_OK), stdout);
    pab_cli_say(" %s  %s, %s", e->artifact->path, pab_format_size(e->artifact->size, size, sizeof size), e->detail ? e->detail : "");
    for (size_t i = 0; i < e->artifact->counts.count; i++) {
        const struct pab_kv *kv = &e->artifact->counts.items[i];
        if (strchr(kv->key, ':') || strcmp(kv->key, "bytes") == 0) continue; /* per table: too many for a line */
        pab_cli_say(", %s %s", pab_format_count(strtoull(kv->value, NULL, 10), number, sizeof number), kv->key);
    }
    putchar('\n');
}

static void summary(const struct pab_printer *p, const struct pab_event *e)
{
    char t[32];
    pab_format_ms(e->ms, t, sizeof t);
    if (strcmp(p->verb, "run") == 0) {
        if (e->path) pab_cli_say("%s\n", e->path);
    } else if (strcmp(p->verb, "verify") == 0) {
        char a[32], b[32];
        pab_cli_say("%s: %s artifact%s sound, %s finding%s, %s\n", e->text, pab_format_count(e->done, a, sizeof a), e->done == 1 ? "" : "s",
               pab_format_count(e->total, b, sizeof b), e->total == 1 ? "" : "s", t);
    } else if (strcmp(e->text, "planned") == 0) {
        puts("nothing was changed (--dry-run)");
    } else if (!e->exit_code || strcmp(e->text, "refused") != 0) {
        pab_cli_say("%s, %s\n", e->text, t);
    }
}

void pab_print_text(struct pab_printer *p, const struct pab_event *e)
{
    if (e->type == PAB_EV_PROGRESS) {
        pab_progress_show(e);
        return;
    }
    pab_progress_wipe();
    if (e->type == PAB_EV_WARNING) {
        pab_logf(PAB_LL_WARNING, e->target, "%s%s%s", e->object ? e->object : "", e->object ? ": " : "", e->text);
    } else if (e->type == PAB_EV_ERROR) {
        pab_logf(PAB_LL_ERROR, e->target, "%s", e->error->message);
        if (e->error->hint[0]) pab_logf(PAB_LL_ERROR, e->target, "hint: %s", e->error->hint);
    } else if (e->type == PAB_EV_FINDING) {
        if (p->cli->quiet) pab_logf(PAB_LL_ERROR, NULL, "%s: %s", e->path ? e->path : e->target, e->text);
        else {
            fputs(p->color ? "\033[31mDAMAGED\033[0m" : "DAMAGED", stdout);
            pab_cli_say(" %s  %s\n", e->path ? e->path : e->target, e->text);
        }
    } else if (p->cli->quiet) {
        return;
    } else if (e->type == PAB_EV_TARGET_END) {
        target_end(p, e);
    } else if (e->type == PAB_EV_OBJECT) {
        object(e);
    } else if (e->type == PAB_EV_FACT) {
        if (p->cli->verbose) pab_cli_say("  %s: %s\n", e->text, e->detail);
    } else if (e->type == PAB_EV_PLAN) {
        plan_line(p, e);
    } else if (e->type == PAB_EV_ARTIFACT) {
        artifact(p, e);
    } else if (e->type == PAB_EV_BACKUP_START && p->cli->all) {
        pab_cli_say("%s:\n", e->name);
    } else if (e->type == PAB_EV_SUMMARY) {
        summary(p, e);
    }
    fflush(stdout);
}
