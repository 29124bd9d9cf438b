/* talk.h - a child that is told something on stdin and listened to, within limits, whatever it does.
 *
 *     struct pab_talk t = { .input = text, .input_size = n, .limit_ms = 300000, .line = log_line, .ctx = ctx };
 *     int status, rc = pab_talk(&(struct pab_proc_opts){ .argv = argv, .env_add = env, .what = "hook 'before'" }, &t, &status, err);
 *
 * Its stdout and stderr come line by line to `line`, the first max_lines of them; the rest is read and thrown away, so that a talkative
 * child never blocks.  Over its time it is ended with its process group (TERM, 5 s, KILL): PAB_E_TIMEOUT.  What it leaves
 * behind in its process group is killed when it ends; what left that group goes on, and is not waited for, even when
 * it holds the output open.
 *
 * PAB_OK: it ran and *ret_status is its exit status (128+N for a signal).  PAB_E_CANCELLED only with `cancellable`.
 */
#ifndef PAB_BASE_TALK_H
#define PAB_BASE_TALK_H

#include <stddef.h>
#include "core/base/proc.h"

#define PAB_TALK_LINE 1000      /* longer lines are cut there */

struct pab_talk {
    const void *input;
    size_t input_size;
    int64_t limit_ms;
    int cancellable;            /* ended, too, when the user cancels */
    void (*line)(void *ctx, const char *line); /* without its newline; from another thread; NULL: all is thrown away */
    void *ctx;
    unsigned max_lines;         /* 0: 100 */
    uint64_t left_out;          /* result: bytes that were thrown away */
};
/* in, out, merge_err, end_group and cancel_fd of opts are set here. */
int pab_talk(const struct pab_proc_opts *opts, struct pab_talk *t, int *ret_status, struct pab_error *err);

#endif
