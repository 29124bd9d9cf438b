/* error.h - what went wrong, as data.
 *
 * Functions that can fail take `struct pab_error *err` last, return PAB_OK or
 * a negative PAB_E_ code and leave their output parameters untouched then:
 *
 *     struct pab_error err = { 0 };
 *     if (pab_job_load(path, &job, &err)) { pab_logf(PAB_LL_ERROR, NULL, "%s", err.message); ... }
 *
 *     return pab_error_set(err, PAB_E_IO, errno, "cannot open '%s'", path);
 *
 * The struct lives with the caller, owns nothing and needs no release.  `err`
 * may be NULL where the caller wants only the code.  Messages are lower case,
 * name the object in single quotes, say the failure first and have no full
 * stop; the text of the errno is added by pab_error_set.  The hint says what
 * to do.  The arguments may point into the error itself.
 */
#ifndef PAB_BASE_ERROR_H
#define PAB_BASE_ERROR_H

#include <stdarg.h>
#include <stdint.h>
#include "core/include/pab_plugin.h"

struct pab_error {
    int32_t code;        /* PAB_OK or PAB_E_ */
    int32_t os_errno;    /* 0: none */
    int32_t retryable;   /* set from the code; may be overridden */
    char message[1024];  /* cut at a UTF-8 boundary */
    char hint[512];      /* "" where there is none */
};

int pab_error_set(struct pab_error *err, int code, int os_errno, const char *fmt, ...) __attribute__((format(printf, 4, 5)));
int pab_error_vset(struct pab_error *err, int code, int os_errno, const char *fmt, va_list ap) __attribute__((format(printf, 4, 0)));
/* Adds the hint to an error that is set; returns err->code, so that one can write
 * return pab_error_hint(err, pab_error_set(err, ...), "..."). */
int pab_error_hint(struct pab_error *err, int code, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* Puts "CONTEXT: " before the message. Returns err->code (PAB_E_INTERNAL when err is NULL: then the code is yours to return). */
int pab_error_prefix(struct pab_error *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
void pab_error_clear(struct pab_error *err);
/* PAB_E_NOSPACE for ENOSPC, EDQUOT, EFBIG; PAB_E_NOMEM for ENOMEM; else PAB_E_IO. */
int pab_error_code_of_errno(int os_errno);
/* "NOSPACE", "CORRUPT", ...: as it stands in the manifest and in JSON. */
const char *pab_error_name(int code);

#endif
