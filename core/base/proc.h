/* proc.h - child processes whose end is never overlooked.
 *
 *     struct pab_proc_opts o = { .argv = argv, .env_add = env, .out = PAB_PROC_PIPE };
 *     struct pab_proc *p;
 *     if (pab_proc_start(&o, &p, err)) return err->code;
 *     while ((n = read(pab_proc_out(p), buf, sizeof buf)) > 0) ...
 *     return pab_proc_finish(p, err);       // exit status, tail of stderr in the message
 *
 * The last 4 KiB of the child's stderr are always kept (a thread drains it), so that a talkative child never
 * blocks.  Secrets go by env_add or a pipe, never by argv.  Children get only fds 0..2 and their own process
 * group, and die with this process (PDEATHSIG).
 */
#ifndef PAB_BASE_PROC_H
#define PAB_BASE_PROC_H

#include <stdint.h>
#include <sys/types.h>
#include "core/base/error.h"

#define PAB_PROC_NULL 0  /* /dev/null */
#define PAB_PROC_PIPE 1
#define PAB_PROC_FD 2    /* in_fd / out_fd */

struct pab_proc_opts {
    const char *const *argv;      /* NULL-terminated; argv[0] is looked up in PATH unless it has a slash */
    const char *const *env_add;   /* "NAME=VALUE", NULL-terminated, or NULL: added to our environment */
    const char *const *env_drop;  /* names to leave out, or NULL */
    int in, in_fd;
    int out, out_fd;
    const char *cwd;              /* or NULL */
    int merge_err;                /* its stderr goes where its stdout goes; there is no tail of it then */
    int end_group;                /* what it leaves running in its process group is killed when it ends */
    int cancel_fd;                /* once readable, the child is ended and the result is PAB_E_CANCELLED; 0: none */
    const char *what;             /* for messages: "pg_dump of 'letta'"; NULL: argv[0] */
};

struct pab_proc;
int pab_proc_start(const struct pab_proc_opts *opts, struct pab_proc **ret, struct pab_error *err);
int pab_proc_in(struct pab_proc *p);    /* write end of its stdin, or -1 */
int pab_proc_out(struct pab_proc *p);   /* read end of its stdout, or -1 */
void pab_proc_close_in(struct pab_proc *p);
/* Closes the pipes, waits (ending it when cancel_fd becomes readable), frees p. PAB_OK only for exit status 0; else PAB_E_TOOL with
 * the status or signal and the last lines of stderr. */
int pab_proc_finish(struct pab_proc *p, struct pab_error *err);
/* The same; the last 4 KiB of its stderr go into *ret_said when it ended well. Caller frees. */
int pab_proc_finish_said(struct pab_proc *p, char **ret_said, struct pab_error *err);
/* As pab_proc_finish, but any exit status is fine: it is stored in *ret_status (128+N for a signal). */
int pab_proc_wait(struct pab_proc *p, int *ret_status, struct pab_error *err);
/* TERM, a grace of 5 s, KILL; frees p. NULL is fine. */
void pab_proc_kill(struct pab_proc *p);
const char *pab_proc_stderr(struct pab_proc *p);  /* tail so far; valid until finish */

/* Runs to the end and gives its stdout (at most max bytes) as a string, caller frees. */
int pab_proc_capture(const struct pab_proc_opts *opts, size_t max, char **ret, struct pab_error *err);
/* Full path of a program in PATH, or NULL. Caller frees. */
char *pab_proc_which(const char *name);

#endif
