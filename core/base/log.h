/* log.h - chatter: to stderr, and to the log file of a run.
 *
 * Only the engine and the CLI log above debug; lower layers return errors.
 * Where stderr is read by journald (JOURNAL_STREAM of systemd), each line begins with its priority: "<3>" error, "<4>" warning,
 * "<6>" info, "<7>" the rest.
 *
 * Every line passes the masking of secret.h.  Thread-safe.
 */
#ifndef PAB_BASE_LOG_H
#define PAB_BASE_LOG_H

#include <stdarg.h>

enum pab_log_level { PAB_LL_DEBUG, PAB_LL_VERBOSE, PAB_LL_INFO, PAB_LL_WARNING, PAB_LL_ERROR };

struct pab_log_opts {
    enum pab_log_level level; /* least level that is printed to stderr */
    int json;                 /* --log-format json: one object a line {time, level, target, message} */
    int color;
};
void pab_log_setup(const struct pab_log_opts *opts);
/* A file that gets every line from VERBOSE up with its time, whatever the level for stderr; -1: none. The fd stays the caller's. */
void pab_log_set_file(int fd);
/* Called before and after a line goes to stderr, so that a progress line can be wiped and drawn again; NULL: none. */
void pab_log_set_hooks(void (*before)(void), void (*after)(void));

/* target: name of the target the line is about, or NULL. */
void pab_logf(enum pab_log_level level, const char *target, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
void pab_vlogf(enum pab_log_level level, const char *target, const char *fmt, va_list ap) __attribute__((format(printf, 3, 0)));

#endif
