/* retention_clock.h - what the times of the backups of a job say of the clock; for retention.c.
 *
 * Nobody can tell a clock that is months ahead from a machine that was off for months.  So time in which no backup was made ages no backup: a
 * gap that is out of proportion to the rhythm of the job (over ten times the usual distance of its newest backups, over twice its rpo, and
 * over 14 days) counts like one usual distance.  What keep_days keeps stays for that many days of backups, whichever of the two it was. */
#ifndef PAB_ENGINE_RETENTION_CLOCK_H
#define PAB_ENGINE_RETENTION_CLOCK_H

#include <stddef.h>
#include <stdint.h>

struct pab_clock_backup {
    int64_t started;               /* seconds since 1970 */
    int pinned;                    /* it stays anyway, and its distance to others means nothing */
    int64_t age;                   /* set by pab_clock_ages: seconds */
};
struct pab_clock {
    struct pab_clock_backup *items; size_t count; /* newest first */
    int64_t now, rpo;              /* rpo: 0: not known; seconds */
    int keep_days;                 /* 0: age does not matter */
};
/* trust: gaps count in full. */
void pab_clock_ages(struct pab_clock *c, int trust);
/* Why the clock cannot be believed now (caller frees), or NULL. */
char *pab_clock_distrust(const struct pab_clock *c);

#endif
