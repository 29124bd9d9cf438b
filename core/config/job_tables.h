/* job_tables.h - the keys of a job file and of conf/pabengine.yaml, as option tables. pabengine-job(5) says the same to people;
 * a test compares the two. */
#ifndef PAB_CONFIG_JOB_TABLES_H
#define PAB_CONFIG_JOB_TABLES_H

#include "core/include/pab_plugin.h"

extern const struct pab_option pab_job_table[];
extern const uint32_t pab_job_table_count;
extern const struct pab_option pab_notify_table[]; /* an entry of notify */
extern const uint32_t pab_notify_table_count;
extern const struct pab_option pab_global_table[];
extern const uint32_t pab_global_table_count;

#endif
