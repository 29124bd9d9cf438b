/* proc_private.h - what proc.c and proc_watch.c share; private to core/base. */
#ifndef PAB_BASE_PROC_PRIVATE_H
#define PAB_BASE_PROC_PRIVATE_H

#include <pthread.h>
#include <sys/types.h>
#include "core/base/proc.h"

#define PAB_PROC_TAIL 4096

/* All that the child needs between fork and exec, made before: there it may not allocate. */
struct pab_proc_child {
    char *path;
    const char *const *argv;
    char **env;
    int in, out, err, cwd;  /* all above 2; cwd -1: ours */
};

struct pab_proc {
    char *what;
    int in, out;            /* our ends of its pipes, or -1 */
    int err_read, wake;     /* its stderr, or -1; readable: end it */
    int cancel_fd;          /* the caller's, or -1 */
    int end_group;          /* as in the options */
    struct pab_proc_child child;
    pthread_t watcher;

    pthread_mutex_t lock;   /* guards what follows until the watcher was joined */
    pthread_cond_t changed;
    int started;            /* 0: not yet, 1: runs, -1: could not be started */
    const char *stage;      /* what failed then, */
    int stage_errno;        /* and why */
    int status, signal;     /* exit status (128+N), and the signal, 0: none */
    int cancelled;          /* it was ended because of cancel_fd */
    size_t tail_total;      /* bytes of stderr so far; the last ones are in tail */
    char tail[PAB_PROC_TAIL];
    char tail_text[PAB_PROC_TAIL + 1];
};

/* Starts the watcher and with it the child; returns once the program runs or could not be started. */
int pab_proc_launch(struct pab_proc *p, struct pab_error *err);

#endif
