/* alloc.c - see alloc.h. */
#include "core/base/alloc.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static atomic_uint fail_countdown;

_Noreturn static void out_of_memory(void)
{
    static const char text[] = "pabengine: out of memory\n";
    /* Neither stdio nor exit handlers: both may want memory. */
    if (write(STDERR_FILENO, text, sizeof text - 1) < 0) {
        /* nothing is left to tell it to */
    }
    _exit(1);
}

static void *check(void *p)
{
    if (!p) out_of_memory();
    return p;
}

void *pab_alloc(size_t size)
{
    return check(calloc(1, size ? size : 1));
}

void *pab_alloc_array(size_t n, size_t size)
{
    return check(n && size ? calloc(n, size) : calloc(1, 1));
}

void *pab_realloc_array(void *p, size_t n, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(n, size, &bytes)) out_of_memory();
    return check(realloc(p, bytes ? bytes : 1));
}

char *pab_strdup(const char *s)
{
    return s ? pab_memdup(s, strlen(s) + 1) : NULL;
}

char *pab_strndup(const char *s, size_t n)
{
    return s ? check(strndup(s, n)) : NULL;
}

void *pab_memdup(const void *p, size_t n)
{
    void *copy = check(malloc(n ? n : 1));
    if (n) memcpy(copy, p, n);
    return copy;
}

char *pab_vsprintf(const char *fmt, va_list ap)
{
    char *text = NULL;
    if (vasprintf(&text, fmt, ap) < 0) out_of_memory();
    return text;
}

char *pab_sprintf(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    char *text = pab_vsprintf(fmt, ap);
    va_end(ap);
    return text;
}

static int told_to_fail(void)
{
    unsigned n = atomic_load(&fail_countdown);
    while (n && !atomic_compare_exchange_weak(&fail_countdown, &n, n - 1)) {
    }
    return n == 1;
}

void *pab_try_alloc(size_t size)
{
    return told_to_fail() ? NULL : malloc(size ? size : 1);
}

void *pab_try_realloc(void *p, size_t size)
{
    return told_to_fail() ? NULL : realloc(p, size ? size : 1);
}

void *pab_try_pages(size_t size)
{
    if (told_to_fail()) return NULL;
    void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NULL : p;
}

void pab_pages_free(void *p, size_t size)
{
    if (p) munmap(p, size);
}

void pab_alloc_fail_at(unsigned n)
{
    atomic_store(&fail_countdown, n);
}
