/* error.c - see error.h. */
#include "core/base/error.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "core/base/str.h"

/* vsnprintf that never leaves half a character at the end. */
__attribute__((format(printf, 3, 0))) static size_t format_cut(char *buf, size_t n, const char *fmt, va_list ap)
{
    int len = vsnprintf(buf, n, fmt, ap);
    if (len < 0) len = 0;
    size_t size = (size_t)len;
    if (size >= n) size = pab_utf8_cut(buf, n - 1);
    buf[size] = '\0';
    return size;
}

static void append_cut(char *buf, size_t n, const char *text)
{
    size_t have = strlen(buf), room = n - 1 - have, add = strlen(text);
    if (add > room) add = pab_utf8_cut(text, room);
    memcpy(buf + have, text, add);
    buf[have + add] = '\0';
}

static int worth_a_retry(int code)
{
    return code == PAB_E_UNREACHABLE || code == PAB_E_TIMEOUT || code == PAB_E_BUSY;
}

int pab_error_vset(struct pab_error *err, int code, int os_errno, const char *fmt, va_list ap)
{
    if (!err) return code;
    char message[sizeof err->message]; /* the arguments may point into *err */
    format_cut(message, sizeof message, fmt, ap);
    if (os_errno) {
        char text[128];
        append_cut(message, sizeof message, ": ");
        append_cut(message, sizeof message, strerror_r(os_errno, text, sizeof text));
    }
    *err = (struct pab_error){ .code = code, .os_errno = os_errno, .retryable = worth_a_retry(code) };
    memcpy(err->message, message, sizeof message);
    return code;
}

int pab_error_set(struct pab_error *err, int code, int os_errno, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    pab_error_vset(err, code, os_errno, fmt, ap);
    va_end(ap);
    return code;
}

int pab_error_hint(struct pab_error *err, int code, const char *fmt, ...)
{
    if (!err) return code;
    char hint[sizeof err->hint];
    va_list ap;
    va_start(ap, fmt);
    size_t size = format_cut(hint, sizeof hint, fmt, ap);
    va_end(ap);
    memcpy(err->hint, hint, size + 1);
    return err->code;
}

int pab_error_prefix(struct pab_error *err, const char *fmt, ...)
{
    if (!err) return PAB_E_INTERNAL;
    char message[sizeof err->message];
    va_list ap;
    va_start(ap, fmt);
    format_cut(message, sizeof message, fmt, ap);
    va_end(ap);
    append_cut(message, sizeof message, ": ");
    append_cut(message, sizeof message, err->message);
    memcpy(err->message, message, sizeof message);
    return err->code;
}

void pab_error_clear(struct pab_error *err)
{
    if (err) *err = (struct pab_error){ 0 };
}

int pab_error_code_of_errno(int os_errno)
{
    switch (os_errno) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return PAB_E_NOSPACE;
    case ENOMEM:
        return PAB_E_NOMEM;
    default:
        return PAB_E_IO;
    }
}

const char *pab_error_name(int code)
{
    static const char *const names[] = {
        "OK",      "USAGE",   "CONFIG",    "AUTH",  "UNREACHABLE", "TIMEOUT",  "NOT_FOUND", "BUSY",    "UNSUPPORTED",
        "IO",      "NOSPACE", "CORRUPT",   "CANCELLED", "NOMEM",   "INTERNAL", "EXISTS",    "TOOL",    "REFUSED",
    };
    if (code > 0 || code <= -(int)(sizeof names / sizeof *names)) return "INTERNAL";
    return names[-code];
}
