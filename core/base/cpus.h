/* cpus.h - how many cores this process may use. */
#ifndef PAB_BASE_CPUS_H
#define PAB_BASE_CPUS_H

unsigned pab_cpu_count(void);             /* of this process's affinity mask and cgroup quota; at least 1 */

#endif
