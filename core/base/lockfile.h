/* lockfile.h - one holder at a time, by name, surviving crashes.
 *
 * The lock is a kernel lock (flock) on a file that also says who holds it: so
 * a dead process never holds it, and a second one can say by whom it is held.
 */
#ifndef PAB_BASE_LOCKFILE_H
#define PAB_BASE_LOCKFILE_H

#include "core/base/error.h"

struct pab_lock_owner {
    char host[256];
    int64_t pid;
    char boot_id[40];      /* /proc/sys/kernel/random/boot_id */
    int64_t start_ns;      /* when it was taken */
    char what[128];        /* "run nightly" */
};
struct pab_lock;
/* PAB_E_BUSY, with "held by pid N on HOST since TIME (run nightly)" in the message, when another process has it. wait_ms: how long to try. */
int pab_lock_take(int dirfd, const char *name, const char *what, int64_t wait_ms, struct pab_lock **ret, struct pab_error *err);
/* PAB_OK when nobody holds it; PAB_E_BUSY as above, with *ret (or NULL) saying who: pid 0 when that is not known. Takes and makes nothing. */
int pab_lock_check(int dirfd, const char *name, struct pab_lock_owner *ret, struct pab_error *err);
void pab_lock_release(struct pab_lock *l);  /* NULL is fine */
/* Whose it was before us when that one did not release it (crashed); 0 when it was released cleanly. */
int pab_lock_stale_owner(const struct pab_lock *l, struct pab_lock_owner *ret);

#endif
