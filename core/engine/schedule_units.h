/* schedule_units.h - the units of systemd on this machine, of the user or of the system; for the files of this folder. */
#ifndef PAB_ENGINE_SCHEDULE_UNITS_H
#define PAB_ENGINE_SCHEDULE_UNITS_H

#include "core/engine/schedule.h"

/* What systemctl refuses leaves the units as they were. */
int pab_units_install(const struct pab_job *job, const struct pab_schedule_opts *o, const char *id, int *ret_changed, struct pab_error *err);
int pab_units_uninstall(int system, const char *id, int *ret_changed, struct pab_error *err);
void pab_units_list(struct pab_schedules *io, int system);
/* A schedule whose text (of the timer, or the lines of the crontab) has "# job: " and, behind the text `when`, its times. */
void pab_schedules_add(struct pab_schedules *list, const char *id, const char *text, const char *when, enum pab_scheduler scheduler, int system);

#endif
