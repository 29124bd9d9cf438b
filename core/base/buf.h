/* buf.h - a growable byte buffer with a ceiling.
 *
 *     struct pab_buf b = PAB_BUF_INIT(1 << 20);
 *     if (pab_buf_add(&b, data, n)) ...   // PAB_E_NOMEM: over the ceiling or no memory; buffer unchanged
 *     pab_buf_release(&b);
 *
 * What a file or a server says goes into a buffer with a ceiling, and every call is checked.  A buffer with the ceiling 0
 * has none and is for text that we make ourselves: without memory the process ends as in alloc.h, so that nothing can be
 * missing in the middle of a text that was built without a check after each piece.
 *
 * After any successful call data[size] is a NUL, so that text can be used as a
 * string (data is NULL only while nothing was ever added; pab_buf_str gives "" then).
 */
#ifndef PAB_BASE_BUF_H
#define PAB_BASE_BUF_H

#include <stdarg.h>
#include <stddef.h>

struct pab_buf {
    char *data;
    size_t size, capacity;
    size_t max;          /* ceiling of size; 0: none */
};
#define PAB_BUF_INIT(ceiling) { NULL, 0, 0, (ceiling) }

int pab_buf_reserve(struct pab_buf *b, size_t more);  /* room for `more` bytes beyond size */
int pab_buf_add(struct pab_buf *b, const void *p, size_t n);
int pab_buf_adds(struct pab_buf *b, const char *s);
int pab_buf_addc(struct pab_buf *b, char c);
int pab_buf_addf(struct pab_buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
const char *pab_buf_str(const struct pab_buf *b);
void pab_buf_clear(struct pab_buf *b);    /* size 0, memory kept */
void pab_buf_release(struct pab_buf *b);  /* memory freed, ready for use again */
char *pab_buf_take(struct pab_buf *b);    /* the string, the caller's to free; buffer empty after */

#endif
