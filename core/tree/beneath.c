/* beneath.c - see beneath.h. */
#include "core/tree/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdatomic.h>
#include <stdint.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>
#include "core/base/cleanup.h"

#define PIECE_MAX 4000u /* below PATH_MAX, which is all that one call takes */

/* One component after the other: for kernels and sandboxes without openat2. */
static int open_stepwise(int root, char *path, int flags)
{
    CLEANUP_CLOSE int held = -1;
    int at = root;
    for (char *p = path; p;) {
        char *slash = strchr(p, '/');
        if (slash) *slash = '\0';
        int fd = !strcmp(p, "..") ? (errno = EXDEV, -1) : openat(at, p, (slash ? O_PATH : flags) | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        if (fd < 0) return -1;
        if (held >= 0) close(held);
        at = held = fd;
        p = slash ? slash + 1 : NULL;
    }
    return TAKE_FD(held);
}

static int open_piece(int at, char *path, int flags)
{
    static atomic_int missing; /* the kernel does not change its mind */
    if (!atomic_load_explicit(&missing, memory_order_relaxed)) {
        struct open_how how = { .flags = (uint64_t)(flags | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC),
                                .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS };
        int fd;
        do fd = (int)syscall(SYS_openat2, at, path, &how, sizeof how);
        while (fd < 0 && errno == EAGAIN); /* a rename ran beside it */
        if (fd >= 0 || (errno != ENOSYS && errno != EPERM)) return fd;
        atomic_store_explicit(&missing, 1, memory_order_relaxed);
    }
    return open_stepwise(at, path, flags);
}

int pab_open_dir_beneath(int root, const char *path, int flags)
{
    char piece[PIECE_MAX + 1];
    CLEANUP_CLOSE int held = -1;
    if (!*path) path = ".";
    for (;;) {
        size_t n = strlen(path);
        if (n > PIECE_MAX) {
            const char *slash = memrchr(path, '/', PIECE_MAX);
            if (!slash || slash == path) return errno = ENAMETOOLONG, -1;
            n = (size_t)(slash - path);
        }
        memcpy(piece, path, n);
        piece[n] = '\0';
        int last = path[n] == '\0';
        int fd = open_piece(held >= 0 ? held : root, piece, last ? flags : O_PATH);
        if (fd < 0) return -1;
        if (held >= 0) close(held);
        held = fd;
        if (last) return TAKE_FD(held);
        path += n + 1;
    }
}
