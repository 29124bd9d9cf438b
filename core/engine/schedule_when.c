/* schedule_when.c - when a schedule runs next, and whether it missed a time: see schedule.h. */
#include "core/engine/schedule.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "core/base/cleanup.h"
#include "core/base/proc.h"
#include "core/base/str.h"

#define NS 1000000000LL
#define TIMERS_MS 120000 /* AccuracySec= of our timers, and the begin of the program */

/* after < 0: from now on, which old ones can say, too. */
static int analyze(const char *when, int64_t after, char **ret, struct pab_error *err)
{
    static const char *const c_locale[] = { "LC_ALL=C", NULL };
    CLEANUP_FREE char *base = pab_sprintf("--base-time=@%lld", (long long)after);
    const char *argv[6] = { "systemd-analyze", "calendar" };
    size_t n = 2;
    if (after >= 0)
        argv[n++] = base;
    argv[n++] = "--";
    argv[n] = when;
    struct pab_proc_opts o = { .argv = argv, .env_add = c_locale, .out = PAB_PROC_PIPE, .what = "systemd-analyze calendar" };
    return pab_proc_capture(&o, 64u << 10, ret, err);
}

/* "  (in UTC): Mon 2026-11-02 02:00:00 UTC"; "Next elapse: ..." alone where that is the time zone here. */
static int64_t elapse_of(const char *text)
{
    const char *s = strstr(text, "(in UTC): ");
    struct tm tm = { 0 };
    char zone[8] = "";
    if (!s)
        s = strstr(text, "Next elapse: ");
    if (!s || sscanf(s + strcspn(s, ":") + 1, " %*3[A-Za-z] %d-%d-%d %d:%d:%d%*[.0-9 ]%7[A-Z]", &tm.tm_year, &tm.tm_mon, &tm.tm_mday, &tm.tm_hour,
                     &tm.tm_min, &tm.tm_sec, zone) != 7 || strcmp(zone, "UTC") != 0)
        return 0;
    tm.tm_year -= 1900;
    tm.tm_mon--;
    return timegm(&tm);
}

int64_t pab_schedule_next(enum pab_scheduler scheduler, const char *when, int64_t after_ns)
{
    struct pab_calendar c;
    struct pab_error why = { 0 };
    CLEANUP_FREE char *text = NULL;
    if (scheduler == PAB_SCHEDULER_SYSTEMD && analyze(when, after_ns / NS, &text, &why) == PAB_OK)
        return elapse_of(text) * NS;
    return pab_calendar_parse(when, &c, &why) ? 0 : pab_calendar_next(&c, after_ns / NS) * NS;
}

int pab_schedule_missed(enum pab_scheduler scheduler, const char *when, int64_t since_ns, int64_t now_ns, int64_t grace_ms)
{
    int64_t due = since_ns ? pab_schedule_next(scheduler, when, since_ns) : 0;
    return due && due + grace_ms * 1000000 <= now_ns;
}

int64_t pab_schedule_grace_ms(const struct pab_job *job) { return job->schedule.jitter_ms + TIMERS_MS; }

int pab_schedule_check_when(const char *when, struct pab_error *err)
{
    struct pab_error why = { 0 };
    CLEANUP_FREE char *text = NULL;
    CLEANUP_FREE char *tool = pab_proc_which("systemd-analyze");
    if (!tool || analyze(when, -1, &text, &why) == PAB_OK)
        return PAB_OK;
    CLEANUP_FREE char *shown = pab_str_printable(when);
    pab_error_set(err, PAB_E_USAGE, 0, "systemd does not understand '%s': %s", shown, why.message);
    return pab_error_hint(err, err->code, "see CALENDAR EVENTS in systemd.time(7)");
}
