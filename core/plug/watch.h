/* watch.h - "stop soon" for one operation: the process-wide cancel flag or a time limit, as a flag and a pollable fd. */
#ifndef PAB_PLUG_WATCH_H
#define PAB_PLUG_WATCH_H

#include <stdint.h>

struct pab_watch;
struct pab_watch *pab_watch_new(int64_t timeout_ms);   /* 0: no limit */
int pab_watch_stopped(struct pab_watch *w);
int pab_watch_timed_out(struct pab_watch *w);
int pab_watch_fd(struct pab_watch *w);                  /* readable once stopped */
int64_t pab_watch_remaining_ms(struct pab_watch *w);    /* -1: no limit */
void pab_watch_free(struct pab_watch *w);

#endif
