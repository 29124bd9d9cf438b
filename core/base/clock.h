/* clock.h - time, replaceable in tests. */
#ifndef PAB_BASE_CLOCK_H
#define PAB_BASE_CLOCK_H

#include <stddef.h>
#include <stdint.h>

int64_t pab_now_ns(void);        /* wall clock, ns since 1970; environment PABENGINE_TEST_NOW (seconds) replaces it in tests */
int64_t pab_monotonic_ms(void);
/* "2024-01-21T12:00:00+01:00" (local zone). buf of 40. */
char *pab_format_rfc3339(int64_t ns, char *buf, size_t n);
int pab_parse_rfc3339(const char *s, int64_t *ret_ns);
/* "20240121_120000" (local time). buf of 20. */
char *pab_format_stamp(int64_t ns, char *buf, size_t n);

#endif
