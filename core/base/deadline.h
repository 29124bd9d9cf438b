/* deadline.h - a time limit as an fd, for whatever waits on fds (proc.h: cancel_fd).
 *
 *     CLEANUP_CLOSE int timer = -1;
 *     CLEANUP_CLOSE int fd = pab_deadline_fd(60000, 1, &timer);
 *
 * fd becomes readable when the time is over and, with `cancellable`, when the user cancels.  Both are the caller's to
 * close.  -1 with errno: none was to be had; *ret_timer is untouched then.
 */
#ifndef PAB_BASE_DEADLINE_H
#define PAB_BASE_DEADLINE_H

#include <stdint.h>

int pab_deadline_fd(int64_t ms, int cancellable, int *ret_timer);

#endif
