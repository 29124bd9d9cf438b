/* cleanup.h - variables that clean up after themselves when their scope ends.
 *
 *     CLEANUP_FREE char *path = pab_strdup(name);
 *     CLEANUP_CLOSE int fd = open(path, O_RDONLY | O_CLOEXEC);
 *     if (fd < 0) return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", path);
 *     *ret_path = TAKE_PTR(path);      // now the caller's
 *
 * Every pointer or fd declared so must be initialised (NULL, -1).
 */
#ifndef PAB_BASE_CLEANUP_H
#define PAB_BASE_CLEANUP_H

#include <stdlib.h>
#include <unistd.h>

static inline void pab_cleanup_free(void *pp) { free(*(void **)pp); }
static inline void pab_cleanup_close(const int *fd) { if (*fd >= 0) close(*fd); }

#define CLEANUP(fn) __attribute__((cleanup(fn)))
#define CLEANUP_FREE CLEANUP(pab_cleanup_free)
#define CLEANUP_CLOSE CLEANUP(pab_cleanup_close)

/* Defines pab_cleanup_NAME for `type *` freed by `fn`, to be used with CLEANUP(). */
#define DEFINE_CLEANUP(name, type, fn) \
    static inline void pab_cleanup_##name(type **pp) { fn(*pp); }

#define TAKE_PTR(p) ({ __typeof__(p) pab_taken = (p); (p) = NULL; pab_taken; })
#define TAKE_FD(fd) ({ int pab_taken = (fd); (fd) = -1; pab_taken; })

#endif
