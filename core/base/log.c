/* log.c - see log.h. */
#include "core/base/log.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/alloc.h"
#include "core/base/buf.h"
#include "core/base/cleanup.h"
#include "core/base/clock.h"
#include "core/base/secret.h"
#include "core/base/str.h"

static struct {
    pthread_mutex_t lock;
    struct pab_log_opts opts;
    int file;
    void (*before)(void);
    void (*after)(void);
} logger = { .lock = PTHREAD_MUTEX_INITIALIZER, .opts = { .level = PAB_LL_INFO }, .file = -1 };

static const char *const level_names[] = { "debug", "verbose", "info", "warning", "error" };

void pab_log_setup(const struct pab_log_opts *opts)
{
    pthread_mutex_lock(&logger.lock);
    logger.opts = *opts;
    pthread_mutex_unlock(&logger.lock);
}

void pab_log_set_file(int fd)
{
    pthread_mutex_lock(&logger.lock);
    logger.file = fd;
    pthread_mutex_unlock(&logger.lock);
}

void pab_log_set_hooks(void (*before)(void), void (*after)(void))
{
    pthread_mutex_lock(&logger.lock);
    logger.before = before;
    logger.after = after;
    pthread_mutex_unlock(&logger.lock);
}

/* For people: a message is one line; what a server sent with more is indented, and no byte can drive the terminal. */
static void add_text(struct pab_buf *b, const char *s)
{
    size_t n = strlen(s);
    while (n && s[n - 1] == '\n') n--;
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t len = pab_utf8_char(s + i, n - i);
        int control = c == 0x7f || (c < 0x20 && c != '\t') || (c == 0xc2 && len && (unsigned char)s[i + 1] < 0xa0);
        if (c == '\n') pab_buf_adds(b, "\n    "), i++;
        else if (!len || control) pab_buf_addf(b, "\\x%02x", c), i++;
        else pab_buf_add(b, s + i, len), i += len;
    }
}

static void add_json_string(struct pab_buf *b, const char *s)
{
    size_t n = strlen(s);
    pab_buf_addc(b, '"');
    for (size_t i = 0; i < n;) {
        unsigned char c = (unsigned char)s[i];
        size_t len = pab_utf8_char(s + i, n - i);
        if (!len) pab_buf_adds(b, "\xef\xbf\xbd"), i++; /* U+FFFD */
        else if (c == '"' || c == '\\') pab_buf_addf(b, "\\%c", c), i++;
        else if (c == '\n') pab_buf_adds(b, "\\n"), i++;
        else if (c < 0x20 || c == 0x7f) pab_buf_addf(b, "\\u%04x", c), i++;
        else pab_buf_add(b, s + i, len), i += len;
    }
    pab_buf_addc(b, '"');
}

static void add_json_line(struct pab_buf *b, enum pab_log_level level, const char *time, const char *target, const char *message)
{
    pab_buf_addf(b, "{\"time\": \"%s\", \"level\": \"%s\", \"target\": ", time, level_names[level]);
    if (target) add_json_string(b, target);
    else pab_buf_adds(b, "null");
    pab_buf_adds(b, ", \"message\": ");
    add_json_string(b, message);
    pab_buf_adds(b, "}\n");
}

static void add_plain_line(struct pab_buf *b, const char *target, const char *message)
{
    if (target) {
        add_text(b, target);
        pab_buf_adds(b, ": ");
    }
    add_text(b, message);
    pab_buf_addc(b, '\n');
}

/* journald gives JOURNAL_STREAM=DEV:INODE to what it reads from; that somebody set it says nothing about our stderr. */
static int stderr_is_journal(void)
{
    const char *given = getenv("JOURNAL_STREAM");
    unsigned long long dev, inode;
    struct stat st;
    return given && sscanf(given, "%llu:%llu", &dev, &inode) == 2 && fstat(STDERR_FILENO, &st) == 0 && st.st_dev == dev && st.st_ino == inode;
}

/* The priority as sd-daemon(3) has it, before each line: journald takes it off again. */
static void add_priorities(struct pab_buf *line, enum pab_log_level level)
{
    static const int priorities[] = { 7, 7, 6, 4, 3 };
    CLEANUP_FREE char *plain = pab_buf_take(line);
    for (const char *p = plain; *p;) {
        size_t n = strcspn(p, "\n") + 1;
        pab_buf_addf(line, "<%d>", priorities[level]);
        pab_buf_add(line, p, n);
        p += n;
    }
}

static void print(enum pab_log_level level, const char *time, const char *target, const char *message)
{
    static const char *const colors[] = { "\033[2m", "", "", "\033[33m", "\033[31m" };
    struct pab_buf line = PAB_BUF_INIT(0);
    if (logger.opts.json) {
        add_json_line(&line, level, time, target, message);
    } else {
        int color = logger.opts.color && colors[level][0];
        if (level == PAB_LL_DEBUG || level >= PAB_LL_WARNING) {
            pab_buf_addf(&line, "%s%s:%s ", color ? colors[level] : "", level_names[level], color ? "\033[0m" : "");
        }
        add_plain_line(&line, target, message);
    }
    if (stderr_is_journal()) add_priorities(&line, level);
    if (logger.before) logger.before();
    (void)!write(STDERR_FILENO, line.data, line.size); /* one call a line, so that lines of other processes do not cut in */
    if (logger.after) logger.after();
    pab_buf_release(&line);
}

static void note(enum pab_log_level level, const char *time, const char *target, const char *message)
{
    struct pab_buf line = PAB_BUF_INIT(0);
    pab_buf_addf(&line, "%s %s ", time, level_names[level]);
    add_plain_line(&line, target, message);
    (void)!write(logger.file, line.data, line.size);
    pab_buf_release(&line);
}

void pab_vlogf(enum pab_log_level level, const char *target, const char *fmt, va_list ap)
{
    pthread_mutex_lock(&logger.lock);
    int to_file = logger.file >= 0 && level >= PAB_LL_VERBOSE;
    if (level >= logger.opts.level || to_file) {
        char time[40];
        CLEANUP_FREE char *message = pab_vsprintf(fmt, ap);
        pab_secret_mask_inplace(message, (size_t)-1);
        pab_format_rfc3339(pab_now_ns(), time, sizeof time);
        if (to_file) note(level, time, target, message);
        if (level >= logger.opts.level) print(level, time, target, message);
    }
    pthread_mutex_unlock(&logger.lock);
}

void pab_logf(enum pab_log_level level, const char *target, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pab_vlogf(level, target, fmt, ap);
    va_end(ap);
}
