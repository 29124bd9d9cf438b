/* lockfile.c - see lockfile.h. */
#include "core/base/lockfile.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/cancel.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/fsutil.h"
#include "core/base/str.h"

#define POLL_MS 50
#define GLANCE_MS 10              /* whoever only looks has it for less */
#define CONTENT_MAX 4096

struct pab_lock {
    int fd;
    int stale;                    /* the one before us did not release it */
    struct pab_lock_owner before;
};

static void copy_value(char *out, size_t n, const char *line, size_t size)
{
    snprintf(out, n, "%.*s", (int)size, line);
}

/* Lines KEY=VALUE. 0, or -1 when the file names nobody. */
static int read_owner(int fd, struct pab_lock_owner *ret)
{
    char text[CONTENT_MAX + 1];
    struct pab_lock_owner o = { 0 };
    ssize_t n = pread(fd, text, CONTENT_MAX, 0);
    if (n <= 0) return -1;
    text[n] = '\0';
    for (const char *line = text; *line;) {
        size_t size = strcspn(line, "\n"), key = strcspn(line, "=\n");
        const char *value = line + key + (line[key] == '=');
        size_t left = (size_t)(line + size - value);
        char number[24];
        copy_value(number, sizeof number, value, left);
        if (pab_str_has_prefix(line, "host=")) copy_value(o.host, sizeof o.host, value, left);
        else if (pab_str_has_prefix(line, "pid=")) pab_parse_int(number, &o.pid);
        else if (pab_str_has_prefix(line, "boot_id=")) copy_value(o.boot_id, sizeof o.boot_id, value, left);
        else if (pab_str_has_prefix(line, "start_ns=")) pab_parse_int(number, &o.start_ns);
        else if (pab_str_has_prefix(line, "what=")) copy_value(o.what, sizeof o.what, value, left);
        line += size + (line[size] == '\n');
    }
    if (o.pid <= 0) return -1;
    *ret = o;
    return 0;
}

static int write_owner(int fd, const char *what)
{
    char host[256] = "?";
    CLEANUP_FREE char *boot = NULL;
    gethostname(host, sizeof host - 1);
    if (pab_read_file(-1, "/proc/sys/kernel/random/boot_id", 256, &boot, NULL, NULL) == 0) boot[strcspn(boot, "\n")] = '\0';
    CLEANUP_FREE char *shown = pab_str_printable(what);
    CLEANUP_FREE char *text = pab_sprintf("host=%s\npid=%ld\nboot_id=%s\nstart_ns=%lld\nwhat=%s\n", host, (long)getpid(), boot ? boot : "",
                                          (long long)pab_now_ns(), shown);
    if (ftruncate(fd, 0) || lseek(fd, 0, SEEK_SET) < 0) return -1;
    return pab_write_all(fd, text, strlen(text));
}

static int refuse(int fd, const char *name, struct pab_error *err)
{
    struct pab_lock_owner o;
    char since[40];
    if (read_owner(fd, &o)) pab_error_set(err, PAB_E_BUSY, 0, "'%s' is locked: held by another process", name);
    else {
        pab_error_set(err, PAB_E_BUSY, 0, "'%s' is locked: held by pid %lld on %s since %s (%s)", name, (long long)o.pid, o.host,
                      pab_format_rfc3339(o.start_ns, since, sizeof since), o.what);
    }
    return pab_error_hint(err, PAB_E_BUSY, "wait until it has ended, or end it");
}

/* PAB_OK once the kernel lock is ours. */
static int take_kernel_lock(int fd, const char *name, int64_t wait_ms, struct pab_error *err)
{
    int64_t end = pab_monotonic_ms() + (wait_ms > 2 * GLANCE_MS ? wait_ms : 2 * GLANCE_MS);
    while (flock(fd, LOCK_EX | LOCK_NB)) {
        if (errno == EINTR) continue;
        if (errno != EWOULDBLOCK) return pab_error_set(err, PAB_E_IO, errno, "cannot lock '%s'", name);
        if (pab_monotonic_ms() >= end) return refuse(fd, name, err);
        if (pab_cancel_sleep_ms(wait_ms > 0 ? POLL_MS : GLANCE_MS)) return pab_error_set(err, PAB_E_CANCELLED, 0, "cancelled while waiting for the lock '%s'", name);
    }
    return PAB_OK;
}

int pab_lock_take(int dirfd, const char *name, const char *what, int64_t wait_ms, struct pab_lock **ret, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = openat(dirfd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot open the lock '%s'", name);
    int rc = take_kernel_lock(fd, name, wait_ms, err);
    if (rc) return rc;
    struct pab_lock_owner before = { 0 };
    int stale = read_owner(fd, &before) == 0;
    /* A full disk keeps nobody from the lock: a cleanup has to work on one. Others then learn only that it is held. */
    if (write_owner(fd, what) && pab_error_code_of_errno(errno) != PAB_E_NOSPACE) return pab_error_set(err, pab_error_code_of_errno(errno), errno, "cannot write the lock '%s'", name);
    struct pab_lock *l = pab_alloc(sizeof *l);
    *l = (struct pab_lock){ .fd = TAKE_FD(fd), .stale = stale, .before = before };
    *ret = l;
    return PAB_OK;
}

int pab_lock_check(int dirfd, const char *name, struct pab_lock_owner *ret, struct pab_error *err)
{
    CLEANUP_CLOSE int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0 || flock(fd, LOCK_SH | LOCK_NB) == 0 || errno != EWOULDBLOCK) return PAB_OK;
    struct pab_lock_owner o = { 0 };
    (void)read_owner(fd, &o);
    if (ret) *ret = o;
    return refuse(fd, name, err);
}

void pab_lock_release(struct pab_lock *l)
{
    if (!l) return;
    /* Emptied, not removed: whoever opened the file meanwhile would lock one that nobody sees any more. */
    (void)!ftruncate(l->fd, 0);
    close(l->fd);
    free(l);
}

int pab_lock_stale_owner(const struct pab_lock *l, struct pab_lock_owner *ret)
{
    if (l->stale) *ret = l->before;
    return l->stale;
}
