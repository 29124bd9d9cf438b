/* schedule_text.h - the texts that schedule.c installs; for the files of this folder. */
#ifndef PAB_ENGINE_SCHEDULE_TEXT_H
#define PAB_ENGINE_SCHEDULE_TEXT_H

#include "core/engine/schedule.h"

/* The lines between the markers. Caller frees. */
int pab_schedule_cron_body(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret, struct pab_error *err);
int pab_schedule_units(const struct pab_job *job, const struct pab_schedule_opts *o, char **ret_service, char **ret_timer, struct pab_error *err);

#endif
