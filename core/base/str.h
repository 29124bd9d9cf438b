/* str.h - text to values and back. Parsers return 0, or -1 and leave *ret alone. */
#ifndef PAB_BASE_STR_H
#define PAB_BASE_STR_H

#include <stddef.h>
#include <stdint.h>

int pab_parse_int(const char *s, int64_t *ret);       /* decimal, optional sign, nothing after */
int pab_parse_bool(const char *s, int *ret);          /* true/false/yes/no/on/off, any case */
int pab_parse_size(const char *s, int64_t *ret);      /* 512, 64k, 32M, 1G, 2T (1024-based; also kB..., KiB...) */
int pab_parse_duration(const char *s, int64_t *ret_ms); /* 90 (seconds), 250ms, 90s, 10m, 2h, 1d, 4w, sums: 1h30m */

/* "212 MB", "1.9 GB": 10^n units, at most three digits; "1 byte". buf of 32 is enough. Returns buf. */
char *pab_format_size(uint64_t bytes, char *buf, size_t n);
/* "5.8 s", "2 min 03 s", "1 h 04 min"; below zero counts as zero. */
char *pab_format_ms(int64_t ms, char *buf, size_t n);
/* "1,234,567" */
char *pab_format_count(uint64_t n, char *buf, size_t size);

int pab_str_has_prefix(const char *s, const char *prefix);
int pab_str_has_suffix(const char *s, const char *suffix);
/* Edit distance, for "did you mean": the candidate nearest to s within 1/3 of its length (at least 1, at most 3), or NULL. */
const char *pab_str_nearest(const char *s, const char *const *candidates, size_t n);
/* For messages: the bytes with controls, quotes, backslashes and invalid UTF-8 as \xNN, cut with "..." at about 120. Caller frees. */
char *pab_str_printable(const char *s);
/* One word for a POSIX shell, whatever is in it: in single quotes. Caller frees. */
char *pab_str_shell(const char *s);
int pab_utf8_valid(const char *s, size_t n);
/* Length of the valid UTF-8 character at s (of n bytes), 0 when it is not one. */
size_t pab_utf8_char(const char *s, size_t n);
/* The greatest m <= n that does not cut a character of s in two (for valid UTF-8). */
size_t pab_utf8_cut(const char *s, size_t n);
/* Percent-encodes every byte outside A-Za-z0-9._- ; a leading "." too. Caller frees. */
char *pab_str_file_name(const char *s);
void pab_hex(const void *p, size_t n, char *out);     /* out[2n+1], lower case */

#endif
