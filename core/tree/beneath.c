/* beneath.c - see beneath.h. */
#include "core/tree/beneath.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>
#include "core/base/cleanup.h"
#include "core/base/fsutil.h"

#define PIECE_MAX 4000u /* below PATH_MAX, which is all that one call takes */

int pab_open_dir_beneath(int root, const char *path)
{
    char piece[PIECE_MAX + 3];
    const char *base;
    CLEANUP_CLOSE int held = -1;
    if (!*path) return openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (;;) {
        size_t n = strlen(path);
        if (n > PIECE_MAX) {
            const char *slash = memrchr(path, '/', PIECE_MAX);
            if (!slash || slash == path) return errno = ENAMETOOLONG, -1;
            n = (size_t)(slash - path);
        }
        memcpy(piece, path, n);
        memcpy(piece + n, "/x", 3); /* the parent of a name that need not exist */
        int fd = pab_open_parent_beneath(held >= 0 ? held : root, piece, &base);
        if (fd < 0) return -1;
        if (held >= 0) close(held);
        held = fd;
        if (!path[n]) return TAKE_FD(held);
        path += n + 1;
    }
}
