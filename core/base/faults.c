/* faults.c - failures to order, for tests; see the end of fsutil.h. */
#include "core/base/faults.h"

#include <errno.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/fsutil.h"

struct fault { atomic_uint left; atomic_int os_errno; };
static struct fault writes, syncs, renames;
static atomic_uint points_left;
static const char *kill_point; /* "POINT:N" as it stands in the environment; NULL: none; atomic, but _Atomic pointers trip a warning of gcc 12 */

/* Before main: then no thread can meet it half done, and a point costs one pointer test. */
__attribute__((constructor)) static void read_environment(void)
{
    const char *s = getenv("PABENGINE_TEST_FAIL_WRITE");
    unsigned n;
    int code;
    if (s && sscanf(s, "%u:%d", &n, &code) == 2) pab_fs_fail_write_at(n, code);
    pab_test_kill_at(getenv("PABENGINE_TEST_KILL"));
}

/* Counts down to the one that is meant: 1 for that, 0 for all others. */
static int is_the_one(atomic_uint *left)
{
    unsigned n = atomic_load(left);
    while (n && !atomic_compare_exchange_weak(left, &n, n - 1)) {
    }
    return n == 1;
}

static void order(struct fault *f, unsigned n, int os_errno)
{
    atomic_store(&f->os_errno, os_errno);
    atomic_store(&f->left, n);
}

static int strikes(struct fault *f)
{
    if (!is_the_one(&f->left)) return 0;
    errno = atomic_load(&f->os_errno);
    return 1;
}

void pab_fs_fail_write_at(unsigned n, int os_errno) { order(&writes, n, os_errno); }
void pab_fs_fail_sync_at(unsigned n, int os_errno) { order(&syncs, n, os_errno); }
void pab_fs_fail_rename_at(unsigned n, int os_errno) { order(&renames, n, os_errno); }
int pab_fault_write(void) { return strikes(&writes); }
int pab_fault_sync(void) { return strikes(&syncs); }
int pab_fault_rename(void) { return strikes(&renames); }

void pab_test_kill_at(const char *where)
{
    unsigned n = 0;
    const char *colon = where ? strrchr(where, ':') : NULL;
    if (!colon || sscanf(colon + 1, "%u", &n) != 1) where = NULL;
    atomic_store(&points_left, n);
    __atomic_store_n(&kill_point, where, __ATOMIC_RELAXED);
}

void pab_test_point(const char *point)
{
    const char *want = __atomic_load_n(&kill_point, __ATOMIC_RELAXED);
    if (!want) return;
    size_t n = (size_t)(strrchr(want, ':') - want);
    int meant = (n == 1 && *want == '*') || (strlen(point) == n && strncmp(point, want, n) == 0);
    if (meant && is_the_one(&points_left)) kill(getpid(), SIGKILL);
}
