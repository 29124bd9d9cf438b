/* progress.c - see printer.h. Chatter, so it goes to stderr. */
#include <stdio.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/log.h"
#include "core/base/str.h"
#include "core/cli/printer.h"

#define PLAIN_EVERY_MS 5000

static int enabled, on_terminal, drawn;
static int64_t started_ms, last_plain_ms;

void pab_progress_wipe(void)
{
    if (drawn) fputs("\r\033[K", stderr);
    drawn = 0;
}

void pab_progress_setup(int on)
{
    enabled = on;
    on_terminal = isatty(2);
    started_ms = last_plain_ms = pab_monotonic_ms();
    pab_log_set_hooks(on && on_terminal ? pab_progress_wipe : NULL, NULL);
}

void pab_progress_show(const struct pab_event *e)
{
    int64_t now = pab_monotonic_ms();
    if (!enabled || (!on_terminal && now - last_plain_ms < PLAIN_EVERY_MS)) return;
    char plain[32], stored[32], rate[32], steps[64] = "";
    double seconds = (double)(now - started_ms) / 1000.0;
    pab_format_size(e->content_bytes, plain, sizeof plain);
    pab_format_size(e->bytes, stored, sizeof stored);
    pab_format_size((uint64_t)((double)e->content_bytes / (seconds > 0.001 ? seconds : 0.001)), rate, sizeof rate);
    if (e->phase && e->total)
        snprintf(steps, sizeof steps, "%s %llu/%llu %s, ", e->phase, (unsigned long long)e->done, (unsigned long long)e->total, e->unit ? e->unit : "");
    else if (e->phase)
        snprintf(steps, sizeof steps, "%s, ", e->phase);
    fprintf(stderr, "%s%s: %s%s plain, %s stored, %s/s%s", on_terminal ? "\r\033[K" : "", e->target ? e->target : "", steps, plain, stored, rate, on_terminal ? "" : "\n");
    fflush(stderr);
    drawn = on_terminal;
    last_plain_ms = now;
}
