/* secret.h - values that must never be shown.
 *
 * A value that was registered is replaced by "***" in whatever passes
 * pab_secret_mask (every log line, error message, JSON text).  Values under
 * four bytes are not masked by value (they would turn up everywhere).
 */
#ifndef PAB_BASE_SECRET_H
#define PAB_BASE_SECRET_H

#include <stddef.h>

/* Copies; thread-safe.  Its percent-encoded, JSON-escaped and base64 forms are masked, too (base64 also where the value is
 * only a part of what was encoded, as in an Authorization header). */
void pab_secret_register(const char *value);
char *pab_secret_mask(const char *text);           /* a new string, caller frees; NULL gives NULL */
/* `capacity` is the size of the array: a text that fills it was cut, so the beginning of a secret at its end is masked, too. */
void pab_secret_mask_inplace(char *text, size_t capacity);
void pab_secret_wipe(void *p, size_t n);           /* zero memory for good */
void pab_secret_clear_all(void);                   /* at exit: wipe and forget */

#endif
