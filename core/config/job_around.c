/* job_around.c - see job_around.h. */
#include "core/config/job_around.h"

#include <ctype.h>
#include <string.h>

#include "core/base/cleanup.h"
#include "core/base/str.h"
#include "core/config/notify.h"

static int read_hook(const struct pab_config *hooks, const char *key, struct pab_job_hook *ret, struct pab_error *err)
{
    if (!pab_config_given(hooks, key))
        return PAB_OK;
    const struct pab_config *c = pab_config_record(hooks, key, 0);
    for (uint64_t i = 0; i < pab_config_count(c, "command"); i++)
        pab_strs_add(&ret->argv, pab_config_item(c, "command", i));
    ret->timeout_ms = pab_config_int(c, "timeout");
    if (ret->argv.count && ret->argv.items[0][0])
        return PAB_OK;
    return pab_error_hint(err, pab_config_complain(c, "command", err, "names no program"), "write [PROGRAM, ARGUMENT, ...]");
}

int pab_time_of_day_valid(const char *s)
{
    return strlen(s) == 5 && isdigit((unsigned char)s[0]) && isdigit((unsigned char)s[1]) && s[2] == ':' && isdigit((unsigned char)s[3]) &&
           isdigit((unsigned char)s[4]) && strcmp(s, "24:00") < 0 && s[3] < '6';
}

/* A word alone is one of these; whatever has a digit or a star is an OnCalendar expression, which is read when it is installed. */
static int check_frequency(const struct pab_config *c, const char *s, struct pab_error *err)
{
    static const char *const words[] = { "minutely", "hourly", "daily", "weekly", "monthly", "quarterly", "semiannually", "yearly" };
    static const size_t n = sizeof words / sizeof *words;
    for (size_t i = 0; i < n; i++)
        if (strcmp(words[i], s) == 0)
            return PAB_OK;
    if (strpbrk(s, "0123456789*") && !strpbrk(s, "\r\n"))
        return PAB_OK;
    const char *near = pab_str_nearest(s, words, n);
    CLEANUP_FREE char *shown = pab_str_printable(s);
    pab_config_complain(c, "frequency", err, "expected hourly, daily, weekly, monthly or an OnCalendar expression, found '%s'", shown);
    if (near)
        return pab_error_hint(err, PAB_E_CONFIG, "did you mean '%s'?", near);
    return pab_error_hint(err, PAB_E_CONFIG, "an expression is for instance 'Mon..Fri *-*-* 02:30:00': see systemd.time(7)");
}

static int read_schedule(const struct pab_config *job, struct pab_job_schedule *ret, struct pab_error *err)
{
    if (!pab_config_given(job, "schedule"))
        return PAB_OK;
    const struct pab_config *c = pab_config_record(job, "schedule", 0);
    const char *at = pab_config_str(c, "at");
    ret->frequency = pab_strdup(pab_config_str(c, "frequency"));
    ret->at = pab_strdup(at);
    ret->jitter_ms = pab_config_int(c, "jitter");
    ret->incremental = strcmp(pab_config_str(c, "kind"), "incremental") == 0;
    ret->full_every_ms = pab_config_int(c, "full_every");
    if (check_frequency(c, ret->frequency, err))
        return err->code;
    if (at && !pab_time_of_day_valid(at))
        return pab_error_hint(err, pab_config_complain(c, "at", err, "expected a time of day"), "write HH:MM, for instance at: '02:30'");
    if (ret->full_every_ms && !ret->incremental)
        return pab_error_hint(err, pab_config_complain(c, "full_every", err, "all backups are full"), "add kind: incremental");
    return PAB_OK;
}

int pab_job_read_around(const struct pab_config *c, struct pab_job *j, struct pab_error *err)
{
    const struct pab_config *hooks = pab_config_record(c, "hooks", 0);
    if (pab_config_given(c, "metrics"))
        j->metrics_path = pab_strdup(pab_config_str(pab_config_record(c, "metrics", 0), "textfile"));
    if (read_hook(hooks, "before", &j->hooks.before, err) || read_hook(hooks, "after", &j->hooks.after, err) ||
        read_hook(hooks, "on_partial", &j->hooks.on_partial, err) || read_hook(hooks, "on_failure", &j->hooks.on_failure, err) ||
        read_schedule(c, &j->schedule, err))
        return err->code;
    return pab_notify_check_all(c, j, err);
}
