/* cpus.c - see cpus.h. */
#include "core/base/cpus.h"

#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cleanup.h"
#include "core/base/error.h"
#include "core/base/fsutil.h"

static unsigned affinity(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0) return (unsigned)CPU_COUNT(&set);
    long n = sysconf(_SC_NPROCESSORS_ONLN); /* more cores than a cpu_set_t can hold */
    return n > 0 ? (unsigned)n : 1;
}

/* "QUOTA PERIOD" or "max PERIOD": cores, rounded up; 0: no limit. */
static unsigned cores_of_quota(const char *path)
{
    CLEANUP_FREE char *text = NULL;
    long long quota, period;
    if (pab_read_file(-1, path, 256, &text, NULL, NULL)) return 0;
    if (sscanf(text, "%lld %lld", &quota, &period) != 2 || quota <= 0 || period <= 0) return 0;
    return (unsigned)((quota + period - 1) / period);
}

/* The least quota of our control group (version 2) and those above it; 0: none. */
static unsigned cgroup_quota(void)
{
    CLEANUP_FREE char *groups = NULL;
    if (pab_read_file(-1, "/proc/self/cgroup", 65536, &groups, NULL, NULL)) return 0;
    char *own = strstr(groups, "0::/");
    if (!own) return 0;
    own += 3;
    own[strcspn(own, "\n")] = '\0';
    unsigned least = 0;
    for (;;) {
        CLEANUP_FREE char *path = pab_sprintf("/sys/fs/cgroup%s/cpu.max", own);
        unsigned n = cores_of_quota(path);
        if (n && (!least || n < least)) least = n;
        char *slash = strrchr(own, '/');
        if (!slash) return least;
        *slash = '\0';
    }
}

unsigned pab_cpu_count(void)
{
    unsigned n = affinity(), quota = cgroup_quota();
    if (quota && quota < n) n = quota;
    return n ? n : 1;
}
