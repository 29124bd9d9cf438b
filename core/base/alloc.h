/* alloc.h - allocation that does not return NULL.
 *
 * A backup program that cannot get a few kilobytes cannot do anything
 * sensible either: these print "out of memory" and abort the process with
 * exit code 1; a run that dies so leaves only a staged folder, which the next
 * run removes.  Large or data-dependent buffers (over 64 KiB, or sized by what
 * a file or a server says) use pab_try_alloc, which returns NULL and honours
 * the fault injection of tests.
 *
 * All memory is freed by free(3).
 */
#ifndef PAB_BASE_ALLOC_H
#define PAB_BASE_ALLOC_H

#include <stddef.h>
#include <stdarg.h>
#include <stdlib.h>

void *pab_alloc(size_t size);                  /* zeroed */
void *pab_alloc_array(size_t n, size_t size);  /* zeroed; overflow aborts */
void *pab_realloc_array(void *p, size_t n, size_t size);
char *pab_strdup(const char *s);               /* NULL gives NULL */
char *pab_strndup(const char *s, size_t n);
void *pab_memdup(const void *p, size_t n);
char *pab_sprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *pab_vsprintf(const char *fmt, va_list ap) __attribute__((format(printf, 1, 0)));

/* NULL when there is no memory, or when the n-th call from now was told to fail. */
void *pab_try_alloc(size_t size);
/* The same for growing; p stays valid when NULL is returned. */
void *pab_try_realloc(void *p, size_t size);
/* Whole pages straight from the kernel, zeroed, for large buffers: freeing gives them back to it at once, so that the
 * size of the process follows what is in use.  The same size to both. */
void *pab_try_pages(size_t size);
void pab_pages_free(void *p, size_t size);     /* NULL is fine */
/* Tests: the n-th pab_try_alloc, pab_try_realloc or pab_try_pages from now fails (1: the next); 0 switches it off. */
void pab_alloc_fail_at(unsigned n);

#endif
