/* job_around.h - the part of a job that is about what happens around a run: hooks, notifications, metrics, schedule. Private to core/config. */
#ifndef PAB_CONFIG_JOB_AROUND_H
#define PAB_CONFIG_JOB_AROUND_H

#include "core/config/job.h"

/* c: the whole job, checked against pab_job_table. */
int pab_job_read_around(const struct pab_config *c, struct pab_job *j, struct pab_error *err);

#endif
