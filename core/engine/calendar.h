/* calendar.h - when a job runs by itself: as systemd says it, as cron says it, and as points in time. Pure functions.
 *
 *     if (pab_calendar_text("daily", "02:30", &text, err)) return err->code;        // "*-*-* 02:30:00"
 *     if (pab_calendar_parse(text, &c, err)) return err->code;                      // refuses what cron cannot say
 *     line = pab_calendar_cron(&c);                                                 // "30 2 * * *"
 *     next = pab_calendar_next(&c, now);
 */
#ifndef PAB_ENGINE_CALENDAR_H
#define PAB_ENGINE_CALENDAR_H

#include <stdint.h>
#include "core/base/error.h"

/* A bit for each value that matches: minute 0 to 59, hour 0 to 23, day 1 to 31, month 1 to 12, day of the week 0 (Sunday) to 6. */
struct pab_calendar {
    uint64_t minutes, hours, days, months, weekdays;
};
#define PAB_CALENDAR_AT "03:30" /* where a frequency comes without a time: outside the hours that a change of the clocks repeats or leaves out */

/* frequency: hourly, daily, weekly, monthly, or an OnCalendar expression, which goes through as it is; at: "HH:MM" or NULL. PAB_E_USAGE. */
int pab_calendar_text(const char *frequency, const char *at, char **ret, struct pab_error *err);
/* An OnCalendar expression without seconds, years, time zones and days counted from the end of the month: what a crontab can say, too. PAB_E_USAGE. */
int pab_calendar_parse(const char *text, struct pab_calendar *ret, struct pab_error *err);
/* The five fields of a crontab line; caller frees. */
char *pab_calendar_cron(const struct pab_calendar *c);
/* The first match after `after`, in local time, as cron runs it where the clocks change; seconds since 1970. 0: none within five years. */
int64_t pab_calendar_next(const struct pab_calendar *c, int64_t after);

#endif
