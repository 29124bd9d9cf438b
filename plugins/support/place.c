/* place.c - two folders change places; see place.h. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include "plugins/support/place.h"

static int by_three(const char *a, const char *b)
{
    CLEANUP_FREE char *aside = pab_sprintf("%s.pab-aside", a);
    if (renameat2(AT_FDCWD, a, AT_FDCWD, aside, RENAME_NOREPLACE)) return -1;
    if (rename(b, a)) {
        int why = errno;
        if (rename(aside, a) == 0) errno = why;
        return -1;
    }
    return rename(aside, b);
}

int place_exchange(const char *a, const char *b, struct pab_error *err)
{
    if (renameat2(AT_FDCWD, a, AT_FDCWD, b, RENAME_EXCHANGE) == 0) return PAB_OK;
    if ((errno == EINVAL || errno == ENOSYS) && by_three(a, b) == 0) return PAB_OK;
    return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot exchange '%s' and '%s'", a, b);
}
