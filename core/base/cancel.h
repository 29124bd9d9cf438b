/* cancel.h - one flag that says "stop soon", set by SIGINT or SIGTERM.
 *
 * The first signal sets the flag and makes the fd readable; a second one ends
 * the process at once with code 130 (the next start replays the journal).
 */
#ifndef PAB_BASE_CANCEL_H
#define PAB_BASE_CANCEL_H

int pab_cancel_install(void);    /* signal handlers; also ignores SIGPIPE */
int pab_cancelled(void);
int pab_cancel_fd(void);         /* readable once cancelled */
void pab_cancel_trigger(void);   /* as if a signal had come; for tests and time limits */
void pab_cancel_reset(void);     /* tests */
/* 0, or PAB_E_CANCELLED at once when cancelled meanwhile. */
int pab_cancel_sleep_ms(unsigned ms);

#endif
