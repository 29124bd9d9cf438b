/* schedule_log.c - the log that runs by schedule share: see schedule.h. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"
#include "core/engine/schedule.h"

#define NS 1000000000LL
#define LOG "scheduled-backup.log"
#define DAYS_NS (PAB_SCHEDULE_LOG_DAYS * 86400LL * NS)

/* Its age is that of its first line: each run that appends makes the times of the file young. */
static int is_full(int fd, const struct stat *st)
{
    char first[26] = "";
    int64_t began;
    if (st->st_size >= PAB_SCHEDULE_LOG_MAX) return 1;
    if (pread(fd, first, sizeof first - 1, 0) < (ssize_t)sizeof "2026-01-01T00:00:00Z" - 1) return 0;
    first[strcspn(first, " ")] = 0;
    return pab_parse_rfc3339(first, &began) == 0 && pab_now_ns() - began > DAYS_NS;
}

/* .4 becomes .5, ... the log becomes .1: renames alone, which a full disk does not mind. */
static void rotate(int dir)
{
    for (int i = PAB_SCHEDULE_LOG_KEPT - 1; i >= 0; i--) {
        CLEANUP_FREE char *from = i ? pab_sprintf(LOG ".%d", i) : pab_strdup(LOG);
        CLEANUP_FREE char *to = pab_sprintf(LOG ".%d", i + 1);
        (void)pab_rename_over(dir, from, dir, to); /* most are not there */
    }
}

static void drop_old(int dir)
{
    for (int i = 1; i <= PAB_SCHEDULE_LOG_KEPT; i++) {
        struct stat st;
        CLEANUP_FREE char *name = pab_sprintf(LOG ".%d", i);
        if (fstatat(dir, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_mtime < (pab_now_ns() - DAYS_NS) / NS) (void)unlinkat(dir, name, 0);
    }
}

/* The file that has the name now; of two runs that find it full only one puts it aside, and the other takes the new one. */
static int open_current(int dir)
{
    for (int tries = 0; tries < 10; tries++) {
        struct stat st, named;
        CLEANUP_CLOSE int fd = openat(dir, LOG, O_RDWR | O_CREAT | O_APPEND | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
        if (fd < 0 || flock(fd, LOCK_EX) || fstat(fd, &st)) return -1;
        if (!S_ISREG(st.st_mode)) {
            errno = EINVAL;
            return -1;
        }
        if (fstatat(dir, LOG, &named, AT_SYMLINK_NOFOLLOW) || named.st_ino != st.st_ino || named.st_dev != st.st_dev) continue;
        if (is_full(fd, &st)) {
            rotate(dir);
            continue;
        }
        flock(fd, LOCK_UN);
        return TAKE_FD(fd);
    }
    errno = EAGAIN;
    return -1;
}

int pab_schedule_open_log(const char *store_path, struct pab_error *err)
{
    CLEANUP_FREE char *folder = pab_sprintf("%s/logs", store_path);
    if (pab_mkdirs(AT_FDCWD, folder, 0700, err)) return err->code;
    CLEANUP_CLOSE int dir = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (dir < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", folder);
    drop_old(dir);
    int fd = open_current(dir);
    return fd >= 0 ? fd : pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot open '%s/" LOG "'", folder);
}
